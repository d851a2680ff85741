/** What is sealed or proposed over another axis than the width: a factor, parameters, steps; of runs that were never trained. */
import * as fs from 'node:fs/promises';
import * as path from 'node:path';
import { beforeEach, expect, test } from 'vitest';
import { loadExperiment } from '../../../src/experiment/load.js';
import { parseTrainOptions } from '../../../src/experiment/options.js';
import { resolveExperiment, type ExperimentInput } from '../../../src/experiment/schema.js';
import { loadDataset } from '../../../src/datasets/index.js';
import { sealForecast } from '../../../src/library/forecast/seal.js';
import { present } from '../../../src/machine/present.js';
import type { Seal } from '../../../src/runs/forecasts.js';
import { encodeOutcomes, probeFile } from '../../../src/runs/outcomes.js';
import { memberId, type MemberKey } from '../../../src/runs/record.js';
import { memberFolder, membersOf, readMemberRecord, writeMemberRecord, writeRunRecord } from '../../../src/runs/run.js';
import { mean } from '../../../src/statistics/mean.js';
import { Random } from '../../../src/statistics/random.js';
import { runCommand } from '../../support/command.js';
import { runRecord, syntheticOutcomes, temporaryFolder, writeMember } from '../../support/runs.js';

const count = 120;
let root = '';
const run = (words: string) => runCommand(root, words.split(' '));
const runFolder = (name: string) => path.join(root, 'checkpoints', name);
const now = () => new Date(Date.now() + 1000).toISOString();

beforeEach(async () => {
  root = await temporaryFolder();
});

/** Better with every factor; with 3000 steps rather than 1404 by as much as with twice the images. */
function skillOf({ width, factors = {} }: MemberKey, step = 1404): number {
  const { trainSize = 1000, depth = 2, steps = step } = factors;
  return 1 / (1 + Math.exp(-Math.log2((width * trainSize * steps) / (8 * 2000 * 1404)) - (depth - 2)));
}

/** Its members are written where they are missing; returns the accuracy of each that was written, by its id. */
async function train(name: string, input: Omit<ExperimentInput, 'arch'>, begun = '2026-01-01T12:00:00.000Z') {
  const experiment = resolveExperiment({
    arch: 'cnn',
    ...{ dataset: 'shapes', testSize: count, steps: 1404 },
    ...input,
  });
  const { fingerprint } = await loadDataset('shapes', experiment);
  const folder = runFolder(name);
  const dataset = { ...runRecord().dataset, name: 'shapes', fingerprint, testCount: count };
  await writeRunRecord(folder, runRecord({ name, experiment, dataset }));
  const shares = new Map<string, number>();
  for (const key of membersOf(experiment)) {
    if ((await readMemberRecord(memberFolder(folder, key))) !== undefined) continue;
    const steps = key.factors?.steps ?? experiment.steps ?? 1404;
    const at = (step: number) =>
      syntheticOutcomes(count, skillOf(key, step), Random.named(key.seed, memberId(key), step));
    const last = at(steps);
    const moments = (experiment.moments ?? '').split(',').flatMap((text) => (text === '' ? [] : [Number(text)]));
    await writeMember(folder, key, last, new Map(moments.map((step) => [step, at(step)])));
    const member = present(await readMemberRecord(memberFolder(folder, key)));
    await writeMemberRecord(memberFolder(folder, key), { ...member, begun, steps });
    shares.set(memberId(key), mean([...present(last['correct'])]));
  }
  return shares;
}

const grid = { widths: [4, 8], seeds: [0, 1], trainSize: [500, 1000, 2000, 4000] };

async function readSeal(name: string, of: string): Promise<Seal> {
  return JSON.parse(await fs.readFile(path.join(runFolder(of), 'forecasts', `${name}.json`), 'utf8')) as Seal;
}

async function scoredTruths(name: string): Promise<readonly number[]> {
  const { code, stdout } = await run(`forecast score ${name} --json`);
  expect(code).toBe(0);
  const { metrics } = JSON.parse(stdout) as { metrics: { targets: { truths: number[] }[] }[] };
  return metrics.flatMap(({ targets }) => targets.flatMap(({ truths }) => truths));
}

