/**
 * `import helm`: folders of HELM runs, each with per_instance_stats.json and run_spec.json; means are compared with
 * stats.json.
 */
import * as fs from 'node:fs/promises';
import * as path from 'node:path';
import * as z from 'zod';
import { present } from '../machine/present.js';
import { UsageError } from '../terminal/errors.js';
import { counted } from '../terminal/format.js';
import { chooseOne, refuseOtherMean } from './choose.js';
import { Collector } from './collector.js';
import { filesIn } from './files.js';
import { checked, type ImportedOutcomes } from './reader.js';
import { readJson } from './rows.js';

export interface HelmOptions {
  /** `test`, `valid`; default: the only one. */
  readonly split?: string | undefined;
  /** The metric that says whether an answer is right; default: exact_match. */
  readonly correct?: string | undefined;
  /** The metric that becomes the score; default: none. */
  readonly score?: string | undefined;
}

const statSchema = z.looseObject({
  name: z.looseObject({ name: z.string(), split: z.string().optional(), perturbation: z.unknown().optional() }),
  count: z.number().default(0),
  mean: z.number().optional(),
});
type Stat = z.output<typeof statSchema>;
const instancesSchema = z.array(
  z.looseObject({
    instance_id: z.string(),
    train_trial_index: z.int().min(0).default(0),
    perturbation: z.unknown().optional(),
    stats: z.array(statSchema),
  }),
);
const specSchema = z.looseObject({ name: z.string(), adapter_spec: z.looseObject({ model: z.string() }) });

const usualCorrect = 'exact_match';
const instancesFile = 'per_instance_stats.json';

/** Throws UsageError, one line, for the first problem. */
export async function readHelm(paths: readonly string[], options: HelmOptions): Promise<ImportedOutcomes> {
  const files = await filesIn(paths, (name) => name === instancesFile, `called ${instancesFile}`);
  const collector = new Collector();
  const sources: string[] = [];
  const notes: string[] = [];
  const splits = new Set<string>();
  let first: { readonly file: string; readonly scenario: string } | undefined;
  for (const file of files) {
    const specFile = path.join(path.dirname(file), 'run_spec.json');
    const spec = await readChecked(specSchema, specFile);
    // mmlu:subject=philosophy,method=...,model=openai_gpt2: the part that is the same for all models.
    const scenario = spec.name.replace(/([:,])model=[^,]*,?/, '$1').replace(/[:,]$/, '');
    first ??= { file: specFile, scenario };
    if (scenario !== first.scenario)
      throw new UsageError(
        `is from ${scenario}, but ${first.file} is from ${first.scenario}`,
        specFile,
        'import one scenario at a time',
      );
    sources.push(file, specFile);
    const stats = await readRun(file, { model: spec.adapter_spec.model, collector, options, notes, splits });
    if (stats !== undefined) sources.push(stats);
  }
  const { scenario } = present(first);
  const reading = {
    scenario,
    split: [...splits].sort().join(', '),
    correct: options.correct ?? usualCorrect,
    ...(options.score === undefined ? {} : { score: options.score }),
  };
  return { collector, files: sources, testSet: scenario.slice(0, 100), notes, reading };
}

async function readChecked<T>(schema: z.ZodType<T>, file: string): Promise<T> {
  return checked(schema, await readJson(file), { tool: 'HELM', where: file });
}

interface Reading {
  readonly model: string;
  readonly collector: Collector;
  readonly options: HelmOptions;
  readonly notes: string[];
  /** Those that were read. */
  readonly splits: Set<string>;
}

/** The file with the tool's own means, if there is one. */
async function readRun(
  file: string,
  { model, collector, options, notes, splits: read }: Reading,
): Promise<string | undefined> {
  const all = await readChecked(instancesSchema, file);
  const instances = all.filter(({ perturbation }) => perturbation === undefined || perturbation === null);
  if (instances.length < all.length)
    notes.push(`${file}: ${counted(all.length - instances.length, 'perturbed instance')} left out`);
  const correct = options.correct ?? usualCorrect;
  const splits = new Set(
    instances.flatMap(({ stats }) => ofMetric(stats, correct).map(({ name }) => name.split ?? 'none')),
  );
  if (splits.size === 0) throw new UsageError(`has no metric ${correct}`, file, 'name one with --correct');
  const split = chooseOne([...splits], { what: 'split', flag: '--split', asked: options.split, where: file });
  read.add(split);
  const severalTrials = instances.some(({ train_trial_index: trial }) => trial > 0);
  const names = [correct, ...(options.score === undefined ? [] : [options.score])];
  const sums = new Map(names.map((name) => [name, 0]));
  let count = 0;
  for (const [i, { instance_id: example, train_trial_index: trial, stats }] of instances.entries()) {
    const where = () => `${file}, entry ${i + 1}`;
    const of = (name: string) =>
      ofMetric(stats, name).find((stat) => (stat.name.split ?? 'none') === split && stat.count > 0)?.mean;
    const right = of(correct);
    // Belongs to another split.
    if (right === undefined) continue;
    if (right !== 0 && right !== 1)
      throw new UsageError(
        `${correct} is ${right}, but right or wrong must be 1 or 0`,
        where(),
        'name another with --correct',
      );
    const score = options.score === undefined ? undefined : of(options.score);
    if (options.score !== undefined && score === undefined)
      throw new UsageError(`has no metric ${options.score}`, where());
    const numbers = score === undefined ? {} : { score };
    collector.add({ model, seed: severalTrials ? trial : null, example, correct: right, numbers }, where);
    sums.set(correct, present(sums.get(correct)) + right);
    if (options.score !== undefined) sums.set(options.score, present(sums.get(options.score)) + present(score));
    count++;
  }
  return compareMeans(file, { sums, count, split });
}

function ofMetric(stats: readonly Stat[], metric: string): Stat[] {
  return stats.filter(
    ({ name }) => name.name === metric && (name.perturbation === undefined || name.perturbation === null),
  );
}

async function compareMeans(
  file: string,
  {
    sums,
    count,
    split,
  }: { readonly sums: ReadonlyMap<string, number>; readonly count: number; readonly split: string },
): Promise<string | undefined> {
  const statsFile = path.join(path.dirname(file), 'stats.json');
  if ((await fs.stat(statsFile).catch(() => undefined)) === undefined) return undefined;
  const stats = await readChecked(z.array(statSchema), statsFile);
  for (const [name, sum] of sums) {
    const reported = ofMetric(stats, name).find((stat) => (stat.name.split ?? 'none') === split)?.mean;
    refuseOtherMean({ name, mean: sum / count, reported }, { where: file, of: 'stats.json' });
  }
  return statsFile;
}
