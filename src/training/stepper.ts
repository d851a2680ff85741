/**
 * Runs the steps of an epoch: a member's own program, or one program for a stack of members that differ only in seed, and perhaps in
 * learning rate. The loop over epochs is the same for both. In a stack each member requests its next steps and waits for the others;
 * those at the same step then take the steps together, the ones furthest behind first.
 */
import * as tf from '@tensorflow/tfjs-core';
import { compileLoop, type LoopProgram, type StepFunction } from '../engine/program.js';
import { stackedStep, stackTensors } from '../engine/stack.js';
import { present } from '../machine/present.js';
import { packed, type Member } from './open-member.js';
import { ratesPlace, trainingStep } from './step.js';

/**
 * A member's next steps: of `epoch`, from `begin` to at most `end`. The caller keeps ownership of the state and of the epoch's inputs.
 */
export interface Steps {
  readonly epoch: number;
  readonly begin: number;
  readonly end: number;
  readonly state: readonly tf.Tensor[];
  readonly inputs: readonly tf.Tensor[];
}

export interface TakenSteps {
  /** New tensors, the caller's to dispose of. */
  readonly state: tf.Tensor[];
  /** The next step. */
  readonly end: number;
  /** Seconds that the steps took. */
  readonly seconds: number;
}

export interface Stepper {
  take(steps: Steps): Promise<TakenSteps>;
  /** Frees its memory; in a stack the others continue without it. A second call does nothing. */
  close(): void;
}

/** For a member that is trained alone. */
export class OwnSteps implements Stepper {
  readonly #images: tf.Tensor;
  readonly #member: Member;
  #program: LoopProgram | undefined;

  constructor(member: Member) {
    this.#member = member;
    this.#images = packed(member.data.train);
  }

