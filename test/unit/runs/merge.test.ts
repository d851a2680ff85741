/** Merged runs: what is copied, what is refused before anything is written, and what is left after a break at any write. */
import * as fs from 'node:fs/promises';
import { syncBuiltinESMExports } from 'node:module';
import * as os from 'node:os';
import * as path from 'node:path';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { resolveExperiment } from '../../../src/experiment/schema.js';
import { jsonWithDigest } from '../../../src/runs/json.js';
import { mergeRunFolders } from '../../../src/runs/merge.js';
import { lockMember, lockRun } from '../../../src/runs/lock.js';
import { memberId, type MemberKey, type RunRecord } from '../../../src/runs/record.js';
import {
  memberFolder,
  membersOf,
  readMemberRecord,
  readRunRecord,
  writeMemberRecord,
  writeRunRecord,
} from '../../../src/runs/run.js';
import { encodeWithDigest } from '../../../src/runs/safetensors.js';
import { tuningFile, writeTuning } from '../../../src/runs/tuning.js';
import { verifyRun } from '../../../src/runs/verify.js';
import { Random } from '../../../src/statistics/random.js';
import { sealSchema } from '../../../src/runs/forecasts.js';
import { experiment, runRecord, syntheticOutcomes, temporaryFolder, writeMember } from '../../support/runs.js';

const dataset = { ...runRecord().dataset, testCount: 5 };
const plan = runRecord({ dataset, experiment: { ...experiment, widths: [1, 2], seeds: [0, 1] } });

/** A run with some of its members complete; the contents of a member depend only on its position. */
async function write(folder: string, record: RunRecord, isThere: (key: MemberKey) => boolean): Promise<string> {
  await writeRunRecord(folder, record);
  for (const key of membersOf(record.experiment).filter(isThere))
    await writeMember(folder, key, syntheticOutcomes(5, 0.5, Random.named(key.seed, key.width)));
  return folder;
}

/** One half in one clone, the other in another, and a run with both; made once and copied. */
async function halves(): Promise<readonly [into: string, from: string, whole: string]> {
  const root = await temporaryFolder();
  await fs.cp(await written, root, { recursive: true });
  return [path.join(root, 'a'), path.join(root, 'b'), path.join(root, 'whole')];
}

let written: Promise<string>;

beforeAll(() => {
  written = (async () => {
    const root = await fs.mkdtemp(path.join(os.tmpdir(), 'emergence-merge-'));
    const threads = Object.fromEntries(membersOf(plan.experiment).map((each) => [memberId(each), 1]));
    for (const [name, has] of [
      ['a', 0],
      ['b', 1],
      ['whole', undefined],
    ] as const)
      await write(path.join(root, name), { ...plan, threads }, ({ seed }) => has === undefined || seed === has);
    return root;
  })();
});

afterAll(async () => {
  await fs.rm(await written, { recursive: true });
});

async function tree(folder: string): Promise<Record<string, string>> {
  const names = await fs.readdir(folder, { recursive: true });
  const files: Record<string, string> = {};
  for (const name of names.sort()) {
    const file = path.join(folder, name);
    if ((await fs.stat(file)).isFile()) files[name] = (await fs.readFile(file)).toString('latin1');
  }
  return files;
}

test('two halves become the whole run, byte for byte, and the source is unchanged', async () => {
  const [into, from, whole] = await halves();
  const before = await tree(from);
  expect(await mergeRunFolders(into, from)).toMatchObject({
    ...{ taken: ['cnn-w1-s1', 'cnn-w2-s1'], same: [], kept: ['cnn-w1-s0', 'cnn-w2-s0'], missing: [], unfinished: [] },
    ...{ isExtended: false, notes: [] },
  });
  expect(await tree(into)).toEqual(await tree(whole));
  expect(await tree(from)).toEqual(before);
  expect(await mergeRunFolders(into, from)).toMatchObject({ taken: [], same: ['cnn-w1-s1', 'cnn-w2-s1'] });
  expect(await tree(into)).toEqual(await tree(whole));
});

