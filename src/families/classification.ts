/** Loss and outcomes of every classifier, computed from its logits. */
import * as tf from '@tensorflow/tfjs-core';
import { gatherColumns, sparseSoftmaxCrossEntropy } from '../engine/ops.js';

/**
 * Logits [n, combinations] from those of the attributes' values, [n, sum of sizes]: a combination's logit is the sum of
 * its values' logits. The softmax is then the product of the attributes' softmaxes, the cross-entropy the sum of
 * theirs, and the largest logit belongs to the combination of each attribute's largest.
 */
export function combined(logits: tf.Tensor2D, sizes: readonly number[]): tf.Tensor2D {
  const n = logits.shape[0];
  return tf.split<tf.Tensor2D>(logits, [...sizes], 1).reduce((all, part) => {
    const pairs = tf.add(tf.expandDims(all, 2), tf.expandDims(part, 1));
    return tf.reshape<tf.Rank.R2>(pairs, [n, all.shape[1] * part.shape[1]]);
  });
}

/** Mean cross-entropy in nats, and the share of examples whose largest logit is the label's. */
export function classificationLoss(logits: tf.Tensor2D, labels: tf.Tensor1D): { loss: tf.Scalar; accuracy: tf.Scalar } {
  return {
    loss: tf.mean(sparseSoftmaxCrossEntropy(logits, labels)),
    accuracy: tf.mean(tf.cast(tf.equal(tf.argMax(logits, 1), labels), 'float32')),
  };
}

/** Per example, [n] each: the columns of outcomes.parquet (see checkpoints/README.md). */
export function classificationOutcomes(logits: tf.Tensor2D, labels: tf.Tensor1D): Record<string, tf.Tensor1D> {
  const classes = logits.shape[1];
  const predicted = tf.argMax<tf.Tensor1D>(logits, 1);
  const logProbabilities = tf.logSoftmax(logits);
  const probabilities = tf.exp(logProbabilities);
  const isLabel = tf.cast(tf.equal(tf.range(0, classes, 1, 'int32'), tf.expandDims(labels, 1)), 'float32');
  const probability = tf.sum<tf.Tensor1D>(tf.mul(probabilities, isLabel), 1);
  const otherwise = tf.max<tf.Tensor1D>(tf.sub(probabilities, tf.mul(isLabel, 2)), 1);
  return {
    predicted,
    correct: tf.equal(predicted, labels),
    log_probability: gatherColumns(logProbabilities, labels),
    brier: tf.sum<tf.Tensor1D>(tf.square(tf.sub(probabilities, isLabel)), 1),
    confidence: tf.max<tf.Tensor1D>(probabilities, 1),
    margin: tf.sub(probability, otherwise),
    rank: rankOf(logits, labels),
  };
}

/** 1 + how many classes rank before the label; of equal logits the lower class comes first, as in argMax. */
function rankOf(logits: tf.Tensor2D, labels: tf.Tensor1D): tf.Tensor1D {
  const column = tf.expandDims(labels, 1);
  const own = tf.expandDims(gatherColumns(logits, labels), 1);
  const larger = tf.cast(tf.greater(logits, own), 'int32');
  const lower = tf.cast(tf.less(tf.range(0, logits.shape[1], 1, 'int32'), column), 'int32');
  const tied = tf.mul(tf.cast(tf.equal(logits, own), 'int32'), lower);
  return tf.add(tf.sum<tf.Tensor1D>(tf.add(larger, tied), 1), tf.scalar(1, 'int32'));
}
