import { describe, expect, test } from 'vitest';
import { architectures } from '../../../src/experiment/architectures.js';
import { resolveExperiment } from '../../../src/experiment/schema.js';
import { families } from '../../../src/families/index.js';
import { attentionMultiplier, outputMultiplier, scalingOf } from '../../../src/families/parametrization.js';

const task = { height: 28, width: 28, channels: 1, classes: 10, meanPixel: 0.25 };
const standard = (arch: (typeof architectures)[number]) => resolveExperiment({ arch });
const mup = (arch: (typeof architectures)[number], own = {}) =>
  resolveExperiment({ arch, parametrization: 'mup', ...own });

describe.each(architectures)('%s', (arch) => {
  test('at the base width muP is the standard parametrization, except that output weights and queries begin at 0', () => {
    const at = (experiment: ReturnType<typeof mup>) => families[arch].model(8, task, experiment).parameters;
    const name = arch === 'autoencoder' ? 'output.kernel' : 'head.kernel';
    const { [name]: own, ...others } = at(mup(arch));
    const { [name]: usual, ...rest } = at(standard(arch));
    // Queries are the first w of 3w columns.
    const atZero = Object.entries(rest).map(([each, spec]) => [
      each,
      each.endsWith('qkv.kernel') ? { ...spec, initial: { ...spec.initial, zeroColumns: 8 } } : spec,
    ]);
    expect(others).toStrictEqual(Object.fromEntries(atZero));
    expect(own).toStrictEqual({ ...usual, initial: { kind: 'constant', value: 0 } });
    expect(outputMultiplier(8, mup(arch))).toBe(1);
    expect(attentionMultiplier(2, 8, mup(arch))).toBe(1 / Math.sqrt(2));
  });

  test('the standard parametrization has no base width', () => {
    const { parameters } = families[arch].model(64, task, standard(arch));
    expect(Object.values(parameters).every(({ scaling }) => scaling === undefined)).toBe(true);
    expect(outputMultiplier(64, standard(arch))).toBe(1);
    expect(attentionMultiplier(16, 64, standard(arch))).toBe(1 / 4);
  });

  test('at four times the base width every tensor has the multipliers of its kind', () => {
    const { parameters } = families[arch].model(32, task, mup(arch));
    const base = families[arch].model(8, task, mup(arch)).parameters;
    const kinds = Object.entries(parameters).map(([name, { scaling, initial }]) => {
      const { initial: first } = base[name]!;
      const variances =
        initial.kind === 'normal' && first.kind === 'normal'
          ? (initial.deviation / first.deviation) ** 2
          : initial.kind === 'constant' && name.endsWith('kernel')
            ? initial.value
            : 1;
      return [name, [scaling?.adam ?? 1, scaling?.sgd ?? 1, scaling?.gradient ?? 1, Math.round(1e6 * variances) / 1e6]];
    });
    expect(Object.fromEntries(kinds)).toEqual(expected[arch]);
  });
});

// Yang et al. 2022, Table 8, with r = 4: Adam's rate, SGD's rate, size of the gradient, variance of the first weights.
const input = [1, 4, 1 / 4, 1];
const hidden = [1 / 4, 1, 1 / 4, 1 / 4];
const output = [1, 4, 1 / 4, 0];
const finite = [1, 1, 1, 1];
const block = (i: number) => ({
  [`block${i}.norm1.gain`]: input,
  [`block${i}.norm1.bias`]: input,
  [`block${i}.qkv.kernel`]: hidden,
  [`block${i}.attended.kernel`]: hidden,
  [`block${i}.norm2.gain`]: input,
  [`block${i}.norm2.bias`]: input,
  [`block${i}.up.kernel`]: hidden,
  [`block${i}.down.kernel`]: hidden,
});
const expected = {
  cnn: {
    'conv1.kernel': input,
    'conv1.bias': input,
    'conv2.kernel': hidden,
    'conv2.bias': input,
    'hidden.kernel': hidden,
    'hidden.bias': input,
    'head.kernel': output,
    'head.bias': finite,
  },
  autoencoder: {
    'dense1.kernel': input,
    'dense1.bias': input,
    'output.kernel': output,
    'output.bias': finite,
  },
  transformer: {
    // They do not grow with the width.
    'conv1.kernel': finite,
    'conv2.kernel': finite,
    'image.kernel': input,
    label: input,
    position: input,
    ...block(0),
    ...block(1),
    'head.kernel': output,
  },
};

test("a matrix whose sides grow by different ratios scales SGD's rate by fan out over fan in", () => {
  expect(scalingOf(2, 8)).toEqual({ adam: 1 / 2, sgd: 4, gradient: 1 / 8 });
  expect(scalingOf(1, 1)).toBeUndefined();
});

test('the base width stays when a run gets further widths, and the standard parametrization is omitted', () => {
  expect(resolveExperiment({ arch: 'cnn', widths: [16, 32], parametrization: 'mup' }).baseWidth).toBe(8);
  expect(resolveExperiment({ arch: 'cnn', parametrization: 'mup', baseWidth: 16 }).baseWidth).toBe(16);
  expect(resolveExperiment({ arch: 'cnn', parametrization: 'standard' })).toStrictEqual(
    resolveExperiment({ arch: 'cnn' }),
  );
});
