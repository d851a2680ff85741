/** A trained member's outcome on every test example, and its reconstructions. */
import * as tf from '@tensorflow/tfjs-core';
import { differing } from '../datasets/composition.js';
import type { ImageShape, Split } from '../datasets/dataset.js';
import type { ProbeName } from '../datasets/probes.js';
import type { Sequences } from '../datasets/sequences.js';
import { compile, type Program } from '../engine/program.js';
import { firstOf, nth, present } from '../machine/present.js';
import { mean } from '../statistics/mean.js';
import type { HeldOutScores } from '../runs/record.js';
import { reconstructedImages, type Strips } from '../runs/pictures.js';
import { packed, type Member } from './open-member.js';
import {
  epochTestRows,
  momentRows,
  probeItems,
  testItems,
  validationItems,
  type ProbeItems,
  type TestItems,
} from './sampling.js';
import { parametersOf, toTensors, type HostState } from './state.js';
import { evaluationBatch, named } from './step.js';
import { batchesOf, batchSize } from './test-parts.js';

type Column = Int32Array | Float32Array | Uint8Array;

/** Mean loss, in the unit of the family's loss, and share of right answers; null if no answer is right or wrong. */
export interface TestScores {
  readonly loss: number;
  readonly accuracy: number | null;
}

/**
 * A member's test set on the device, the training images held out for validation and the probes, and the programs that evaluate the member
 * on them: one for all labels, one for only those that a few-shot probe can answer. Each is compiled once, on first use. Outcomes depend
 * only on the parameters, tensors in the model's order: in float32 whatever precision was used for training, and the same whichever others
 * are computed with them.
 */
export class MemberTest {
  readonly #member: Member;
  readonly #test: TestItems;
  readonly #validation: Sequences | undefined;
  readonly #probes: readonly ProbeItems[];
  readonly #momentRows: Int32Array | undefined;
  readonly #epochRows: Int32Array | undefined;
  #constants: readonly tf.Tensor[] | undefined;
  /** By the number of labels that can be answers. */
  readonly #programs = new Map<number, Opened>();

  constructor(member: Member) {
    const { family, experiment, data, length } = member;
    this.#member = member;
    this.#test = testItems(family, experiment, data);
    this.#validation = validationItems(family, experiment, data);
    this.#probes = probeItems(experiment, data);
    this.#momentRows = momentRows(experiment, this.#test);
    this.#epochRows = epochTestRows(experiment, this.#test, length.stepsPerEpoch * member.imagesPerStep);
  }

  /** Rows of outcomes.parquet. */
  get count(): number {
    return this.#test.indices.length;
  }

  /** Every test item's outcome, with the columns that identify the item. */
  outcomes(parameters: readonly tf.Tensor[]): Record<string, Column> {
    return { ...this.#test.columns, ...this.#answers(parameters, everyRow(this.count)) };
  }

  /** The content of a moment: the same for all items, or for a part whose rows it lists. */
  moment(parameters: readonly tf.Tensor[]): Record<string, Column> {
    const rows = this.#momentRows;
    return rows === undefined ? this.outcomes(parameters) : { row: rows, ...this.#answers(parameters, rows) };
  }

  /** For each probe the outcome of every sequence's last image, with the columns that identify it. */
  probes(parameters: readonly tf.Tensor[]): Partial<Record<ProbeName, Record<string, Column>>> {
    let from = this.count + (this.#validation?.indices.length ?? 0);
    const all = this.#probes.map(({ name, indices, pairs, columns, choices }) => {
      const rows = everyRow(indices.length, from);
      from += indices.length;
      const answers = Object.entries(this.#columns(parameters, rows, choices)).map(([key, values]) => [
        key,
        values.filter((_, row) => row % pairs === pairs - 1),
      ]);
      return [name, { ...columns, ...(Object.fromEntries(answers) as Record<string, Column>) }] as const;
    });
    return Object.fromEntries(all);
  }

