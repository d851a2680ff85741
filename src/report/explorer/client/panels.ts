/** The three panels and the numbers below them, from what was explored. */
import { positionOf } from '../../../analysis/scales.js';
import type { ScoreName } from '../../../analysis/scores.js';
import { nth } from '../../../machine/present.js';
import { formatCount, formatNumber, formatShare } from '../../../terminal/format.js';
import { scaleText } from '../../../runs/words.js';
import { unitsText, type PageMember, type PageNatural, type PageRun } from '../data.js';
import type { Explored, ExploredCurve, Scored } from '../family.js';
import type { State } from '../state.js';
import { domainOf } from '../../figures/axis.js';
import { axisTitles, shownScores } from '../../titles.js';
import { Chart, type ChartContent, type ChartMember, type Role } from './chart.js';
import { symbolOf } from './controls.js';
import { grouped, h } from './dom.js';

export interface View {
  readonly run: PageRun;
  readonly state: State;
  /** Places in the run's list. */
  readonly members: readonly number[];
  /** Undefined with fewer than two scales. */
  readonly explored: Explored | undefined;
  readonly natural: PageNatural | undefined;
}

interface Panel {
  readonly chart: Chart;
  readonly figure: HTMLElement;
  readonly heading: HTMLElement;
  readonly scores: HTMLElement;
}

export class Panels {
  readonly #panels: Readonly<Record<'standard' | 'induced' | 'natural', Panel>>;
  readonly #table: HTMLElement;
  readonly #shown = new Map<string, readonly unknown[]>();

  constructor(panels: HTMLElement, scores: HTMLElement) {
    this.#panels = { standard: panelOf('standard'), induced: panelOf('induced'), natural: panelOf('natural') };
    panels.append(...Object.values(this.#panels).map(({ figure }) => figure));
    this.#table = h('tbody');
    const heading = ['curve', ...shownScores.map(({ title }) => title)];
    scores.append(
      h(
        'table',
        { class: 'scores' },
        h('caption', {}, 'Scores of what is drawn. In brackets: 95 % intervals.'),
        h('thead', {}, h('tr', {}, ...heading.map((text) => h('th', { scope: 'col' }, text)))),
        this.#table,
      ),
    );
  }

  show(view: View): void {
    const { run, state, explored, natural } = view;
    const { standard, induced } = this.#panels;
    if (explored !== undefined) {
      standard.heading.textContent = `Standard: ${run.standard.title}`;
      induced.heading.textContent = `Induced: ${inducedTitle(run, state)}`;
      for (const [panel, curve] of [
        [standard, explored.standard],
        [induced, explored.induced],
      ] as const) {
        panel.scores.textContent = scoreLine(curve.scores);
      }
      // A slider of the threshold leaves this one as it is.
      const { axis, horizontal, vertical } = state;
      if (this.#isNew('standard', explored.standard, axis, horizontal, vertical)) {
        standard.chart.show(
          familyContent(view, explored, 'standard'),
          `${run.standard.title} against ${axisTitles[state.axis]}`,
        );
      }
      induced.chart.show(
        familyContent(view, explored, 'induced'),
        `${inducedTitle(run, state)} against ${axisTitles[state.axis]}`,
      );
    }
    standard.figure.hidden = induced.figure.hidden = explored === undefined;
    this.#showNatural(natural, state);
    this.#showScores(view);
  }

  /** Whether a panel is to show anything else than last time. */
  #isNew(panel: string, ...content: readonly unknown[]): boolean {
    const last = this.#shown.get(panel);
    this.#shown.set(panel, content);
    return last === undefined || content.some((each, i) => each !== last[i]);
  }

  #showNatural(natural: PageNatural | undefined, state: State): void {
    const { figure, chart, heading, scores } = this.#panels.natural;
    figure.hidden = natural === undefined;
    if (natural === undefined || !this.#isNew('natural', natural, state.horizontal, state.vertical)) return;
    heading.textContent = `Natural: ${natural.name}`;
    scores.textContent = scoreLine(scoresOfNatural(natural));
    const yDomain = state.vertical === 'whole' && natural.unit === 'probability' ? ([0, 1] as const) : undefined;
    chart.show(
      {
        series: [
          {
            role: 'natural',
            label: natural.name,
            line: natural.points.map(({ parameters, value, lower, upper }) => {
              return {
                x: parameters,
                y: value,
                ...(lower === undefined || upper === undefined ? {} : { lower, upper }),
              };
            }),
            members: natural.points.map(({ model, parameters, value, lower, upper }): ChartMember => {
              const interval =
                lower === undefined || upper === undefined ? '' : ` [${formatNumber(lower)}, ${formatNumber(upper)}]`;
              const lines = [model, `${formatCount(parameters)} parameters`, `${formatNumber(value)}${interval}`];
              return { x: parameters, y: value, lines };
            }),
          },
        ],
        ...{ xTitle: 'parameters', yTitle: natural.unit === 'probability' ? 'share right' : natural.unit },
        xLog: state.horizontal === 'log',
        yLog: state.vertical === 'log',
        yDomain,
      },
      `${natural.name} against parameters`,
    );
  }

  #showScores({ run, state, explored, natural }: View): void {
    const rows: HTMLElement[] = [];
    if (explored !== undefined) {
      rows.push(
        scoreRow('standard', run.standard.title, explored.standard.scores),
        scoreRow('induced', inducedTitle(run, state), explored.induced.scores),
        scoreRow('predicted', `predicted by independence: ${predictedTitle(run, state)}`, explored.predicted.scores),
      );
    }
    if (natural !== undefined) rows.push(scoreRow('natural', natural.name, scoresOfNatural(natural)));
    this.#table.replaceChildren(...rows);
  }
}

