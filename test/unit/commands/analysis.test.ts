/** The commands that work on stored outcomes, as the user sees them, on runs that were never trained. */
import * as fs from 'node:fs';
import * as path from 'node:path';
import { parquetReadObjects } from 'hyparquet';
import { beforeEach, describe, expect, onTestFinished, test, vi } from 'vitest';
import { memberFolder, readMemberRecord, writeMemberRecord } from '../../../src/runs/run.js';
import { Random } from '../../../src/statistics/random.js';
import {
  memberRecord,
  runRecord,
  syntheticOutcomes,
  temporaryFolder,
  writeMember,
  writeSyntheticRun,
} from '../../support/runs.js';
import { runCommand } from '../../support/command.js';

let root = '';
let folder = '';
beforeEach(async () => {
  root = await temporaryFolder();
  folder = path.join(root, 'checkpoints', 'lenet');
});

async function run(...words: string[]) {
  return runCommand(root, words);
}

const widths = [1, 2, 4, 8, 16];
const accuracyOf = (width: number) => 1 / (1 + Math.exp(-(Math.log2(width) - 1)));

async function writeRun(testCount = 1000) {
  const record = { dataset: { ...runRecord().dataset, testCount } };
  await writeSyntheticRun({ folder, record, widths, seeds: [0, 1], accuracy: ({ width }) => accuracyOf(width) });
}

test('too little memory is reported before the computation begins', async () => {
  await writeRun(10_000);
  // A Slurm task limited to one MiB, and then to two.
  vi.stubEnv('SLURM_MEM_PER_NODE', '1');
  onTestFinished(() => void vi.unstubAllEnvs());
  const words = ['evaluate', 'lenet', '--metric', 'cross-entropy'];
  // 4 bytes per value of a column, 1 of whether it is right, 8 and 4 of the drawn ones: 17 for each of 10 x 10 000
  // outcomes.
  expect(await run(...words)).toEqual({
    code: 2,
    stdout: '',
    stderr:
      'error: checkpoints/lenet: 10 members with 10000 test examples take at least 1.7 MB of memory, and this process may use 1.0 MB; ' +
      'take fewer members (--where, --at), or give the process more memory\n',
  });
  vi.stubEnv('SLURM_MEM_PER_NODE', '2');
  expect((await run(...words)).code).toBe(0);
});

test('with many test examples groups are drawn, and the memory check covers only what they take', async () => {
  await writeRun(100_000);
  // 1 MB of bytes for 10 members and 0.4 MB shared by all; two bytes for each of 32 768 groups. With values of each
  // example: 13 MB.
  vi.stubEnv('SLURM_MEM_PER_NODE', '2');
  onTestFinished(() => void vi.unstubAllEnvs());
  const words = ['evaluate', 'lenet', '--metric', 'accuracy'];
  expect(await run(...words)).toMatchObject({ code: 0 });
  vi.stubEnv('SLURM_MEM_PER_NODE', '1');
  expect((await run(...words)).stderr).toContain('10 members with 100000 test examples take at least 2.1 MB of memory');
});

test('evaluate: the table, CSV and JSON match the Parquet files', async () => {
  await writeRun();
  const { code, stdout, stderr } = await run(
    'evaluate',
    'lenet',
    '--metric',
    'accuracy',
    '--metric',
    'subset-accuracy:k=3',
    '--json',
  );
  expect([code, stderr]).toEqual([0, '']);
  const { metrics } = JSON.parse(stdout) as {
    metrics: {
      metric: string;
      members: { id: string; value: number; lower: number; upper: number }[];
      scales: { value: number }[];
    }[];
  };
  expect(metrics.map(({ metric }) => metric)).toEqual(['accuracy', 'subset-accuracy:k=3']);
  for (const { id, value, lower, upper } of metrics[0]!.members) {
    const file = fs.readFileSync(path.join(folder, 'members', id, 'outcomes.parquet'));
    const rows = await parquetReadObjects({ file: Uint8Array.from(file).buffer, columns: ['correct'] });
    const right = rows.filter(({ correct }) => correct === true).length;
    expect(value).toBeAllClose(right / rows.length, { rtol: 1e-12 });
    expect([lower <= value, value <= upper]).toEqual([true, true]);
  }
  const { stdout: csv } = await run('evaluate', 'lenet', '--metric', 'accuracy', '--csv');
  // heading, 10 members, 5 scales, the end
  expect(csv.split('\n')).toHaveLength(17);
  const { stdout: table } = await run('evaluate', 'lenet', '--metric', 'accuracy');
  expect(table).toMatch(/width {2}parameters {2}seeds {2}training FLOPs +accuracy\n/);
});

