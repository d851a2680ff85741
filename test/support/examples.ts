/** The examples in the docstrings of the library's functions, run exactly as written. */
import * as fs from 'node:fs';
import * as path from 'node:path';
import ts from 'typescript';
import * as door from '../../src/index.js';
import type { RunRecord } from '../../src/runs/record.js';
import { present } from '../../src/machine/present.js';
import { memberFolder, membersOf, readMemberRecord, writeMemberRecord, writeRunRecord } from '../../src/runs/run.js';
import { Random } from '../../src/statistics/random.js';
import { experiment, runRecord, syntheticOutcomes, temporaryFolder, writeMember } from './runs.js';

const folder = path.resolve(import.meta.dirname, '../../src/library');

export interface Example {
  /** The function that it is an example of. */
  readonly of: string;
  readonly code: string;
}

const docstring =
  /\/\*\*(?:(?!\*\/)[^])*?@example\n((?: \* {5}.*\n)+)(?:(?!\*\/)[^])*?\*\/\nexport (?:async )?function (\w+)/g;

/** Of all functions, in the order of their files. */
export function examples(): Example[] {
  return fs
    .readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.ts'))
    .sort()
    .flatMap((name) => [...fs.readFileSync(path.join(folder, name), 'utf8').matchAll(docstring)])
    .map(([, lines, of]) => ({ of: of!, code: lines!.replaceAll(/^ \* {5}/gm, '') }));
}

/** The value of the last line of an example, in a folder with what it needs. */
export async function run({ code }: Example, cwd: string): Promise<unknown> {
  const lines = code.trimEnd().split('\n');
  const body = [...lines.slice(0, -1), `return ${lines.at(-1)!}`].join('\n');
  const source = `(async ({ ${Object.keys(door).join(', ')} }) => {\n${body}\n})`;
  const before = process.cwd();
  process.chdir(cwd);
  try {
    const { outputText } = ts.transpileModule(source, { compilerOptions: { target: ts.ScriptTarget.ES2023 } });
    return await ((0, eval)(outputText) as (given: typeof door) => Promise<unknown>)(door);
  } finally {
    process.chdir(before);
  }
}

export const widths = [1, 2, 4, 8, 16];
export const seeds = [0, 1, 2];

/** A run, and a table to import; written from outcomes once per process. */
export async function exampleFolder(): Promise<string> {
  const folder = await temporaryFolder();
  if (written === undefined) {
    await writeExample(folder);
    written = filesIn(folder);
  }
  for (const [file, content] of written) {
    fs.mkdirSync(path.dirname(path.join(folder, file)), { recursive: true });
    fs.writeFileSync(path.join(folder, file), content);
  }
  return folder;
}

let written: ReadonlyMap<string, Buffer> | undefined;

function filesIn(folder: string): ReadonlyMap<string, Buffer> {
  const names = fs.readdirSync(folder, { recursive: true, encoding: 'utf8' });
  const files = names.filter((name) => fs.statSync(path.join(folder, name)).isFile());
  return new Map(files.map((name) => [name, fs.readFileSync(path.join(folder, name))]));
}

async function writeExample(folder: string): Promise<void> {
  const run = path.join(folder, 'checkpoints/lenet-mnist');
  const dataset = { ...runRecord().dataset, testCount: 200 };
  const record = runRecord({ name: 'lenet-mnist', dataset, experiment: { ...experiment, widths, seeds } });
  await writeRunRecord(run, record);
  for (const key of membersOf(record.experiment)) {
    const accuracy = 1 / (1 + Math.exp(-(Math.log2(key.width) - 1)));
    const outcomes = syntheticOutcomes(200, accuracy, Random.named(key.seed, key.width));
    // One test set.
    const label = outcomes.example!.map((id) => id % 10);
    const predicted = label.map((value, i) => (value + 1 - outcomes.correct![i]!) % 10);
    await writeMember(run, key, { ...outcomes, label, predicted });
  }
  await writeHalf(path.join(folder, 'checkpoints/half'), record);
  await writeMoments(path.join(folder, 'checkpoints/lenet-moments'));
  await writeTwins(path.join(folder, 'checkpoints'), record);
  const rows = ['a', 'b'].flatMap((model) => [1, 2, 3].map((id) => `${model},${id},${Number(id < 3)}\n`));
  await fs.promises.writeFile(path.join(folder, 'outcomes.csv'), `model,example,correct\n${rows.join('')}`);
  const after = rows.map((row) => row.replace(/^a,2,1/, 'a,2,0').replace(/^b,3,0/, 'b,3,1'));
  await fs.promises.writeFile(path.join(folder, 'after.csv'), `model,example,correct\n${after.join('')}`);
  await fs.promises.writeFile(path.join(folder, 'models.csv'), 'model,parameters\na,100\nb,1000\n');
}

/** The same run with the members of only one seed. */
async function writeHalf(run: string, record: RunRecord): Promise<void> {
  await writeRunRecord(run, { ...record, name: 'half' });
  const members = (of: string) => path.join(path.dirname(run), of, 'members');
  for (const width of widths) {
    const id = `cnn-w${width}-s0`;
    await fs.promises.cp(path.join(members('lenet-mnist'), id), path.join(members('half'), id), { recursive: true });
  }
}

/** Two widths and two seeds with outcomes after 1000, 1200 and 1404 steps. */
async function writeMoments(run: string): Promise<void> {
  const dataset = { ...runRecord().dataset, testCount: 200 };
  const own = { ...experiment, widths: [2, 8], seeds: [0, 1], moments: '1000,1200' };
  const record = runRecord({ name: 'lenet-moments', dataset, experiment: own });
  await writeRunRecord(run, record);
  for (const key of membersOf(record.experiment)) {
    const random = Random.named(key.seed, 'moments', key.width);
    const after = () => syntheticOutcomes(200, key.width === 2 ? 0.6 : 0.9, random);
    await writeMember(run, key, after(), new Map([1000, 1200].map((step) => [step, after()])));
  }
}

/** `untuned`, which rises late, and `tuned`, which rises linearly. */
async function writeTwins(root: string, { dataset, experiment: own }: RunRecord): Promise<void> {
  const tune = 'learningRate=1e-4:1e-2:3:log';
  const twins = { untuned: own, tuned: { ...own, tune, tunePer: 'width' as const } };
  for (const [name, each] of Object.entries(twins)) {
    const run = path.join(root, name);
    const split = { ...each, validationSize: 1000 };
    await writeRunRecord(run, runRecord({ name, dataset, experiment: split }));
    for (const key of membersOf(split)) {
      const place = Math.log2(key.width) / 4;
      const accuracy = name === 'tuned' ? 0.3 + 0.6 * place : 0.3 + 0.6 * place ** 3;
      const random = Random.named(key.seed, name, key.width);
      const outcomes = syntheticOutcomes(200, accuracy, random);
      await writeMember(run, key, { ...outcomes, label: outcomes.example!.map((id) => id % 10) });
      if (name === 'untuned') continue;
      const member = memberFolder(run, key);
      const chosen = { factor: 'learningRate', value: 0.01, trials: 3, atEdge: true } as const;
      await writeMemberRecord(member, { ...present(await readMemberRecord(member)), tuned: chosen });
    }
  }
}
