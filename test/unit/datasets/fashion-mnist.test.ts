import * as fs from 'node:fs/promises';
import * as path from 'node:path';
import { gzipSync } from 'node:zlib';
import { expect, test } from 'vitest';
import { fashionMnist } from '../../../src/datasets/fashion-mnist.js';
import { loadIdxFolder } from '../../../src/datasets/idx.js';
import { loadSplits } from '../../../src/datasets/index.js';
import { smallFiles } from '../../support/idx.js';
import { mistakeOf } from '../../support/pictures.js';
import { temporaryFolder } from '../../support/runs.js';

test('its files have the names that the loader looks for', async () => {
  const folder = await temporaryFolder();
  const names = fashionMnist.files!.files.map(({ name }) => name);
  for (const name of names)
    await fs.writeFile(path.join(folder, name), gzipSync(smallFiles()[name.replace('.gz', '')]!));
  expect((await loadIdxFolder(folder)).train.labels).toHaveLength(6);
});

test('without its files, or with other files of their names, there is one line and no dataset', async () => {
  const dataDir = await temporaryFolder();
  expect(await mistakeOf(loadSplits('fashion-mnist', { dataDir }))).toBe(
    `UsageError: ${dataDir}/fashion-mnist/train-images-idx3-ubyte.gz: is missing, and fashion-mnist needs it; run: npm run datasets -- fetch fashion-mnist --data-dir ${dataDir} (26 MB), or copy http://fashion-mnist.s3-website.eu-central-1.amazonaws.com/train-images-idx3-ubyte.gz there yourself`,
  );
  await fs.mkdir(`${dataDir}/fashion-mnist`);
  for (const [name, bytes] of Object.entries(smallFiles()))
    await fs.writeFile(`${dataDir}/fashion-mnist/${name}.gz`, gzipSync(bytes));
  expect(await mistakeOf(loadSplits('fashion-mnist', { dataDir }))).toMatch(
    /train-images-idx3-ubyte\.gz: is \d+ bytes long, but the published size is 26421880/,
  );
});