test('sweep rounds spaced values of an integer parameter, and lists each once', async () => {
  await writeRun();
  const { code, stdout } = await run(
    'sweep',
    'lenet',
    '--metric',
    'subset-accuracy',
    '--over',
    'k=1:32:11:log',
    '--json',
  );
  expect(code).toBe(0);
  const { points } = JSON.parse(stdout) as { points: { metric: string }[] };
  expect(points.map(({ metric }) => Number(metric.replace('subset-accuracy:k=', '')))).toEqual([
    1,
    2,
    3,
    4,
    6,
    8,
    11,
    16,
    23,
    32, // 2^(i / 2), rounded
  ]);
  const listed = await run('sweep', 'lenet', '--metric', 'subset-accuracy', '--over', 'k=1,1.5');
  expect(listed.stderr).toContain('k is 1.5; give a whole number');
});

test('sweep, compare, theory, scaling and search write their pictures and say where', async () => {
  await writeRun();
  for (const [words, figure] of [
    [['sweep', 'lenet', '--metric', 'subset-accuracy', '--over', 'k=1..10'], 'sweep-subset-accuracy'],
    [
      ['sweep', 'lenet', '--metric', 'accuracy', '--test-sizes', '50,500', '--keep-scales', '3'],
      'sweep-accuracy-causes',
    ],
    [['compare', 'lenet', '--induced', 'subset-accuracy:k=5', '--draws', '200'], 'compare'],
    [['theory', 'lenet'], 'theory'],
    [['scaling', 'lenet', '--draws', '100'], 'scaling'],
  ] as const) {
    const { code, stdout, stderr } = await run(...words);
    expect([code, stderr]).toEqual([0, '']);
    expect(stdout).toContain(`picture  ${path.join('checkpoints', 'lenet', figure)}.png`);
    const png = fs.readFileSync(path.join(folder, `${figure}.png`));
    expect(png.subarray(1, 4).toString()).toBe('PNG');
    expect(fs.readFileSync(path.join(folder, `${figure}.svg`), 'utf8')).toMatch(/^<svg .*<\/svg>/s);
  }
  const { code, stdout } = await run('search', 'lenet', '--json', '--draws', '100');
  const found = JSON.parse(stdout) as { ranked: { scores: { bow: number } }[]; surrogates: { metric: string }[] };
  expect(code).toBe(0);
  expect(found.surrogates.map(({ metric }) => metric)).toContain('cross-entropy');
  const bows = found.ranked.map(({ scores }) => scores.bow);
  expect(bows).toEqual(bows.toSorted((a, b) => b - a));
});

test('evaluate without a metric: the standard one, the induced one and the loss', async () => {
  await writeRun(100);
  const { code, stdout } = await run('evaluate', 'lenet', '--json');
  const { metrics } = JSON.parse(stdout) as { metrics: { metric: string }[] };
  // 0.95 of the largest member's answers are right: 10 images all right in 60 of 100 draws; 100 images do not hold ten
  // groups of 20.
  expect([code, metrics.map(({ metric }) => metric)]).toEqual([
    0,
    ['accuracy', 'subset-accuracy:k=10', 'cross-entropy'],
  ]);
});

test('theory without a run draws the model', async () => {
  const { code, stdout } = await run('theory', '--lengths', '1,10', '--exponent=-0.5', '--scale', '1000');
  expect([code, stdout.split('\n')[0]]).toEqual([0, 'L(N) = (N / 1000)^-0.5 nats, p = exp(-L)']);
  expect(fs.existsSync(path.join(root, 'reports', 'theory.svg'))).toBe(true);
});

