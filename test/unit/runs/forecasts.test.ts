import { execFileSync } from 'node:child_process';
import * as fs from 'node:fs';
import * as path from 'node:path';
import * as fc from 'fast-check';
import { beforeEach, expect, test } from 'vitest';
import { whyVoid } from '../../../src/runs/forecast-validity.js';
import {
  endOfChain,
  locateSeal,
  readSeal,
  readSeals,
  sealFile,
  writeSeal,
  type Seal,
} from '../../../src/runs/forecasts.js';
import { jsonWithDigest, isUnchanged } from '../../../src/runs/json.js';
import type { RunRecord } from '../../../src/runs/record.js';
import { temporaryFolder, writeSyntheticRun } from '../../support/runs.js';
import { sealFor, type SealChanges } from '../../support/seals.js';

let root = '';
let folder = '';
let run: RunRecord;

beforeEach(async () => {
  root = await temporaryFolder();
  folder = path.join(root, 'lenet');
  run = await writeSyntheticRun({ folder, widths: [1, 2, 4], seeds: [0], record: {}, accuracy: () => 0.5 });
});

const sealOf = (changes: SealChanges = {}) => sealFor({ folder, run }, changes);

async function voidReasons(): Promise<string[][]> {
  return Promise.all((await readSeals(folder)).seals.map((read) => whyVoid(folder, run, read)));
}

test('the digest can be recomputed with sed and sha256sum', async () => {
  const { file, digest } = await writeSeal(folder, await sealOf());
  const script = `sed 's/^  "digest": "[0-9a-f]*"$/  "digest": ""/' "$1" | sha256sum`;
  expect(execFileSync('sh', ['-c', script, 'sh', file], { encoding: 'utf8' }).slice(0, 64)).toBe(digest);
});

test('any change of a byte is found', async () => {
  const { text } = jsonWithDigest(await sealOf());
  expect(isUnchanged(text)).toBe(true);
  fc.assert(
    fc.property(fc.nat(text.length - 1), fc.integer({ min: 32, max: 126 }), (at, code) => {
      const changed = text.slice(0, at) + String.fromCharCode(code) + text.slice(at + 1);
      expect(isUnchanged(changed)).toBe(changed === text);
    }),
  );
});

test('each seal contains the digest of the one before it', async () => {
  const first = await writeSeal(folder, await sealOf());
  const second = await sealOf({ name: 'lenet-2', number: 2, previous: { name: 'lenet-1', digest: first.digest } });
  await writeSeal(folder, second);
  expect(await voidReasons()).toEqual([[], []]);

  // Changed and sealed anew: its own digest is right, but the next seal reveals it.
  const forged = jsonWithDigest(await sealOf({ draws: 101 }));
  fs.writeFileSync(sealFile(folder, 'lenet-1'), forged.text);
  expect(await voidReasons()).toEqual([[], ['lenet-1, an earlier seal, was changed']]);
  fs.rmSync(sealFile(folder, 'lenet-1'));
  expect(await voidReasons()).toEqual([["lenet-1, an earlier seal, can't be read"]]);
});

test('a chain is verified back to its first seal, also in time; nothing is sealed on a broken one', async () => {
  const one = await writeSeal(folder, await sealOf());
  expect((await endOfChain(folder))!.digest).toBe(one.digest);
  const two = await writeSeal(
    folder,
    await sealOf({ name: 'lenet-2', number: 2, previous: { name: 'lenet-1', digest: one.digest } }),
  );
  await writeSeal(
    folder,
    await sealOf({ name: 'lenet-3', number: 3, previous: { name: 'lenet-2', digest: two.digest } }),
  );
  expect(await voidReasons()).toEqual([[], [], []]);
  fs.renameSync(sealFile(folder, 'lenet-1'), path.join(root, 'aside.json'));
  const lost = ["lenet-1, an earlier seal, can't be read"];
  expect(await voidReasons()).toEqual([lost, lost]);
  await expect(endOfChain(folder)).rejects.toThrow(
    "lenet-1, an earlier seal, can't be read; later seals would be void; restore the seals from a copy",
  );
  fs.renameSync(path.join(root, 'aside.json'), sealFile(folder, 'lenet-1'));
  expect((await endOfChain(folder))!.name).toBe('lenet-3');

  fs.appendFileSync(sealFile(folder, 'lenet-3'), ' ');
  await expect(endOfChain(folder)).rejects.toThrow('it was changed after it was sealed; later seals would be void');
  fs.rmSync(sealFile(folder, 'lenet-3'));
  const early = { name: 'early', number: 3, previous: { name: 'lenet-2', digest: two.digest } };
  await writeSeal(folder, await sealOf({ ...early, sealed: '2026-02-01T00:00:00.000Z' }));
  expect((await voidReasons())[2]).toEqual(['lenet-2, an earlier seal, was sealed later, 2026-03-01T00:00:00.000Z']);
});

test('a file that is not a seal is named, and the others are read', async () => {
  await writeSeal(folder, await sealOf());
  const stray = sealFile(folder, 'notes');
  fs.writeFileSync(stray, '{}');
  fs.copyFileSync(sealFile(folder, 'lenet-1'), sealFile(folder, 'lenet-1 (copy)'));
  const { seals, unreadable } = await readSeals(folder);
  expect(seals.map(({ seal }) => seal.name)).toEqual(['lenet-1']);
  expect(unreadable.sort()).toEqual([
    expect.stringMatching(
      /lenet-1 \(copy\)\.json: contains the forecast lenet-1; give it that name, or move it elsewhere$/,
    ),
    expect.stringMatching(
      /notes\.json: is damaged: .*; restore it from a copy, or move it elsewhere if it is not a forecast$/,
    ),
  ]);
});

