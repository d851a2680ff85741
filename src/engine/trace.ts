/**
 * Tracing: one run of a tfjs function becomes the list of TensorFlow ops that it called.
 *
 * Every tfjs-node kernel ends in `executeSingleOutput` or `executeMultipleOutputs` of the backend, tfjs's own gradients
 * included, so recording these two while the function runs once (on real tensors, eagerly) gives its graph. Anything
 * that would silently become a constant of that graph is rejected by name: a value read on the host, a number drawn in
 * JavaScript, a tensor from outside that is not an input, an op that keeps state in TensorFlow.
 */
import * as tf from '@tensorflow/tfjs-core';
import {
  backend,
  dataTypes,
  type Backend,
  type DataTypeNumber,
  type OpAttribute,
  type TensorEntry,
} from './backend.js';

/** Where an op's input comes from. */
export type TracedValue =
  | { readonly kind: 'input'; readonly index: number }
  | { readonly kind: 'result'; readonly op: TracedOp; readonly output: number }
  | {
      readonly kind: 'constant';
      readonly dtype: DataTypeNumber;
      readonly shape: readonly number[];
      readonly bytes: Uint8Array;
    };

export interface TensorSpec {
  readonly shape: readonly number[];
  readonly dtype: DataTypeNumber;
}

export interface TracedOp {
  readonly name: string;
  readonly attributes: readonly OpAttribute[];
  readonly inputs: readonly TracedValue[];
  readonly inputSpecs: readonly TensorSpec[];
  readonly outputs: readonly TensorSpec[];
}

export interface Trace {
  readonly inputs: readonly TensorSpec[];
  /** In an order in which they can run; only those that an output needs. */
  readonly ops: readonly TracedOp[];
  readonly outputs: readonly TracedValue[];
  readonly outputSpecs: readonly TensorSpec[];
}

export type TraceFault = 'host-read' | 'javascript-random' | 'stateful-op' | 'captured-tensor' | 'no-graph-form';

/** A function that can't become a graph. `fault` says why; the message also says where, and what to do instead. */
export class TraceError extends Error {
  constructor(
    readonly fault: TraceFault,
    message: string,
  ) {
    super(message);
    this.name = 'TraceError';
  }
}

/** tfjs functions whose numbers are drawn in JavaScript: in a graph they would be the same at every step. */
const drawnInJavaScript = new Set(
  [
    'rand',
    'randomGamma',
    'randomNormal',
    'randomStandardNormal',
    'randomUniform',
    'randomUniformInt',
    'truncatedNormal',
  ].map((name) => `${name}__op`),
);

/** TensorFlow ops that draw from hidden state: their results could not be reproduced after a restart. */
const keepsState = /^(Random|Multinomial|TruncatedNormal|ParameterizedTruncatedNormal|Summary|Write|Create|Var|Assign)/;

/** One op list per traced function; nested traces would record into each other and are not allowed. */
let current: Recorder | undefined;

/** By an op's name: what computes the same from its attributes and inputs. */
export type OpForms = Readonly<
  Record<string, (attributes: readonly OpAttribute[], inputs: readonly tf.Tensor[]) => tf.Tensor>
>;

export interface TraceOptions {
  /**
   * For a compiler that lacks ops: records these in their place, and arithmetic in place of ops that change variables.
   */
  readonly forms?: OpForms | undefined;
}

/**
 * Runs `body` once on `inputs` and returns the ops that it called. Tensors created on the way are disposed of.
 *
 * @throws TraceError if a result would not be a function of the inputs alone
 */
export function trace(
  body: (inputs: tf.Tensor[]) => tf.Tensor[],
  inputs: readonly tf.Tensor[],
  { forms }: TraceOptions = {},
): Trace {
  if (current !== undefined) throw new Error('trace: a function that is being traced cannot trace another');
  const recorder = new Recorder(backend(), inputs, forms);
  current = recorder;
  tf.engine().startScope('trace');
  try {
    const outputs = recorder.record(() => body([...inputs]));
    const values = outputs.map((tensor) => recorder.valueOf(tensor, 'the result'));
    return {
      inputs: inputs.map(specOf),
      ops: reachable(values),
      outputs: values,
      outputSpecs: outputs.map(specOf),
    };
  } finally {
    tf.engine().endScope();
    current = undefined;
  }
}

