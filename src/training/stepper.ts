/**
 * What takes the steps of an epoch: a member's own program, or one program for a stack of members that differ in seed, and perhaps in
 * learning rate, alone. The loop over epochs is the same for both. In a stack each member asks for its next steps and waits for the
 * others; those that stand at the same step then take the steps together, the ones furthest behind first.
 */
import * as tf from '@tensorflow/tfjs-core';
import { compileLoop, type LoopProgram, type StepFunction } from '../engine/program.js';
import { stackedStep, stackTensors } from '../engine/stack.js';
import { present } from '../machine/present.js';
import { packed, type Member } from './open-member.js';
import { ratesPlace, trainingStep } from './step.js';

/** A member's next steps: of `epoch`, from `begin` until `end` at most. State and what the epoch's steps are told stay the caller's. */
export interface Steps {
  readonly epoch: number;
  readonly begin: number;
  readonly end: number;
  readonly state: readonly tf.Tensor[];
  readonly told: readonly tf.Tensor[];
}

export interface TakenSteps {
  /** New tensors, the caller's to dispose of. */
  readonly state: tf.Tensor[];
  /** The step that comes next. */
  readonly end: number;
  /** That the steps took. */
  readonly seconds: number;
}

export interface Stepper {
  take(steps: Steps): Promise<TakenSteps>;
  /** Frees what it holds; in a stack the others go on without it. A second call does nothing. */
  close(): void;
}

/** For a member that is trained by itself. */
export class OwnSteps implements Stepper {
  readonly #images: tf.Tensor;
  readonly #member: Member;
  #program: LoopProgram | undefined;

  constructor(member: Member) {
    this.#member = member;
    this.#images = packed(member.data.train);
  }

  take({ begin, end, state, told }: Steps): Promise<TakenSteps> {
    const constants = [this.#images, ...told];
    this.#program ??= compileLoop(trainingStep(this.#member), { state, constants }, optionsOf(this.#member));
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
  readonly resolve: (taken: TakenSteps) => void;
  readonly reject: (error: unknown) => void;
}

interface Together {
  readonly program: LoopProgram;
  /** Of the members' epochs, one list for each, and as the program takes them. */
  told: { readonly own: readonly (readonly tf.Tensor[])[]; readonly all: tf.Tensor[] } | undefined;
}

/** The images come first among a loop's constants, before what an epoch's steps are told. */
const imagesPlace = 0;

/** Members that are trained as one program. */
export class Stack {
  readonly #member: Member;
  readonly #step: StepFunction;
  readonly #images: tf.Tensor;
  /** Whether all learn at the same rate: it is one number then, which TensorFlow's optimisers ask for. */
  readonly #shared: readonly number[];
  readonly #seats = new Set<Stepper>();
  readonly #waiting = new Map<Stepper, Request>();
  /** Programs by how many members they are for. */
  readonly #programs = new Map<number, Together>();

  constructor(members: readonly Member[]) {
    const first = present(members[0]);
    this.#member = first;
    this.#step = trainingStep(first);
    this.#images = packed(first.data.train);
    // Of the run, not of those that are left of a stack: which kernel learns must not depend on them.
    const rates = new Set(members.map(({ experiment }) => experiment.learningRate));
    const isOneRate = rates.size === 1 && members.every(({ job }) => job.factors?.learningRate === undefined);
    this.#shared = isOneRate ? [imagesPlace, imagesPlace + 1 + ratesPlace] : [imagesPlace];
  }

  /** For one of its members; all have to have theirs before the first takes a step. */
  join(): Stepper {
    const seat: Stepper = {
      take: (steps) =>
        new Promise((resolve, reject) => {
          this.#waiting.set(seat, { ...steps, resolve, reject });
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

  /** Once everyone waits: steps of those that are furthest behind. */
  #go(): void {
    if (this.#waiting.size < this.#seats.size) return;
    const behind = [...this.#waiting].sort(([, a], [, b]) => a.epoch - b.epoch || a.begin - b.begin);
    const [, { epoch, begin }] = present(behind[0]);
    const group = behind.filter(([, request]) => request.epoch === epoch && request.begin === begin);
    for (const [seat] of group) this.#waiting.delete(seat);
    const requests = group.map(([, request]) => request);
    try {
      const taken = this.#take(begin, requests);
      requests.forEach(({ resolve }, i) => {
        resolve(present(taken[i]));
      });
    } catch (error) {
      for (const { reject } of requests) reject(error);
    }
  }

  #take(begin: number, requests: readonly Request[]): TakenSteps[] {
    const end = Math.min(...requests.map((request) => request.end));
    const state = stackTensors(requests.map((request) => request.state));
    try {
      const together = this.#together(requests, state);
      const constants = [this.#images, ...this.#told(together, requests)];
      const started = performance.now();
      const next = together.program.run(begin, end, state, constants);
      const seconds = secondsSince(started);
      const parts = next.map((tensor) => tf.unstack(tensor));
      tf.dispose(next);
      return requests.map((_, i) => ({ state: parts.map((part) => present(part[i])), end, seconds }));
    } finally {
      tf.dispose(state);
    }
  }

  #together(requests: readonly Request[], state: readonly tf.Tensor[]): Together {
    const known = this.#programs.get(requests.length);
    if (known !== undefined) return known;
    const [first] = requests;
    const own = { state: present(first).state, constants: [this.#images, ...present(first).told] };
    const step = stackedStep(this.#step, own, { members: requests.length, shared: this.#shared });
    const told = this.#stackTold(requests);
    const program = compileLoop(step, { state, constants: [this.#images, ...told.all] }, optionsOf(this.#member));
    const together: Together = { program, told };
    this.#programs.set(requests.length, together);
    return together;
  }

  /** Of an epoch once: each of its calls is told the same. */
  #told(together: Together, requests: readonly Request[]): tf.Tensor[] {
    const isSame = together.told?.own.every((own, i) => own === requests[i]?.told) ?? false;
    if (!isSame) {
      tf.dispose(together.told?.all ?? []);
      together.told = this.#stackTold(requests);
    }
    return present(together.told).all;
  }

  #stackTold(requests: readonly Request[]): NonNullable<Together['told']> {
    const own = requests.map(({ told }) => told);
    const all = stackTensors(own);
    for (const place of this.#shared.filter((each) => each !== imagesPlace)) {
      const at = place - 1 - imagesPlace;
      present(all[at]).dispose();
      all[at] = tf.clone(present(own[0]?.[at]));
    }
    return { own, all };
  }

  #close(): void {
    for (const { program, told } of this.#programs.values()) {
      program.close();
      tf.dispose(told?.all ?? []);
    }
    this.#images.dispose();
  }
}

function optionsOf({ experiment, job }: Member) {
  return { precision: experiment.precision, eager: job.eager };
}

function secondsSince(started: number): number {
  return (performance.now() - started) / 1000;
}