describe('bad input is one line with exit code 2', () => {
  beforeEach(() => writeRun(100));

  test.each([
    [
      ['evaluate', 'lenet', '--metric', 'acuracy'],
      /^error: --metric: "acuracy" is not a metric; did you mean accuracy\?/,
    ],
    [
      ['evaluate', 'lenet', '--metric', 'mse'],
      /^error: --metric: mse is not available for cnn runs; available: accuracy, balanced-accuracy, class-accuracy, top-k, /,
    ],
    [
      ['evaluate', 'lenet', '--metric', 'subset-accuracy:k=101'],
      /^error: subset-accuracy:k=101: the test set has 100 images; 101 are needed/,
    ],
    [
      ['evaluate', 'lenet', '--metric', 'accuracy', '--metric', 'accuracy'],
      /^error: --metric: accuracy is given twice/,
    ],
    [
      ['evaluate', 'lenett', '--metric', 'accuracy'],
      /^error: RUN: "lenett" is neither a run in checkpoints nor .*; did you mean lenet\?/,
    ],
    [
      ['evaluate', 'lenet', '--metric', 'accuracy', '--draws', '3'],
      /^error: --draws: "3" is not a whole number of at least 100/,
    ],
    [['evaluate', 'lenet', '--draws', '1000000000'], /^error: --draws: 1000000000 is more than 100000$/m],
    [['power', '--effect', '0.01', '--seeds', '1,1000000000'], /^error: --seeds: 1000000000 is more than 10000$/m],
    [['sweep', 'lenet', '--metric', 'accuracy'], /^error: --over: nothing to sweep/],
    [
      ['sweep', 'lenet', '--metric', 'accuracy', '--over', 'k=1..3'],
      /^error: --over: "k" is not a parameter of accuracy; known: none/,
    ],
    [
      ['sweep', 'lenet', '--metric', 'subset-accuracy', '--over', 'k=1..101'],
      /^error: subset-accuracy:k=101: the test set has 100 images/,
    ],
    [['sweep', 'lenet', '--metric', 'subset-accuracy', '--over', 'k=0..3'], /^error: --over: k is 0; give at least 1/],
    [
      ['sweep', 'lenet', '--metric', 'accuracy', '--test-sizes', '1000'],
      /^error: --test-sizes: 1000 is more than the 100 of the test set/,
    ],
    [
      ['sweep', 'lenet', '--metric', 'accuracy', '--keep-scales', '6'],
      /^error: --keep-scales: 6 is more than the 5 scales of the run/,
    ],
    [
      ['sweep', 'lenet', '--metric', 'accuracy', '--keep-scales', '3', '--by', 'jmp'],
      /^error: --by: "jmp" is not a score; known: emergence, /,
    ],
    [['compare', 'lenet', '--standard', 'mse'], /^error: --standard: mse is not available for cnn runs/],
    [['theory', 'lenet', '--scale', '3'], /^error: --scale: is fitted when a run is given/],
    [['theory', '--exponent', '0.3'], /^error: --exponent: "0.3" is not a number below 0, at least -10\n$/],
    [['theory', '--exponent', '-1e300'], /^error: --exponent: "-1e300" is not a number below 0, at least -10\n$/],
    [['theory', '--scale', '1e-320'], /^error: --scale: "1e-320" is not a number from 1 to 1e30\n$/],
    [['theory', '--scale', '1e308'], /^error: --scale: "1e308" is not a number from 1 to 1e30\n$/],
    [['theory', '--lengths', '1,1000001'], /^error: --lengths: 1000001 is more than 1000000\n$/],
    [['collapse', 'lenet'], /^error: lenet: has 10 members, but a curve over loss needs 12; /m],
    [['collapse', 'lenet', '--margin', '0'], /^error: --margin: "0" is not a number above 0$/m],
    [['diff', 'lenet', 'lenet'], /^error: lenet: is given twice; /],
    [['diff', 'lenet', 'nothing'], /^error: RUN: "nothing" is neither a run /],
    [['power', '--effect', '0.1'], /^error: --effect: the performance of the first run is unknown; /],
    [['power', '--effect', '0.1', '--accuracy', '0.95'], /^error: --effect: takes the share from 0.95 to 1.05; /],
    [
      ['power', '--effect', '0.1', '--run', 'lenet', '--scale', '3'],
      /^error: --scale: lenet has no width 3; it has 1, /,
    ],
    [['power', '--effect', '0.1', '--accuracy', '0.5', '--against', 'lenet'], /^error: --against: there is no --run /],
    [
      ['power', '--effect', '0.05', '--accuracy', '0.9', '--correlation', '0.9'],
      /^error: --correlation: 0.9 is more than is possible between shares of 0.9 and 0.95; at most 0.688$/m,
    ],
    [['scaling', 'lenet', '--metric', 'margin'], /^error: --metric: margin rises as members get better, /],
    [['seeds', 'lenet', '--success', 'high'], /^error: --success: "high" is not a number; /],
    [['seeds', 'lenet', '--success', '2'], /^error: --success: accuracy cannot be 2; it is from 0 to 1$/m],
    [['seeds', 'lenet', '--output', '.'], /^error: --output: "." does not name a file; /],
    // Before the run is opened, and so before any work.
    [['seeds', 'nothing', '--output', 'nowhere/x'], /^error: --output: nowhere is not a folder; /],
    [['search', 'lenet', '--surrogate-of', 'x'], /^error: --surrogate-of: "x" is not a metric/],
  ])('%j', async (words, line) => {
    const { code, stdout, stderr } = await run(...words);
    expect([code, stdout]).toEqual([2, '']);
    expect(stderr).toMatch(line);
    expect(stderr.trimEnd().split('\n')).toHaveLength(1);
  });
});