test('over a factor: sealed, trained, scored, and unmoved by a factor that varies later', async () => {
  await train('grid', grid);
  const sealed = await run(
    'forecast seal grid --axis train-size --where width=4 --scales 8000 --metric accuracy --draws 100',
  );
  expect([sealed.code, sealed.stderr]).toEqual([0, '']);
  expect(sealed.stdout).toMatch(/^accuracy +trainSize 8k$/m);
  expect(sealed.stdout).toContain('train -- --run grid --train-size 8000\n');
  const seal = await readSeal('grid-1', 'grid');
  expect(seal).toMatchObject({ format: 3, axis: 'trainSize', held: { width: 4, depth: 2 }, seeds: [0, 1] });
  expect(seal.held).not.toHaveProperty('trainSize');
  expect(seal.targets).toEqual([{ width: 8000, parameters: 8000 }]);
  // Of one width: four sizes, two seeds.
  expect(seal.evidence.map(({ member }) => member.includes('-w4-'))).toEqual(Array.from({ length: 8 }, () => true));
  expect((await run('forecast list')).stdout).toMatch(/^grid-1 +grid +\S+ +trainSize 8k +accuracy$/m);
  expect((await run('forecast score grid-1')).stderr).toBe(
    'error: grid-1: none of its members is trained yet; npm run train -- --run grid --train-size 8000\n',
  );

  const larger = { ...grid, trainSize: [...grid.trainSize, 8000] };
  const shares = await train('grid', larger, now());
  const truths = [0, 1].map((seed) => shares.get(`cnn-w4-trainSize8000-s${seed}`));
  expect(await scoredTruths('grid-1')).toEqual(truths);
  const { stdout } = await run('forecast score grid-1 --csv');
  expect(stdout).toMatch(/^forecast,metric,method,kind,trainSize,measured,seeds,/);
  // Curves are now at depth 3, unless something holds them at the depth of the seal.
  await train('grid', { ...larger, depth: [2, 3] }, now());
  expect(await scoredTruths('grid-1')).toEqual(truths);
  expect((await run('forecast verify')).stdout).toMatch(/^✓ ok {4}grid-1 /m);
});

test('what started before the seal voids it, and is refused before', async () => {
  await train('grid', grid);
  await run('forecast seal grid --axis train-size --scales 8000 --metric accuracy --draws 100');
  await train('grid', { ...grid, trainSize: [...grid.trainSize, 8000] });
  const { code, stderr } = await run('forecast score grid-1');
  expect(code).toBe(1);
  expect(stderr).toMatch(/void and not scored: cnn-w8-trainSize8000-s0 started 2026-01-01T12:00:00\.000Z, but/);
  // Curves are at width 8.
  expect(stderr).not.toContain('cnn-w4');

  const folder = memberFolder(runFolder('grid'), { arch: 'cnn', width: 8, factors: { trainSize: 8000 }, seed: 1 });
  await writeMemberRecord(folder, { ...present(await readMemberRecord(folder)), status: 'training', epochsDone: 1 });
  await fs.rm(memberFolder(runFolder('grid'), { arch: 'cnn', width: 8, factors: { trainSize: 8000 }, seed: 0 }), {
    recursive: true,
  });
  expect((await run('forecast seal grid --axis train-size --scales 8000 --metric accuracy')).stderr).toContain(
    'error: --scales: cnn-w8-trainSize8000-s1 with trainSize 8000 has started, and a forecast is for larger members; name values more than 1 % above it\n',
  );
});

test('one seal for each value of another factor, in one chain', async () => {
  await train('grid', grid);
  const words =
    'forecast seal grid --axis train-size --curve-per width --scales 8000 --metric accuracy --draws 100 --name far';
  const { code, stdout } = await run(words);
  expect([code, stdout.match(/number \d of this run/g)]).toEqual([0, ['number 1 of this run', 'number 2 of this run']]);
  expect((await readSeal('far-width4', 'grid')).held).toMatchObject({ width: 4 });
  expect((await readSeal('far-width8', 'grid')).held).toMatchObject({ width: 8 });
});

test('over parameters: widths within a hundredth of the predicted number', async () => {
  const seeds = { seeds: [0, 1] };
  await train('sizes', { ...seeds, widths: [1, 2, 4, 8] });
  const { code, stdout } = await run(
    'forecast seal sizes --axis parameters --scales 80e3 --metric accuracy --draws 100',
  );
  expect(code).toBe(0);
  expect(stdout).toMatch(/^accuracy +parameters 80k$/m);
  // 306 w^2 + 116 w + 10 parameters: 80 202 of width 16, and 61 702 of width 14.
  const shares = await train('sizes', { ...seeds, widths: [1, 2, 4, 8, 14, 16] }, now());
  expect(await scoredTruths('sizes-1')).toEqual([0, 1].map((seed) => shares.get(`cnn-w16-s${seed}`)));
});