test("a member keeps the precision it was trained in under --precision auto; a missing one gets the run's", async () => {
  const root = await temporaryFolder();
  const experiment = { ...plan.experiment, precision: 'auto' as const };
  const choices = (precision: 'float32' | 'bfloat16', widths: readonly number[]) =>
    Object.fromEntries(
      widths.flatMap((width) =>
        [0, 1].map((seed) => [`cnn-w${width}-s${seed}`, { precision, because: 'pilot' as const }]),
      ),
    );
  const run = (name: string, precisions: RunRecord['precisions'], isThere: (key: MemberKey) => boolean) =>
    write(path.join(root, name), { ...plan, experiment, precisions }, isThere);
  const into = await run('a', choices('float32', [1]), ({ width, seed }) => width === 1 && seed === 0);
  const from = await run('b', choices('bfloat16', [1, 2]), ({ width, seed }) => width === 1 && seed === 1);
  // Its seeds differ in more than the seed; at width 2 all match the other run.
  expect((await mergeRunFolders(into, from)).notes).toEqual([
    'width 1: some members were trained in float32 and some in bfloat16, as --precision auto chose in each run',
  ]);
  const { precisions = {} } = (await readRunRecord(into)) ?? {};
  expect(Object.fromEntries(Object.entries(precisions).map(([id, { precision }]) => [id, precision]))).toEqual({
    'cnn-w1-s0': 'float32',
    'cnn-w1-s1': 'bfloat16', // taken
    'cnn-w2-s0': 'bfloat16', // here nothing had been chosen yet
    'cnn-w2-s1': 'bfloat16',
  });
});

test('a member keeps the branches it was trained with; without an entry it has one', async () => {
  const root = await temporaryFolder();
  const ids = [0, 1].map((seed) => `cnn-w1-s${seed}`);
  const run = (name: string, branches: RunRecord['branches'], own: number) =>
    write(
      path.join(root, name),
      { ...plan, branches, threads: Object.fromEntries(ids.map((id) => [id, 2])) },
      ({ width, seed }) => width === 1 && seed === own,
    );
  const [first, second] = ids as [string, string];
  const into = await run('a', { [second]: 2 }, 0);
  const from = await run('b', { [first]: 2 }, 1);
  await mergeRunFolders(into, from);
  expect((await readRunRecord(into))?.branches).toEqual({});
  const other = await run('c', { [first]: 2 }, 0);
  const half = await run('d', { [first]: 2, [second]: 2 }, 1);
  await mergeRunFolders(other, half);
  expect((await readRunRecord(other))?.branches).toEqual({ [first]: 2, [second]: 2 });
});

test('members of one width with different steps may have different chosen precisions', async () => {
  const root = await temporaryFolder();
  const experiment = { ...plan.experiment, widths: [1], grid: { depth: [2, 3] }, precision: 'auto' as const };
  const precisions = Object.fromEntries(
    membersOf(experiment).map((each) => {
      const precision = each.factors?.depth === 3 ? ('bfloat16' as const) : ('float32' as const);
      return [memberId(each), { precision, because: 'pilot' as const }];
    }),
  );
  const [into, from] = await Promise.all(
    [0, 1].map((own) =>
      write(path.join(root, `${own}`), { ...plan, experiment, precisions }, ({ seed }) => seed === own),
    ),
  );
  expect((await mergeRunFolders(into!, from!)).notes).toEqual([]);
});

test('interrupted at any write both runs stay whole, and the same merge ends as an undisturbed one', async () => {
  let writes = 0;
  for (let at = 0; at <= writes; at++) {
    const [into, from, whole] = await halves();
    const before = await tree(from);
    const merge = mergeBreaking(at, into, from);
    if (at === 0) writes = await merge;
    else await merge;
    for (const folder of [into, from])
      expect((await verifyRun(folder)).filter(({ status }) => status === 'damaged')).toEqual([]);
    await mergeRunFolders(into, from);
    expect(await tree(into)).toEqual(await tree(whole));
    expect(await tree(from)).toEqual(before);
  }
  // Three files and a record from each of two members.
  expect(writes).toBe(8);
});