test('seeds: values of each width match the Parquet files, and a picture', async () => {
  await writeRun(100);
  const { code, stdout } = await run('seeds', 'lenet', '--success', '0.5', '--json');
  expect(code).toBe(0);
  const { scales, figures } = JSON.parse(stdout) as {
    scales: { scale: { width: number }; values: number[]; mean: number; success: { count: number } }[];
    figures: string[];
  };
  expect(scales.map(({ scale }) => scale.width)).toEqual(widths);
  for (const { scale, values, mean, success } of scales) {
    const shares = await Promise.all(
      [0, 1].map(async (seed) => {
        const file = fs.readFileSync(path.join(folder, 'members', `cnn-w${scale.width}-s${seed}`, 'outcomes.parquet'));
        const rows = await parquetReadObjects({ file: Uint8Array.from(file).buffer, columns: ['correct'] });
        return rows.filter(({ correct }) => correct === true).length / rows.length;
      }),
    );
    expect(values).toBeAllClose(shares, { atol: 1e-12 });
    expect(mean).toBeAllClose((shares[0]! + shares[1]!) / 2, { atol: 1e-12 });
    expect(success.count).toBe(shares.filter((share) => share >= 0.5).length);
  }
  expect(figures.every((file) => fs.existsSync(path.join(root, file)))).toBe(true);
});

test('incomplete members are named, and the others shown', async () => {
  await writeRun(100);
  const training = { arch: 'cnn', width: 16, seed: 1 };
  const damaged = { arch: 'cnn', width: 8, seed: 0 };
  await writeMemberRecord(
    memberFolder(folder, training),
    memberRecord(training, { status: 'training', epochsDone: 1 }),
  );
  const file = path.join(memberFolder(folder, damaged), 'outcomes.parquet');
  fs.truncateSync(file, fs.statSync(file).size - 7);
  const { code, stdout, stderr } = await run('evaluate', 'lenet', '--metric', 'accuracy');
  expect(code).toBe(0);
  expect(stderr.trimEnd().split('\n')).toEqual([
    'not included: cnn-w16-s1 (1 of 3 epochs done)',
    'not included: cnn-w8-s0 (outcomes.parquet is damaged: it does not match its SHA-256 in member.json)',
  ]);
  expect(stdout).toMatch(/^ +8 +\d[\d ]+ +1 /m);
});

test('a NaN in a column is reported with file and row', async () => {
  await writeRun(100);
  const key = { arch: 'cnn', width: 2, seed: 0 };
  const outcomes = syntheticOutcomes(100, 0.5, Random.named(0, 'nan'));
  outcomes['log_probability']![17] = NaN;
  await writeMember(folder, key, outcomes);
  expect((await readMemberRecord(memberFolder(folder, key)))?.status).toBe('complete');
  const { code, stderr } = await run('evaluate', 'lenet', '--metric', 'cross-entropy');
  expect([code, stderr]).toEqual([
    1,
    `error: ${path.join('checkpoints/lenet/members/cnn-w2-s0/outcomes.parquet')}: column log_probability is not a number in row 17\n`,
  ]);
});

test('a single width has no curve', async () => {
  await writeSyntheticRun({ folder, widths: [4], seeds: [0], accuracy: () => 0.5 });
  for (const command of ['compare', 'search', 'theory']) {
    const { code, stderr } = await run(command, 'lenet');
    expect([code, stderr]).toEqual([
      2,
      expect.stringMatching(/^error: lenet: has one width; a (curve|fit) needs two;/),
    ]);
  }
});

test('metrics lists every metric and how to write it', async () => {
  const { code, stdout } = await run('metrics', '--json');
  const { metrics: listed } = JSON.parse(stdout) as { metrics: { name: string; example: string; source: string }[] };
  expect(code).toBe(0);
  expect(listed.find(({ name }) => name === 'subset-accuracy')).toMatchObject({
    example: 'subset-accuracy:k=5',
    kind: 'thresholded',
  });
  expect(listed.every(({ source }) => source.length > 10)).toBe(true);
});

