/**
 * Transformer family (Schaeffer et al. 2023, Fig. 8; the set-up of Chan et al. 2022, arXiv 2205.05055): decoder-only
 * over sequences of (image, label) pairs. The class of image i is predicted at its own token, which sees the pairs
 * before. Its size is set by `width` w, the embedding's dimension.
 */
import * as tf from '@tensorflow/tfjs-core';
import { embed, matMul, relu, sigmoid } from '../engine/ops.js';
import { present } from '../machine/present.js';
import { classificationLoss, classificationOutcomes } from './classification.js';
import {
  setting,
  type Batch,
  type Family,
  type Parameters,
  type ParameterSpecs,
  type Settings,
  type Task,
} from './family.js';
import {
  conv,
  convFlops,
  convParameters,
  dense,
  denseFlops,
  denseParameters,
  dropout,
  flatten,
  noDropout,
  norm,
  normParameters,
  tableParameters,
  times,
  unwatched,
  watched,
  type Dropout,
  type Watch,
} from './layers.js';
import { attentionMultiplier, outputMultiplier } from './parametrization.js';

/** Channels of the two convolutions that embed an image; they do not grow with w. */
const channels = [16, 32] as const;
const half = { stride: 2, padding: 'same' } as const;

/** Side of an image after a convolution of stride 2 with same padding. */
const halved = (side: number) => Math.ceil(side / 2);

function embeddedSize({ height, width }: Task): number {
  return halved(halved(height)) * halved(halved(width)) * channels[1];
}

interface Shape {
  readonly w: number;
  readonly pairs: number;
  readonly blocks: number;
  readonly heads: number;
  /** Factor of the head's input, and of queries times keys. */
  readonly multiplier: number;
  readonly attention: number;
}

function parameters({ w, pairs, blocks }: Shape, task: Task): ParameterSpecs {
  const plain = { relu: false, bias: false };
  const block = (i: number): ParameterSpecs => ({
    ...normParameters(`block${i}.norm1`, w),
    ...queriesKeysValues(`block${i}.qkv`, w),
    ...denseParameters(`block${i}.attended`, w, w, plain),
    ...normParameters(`block${i}.norm2`, w),
    ...denseParameters(`block${i}.up`, w, 4 * w, plain),
    ...denseParameters(`block${i}.down`, 4 * w, w, plain),
  });
  return Object.assign(
    {
      ...convParameters('conv1', { size: 3, from: task.channels, to: channels[0], bias: false }),
      ...convParameters('conv2', { size: 3, from: channels[0], to: channels[1], bias: false }),
      ...denseParameters('image', embeddedSize(task), w, plain),
      ...tableParameters('label', task.classes, w),
      ...tableParameters('position', 2 * pairs, w),
    },
    ...Array.from({ length: blocks }, (_, i) => block(i)),
    denseParameters('head', w, task.classes, plain),
  ) as ParameterSpecs;
}

/** Kernel [w, 3w]: columns of the queries, then of the keys, then of the values. */
function queriesKeysValues(name: string, w: number): ParameterSpecs {
  const specs = denseParameters(name, w, 3 * w, { relu: false, bias: false });
  return Object.fromEntries(Object.entries(specs).map(([key, spec]) => [key, { ...spec, queries: w }]));
}

/** Tokens [n, 2 pairs, w]: image, its label, the next image, ... */
function tokens(parameters: Parameters, { images, labels }: Batch, { w, pairs }: Shape): tf.Tensor3D {
  const x = relu(conv(parameters, 'conv2', relu(conv(parameters, 'conv1', images, half)), half));
  const embedded = dense(parameters, 'image', flatten(x)); // [n pairs, w]
  const labelled = embed(parameters['label'] as tf.Tensor2D, labels); // [n pairs, w]
  const n = images.shape[0] / pairs;
  return tf.add(tf.reshape(tf.stack([embedded, labelled], 1), [n, 2 * pairs, w]), present(parameters['position']));
}

/** [n, 2 pairs, w] -> its image tokens, [n, pairs, w]. */
function imageTokens(x: tf.Tensor3D): tf.Tensor3D {
  const [n, length, w] = x.shape;
  const paired = tf.reshape(x, [n, length / 2, 2, w]);
  return tf.reshape(tf.slice(paired, [0, 0, 0, 0], [n, length / 2, 1, w]), [n, length / 2, w]);
}

/** -1e9 where a query must not look: at later tokens. Queries are all tokens, or the image tokens alone. */
function causalMask(queries: number, keys: number): tf.Tensor2D {
  const stride = keys / queries;
  const mask = Float32Array.from({ length: queries * keys }, (_, i) =>
    i % keys > stride * Math.floor(i / keys) ? -1e9 : 0,
  );
  return tf.tensor2d(mask, [queries, keys]);
}

const rowsOf = (x: tf.Tensor3D): tf.Tensor2D => tf.reshape(x, [x.shape[0] * x.shape[1], x.shape[2]]);

/** [n, tokens, w] -> [n, heads, tokens, w / heads]. */
function byHead(rows: tf.Tensor2D, n: number, heads: number): tf.Tensor4D {
  const [count, w] = rows.shape;
  return tf.transpose(tf.reshape(rows, [n, count / n, heads, w / heads]), [0, 2, 1, 3]);
}