function panelOf(name: 'standard' | 'induced' | 'natural'): Panel {
  const chart = new Chart(name);
  const heading = h('h3');
  const scores = h('p', { class: 'panel-scores' });
  const key = name === 'induced' ? [keyOf('induced', 'measured'), keyOf('predicted', 'predicted by independence')] : [];
  const figure = h(
    'figure',
    { class: 'panel' },
    h('figcaption', {}, heading, scores),
    chart.element,
    h('p', { class: 'keys' }, ...key),
  );
  return { chart, figure, heading, scores };
}

/** A piece of the line beside its name. */
function keyOf(role: Role, text: string): HTMLElement {
  const key = h('span', { class: 'key' });
  key.innerHTML = `<svg width="26" height="10" aria-hidden="true"><path class="line ${role}" d="M0 5H26"/></svg>`;
  key.append(text);
  return key;
}

/** `subset accuracy, K = 20`, with the value where the slider stands. */
export function inducedTitle({ induced: { title, key } }: PageRun, { threshold }: Pick<State, 'threshold'>): string {
  return `${nth(title.split(','), 0)}, ${symbolOf(key)} = ${formatNumber(threshold, 4)}`;
}

function predictedTitle({ induced: { chosen }, predicted: { title } }: PageRun, { threshold }: State): string {
  return title.replace(String(chosen), String(threshold));
}

function scoreLine(scores: Readonly<Record<ScoreName, Scored>>): string {
  const shown = (name: ScoreName) => withInterval(scores[name], 2);
  return `Eq 1 / ramp ${shown('ramp')} · bow ${shown('bow')}`;
}

function withInterval({ value, lower, upper }: Scored, digits = 3): string {
  const interval = Number.isNaN(lower) ? '' : ` [${formatNumber(lower, digits)}, ${formatNumber(upper, digits)}]`;
  return signed(`${formatNumber(value, digits)}${interval}`);
}

/** With a minus sign for a hyphen. */
function signed(text: string): string {
  return text.replaceAll(/(?<![\de])-(?=[\di])/g, '\u2212');
}

