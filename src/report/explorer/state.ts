/** What the page shows, as its address's fragment: `#run=lenet-mnist&k=20&x=depth&without=1,2`. Defaults are left out. */
import { coordinateValues } from '../../runs/view.js';
import { axesOf, axisIn, factorsBeside, momentSteps, placed, type PageView, type Placing } from './places.js';
import { testSizes } from './sizes.js';
import type { PageData, PageRun } from './data.js';

export const horizontals = ['log', 'linear'] as const;
export const verticals = ['whole', 'fitted', 'log'] as const;
export const themes = ['auto', 'light', 'dark'] as const;

export interface State extends Placing {
  /** Name of one of the runs. */
  readonly run: string;
  /** One of its thresholds. */
  readonly threshold: number;
  /** Units of the test set. */
  readonly size: number;
  /** Scales and seeds that are left out, ascending. */
  readonly withoutWidths: readonly number[];
  readonly withoutSeeds: readonly number[];
  readonly horizontal: (typeof horizontals)[number];
  readonly vertical: (typeof verticals)[number];
  /** Name of a natural curve; '' for none. */
  readonly natural: string;
  /** The turn whose examples are shown: an index among the scales, from 0 (always solved) to their number (not even by the largest). */
  readonly turn: number | undefined;
  /** Index in the list of pictures. */
  readonly example: number | undefined;
  readonly theme: (typeof themes)[number];
}

/** A run's initial state. */
export function initialState({ runs, natural }: PageData, name = runs[0]!.name): State {
  const run = runs.find((each) => each.name === name) ?? runs[0]!;
  return {
    run: run.name,
    threshold: run.induced.chosen,
    ...run.first,
    size: placed(run, run.first).units,
    ...{ withoutWidths: [], withoutSeeds: [], horizontal: 'log', vertical: 'whole' },
    natural: natural[0]?.name ?? '',
    ...{ turn: undefined, example: undefined, theme: 'auto' },
  };
}

