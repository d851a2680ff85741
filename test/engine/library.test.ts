/** The library's examples that train, and those that query a trained run. */
import * as fs from 'node:fs/promises';
import * as path from 'node:path';
import { expect, test } from 'vitest';
import { loadSplits } from '../../src/datasets/index.js';
import { predict, type ImagePrediction } from '../../src/index.js';
import { readColumns } from '../../src/runs/load.js';
import { openRunFolder } from '../../src/runs/open.js';
import { examples, run } from '../support/examples.js';
import { pngOf } from '../support/pictures.js';
import { temporaryFolder } from '../support/runs.js';

test('the example of train gives two members, and predict gives what is stored for a test image and works for other images', async () => {
  const folder = await temporaryFolder();
  const exampleOf = (name: string) => examples().find(({ of }) => of === name)!;
  expect(await run(exampleOf('train'), folder)).toBe(2);

  const { test: split } = await loadSplits('mnist');
  await fs.writeFile(path.join(folder, 'digit.png'), await pngOf(split.images.slice(0, 784), 28, 1));
  const asked = (await run(exampleOf('predict'), folder)) as Extract<ImagePrediction, { classes: unknown }>;
  const { members } = await readColumns(await openRunFolder(path.join(folder, 'checkpoints/quick')), [
    'predicted',
    'confidence',
  ]);
  const { predicted, confidence } = members.find(({ record }) => record.id === 'cnn-w8-s0')!.outcomes;
  expect([asked.image, asked.classes[0]!.class]).toEqual(['digit.png', predicted![0]]);
  // Stored in float32, from a batch of another size.
  expect([asked.classes[0]!.chance]).toBeAllClose([confidence![0]!], { atol: 1e-6 });

  const count = 100;
  const files = Array.from({ length: count }, (_, i) => path.join(folder, `${i}.png`));
  for (const [i, file] of files.entries())
    await fs.writeFile(file, await pngOf(split.images.slice(784 * i, 784 * (i + 1)), 28, 1));
  const root = path.join(folder, 'checkpoints');
  const { images } = await predict('quick/cnn-w8-s0', files, { root, top: 1 });
  const likeliest = images.flatMap((image) => ('classes' in image ? image.classes : []));
  expect(likeliest.map((each) => each.class)).toEqual([...predicted!.slice(0, count)]);
  expect(likeliest.map(({ chance }) => chance)).toBeAllClose([...confidence!.slice(0, count)], { atol: 1e-6 });
});
