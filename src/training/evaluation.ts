/** What a trained member does on every test example, and the pictures that it gives back. */
import * as tf from '@tensorflow/tfjs-core';
import { differing } from '../datasets/composition.js';
import type { ImageShape, Split } from '../datasets/dataset.js';
import type { Sequences } from '../datasets/sequences.js';
import { compile, type Program } from '../engine/program.js';
import { nth, present } from '../machine/present.js';
import type { HeldOutScores } from '../runs/record.js';
import { reconstructedImages, type Strips } from '../runs/pictures.js';
import { packed, type Member } from './open-member.js';
import { epochTestRows, momentRows, testItems, validationItems, type TestItems } from './sampling.js';
import { parametersOf, toTensors, type HostState } from './state.js';
import { evaluationBatch, named } from './step.js';
import { batchesOf, batchSize } from './test-parts.js';

type Column = Int32Array | Float32Array | Uint8Array;

/** Mean loss, in the unit of the family's loss, and share of right answers; null where no answer is right or wrong. */
export interface TestScores {
  readonly loss: number;
  readonly accuracy: number | null;
}

/**
 * A member's test set on the device, the training images held out for validation behind it, and the program that asks the member
 * of them. It is compiled when it is first used, once. Parameters are tensors in the model's order, on which outcomes depend alone:
 * in float32 whatever precision trained, and the same whichever others are asked for beside them.
 */
export class Evaluation {
  readonly #member: Member;
  readonly #test: TestItems;
  readonly #validation: Sequences | undefined;
  readonly #momentRows: Int32Array | undefined;
  readonly #epochRows: Int32Array | undefined;
  #opened: Opened | undefined;

  constructor(member: Member) {
    const { family, experiment, data, length } = member;
    this.#member = member;
    this.#test = testItems(family, experiment, data);
    this.#validation = validationItems(family, experiment, data);
    this.#momentRows = momentRows(experiment, this.#test);
    this.#epochRows = epochTestRows(experiment, this.#test, length.stepsPerEpoch * member.imagesPerStep);
  }

  /** Rows of outcomes.parquet. */
  get count(): number {
    return this.#test.indices.length;
  }

  /** Every test item's outcome, with the columns that say which item it is. */
  outcomes(parameters: readonly tf.Tensor[]): Record<string, Column> {
    return { ...this.#test.columns, ...this.#answers(parameters, everyRow(this.count)) };
  }

  /** What a moment holds: the same of all items, or of a part whose rows it tells. */
  moment(parameters: readonly tf.Tensor[]): Record<string, Column> {
    const rows = this.#momentRows;
    return rows === undefined ? this.outcomes(parameters) : { row: rows, ...this.#answers(parameters, rows) };
  }

  /** Columns of test rows, and which attributes are wrong where classes are combinations of some. */
  #answers(parameters: readonly tf.Tensor[], rows: Int32Array): Record<string, Column> {
    const columns = this.#columns(parameters, rows);
    const { predicted } = columns;
    const sizes = this.#member.task.attributes;
    if (predicted === undefined || sizes === undefined) return columns;
    const wrong = rows.map((row, i) => differing(nth(this.#test.labels, row), nth(predicted, i), sizes));
    return { ...columns, attributes_wrong: wrong };
  }

  /** What history.jsonl says of data that was not trained on. */
  afterEpoch(parameters: readonly tf.Tensor[]): HeldOutScores {
    const [tested, { pairs }] = [this.#epochRows, this.#test];
    const validated = this.#validation?.indices.length;
    const test = tested === undefined ? undefined : testScoresOf(this.#columns(parameters, tested));
    const validation =
      validated === undefined ? undefined : testScoresOf(this.#columns(parameters, everyRow(validated, this.count)));
    return {
      ...(test === undefined ? {} : { testLoss: test.loss, testAccuracy: test.accuracy }),
      ...(tested === undefined ? {} : { testExamples: tested.length / pairs }),
      ...(validation === undefined ? {} : { validationLoss: validation.loss, validationAccuracy: validation.accuracy }),
    };
  }

  close(): void {
    if (this.#opened === undefined) return;
    this.#opened.program.close();
    tf.dispose(this.#opened.constants);
    this.#opened = undefined;
  }

  #columns(parameters: readonly tf.Tensor[], rows: Int32Array): Record<string, Column> {
    const { program, constants, names } = (this.#opened ??= open(this.#member, this.#test, this.#validation));
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
}

/** Of outcomes. */
export function testScoresOf({ log_probability, mse, correct }: Readonly<Record<string, Column>>): TestScores {
  const mean = (values: Column) => Float64Array.from(values).reduce((sum, value) => sum + value, 0) / values.length;
  if (log_probability === undefined) return { loss: mean(present(mse)), accuracy: null };
  return { loss: -mean(log_probability), accuracy: mean(present(correct)) };
}

interface Opened {
  readonly program: Program;
  readonly constants: tf.Tensor[];
  readonly names: readonly string[];
}

function open(member: Member, test: TestItems, validation: Sequences | undefined): Opened {
  const { data, model, job } = member;
  const size = batchSize({ images: test.indices.length, pairs: test.pairs });
  const behind = { indices: validation?.indices.map((index) => data.test.count + index), labels: validation?.labels };
  const constants = [
    packed(joined(data.test, data.validation)),
    tf.tensor1d(concatenated(test.indices, behind.indices), 'int32'),
    tf.tensor1d(concatenated(test.labels, behind.labels), 'int32'),
  ];
  const names = outcomeNames(member, test.pairs);
  const blank = tf.tidy(() => Object.values(model.parameters).map(({ shape }) => tf.zeros([...shape])));
  const rows = tf.zeros([size], 'int32');
  const program = compile(evaluationBatch(member, names), [rows, ...constants, ...blank], { eager: job.eager });
  tf.dispose([rows, ...blank]);
  return { program, constants, names };
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

function concatenated(first: Int32Array, second: Int32Array = new Int32Array(0)): Int32Array {
  const all = new Int32Array(first.length + second.length);
  all.set(first);
  all.set(second, first.length);
  return all;
}

/** Column names without a computation: the model is asked on one blank example. */
function outcomeNames({ model, task }: Member, pairs: number): string[] {
  return tf.tidy(() => {
    const { parameters } = model;
    const blank = Object.values(parameters).map(({ shape }) => tf.zeros([...shape]));
    const images = tf.zeros<tf.Rank.R4>([pairs, task.height, task.width, task.channels]);
    const batch = { images, labels: tf.zeros<tf.Rank.R1>([pairs], 'int32') };
    return Object.keys(model.outcomes(named(Object.keys(parameters), blank), batch));
  });
}

/** Some test images, the same for every member, and what the model gives back of them; for families that give any. */
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