test('what could not be read back is not written', async () => {
  const known = [{ width: 1, parameters: 432, values: [Infinity] }];
  const metrics = [{ metric: 'mine', better: 'lower' as const, known, methods: [], silent: [] }];
  await expect(writeSeal(folder, await sealOf({ metrics }))).rejects.toThrow();
  expect((await readSeals(folder)).seals).toEqual([]);
});

test('two seals with one place in the chain: neither can be picked afterwards', async () => {
  await writeSeal(folder, await sealOf());
  await writeSeal(folder, await sealOf({ name: 'other' }));
  expect((await voidReasons()).sort()).toEqual([
    ['lenet-1 is also number 1 of the chain'],
    ['other is also number 1 of the chain'],
  ]);
});

test('names: bare, of a run, a path; ambiguous ones are refused, misspelt ones suggested', async () => {
  const { file } = await writeSeal(folder, await sealOf());
  for (const name of ['lenet-1', 'lenet/lenet-1', file]) expect((await locateSeal(name, root)).read.file).toBe(file);
  await expect(locateSeal('lenet-l', root)).rejects.toThrow(
    `NAME: "lenet-l" is not a sealed forecast of a run in ${root}; did you mean lenet-1?`,
  );
  const other = path.join(root, 'other');
  fs.cpSync(folder, other, { recursive: true });
  await expect(locateSeal('lenet-1', root)).rejects.toThrow('give RUN/NAME');
  expect((await locateSeal('other/lenet-1', root)).runFolder).toBe(other);
  await expect(writeSeal(folder, await sealOf())).rejects.toThrow('forecast "lenet-1" already exists');
});

test("a seal with method `outcomes` reads unchanged, under the method's present name", async () => {
  const fits = [{ of: 'accuracy', model: 'logistic', weight: 1 }];
  const levels = Array.from({ length: 39 }, (_, i) => (i + 1) / 40);
  const targets = [{ width: 64, parameters: 1_260_810 }];
  const methods = ['last-value', 'outcomes'].map((method) => ({ method, quantiles: [levels], fits }));
  const known = [{ width: 1, parameters: 432, values: [0.5] }];
  const silent = [{ method: 'outcomes', why: 'the outcomes have no log-probabilities' }];
  const metrics = [{ metric: 'accuracy', better: 'higher' as const, known, methods, silent }];
  const { text, digest } = jsonWithDigest(await sealOf({ levels, targets, metrics }));
  fs.mkdirSync(path.join(folder, 'forecasts'));
  fs.writeFileSync(sealFile(folder, 'lenet-1'), text);
  const [read] = (await readSeals(folder)).seals;
  expect(read).toMatchObject({ unchanged: true, seal: { digest } });
  expect(await voidReasons()).toEqual([[]]);
  const [{ methods: named, silent: without }] = read!.seal.metrics as [Seal['metrics'][number]];
  expect([...named, ...without].map(({ method }) => method)).toEqual(['last-value', 'per-example', 'per-example']);
  expect(without[0]!.why).toBe(silent[0]!.why);
});

test.each<[string, SealChanges, string]>([
  ['an axis in format 1', { axis: 'depth' }, 'format: 1 does not match the axis, held factors, step and experiment'],
  ['format 3 without an axis or a step', { format: 3 }, 'format: 3 does not match'],
  ['format 2 without an axis', { format: 2, experiment: null }, 'format: 2 does not match'],
  ['held factors without an axis', { format: 3, at: 5, held: { depth: 2 } }, 'format: 3 does not match'],
  ['no target', { targets: [] }, 'targets: [] is too short; at least 1'],
  ['levels at unequal steps', { levels: [0.1, 0.5, 0.6] }, 'levels: [0.1,0.5,0.6] is not 1/(n + 1), 2/(n + 1), ...'],
  ['no draws', { draws: -100 }, 'draws: -100 is too small; at least 1'],
  ['a time without a zone', { sealed: '2026-03-01T00:00:00' }, 'is not a time in UTC, such as 2026-01-02T03:04:05Z'],
  ['half a digest', { fingerprint: 'ab' }, 'fingerprint: "ab" is not a SHA-256 in hex'],
  ['a format to come', { format: 4 as 3 }, 'has format 4, which this version does not support'],
])('resealed with %s: refused in one line', async (_, changes, line) => {
  const { text } = jsonWithDigest({ ...(await sealOf()), ...changes });
  fs.mkdirSync(path.dirname(sealFile(folder, 'lenet-1')));
  fs.writeFileSync(sealFile(folder, 'lenet-1'), text);
  const message = (await readSeal(sealFile(folder, 'lenet-1')).catch((error: unknown) => error)) as Error;
  expect(message.message).toContain(line);
  expect(message.message).not.toContain('\n');
});

test('a seal that names another test set than its run is void', async () => {
  await writeSeal(folder, await sealOf({ fingerprint: 'c'.repeat(64) }));
  expect(await voidReasons()).toEqual([['the run now has another test set']]);
});
