/** Runs, names and files made by others, as the user meets them. */
import { execFileSync } from 'node:child_process';
import * as fs from 'node:fs';
import * as path from 'node:path';
import { beforeEach, expect, test } from 'vitest';
import { jsonWithDigest } from '../../src/runs/json.js';
import { digestOfRun } from '../../src/runs/record.js';
import { readMemberRecord, readRunRecord, writeMemberRecord, writeRunRecord } from '../../src/runs/run.js';
import { runRecord, temporaryFolder, writeSyntheticRun } from '../support/runs.js';
import { runProgram } from '../support/program.js';

let root = '';
let folder = '';
beforeEach(async () => {
  root = await temporaryFolder();
  folder = path.join(root, 'a/b/c/checkpoints/lenet');
  const record = { dataset: { ...runRecord().dataset, testCount: 50 } };
  await writeSyntheticRun({ folder, record, widths: [1, 2, 4], seeds: [0], accuracy: ({ width }) => width / 5 });
});

async function run(...words: string[]) {
  const cwd = path.join(root, 'a/b/c');
  return runProgram(cwd, words);
}

const everything = () => (fs.readdirSync(root, { recursive: true }) as string[]).sort();
/** Everything that a terminal would interpret, except line breaks. */
const steering = /[^\P{Cc}\n]|\p{Bidi_Control}/u;

/** A record as a forger would write it: with a matching digest. */
async function forge(change: (record: Record<string, unknown>) => void): Promise<void> {
  const record = structuredClone(await readRunRecord(folder)) as unknown as Record<string, unknown>;
  change(record);
  fs.writeFileSync(path.join(folder, 'run.json'), jsonWithDigest(record).text);
}

test('a forged run.json is refused in one line, and nothing is written anywhere', async () => {
  await forge((record) => (record['name'] = '../../../deep/"><script>\u001b]0;owned\u0007\nerror: forged'));
  const before = everything();
  for (const words of [
    ['report', 'lenet'],
    ['evaluate', 'lenet', '--csv'],
  ]) {
    const { code, stdout, stderr } = await run(...words);
    expect([code, stdout]).toEqual([1, '']);
    expect(stderr).toMatch(/^error: checkpoints\/lenet\/run\.json: is damaged: name: .* is not a name: .*\n$/);
    expect(stderr).not.toMatch(steering);
  }
  expect(everything()).toEqual(before);
});

test('a member.json that names files outside its folder is refused', async () => {
  const member = path.join(folder, 'members/cnn-w2-s0');
  const { files, ...record } = (await readMemberRecord(member))!;
  await writeMemberRecord(member, { ...record, files: { ...files, '../../../../secret': 'a'.repeat(64) } });
  const { code, stderr } = await run('evaluate', 'lenet');
  expect(code).toBe(0);
  expect(stderr).toMatch(/^not included: cnn-w2-s0 \(.*member\.json: is damaged: files\.\.\.\/.*\)\n$/);
});

test('paths named by a run are not read, only those the user gives', async () => {
  // Opening the pipe waits for a writer, so the path must not even be opened.
  const trap = path.join(root, 'trap');
  execFileSync('mkfifo', [trap]);
  const record = (await readRunRecord(folder))!;
  const dataset = `images:${trap}`;
  const trapped = {
    ...record,
    experiment: { ...record.experiment, dataset },
    dataset: { ...record.dataset, name: dataset },
  };
  await writeRunRecord(folder, trapped);
  for (const width of record.experiment.widths) {
    const member = path.join(folder, `members/cnn-w${width}-s0`);
    await writeMemberRecord(member, { ...(await readMemberRecord(member))!, experiment: digestOfRun(trapped) });
  }
  const { code, stderr } = await run('report', 'lenet', '--draws', '100');
  expect([code, stderr]).toEqual([
    0,
    'no pictures of test examples of lenet: paths recorded in a run are not read; give it with --dataset images:PATH\n',
  ]);
  expect(await run('report', 'lenet', '--dataset', 'mnist')).toMatchObject({
    code: 2,
    stderr: 'error: --dataset: mnist is found by its name, not by a path; leave it out\n',
  });
  expect(await run('report', 'lenet', '--dataset', 'idx:there')).toMatchObject({
    code: 2,
    stderr: 'error: --dataset: no run here was trained on idx:PATH; leave it out\n',
  });
  const pictures = path.join(root, 'pictures');
  for (const name of ['cat', 'dog']) fs.mkdirSync(path.join(pictures, name), { recursive: true });
  const given = await run('report', 'lenet', '--draws', '100', '--dataset', `images:${pictures}`);
  expect([given.code, given.stderr]).toEqual([
    0,
    expect.stringMatching(/^no pictures of test examples: .*pictures: the class cat .*has no readable image/),
  ]);
});

test.each([
  ['compare', 'lenet', '--natural', '/dev/zero:x'],
  ['natural', 'list', `x\u001b]0;x\u0007\nerror: forged`],
  ['show', 'n'.repeat(5000)],
])('bad input %#: one line, exit code 2, no crash', async (...words) => {
  const { code, stdout, stderr } = await run(...words);
  expect([code, stdout]).toEqual([2, '']);
  expect(stderr).toMatch(/^error: [^\n]+\n$/);
  expect(stderr).not.toMatch(steering);
});

test('an unreadable run.json is reported as such, not as a misspelt name', async () => {
  fs.rmSync(path.join(folder, 'run.json'));
  fs.mkdirSync(path.join(folder, 'run.json'));
  expect(await run('show', 'lenet')).toMatchObject({
    code: 1,
    stderr: 'error: checkpoints/lenet/run.json: is a folder, not a file; rename that folder\n',
  });
});

test.skipIf(process.getuid?.() !== 0)('so is one without read permission, for users other than root', () => {
  fs.chmodSync(path.join(folder, 'run.json'), 0);
  for (let at = folder; at !== path.dirname(root); at = path.dirname(at)) fs.chmodSync(at, 0o755);
  const script = `
    process.setuid(65534);
    const { locateRun } = await import(${JSON.stringify(path.resolve(import.meta.dirname, '../../src/runs/locate.ts'))});
    const { openRunFolder } = await import(${JSON.stringify(path.resolve(import.meta.dirname, '../../src/runs/open.ts'))});
    await openRunFolder(await locateRun('lenet', 'checkpoints')).catch((error) => console.log(error.message));`;
  const options = { cwd: path.join(root, 'a/b/c'), encoding: 'utf8' } as const;
  const words = ['--import', import.meta.resolve('tsx'), '--input-type=module', '-e', script];
  expect(execFileSync(process.execPath, words, options)).toMatch(/^checkpoints\/lenet\/run\.json: no permission; /);
});

test('folders and files whose names contain terminal escapes are listed on one line each', async () => {
  const odd = path.join(root, 'a/b/c/checkpoints', 'x\u001b]0;owned\u0007\nerror: forged \u202e');
  fs.mkdirSync(odd);
  fs.writeFileSync(path.join(odd, 'run.json'), '{');
  for (const words of [
    ['runs'],
    ['runs', '--verify'],
    ['runs', '--json'],
    ['clean', '--dry-run'],
    ['forecast', 'verify'],
  ]) {
    const { stdout, stderr } = await run(...words);
    expect(stdout + stderr).not.toMatch(steering);
    expect(stdout + stderr).not.toMatch(/^error: forged/m);
  }
});