test('along training: moments are evidence, and longer trainings are predicted', async () => {
  const input = { widths: [4], seeds: [0, 1], moments: '100,400' };
  await train('long', { ...input, steps: 1404 });
  const sealed = await run('forecast seal long --axis steps --scales 3000 --metric accuracy --draws 100');
  expect([sealed.code, sealed.stdout]).toEqual([0, expect.stringContaining('--run long --steps 1404,3000\n')]);
  const { evidence } = await readSeal('long-1', 'long');
  expect(evidence.map(({ member, step }) => [member, step])).toEqual(
    [100, 400, undefined].flatMap((step) => ['cnn-w4-s0', 'cnn-w4-s1'].map((id) => [id, step])),
  );
  const shares = await train('long', { ...input, steps: [1404, 3000] }, now());
  expect(await scoredTruths('long-1')).toEqual([0, 1].map((seed) => shares.get(`cnn-w4-steps3000-s${seed}`)));
  // A moment of the evidence that was changed.
  await fs.appendFile(path.join(runFolder('long'), 'members/cnn-w4-s0/moment-400.parquet'), ' ');
  expect((await run('forecast verify')).stdout).toContain('cnn-w4-s0, on which it is based, has other outcomes now');
});

test('a seal of widths is scored at the depth that it was made at', async () => {
  await train('lenet', { widths: [1, 2, 4, 8], seeds: [0, 1] });
  expect((await run('forecast seal lenet --widths 16 --metric accuracy --draws 100')).code).toBe(0);
  const shares = await train('lenet', { widths: [1, 2, 4, 8, 16], seeds: [0, 1], depth: [2, 3] }, now());
  expect(await scoredTruths('lenet-1')).toEqual([0, 1].map((seed) => shares.get(`cnn-w16-s${seed}`)));
});

test('widths after a step: sealed and scored at that moment', async () => {
  const input = { seeds: [0, 1], moments: '100' };
  await train('early', { ...input, widths: [1, 2, 4, 8] });
  expect((await run('forecast seal early --widths 16 --at 100 --metric accuracy --draws 100')).code).toBe(0);
  expect(await readSeal('early-1', 'early')).toMatchObject({ format: 3, at: 100 });
  await train('early', { ...input, widths: [1, 2, 4, 8, 16] }, now());
  const at = (await run('evaluate early --at 100 --metric accuracy --json')).stdout;
  const { metrics } = JSON.parse(at) as { metrics: { members: { width: number; value: number }[] }[] };
  const truths = present(metrics[0]).members.filter(({ width }) => width === 16);
  expect(await scoredTruths('early-1')).toEqual(truths.map(({ value }) => value));
});

const refusals: readonly (readonly [words: string, message: string])[] = [
  ['--axis loss --scales 2', '--axis: the loss of a member is known only when it is trained; give another one'],
  ['--axis train-size', '--scales: is missing; name the values of trainSize to predict, such as 2.8e9,6.9e9'],
  [
    '--axis train-size --scales 9000.5',
    '--scales: 9000.5 is not a possible trainSize; give a whole number of at least 1',
  ],
  ['--axis train-size --scales 9000 --seeds 2147483648', '--seeds: 2147483648 is more than 2147483647'],
  [
    '--axis train-size --scales 4001',
    '--scales: 4001 is not above 4000, the largest known value of trainSize; name values more than 1 % above it',
  ],
  ['--axis train-size --widths 16', '--widths: the curves are over trainSize; name values of trainSize with --scales'],
  [
    '--axis width --where trainSize=4000 --scales 8.5',
    '--scales: 8.5 is not a possible width; give a whole number from 1',
  ],
  ['--axis depth --scales 3', '--axis: all members have the same depth; train others with --depth, or give '],
  ['--axis blocks --scales 3', '--axis: "blocks" is not an axis; '],
  ['--widths 16', '--widths: members of grid differ in more than width and seed; give --axis width and --scales'],
  ['--axis train-size --at 5 --scales 9000', '--at: no member has outcomes after step 5; there are 1404'],
];

test('the library takes values in any order', async () => {
  await train('grid', { ...grid, widths: [4] });
  const options = { root: path.join(root, 'checkpoints'), axis: 'trainSize', metrics: ['accuracy'], draws: 100 };
  const { seal } = await sealForecast('grid', { ...options, scales: [16_000, 8000] });
  expect(seal.targets.map(({ width }) => width)).toEqual([8000, 16_000]);
});

