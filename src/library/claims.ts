/** Claims about what a run will show, sealed before it starts, and whether they held. */
import { claimText, judge, parseClaim, quantities, usualClaims, type JudgedClaim } from '../analysis/claims.js';
import { defaultColumnsOf, defaultInduced, defaultMetrics } from '../analysis/defaults.js';
import { predictionNeeds } from '../analysis/independence.js';
import { compareSharpness, type Sharpness } from '../analysis/sharpness.js';
import type { Dataset } from '../datasets/dataset.js';
import { loadDataset } from '../datasets/index.js';
import { probesOf } from '../datasets/probes.js';
import { lengthOf } from '../experiment/length.js';
import { loadExperiment, type ExperimentFile } from '../experiment/load.js';
import { parseTrainOptions, runNameOf } from '../experiment/options.js';
import { momentsOf } from '../experiment/moments.js';
import { keyOfOption, type Experiment } from '../experiment/schema.js';
import { commandLine } from '../machine/installation.js';
import { present } from '../machine/present.js';
import { gitCommit, packageVersions } from '../machine/version.js';
import { parseMetric } from '../metrics/index.js';
import { locateClaims, whyClaimsVoid, writeClaims, type ClaimFile } from '../runs/claims.js';
import { checkpoints, runNames } from '../runs/locate.js';
import { factorsOf } from '../runs/coordinates.js';
import { shownFile } from '../runs/outcomes.js';
import { digestOfRun, trainingOf } from '../runs/record.js';
import { membersOf, readRunRecord, runFolder } from '../runs/run.js';
import { alongTraining, coordinateValues, pointsAt, viewOf } from '../runs/view.js';
import { RunError, UsageError } from '../terminal/errors.js';
import type { OpenRun } from '../runs/opened.js';
import {
  drawsOf,
  metricFor,
  openRun,
  readRun,
  refuseName,
  refuseSame,
  trainedRecord,
  type RunOptions,
} from './run-and-metrics.js';

export interface ClaimOptions extends RunOptions {
  /** What will be trained: a file, or the name of a shipped experiment. */
  readonly experiment: string;
  /** The name of the run that will be trained; default: the experiment's. */
  readonly run?: string | undefined;
  /** Default: the pilot's. */
  readonly standard?: string | undefined;
  /** Default: as chosen on the pilot. */
  readonly induced?: string | undefined;
  /** Such as `ratio.lower > 3`, which is the default. */
  readonly claims?: readonly string[] | undefined;
  /** Name of the claims; default: the run's. */
  readonly name?: string | undefined;
  /** Bootstrap draws of the intervals; default: 2000. */
  readonly draws?: number | undefined;
}

export interface SealedClaims {
  readonly claim: ClaimFile;
  readonly file: string;
}

/**
 * Writes claims about a run that has not started, based on a pilot run, to a tamper-evident file.
 *
 * @example
 *     const { claim } = await sealClaims('lenet-mnist', { experiment: 'lenet-figure-10', claims: ['ratio.lower > 3'] });
 *     claim.digest.length;
 *
 * @throws UsageError for a run that has begun, a pilot of another architecture, seeds whose results are already known
 */
