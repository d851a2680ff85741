/** Forecasts as the user meets them: sealed, tampered with, scored, on runs that were never trained. */
import * as fs from 'node:fs';
import * as path from 'node:path';
import { beforeEach, expect, test } from 'vitest';
import {
  memberFolder,
  readMemberRecord,
  readRunRecord,
  writeMemberRecord,
  writeRunRecord,
} from '../../../src/runs/run.js';
import { sealSchema } from '../../../src/runs/forecasts.js';
import { jsonWithDigest } from '../../../src/runs/json.js';
import { Random } from '../../../src/statistics/random.js';
import { syntheticOutcomes, temporaryFolder, writeMember, writeSyntheticRun, runRecord } from '../../support/runs.js';
import { runCommand } from '../../support/command.js';

let root = '';
let folder = '';
beforeEach(async () => {
  root = await temporaryFolder();
  folder = path.join(root, 'checkpoints', 'lenet');
  const record = { dataset: { ...runRecord().dataset, testCount: 500 } };
  await writeSyntheticRun({
    folder,
    record,
    widths: [1, 2, 4, 8],
    seeds: [0, 1],
    accuracy: ({ width }) => accuracyOf(width),
  });
});

const accuracyOf = (width: number) => 1 / (1 + Math.exp(-(Math.log2(width) - 3)));

async function run(line: string) {
  return runCommand(root, line.split(' '));
}

/** What `train --widths 16` would leave. */
async function trainNext(begun: string): Promise<void> {
  const record = (await readRunRecord(folder))!;
  await writeRunRecord(folder, { ...record, experiment: { ...record.experiment, widths: [1, 2, 4, 8, 16] } });
  for (const seed of [0, 1]) {
    const key = { arch: 'cnn', width: 16, seed };
    await writeMember(folder, key, syntheticOutcomes(500, accuracyOf(16), Random.named(seed, 'later')));
    const member = (await readMemberRecord(memberFolder(folder, key)))!;
    await writeMemberRecord(memberFolder(folder, key), { ...member, begun });
  }
}

const seal = 'forecast seal lenet --widths 16 --metric accuracy --metric subset-accuracy:k=5 --draws 100';

test('sealed, verified, trained, scored', async () => {
  const sealed = await run(seal);
  expect([sealed.code, sealed.stderr]).toEqual([0, '']);
  const file = path.join(folder, 'forecasts', 'lenet-1.json');
  const { digest, targets } = JSON.parse(fs.readFileSync(file, 'utf8')) as {
    digest: string;
    targets: { width: number; parameters: number }[];
  };
  expect(sealed.stdout).toContain(`digest  ${digest}`);
  // LeNet on 28 x 28 images: 25w + w + 50w² + 2w + 256w² + 8w + 80w + 10.
  expect(targets).toMatchObject([{ width: 16, parameters: 306 * 256 + 116 * 16 + 10 }]);
  expect(await run('forecast verify')).toEqual({ code: 0, stdout: `✓ ok    lenet-1  ${digest}\n`, stderr: '' });

  expect(await run('forecast score lenet-1')).toEqual({
    code: 2,
    stdout: '',
    stderr: 'error: lenet-1: none of its members is trained yet; npm run train -- --run lenet --widths 16\n',
  });
  await trainNext(new Date(Date.now() + 1000).toISOString());
  const scored = await run('forecast score lenet-1');
  expect([scored.code, scored.stderr]).toEqual([0, '']);
  expect(await run('forecast score lenet')).toEqual(scored);
  expect(scored.stdout).toMatch(/^accuracy +width 16 +mean \|error\|/m);
  for (const ending of ['svg', 'png'])
    expect(fs.existsSync(path.join(folder, 'forecasts', `lenet-1.${ending}`))).toBe(true);
  const { stdout } = await run('forecast score lenet-1 --csv');
  const [heading, ...lines] = stdout.trim().split('\n');
  expect(heading).toMatch(/^forecast,metric,method,kind,width,parameters,measured,seeds,median,lower_50/);
  expect(lines.filter((each) => each.startsWith('lenet-1,accuracy,last-value,baseline,16,'))).toHaveLength(1);

  const report = await run('report lenet --draws 100');
  expect(report.code).toBe(0);
  const written = fs.readFileSync(path.join(root, 'reports', 'lenet', 'report.md'), 'utf8');
  expect(written).toContain(
    `sealed ${(JSON.parse(fs.readFileSync(file, 'utf8')) as { sealed: string }).sealed} with SHA-256 ${digest}`,
  );
  expect(written).toMatch(/\| accuracy +\| last-value/);

  expect(await run(seal)).toMatchObject({
    code: 2,
    stderr: 'error: --widths: cnn-w16-s0 is already trained; choose members that have not started\n',
  });
});

