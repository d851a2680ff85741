/**
 * `import lm-eval`: EleutherAI's lm-evaluation-harness, `samples_TASK_TIME.jsonl` (written with --log_samples) beside
 * `results_TIME.json`. In multiple-choice tasks the log-likelihoods of the choices give their probabilities. The means
 * of the samples are compared with those the harness reports.
 */
import * as fs from 'node:fs/promises';
import * as path from 'node:path';
import * as z from 'zod';
import { firstOf, nth, present, zip } from '../machine/present.js';
import { UsageError } from '../terminal/errors.js';
import { condensed, counted } from '../terminal/format.js';
import { suggestion } from '../terminal/nearest.js';
import type { Row } from './batch.js';
import { refuseOtherMean } from './choose.js';
import { Collector } from './collector.js';
import { filesIn } from './files.js';
import { chooseMetrics, sampleOutcome, type AskedMetrics, type ChosenMetrics } from './lm-eval-sample.js';
import { checked, read, type ImportedOutcomes } from './reader.js';
import { placeIn, readJson, readRows } from './rows.js';
import { readName } from './values.js';

export interface LmEvalOptions extends AskedMetrics {
  /** Names of tasks, `*` for anything; default: the only one. */
  readonly task?: readonly string[] | undefined;
  /** Filter of answers, such as `strict-match`; default: the only one. */
  readonly filter?: string | undefined;
}

const samplesName = /^samples_(.+?)(?:_(\d{4}-\d{2}-\d{2}T[\d.:-]+))?\.jsonl$/;

const resultsSchema = z.looseObject({
  results: z.record(z.string(), z.record(z.string(), z.unknown())).default({}),
  configs: z
    .record(
      z.string(),
      z.looseObject({
        metric_list: z.array(z.looseObject({ metric: z.unknown(), aggregation: z.unknown().optional() })).optional(),
      }),
    )
    .default({}),
  config: z
    .looseObject({
      model_args: z.unknown().optional(),
      model_revision: z.unknown().optional(),
      model_num_parameters: z.number().nullish(),
    })
    .default({ model_args: undefined }),
  model_name: z.string().nullish(),
  lm_eval_version: z.string().nullish(),
  'n-samples': z.record(z.string(), z.looseObject({ effective: z.number() })).default({}),
});
type Results = z.output<typeof resultsSchema>;

interface SamplesFile {
  readonly file: string;
  readonly task: string;
  readonly results: { readonly file: string; readonly content: Results } | undefined;
}

/** Throws UsageError, one line, for the first problem. */
export async function readLmEval(paths: readonly string[], options: LmEvalOptions): Promise<ImportedOutcomes> {
  const samples = await findSamples(paths);
  const chosen = chooseTasks(samples, options.task ?? []);
  const tasks = [...new Set(chosen.map(({ task }) => task))];
  const reading: Reading = {
    collector: new Collector(),
    options,
    severalTasks: tasks.length > 1,
    filter: options.filter,
    correct: new Set(),
    choices: new Set(),
    unplaced: 0,
    notes: [],
  };
  const models = modelsOf(chosen);
  for (const [i, each] of chosen.entries()) await readSamples(each, nth(models, i), reading);
  const { collector, choices, notes, unplaced } = reading;
  if (unplaced > 0)
    notes.push(
      `${counted(unplaced, 'sample')} without a single true choice that agrees with acc: no probabilities for ${unplaced === 1 ? 'it' : 'them'}`,
    );
  const [count] = choices;
  const versions = [...new Set(chosen.flatMap(({ results }) => results?.content.lm_eval_version ?? []))];
  return {
    collector,
    version: versions.length === 1 ? firstOf(versions) : null,
    files: [
      ...new Set(chosen.flatMap(({ file, results }) => [file, ...(results === undefined ? [] : [results.file])])),
    ],
    testSet: tasks.length <= 3 ? tasks.join('+') : `${counted(tasks.length, 'task')} of lm-eval`,
    classes: choices.size === 1 ? present(count) : null,
    notes,
    reading: {
      task: tasks.toSorted().join(', '),
      filter: reading.filter ?? 'none',
      correct: [...reading.correct].sort().join(', '),
      ...(options.score === undefined ? {} : { score: options.score }),
    },
  };
}