test('what cannot be predicted is refused in one line, and nothing is written', async () => {
  await train('grid', { ...grid, widths: [2, 4, 8], seeds: [0] });
  for (const [words, message] of refusals) {
    const { code, stdout, stderr } = await run(`forecast seal grid ${words}`);
    const last = stderr.trim().split('\n').at(-1) ?? '';
    expect([words, code, stdout, last.slice(0, message.length + 7)]).toEqual([words, 2, '', `error: ${message}`]);
  }
  expect(await fs.readdir(runFolder('grid'))).not.toContain('forecasts');
});

const claimed = ['--induced', 'subset-accuracy:k=2', '--claim', 'standard.last > 0.01'];

test('claims over a factor: sealed with the axis, judged on its curve', async () => {
  await train('pilot', { widths: [1, 2, 4], seeds: [0, 1] });
  const input = 'arch: cnn\ndataset: shapes\ntestSize: 120\nsteps: 1404\nwidths: [4, 8]\nseeds: [5, 6]\n';
  await fs.writeFile(path.join(root, 'final.yaml'), `${input}trainSize: [500, 1000, 2000]\n`);
  const words = ['claim', 'seal', 'pilot', '--experiment', 'final.yaml', ...claimed];
  const sealed = await runCommand(root, [...words, '--axis', 'train-size', '--where', 'width=4']);
  expect([sealed.code, sealed.stderr]).toEqual([0, '']);
  expect(sealed.stdout).toContain('on final: over trainSize at width 4, seeds 5,6\n');
  const refused = await runCommand(root, [...words, '--axis', 'depth', '--name', 'other']);
  expect([refused.code, refused.stderr]).toEqual([
    2,
    expect.stringMatching(/^error: --axis: all members have the same depth; /),
  ]);

  // The void claims are reported, not the axis that this run does not have.
  await train('final', { widths: [4, 8], seeds: [5, 6] }, now());
  const other = await run('claim score final');
  expect([other.code, other.stderr]).toEqual([
    1,
    expect.stringMatching(/^error: final: void and not judged: final has /),
  ]);
  await fs.rm(runFolder('final'), { recursive: true });
  const shares = await train('final', { widths: [4, 8], seeds: [5, 6], trainSize: [500, 1000, 2000] }, now());
  const scored = await run('claim score final --json');
  expect(scored.code).toBe(0);
  const { view, judged } = JSON.parse(scored.stdout) as { view: object; judged: { measured: number }[] };
  expect(view).toEqual({ axis: 'trainSize', where: { width: 4 } });
  // The largest training size at width 4.
  expect(judged[0]?.measured).toBeCloseTo(
    mean([5, 6].map((seed) => present(shares.get(`cnn-w4-trainSize2000-s${seed}`)))),
    12,
  );
});

test('no claims about members of a grid that another run has trained', async () => {
  await train('pilot', { widths: [1, 2, 4], seeds: [0, 1] });
  const input = 'arch: cnn\ndataset: shapes\ntestSize: 120\nsteps: 1404\nwidths: [2, 4, 8]\nseeds: [5, 6]\n';
  await fs.writeFile(path.join(root, 'final.yaml'), `${input}depth: [2, 3]\n`);
  const words = ['claim', 'seal', 'pilot', '--experiment', 'final.yaml', ...claimed];
  await train('peek', { widths: [16], seeds: [6], depth: 3 });
  const { code, stderr } = await runCommand(root, words);
  expect([code, stderr]).toEqual([
    2,
    'error: final.yaml: the run peek has the same experiment, with seeds 6; claims must be about unused seeds: give others\n',
  ]);
  await fs.rm(runFolder('peek'), { recursive: true });
  expect((await runCommand(root, words)).stdout).toContain('on final: over the usual axis, seeds 5,6\n');
});

test('claims along training: a member that began too early is named once', async () => {
  const moments = { widths: [4], moments: '100,400' };
  await train('pilot', { ...moments, seeds: [0, 1] });
  const input = 'arch: cnn\ndataset: shapes\ntestSize: 120\nsteps: 1404\nwidths: [4]\nseeds: [5, 6]\n';
  await fs.writeFile(path.join(root, 'final.yaml'), `${input}moments: 100,400\n`);
  const sealed = await runCommand(root, [
    ...['claim', 'seal', 'pilot', '--experiment', 'final.yaml', '--axis', 'steps'],
    ...['--claim', 'standard.last > 0.01'],
  ]);
  expect(sealed.code).toBe(0);
  await train('final', { ...moments, seeds: [5, 6] });
  const { code, stderr } = await run('claim score final');
  expect([code, stderr.match(/cnn-w4-s\d started/g)]).toEqual([1, ['cnn-w4-s5 started', 'cnn-w4-s6 started']]);
});