/** A merge whose rename number `at`, from 1, fails as on a disconnected disk, with all that follow. Resolves to the number it tried. */
async function mergeBreaking(at: number, into: string, from: string): Promise<number> {
  const system = (await import('node:fs/promises')).default;
  const { rename } = system;
  let renames = 0;
  system.rename = (...names) => {
    renames += 1;
    if (at === 0 || renames < at) return rename(...names);
    return Promise.reject(Object.assign(new Error('EIO: i/o error, rename'), { code: 'EIO', syscall: 'rename' }));
  };
  syncBuiltinESMExports();
  try {
    const merge = mergeRunFolders(into, from);
    if (at === 0) await merge;
    else await expect(merge).rejects.toThrow(/the disk reports an input\/output error; check the disk$/);
    return renames;
  } finally {
    system.rename = rename;
    syncBuiltinESMExports();
  }
}

test('the other run may hold further widths, seeds and values of factors', async () => {
  const root = await temporaryFolder();
  const of = (input: object) => ({
    ...plan,
    experiment: resolveExperiment({ arch: 'cnn', dataset: 'mnist', epochs: 3, learningRate: 0.001, ...input } as never),
  });
  const [a, b] = [path.join(root, 'a'), path.join(root, 'b')];
  await write(a, of({ widths: [1, 4], seeds: [0], depth: [2, 3] }), () => true);
  await write(b, of({ widths: [4, 2], seeds: [0, 1], depth: [2, 4] }), ({ seed }) => seed === 1);
  const merged = await mergeRunFolders(a, b);
  expect(merged.taken).toEqual(['cnn-w2-s1', 'cnn-w2-depth4-s1', 'cnn-w4-s1', 'cnn-w4-depth4-s1']);
  expect(merged.kept).toEqual(['cnn-w1-s0', 'cnn-w1-depth3-s0', 'cnn-w4-s0', 'cnn-w4-depth3-s0']);
  // Three widths, two seeds, three depths.
  expect(merged.missing).toHaveLength(18 - 8);
  expect(merged.isExtended).toBe(true);
  const record = (await readRunRecord(a))!;
  expect(membersOf(record.experiment)).toHaveLength(18);
  expect(record.threads['cnn-w4-depth4-s1']).toBe(1);
  const complete = (await verifyRun(a)).filter(({ status }) => status === 'complete').map(({ id }) => id);
  expect(complete.sort()).toEqual([...merged.taken, ...merged.kept].sort());
});

const key = { arch: 'cnn', width: 2, seed: 1 };

/** As left by a member stopped after some epochs. */
async function stopAfter(epochs: number, folder: string): Promise<void> {
  await writeMember(folder, key, syntheticOutcomes(5, 0.5, Random.named(1)));
  const own = memberFolder(folder, key);
  const record = (await readMemberRecord(own))!;
  const { 'history.jsonl': history } = record.files;
  await fs.writeFile(path.join(own, 'training.safetensors'), encodeWithDigest(new Map(), { of: folder }));
  for (const name of ['weights.safetensors', 'outcomes.parquet']) await fs.rm(path.join(own, name));
  await writeMemberRecord(own, {
    ...record,
    status: 'training',
    epochsDone: epochs,
    files: { 'history.jsonl': history! },
  });
}

test('of two incomplete members the one further along stays; a complete one replaces either', async () => {
  for (const [ours, theirs, list] of [
    [1, 2, 'taken'],
    [2, 1, 'kept'],
    [1, 1, 'kept'],
    [0, 1, 'taken'],
    [1, 3, 'taken'],
  ] as const) {
    const [into, from, whole] = await halves();
    if (ours > 0) await stopAfter(ours, into);
    if (theirs < 3) await stopAfter(theirs, from);
    const merged = await mergeRunFolders(into, from);
    expect(merged[list]).toContain(memberId(key));
    expect(merged.unfinished).toEqual(theirs === 3 ? [] : [memberId(key)]);
    const source = list === 'kept' ? into : theirs === 3 ? whole : from;
    if (list === 'taken') expect(await tree(memberFolder(into, key))).toEqual(await tree(memberFolder(source, key)));
    else expect((await readMemberRecord(memberFolder(into, key)))?.epochsDone).toBe(ours);
  }
});