async function findSamples(paths: readonly string[]): Promise<SamplesFile[]> {
  const files = await filesIn(paths, (name) => samplesName.test(name), 'called samples_TASK_TIME.jsonl');
  const read = new Map<string, Results>();
  const found: SamplesFile[] = [];
  for (const file of files) {
    const [, task = '', time] = samplesName.exec(path.basename(file)) ?? [];
    const results = await resultsBeside(file, time);
    if (results !== undefined && !read.has(results)) read.set(results, await readResults(results));
    found.push({
      file,
      task,
      results: results === undefined ? undefined : { file: results, content: present(read.get(results)) },
    });
  }
  return found;
}

/** The results file of the same time; if the time is unknown, the only one. */
async function resultsBeside(file: string, time: string | undefined): Promise<string | undefined> {
  const folder = path.dirname(file);
  const names = await fs.readdir(folder);
  const exact = time === undefined ? undefined : names.find((name) => name === `results_${time}.json`);
  const any = names.filter((name) => /^results.*\.json$/.test(name));
  const name = exact ?? (time === undefined && any.length === 1 ? any[0] : undefined);
  return name === undefined ? undefined : path.join(folder, name);
}

async function readResults(file: string): Promise<Results> {
  return checked(resultsSchema, await readJson(file), { tool: 'lm-eval', where: file });
}

function chooseTasks(samples: readonly SamplesFile[], asked: readonly string[]): readonly SamplesFile[] {
  const known = [...new Set(samples.map(({ task }) => task))];
  if (asked.length === 0) {
    if (known.length > 1)
      throw new UsageError(
        `there are ${known.length} tasks: ${condensed(known)}`,
        '--task',
        'name the one to import, or several: * matches anything',
      );
    return samples;
  }
  const patterns = asked.map((text) => {
    const pattern = new RegExp(
      `^${text
        .split('*')
        .map((part) => part.replaceAll(/[.+?^${}()|[\]\\]/g, '\\$&'))
        .join('.*')}$`,
    );
    if (!known.some((task) => pattern.test(task)))
      throw new UsageError(`there is no task ${text}`, '--task', suggestion(text, known));
    return pattern;
  });
  return samples.filter(({ task }) => patterns.some((pattern) => pattern.test(task)));
}

interface Reading {
  readonly collector: Collector;
  readonly options: LmEvalOptions;
  readonly severalTasks: boolean;
  /** The first one found, if none was asked for. */
  filter: string | undefined;
  /** The metrics that say what is right, by their names. */
  readonly correct: Set<string>;
  readonly choices: Set<number>;
  unplaced: number;
  readonly notes: string[];
}

async function readSamples(samples: SamplesFile, model: string, reading: Reading): Promise<void> {
  const { file, task, results } = samples;
  const parameters = results?.content.config.model_num_parameters;
  const coordinates = typeof parameters === 'number' && parameters > 0 ? { parameters } : {};
  const sums = new Map<string, number>();
  let metrics: ChosenMetrics | undefined;
  let count = 0;
  for await (const { rows, lines } of readRows(file)) {
    for (const [row, line] of zip(rows, lines)) {
      const where = placeIn(file, line);
      if (!isOfFilter(row, reading, where)) continue;
      metrics ??= chooseMetrics(row, reading.options, where);
      reading.correct.add(metrics.correct);
      const outcome = sampleOutcome(row, metrics, where);
      if (outcome.choices === 'unplaced') reading.unplaced++;
      else if (outcome.choices !== undefined) reading.choices.add(outcome.choices);
      const id = read(row, 'doc_id', where, readName);
      const example = reading.severalTasks ? `${task}:${id}` : id;
      const content = typeof row['doc_hash'] === 'string' ? row['doc_hash'] : undefined;
      reading.collector.add({ model, seed: null, example, coordinates, content, ...outcome.row }, () => where);
      for (const [name, value] of outcome.metrics) sums.set(name, (sums.get(name) ?? 0) + value);
      count++;
    }
  }
  if (count === 0) throw new UsageError(`has no samples of the filter ${reading.filter ?? ''}`, file);
  compareMeans(samples, { sums, count, filter: reading.filter ?? 'none', notes: reading.notes });
}

