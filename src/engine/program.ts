/**
 * A program: a tfjs function compiled into one TensorFlow graph and held in a session. A pure function of its inputs, so
 * the same inputs give the same bits on the same number of threads.
 */
import * as fs from 'node:fs';
import * as os from 'node:os';
import * as path from 'node:path';
import * as tf from '@tensorflow/tfjs-core';
import { backend } from './backend.js';
import { loopGraph, straightGraph, type CompiledGraph } from './graph.js';
import type { Precision } from './graph-ops.js';
import { trace, type Trace, type TraceOptions } from './trace.js';
import { xlaForms } from './xla.js';

export interface Program {
  /** The ops that one call runs (for a loop: one step). */
  readonly traced: Trace;
  /** Runs it. The results are new tensors, which the caller disposes of. Throws on a closed program. */
  run(inputs: readonly tf.Tensor[]): tf.Tensor[];
  /** Frees the session; a second call does nothing. */
  close(): void;
}

export interface LoopProgram {
  readonly traced: Trace;
  /**
   * State after the steps `begin` .. `end - 1`: new tensors, which the caller disposes of. `begin` >= `end` copies the
   * state.
   */
  run(begin: number, end: number, state: readonly tf.Tensor[], constants: readonly tf.Tensor[]): tf.Tensor[];
  close(): void;
}

export interface CompileOptions {
  /** bfloat16 applies only to convolutions and matrix products; all inputs and outputs stay float32. */
  readonly precision?: Precision;
  /** Runs the function op by op through tfjs instead: the slow reference that a compiled program must agree with. */
  readonly eager?: boolean;
}

export interface LoopOptions extends CompileOptions {
  /**
   * Has XLA compile the loop into one executable, when it first runs. Its sums have another order, so the last bits differ.
   */
  readonly xla?: boolean | undefined;
}

/** Compiles `body` for inputs of the shapes and types of `examples` (whose values don't matter). */
export function compile(
  body: (inputs: tf.Tensor[]) => tf.Tensor[],
  examples: readonly tf.Tensor[],
  options: CompileOptions = {},
): Program {
  const traced = trace(body, examples);
  if (options.eager === true) return { traced, run: (inputs) => eagerly(body, inputs), close: () => undefined };
  const session = new Session(straightGraph(traced, options.precision ?? 'float32'));
  return {
    traced,
    run: (inputs) => session.run(inputs),
    close: () => {
      session.close();
    },
  };
}

/** One step of a loop: `index` counts from `begin`; returns the next state, with the shapes and types of `state`. */
export type StepFunction = (index: tf.Scalar, state: tf.Tensor[], constants: tf.Tensor[]) => tf.Tensor[];

/** Example tensors with which a loop's step is traced. */
export interface StepExamples {
  readonly state: readonly tf.Tensor[];
  readonly constants: readonly tf.Tensor[];
}

/** Inputs are `[index, ...state, ...constants]`. */
export function traceStep(step: StepFunction, { state, constants }: StepExamples, options?: TraceOptions): Trace {
  const body = ([index, ...rest]: tf.Tensor[]) =>
    step(index as tf.Scalar, rest.slice(0, state.length), rest.slice(state.length));
  const index = tf.scalar(0, 'int32');
  try {
    return trace(body, [index, ...state, ...constants], options);
  } finally {
    index.dispose();
  }
}

/** Compiles a loop over `step`: one call runs any number of steps inside TensorFlow. */
export function compileLoop(step: StepFunction, examples: StepExamples, options: LoopOptions = {}): LoopProgram {
  const stateCount = examples.state.length;
  const { precision = 'float32', xla = false } = options;
  const traced = traceStep(step, examples, xla ? { forms: xlaForms } : {});
  refuseOtherShapes(traced, stateCount);
  if (options.eager === true) return eagerLoop(step, traced);
  const session = new Session(loopGraph(traced, stateCount, { precision, xla }));
  return {
    traced,
    run(begin, end, state, constants) {
      const limits = [tf.scalar(begin, 'int32'), tf.scalar(end, 'int32')];
      try {
        return session.run([...limits, ...state, ...constants]);
      } finally {
        tf.dispose(limits);
      }
    },
    close: () => {
      session.close();
    },
  };
}

function refuseOtherShapes(traced: Trace, stateCount: number): void {
  const describe = (spec: { shape: readonly number[]; dtype: number } | undefined) =>
    spec === undefined ? 'nothing' : `type ${spec.dtype}, shape [${spec.shape.join(', ')}]`;
  for (let i = 0; i < Math.max(stateCount, traced.outputSpecs.length); i++) {
    const before = describe(i < stateCount ? traced.inputs[1 + i] : undefined);
    const after = describe(traced.outputSpecs[i]);
    if (before !== after) throw new Error(`compileLoop: state ${i} goes in as ${before} and comes out as ${after}`);
  }
}

function eagerly(body: (inputs: tf.Tensor[]) => tf.Tensor[], inputs: readonly tf.Tensor[]): tf.Tensor[] {
  // An output may be an input passed through; the caller still gets its own tensors.
  return tf.tidy(() => body([...inputs]).map((tensor) => tf.clone(tensor)));
}

function eagerLoop(step: StepFunction, traced: Trace): LoopProgram {
  return {
    traced,
    run(begin, end, state, constants) {
      let current = state.map((tensor) => tf.clone(tensor));
      for (let i = begin; i < end; i++) {
        const next = eagerly((inputs) => step(tf.scalar(i, 'int32'), inputs, [...constants]), current);
        tf.dispose(current);
        current = next;
      }
      return current;
    },
    close: () => undefined,
  };
}

/** A graph loaded into a TensorFlow session. The binding can only load a SavedModel from a folder. */
class Session {
  readonly #feeds: string;
  readonly #fetches: string;
  #id: number | undefined;

  constructor(graph: CompiledGraph) {
    this.#feeds = graph.feeds.join(',');
    this.#fetches = graph.fetches.join(',');
    const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'emergence-graph-'));
    try {
      fs.writeFileSync(path.join(folder, 'saved_model.pb'), graph.savedModel);
      this.#id = backend().binding.loadSavedModel(folder, 'serve');
    } finally {
      fs.rmSync(folder, { recursive: true, force: true });
    }
  }

  run(inputs: readonly tf.Tensor[]): tf.Tensor[] {
    if (this.#id === undefined) throw new Error('the program is closed');
    const target = backend();
    const results = target.binding.runSavedModel(
      this.#id,
      target.getInputTensorIds([...inputs]),
      this.#feeds,
      this.#fetches,
    );
    return results.map((metadata) => target.createOutputTensor(metadata));
  }

  close(): void {
    if (this.#id === undefined) return;
    backend().binding.deleteSavedModel(this.#id);
    this.#id = undefined;
  }
}