test('a changed file or members older than the seal void it', async () => {
  await run(seal);
  const file = path.join(folder, 'forecasts', 'lenet-1.json');
  const before = fs.readFileSync(file, 'utf8');
  fs.writeFileSync(file, before.replace('"draws": 100', '"draws": 200'));
  const verified = await run('forecast verify lenet');
  expect(verified).toEqual({
    code: 1,
    stdout: '✗ void  lenet-1  the file was changed after it was sealed: its digest does not match\n',
    stderr: "error: 1 of 1 forecasts are void, or can't be read\n",
  });
  const listed = await run('forecast list');
  expect([listed.code, listed.stderr]).toEqual([0, 'void because it was changed after it was sealed: lenet-1\n']);
  fs.writeFileSync(file, before);
  expect((await run('forecast list')).stderr).toBe('');
  await trainNext('2026-01-01T00:00:00.000Z');
  const scored = await run('forecast score lenet-1');
  expect(scored.code).toBe(1);
  expect(scored.stderr).toMatch(
    /^error: lenet-1: void and not scored: cnn-w16-s0 started 2026-01-01T00:00:00.000Z, but/,
  );
});

test('a forged seal without a distribution for each target, or without metrics, is refused', async () => {
  await run(seal);
  const file = path.join(folder, 'forecasts', 'lenet-1.json');
  const { digest, ...sealed } = sealSchema.parse(JSON.parse(fs.readFileSync(file, 'utf8')));
  expect(digest).toHaveLength(64);
  await trainNext(new Date(Date.now() + 1000).toISOString());
  const scored = async (changes: Partial<typeof sealed>) => {
    fs.writeFileSync(file, jsonWithDigest({ ...sealed, ...changes }).text);
    return run('forecast score lenet-1 --csv');
  };
  const [target] = sealed.targets;
  const damaged =
    /lenet-1\.json: is damaged: metrics: .* has quantiles that are not ascending lists, one for each .*\n$/;
  for (const changes of [{ targets: [target!, { ...target!, width: 32 }] }, { levels: [0.25, 0.5, 0.75] }]) {
    const { code, stdout, stderr } = await scored(changes);
    expect([code, stdout, stderr]).toEqual([1, '', expect.stringMatching(damaged)]);
  }
  expect(await scored({ metrics: [] })).toMatchObject({
    code: 1,
    stderr: 'error: lenet-1: void and not scored: it predicts no metric\n',
  });
});

test('a damaged run is named, and seals of other runs are listed and verified', async () => {
  await run(seal);
  const damaged = path.join(root, 'checkpoints', 'damaged');
  fs.cpSync(folder, damaged, { recursive: true });
  fs.writeFileSync(path.join(damaged, 'run.json'), '{');
  fs.mkdirSync(path.join(root, 'checkpoints', 'empty'));
  fs.writeFileSync(path.join(root, 'checkpoints', 'empty', 'run.json'), '');
  const why = 'checkpoints/damaged/run.json: is damaged: not JSON';
  const listed = await run('forecast list');
  expect([listed.code, listed.stdout.match(/^lenet-1 /gm)]).toEqual([0, ['lenet-1 ', 'lenet-1 ']]);
  expect(listed.stderr).toMatch(new RegExp(`^void because their run can't be read: ${why}.*\n$`));
  const verified = await run('forecast verify');
  expect([verified.code, verified.stderr]).toEqual([1, "error: 1 of 2 forecasts are void, or can't be read\n"]);
  expect(verified.stdout).toMatch(new RegExp(`^✗ void  lenet-1  ${why}.*\n✓ ok    lenet-1  `));
});

