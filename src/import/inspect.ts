/**
 * `import inspect`: logs of Inspect (inspect_ai), `.eval` archives (a JSON file for each sample, compressed with deflate or Zstandard) and
 * `.json` logs. Means are compared with the log's own accuracy.
 */
import * as path from 'node:path';
import * as z from 'zod';
import { openZip, unzip } from '../datasets/files/zip.js';
import { firstOf, present } from '../machine/present.js';
import { UsageError } from '../terminal/errors.js';
import { chooseOne, refuseOtherMean } from './choose.js';
import { Collector } from './collector.js';
import { filesIn } from './files.js';
import { checked, type ImportedOutcomes } from './reader.js';
import { parseLoose, readJson } from './rows.js';

export interface InspectOptions {
  /** Name of the scorer; default: the only one. */
  readonly scorer?: string | undefined;
  /** Name of the task; default: the only one. */
  readonly task?: string | undefined;
}

const headerSchema = z.looseObject({
  status: z.string().default('success'),
  eval: z.looseObject({
    task: z.string(),
    model: z.string(),
    packages: z.record(z.string(), z.string()).default({}),
  }),
  results: z
    .looseObject({
      scores: z
        .array(
          z.looseObject({
            name: z.string(),
            metrics: z.record(z.string(), z.looseObject({ value: z.unknown() })).default({}),
          }),
        )
        .default([]),
    })
    .nullish(),
});
type Header = z.output<typeof headerSchema>;
const sampleSchema = z.looseObject({
  id: z.union([z.string(), z.number()]),
  epoch: z.int().min(1).default(1),
  choices: z.array(z.unknown()).nullish(),
  target: z.unknown().optional(),
  scores: z.record(z.string(), z.looseObject({ value: z.unknown(), answer: z.unknown().optional() })).nullish(),
});
type Sample = z.output<typeof sampleSchema>;

interface Log {
  readonly file: string;
  readonly header: Header;
  readonly samples: readonly Sample[];
}

/** Throws UsageError, one line, for the first problem. */
export async function readInspect(paths: readonly string[], options: InspectOptions): Promise<ImportedOutcomes> {
  const files = await filesIn(paths, (name) => /\.(eval|json)$/.test(name), 'a log: .eval or .json');
  const logs: Log[] = [];
  for (const file of files) logs.push(file.endsWith('.eval') ? await readArchive(file) : await readLog(file));
  const tasks = [...new Set(logs.map(({ header }) => header.eval.task))];
  const task = chooseOne(tasks, { what: 'task', flag: '--task', asked: options.task, where: paths.join(', ') });
  const collector = new Collector();
  const choices = new Set<number>();
  const notes: string[] = [];
  const scorers = new Set<string>();
  const chosen = logs.filter(({ header }) => header.eval.task === task);
  for (const log of chosen) {
    if (log.header.status !== 'success') notes.push(`${path.basename(log.file)}: its status is ${log.header.status}`);
    addLog(log, { collector, choices, scorer: options.scorer, scorers });
  }
  const versions = [...new Set(chosen.flatMap(({ header }) => header.eval.packages['inspect_ai'] ?? []))];
  const [count] = choices;
  return {
    ...{ collector, testSet: task.slice(0, 100), notes },
    reading: { task, scorer: [...scorers].sort().join(', ') },
    files: chosen.map(({ file }) => file),
    version: versions.length === 1 ? firstOf(versions) : null,
    classes: choices.size === 1 && present(count) > 0 ? present(count) : null,
  };
}

function parsed<T>(schema: z.ZodType<T>, value: unknown, where: string): T {
  return checked(schema, value, { tool: 'Inspect', where });
}

async function readLog(file: string): Promise<Log> {
  const value = await readJson(file);
  const { samples } = parsed(z.looseObject({ samples: z.array(sampleSchema).nullish() }), value, file);
  return { file, header: parsed(headerSchema, value, file), samples: samples ?? [] };
}

