/**
 * Arranges a page's members by the requested axis, held factors, moment and curves, following the same rules as the
 * commands (`runs/view.ts`). Runs in Node and in the page.
 */
import type { ScaleName } from '../../analysis/scales.js';
import { firstOf, nth } from '../../machine/present.js';
import {
  alongTraining,
  architecture,
  axisTitle,
  curvesPer,
  onScale,
  pointsAt,
  coordinateValues,
  varyingFactors,
  viewOf,
} from '../../runs/view.js';
import { importedWords, trainedWords, type FamilyWords } from '../../runs/words.js';
import { axisTitles } from '../titles.js';
import type { PageRun, Placing } from './data.js';

export type { Placing } from './data.js';

export interface PlacedMember {
  /** Its index in the run's list. */
  readonly place: number;
  readonly width: number;
  readonly seed: number;
  readonly parameters: number;
  readonly trainingFlops: number;
  /** The trained model that it is a moment of; undefined if none of its run's members is a moment. */
  readonly training?: string | undefined;
}

export interface PageCurve {
  /** `depth 2`; '' for a single curve. */
  readonly name: string;
  readonly members: readonly PlacedMember[];
}

export interface PageView {
  readonly words: FamilyWords;
  readonly axisTitle: string;
  /** Which of a scale's numbers is its position. */
  readonly by: ScaleName;
  readonly curves: readonly PageCurve[];
  /** Scales of all curves, ascending. */
  readonly scales: readonly number[];
  readonly seeds: readonly number[];
  /** Factors that are not on the axis and have no curves of their own; one without a value varies along the curve. */
  readonly holds: readonly HeldFactor[];
  /** Factors in which members at the same position differ, and which therefore count as seeds. */
  readonly mixed: readonly string[];
  /** Test units for which all of the members have outcomes. */
  readonly units: number;
}

export interface HeldFactor {
  readonly key: string;
  readonly values: readonly number[];
  readonly value: number | undefined;
  /** Whether it varies along the curve if not held. */
  readonly isFree: boolean;
}

export interface PageAxis {
  readonly key: string;
  readonly title: string;
  /** In the form of `--axis`; undefined for the widths by their parameters. */
  readonly axis: string | undefined;
}

/** The parts of a run that determine its axes and factors. */
export type Placeable = Pick<PageRun, 'members' | 'experiment' | 'words' | 'count' | 'countAtMoments'>;

/** Axes along which the members differ: at least one. */
export function axesOf({ members, experiment, words }: Placeable): PageAxis[] {
  const differs = (key: string) => coordinateValues(key, members).length > 1;
  const named = (key: string): PageAxis => ({ key, title: axisTitle(key), axis: key });
  if (experiment === null) {
    const known = new Set([words.axis, ...members.flatMap(({ coordinates }) => Object.keys(coordinates))]);
    const isAxis = (key: string) => coordinateValues(key, members).filter((value) => value > 0).length > 1;
    return [...known].filter((key) => key === words.axis || isAxis(key)).map((key) => ({ key, title: key, axis: key }));
  }
  const varying = varyingFactors({ experiment }, members);
  // Transformers with different numbers of classes are tested on different sequences, so no curve is drawn over
  // classes.
  const further = varying.filter((key) => key !== 'width' && !(key === 'classes' && experiment.arch === 'transformer'));
  const parameters = { title: axisTitles.parameters, axis: 'parameters' };
  const ofSizes = further.some((key) => architecture.includes(key));
  const sizes: PageAxis[] =
    varying.length > 0 && !varying.includes('width')
      ? ofSizes
        ? [{ key: 'parameters', ...parameters }]
        : []
      : [
          { key: 'parameters', title: axisTitles.parameters, axis: undefined },
          { key: 'width', title: axisTitles.width, axis: 'width' },
          ...(ofSizes ? [{ key: 'sizes', ...parameters, title: `${parameters.title}, of all sizes` }] : []),
        ];
  const measured = ['flops', 'examples', 'steps', 'loss'].filter(differs);
  return [...sizes, ...[...new Set([...further, ...measured])].map(named)];
}

/** Whether members move along this axis while they train. */
export function isAlong({ axis }: Pick<PageAxis, 'axis'>): boolean {
  return axis !== undefined && alongTraining.includes(axis);
}

/** Steps at which some member has outcomes, ascending; none for a run without moments. */
export function momentSteps({ members }: Pick<Placeable, 'members'>): number[] {
  return members.some(({ moment }) => moment !== undefined) ? coordinateValues('steps', members) : [];
}

