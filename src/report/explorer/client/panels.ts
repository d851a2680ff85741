/** The three panels and the scores below them, from the explored curves. */
import { positionOf } from '../../../analysis/scales.js';
import type { ScoreName } from '../../../analysis/scores.js';
import { nth } from '../../../machine/present.js';
import { formatCount, formatNumber, formatShare } from '../../../terminal/format.js';
import type { PageNatural, PageRun } from '../data.js';
import type { ExploredCurve, Scored } from '../family.js';
import { curveRole, type Role } from '../roles.js';
import type { State } from '../state.js';
import { domainOf, wholePlaces } from '../../figures/axis.js';
import { bowText } from '../../bows.js';
import { shownScores } from '../../titles.js';
import { Chart, marker, type ChartContent, type ChartMember, type ChartSeries } from './chart.js';
import { headOf, h } from './dom.js';
import { aboutMember, inducedTitle, ofCurve, signed, withInterval, type View, type ViewCurve } from './view.js';

interface Panel {
  readonly chart: Chart;
  readonly figure: HTMLElement;
  readonly heading: HTMLElement;
  readonly scores: HTMLElement;
  readonly keys: HTMLElement;
}

type FamilyPanel = 'standard' | 'induced';

export class Panels {
  readonly #panels: Readonly<Record<FamilyPanel | 'natural', Panel>>;
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
        headOf(heading),
        this.#table,
      ),
    );
  }

  show(view: View): void {
    const { run, state, curves } = view;
    const titles = { standard: run.standard.title, induced: inducedTitle(run, state) };
    for (const which of ['standard', 'induced'] as const) {
      const { figure, heading, scores, keys, chart } = this.#panels[which];
      figure.hidden = curves.length === 0;
      if (figure.hidden) continue;
      heading.textContent = `${which === 'standard' ? 'Standard' : 'Induced'}: ${titles[which]}`;
      // For several curves they are in the table.
      const [first, ...others] = curves;
      scores.textContent =
        first === undefined || others.length > 0
          ? ''
          : scoreLine(first.explored[which].scores, first.explored.scales.length);
      const { horizontal, vertical } = state;
      const drawn = curves.map(({ explored }) => explored[which]);
      // The threshold's slider does not change the standard panel.
      if (!this.#isNew(which, view.view.axisTitle, horizontal, vertical, ...drawn, ...curves.map(({ name }) => name)))
        continue;
      keys.replaceChildren(...keysOf(view, which));
      chart.show(familyContent(view, which), `${titles[which]} against ${view.view.axisTitle}`);
    }
    this.#showNatural(view);
    this.#showScores(view);
  }

  /** Whether a panel's content has changed since last time. */
  #isNew(panel: string, ...content: readonly unknown[]): boolean {
    const last = this.#shown.get(panel);
    this.#shown.set(panel, content);
    return last?.length !== content.length || content.some((each, i) => each !== last[i]);
  }

  #showNatural(view: View): void {
    const { natural, state } = view;
    const role = naturalRole(view);
    const { figure, chart, heading, scores } = this.#panels.natural;
    figure.hidden = natural === undefined;
    if (natural === undefined || !this.#isNew('natural', natural, role, state.horizontal, state.vertical)) return;
    heading.textContent = `Natural: ${natural.name}`;
    scores.textContent = scoreLine(scoresOfNatural(natural), natural.points.length);
    const yDomain = state.vertical === 'whole' && natural.unit === 'probability' ? ([0, 1] as const) : undefined;
    chart.show(
      {
        series: [
          {
            role,
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

  #showScores(view: View): void {
    const { run, state, curves, natural } = view;
    const rows = curves.flatMap((curve, i) => {
      const { standard, induced, predicted } = curve.explored;
      const role = (which: Role) => (curves.length > 1 ? curveRole(i) : which);
      return [
        scoreRow(role('standard'), ofCurve(run.standard.title, curve), standard.scores),
        scoreRow(role('induced'), ofCurve(inducedTitle(run, state), curve), induced.scores),
        ...(curves.length > 1
          ? []
          : [scoreRow('predicted', `predicted: ${predictedTitle(run, state)}`, predicted.scores)]),
      ];
    });
    if (natural !== undefined) rows.push(scoreRow(naturalRole(view), natural.name, scoresOfNatural(natural)));
    this.#table.replaceChildren(...rows);
  }
}

function panelOf(name: FamilyPanel | 'natural'): Panel {
  const chart = new Chart(name);
  const heading = h('h3');
  const scores = h('p', { class: 'panel-scores' });
  const keys = h('p', { class: 'keys' });
  const figure = h('figure', { class: 'panel' }, h('figcaption', {}, heading, scores), chart.element, keys);
  return { chart, figure, heading, scores, keys };
}

/** Grey beside several curves, one of which may have its colour. */
function naturalRole({ curves }: View): Role {
  return curves.length > 1 ? 'reference' : 'natural';
}

function keysOf({ curves, run, state }: View, which: FamilyPanel): HTMLElement[] {
  const predicted = `predicted: ${predictedTitle(run, state)}`;
  if (curves.length === 1)
    return which === 'induced' ? [keyOf('induced', 'measured'), keyOf('predicted', predicted)] : [];
  return [
    ...curves.map(({ name }, i) => keyOf(curveRole(i), name, marker(curveRole(i)))),
    ...(which === 'induced' ? [h('span', { class: 'key' }, `thin: ${predicted}`)] : []),
  ];
}

/** A sample of the line beside its name. */
function keyOf(role: Role, text: string, shape = ''): HTMLElement {
  const key = h('span', { class: 'key' });
  key.innerHTML = pieceOf(role, shape);
  key.append(text);
  return key;
}

function pieceOf(role: Role, shape = ''): string {
  const point = shape === '' ? '' : `<g class="member ${role}" transform="translate(13 5)">${shape}</g>`;
  return `<svg width="26" height="10" aria-hidden="true"><path class="line ${role}" d="M0 5H26"/>${point}</svg>`;
}

function predictedTitle({ induced: { chosen }, predicted: { title } }: PageRun, { threshold }: State): string {
  return title.replace(String(chosen), String(threshold));
}

function scoreLine(scores: Readonly<Record<ScoreName, Scored>>, scales: number): string {
  const shown = (name: ScoreName) => withInterval(scores[name], 2);
  return `Eq 1 / ramp ${shown('ramp')} · ${bowText(shown('bow'), scales)}`;
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
  key.innerHTML = pieceOf(role);
  return h('tr', {}, h('th', { scope: 'row' }, key, title), ...cells);
}

function scoresOfNatural({ scores }: PageNatural): Record<ScoreName, Scored> {
  const entries = Object.entries(scores).map(([name, [value, lower, upper]]) => {
    return [name, { value: Number(value), lower: Number(lower), upper: Number(upper) }] as const;
  });
  return Object.fromEntries(entries) as Record<ScoreName, Scored>;
}

function familyContent(view: View, which: FamilyPanel): ChartContent {
  const { run, state, curves } = view;
  const metric = run[which];
  const isShare = metric.unit === 'probability';
  const { axisTitle, by } = view.view;
  const positions = curves.map(({ explored: { scales } }) => scales.map((scale) => positionOf(scale, by)));
  // Of few scales each has its tick; between two depths there is none.
  const ticks = by === 'width' ? [...new Set(positions.flat())].sort((a, b) => a - b) : wholePlaces(positions.flat());
  return {
    series: curves.flatMap((curve, i) => seriesOf(view, { curve, which, isShare, positions: nth(positions, i), i })),
    xTitle: axisTitle,
    yTitle: isShare ? (run.induced.key === 'c' ? 'share below the cutoff' : 'share right') : metric.title,
    xLog: state.horizontal === 'log',
    yLog: state.vertical === 'log',
    yDomain: yDomainOf(
      state,
      isShare,
      curves.map(({ explored }) => explored[which]),
    ),
    ...(ticks === undefined ? {} : { xTicks: ticks }),
  };
}

interface DrawnCurve {
  readonly curve: ViewCurve;
  readonly which: FamilyPanel;
  readonly isShare: boolean;
  readonly positions: readonly number[];
  /** Its index among the curves. */
  readonly i: number;
}

function seriesOf(view: View, { curve, which, isShare, positions, i }: DrawnCurve): ChartSeries[] {
  const { explored } = curve;
  const isOne = view.curves.length === 1;
  // With two seeds, bands are so wide that those of several curves would hide each other.
  const hasBands =
    isOne || view.curves.every((each) => each.explored.scales.every(({ members }) => members.length !== 2));
  const measured: ChartSeries = {
    role: isOne ? which : curveRole(i),
    label: ofCurve(view.run[which].title, curve),
    line: explored[which].points.map(({ value, lower, upper }, j) => ({
      ...{ x: nth(positions, j), y: value },
      ...(hasBands ? { lower, upper } : {}),
    })),
    members: membersOf(view, { curve, measured: explored[which], isShare }),
  };
  if (which === 'standard') return [measured];
  const predicted: ChartSeries = {
    ...{ role: isOne ? 'predicted' : curveRole(i), isThin: !isOne, members: [] },
    label: `predicted: ${predictedTitle(view.run, view.state)}`,
    line: positions.map((x, j) => ({ x, y: nth(explored.predicted.values, j) })),
  };
  return [predicted, measured];
}

/** Whole: shares from 0 to 1, errors from 0. Otherwise fitted to the data, with shares limited to 0 and 1. */
function yDomainOf(
  { vertical }: State,
  isShare: boolean,
  curves: readonly ExploredCurve[],
): readonly [number, number] | undefined {
  if (vertical === 'log') return undefined;
  if (vertical === 'whole') return isShare ? [0, 1] : [0, Math.max(...curves.map(highest))];
  if (!isShare) return undefined;
  const [least, most] = domainOf(
    curves.flatMap(({ members, points }) =>
      [...members, ...points].flatMap(({ value, lower, upper }) => [value, lower, upper]),
    ),
    false,
  );
  return [Math.max(0, least), Math.min(1, most)];
}

function highest({ points, members }: ExploredCurve): number {
  return 1.05 * Math.max(...members.map(({ value }) => value), ...points.map(({ upper }) => upper));
}

function membersOf(
  view: View,
  { curve, measured, isShare }: Pick<DrawnCurve, 'curve' | 'isShare'> & { readonly measured: ExploredCurve },
): ChartMember[] {
  const shown = isShare ? formatShare : (value: number) => formatNumber(value, 4);
  return curve.choice.members.map((member, i) => {
    const { value, lower, upper } = nth(measured.members, i);
    const lines = [...aboutMember(view, member), `${shown(value)} [${shown(lower)}, ${shown(upper)}]`];
    return { x: positionOf(member, view.view.by), y: value, lines };
  });
}
