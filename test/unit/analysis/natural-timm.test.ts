import * as fs from 'node:fs/promises';
import * as path from 'node:path';
import { describe, expect, test } from 'vitest';
import { readNaturalCurve, readNaturalCurves } from '../../../src/analysis/natural.js';
import { familyOf } from '../../../src/analysis/natural-timm.js';
import { temporaryFolder } from '../../support/runs.js';

test('the shipped table: the ResNets of torchvision, as in the file', async () => {
  const { points, unit, better } = await readNaturalCurve('timm-imagenet:resnetN.tv_in1k/224');
  expect([unit, better]).toEqual(['probability', 'higher']);
  expect(points.map(({ model, params, value }) => [model, params, value])).toEqual([
    ['resnet18.tv_in1k', 11_690_000, 0.69752],
    ['resnet34.tv_in1k', 21_800_000, 0.73298],
    ['resnet50.tv_in1k', 25_560_000, 0.76156],
    ['resnet101.tv_in1k', 44_550_000, 0.77404],
    ['resnet152.tv_in1k', 60_190_000, 0.7833],
  ]);
  // Of 50 000 images.
  expect(points[0]!.standardError).toBeCloseTo(Math.sqrt((0.69752 * 0.30248) / 50_000), 12);
});

test.each([
  ['resnet50.tv_in1k', 224, 'resnetN.tv_in1k'],
  ['resnet50d.ra2_in1k', 224, 'resnet50d.ra2_in1k'],
  ['convnextv2_tiny.fcmae_ft_in1k', 288, 'convnextv2_N.fcmae_ft_in1k'],
  ['deit3_base_patch16_224.fb_in1k', 224, 'deit3_N_patch16_224.fb_in1k'],
  ['pvt_v2_b0.in1k', 224, 'pvt_v2_N.in1k'],
  ['regnety_002.pycls_in1k', 224, 'regnety_N.pycls_in1k'],
  ['levit_256.fb_dist_in1k', 224, 'levit_N.fb_dist_in1k'],
])('%s at %i belongs to the family %s', (model, size, family) => {
  expect(familyOf(model, size)).toBe(family);
});

describe("a user's timm table", () => {
  const heading = 'model,img_size,top1,top1_err,param_count';
  const file = async (...lines: string[]) => {
    const name = path.join(await temporaryFolder(), 'results.csv');
    await fs.writeFile(name, [heading, ...lines].join('\n'));
    return name;
  };
  const four = ['tiny', 'small', 'base', 'large'].map((size, i) => `net_${size}.x,224,${50 + i},1,"1,00${i}.5"`);

  test('has no intervals, as the number of images is not published', async () => {
    const { curves } = await readNaturalCurves(await file(...four, 'alone_tiny.x,224,50,1,3'));
    expect(curves.map(({ name }) => name)).toEqual(['net_N.x/224']);
    expect(curves[0]!.points.map(({ params, value, standardError }) => [params, value, standardError])).toEqual(
      [0, 1, 2, 3].map((i) => [(1000 + i + 0.5) * 1e6, (50 + i) / 100, undefined]),
    );
  });

  test.each([
    ['net_tiny.x,224,50,1', ':2: has 4 cells, but the heading has 5'],
    ['net_tiny.x,224,no,1,3', ':2: top1 is "no"'],
    ['net_tiny.x,224,150,1,3', ':2: top1 is 150'],
    ['net_tiny.x,224,50,1,3', 'has no family of 4 models at one image size'],
  ])('%j is refused in one line', async (line, message) => {
    await expect(readNaturalCurves(await file(line))).rejects.toThrow(message);
  });
});
