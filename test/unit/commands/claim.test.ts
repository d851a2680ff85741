/** Claims as the user meets them: sealed on a pilot, judged by a run trained since, void if something is amiss. */
import * as fs from 'node:fs/promises';
import * as path from 'node:path';
import { beforeEach, expect, test } from 'vitest';
import { jsonWithDigest } from '../../../src/runs/json.js';
import { memberFolder, membersOf, readMemberRecord, writeMemberRecord } from '../../../src/runs/run.js';
import { writeFamily } from '../../support/families.js';
import { temporaryFolder } from '../../support/runs.js';
import { runCommand } from '../../support/command.js';

const shape = { arch: 'cnn', widths: [1, 2, 4], count: 200, name: 'claims' } as const;

let root = '';
beforeEach(async () => {
  root = await temporaryFolder();
  await writeFamily(path.join(root, 'checkpoints', 'pilot'), { ...shape, seeds: [0, 1] });
  // As in a checkout: there is a file among the runs.
  await fs.writeFile(path.join(root, 'checkpoints', 'README.md'), 'about runs\n');
  await fs.writeFile(
    path.join(root, 'final.yaml'),
    'arch: cnn\ndataset: shapes\nwidths: [1, 2, 4]\nseeds: [5, 6]\ntestSize: 200\n',
  );
});

async function run(...words: readonly string[]) {
  return runCommand(root, words);
}

/** What `train --experiment final.yaml` would leave. */
async function trainFinal(begun: string): Promise<void> {
  const folder = path.join(root, 'checkpoints', 'final');
  const { experiment } = await writeFamily(folder, { ...shape, seeds: [5, 6] });
  for (const key of membersOf(experiment)) {
    const member = (await readMemberRecord(memberFolder(folder, key)))!;
    await writeMemberRecord(memberFolder(folder, key), { ...member, begun });
  }
}

const claims = ['--claim', 'standard.last > 0.01', '--claim', 'standard.last > 2'];
const seal = ['claim', 'seal', 'pilot', '--experiment', 'final.yaml', '--induced', 'subset-accuracy:k=2', ...claims];
const later = () => new Date(Date.now() + 60_000).toISOString();

test('sealed, trained, judged: which claims hold and which do not', async () => {
  const sealed = await run(...seal);
  expect([sealed.code, sealed.stderr]).toEqual([0, '']);
  expect(sealed.stdout).toContain('subset-accuracy:k=2 against accuracy, on final: 3 widths, seeds 5,6\n');
  await trainFinal(later());
  const scored = await run('claim', 'score', 'final');
  expect([scored.code, scored.stderr]).toEqual([0, '']);
  // A share is above 0.01 if anything is learnt, and never above 2.
  expect(scored.stdout).toMatch(/standard\.last > 0\.01 +\S+ +holds\n *standard\.last > 2 +\S+ +does not hold\n/);
});

test('a claim scored too early and an unknown name are one error line', async () => {
  expect((await run(...seal, '--name', '../x')).stderr).toMatch(/^error: --name: "..\/x" is not a name: .*\n$/);
  await run(...seal);
  expect(await run('claim', 'score', 'final')).toMatchObject({
    code: 2,
    stderr: 'error: final: the run final is not trained yet; train it, then score\n',
  });
});

test('no claims about seeds that a run of another name has seen', async () => {
  await trainFinal('2026-01-01T00:00:00.000Z');
  await fs.rename(path.join(root, 'checkpoints', 'final'), path.join(root, 'checkpoints', 'peek'));
  const { code, stderr } = await run(...seal);
  expect([code, stderr]).toEqual([
    2,
    'error: final.yaml: the run peek has the same experiment, with seeds 5, 6; claims must be about unused seeds: give others\n',
  ]);
});

test('a member older than the seal or a changed file voids the claims', async () => {
  await run(...seal);
  await trainFinal('2026-01-01T12:00:00.000Z');
  const before = await run('claim', 'score', 'final');
  expect(before.code).toBe(1);
  expect(before.stderr).toMatch(
    /^error: final: void and not judged: cnn-w1-s5 started 2026-01-01T12:00:00\.000Z, but /,
  );
  await trainFinal(later());
  const file = path.join(root, 'checkpoints/pilot/claims/final.json');
  await fs.writeFile(file, (await fs.readFile(file, 'utf8')).replace('standard.last > 2', 'standard.last > 0'));
  expect(await run('claim', 'score', 'final')).toEqual({
    code: 1,
    stdout: '',
    stderr: 'error: final: void and not judged: the file was changed after it was sealed: its digest does not match\n',
  });
});

test.each([
  [['--claim', 'ratio'], 'error: --claim: "ratio" is not a claim;'],
  [['--run', 'pilot'], 'error: --run: run "pilot" already exists; claims must be made before the run starts\n'],
  [['--standard', 'mse'], 'error: --standard: mse is not available for cnn runs; '],
  [['--axis', 'steps'], 'error: --axis: the run will have one value of steps, but a curve needs two; '],
  [['--induced', 'accuracy'], 'error: --induced: accuracy is the standard metric too; give two metrics\n'],
])('%s is refused', async (words, message) => {
  const { code, stderr } = await run('claim', 'seal', 'pilot', '--experiment', 'final.yaml', ...words);
  expect([code, stderr.slice(0, message.length)]).toEqual([2, message]);
});

test("the pilot's own seeds are refused", async () => {
  await fs.writeFile(path.join(root, 'final.yaml'), 'arch: cnn\ndataset: shapes\nseeds: [1, 2]\n');
  expect(await run(...seal)).toEqual({
    code: 2,
    stdout: '',
    stderr: 'error: final.yaml: seeds 1 were used in the pilot; claims must be about unused seeds: give others\n',
  });
});

test('claims that were changed and sealed again are refused in one line, or void', async () => {
  await run(...seal);
  await trainFinal(later());
  const file = path.join(root, 'checkpoints', 'pilot', 'claims', 'final.json');
  const { digest, ...sealed } = JSON.parse(await fs.readFile(file, 'utf8')) as { digest: string; experiment: object };
  expect(digest).toHaveLength(64);
  const isDamaged = 'error: checkpoints/pilot/claims/final.json: is damaged: ';
  for (const [changes, line] of [
    [{ draws: -100 }, `${isDamaged}draws: -100 is too small; at least 1; restore it from a copy\n`],
    [{ draws: 1e9 }, `${isDamaged}draws: 1000000000 is too large; at most 100000; restore it from a copy\n`],
    [
      { format: 2 },
      `${isDamaged}format: 2 does not match the view beside it: with one it is 2, without 1; restore it from a copy\n`,
    ],
    [
      { experiment: { ...sealed.experiment, learningRate: 0.5 } },
      'error: final: void and not judged: the experiment in the file does not match its digest\n',
    ],
  ] as const) {
    await fs.writeFile(file, jsonWithDigest({ ...sealed, ...changes }).text);
    expect(await run('claim', 'score', 'final')).toEqual({ code: 1, stdout: '', stderr: line });
  }
});
