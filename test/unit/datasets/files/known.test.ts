import { createHash } from 'node:crypto';
import * as fs from 'node:fs/promises';
import * as path from 'node:path';
import { expect, test } from 'vitest';
import type { RemoteFile } from '../../../../src/datasets/dataset.js';
import { fetchCommand, fileState, requireFiles } from '../../../../src/datasets/files/known.js';
import { dataFolder } from '../../../../src/machine/folders.js';
import { mistakeOf } from '../../../support/pictures.js';
import { temporaryFolder } from '../../../support/runs.js';

const content = Buffer.from('what was published');
const remote: RemoteFile = {
  name: 'a.bin',
  url: 'https://example.org/a.bin',
  sizeBytes: content.length,
  sha256: createHash('sha256').update(content).digest('hex'),
};

test('a file is whole, missing, or something else', async () => {
  const file = path.join(await temporaryFolder(), 'a.bin');
  expect(await fileState(file, remote)).toBe('missing');
  await fs.writeFile(file, content);
  expect(await fileState(file, remote)).toBe('whole');
  await fs.writeFile(file, 'What was published');
  expect(await fileState(file, remote)).toEqual({
    fault: expect.stringMatching(/^has the SHA-256 [0-9a-f]{12}\.\.\., but [0-9a-f]{12}\.\.\. is published$/) as string,
  });
  await fs.writeFile(file, 'short');
  expect(await fileState(file, remote)).toEqual({ fault: 'is 5 bytes long, but the published size is 18' });
});

test('missing files are named, with the command to get them', async () => {
  const dataDir = await temporaryFolder();
  expect(await mistakeOf(requireFiles('some', [remote], dataDir))).toBe(
    `UsageError: ${dataDir}/some/a.bin: is missing, and some needs it; run: npm run datasets -- fetch some --data-dir ${dataDir} (18 bytes), or copy https://example.org/a.bin there yourself`,
  );
  await fs.mkdir(`${dataDir}/some`);
  await fs.writeFile(`${dataDir}/some/a.bin`, content);
  expect(await requireFiles('some', [remote], dataDir)).toEqual([`${dataDir}/some/a.bin`]);
  expect(fetchCommand('some', dataFolder())).toBe('npm run datasets -- fetch some');
});