describe('natural curves', () => {
  test('list: selected ones, one file, a search, JSON', async () => {
    const picked = await run('natural', 'list');
    expect([picked.code, picked.stderr]).toEqual([0, '']);
    // datasets/natural-curves/overlay.csv has eight sizes of OPT, 125 million to 66 billion.
    expect(picked.stdout).toMatch(/^opt-2digit-addition +8 +1\.25e8 to 6\.6e10 +acc +0\.0065 to 0\.499 +probability$/m);
    const { stdout } = await run('natural', 'list', 'overlay', '--search', 'loss', '--json');
    const { curves } = JSON.parse(stdout) as { curves: { name: string; points: unknown[] }[] };
    expect(curves.map(({ name, points }) => [name, points.length])).toEqual([['openlm-c4-loss', 6]]);
  });

  test("compare: a user's CSV with the same columns appears beside the family, its standard errors giving the interval", async () => {
    await writeRun();
    const lines = [1e6, 1e7, 1e8].map(
      (params, i) => `own,m${i},${params},,,task,acc,,${[0.1, 0.2, 0.9][i]!},0.001,,here`,
    );
    const heading =
      'family,model,params,params_non_embedding,tokens,task,metric,shots,value,stderr,n_examples,source_path';
    fs.writeFileSync(path.join(root, 'mine.csv'), `${[heading, ...lines].join('\n')}\n`);
    const listed = await run('natural', 'list', 'mine.csv', '--json');
    const { curves: names } = JSON.parse(listed.stdout) as { curves: { name: string }[] };
    const { code, stdout, stderr } = await run(
      'compare',
      'lenet',
      '--natural',
      `mine.csv:${names[0]!.name}`,
      '--draws',
      '200',
      '--json',
    );
    expect([code, stderr]).toEqual([0, '']);
    const { natural } = JSON.parse(stdout) as {
      natural: { range: number; scores: { jump: { value: number }; emergence: { value: number } } }[];
    };
    expect(natural[0]!.range).toBeCloseTo(0.8, 12);
    expect(natural[0]!.scores.jump.value).toBeCloseTo(0.7 / 0.8, 12);
    // Eq 1 by hand: 0.8 over the root of the median of 0.01 and 0.49.
    expect(natural[0]!.scores.emergence.value).toBeCloseTo(0.8 / Math.sqrt((0.01 + 0.49) / 2), 12);
  });

  test.each([
    ['overlay:opt-3digit-addition', 'did you mean opt-2digit-addition?'],
    ['nowhere.csv:x', 'nowhere.csv'],
  ])('compare --natural %s is refused in one line', async (name, part) => {
    await writeRun(100);
    const { code, stderr } = await run('compare', 'lenet', '--natural', name);
    expect(code).toBe(2);
    expect(stderr).toMatch(/^error: [^\n]+\n$/);
    expect(stderr).toContain(part);
  });
});

describe('sweeps of badly behaved curves', () => {
  test('falling and constant curves are reported and drawn without an accident', async () => {
    await writeRun(200);
    const falls = await run(...'sweep lenet --metric below:column=margin --over c=0.1:0.9:5'.split(' '));
    expect([falls.code, falls.stdout.split('\n')[0]]).toEqual([
      0,
      'lenet: 5 curves over 5 scales; no curve rises by 0.1 or more and has the score bow (--least-range)',
    ]);
    const flat = await run(...'sweep lenet --metric below:column=confidence --over c=1e-9:1e-8:3:log'.split(' '));
    expect([flat.code, flat.stderr]).toEqual([
      0,
      expect.stringMatching(
        /^note: below:column=confidence,c=1e-9 is 0 for every member; confidence is 0\.\d+ to/,
      ) as string,
    ]);
  });

  test('the order of values does not matter, and each of them is checked', async () => {
    await writeRun(200);
    const sweep = async (values: string) =>
      run('sweep', 'lenet', '--metric', 'subset-accuracy', '--over', `k=${values}`, '--csv');
    expect((await sweep('20,5,10')).stdout).toBe((await sweep('5,10,20')).stdout);
    expect(await sweep('5,20000,10')).toMatchObject({
      code: 2,
      stderr: 'error: subset-accuracy:k=20000: the test set has 200 images; 20000 are needed\n',
    });
  });

  test('two widths have no bow, but can be swept', async () => {
    await writeSyntheticRun({ folder, widths: [1, 8], seeds: [0], accuracy: ({ width }) => accuracyOf(width) });
    const { code, stdout } = await run(...'sweep lenet --metric subset-accuracy --over k=1..5 --by jump'.split(' '));
    expect(code).toBe(0);
    expect(stdout).toContain('highest and lowest jump among those that rise by 0.1 or more');
  });
});

test('compare: a cutoff that nothing reaches is reported', async () => {
  await writeRun(200);
  const { code, stderr } = await run(
    ...'compare lenet --induced below:column=confidence,c=1e-9 --draws 100'.split(' '),
  );
  expect(code).toBe(0);
  expect(stderr).toMatch(/^note: below:column=confidence,c=1e-9 is 0 for every member/);
});
