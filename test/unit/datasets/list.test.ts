import * as fs from 'node:fs/promises';
import { expect, test } from 'vitest';
import { datasets } from '../../../src/datasets/index.js';
import { datasetStatuses } from '../../../src/datasets/list.js';
import { temporaryFolder } from '../../support/runs.js';

test('every dataset is listed, with what is here and how to get the rest', async () => {
  const dataDir = await temporaryFolder();
  const statuses = await datasetStatuses(dataDir);
  expect(statuses.map(({ name }) => name.replace('PATH', ''))).toEqual(Object.keys(datasets));
  const of = (name: string) => statuses.find((each) => each.name === name);
  expect(of('mnist')).toMatchObject({ kind: 'installed', here: true, remedy: null, sizeBytes: 54_950_048 });
  expect(of('omniglot-small')).toMatchObject({ kind: 'installed', here: true, sizeBytes: 2_899_939 });
  expect(of('shapes')).toMatchObject({ kind: 'made', here: true, folder: null });
  expect(of('images:PATH')).toMatchObject({ kind: 'user', here: null, contents: null });
  expect(of('cifar10')).toMatchObject({
    kind: 'downloaded',
    here: false,
    fault: 'cifar-10-binary.tar.gz is missing',
    remedy: `npm run datasets -- fetch cifar10 --data-dir ${dataDir}`,
    folder: `${dataDir}/cifar10`,
    sizeBytes: 170_052_171,
    contents: { train: 50_000, test: 10_000, classes: 10, shape: { height: 32, width: 32, channels: 3 } },
  });
  for (const { licence, citation } of statuses) expect([licence, citation]).not.toContain('');
});

test('a file of another size is not the dataset', async () => {
  const dataDir = await temporaryFolder();
  await fs.mkdir(`${dataDir}/cifar100`);
  await fs.writeFile(`${dataDir}/cifar100/cifar-100-binary.tar.gz`, 'x');
  const status = (await datasetStatuses(dataDir)).find(({ name }) => name === 'cifar100');
  expect(status).toMatchObject({
    here: false,
    fault: 'cifar-100-binary.tar.gz is 1 byte long, but the published size is 168513733',
  });
});
