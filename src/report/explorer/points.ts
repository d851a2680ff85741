/** All that a page draws of a run: every member at each of its moments, whatever the report's curves are of. */
import { defaultColumnsOf } from '../../analysis/defaults.js';
import { nth } from '../../machine/present.js';
import { isImported } from '../../runs/imported.js';
import { readColumns } from '../../runs/load.js';
import { openRunFolder } from '../../runs/open.js';
import type { LoadedRun } from '../../runs/opened.js';
import { viewOf } from '../../runs/view.js';
import { axesOf, type Placing } from './places.js';
import type { PagePoint } from './compact.js';

export interface PagePoints {
  readonly points: readonly PagePoint[];
  readonly rowsAtMoments: Int32Array | undefined;
  readonly first: Placing;
  /** Members that could not be read. */
  readonly absent: readonly string[];
}

/** `runs` are the report's curves of one run: one, or one for each value of a factor. */
export async function pagePoints(runs: readonly LoadedRun[]): Promise<PagePoints> {
  const run = nth(runs, 0);
  if (isImported(run.record)) {
    const first: Placing = { axis: run.words.axis, per: '', at: undefined, where: {} };
    return { points: run.members, rowsAtMoments: undefined, first, absent: [] };
  }
  const { points, rowsAtMoments, absent } = await everyMoment(run);
  return {
    // A probe's outcomes do not tell the test loss.
    points: run.record.probe === undefined ? points.map(withLoss) : points,
    rowsAtMoments,
    first: firstOf(runs, points),
    absent,
  };
}

async function everyMoment(run: LoadedRun): Promise<Omit<PagePoints, 'first'>> {
  // Members of other classes have other test sets, so that those that are held stay.
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
  const keys = ['example', 'label', 'log_probability'] as const;
  const needed = [...new Set([...defaultColumnsOf(all), ...keys])].filter((name) => all.columns.includes(name));
  const read = await readColumns({ ...all, complete: ends, absent: [] }, needed);
  if (moments.length === 0) return { points: read.members, rowsAtMoments: undefined, absent: read.absent };
  const ofTraining = (['correct', 'log_probability', 'mse'] as const).filter((name) => needed.includes(name));
  const during = await readColumns({ ...all, complete: moments, absent: [] }, ofTraining);
  return {
    points: [...read.members, ...during.members],
    rowsAtMoments: during.rows,
    absent: [...read.absent, ...during.absent],
  };
}

/** With the mean of what training minimises, as `--axis loss` has it. */
function withLoss({ record, outcomes }: PagePoint): PagePoint {
  const values = outcomes.mse ?? outcomes.log_probability;
  if (values === undefined) return { record, outcomes };
  const loss = Math.abs(values.reduce((total, value) => total + value, 0) / values.length);
  return { record: { ...record, coordinates: { ...record.coordinates, loss } }, outcomes };
}

/** The report's own curves, as the page would be asked for them. */
function firstOf(runs: readonly LoadedRun[], points: readonly PagePoint[]): Placing {
  const { record, words, members, held, curve } = nth(runs, 0);
  if (isImported(record)) throw new Error('imported members have no factors');
  const experiment = record.experiment;
  const placeable = { members: points.map((point) => point.record), experiment, words, count: 0, countAtMoments: 0 };
  const asked = words.isCoordinate ? words.scale : undefined;
  const axis = axesOf(placeable).find((each) => each.axis === asked) ?? nth(axesOf(placeable), 0);
  const steps = new Set(members.map((member) => member.record.moment));
  const [moment] = steps;
  const usual = viewOf({ experiment }, placeable.members, { axis: axis.axis }).held;
  const where = Object.entries(held).filter(([key, value]) => key !== curve?.factor && usual[key] !== value);
  return {
    ...{ axis: axis.key, per: curve?.factor ?? '', at: steps.size === 1 ? moment : undefined },
    where: Object.fromEntries(where),
  };
}