interface Sealed {
  readonly name: string;
  readonly digest: string;
}

/** A forecast, and the one before it, which it names. */
async function seal(
  folder: string,
  name: string,
  { width = 4, previous = null, axis }: { width?: number; previous?: Sealed | null; axis?: string } = {},
): Promise<Sealed> {
  const sealed = '2026-02-01T00:00:00.000Z';
  const content = {
    ...{ format: axis === undefined ? 1 : 3, name, run: path.basename(folder), number: previous === null ? 1 : 2 },
    ...{ sealed, previous, ...(axis === undefined ? {} : { axis }) },
    ...{ lab: '0.1.0', gitCommit: null, experiment: 'b'.repeat(64), fingerprint: 'a'.repeat(64), evidence: [] },
    ...{ targets: [{ width, parameters: 100 }], seeds: [0, 1], metricFile: null, levels: [], draws: 1, metrics: [] },
  };
  const { text, digest } = jsonWithDigest(content);
  sealSchema.parse(JSON.parse(text));
  await fs.mkdir(path.join(folder, 'forecasts'), { recursive: true });
  await fs.writeFile(path.join(folder, 'forecasts', `${name}.json`), text);
  return { name, digest };
}

test('a chain of forecasts continues if the other run has more of it; claims are copied', async () => {
  const [into, from] = await halves();
  const previous = await seal(from, 'first');
  await fs.mkdir(path.join(into, 'forecasts'));
  await fs.copyFile(path.join(from, 'forecasts/first.json'), path.join(into, 'forecasts/first.json'));
  await seal(from, 'second', { previous });
  await fs.mkdir(path.join(from, 'claims'));
  await fs.writeFile(path.join(from, 'claims/steep.json'), jsonWithDigest({ name: 'steep' }).text);
  expect((await mergeRunFolders(into, from)).sealed).toEqual(['claims/steep.json', 'forecasts/second.json']);
  for (const name of ['forecasts/second.json', 'claims/steep.json'])
    expect(await fs.readFile(path.join(into, name))).toEqual(await fs.readFile(path.join(from, name)));
  expect((await mergeRunFolders(into, from)).sealed).toEqual([]);
});

test('a forecast over a factor is of members with that value, not of those that have it as their width', async () => {
  const root = await temporaryFolder();
  const record = { ...plan, experiment: { ...plan.experiment, widths: [2, 4], grid: { depth: [2, 3] } } };
  const half = (name: string, own: number) => write(path.join(root, name), record, ({ seed }) => seed === own);
  const [into, from] = [await half('a', 0), await half('b', 1)];
  await seal(into, 'deeper', { width: 4, axis: 'depth' });
  expect((await mergeRunFolders(into, from)).taken).toHaveLength(4);
  const other = await half('c', 0);
  await seal(other, 'late', { width: 3, axis: 'depth' });
  await expect(mergeRunFolders(other, from)).rejects.toThrow(
    /late\.json: would be void: cnn-w2-depth3-s1, which it predicts, started in the other run/,
  );
});

type Halves = readonly [into: string, from: string];

const change = async (folder: string, changes: Partial<RunRecord>) =>
  writeRunRecord(folder, { ...(await readRunRecord(folder))!, ...changes });