/** A TensorFlow op that changes variables in place, e.g. `ResourceApplyAdam`. */
export interface InPlaceOp {
  readonly name: string;
  readonly attributes: readonly OpAttribute[];
  /** In the op's order: those that it changes come first. */
  readonly inputs: readonly tf.Tensor[];
}

/**
 * The new values of the inputs that an op changes in place, as a function. Eagerly and in a trace with `forms`, `plain` computes
 * them; in any other trace the op is recorded as one, and `loopGraph` keeps what it changes, which must be state of the loop, in variables.
 */
export function inPlace(op: InPlaceOp, plain: () => tf.Tensor[]): tf.Tensor[] {
  return current === undefined || current.forms !== undefined ? plain() : current.inPlace(op, plain);
}

class Recorder {
  /** True while ops are not recorded: those that make up an in-place op when it runs eagerly. */
  #silent = false;
  /** What each tensor's data stands for, by tfjs's data id. */
  readonly #values = new Map<object, TracedValue>();
  /** Data written by the traced function itself: literals such as `tf.scalar(2)`. */
  readonly #literals = new Set<object>();
  #currentOp = 'the function';

  constructor(
    private readonly target: Backend,
    inputs: readonly tf.Tensor[],
    readonly forms: OpForms | undefined,
  ) {
    inputs.forEach((tensor, index) => this.#values.set(tensor.dataId, { kind: 'input', index }));
  }

  /** Runs `body` with the backend's and the engine's entry points replaced by recording ones. */
  record<T>(body: () => T): T {
    const target = this.target;
    const engine = tf.engine();
    const original = {
      single: target.executeSingleOutput.bind(target),
      multiple: target.executeMultipleOutputs.bind(target),
      read: target.readSync.bind(target),
      move: target.move.bind(target),
      startScope: engine.startScope.bind(engine),
    };
    target.executeSingleOutput = (name, attributes, inputs) => {
      if (this.#silent) return original.single(name, attributes, inputs);
      const form = this.forms?.[name];
      if (form !== undefined) return form(attributes, inputs);
      const values = this.#enter(name, inputs);
      const output = original.single(name, attributes, inputs);
      this.#leave({ name, attributes, inputs, values }, [output]);
      return output;
    };
    target.executeMultipleOutputs = (name, attributes, inputs, count) => {
      if (this.#silent) return original.multiple(name, attributes, inputs, count);
      const values = this.#enter(name, inputs);
      const outputs = original.multiple(name, attributes, inputs, count);
      this.#leave({ name, attributes, inputs, values }, outputs);
      return outputs;
    };
    target.readSync = (dataId) => {
      this.#refuseRead(dataId);
      return original.read(dataId);
    };
    target.move = (dataId, values, shape, dtype, refCount) => {
      this.#literals.add(dataId);
      original.move(dataId, values, shape, dtype, refCount);
    };
    engine.startScope = (name?: string) => {
      this.#refuseRandom(name);
      original.startScope(name);
    };
    try {
      return body();
    } finally {
      // The prototype's methods are visible again once the own properties are deleted.
      for (const name of ['executeSingleOutput', 'executeMultipleOutputs', 'readSync', 'move'])
        Reflect.deleteProperty(target, name);
      Reflect.deleteProperty(engine, 'startScope');
    }
  }

  inPlace({ name, attributes, inputs }: InPlaceOp, plain: () => tf.Tensor[]): tf.Tensor[] {
    const values = inputs.map((tensor) => this.valueOf(tensor, name));
    this.#silent = true;
    const outputs = plain();
    this.#silent = false;
    this.#leave({ name, attributes, inputs, values }, outputs);
    return outputs;
  }

  /** What `tensor` is in the graph: an input, an op's result or a literal of the function. */
  valueOf(tensor: tf.Tensor, wanted: string): TracedValue {
    const int64 = int64Literal(tensor);
    if (int64 !== undefined) return int64;
    const known = this.#values.get(tensor.dataId);
    if (known !== undefined) return known;
    if (!this.#literals.has(tensor.dataId)) {
      throw new TraceError(
        'captured-tensor',
        `${wanted} uses a ${tensor.dtype} tensor of shape [${tensor.shape.join(', ')}] from outside the traced function: ` +
          'pass it as an input, or make it inside',
      );
    }
    const value = literal(this.target.tensorMap.get(tensor.dataId), this.target, tensor);
    this.#values.set(tensor.dataId, value);
    return value;
  }

  #enter(name: string, inputs: readonly tf.Tensor[]): TracedValue[] {
    if (keepsState.test(name)) {
      throw new TraceError(
        'stateful-op',
        `${name} keeps state inside TensorFlow: use a stateless random op with a seed that is an input`,
      );
    }
    this.#currentOp = name;
    return inputs.map((tensor) => this.valueOf(tensor, name));
  }

  #leave(
    { name, attributes, inputs, values }: InPlaceOp & { readonly values: readonly TracedValue[] },
    outputs: readonly tf.Tensor[],
  ): void {
    const op: TracedOp = {
      name,
      attributes,
      inputs: values,
      inputSpecs: inputs.map(specOf),
      outputs: outputs.map(specOf),
    };
    outputs.forEach((tensor, output) => this.#values.set(tensor.dataId, { kind: 'result', op, output }));
  }

  #refuseRead(dataId: object): void {
    if (this.#literals.has(dataId) && !this.#values.has(dataId)) return;
    const value = this.#values.get(dataId);
    if (value?.kind === 'constant') return;
    throw new TraceError(
      'host-read',
      `a tensor's value is read on the host after ${this.#currentOp} (dataSync, arraySync, or a kernel such as gather that looks ` +
        "at its indices): in a graph there is no value yet. Use ops only, and the engine's own gather",
    );
  }

  #refuseRandom(scope: string | undefined): void {
    if (scope === undefined || !drawnInJavaScript.has(scope)) return;
    throw new TraceError(
      'javascript-random',
      `tf.${scope.replace('__op', '')} draws its numbers in JavaScript: in a graph they would be the same at every step. ` +
        'Pass them as an input, or use a stateless random op',
    );
  }
}

/** Shape and TensorFlow type; an int64 literal has no entry in the backend's map. */
function specOf(tensor: tf.Tensor): TensorSpec {
  if (int64Literal(tensor) !== undefined) return { shape: [], dtype: dataTypes.int64 };
  return { shape: tensor.shape, dtype: backend().tensorMap.get(tensor.dataId).dtype as DataTypeNumber };
}

/** tfjs-node's Int64Scalar is not a tensor but is passed like one; its low and high words are in `valueArray`. */
function int64Literal(tensor: tf.Tensor): TracedValue | undefined {
  const words = (tensor as { valueArray?: Int32Array }).valueArray;
  if (!(words instanceof Int32Array)) return undefined;
  return { kind: 'constant', dtype: dataTypes.int64, shape: [], bytes: bytesOf(words) };
}

function literal(entry: TensorEntry, target: Backend, tensor: tf.Tensor): TracedValue {
  const data = entry.values ?? target.binding.tensorDataSync(entry.id);
  if (Array.isArray(data) || tensor.dtype === 'string' || tensor.dtype === 'complex64') {
    throw new TraceError('no-graph-form', `a ${tensor.dtype} literal has no graph form here`);
  }
  return { kind: 'constant', dtype: entry.dtype as DataTypeNumber, shape: entry.shape, bytes: bytesOf(data) };
}

function bytesOf(data: Float32Array | Int32Array | Uint8Array): Uint8Array {
  return Uint8Array.from(new Uint8Array(data.buffer, data.byteOffset, data.byteLength));
}

/**
 * Ops that the outputs need, inputs first (depth first, with an explicit stack: a deep model would overflow the call
 * stack).
 */
function reachable(outputs: readonly TracedValue[]): TracedOp[] {
  const order: TracedOp[] = [];
  const seen = new Set<TracedOp>();
  const stack: { op: TracedOp; next: number }[] = [];
  const visit = (value: TracedValue): void => {
    if (value.kind !== 'result' || seen.has(value.op)) return;
    seen.add(value.op);
    stack.push({ op: value.op, next: 0 });
  };
  for (const output of outputs) {
    visit(output);
    for (let top = stack.at(-1); top !== undefined; top = stack.at(-1)) {
      const input = top.op.inputs[top.next++];
      if (input !== undefined) visit(input);
      else order.push(stack.pop()!.op);
    }
  }
  return order;
}