/** Seals made until 26 November 2026 call the method `per-example` by the name of its data. */
test('an old seal is verified, listed and scored like a new one', async () => {
  await run(seal);
  const file = path.join(folder, 'forecasts', 'lenet-1.json');
  const { digest, ...sealed } = sealSchema.parse(JSON.parse(fs.readFileSync(file, 'utf8')));
  await trainNext(new Date(Date.now() + 1000).toISOString());
  const [listed, scored] = [await run('forecast list'), await run('forecast score lenet-1 --csv')];
  expect(scored.stdout).toContain('lenet-1,subset-accuracy:k=5,per-example,');

  const old = jsonWithDigest({
    ...sealed,
    metrics: sealed.metrics.map((each) => ({
      ...each,
      methods: each.methods.map(withOldName),
      silent: each.silent.map(withOldName),
    })),
  });
  expect(old.text.match(/"method": "outcomes"/g)).not.toBeNull();
  fs.writeFileSync(file, old.text);
  expect(await run('forecast verify')).toEqual({ code: 0, stdout: `✓ ok    lenet-1  ${old.digest}\n`, stderr: '' });
  const short = (text: string, of: string) => text.replaceAll(of.slice(0, 12), 'DIGEST');
  expect(short((await run('forecast list')).stdout, old.digest)).toBe(short(listed.stdout, digest));
  expect(await run('forecast score lenet-1 --csv')).toEqual(scored);
});

const withOldName = <T extends { readonly method: string }>(each: T): T => ({
  ...each,
  method: each.method === 'per-example' ? 'outcomes' : each.method,
});

test('a second seal names the first', async () => {
  await run(seal);
  await run(seal);
  const read = (name: string) =>
    JSON.parse(fs.readFileSync(path.join(folder, 'forecasts', `${name}.json`), 'utf8')) as {
      number: number;
      digest: string;
      previous: unknown;
    };
  expect(read('lenet-2')).toMatchObject({ number: 2, previous: { name: 'lenet-1', digest: read('lenet-1').digest } });
});

test('the study has every pair of a beginning and a later scale', async () => {
  const { code, stdout } = await run('forecast study lenet --metric accuracy --draws 100 --csv');
  expect(code).toBe(0);
  const pairs = stdout.split('\n').filter((each) => each.startsWith('lenet,accuracy,last-value,'));
  expect(pairs.map((each) => each.split(',').slice(3, 6).join())).toEqual(['3,4,8']);
});

test.each([
  [
    'forecast seal lenet --widths 0',
    '--widths: "0" is not a whole number of at least 1; give for example --widths 10,100',
  ],
  ['forecast seal lenet --widths 16,16', '--widths: 16 is listed twice; list each once'],
  ['forecast seal lenet --widths 8', '--widths: cnn-w8-s0 is already trained; choose members that have not started'],
  [
    'forecast seal lenet --widths 6,16',
    '--widths: 6 is not above 8, the largest trained width; forecasts are for larger members',
  ],
  [
    'forecast seal lenet --widths 8 --seeds 7',
    '--widths: 8 is not above 8, the largest trained width; forecasts are for larger members',
  ],
  [
    'forecast seal lenet --widths 16 --name a/b',
    '--name: "a/b" is not a name: letters, digits, ".", "_" and "-", starting with a letter or digit, 100 at most',
  ],
  [
    'forecast seal lenet --widths 16 --metric mse',
    '--metric: mse is not available for cnn runs; available: accuracy, balanced-accuracy, class-accuracy, top-k, cross-entropy, brier, probability, margin, auroc, subset-accuracy, subset-trials, below, above, subset-below, subset-above',
  ],
  [
    'forecast score nothing',
    'NAME: "nothing" is not a sealed forecast of a run in checkpoints; npm run forecast -- list lists them all',
  ],
  ['forecast seal lenet', '--widths: is missing; name the widths to predict, or give --axis and --scales'],
  [
    'forecast seal lenet --scales 1e6',
    '--scales: is for values on an axis; name the widths to predict with --widths, or give --axis',
  ],
])('%s', async (line, message) => {
  expect(await run(line)).toEqual({ code: 2, stdout: '', stderr: `error: ${message}\n` });
  expect(fs.existsSync(path.join(folder, 'forecasts'))).toBe(false);
});
