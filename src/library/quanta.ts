/** At which scale each test example turns from failed to solved: one sigmoid for all, or a sum of many. */
import { cutoffFor } from '../analysis/defaults.js';
import { learningOf, type Learning } from '../analysis/learning.js';
import { analyseTurns as quantaOf, type Quanta } from '../analysis/quanta.js';
import type { SolvedMember } from '../analysis/example-turns.js';
import { allAt, firstOf, lastOf, present } from '../machine/present.js';
import { clustersOf, type Clusters } from '../metrics/clusters.js';
import { isImported, kindOf } from '../runs/imported.js';
import { outcomesFile } from '../runs/read-member.js';
import type { LoadedMember, LoadedRun, OpenRun } from '../runs/opened.js';
import type { OutcomeName } from '../runs/outcomes.js';
import { stepOf, trainingsOf } from '../runs/trainings.js';
import { RunError, UsageError } from '../terminal/errors.js';
import { openRun, readRun, track, type RunLike, type RunOptions } from './run-and-metrics.js';

export interface QuantaOptions extends RunOptions {
  /**
   * For autoencoders: an image is solved if its squared error per pixel is below this. Default: chosen from the widest
   * member.
   */
  readonly cutoff?: number | undefined;
  /** Share of a width's seeds that may disagree with the others; default: 0.2. */
  readonly tolerance?: number | undefined;
}

export interface FamilyQuanta extends Quanta {
  readonly run: LoadedRun;
  /** The meaning of solved: `right`, `squared error per pixel below 0.02`. */
  readonly solved: string;
  /** For autoencoders. */
  readonly cutoff: number | undefined;
  /** The units of the test set that are resampled. */
  readonly clusters: Clusters | undefined;
  /** Along training (`--axis steps` and moments): when examples are learnt, forgotten, and which together. */
  readonly learning: Learning | undefined;
}

/**
 * Turns, how sharp they are, and fits of one sigmoid and of sums of several to the whole.
 *
 * @example
 *     const { turns, grid } = await quanta('lenet-mnist');
 *     turns.never.filter(Boolean).length / grid.examples;
 *
 * @throws UsageError on a cutoff that does not fit the run or its data; RunError if no seed has all widths complete, or
 * outcomes do not belong together
 */
export async function quanta(run: RunLike, options: QuantaOptions = {}): Promise<FamilyQuanta> {
  const open = await openRun(run, options);
  const isAutoencoder = kindOf(open.record) === 'reconstruction';
  if (options.cutoff !== undefined && !isAutoencoder) refuseCutoff(open);
  const keys = keyColumns.filter((name) => open.columns.includes(name));
  const losses = isAutoencoder ? [] : (['log_probability'] as const).filter((name) => open.columns.includes(name));
  const loaded = await readRun(open, [...keys, ...losses, isAutoencoder ? 'mse' : 'correct'], options);
  const { members, record } = loaded;
  refuseOtherExamples(members);
  const cutoff = isAutoencoder ? cutoffOf(members, options) : undefined;
  const solved = members.map((member) => solvedBy(member, cutoff));
  refusePartialSeeds(loaded);
  // If the number of choices is unknown, guessing is left out of the fits.
  const { classes } = record.dataset;
  const differ = new Set(members.map((member) => member.record.coordinates['classes'])).size > 1;
  if (differ && !isImported(record))
    throw new UsageError(
      'its members distinguish different numbers of classes, so their chance levels differ',
      record.name,
      'hold them with --where classes=VALUE, or give --curve-per classes',
    );
  const chance = isAutoencoder || classes === null ? 0 : 1 / classes;
  if (classes === null) options.note?.('note: guessing is not modelled, because the number of choices is unknown');
  const clusters = clustersIn(members);
  const tolerance = options.tolerance === undefined ? {} : { tolerance: options.tolerance };
  const found = await track(options, 'fits', (onFit) =>
    track(options, 'permutations, at most', (onStep) =>
      quantaOf(solved, { ...tolerance, clusters, chance, onFit, onStep }),
    ),
  );
  const meaning = cutoff === undefined ? 'right' : `squared error per pixel below ${cutoff}`;
  return { ...found, run: loaded, solved: meaning, cutoff, clusters, learning: learningIn(members, solved) };
}