test('a design over a factor writes its values, which train and claim take', async () => {
  const sizes = [125, 250, 500, 1000, 2000, 4000];
  await train('pilot', { widths: [4, 8], seeds: [0, 1, 2], trainSize: sizes });
  const common = 'design pilot --axis train-size --scales 5 --most-seeds 3 --families 20 --induced subset-accuracy:k=5';
  const { code, stdout } = await run(`${common} --where width=8`);
  expect(code).toBe(0);
  expect(stdout).toMatch(/^trainSize +accuracy +/m);
  const { experiment } = parseTrainOptions({}, { file: await loadExperiment(path.join(root, 'pilot-design.yaml')) });
  const values = present(experiment.grid?.trainSize);
  expect([experiment.widths, values.length, values[0], values.at(-1)]).toEqual([[8], 5, 125, 4000]);
  expect(experiment.seeds).toEqual([3, 4, 5]);
  const seal = /next +npm run claim -- (.*) --claim "(.*)"\n/.exec(stdout)!;
  expect(seal[1]).toContain('--axis trainSize');
  expect(await runCommand(root, ['claim', ...seal[1]!.split(' '), '--claim', seal[2]!])).toMatchObject({
    code: 0,
    stderr: '',
  });

  // What follows from several factors is replaced by the one that differs.
  expect((await run(`${common.replace('train-size', 'flops')} --where width=8 --output x.yaml`)).code).toBe(0);
  const other = parseTrainOptions({}, { file: await loadExperiment(path.join(root, 'x.yaml')) });
  expect(other.experiment.grid).toEqual(experiment.grid);
  const mixed = await run('design pilot --axis flops --output y.yaml');
  expect([mixed.code, mixed.stderr]).toEqual([
    2,
    expect.stringContaining(
      'error: pilot: over flops its members differ in width and trainSize, and a design varies one factor; give it as the --axis, or hold others with --where\n',
    ),
  ]);
}, 60_000);

/** A transformer family with the outcomes of a probe that has two answers. */
async function trainProbed(): Promise<void> {
  const experiment = resolveExperiment({
    ...{ arch: 'transformer', dataset: 'shapes', widths: [8, 16, 32, 64], seeds: [0, 1, 2], steps: 1404, pairs: 4 },
    ...{ testSequences: 50, heldOutClasses: 3, probe: 'held-out' },
  });
  const folder = runFolder('icl');
  await writeRunRecord(folder, runRecord({ name: 'icl', experiment }));
  const sequence = Int32Array.from({ length: 200 }, (_, i) => i >> 2);
  for (const key of membersOf(experiment)) {
    const right = 0.22 * Math.log2(key.width / 4);
    const random = Random.named(key.seed, 'probed', key.width);
    const outcomes = { ...syntheticOutcomes(200, right, random), sequence, position: sequence.map((_, i) => i % 4) };
    const own = Int32Array.from({ length: 100 }, (_, i) => i);
    const last = { ...syntheticOutcomes(100, right, random), sequence: own, position: own.map(() => 3) };
    await writeMember(folder, key, outcomes, new Map(), { [probeFile('held-out')]: encodeOutcomes(last) });
  }
}

test('of a probe: a design is claimed on it, and predicted members have all classes of the run', async () => {
  await trainProbed();
  const { code, stdout, stderr } = await run(
    'design icl --probe held-out --scales 4 --most-seeds 3 --families 20 --standard image-cross-entropy --induced image-accuracy',
  );
  expect([code, stderr]).toEqual([0, expect.not.stringContaining('error')]);
  expect(stdout).toMatch(/npm run claim -- seal icl .* --probe held-out --claim /);

  const words = 'forecast seal icl --widths 1024 --metric image-accuracy --draws 100 --name';
  expect((await run(`${words} whole`)).code).toBe(0);
  expect((await run(`${words} probed --probe held-out`)).code).toBe(0);
  expect((await readSeal('probed', 'icl')).targets).toEqual((await readSeal('whole', 'icl')).targets);
}, 60_000);