const refusals: readonly (readonly [string, (runs: Halves) => Promise<unknown>, RegExp])[] = [
  [
    'another option',
    ([, b]) => change(b, { experiment: { ...plan.experiment, learningRate: 0.01 } }),
    /^merge: --learning-rate is 0\.001 in \S+\/a and 0\.01 in \S+\/b; merge runs of one experiment$/,
  ],
  [
    'other data',
    ([, b]) => change(b, { dataset: { ...dataset, fingerprint: 'c'.repeat(64) } }),
    /^merge: the two runs saw different images or labels of mnist: its fingerprint is aaaaaaaa in \S+\/a and cccccccc in /,
  ],
  [
    'another kind of device',
    ([, b]) => change(b, { device: { kind: 'gpu', name: 'a card' } }),
    /^merge: --device is cpu in \S+\/a and gpu in \S+\/b; merge runs of one experiment$/,
  ],
  [
    'another start under muP',
    async ([a, b]) => {
      const mup = { experiment: { ...plan.experiment, parametrization: 'mup', baseWidth: 8 } } as const;
      await change(a, mup);
      await change(b, { ...mup, outputStart: 'zero' });
    },
    /^merge: the start of output weights is random \(earlier versions\) in \S+\/a and 0 in \S+\/b; merge runs of one experiment$/,
  ],
  [
    'another start of queries under muP',
    async ([a, b]) => {
      const mup = {
        experiment: { ...plan.experiment, arch: 'transformer', parametrization: 'mup', baseWidth: 8 },
        outputStart: 'zero',
      } as const;
      await change(a, { ...mup, queryStart: 'zero' });
      await change(b, mup);
    },
    /^merge: the start of queries is 0 in \S+\/a and random \(earlier versions\) in \S+\/b; merge runs of one experiment$/,
  ],
  [
    'a member twice',
    ([a]) => writeMember(a, key, syntheticOutcomes(5, 0.5, Random.named(99))),
    /^merge: cnn-w2-s1 is in both runs, with different bits in outcomes\.parquet; delete \S+\/a\/members\/cnn-w2-s1 or \S+ and merge again$/,
  ],
  [
    'a member twice, in two precisions',
    async ([a, b]) => {
      await writeMember(a, key, syntheticOutcomes(5, 0.5, Random.named(99)));
      const chosen = (precision: 'float32' | 'bfloat16') => ({
        precisions: { 'cnn-w2-s1': { precision, because: 'pilot' as const } },
      });
      await change(a, chosen('float32'));
      await change(b, chosen('bfloat16'));
    },
    /with different bits in outcomes\.parquet \(trained in float32 and in bfloat16\); delete /,
  ],
  [
    'damage in the other run',
    ([, b]) => fs.appendFile(path.join(memberFolder(b, key), 'weights.safetensors'), 'x'),
    /^\S+\/b\/members\/cnn-w2-s1: weights\.safetensors is damaged: it does not match its SHA-256 in member\.json; /,
  ],
  [
    'a member from another run',
    async ([, b]) => {
      const own = memberFolder(b, key);
      await writeMemberRecord(own, { ...(await readMemberRecord(own))!, experiment: 'd'.repeat(64) });
    },
    /^\S+\/b\/members\/cnn-w2-s1: belongs to another experiment than run\.json/,
  ],
  [
    'a member that is being trained in the other run',
    async ([, b]) => held(lockMember(b, memberId(key))),
    /^\S+\/b: is being trained now by process \d+; stop it, or wait until it has finished$/,
  ],
  [
    'a member that is being trained in this run',
    async ([a]) => held(lockMember(a, memberId(key))),
    /^\S+\/a\/members\/cnn-w2-s1: is being trained now by process \d+; stop it/,
  ],
  [
    'a run that is being planned',
    async ([, b]) => held(lockRun(b).then((lock) => ({ held: lock }))),
    /^\S+\/b: is being trained now by process/,
  ],
  [
    'forecasts of both',
    async ([a, b]) => [await seal(a, 'one'), await seal(b, 'other')],
    /^merge: both runs have their own sealed forecasts, \S+one\.json and \S+other\.json, and a chain can't hold both; move \S+\/b\/forecasts elsewhere/,
  ],
  [
    'a forecast that was changed',
    async ([, b]) => {
      await seal(b, 'one');
      const file = path.join(b, 'forecasts/one.json');
      await fs.writeFile(file, (await fs.readFile(file, 'utf8')).replace('"draws": 1', '"draws": 2'));
    },
    /^\S+\/b\/forecasts\/one\.json: was changed after it was sealed/,
  ],
  [
    // Members of support/runs.ts began on 1 January 2026.
    'a forecast of what had begun elsewhere',
    ([a]) => seal(a, 'late', { width: 2 }),
    /^\S+\/a\/forecasts\/late\.json: would be void: cnn-w2-s1, which it predicts, started in the other run at 2026-01-01T12:00:00\.000Z, before/,
  ],
  [
    'another claim of one name',
    async ([a, b]) => {
      for (const folder of [a, b]) {
        await fs.mkdir(path.join(folder, 'claims'));
        await fs.writeFile(path.join(folder, 'claims/steep.json'), jsonWithDigest({ of: folder }).text);
      }
    },
    /^\S+\/b\/claims\/steep\.json: is a different claim from \S+\/a\/claims\/steep\.json; move one of the two elsewhere$/,
  ],
];

