/**
 * Combines the figures of one run's curves, one for each value of a factor. Panels of curves are overlaid: each value has its own
 * colour, shape and dashes and its name at its line, and additions to its curve, such as a prediction, are thin lines of the same
 * colour. Other panels are placed side by side, each with the value above it.
 */
import { firstOf, nth } from '../../machine/present.js';
import type { CurveName } from '../../runs/opened.js';
import { curvePanel, type CurvePanel, type PanelSeries } from './panels.js';
import type { Figure, Panel } from './layout.js';
import { seriesStyle } from './theme.js';

export interface CurveFigure {
  readonly figure: Figure;
  readonly curve: DrawnName;
}

type DrawnName = Pick<CurveName, 'factor' | 'name'>;

/** Most bands in one panel: in grey print more are a single shade. */
const mostBands = 4;

/**
 * @param figures at least one, ordered by value
 * @param isApart whether to place panels of curves side by side too, as is done if each has several curves
 */
export function together(run: string, figures: readonly CurveFigure[], isApart = false): Figure {
  const [first] = figures.map(({ figure }) => figure) as [Figure, ...Figure[]];
  const { factor } = firstOf(figures).curve;
  const titles = new Set(figures.map(({ figure: { title } }) => title));
  const areUnlike = figures.some(({ figure: { panels } }) => panels.length !== first.panels.length);
  const areApart = isApart || areUnlike;
  const panels = areApart
    ? figures.flatMap(({ figure, curve }) => figure.panels.map((panel) => named(panel, curve)))
    : first.panels.flatMap((_, i) =>
        panelsOf(figures.map(({ figure, curve }) => ({ panel: nth(figure.panels, i), curve }))),
      );
  const drawn = panels.map(({ curves }) => curves?.series ?? []);
  const thin = new Set(drawn.flat().flatMap(({ isUnnamed, label }) => (isUnnamed === true ? label : [])));
  const hasBars = !areApart && drawn.some((series) => series.filter(({ spread }) => spread === 'bars').length > 1);
  const haveTooMany = !areApart && figures.length > mostBands;
  return {
    title: titles.size === 1 ? `${first.title}, by ${factor}` : `${run}, by ${factor}`,
    notes: [
      ...first.notes.filter((note) => figures.every(({ figure: { notes } }) => notes.includes(note))),
      ...(haveTooMany
        ? [`Intervals of more than ${mostBands} curves would hide each other, and are in the tables alone.`]
        : hasBars
          ? ['Intervals of two seeds are wide, and in the tables alone.']
          : []),
      ...(areApart || thin.size === 0 ? [] : [`Thin lines: ${[...thin].join(', ')}.`]),
    ],
    panels,
    columns: areApart ? Math.max(first.columns ?? 3, Math.min(3, first.panels.length)) : (first.columns ?? 3),
  };
}

interface NamedPanel {
  readonly panel: Panel;
  readonly curve: DrawnName;
}

function panelsOf(all: readonly NamedPanel[]): Panel[] {
  const curves = all.flatMap(({ panel, curve }) => (panel.curves === undefined ? [] : { panel: panel.curves, curve }));
  if (curves.length < all.length) return all.map(({ panel, curve }) => named(panel, curve));
  // A published curve is the same for each of them.
  const isSame = new Set(curves.map(({ panel }) => JSON.stringify(panel))).size === 1;
  return [isSame ? firstOf(all).panel : curvePanel(inOne(curves))];
}

function named(panel: Panel, { name }: DrawnName): Panel {
  return { ...panel, title: panel.title === '' ? name : `${name}: ${panel.title}` };
}

function inOne(all: readonly { readonly panel: CurvePanel; readonly curve: DrawnName }[]): CurvePanel {
  const [{ panel: first }] = all as [(typeof all)[number], ...(typeof all)[number][]];
  const isOneTitle = all.every(({ panel: { title } }) => title === first.title);
  const shared = references(first);
  return {
    ...first,
    title: isOneTitle ? first.title : first.title.replace(/:.*$/, ''),
    subtitle: [],
    ...within('xDomain', all),
    ...within('yDomain', all),
    series: [
      ...shared,
      ...all.flatMap(({ panel, curve: { name } }, i) =>
        panel.series
          .filter(({ style }) => typeof style !== 'object')
          .map((series, place): PanelSeries => {
            const style = seriesStyle(i);
            if (place > 0) {
              const line = series.line.map(({ x, y }) => ({ x, y }));
              return { ...{ label: series.label, line, points: [] }, style: { ...style, width: 0.8 }, isUnnamed: true };
            }
            const title = panel.title.replace(/^[^:]*: /, '');
            // Bars of several curves would overlap, as would bands of many.
            const isBare = series.spread === 'bars' || all.length > mostBands;
            const line = isBare ? series.line.map(({ x, y }) => ({ x, y })) : series.line;
            return { ...series, style, line, label: isOneTitle ? name : `${name}: ${title}` };
          }),
      ),
    ],
    legend: true,
  };
}

/** A domain that covers all of theirs; none if it is derived from the data. */
function within(key: 'xDomain' | 'yDomain', all: readonly { readonly panel: CurvePanel }[]): Partial<CurvePanel> {
  const domains = all.flatMap(({ panel }) => panel[key] ?? []);
  return domains.length === 0 ? {} : { [key]: [Math.min(...domains), Math.max(...domains)] };
}

/** The references shared by all, included once. */
function references({ series }: CurvePanel): PanelSeries[] {
  return series.filter(({ style }) => typeof style === 'object');
}
