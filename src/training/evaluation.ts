/** What a trained member does on every test example, and the pictures that it gives back. */
import * as tf from '@tensorflow/tfjs-core';
import type { ImageShape } from '../datasets/dataset.js';
import { compile } from '../engine/program.js';
import { reconstructedImages, type Strips } from '../runs/pictures.js';
import { packed, type Member } from './open-member.js';
import type { TestItems } from './sampling.js';
import { parametersOf, toTensors, type HostState } from './state.js';
import { evaluationBatch, named } from './step.js';

/** Images of an evaluation batch, about: whole examples go in. */
const evaluationBatchSize = 250;

type Column = Int32Array | Float32Array | Uint8Array;

/** A test set on the device and the program that asks a member of it. */
export interface Evaluation {
  /** Every test image's outcome, in float32 whatever precision trained. `parameters` are in the model's order. */
  outcomes(parameters: readonly tf.Tensor[]): Record<string, Column>;
  close(): void;
}

export function openEvaluation(member: Member, items: TestItems): Evaluation {
  const { data, model, job } = member;
  const count = items.indices.length;
  const size = Math.min(count, items.pairs * Math.max(1, Math.floor(evaluationBatchSize / items.pairs)));
  const constants = [packed(data.test), tf.tensor1d(items.indices, 'int32'), tf.tensor1d(items.labels, 'int32')];
  const names = outcomeNames(member, items.pairs);
  const blank = tf.tidy(() => Object.values(model.parameters).map(({ shape }) => tf.zeros([...shape])));
  const index = tf.scalar(0, 'int32');
  const examples = [index, ...constants, ...blank];
  const program = compile(evaluationBatch(member, size, names), examples, { eager: job.eager });
  tf.dispose([index, ...blank]);
  return {
    outcomes(parameters) {
      const columns: Record<string, Column> = { ...items.columns };
      // The last batch overlaps the one before it.
      for (let at = 0; at < count; at += size) {
        const begin = Math.min(at, count - size);
        const start = tf.scalar(begin, 'int32');
        const results = program.run([start, ...constants, ...parameters]);
        names.forEach((name, i) => {
          const values: Column = results[i]!.dataSync<'float32' | 'int32' | 'bool'>();
          const column = (columns[name] ??= new (values.constructor as new (length: number) => Column)(count));
          column.set(values, begin);
        });
        tf.dispose([start, ...results]);
      }
      return columns;
    },
    close() {
      program.close();
      tf.dispose(constants);
    },
  };
}

/** The outcomes of a member whose training is over. */
export function evaluate(member: Member, state: HostState, items: TestItems): Record<string, Column> {
  const evaluation = openEvaluation(member, items);
  const parameters = toTensors(parametersOf(state, member.model.parameters));
  try {
    return evaluation.outcomes(parameters);
  } finally {
    tf.dispose(parameters);
    evaluation.close();
  }
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
    const given = model.reconstruct!(
      named(Object.keys(parameters), toTensors(parametersOf(state, parameters))),
      images,
    );
    return given.dataSync<'float32'>();
  });
  return { shape, originals, reconstructions: Uint8Array.from(values, (value) => Math.round(255 * value)) };
}

function sides({ height, width, channels }: ImageShape): [number, number, number] {
  return [height, width, channels];
}