  /** Columns of test rows, and which attributes are wrong if classes are combinations of attributes. */
  #answers(parameters: readonly tf.Tensor[], rows: Int32Array): Record<string, Column> {
    const columns = this.#columns(parameters, rows);
    const { predicted } = columns;
    const sizes = this.#member.task.attributes;
    if (predicted === undefined || sizes === undefined) return columns;
    const wrong = rows.map((row, i) => differing(nth(this.#test.labels, row), nth(predicted, i), sizes));
    return { ...columns, attributes_wrong: wrong };
  }

  /** What history.jsonl says about data that was not trained on. */
  afterEpoch(parameters: readonly tf.Tensor[]): HeldOutScores {
    const tested = this.#epochRows;
    const validated = this.#validation?.indices.length;
    const test = tested === undefined ? undefined : testScoresOf(this.#columns(parameters, tested));
    const validation =
      validated === undefined ? undefined : testScoresOf(this.#columns(parameters, everyRow(validated, this.count)));
    return {
      ...(test === undefined ? {} : { testLoss: test.loss, testAccuracy: test.accuracy }),
      ...(tested === undefined ? {} : { testExamples: tested.length / this.#test.pairs }),
      ...(validation === undefined ? {} : { validationLoss: validation.loss, validationAccuracy: validation.accuracy }),
    };
  }

  close(): void {
    for (const { program } of this.#programs.values()) program.close();
    this.#programs.clear();
    tf.dispose([...(this.#constants ?? [])]);
    this.#constants = undefined;
  }

  #columns(
    parameters: readonly tf.Tensor[],
    rows: Int32Array,
    choices = this.#member.task.classes,
  ): Record<string, Column> {
    const constants = (this.#constants ??= this.#onDevice());
    const { program, names } = this.#program(choices, constants, firstOf(rows));
    const columns: Record<string, Column> = {};
    for (const batch of batchesOf(rows, { images: this.count, pairs: this.#test.pairs })) {
      const asked = tf.tensor1d(batch.rows, 'int32');
      const results = program.run([asked, ...constants, ...parameters]);
      names.forEach((name, i) => {
        const values: Column = nth(results, i).dataSync<'float32' | 'int32' | 'bool'>();
        const column = (columns[name] ??= new (values.constructor as new (length: number) => Column)(rows.length));
        for (const [place, at] of batch.wanted) column[at] = nth(values, place);
      });
      tf.dispose([asked, ...results]);
    }
    return columns;
  }

  /**
   * The images, and which of them each row shows with which label: for the test set, for validation, for each probe.
   */
  #onDevice(): tf.Tensor[] {
    const { test, validation } = this.#member.data;
    const held = this.#validation;
    const indices = [this.#test.indices, ...(held === undefined ? [] : [held.indices.map((i) => test.count + i)])];
    const labels = [this.#test.labels, ...(held === undefined ? [] : [held.labels])];
    return [
      packed(joined(test, validation)),
      tf.tensor1d(concatenated([...indices, ...this.#probes.map((probe) => probe.indices)]), 'int32'),
      tf.tensor1d(concatenated([...labels, ...this.#probes.map((probe) => probe.labels)]), 'int32'),
    ];
  }

  /** @param row one that is queried: its label is among the choices, which need not be true for other rows */
  #program(choices: number, constants: readonly tf.Tensor[], row: number): Opened {
    const known = this.#programs.get(choices);
    if (known !== undefined) return known;
    const opened = open(this.#member, { test: this.#test, constants, choices, row });
    this.#programs.set(choices, opened);
    return opened;
  }
}

/** Of outcomes. */
export function testScoresOf({ log_probability, mse, correct }: Readonly<Record<string, Column>>): TestScores {
  if (log_probability === undefined) return { loss: mean(present(mse)), accuracy: null };
  return { loss: -mean(log_probability), accuracy: mean(present(correct)) };
}

interface Opened {
  readonly program: Program;
  readonly names: readonly string[];
}

interface ToOpen {
  readonly test: TestItems;
  readonly constants: readonly tf.Tensor[];
  readonly choices: number;
  readonly row: number;
}

function open(member: Member, { test, constants, choices, row }: ToOpen): Opened {
  const { model, job } = member;
  const names = outcomeNames(member, test.pairs);
  const blank = tf.tidy(() => Object.values(model.parameters).map(({ shape }) => tf.zeros([...shape])));
  const rows = tf.fill([batchSize({ images: test.indices.length, pairs: test.pairs })], row, 'int32');
  const batch = evaluationBatch({ ...member, branches: job.branches }, names, { choices, pairs: test.pairs });
  const program = compile(batch, [rows, ...constants, ...blank], { eager: job.eager });
  tf.dispose([rows, ...blank]);
  return { program, names };
}

function everyRow(length: number, from = 0): Int32Array {
  return Int32Array.from({ length }, (_, i) => from + i);
}

function joined(first: Split, second: Split | undefined): Pick<Split, 'images' | 'count'> {
  if (second === undefined) return first;
  const images = new Uint8Array(first.images.length + second.images.length);
  images.set(first.images);
  images.set(second.images, first.images.length);
  return { images, count: first.count + second.count };
}

function concatenated(parts: readonly Int32Array[]): Int32Array {
  const all = new Int32Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}

/** Column names without a computation: the model is evaluated on one blank example. */
function outcomeNames({ model, task }: Member, pairs: number): string[] {
  return tf.tidy(() => {
    const { parameters } = model;
    const blank = Object.values(parameters).map(({ shape }) => tf.zeros([...shape]));
    const images = tf.zeros<tf.Rank.R4>([pairs, task.height, task.width, task.channels]);
    const batch = { images, labels: tf.zeros<tf.Rank.R1>([pairs], 'int32') };
    return Object.keys(model.outcomes(named(Object.keys(parameters), blank), batch));
  });
}

/** Some test images, the same for every member, and the model's reconstructions of them; for families that have any. */
export function reconstruct({ model, data }: Member, state: HostState): Strips | undefined {
  const { test, shape } = data;
  const { parameters } = model;
  if (model.reconstruct === undefined) return undefined;
  const chosen = reconstructedImages(test.count);
  const size = shape.height * shape.width * shape.channels;
  const originals = new Uint8Array(chosen.length * size);
  chosen.forEach((index, i) => {
    originals.set(test.images.subarray(index * size, (index + 1) * size), i * size);
  });
  const values = tf.tidy(() => {
    const images = tf.tensor4d(
      Float32Array.from(originals, (byte) => byte / 255),
      [chosen.length, ...sides(shape)],
    );
    const values = named(Object.keys(parameters), toTensors(parametersOf(state, parameters)));
    return model.reconstruct(values, images).dataSync<'float32'>();
  });
  return { shape, originals, reconstructions: Uint8Array.from(values, (value) => Math.round(255 * value)) };
}

function sides({ height, width, channels }: ImageShape): [number, number, number] {
  return [height, width, channels];
}