/** For a model on disk the last part of its path, unless two models share it: the rest depends on someone's machine. */
function modelsOf(samples: readonly SamplesFile[]): string[] {
  const full = samples.map(modelOf);
  const short = full.map((name) => (path.isAbsolute(name) ? path.basename(name) : name));
  return new Set(short).size === new Set(full).size ? short : full;
}

/**
 * The harness's name for it, else the folder's: newer versions make one for each model. A revision, such as a
 * checkpoint of Pythia's, is a model of its own: `EleutherAI/pythia-70m@step1000`.
 */
function modelOf({ file, results }: SamplesFile): string {
  const { model_name: name, config } = results?.content ?? {};
  const found = [name, argumentOf(config?.model_args, 'pretrained')].find(isName);
  const revision = [argumentOf(config?.model_args, 'revision'), config?.model_revision].find(isName);
  const model = found ?? path.basename(path.dirname(path.resolve(file))).replaceAll('__', '/');
  return revision === undefined || revision === 'main' ? model : `${model}@${revision}`;
}

const isName = (value: unknown): value is string => typeof value === 'string' && value !== '';

/** One of `pretrained=...,dtype=...`, which newer versions write as an object. */
function argumentOf(all: unknown, name: string): unknown {
  if (typeof all === 'string') {
    const own = all.split(',').find((each) => each.startsWith(`${name}=`));
    return own?.slice(name.length + 1);
  }
  return typeof all === 'object' && all !== null ? (all as Readonly<Record<string, unknown>>)[name] : undefined;
}

/** A task may have several filters for reading an answer: each sample appears once for each. */
function isOfFilter(row: Row, reading: Reading, where: string): boolean {
  const filter = typeof row['filter'] === 'string' ? row['filter'] : 'none';
  reading.filter ??= filter;
  if (filter === reading.filter) return true;
  if (reading.options.filter !== undefined) return false;
  throw new UsageError(`has answers of the filters ${reading.filter} and ${filter}`, where, 'choose one with --filter');
}

interface Means {
  readonly sums: ReadonlyMap<string, number>;
  readonly count: number;
  readonly filter: string;
  readonly notes: string[];
}

/** Metrics that the harness averages by default. */
const areMeans: ReadonlySet<string> = new Set(['acc', 'acc_norm', 'acc_mutual_info', 'exact_match']);

/** Throws UsageError if a mean of the samples differs from the one the harness reports for the same number of them. */
function compareMeans({ file, task, results }: SamplesFile, { sums, count, filter, notes }: Means): void {
  if (results === undefined) {
    notes.push(`${path.basename(file)} has no results file: its means cannot be checked`);
    return;
  }
  const { content, file: of } = results;
  const effective = content['n-samples'][task]?.effective;
  if (effective !== undefined && effective !== count) {
    notes.push(
      `${path.basename(file)} has ${count} of the ${effective} samples of ${path.basename(of)}: means are not checked`,
    );
    return;
  }
  const averaged = content.configs[task]?.metric_list?.flatMap(({ metric, aggregation }) => {
    const name = String(metric);
    return aggregation === 'mean' || name === 'brier_score' || (aggregation === undefined && areMeans.has(name))
      ? [name]
      : [];
  });
  for (const [name, sum] of sums) {
    const reported = content.results[task]?.[`${name},${filter}`];
    if (typeof reported !== 'number' || averaged?.includes(name) === false) continue;
    refuseOtherMean({ name, mean: sum / count, reported }, { where: file, of: path.basename(of) });
  }
}