/** Factors that can have a curve for each value, beside an axis. */
export function factorsBeside(run: Placeable, { key, axis }: PageAxis): string[] {
  const { experiment, members } = run;
  if (experiment === null) return [];
  const over = key === 'parameters' ? 'width' : axis;
  return varyingFactors({ experiment }, members).filter((factor) => factor !== over);
}

/** The axis named by a placing, or else the first. */
export function axisIn(run: Placeable, { axis }: Pick<Placing, 'axis'>): PageAxis {
  const axes = axesOf(run);
  return axes.find(({ key }) => key === axis) ?? firstOf(axes);
}

/** The members on their curves. Parts of a placing that do not apply to the run are ignored. */
export function placed(run: Placeable, placing: Placing): PageView {
  const axis = axisIn(run, placing);
  return run.experiment === null ? placedImported(run, axis) : placedTrained(run, { ...placing, axis }, run.experiment);
}

function placedImported(run: Placeable, { key, title }: PageAxis): PageView {
  const shown = listed(run).filter(({ coordinates }) => (coordinates[key] ?? 0) > 0);
  const curves = [{ name: '', members: onScale(shown, ({ coordinates }) => coordinates[key] ?? NaN) }];
  return {
    ...{ words: importedWords(key), axisTitle: title, by: 'parameters', holds: [], mixed: [] },
    ...onCurves(run, curves),
  };
}

function placedTrained(
  run: Placeable,
  { axis: over, at, ...placing }: Omit<Placing, 'axis'> & { readonly axis: PageAxis },
  experiment: NonNullable<PageRun['experiment']>,
): PageView {
  const { key, axis, title } = over;
  const factors = factorsBeside(run, over);
  const points = pointsAt(listed(run), { at, axis });
  const per = factors.includes(placing.per) && coordinateValues(placing.per, points).length > 1 ? placing.per : '';
  const where = Object.fromEntries(
    Object.entries(placing.where).filter(
      ([factor, value]) =>
        factor !== per && factors.includes(factor) && coordinateValues(factor, points).includes(value),
    ),
  );
  const names = per === '' ? [undefined] : curvesPer(per, factors, { members: points, where });
  const views = names.map((name) => {
    const held = name === undefined ? where : { ...where, [per]: name.value };
    return { name: name?.name ?? '', view: viewOf({ experiment }, points, { axis, where: held }) };
  });
  const first = (views.find(hasMembers) ?? firstOf(views)).view;
  const usual = viewOf({ experiment }, points, { axis }).held;
  // If each curve has every width once per seed, the axis only spaces the widths.
  const by = key === 'width' || key === 'flops' ? key : 'parameters';
  const isPlain = by === key && views.every(({ view: { members, mixed } }) => mixed.length === 0 && areWidths(members));
  // Combinations missing from a partly trained run have no curve.
  const curves = views.filter(hasMembers).map(({ name, view: { members, coordinate } }) => ({
    name,
    members:
      isPlain || coordinate === undefined
        ? members
        : onScale(members, ({ coordinates }) => coordinates[coordinate] ?? NaN),
  }));
  return {
    ...{ words: isPlain ? trainedWords : first.words, axisTitle: title, by: isPlain ? by : 'parameters' },
    holds: factors
      .filter((factor) => factor !== per)
      .map((factor) => ({
        key: factor,
        values: coordinateValues(factor, points),
        value: first.held[factor],
        isFree: usual[factor] === undefined,
      })),
    mixed: [...new Set(views.flatMap(({ view }) => view.mixed))],
    ...onCurves(run, curves),
  };
}

function hasMembers({ view }: { readonly view: { readonly members: readonly unknown[] } }): boolean {
  return view.members.length > 0;
}

function listed({ members }: Placeable) {
  return members.map((member, place) => ({ ...member, place }));
}

function areWidths(members: readonly Pick<PlacedMember, 'width' | 'seed' | 'parameters'>[]): boolean {
  const places = new Set(members.map(({ width, seed }) => `${width} ${seed}`));
  const sizes = new Set(members.map(({ width, parameters }) => `${width} ${parameters}`));
  return places.size === members.length && sizes.size === new Set(members.map(({ width }) => width)).size;
}

function onCurves(
  { members, count, countAtMoments }: Placeable,
  curves: readonly PageCurve[],
): Pick<PageView, 'curves' | 'scales' | 'seeds' | 'units'> {
  const all = curves.flatMap((curve) => curve.members);
  const numbers = (of: 'width' | 'seed') => [...new Set(all.map((member) => member[of]))].sort((a, b) => a - b);
  const isOfMoments = all.some(({ place }) => nth(members, place).moment !== undefined);
  return { curves, scales: numbers('width'), seeds: numbers('seed'), units: isOfMoments ? countAtMoments : count };
}
