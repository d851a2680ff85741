/** A transformer's answers to probes, compared with its logits for the same sequences one by one. */
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, expect, test } from 'vitest';
import { drawProbe } from '../../src/datasets/probes.js';
import { resolveExperiment } from '../../src/experiment/schema.js';
import { ensureRuntime } from '../../src/install/runtime.js';
import { nth, present } from '../../src/machine/present.js';
import { Random } from '../../src/statistics/random.js';
import { MemberTest } from '../../src/training/evaluation.js';
import { jobData, openMembers, type Member } from '../../src/training/open-member.js';
import { initialHostState, parametersOf, toTensors } from '../../src/training/state.js';
import { named } from '../../src/training/step.js';
import { loadTensorFlow } from '../support/tensorflow.js';

let bindingPath = '';
beforeAll(async () => {
  await loadTensorFlow();
  ({ bindingPath } = await ensureRuntime({ device: 'cpu' }));
});

test('outcomes of the last images: few-shot ones among the labels of the context, in-weights ones among all labels', async () => {
  const experiment = resolveExperiment({
    ...{ arch: 'transformer', dataset: 'shapes', widths: [8], pairs: 3, testSequences: 7, epochs: 1, batchSize: 8 },
    ...{ trainSize: 60, testSize: 80, validationSize: 9, heldOutClasses: 3, probe: 'few-shot,in-weights,held-out' },
  });
  const job = {
    ...{ width: 8, seed: 1, experiment, bindingPath, runFolder: '', dataDir: '', digest: '', threads: 1 },
    ...{ branches: 1, stack: null, eager: false, tensorboardFolder: null, lock: null },
  };
  const [member] = openMembers([job], await jobData(job)) as [Member];
  const parameters = toTensors(
    parametersOf(initialHostState(member.model.parameters, member.optimizer, 1), member.model.parameters),
  );
  const evaluation = new MemberTest(member);
  const { test, classes, shape } = member.data;
  const size = shape.height * shape.width * shape.channels;
  const probes = evaluation.probes(parameters);
  expect(Object.keys(probes)).toEqual(['few-shot', 'in-weights', 'held-out']);
  for (const name of ['few-shot', 'in-weights', 'held-out'] as const) {
    const options = { labels: test.labels, classes, heldOut: 3, pairs: 3, ways: 2 };
    const { indices, labels } = drawProbe(name, 7, options, Random.named(0, 'probe', name));
    const outcomes = present(probes[name]);
    for (let i = 0; i < 7; i++) {
      const own = indices.subarray(3 * i, 3 * i + 3);
      const pixels = Array.from(own, (index) => [...test.images.subarray(index * size, (index + 1) * size)]).flat();
      const images = tf.tensor4d(
        pixels.map((byte) => byte / 255),
        [3, shape.height, shape.width, shape.channels],
      );
      const batch = { images, labels: tf.tensor1d(labels.slice(3 * i, 3 * i + 3), 'int32') };
      const logits = present(member.model.logits?.(named(Object.keys(member.model.parameters), parameters), batch));
      const last = nth(logits.arraySync(), 2).slice(0, name === 'in-weights' ? classes : 2);
      const label = nth(labels, 3 * i + 2);
      expect(nth(present(outcomes['example']), i)).toBe(nth(test.indices, nth(own, 2)));
      expect([nth(present(outcomes['label']), i), nth(present(outcomes['sequence']), i)]).toEqual([label, i]);
      expect(nth(present(outcomes['predicted']), i)).toBe(last.indexOf(Math.max(...last)));
      const expected = nth(last, label) - Math.log(last.reduce((sum, logit) => sum + Math.exp(logit), 0));
      // float32 through two blocks
      expect(nth(present(outcomes['log_probability']), i)).toBeCloseTo(expected, 5);
    }
  }
  evaluation.close();
});