export async function sealClaims(pilotName: string, options: ClaimOptions): Promise<SealedClaims> {
  const { root = checkpoints, claims: given = [] } = options;
  const draws = drawsOf(options, 2000);
  const claims = (given.length === 0 ? usualClaims : given).map((text) => claimText(parseClaim(text)));
  const [standardId, inducedId] = (['standard', 'induced'] as const).map((key) => {
    const text = options[key];
    return text === undefined ? undefined : parseMetric(text, `--${key}`).id;
  });
  const file = await loadExperiment(options.experiment);
  const run = present(runNameOf({ run: options.run }, file));
  const name = options.name ?? run;
  refuseName(name, '--name');
  const { experiment } = parseTrainOptions({}, { file });
  if ((await readRunRecord(runFolder(root, run))) !== undefined)
    throw new UsageError(`run "${run}" already exists`, '--run', 'claims must be made before the run starts');
  const open = await openRun(pilotName, { ...options, axis: undefined, where: undefined, at: undefined, all: 'ends' });
  const pilotRecord = trainedRecord(open, 'claims need a family that the lab trains');
  for (const key of ['standard', 'induced'] as const) await metricFor(open, options[key], {}, `--${key}`);
  if (pilotRecord.experiment.arch !== experiment.arch)
    throw new UsageError(`is a pilot for ${pilotRecord.experiment.arch}, not for ${experiment.arch}`, pilotName);
  const known = experiment.seeds.filter((seed) => pilotRecord.experiment.seeds.includes(seed));
  if (known.length > 0) throw seenSeeds(`seeds ${known.join(', ')} were used in the pilot`, file);
  const dataset = await loadDataset(experiment.dataset, experiment);
  refuseView(experiment, dataset, options);
  const view = sealedView(options);
  const digest = digestOfRun({ experiment, dataset, eager: false });
  await refuseSeen(root, { experiment, dataset, file });
  const pilot = await readRun(open, defaultColumnsOf(open), options);
  const chosen =
    standardId === undefined || inducedId === undefined ? await metricsOfPilot(open, pilotName, options) : undefined;
  const standard = standardId ?? present(chosen).standard;
  const induced = inducedId ?? present(chosen).induced;
  refuseSame({ id: standard }, { id: induced });
  const content: Omit<ClaimFile, 'digest'> = {
    ...{ format: view === undefined ? 1 : 2, kind: 'claim', name, sealed: new Date().toISOString() },
    ...{ lab: packageVersions().lab, gitCommit: gitCommit() },
    pilot: {
      run: pilot.record.name,
      evidence: pilot.members.map(({ record }) => ({
        member: record.id,
        outcomes: present(record.files[shownFile(record)]),
      })),
    },
    ...(view === undefined ? {} : { view }),
    ...{ run, experiment, experimentDigest: digest },
    ...{ standard, induced, draws, claims },
  };
  const written = await writeClaims(pilot.folder, content);
  return { claim: { ...content, digest: written.digest }, file: written.file };
}

/** Chosen on the pilot's curves: along the claimed axis if the pilot has it, otherwise along its own. */
async function metricsOfPilot(ends: OpenRun, pilot: string, { root, axis, where = {}, probe }: ClaimOptions) {
  const differs = (key: string) => coordinateValues(key, ends.complete).length > 1;
  const { experiment } = trainedRecord(ends, 'claims need a family that the lab trains');
  const isOnCurve = (key: string) => differs(key) || (experiment.moments !== undefined && alongTraining.includes(key));
  const over = axis !== undefined && isOnCurve(keyOfOption(axis)) ? { axis } : {};
  const held = Object.entries(where).filter(
    ([key, value]) => differs(key) && coordinateValues(key, ends.complete).includes(value),
  );
  const curves = await openRun(pilot, { root, ...over, where: Object.fromEntries(held), probe });
  const { record, members } = await readRun(curves, defaultColumnsOf(curves));
  return {
    standard: defaultMetrics(record, members).standard.id,
    induced: defaultInduced(record, members).metric.id,
  };
}

/** What a file says about the curves of its claims; undefined for the run's usual curves at the end of training. */
function sealedView({ axis, where, at, probe }: ClaimOptions): ClaimFile['view'] {
  if ([axis, where, at, probe].every((value) => value === undefined)) return undefined;
  const key = axis === undefined ? undefined : keyOfOption(axis);
  // Without options that were left out.
  return JSON.parse(JSON.stringify({ axis: key, where, at, probe })) as ClaimFile['view'];
}

/**
 * Throws UsageError for an axis, a factor, a step or a probe that the run will not have, and for an axis with one
 * value.
 */
function refuseView(experiment: Experiment, dataset: Dataset, view: ClaimOptions): void {
  const { probe, at } = view;
  if (probe !== undefined && !probesOf(experiment.probe).some((name) => name === probe))
    throw new UsageError(`the experiment has no probe ${probe}`, '--probe', `train it with --probe ${probe}`);
  const points = membersOf(experiment).flatMap((key) => {
    const counts = { trainCount: dataset.train.count, trainCounts: [...dataset.classCounts.train] };
    const { experiment: own, trainCount } = trainingOf({ experiment, dataset: counts }, key);
    const { steps } = lengthOf(own, trainCount);
    const factors = { width: key.width, ...factorsOf(own, { ...dataset, trainCount }) };
    return [...momentsOf(experiment.moments, steps), steps].map((step) => ({
      ...{ seed: key.seed, trained: { steps }, moment: step === steps ? undefined : step },
      coordinates: { ...factors, steps: step },
    }));
  });
  const shown = pointsAt(points, view);
  if (shown.length === 0)
    throw new UsageError(
      `no member will have outcomes after step ${present(at)}`,
      '--at',
      `there will be ${coordinateValues('steps', points).join(', ')}`,
    );
  const { coordinate = 'width', members } = viewOf({ experiment }, shown, view);
  // Sizes and losses are not known here.
  if (members.every(({ coordinates }) => coordinate in coordinates) && coordinateValues(coordinate, members).length < 2)
    throw new UsageError(
      `the run will have one value of ${coordinate}, but a curve needs two`,
      '--axis',
      'give another, or claim an experiment with more',
    );
}

