/** How a worker answers: with the member's forward pass as a graph, or by running it. */
import * as tf from '@tensorflow/tfjs-core';
import { loadBackend } from '../engine/backend.js';
import { servingModel, type BoundNames } from '../engine/graph.js';
import { onnxModel } from '../engine/onnx.js';
import { toBytes } from '../engine/packing.js';
import { present } from '../machine/present.js';
import { forwardOf, traceForward, type Forward } from './forward.js';
import type { Answer, AskedExamples, Question } from './question.js';
import type { MemberWithTask } from './task.js';

/** @throws RunError if the weights are not those of such a member */
export function answerTo(question: Question, bindingPath: string): Answer {
  loadBackend(bindingPath);
  const { member } = question;
  const forward = forwardOf(member);
  switch (question.want) {
    case 'onnx':
      return onnxModel(traceForward(forward), boundNames(forward, member), question.about);
    case 'saved-model':
      return servingModel(traceForward(forward), boundNames(forward, member));
    case 'answers':
      return answersOf(forward, member, question.examples);
  }
}

function boundNames({ inputs, output, weights }: Forward, member: MemberWithTask): BoundNames {
  const bound = weights.map((name) => {
    const { buffer, byteOffset, byteLength } = present(member.weights.get(name)).data;
    return { name, bytes: new Uint8Array(buffer, byteOffset, byteLength) };
  });
  return { inputs, output, bound };
}

/** Number of examples that are run at once. */
const batchSize = 250;

/** The function's result for each example in turn. */
function answersOf(forward: Forward, member: MemberWithTask, { count, images, labels }: AskedExamples): Float32Array {
  const weights = forward.weights.map((name) => {
    const { shape, data } = present(member.weights.get(name));
    return tf.tensor(data, [...shape], 'float32');
  });
  const answers: Float32Array[] = [];
  for (let at = 0; at < count; at += batchSize) {
    const n = Math.min(batchSize, count - at);
    const part = <T extends Uint8Array | Int32Array>(values: T): T =>
      values.subarray((at * values.length) / count, ((at + n) * values.length) / count) as T;
    const answer = tf.tidy(() => {
      const pixels = tf.tensor(Float32Array.from(part(images)), [n, ...forward.exampleShape]);
      const labelTensors = labels === undefined ? [] : [tf.tensor2d(part(labels), [n, labels.length / count], 'int32')];
      return forward.apply([toBytes(pixels), ...labelTensors, ...weights]).dataSync<'float32'>();
    });
    answers.push(answer);
  }
  const all = new Float32Array(answers.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const answer of answers) {
    all.set(answer, at);
    at += answer.length;
  }
  return all;
}