/**
 * One pre-norm block. Of the last block only the image tokens are read, so only they are queries there: the same result
 * with half the work.
 */
function block(
  parameters: Parameters,
  i: number,
  x: tf.Tensor3D,
  { heads, attention, last, drop, watch }: BlockOptions,
): tf.Tensor3D {
  const [n, length, w] = x.shape;
  const name = (part: string) => `block${i}.${part}`;
  const kernel = parameters[name('qkv.kernel')] as tf.Tensor2D;
  const inputs = norm(parameters, name('norm1'), rowsOf(x));
  const keysAndValues = matMul(inputs, tf.slice2d(kernel, [0, w], [w, 2 * w]));
  const [keys, values] = tf.split<tf.Tensor2D>(keysAndValues, 2, 1) as [tf.Tensor2D, tf.Tensor2D];
  const asking = last ? rowsOf(imageTokens(tf.reshape<tf.Rank.R3>(inputs, x.shape))) : inputs;
  const queries = matMul(asking, tf.slice2d(kernel, [0, 0], [w, w]));

  const scores = tf.mul(tf.matMul(byHead(queries, n, heads), byHead(keys, n, heads), false, true), attention);
  watch(name('scores'), scores);
  const weights = tf.softmax(tf.add(scores, causalMask(last ? length / 2 : length, length)));
  const mixed = tf.matMul(weights, byHead(values, n, heads)); // [n, heads, queries, w / heads]
  const attended = dense(
    parameters,
    name('attended'),
    tf.reshape<tf.Rank.R2>(tf.transpose(mixed, [0, 2, 1, 3]), queries.shape),
  );
  watch(name('attended'), attended);
  const middle = tf.add<tf.Tensor2D>(last ? rowsOf(imageTokens(x)) : rowsOf(x), drop(attended));

  const raised = dense(parameters, name('up'), norm(parameters, name('norm2'), middle)); // [.., 4w]
  const gelu = tf.mul<tf.Tensor2D>(raised, sigmoid(tf.mul(raised, 1.702))); // Hendrycks and Gimpel 2016, the quick form
  const out = watch(`block${i}`, tf.add(middle, drop(dense(parameters, name('down'), gelu))));
  return tf.reshape(out, [n, last ? length / 2 : length, w]);
}

interface BlockOptions {
  readonly heads: number;
  readonly attention: number;
  readonly last: boolean;
  readonly drop: Dropout;
  readonly watch: Watch;
}

/** Logits [n pairs, classes] at the image tokens. */
function apply(
  parameters: Parameters,
  batch: Batch,
  shape: Shape,
  { drop = noDropout, watch = unwatched } = {},
): tf.Tensor2D {
  const { heads, attention, blocks, multiplier } = shape;
  let x = drop(watch('tokens', tokens(parameters, batch, shape)));
  for (let i = 0; i < blocks; i++) {
    x = block(parameters, i, x, { heads, attention, last: i === blocks - 1, drop, watch });
  }
  return watch('head', dense(parameters, 'head', times(rowsOf(x), multiplier)));
}

function flops({ w, pairs, blocks }: Shape, task: Task): { forward: number; training: number } {
  const [rows, columns] = [halved(task.height), halved(task.width)];
  const first = pairs * convFlops(3, task.channels, channels[0], rows * columns);
  const second = pairs * convFlops(3, channels[0], channels[1], halved(rows) * halved(columns));
  const embedding = pairs * denseFlops(embeddedSize(task), w);
  const length = 2 * pairs;
  const perBlock = (queries: number) =>
    length * denseFlops(w, 2 * w) + // keys and values
    queries * (denseFlops(w, w) + 2 * denseFlops(length, w) + denseFlops(w, w) + 2 * denseFlops(w, 4 * w));
  const body = (blocks - 1) * perBlock(length) + perBlock(pairs);
  const forward = first + second + embedding + body + pairs * denseFlops(w, task.classes);
  return { forward, training: 3 * forward - first };
}

function shapeOf(w: number, settings: Settings): Shape {
  const heads = setting(settings, 'heads');
  return {
    w,
    pairs: setting(settings, 'pairs'),
    blocks: setting(settings, 'blocks'),
    heads,
    multiplier: outputMultiplier(w, settings),
    attention: attentionMultiplier(w / heads, w, settings),
  };
}

export const transformer: Family = {
  name: 'transformer',
  examples: 'sequences',
  smallestSide: 4,
  refuses(width, settings) {
    const heads = setting(settings, 'heads');
    if (width % heads === 0) return undefined;
    return { what: `${width} is not a multiple of the ${heads} heads`, remedy: 'give multiples, or other --heads' };
  },
  model(w, task, settings) {
    const shape = shapeOf(w, settings);
    const logits = (values: Parameters, batch: Batch) => apply(values, batch, shape);
    return {
      parameters: parameters(shape, task),
      hasAccuracy: true,
      layers: (values, batch) => watched((watch) => apply(values, batch, shape, { watch })),
      loss: (values, batch, noise) =>
        classificationLoss(
          apply(values, batch, shape, { drop: dropout(setting(settings, 'dropout'), noise) }),
          batch.labels,
        ),
      outcomes: (values, batch) => classificationOutcomes(logits(values, batch), batch.labels),
      logits,
      flops: flops(shape, task),
    };
  },
};
