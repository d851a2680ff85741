/** What is drawn: a run's members on their curves, and the values computed for each. */
import { firstOf, nth } from '../../../machine/present.js';
import { axisTitle } from '../../../runs/view.js';
import { scaleText } from '../../../runs/words.js';
import { formatCount, formatNumber } from '../../../terminal/format.js';
import type { PageNatural, PageRun } from '../data.js';
import type { Choice, Explored, PageFamily, Scored } from '../family.js';
import type { PageView, PlacedMember } from '../places.js';
import type { State } from '../state.js';
import { symbolOf } from './controls.js';
import { grouped } from './dom.js';

export interface ViewCurve {
  /** `depth 2`; '' for a single curve. */
  readonly name: string;
  readonly choice: Choice;
  readonly explored: Explored;
}

export interface View {
  readonly run: PageRun;
  readonly state: State;
  readonly view: PageView;
  /** Curves with at least two scales. */
  readonly curves: readonly ViewCurve[];
  readonly natural: PageNatural | undefined;
}

export function exploredCurves(family: PageFamily, { curves, by, units }: PageView, state: State): ViewCurve[] {
  const size = Math.min(state.size, units);
  return curves.flatMap(({ name, members }) => {
    if (new Set(members.map(({ width }) => width)).size < 2) return [];
    const choice = { threshold: state.threshold, size, members, axis: by };
    return [{ name, choice, explored: family.explore(choice) }];
  });
}

/** `subset accuracy, K = 20`, with the slider's value. */
export function inducedTitle(
  { induced: { title, key, options } }: PageRun,
  { threshold }: Pick<State, 'threshold'>,
): string {
  if (options.length < 2) return title;
  return `${firstOf(title.split(','))}, ${symbolOf(key)} = ${formatNumber(threshold, 4)}`;
}

/** `accuracy, depth 2` */
export function ofCurve(title: string, { name }: Pick<ViewCurve, 'name'>): string {
  return name === '' ? title : `${title}, ${name}`;
}

/** Numbers that distinguish members, each with its name: the same ones for all members of a run. */
export function numbersOf(
  { run, view: { words } }: Pick<View, 'run' | 'view'>,
  { place, width: scale }: PlacedMember,
): (readonly [name: string, text: string])[] {
  const { id, seed, width, parameters, trainingFlops, coordinates } = nth(run.members, place);
  if (run.experiment === null)
    return [
      ['model', id],
      [words.scale, scaleText(scale, words)],
    ];
  const own = Object.entries(coordinates).filter(([key]) => !shownAnyway.includes(key));
  const over = overOnly.find((key) => key === words.scale);
  return [
    ['width', String(width)],
    ...own.map(([key, value]) => [axisTitle(key), formatCount(value, 5)] as const),
    ['seed', String(seed)],
    ['parameters', grouped(parameters)],
    ['FLOPs', formatCount(trainingFlops)],
    ...(over === undefined ? [] : [[axisTitle(over), formatCount(coordinates[over] ?? NaN, 5)] as const]),
  ];
}

/** Mentioned only if they are on the axis. */
const overOnly = ['examples', 'loss'] as const;
const shownAnyway: readonly string[] = ['width', 'parameters', 'flops', ...overOnly];

/** The same as lines: `width 8, depth 2, seed 0`, `5 234 parameters, 1.2G FLOPs`. */
export function aboutMember(view: View, member: PlacedMember): string[] {
  const numbers = numbersOf(view, member);
  if (view.run.experiment === null) return [firstOf(numbers)[1], nth(numbers, 1).join(' ')];
  const last = numbers.findIndex(([name]) => name === 'seed') + 1;
  const first = numbers.slice(0, last).map((each) => each.join(' '));
  const [parameters, flops, ...more] = numbers.slice(last);
  return [
    first.join(', '),
    [
      `${nth(parameters ?? [], 1)} parameters`,
      `${nth(flops ?? [], 1)} FLOPs`,
      ...more.map((each) => each.join(' ')),
    ].join(', '),
  ];
}

export function withInterval({ value, lower, upper }: Scored, digits = 3): string {
  const interval = Number.isNaN(lower) ? '' : ` [${formatNumber(lower, digits)}, ${formatNumber(upper, digits)}]`;
  return signed(`${formatNumber(value, digits)}${interval}`);
}

/** Replaces the hyphen by a minus sign. */
export function signed(text: string): string {
  return text.replaceAll(/(?<![\de])-(?=[\di])/g, '\u2212');
}
