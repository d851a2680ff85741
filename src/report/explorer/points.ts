/** Everything a page can draw of a run: every member at each of its moments, whatever the report's curves show. */
import { defaultColumnsOf } from '../../analysis/defaults.js';
import { firstOf, nth } from '../../machine/present.js';
import { isImported } from '../../runs/imported.js';
import { readColumns } from '../../runs/load.js';
import { openRunFolder, testLosses } from '../../runs/open.js';
import type { LoadedMember, LoadedRun, OpenRun } from '../../runs/opened.js';
import { mean } from '../../statistics/mean.js';
import { coordinateValues, pointsAt, viewOf } from '../../runs/view.js';
import { unlessReported } from '../../terminal/errors.js';
import { axesOf, type Placing } from './places.js';
import type { PagePoint } from './compact.js';

export interface PagePoints {
  readonly points: readonly PagePoint[];
  readonly rowsAtMoments: Int32Array | undefined;
  readonly first: Placing;
  /** Members that could not be read. */
  readonly absent: readonly string[];
}

/** Mean losses of members, by what they were read as. */
export type MeanLosses = ReadonlyMap<LoadedMember['record'], number>;

/**
 * @param runs the report's curves of one run: one, or one for each value of a factor
 * @param losses on all rows, of members that need not be read again; default: of none
 */
export async function pagePoints(runs: readonly LoadedRun[], losses: MeanLosses = new Map()): Promise<PagePoints> {
  const run = firstOf(runs);
  if (isImported(run.record)) {
    const first: Placing = { axis: run.words.axis, per: '', at: undefined, where: {} };
    return { points: runs.flatMap(({ members }) => members), rowsAtMoments: undefined, first, absent: [] };
  }
  const every = await everyMoment(run, knownMembers(runs, losses));
  return { ...every, first: firstPlacing(runs, every.points) };
}

interface KnownMember {
  readonly outcomes: LoadedMember['outcomes'];
  readonly loss: number;
}

/** Members at the end of training that are in memory, by folder. */
function knownMembers(runs: readonly LoadedRun[], losses: MeanLosses): ReadonlyMap<string, KnownMember> {
  const known = new Map<string, KnownMember>();
  for (const { members, rows } of runs) {
    for (const { record, outcomes } of rows === undefined ? members : []) {
      const loss = losses.get(record);
      if (loss !== undefined && record.moment === undefined && record.probe === undefined)
        known.set(record.folder, { outcomes, loss });
    }
  }
  return known;
}

async function everyMoment(
  run: LoadedRun,
  known: ReadonlyMap<string, KnownMember>,
): Promise<Omit<PagePoints, 'first'>> {
  // Members with a different number of classes have different test sets, so `classes` stays held.
  const { classes } = run.held;
  const probe = isImported(run.record) ? undefined : run.record.probe;
  const all = await openRunFolder(run.folder, {
    all: true,
    probe,
    ...(classes === undefined ? {} : { where: { classes } }),
  });
  const ends = all.complete.filter(({ moment }) => moment === undefined);
  const ofClasses = new Set(ends.map(({ coordinates }) => coordinates['classes'])).size;
  const moments = ofClasses > 1 ? [] : all.complete.filter(({ moment }) => moment !== undefined);
  if (probe === undefined && ofClasses <= 1 && moments.length === 0 && ends.every(({ folder }) => known.has(folder))) {
    const points = ends.map((record) => {
      const { outcomes, loss } = known.get(record.folder)!;
      return withLoss({ record, folder: record.folder, outcomes }, loss);
    });
    return { points, rowsAtMoments: undefined, absent: [] };
  }
  const keys = ['example', 'label', 'log_probability'] as const;
  const needed = [...new Set([...defaultColumnsOf(all), ...keys])].filter((name) => all.columns.includes(name));
  const read = await readColumns({ ...all, complete: ends, absent: [] }, needed);
  // A probe's own outcomes do not include the test loss.
  const losses = probe === undefined ? undefined : await lossesOf(run.folder, { all, members: [...ends, ...moments] });
  const lossAt = (member: LoadedMember, rows?: Int32Array) =>
    losses === undefined ? meanLoss(member, rows) : losses.get(member.record);
  if (moments.length === 0)
    return {
      points: read.members.map((member) => withLoss(member, lossAt(member))),
      rowsAtMoments: undefined,
      absent: read.absent,
    };
  const ofTraining = (['correct', 'log_probability', 'mse'] as const).filter((name) => needed.includes(name));
  const during = await readColumns({ ...all, complete: moments, absent: [] }, ofTraining);
  return {
    points: [
      ...read.members.map((member) => withLoss(member, lossAt(member, during.rows))),
      ...during.members.map((member) => withLoss(member, lossAt(member))),
    ],
    rowsAtMoments: during.rows,
    absent: [...read.absent, ...during.absent],
  };
}

type Losses = ReadonlyMap<LoadedMember['record'], number | undefined>;

/** Test losses of a probe's members; none if some can't be read, in which case the probe is shown without them. */
async function lossesOf(
  folder: string,
  { all, members }: { readonly all: OpenRun; readonly members: OpenRun['complete'] },
): Promise<Losses> {
  return (await unlessReported(testLosses(members, { folder, columns: all.columns }))) ?? new Map();
}

/** The mean of what training minimises, as for `--axis loss`: over the rows that moments also have. */
export function meanLoss(
  { outcomes }: Pick<LoadedMember, 'outcomes'>,
  rows: Int32Array | undefined,
): number | undefined {
  const values = outcomes.mse ?? outcomes.log_probability;
  if (values === undefined) return undefined;
  const shared = rows === undefined ? values : Float32Array.from(rows, (row) => nth(values, row));
  return Math.abs(mean(shared));
}

function withLoss({ record, outcomes }: LoadedMember, loss: number | undefined): PagePoint {
  if (loss === undefined) return { record, outcomes };
  return { record: { ...record, coordinates: { ...record.coordinates, loss } }, outcomes };
}

/** The placing that gives the report's own curves. */
function firstPlacing(runs: readonly LoadedRun[], points: readonly PagePoint[]): Placing {
  const { record, words, members, held, curve } = firstOf(runs);
  if (isImported(record)) throw new Error('imported members have no factors');
  const experiment = record.experiment;
  const placeable = { members: points.map((point) => point.record), experiment, words, count: 0, countAtMoments: 0 };
  const asked = words.isCoordinate ? words.scale : undefined;
  const { key, axis } = axesOf(placeable).find((each) => each.axis === asked) ?? firstOf(axesOf(placeable));
  const drawn = coordinateValues(
    'steps',
    members.map((member) => member.record),
  );
  // The moment is named only if leaving it out would give different points.
  const without = pointsAt(placeable.members, { axis }).filter(({ coordinates }) =>
    Object.entries(held).every(([factor, value]) => coordinates[factor] === value),
  );
  const isNamed = drawn.length === 1 && without.some(({ coordinates }) => coordinates['steps'] !== drawn[0]);
  const at = isNamed ? drawn[0] : undefined;
  const usual = viewOf({ experiment }, pointsAt(placeable.members, { axis, at }), { axis }).held;
  const where = Object.entries(held).filter(([factor, value]) => factor !== curve?.factor && usual[factor] !== value);
  return { axis: key, per: curve?.factor ?? '', at, where: Object.fromEntries(where) };
}