  take({ begin, end, state, inputs }: Steps): Promise<TakenSteps> {
    const constants = [this.#images, ...inputs];
    this.#program ??= compileLoop(
      trainingStep({ ...this.#member, branches: this.#member.job.branches }),
      { state, constants },
      optionsOf(this.#member),
    );
    const started = performance.now();
    const next = this.#program.run(begin, end, state, constants);
    return Promise.resolve({ state: next, end, seconds: secondsSince(started) });
  }

  close(): void {
    this.#program?.close();
    if (!this.#images.isDisposed) this.#images.dispose();
  }
}

interface Request extends Steps {
  /** For a member of its stack. */
  readonly place: number;
  readonly resolve: (taken: TakenSteps) => void;
  readonly reject: (error: unknown) => void;
}

/** The inputs of an epoch's steps: for each place, and in the form that the program takes. */
interface EpochInputs {
  readonly own: readonly (readonly tf.Tensor[])[];
  readonly all: tf.Tensor[];
}

/** The images come first among a loop's constants, followed by the inputs of an epoch's steps. */
const imagesPlace = 0;

/**
 * Members that are trained as one program. It has as many places as the stack was started with, and each member keeps its own: a
 * product over fewer is summed in another order. If a member is complete, has failed or is at another step, another one's numbers fill
 * its place.
 */
export class Stack {
  readonly #member: Member;
  readonly #size: number;
  readonly #step: StepFunction;
  readonly #images: tf.Tensor;
  /** Whether all have the same learning rate: it is one number then, as TensorFlow's optimisers require. */
  readonly #shared: readonly number[];
  readonly #seats = new Set<Stepper>();
  readonly #waiting = new Map<Stepper, Request>();
  #program: LoopProgram | undefined;
  #inputs: EpochInputs | undefined;

  constructor(members: readonly Member[], size: number) {
    const first = present(members[0]);
    this.#member = first;
    this.#size = size;
    this.#step = trainingStep(first);
    this.#images = packed(first.data.train);
    // Decided by the run, not by the remaining members of a stack: the choice of kernel must not depend on them.
    const rates = new Set(members.map(({ experiment }) => experiment.learningRate));
    const isOneRate = rates.size === 1 && members.every(({ job }) => job.factors?.learningRate === undefined);
    this.#shared = isOneRate ? [imagesPlace, imagesPlace + 1 + ratesPlace] : [imagesPlace];
  }

  /** For the member at a place; all must have theirs before the first takes a step. */
  join(place: number): Stepper {
    const seat: Stepper = {
      take: (steps) =>
        new Promise((resolve, reject) => {
          this.#waiting.set(seat, { ...steps, place, resolve, reject });
          this.#go();
        }),
      close: () => {
        if (!this.#seats.delete(seat)) return;
        if (this.#seats.size === 0) this.#close();
        else this.#go();
      },
    };
    this.#seats.add(seat);
    return seat;
  }

  /** Once everyone waits: steps for those that are furthest behind. */
  #go(): void {
    if (this.#waiting.size < this.#seats.size) return;
    const behind = [...this.#waiting].sort(([, a], [, b]) => a.epoch - b.epoch || a.begin - b.begin);
    const [, { epoch, begin }] = present(behind[0]);
    const group = behind.filter(([, request]) => request.epoch === epoch && request.begin === begin);
    for (const [seat] of group) this.#waiting.delete(seat);
    const requests = group.map(([, request]) => request);
    try {
      const taken = this.#take(begin, requests);
      for (const { place, resolve } of requests) resolve(present(taken[place]));
    } catch (error) {
      for (const { reject } of requests) reject(error);
    }
  }

  /** The state of each place after the steps; those of places filled by another are disposed of. */
  #take(begin: number, requests: readonly Request[]): (TakenSteps | undefined)[] {
    const end = Math.min(...requests.map((request) => request.end));
    const filled = Array.from(
      { length: this.#size },
      (_, place) => requests.find((request) => request.place === place) ?? present(requests[0]),
    );
    const state = stackTensors(filled.map((request) => request.state));
    try {
      const constants = [this.#images, ...this.#inputsOfAll(filled)];
      const program = (this.#program ??= this.#compile(filled, { state, constants }));
      const started = performance.now();
      const next = program.run(begin, end, state, constants);
      const seconds = secondsSince(started);
      const parts = next.map((tensor) => tf.unstack(tensor));
      tf.dispose(next);
      return filled.map((request, place) => {
        const own = parts.map((part) => present(part[place]));
        if (request.place === place) return { state: own, end, seconds };
        tf.dispose(own);
        return undefined;
      });
    } finally {
      tf.dispose(state);
    }
  }

  #compile(filled: readonly Request[], examples: { state: readonly tf.Tensor[]; constants: tf.Tensor[] }): LoopProgram {
    const { state, inputs } = present(filled[0]);
    const own = { state, constants: [this.#images, ...inputs] };
    const step = stackedStep(this.#step, own, { members: this.#size, shared: this.#shared });
    return compileLoop(step, examples, optionsOf(this.#member));
  }

  /** Once per epoch: each of its calls has the same inputs. */
  #inputsOfAll(filled: readonly Request[]): tf.Tensor[] {
    const own = filled.map(({ inputs }) => inputs);
    if (this.#inputs?.own.every((each, i) => each === own[i]) === true) return this.#inputs.all;
    tf.dispose(this.#inputs?.all ?? []);
    const all = stackTensors(own);
    for (const place of this.#shared.filter((each) => each !== imagesPlace)) {
      const at = place - 1 - imagesPlace;
      present(all[at]).dispose();
      all[at] = tf.clone(present(own[0]?.[at]));
    }
    this.#inputs = { own, all };
    return all;
  }

  #close(): void {
    this.#program?.close();
    tf.dispose(this.#inputs?.all ?? []);
    this.#images.dispose();
  }
}

function optionsOf({ experiment, job }: Member) {
  const { precision, xla } = experiment;
  if (precision === 'auto') throw new Error('a job has the precision that was chosen, not auto');
  return { precision, eager: job.eager, xla };
}

function secondsSince(started: number): number {
  return (performance.now() - started) / 1000;
}