/** The ratio is high because transcripts repeat themselves and compress well. */
const limits = { archiveBytes: 2e9, fileBytes: 1e9, totalBytes: 20e9, ratio: 1000, ratioFromBytes: 1e9 };

async function readArchive(file: string): Promise<Log> {
  const zip = await openZip(file, limits);
  const names = [...zip.entries.keys()].filter((name) => /^samples\/.*\.json$/.test(name));
  if (!zip.entries.has('header.json'))
    throw new UsageError(
      'has no header.json: the evaluation was not finished',
      file,
      'finish it, or export it as .json',
    );
  let header: Header | undefined;
  const samples: Sample[] = [];
  for await (const [name, bytes] of unzip(zip, ['header.json', ...names])) {
    if (typeof bytes === 'string') throw new UsageError(`${name} is ${bytes}`, file);
    const value = jsonOf(bytes, `${file}: ${name}`);
    if (name === 'header.json') header = parsed(headerSchema, value, `${file}: ${name}`);
    else samples.push(parsed(sampleSchema, value, `${file}: ${name}`));
  }
  return { file, header: present(header), samples };
}

function jsonOf(bytes: Uint8Array, where: string): unknown {
  try {
    return parseLoose(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch {
    throw new UsageError('is not JSON', where, 'the archive may be damaged');
  }
}

interface Adding {
  readonly collector: Collector;
  readonly choices: Set<number>;
  readonly scorer: string | undefined;
  /** Those that were read. */
  readonly scorers: Set<string>;
}

function addLog({ file, header, samples }: Log, { collector, choices, scorer: asked, scorers: read }: Adding): void {
  if (samples.length === 0) throw new UsageError('has no samples in it', file, 'log samples with --log-samples');
  const scorers = [...new Set(samples.flatMap(({ scores }) => Object.keys(scores ?? {})))];
  if (scorers.length === 0) throw new UsageError('none of its samples has a score', file);
  const scorer = chooseOne(scorers, { what: 'scorer', flag: '--scorer', asked, where: file });
  read.add(scorer);
  const severalEpochs = samples.some(({ epoch }) => epoch > 1);
  let sum = 0;
  for (const { id, epoch, choices: options, target, scores } of samples) {
    const where = () => `${file}, sample ${id}${severalEpochs ? `, epoch ${epoch}` : ''}`;
    const found = scores?.[scorer];
    if (found === undefined) throw new UsageError(`has no score of ${scorer}`, where());
    const correct = rightOf(found.value, where);
    const count = options?.length ?? 0;
    choices.add(count);
    const [label, predicted] = [letterOf(target, count), letterOf(found.answer, count)];
    collector.add(
      {
        model: header.eval.model,
        seed: severalEpochs ? epoch - 1 : null,
        example: String(id),
        correct,
        label,
        predicted,
      },
      where,
    );
    sum += correct;
  }
  const score = header.results?.scores.find(({ name }) => name === scorer);
  const reported = score?.metrics['accuracy']?.value;
  refuseOtherMean({ name: scorer, mean: sum / samples.length, reported }, { where: file, of: 'the log' });
}

/** Inspect's C, I and N (no answer), or 0 and 1; P, partly right, is neither. */
function rightOf(value: unknown, where: () => string): 0 | 1 {
  if (value === 'C' || value === 1 || value === true) return 1;
  if (value === 'I' || value === 'N' || value === 0 || value === false) return 0;
  throw new UsageError(
    `its score is ${JSON.stringify(value) as string | undefined}, which is neither right nor wrong`,
    where(),
  );
}

/** Index of a choice named by its letter, as a label; undefined for anything else. */
function letterOf(value: unknown, count: number): string | undefined {
  if (typeof value !== 'string' || !/^[A-Z]$/.test(value)) return undefined;
  const place = value.charCodeAt(0) - 65;
  return place < count ? String(place) : undefined;
}