function scoreRow(role: Role, title: string, scores: Readonly<Record<ScoreName, Scored | number>>): HTMLElement {
  const cells = shownScores.map(({ name }) => {
    const score = scores[name];
    if (typeof score === 'number') return h('td', {}, signed(formatNumber(score)));
    const { value, lower, upper } = score;
    return h(
      'td',
      {},
      signed(formatNumber(value)),
      Number.isNaN(lower)
        ? undefined
        : h('span', { class: 'interval' }, signed(` [${formatNumber(lower)}, ${formatNumber(upper)}]`)),
    );
  });
  const key = h('span', { class: 'swatch' });
  key.innerHTML = `<svg width="26" height="10" aria-hidden="true"><path class="line ${role}" d="M0 5H26"/></svg>`;
  return h('tr', {}, h('th', { scope: 'row' }, key, title), ...cells);
}

function scoresOfNatural({ scores }: PageNatural): Record<ScoreName, Scored> {
  const entries = Object.entries(scores).map(([name, [value, lower, upper]]) => {
    return [name, { value: Number(value), lower: Number(lower), upper: Number(upper) }] as const;
  });
  return Object.fromEntries(entries) as Record<ScoreName, Scored>;
}

function familyContent(view: View, explored: Explored, which: 'standard' | 'induced'): ChartContent {
  const { run, state } = view;
  const { scales, predicted } = explored;
  const metric = which === 'standard' ? run.standard : run.induced;
  const curve = explored[which];
  const positions = scales.map((scale) => positionOf(scale, state.axis));
  const isShare = metric.unit === 'probability';
  return {
    series: [
      {
        role: which,
        label: metric.title,
        line: curve.points.map(({ value, lower, upper }, i) => ({ x: nth(positions, i), y: value, lower, upper })),
        members: membersOf(view, curve, isShare),
      },
      ...(which === 'standard'
        ? []
        : [
            {
              ...({ role: 'predicted', label: 'predicted by independence', members: [] } as const),
              line: positions.map((x, i) => ({ x, y: nth(predicted.values, i) })),
            },
          ]),
    ],
    xTitle: run.words.isCoordinate ? run.words.axis : axisTitles[state.axis],
    yTitle: isShare ? (run.induced.key === 'c' ? 'share below the cutoff' : 'share right') : metric.title,
    xLog: state.horizontal === 'log',
    yLog: state.vertical === 'log',
    yDomain: yDomainOf(state, isShare, curve),
    ...(state.axis === 'width' ? { xTicks: positions } : {}),
  };
}

/** Whole: shares from 0 to 1, errors from 0. Fitted to what is drawn, but for shares not beyond 0 and 1. */
function yDomainOf({ vertical }: State, isShare: boolean, curve: ExploredCurve): readonly [number, number] | undefined {
  if (vertical === 'log') return undefined;
  if (vertical === 'whole') return isShare ? [0, 1] : [0, highest(curve)];
  if (!isShare) return undefined;
  const [least, most] = domainOf(
    [...curve.members, ...curve.points].flatMap(({ value, lower, upper }) => [value, lower, upper]),
    false,
  );
  return [Math.max(0, least), Math.min(1, most)];
}

function highest({ points, members }: ExploredCurve): number {
  return 1.05 * Math.max(...members.map(({ value }) => value), ...points.map(({ upper }) => upper));
}

function membersOf({ run, members, state }: View, curve: ExploredCurve, isShare: boolean): ChartMember[] {
  const shown = isShare ? formatShare : (value: number) => formatNumber(value, 4);
  return members.map((place, i) => {
    const member = nth(run.members, place);
    const { value, lower, upper } = nth(curve.members, i);
    const lines = [...aboutMember(run, member), `${shown(value)} [${shown(lower)}, ${shown(upper)}]`];
    return { x: positionOf(member, state.axis), y: value, lines };
  });
}