async function held(
  attempt: Promise<{ readonly held: { release: () => Promise<void> } } | { readonly busy: unknown }>,
): Promise<void> {
  const got = await attempt;
  if ('held' in got) onTestFinished(() => got.held.release());
}

test.each(refusals)('refused in one line before anything is written: %s', async (_, spoil, line) => {
  const [into, from] = await halves();
  if (String(line).includes('would be void')) await fs.rm(memberFolder(into, { ...key, seed: 0 }), { recursive: true });
  await spoil([into, from]);
  const before = [await tree(into), await tree(from)];
  await expect(mergeRunFolders(into, from)).rejects.toThrow(line);
  expect([await tree(into), await tree(from)]).toEqual(before);
});

test('a run is not merged with itself, by whatever name', async () => {
  const [into] = await halves();
  const link = `${into}-too`;
  await fs.symlink(into, link);
  await expect(mergeRunFolders(into, link)).rejects.toThrow(/^\S+\/a: is both runs; name two different ones$/);
});

describe('trials of --tune', () => {
  const tuned = { ...plan, experiment: { ...plan.experiment, tune: 'learningRate=0.01,0.1' } };
  const trial = (value: number, loss: number) => ({
    ...{ value, loss, accuracy: null, diverged: false, steps: 1, seconds: 1 },
  });
  /** Two runs that each have trials for the member; a loss decides which value was chosen. */
  const withTrials = async (id: string, perWidth: boolean, best: Readonly<Record<'a' | 'b', number>>) => {
    const root = await temporaryFolder();
    const experiment = perWidth ? { ...tuned.experiment, tunePer: 'width' as const } : tuned.experiment;
    for (const [name, has] of [
      ['a', 0],
      ['b', 1],
    ] as const) {
      const folder = await write(path.join(root, name), { ...tuned, experiment }, ({ seed }) => seed === has);
      const trials = [0.01, 0.1].map((value) => trial(value, value === best[name] ? 1 : 2));
      const record = { format: 2, id, experiment: '0'.repeat(64), factor: 'learningRate', trials } as const;
      await writeTuning(tuningFile(folder, id), record);
    }
    const [into, from] = ['a', 'b'].map((name) => path.join(root, name)) as [string, string];
    return {
      into,
      from,
      ours: () => fs.readFile(tuningFile(into, id)),
      theirs: await fs.readFile(tuningFile(from, id)),
    };
  };

  test('are copied with their member, in place of those the other run began', async () => {
    const { into, from, ours, theirs } = await withTrials('cnn-w1-s1', false, { a: 0.01, b: 0.1 });
    await mergeRunFolders(into, from);
    expect(await ours()).toEqual(theirs);
  });

  test('stay with the member that is kept', async () => {
    const { into, from, ours } = await withTrials('cnn-w1-s0', false, { a: 0.01, b: 0.1 });
    const before = await ours();
    await mergeRunFolders(into, from);
    expect(await ours()).toEqual(before);
  });

  test('with different choices for one width are refused, and nothing is written', async () => {
    const { into, from } = await withTrials('cnn-w1-s0', true, { a: 0.01, b: 0.1 });
    const before = await tree(into);
    await expect(mergeRunFolders(into, from)).rejects.toThrow(
      /its trials chose learningRate 0\.1, and those of .*cnn-w1-s0\.json chose 0\.01; merge runs whose members/,
    );
    expect(await tree(into)).toEqual(before);
  });

  test('with the same choice for one width are no contradiction', async () => {
    const { into, from } = await withTrials('cnn-w1-s0', true, { a: 0.1, b: 0.1 });
    expect(await mergeRunFolders(into, from)).toMatchObject({ taken: ['cnn-w1-s1', 'cnn-w2-s1'] });
  });
});