/** Undefined unless the members are moments of trained models that all have the same moments. */
function learningIn(members: readonly LoadedMember[], solved: readonly SolvedMember[]): Learning | undefined {
  if (members.every(({ record }) => record.moment === undefined)) return undefined;
  const trainings = trainingsOf(members);
  const stepsIn = (places: readonly number[]) => allAt(members, places).map(stepOf);
  const steps = stepsIn(firstOf(trainings));
  if (trainings.some((places) => stepsIn(places).join() !== steps.join())) return undefined;
  const lossOf = ({ outcomes: { mse, log_probability: logs } }: LoadedMember) => mse ?? logs?.map((value) => -value);
  return learningOf(
    trainings.map((places) => {
      const losses = allAt(members, places).map(lossOf);
      return {
        solved: allAt(solved, places).map((member) => member.solved),
        losses: losses.every((each) => each !== undefined) ? losses : undefined,
      };
    }),
    steps,
  );
}

/** Columns that identify the example of a row. */
const keyColumns = ['example', 'sequence', 'position', 'label'] as const satisfies readonly OutcomeName[];

function refuseCutoff({ record }: OpenRun): never {
  throw new UsageError(
    `${isImported(record) ? 'an imported member' : `a ${record.experiment.arch}`} does not use one: its examples are right or wrong`,
    '--cutoff',
    'leave it out',
  );
}

/** Rows are compared across members, so they must be the same examples in the same order. */
function refuseOtherExamples(members: readonly LoadedMember[]): void {
  const first = firstOf(members);
  for (const name of keyColumns) {
    const expected = first.outcomes[name];
    for (const { record, outcomes } of members.slice(1)) {
      const found = outcomes[name];
      if (expected?.length !== found?.length || expected?.some((value, i) => value !== present(found)[i]) === true)
        throw new RunError(
          `column ${name} differs from that of ${outcomesFile(first.record)}: not the same test examples`,
          outcomesFile(record),
        );
    }
  }
}

/**
 * The given cutoff, if it separates the examples of some member; without one, a cutoff that most images of the widest
 * member stay below.
 */
function cutoffOf(members: readonly LoadedMember[], { cutoff: given, note }: QuantaOptions): number {
  let [least, most] = [Infinity, -Infinity];
  for (const { outcomes } of members) {
    for (const value of present(outcomes.mse)) {
      least = Math.min(least, value);
      most = Math.max(most, value);
    }
  }
  const { width } = lastOf(members).record;
  const widest = members.filter(({ record }) => record.width === width);
  const cutoff = given ?? cutoffFor(widest.map(({ outcomes }) => present(outcomes.mse)));
  if (cutoff > least && cutoff <= most) {
    if (given === undefined)
      note?.(
        `cutoff ${cutoff}, chosen as the smallest of 1, 2 and 5 times a power of ten that 9 in 10 images of width ${width} are below; --cutoff sets another`,
      );
    return cutoff;
  }
  const all = cutoff > most ? 'every image of every member is below' : 'no image of any member is below';
  throw new UsageError(
    `${cutoff}${given === undefined ? ' (chosen)' : ''}: ${all}`,
    '--cutoff',
    `squared errors of this run go from ${least.toPrecision(3)} to ${most.toPrecision(3)}`,
  );
}

function solvedBy({ record, outcomes }: LoadedMember, cutoff: number | undefined): SolvedMember {
  const { width, seed, parameters } = record;
  const solved =
    cutoff === undefined
      ? Uint8Array.from(present(outcomes.correct))
      : Uint8Array.from(present(outcomes.mse), (error) => Number(error < cutoff));
  return { width, seed, parameters, solved };
}

function refusePartialSeeds({ members, folder, words }: LoadedRun): void {
  const widths = new Set(members.map(({ record }) => record.width)).size;
  const perSeed = new Map<number, number>();
  for (const { record } of members) perSeed.set(record.seed, (perSeed.get(record.seed) ?? 0) + 1);
  if (Math.max(...perSeed.values()) === widths) return;
  throw new RunError(
    `no seed of this run is complete at every ${words.noun}`,
    folder,
    words.isImported ? 'import the others too' : 'finish training first',
  );
}

function clustersIn(members: readonly LoadedMember[]): Clusters | undefined {
  const { outcomes } = firstOf(members);
  return clustersOf(outcomes, outcomes.sequence === undefined ? 'images' : 'sequences');
}