/** Which member it is, as its label has it. */
function aboutMember({ words }: PageRun, { id, width, seed, parameters, trainingFlops }: PageMember): string[] {
  if (words.isCoordinate) return [id, `${words.scale} ${scaleText(width, words)}`];
  return [`width ${width}, seed ${seed}`, `${grouped(parameters)} parameters, ${formatCount(trainingFlops)} FLOPs`];
}

/** What is drawn, as a sentence for who can't see it, and a summary for who can. */
export function readingOf({ run, state, explored }: View): string {
  if (explored === undefined) return 'A curve needs a seed and two scales: tick another.';
  const { standard, induced, paired } = explored;
  const [first, last] = [nth(induced.points, 0), nth(induced.points, -1)];
  const at = (place: number) => `${run.words.scale} ${scaleText(nth(explored.scales, place).width, run.words)}`;
  const isAtZero = induced.points.some(({ value }) => value === 0);
  const floor = isAtZero ? ' Where it is at 0, it may rise below what this test set can show.' : '';
  return signed(
    `With ${inducedTitle(run, state)} on ${grouped(state.size)} ${unitsText(run)} the curve goes from ${formatNumber(first.value)} at ${at(0)} to ${formatNumber(last.value)} at ${at(-1)}. ` +
      `Eq 1 is ${withInterval(paired.ratio, 2)} times that of ${run.standard.title}, in the same draws (${withInterval(induced.scores.ramp, 2)} against ${withInterval(standard.scores.ramp, 2)} times a ramp's). ` +
      `The induced curve ${improves(induced.scores)} (bow ${withInterval(induced.scores.bow, 2)}), the standard one ${improves(standard.scores)} (bow ${withInterval(standard.scores.bow, 2)}); the bows differ by ${withInterval(paired.bow, 2)}.${floor}`,
  );
}

function improves({ emergence, bow: { value, lower, upper } }: Readonly<Record<'emergence' | 'bow', Scored>>): string {
  if (Number.isNaN(value)) return 'is constant or has only two scales';
  if (emergence.value < 0) return 'gets worse towards larger scales';
  if (Number.isNaN(lower)) return 'is neither clearly late nor clearly early';
  if (lower > 0) return 'improves late';
  if (upper < 0) return 'improves early';
  return 'improves about as a straight line in log scale does';
}

/** The data behind both curves, a row for each member, or nothing to draw. */
export function curveTable({ run, state, members, explored }: View): HTMLElement | undefined {
  if (explored === undefined) return undefined;
  const { words } = run;
  const about = words.isCoordinate ? ['model', words.scale] : ['width', 'seed', 'parameters', 'FLOPs'];
  const heading = [...about, run.standard.title, inducedTitle(run, state), 'predicted'];
  const shown = (value: number) => signed(formatNumber(value, 4));
  const rows = members.map((place, i) => {
    const { id, width, seed, parameters, trainingFlops } = nth(run.members, place);
    const [standard, induced] = [nth(explored.standard.members, i), nth(explored.induced.members, i)];
    const cells = [
      ...(words.isCoordinate
        ? [scaleText(width, words)]
        : [String(seed), grouped(parameters), formatCount(trainingFlops)]),
      ...[standard, induced].map(({ value, lower, upper }) => `${shown(value)} [${shown(lower)}, ${shown(upper)}]`),
      shown(nth(explored.predicted.members, i)),
    ];
    return h(
      'tr',
      {},
      h('th', { scope: 'row' }, words.isCoordinate ? id : String(width)),
      ...cells.map((text) => h('td', {}, text)),
    );
  });
  return h(
    'table',
    {},
    h(
      'caption',
      {},
      `Every member on ${grouped(state.size)} ${unitsText(run)}; in brackets, 95 % intervals over the sampling of the test set.`,
    ),
    h('thead', {}, h('tr', {}, ...heading.map((text) => h('th', { scope: 'col' }, text)))),
    h('tbody', {}, ...rows),
  );
}
