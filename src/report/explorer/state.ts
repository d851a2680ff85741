/** What the page shows, as its address's fragment: `#run=lenet-mnist&k=20&without=1,2`. What is as at first is left out. */
import type { ScaleName } from '../../analysis/scales.js';
import { testSizes } from './sizes.js';
import type { PageData, PageRun } from './data.js';

export const axes = ['parameters', 'width', 'flops'] as const satisfies readonly ScaleName[];
export const horizontals = ['log', 'linear'] as const;
export const verticals = ['whole', 'fitted', 'log'] as const;
export const themes = ['auto', 'light', 'dark'] as const;

export interface State {
  /** Name of one of the runs. */
  readonly run: string;
  /** One of its thresholds. */
  readonly threshold: number;
  /** Units of the test set. */
  readonly size: number;
  /** Widths and seeds that are left out, ascending. */
  readonly withoutWidths: readonly number[];
  readonly withoutSeeds: readonly number[];
  readonly axis: (typeof axes)[number];
  readonly horizontal: (typeof horizontals)[number];
  readonly vertical: (typeof verticals)[number];
  /** Name of a natural curve; '' for none. */
  readonly natural: string;
  /** Whose examples are shown: a place among the scales, from 0 (always solved) to their number (not by the largest). */
  readonly turn: number | undefined;
  /** Place in the list of pictures. */
  readonly example: number | undefined;
  readonly theme: (typeof themes)[number];
}

/** What a run shows at first. */
export function initialState({ runs, natural }: PageData, name = runs[0]!.name): State {
  const run = runs.find((each) => each.name === name) ?? runs[0]!;
  return {
    run: run.name,
    threshold: run.induced.chosen,
    size: run.count,
    ...{ withoutWidths: [], withoutSeeds: [], axis: 'parameters', horizontal: 'log', vertical: 'whole' },
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
  const widths = run.members.map(({ width }) => width);
  const seeds = run.members.map(({ seed }) => seed);
  const naturals = ['', ...data.natural.map(({ name }) => name)];
  const scales = new Set(widths).size;
  return {
    ...first,
    threshold: nearest(options, numberIn(words, key)) ?? first.threshold,
    size: among(testSizes(run.count), numberIn(words, 'n'), first.size),
    withoutWidths: listIn(words, 'without', widths),
    withoutSeeds: listIn(words, 'without-seeds', seeds),
    // Imported members are placed by one coordinate.
    axis: run.words.isCoordinate ? first.axis : among(axes, words.get('x'), first.axis),
    horizontal: among(horizontals, words.get('horizontal'), first.horizontal),
    vertical: among(verticals, words.get('vertical'), first.vertical),
    natural: among(naturals, words.get('natural'), first.natural),
    turn: placeIn(words, 'turn', scales + 1),
    example: placeIn(words, 'example', typeof run.pictures === 'string' ? 0 : run.pictures.examples.length),
    theme: among(themes, words.get('theme'), first.theme),
  };
}

/** Without the `#`; '' where everything is as at first. */
export function formatState(state: State, data: PageData): string {
  const first = initialState(data, state.run);
  const { key } = runOf(data, state.run).induced;
  const words = new URLSearchParams();
  const say = (name: string, value: string | number | undefined, usual?: string | number) => {
    if (value !== undefined && value !== usual) words.set(name, String(value));
  };
  say('run', state.run, data.runs[0]!.name);
  say(key, state.threshold, first.threshold);
  say('n', state.size, first.size);
  say('without', state.withoutWidths.join(','), '');
  say('without-seeds', state.withoutSeeds.join(','), '');
  say('x', state.axis, first.axis);
  say('horizontal', state.horizontal, first.horizontal);
  say('vertical', state.vertical, first.vertical);
  say('natural', state.natural, first.natural);
  say('turn', state.turn);
  say('example', state.example);
  say('theme', state.theme, first.theme);
  return words.toString().replaceAll('%2C', ',');
}

export function runOf({ runs }: PageData, name: string): PageRun {
  return runs.find((run) => run.name === name) ?? runs[0]!;
}

/** Places in the run's list of members that are not left out. */
export function membersIn({ members }: PageRun, { withoutWidths, withoutSeeds }: State): number[] {
  return members.flatMap(({ width, seed }, i) =>
    withoutWidths.includes(width) || withoutSeeds.includes(seed) ? [] : i,
  );
}

function among<T>(options: readonly T[], value: unknown, fallback: T): T {
  return options.find((option) => option === value) ?? fallback;
}

/** In ratio; undefined for what is no number above 0. */
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
