/** Lists of runs, metrics, experiments, datasets and published curves. */
import { present } from '../machine/present.js';
import { checkpoints } from '../runs/locate.js';
import * as fs from 'node:fs/promises';
import * as path from 'node:path';
import { readNaturalCurves, type NaturalFile } from '../analysis/natural.js';
import { fetchCommand } from '../datasets/files/known.js';
import { parseDatasetName } from '../datasets/index.js';
import { datasetStatuses as statuses, type DatasetStatus } from '../datasets/list.js';
import { parseExperiment } from '../experiment/load.js';
import { resolveExperiment } from '../experiment/schema.js';
import { headerOf, shippedFile, shippedNames } from '../experiment/shipped.js';
import { jobsAtAGlance } from '../launch/state.js';
import { dataFolder } from '../machine/folders.js';
import { exampleOf } from '../metrics/index.js';
import { summariseRuns as summaries, type RunSummary } from '../runs/inventory.js';
import { registryOf, type MetricOptions, type RunOptions } from './run-and-metrics.js';

export interface ListRunsOptions extends Pick<RunOptions, 'root'> {
  /** Read every file and compare it with its hash, instead of only checking that it exists. */
  readonly verify?: boolean | undefined;
}

/**
 * Every run below a folder: members, status, size on disk, and what is missing.
 *
 * @example
 *     const runs = await listRuns();
 *     runs.map(({ name, status }) => `${name} is ${status}`);
 */
export function listRuns({ root = checkpoints, verify = false }: ListRunsOptions = {}): Promise<RunSummary[]> {
  return summaries(root, verify ? 'hashes' : 'presence', jobsAtAGlance());
}

/**
 * Every metric, without its functions.
 *
 * @example
 *     const metrics = await listMetrics();
 *     metrics.filter(({ kind }) => kind === 'thresholded').map(({ name }) => name);
 */
export async function listMetrics(options: Pick<MetricOptions, 'metricFile'> = {}) {
  return Object.values(await registryOf(options)).map((metric) => {
    const { name, kind, better, unit, units, formula, source, parameters } = metric;
    const known = Object.keys(parameters.shape);
    return { name, example: exampleOf(metric), parameters: known, kind, better, unit, units, formula, source };
  });
}

export interface ShippedExperiment {
  readonly name: string;
  readonly file: string;
  readonly arch: string;
  readonly dataset: string;
  readonly widths: readonly number[];
  readonly seeds: readonly number[];
  readonly what: string;
  /** How long it takes, and on what. */
  readonly takes: string;
  readonly shows: string;
  /** The command to run first if the dataset has to be downloaded; null if it is included. */
  readonly fetch: string | null;
}

/**
 * The experiments that come with the lab.
 *
 * @example
 *     const experiments = await listExperiments();
 *     experiments.map(({ name, what }) => `${name}: ${what}`);
 */
export async function listExperiments(): Promise<ShippedExperiment[]> {
  return Promise.all((await shippedNames()).map(described));
}

async function described(name: string): Promise<ShippedExperiment> {
  const file = present(await shippedFile(name));
  const text = await fs.readFile(file, 'utf8');
  const { arch, dataset, widths, seeds } = resolveExperiment(parseExperiment(text, file).values);
  const isDownloaded = parseDatasetName(dataset).source.files?.kind === 'downloaded';
  const fetch = isDownloaded ? fetchCommand(dataset, dataFolder()) : null;
  return { name, file, arch, dataset, widths, seeds, ...headerOf(text), fetch };
}

/**
 * Every dataset: whether it is installed, and how to get it.
 *
 * @example
 *     const datasets = await listDatasets();
 *     datasets.filter(({ here }) => here).map(({ name }) => name);
 */
export function listDatasets({ dataDir = dataFolder() }: { readonly dataDir?: string | undefined } = {}): Promise<
  DatasetStatus[]
> {
  return statuses(path.resolve(dataDir));
}

/**
 * Published curves of a CSV file, or of a shipped one.
 *
 * @example
 *     const { curves } = await listNaturalCurves('overlay');
 *     curves.map(({ name }) => name);
 */
export function listNaturalCurves(file: string): Promise<NaturalFile> {
  return readNaturalCurves(file, 'natural list');
}