interface Claimed {
  readonly experiment: Experiment;
  readonly dataset: Pick<Dataset, 'fingerprint'>;
  readonly file: ExperimentFile;
}

/** Throws UsageError if another run has members of the same experiment with one of the seeds, whatever their widths. */
async function refuseSeen(root: string, { experiment, dataset, file }: Claimed): Promise<void> {
  const claimed = trainingsOf({ experiment, dataset, eager: false });
  for (const other of await runNames(root)) {
    // An unreadable record is no reason not to seal.
    const record = await readRunRecord(runFolder(root, other)).catch(() => undefined);
    const seen = experiment.seeds.filter((seed) => record?.experiment.seeds.includes(seed));
    if (record !== undefined && seen.length > 0 && trainingsOf(record).some((digest) => claimed.includes(digest)))
      throw seenSeeds(`the run ${other} has the same experiment, with seeds ${seen.join(', ')}`, file);
  }
}

/** Digests of a run's trainings, which differ in its further factors. */
function trainingsOf(run: Parameters<typeof digestOfRun>[0]): string[] {
  const { widths, seeds } = run.experiment;
  const first = { ...run.experiment, seeds: seeds.slice(0, 1) };
  const keys = membersOf(run.experiment.zip === true ? first : { ...first, widths: widths.slice(0, 1) });
  return [...new Set(keys.map((key) => digestOfRun(run, key)))];
}

function seenSeeds(what: string, file: ExperimentFile): UsageError {
  return new UsageError(what, file.path, 'claims must be about unused seeds: give others');
}

export interface ScoredClaims {
  readonly claim: ClaimFile;
  readonly judged: readonly JudgedClaim[];
  readonly sharpness: Sharpness;
}

/** Checks sealed claims against the run that was trained since. Throws RunError if they are void. */
export async function scoreClaims(name: string, options: RunOptions = {}): Promise<ScoredClaims> {
  const { root = checkpoints } = options;
  const read = await locateClaims(name, root);
  const { claim } = read;
  if ((await readRunRecord(runFolder(root, claim.run))) === undefined)
    throw new UsageError(`the run ${claim.run} is not trained yet`, claim.name, 'train it, then score');
  const folder = runFolder(root, claim.run);
  // Another run than the claimed one need not have their axis, nor their probe.
  const ends = await openRun(folder, { all: 'ends' });
  const record = trainedRecord(ends, 'claims need a family that the lab trains');
  const trained = ends.complete.flatMap((member) => member.trained ?? []);
  const reasons = whyClaimsVoid(read, record, trained);
  if (reasons.length > 0) throw new RunError(`void and not judged: ${reasons.join('; ')}`, claim.name);
  const open = await openRun(folder, { ...options, ...claim.view });
  const [standard, induced] = [parseMetric(claim.standard, name), parseMetric(claim.induced, name)];
  const columns = [...standard.needs, ...induced.needs, ...(predictionNeeds(induced) ?? [])];
  const { members, absent } = await readRun(open, columns, options);
  if (absent.length > 0)
    throw new UsageError(
      `${absent.length} of ${membersOf(record.experiment).length} members of ${claim.run} are missing`,
      claim.name,
      commandLine(`train --run ${claim.run}`),
    );
  const families = { standard: { metric: standard }, induced: { metric: induced }, members };
  const sharpness = compareSharpness({ ...families, draws: claim.draws });
  const judged = claim.claims.map((text) => judge(parseClaim(text, claim.name), sharpness));
  return { claim, judged, sharpness };
}

/** What claims can be about. */
export function listClaimQuantities(): Readonly<Record<string, string>> {
  return quantities;
}