/** Values that do not fit the data fall back to the defaults. */
export function parseState(fragment: string, data: PageData): State {
  const words = new URLSearchParams(fragment.replace(/^#/, ''));
  const first = initialState(data, words.get('run') ?? undefined);
  const run = runOf(data, first.run);
  const { options, key } = run.induced;
  const naturals = ['', ...data.natural.map(({ name }) => name)];
  const placing = placingIn(words, run);
  const { scales, seeds, units } = placed(run, placing);
  return {
    ...first,
    ...placing,
    threshold: nearest(options, numberIn(words, key)) ?? first.threshold,
    size: among(testSizes(units), numberIn(words, 'n'), units),
    withoutWidths: listIn(words, 'without', scales),
    withoutSeeds: listIn(words, 'without-seeds', seeds),
    horizontal: among(horizontals, words.get('horizontal'), first.horizontal),
    vertical: among(verticals, words.get('vertical'), first.vertical),
    natural: among(naturals, words.get('natural'), first.natural),
    turn: placeIn(words, 'turn', scales.length + 1),
    example: placeIn(words, 'example', typeof run.pictures === 'string' ? 0 : run.pictures.examples.length),
    theme: among(themes, words.get('theme'), first.theme),
  };
}

function placingIn(words: URLSearchParams, run: PageRun): Placing {
  const { first } = run;
  const axis = among(
    axesOf(run).map(({ key }) => key),
    words.get('x'),
    first.axis,
  );
  const factors = factorsBeside(run, axisIn(run, { axis }));
  const per = among(['', ...factors], words.get('per'), factors.includes(first.per) ? first.per : '');
  const at = words.get('at') === '' ? undefined : among(momentSteps(run), numberIn(words, 'at'), first.at);
  const hold = words.get('hold');
  if (hold === null) return { axis, per, at, where: first.where };
  const held = hold.split(',').map((part) => part.split(':') as [string, string?]);
  const where = held.flatMap(([key, value]) => {
    const known = key !== per && factors.includes(key) ? coordinateValues(key, run.members) : [];
    return known.includes(Number(value)) ? [[key, Number(value)] as const] : [];
  });
  return { axis, per, at, where: Object.fromEntries(where) };
}

/** `depth:2,trainSize:500` */
function heldText(where: Placing['where']): string {
  return Object.entries(where)
    .map(([key, value]) => `${key}:${value}`)
    .sort()
    .join(',');
}

/** Without the `#`; '' if everything has its default. */
export function formatState(state: State, data: PageData): string {
  const first = initialState(data, state.run);
  const { key } = runOf(data, state.run).induced;
  const words = new URLSearchParams();
  const say = (name: string, value: string | number | undefined, usual?: string | number) => {
    if (value !== undefined && value !== usual) words.set(name, String(value));
  };
  say('run', state.run, data.runs[0]!.name);
  say(key, state.threshold, first.threshold);
  say('n', state.size, placed(runOf(data, state.run), state).units);
  say('without', state.withoutWidths.join(','), '');
  say('without-seeds', state.withoutSeeds.join(','), '');
  say('x', state.axis, first.axis);
  say('per', state.per, first.per);
  say('at', state.at ?? '', first.at ?? '');
  say('hold', heldText(state.where), heldText(first.where));
  say('horizontal', state.horizontal, first.horizontal);
  say('vertical', state.vertical, first.vertical);
  say('natural', state.natural, first.natural);
  say('turn', state.turn);
  say('example', state.example);
  say('theme', state.theme, first.theme);
  return words.toString().replaceAll('%2C', ',').replaceAll('%3A', ':');
}

export function runOf({ runs }: PageData, name: string): PageRun {
  return runs.find((run) => run.name === name) ?? runs[0]!;
}

/** The members that are not left out, on their curves. */
export function viewIn(run: PageRun, state: State): PageView {
  const { withoutWidths, withoutSeeds } = state;
  const view = placed(run, state);
  const curves = view.curves.map(({ name, members }) => ({
    name,
    members: members.filter(({ width, seed }) => !withoutWidths.includes(width) && !withoutSeeds.includes(seed)),
  }));
  return { ...view, curves };
}

/** Drops factors used by the axis or the curves. */
function fitting(run: PageRun, state: State): State {
  const factors = factorsBeside(run, axisIn(run, state));
  const per = factors.includes(state.per) ? state.per : '';
  const where = Object.entries(state.where).filter(([key]) => key !== per && factors.includes(key));
  return { ...state, per, where: Object.fromEntries(where) };
}

/** A state with another axis, factor of curves, moment or held value: left-out scales are kept only while the scales stay the same. */
export function replaced(run: PageRun, state: State, part: Partial<Placing>): State {
  const next = fitting(run, { ...state, ...part });
  const [before, after] = [placed(run, state), placed(run, next)];
  const isSame = before.words.scale === after.words.scale;
  const among = (values: readonly number[], known: readonly number[]) => values.filter((each) => known.includes(each));
  return {
    ...next,
    withoutWidths: isSame ? among(state.withoutWidths, after.scales) : [],
    withoutSeeds: among(state.withoutSeeds, after.seeds),
    size: state.size === before.units || state.size > after.units ? after.units : state.size,
    turn: isSame && before.scales.length === after.scales.length ? state.turn : undefined,
  };
}

function among<T>(options: readonly T[], value: unknown, fallback: T): T {
  return options.find((option) => option === value) ?? fallback;
}

/** The nearest by ratio; undefined if `value` is not a number above 0. */
function nearest(options: readonly number[], value: number | undefined): number | undefined {
  if (value === undefined || !(value > 0)) return undefined;
  const distance = (option: number) => Math.abs(Math.log(option / value));
  return options.reduce((best, option) => (distance(option) < distance(best) ? option : best), options[0]!);
}

function numberIn(words: URLSearchParams, name: string): number | undefined {
  const text = words.get(name);
  return text === null || text === '' ? undefined : Number(text);
}

function listIn(words: URLSearchParams, name: string, known: readonly number[]): number[] {
  const said = (words.get(name) ?? '').split(',').filter((part) => part !== '');
  const wanted = new Set(said.map(Number));
  return [...new Set(known)].filter((value) => wanted.has(value)).sort((a, b) => a - b);
}

function placeIn(words: URLSearchParams, name: string, count: number): number | undefined {
  const value = numberIn(words, name);
  return value !== undefined && Number.isInteger(value) && value >= 0 && value < count ? value : undefined;
}
