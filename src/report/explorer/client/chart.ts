/**
 * One chart: curves against scale as SVG, redrawn for every change. Its points are a list to step through with arrow keys or the
 * pointer; a label beside the chosen point describes it and is read out. Lines, bands and points have classes whose colours are in the
 * style sheet, so that switching between dark and light needs no redrawing.
 */
import { haveLogarithms } from '../../../analysis/scales.js';
import { nth, present } from '../../../machine/present.js';
import {
  countTicks,
  domainOf,
  evenlyThinned,
  linearTicks,
  logTicks,
  placing,
  roundest,
  valueTicks,
  withRoom,
  type CurvePoint,
  type Domain,
  type Tick,
} from '../../figures/axis.js';
import { seriesStyle, type SeriesStyle } from '../../figures/theme.js';
import { styleOf, type Role } from '../roles.js';
import { escaped, h } from './dom.js';

export interface ChartMember extends CurvePoint {
  /** Lines of the label. */
  readonly lines: readonly string[];
}

export interface ChartSeries {
  readonly role: Role;
  /** A thinner line beside the one it belongs to. */
  readonly isThin?: boolean;
  readonly label: string;
  readonly line: readonly CurvePoint[];
  /** Points that can be selected; none if the series is only a line. */
  readonly members: readonly ChartMember[];
}

export interface ChartContent {
  readonly series: readonly ChartSeries[];
  readonly xTitle: string;
  readonly yTitle: string;
  readonly xLog: boolean;
  readonly yLog: boolean;
  /** Default: the range of the data, with a margin. */
  readonly yDomain: readonly [number, number] | undefined;
  /** Ticks of the horizontal axis; default: round numbers. */
  readonly xTicks?: readonly number[];
}

const margin = { left: 58, right: 14, top: 10, bottom: 44 };

export class Chart {
  readonly element: HTMLElement;
  readonly #plot: HTMLElement;
  readonly #svg: SVGSVGElement;
  readonly #label: HTMLElement;
  readonly #name: string;
  #content: ChartContent | undefined;
  /** Index of the chosen one among all members of all series; undefined for none. */
  #chosen: number | undefined;
  #places: { readonly x: number; readonly y: number; readonly member: ChartMember }[] = [];
  #size = { width: 0, height: 0 };
  /** Cached, since reading it forces a layout. */
  #width = 0;

  constructor(name: string) {
    this.#name = name;
    this.#svg = document.createElementNS('http://www.w3.org/2000/svg', 'svg');
    this.#svg.setAttribute('role', 'listbox');
    this.#svg.setAttribute('tabindex', '0');
    this.#svg.id = `chart-${name}`;
    this.#label = h('div', { class: 'point-label', 'aria-hidden': 'true', hidden: true });
    this.#plot = h('div', { class: 'plot' }, this.#svg, this.#label);
    this.element = this.#plot;
    this.#svg.addEventListener('pointermove', (event) => {
      this.#choose(this.#nearest(event));
    });
    this.#svg.addEventListener('pointerdown', (event) => {
      this.#choose(this.#nearest(event));
    });
    this.#svg.addEventListener('pointerleave', (event) => {
      // A finger leaves when it lifts; its choice is kept.
      if (event.pointerType === 'mouse' && document.activeElement !== this.#svg) this.#choose(undefined);
    });
    this.#svg.addEventListener('focus', () => {
      this.#choose(this.#chosen ?? 0);
    });
    this.#svg.addEventListener('blur', () => {
      this.#choose(undefined);
    });
    this.#svg.addEventListener('keydown', (event) => {
      this.#onKey(event);
    });
    new ResizeObserver(() => {
      this.#width = this.#plot.clientWidth;
      if (this.#width !== this.#size.width) this.draw();
    }).observe(this.#plot);
  }

  /** Shows new content; `title` names the list for screen readers. */
  show(content: ChartContent, title: string): void {
    this.#content = content;
    this.#svg.setAttribute('aria-label', `${title}. Points: use the arrow keys to move between them.`);
    this.draw();
  }

  draw(): void {
    const content = this.#content;
    const width = (this.#width ||= this.#plot.clientWidth);
    if (content === undefined || width === 0) return;
    const height = Math.round(Math.min(330, Math.max(230, 0.78 * width)));
    this.#size = { width, height };
    this.#svg.setAttribute('viewBox', `0 0 ${width} ${height}`);
    this.#svg.setAttribute('width', String(width));
    this.#svg.setAttribute('height', String(height));
    const [x, y] = this.#axes(content);
    this.#places = content.series.flatMap(({ members }) =>
      members.map((member) => ({ x: x.place(member.x), y: y.place(member.y), member })),
    );
    const drawn = [
      `<g aria-hidden="true">${frame(content, x, y, this.#size)}`,
      ...content.series.map((each) => band(each, x, y, height - margin.bottom)),
      ...content.series.map((each) => line(each, x, y)),
      '</g>',
      this.#options(content),
    ];
    this.#svg.innerHTML = drawn.join('');
    if (this.#chosen !== undefined && this.#chosen >= this.#places.length) this.#chosen = undefined;
    this.#choose(this.#chosen);
  }

  #axes({ series, xLog: isAsked, yLog, yDomain: given, xTicks }: ChartContent): [Axis, Axis] {
    const { width, height } = this.#size;
    const points = series.flatMap(({ line: list, members }) => [...list, ...members]);
    const xLog = isAsked && haveLogarithms(points.map(({ x }) => x));
    const xDomain = domainOf(
      points.map(({ x }) => x),
      xLog,
    );
    const yDomain =
      given ??
      domainOf(
        points.flatMap(({ y, lower = y, upper = y }) => [y, lower, upper]),
        yLog,
      );
    const place = placing(xDomain, [margin.left, width - margin.right], xLog);
    const round = (domain: Domain, isLog: boolean, count: number) =>
      isLog ? logTicks(domain) : linearTicks(domain, count);
    // A letter is about 8 pixels wide.
    const fit = (some: readonly Tick[]) => withRoom(some, place, (text) => 8 * text.length, 6);
    const fitted = !xLog
      ? fit
      : (some: readonly Tick[]) => (xTicks === undefined ? roundest : evenlyThinned)(some, fit);
    return [
      { place, ticks: fitted(countTicks(xTicks ?? round(xDomain, xLog, width / 90))) },
      {
        place: placing(yDomain, [height - margin.bottom, margin.top], yLog),
        ticks: valueTicks(round(yDomain, yLog, 5)),
      },
    ];
  }

  /** Every member as an option in the list. */
  #options({ series }: ChartContent): string {
    let i = 0;
    return series
      .flatMap(({ role, members }) =>
        members.map(({ lines }) => {
          const { x, y } = nth(this.#places, i);
          const id = `${this.#svg.id}-${i++}`;
          const shown = Number.isFinite(x) && Number.isFinite(y);
          const label = escaped(lines.join(', ') + (shown ? '' : ', not on this axis'));
          const at = shown ? ` transform="translate(${x.toFixed(1)} ${y.toFixed(1)})"` : ' visibility="hidden"';
          return `<g role="option" aria-selected="false" id="${id}" aria-label="${label}" class="member ${role}"${at}>${marker(role)}</g>`;
        }),
      )
      .join('');
  }

  #nearest(event: PointerEvent): number | undefined {
    const box = this.#svg.getBoundingClientRect();
    const [px, py] = [event.clientX - box.left, event.clientY - box.top];
    let [best, least] = [undefined as number | undefined, 40 ** 2];
    this.#places.forEach(({ x, y }, i) => {
      const distance = (x - px) ** 2 + (y - py) ** 2;
      if (distance < least) [best, least] = [i, distance];
    });
    return best;
  }

  #onKey(event: KeyboardEvent): void {
    const last = this.#places.length - 1;
    const at = this.#chosen ?? 0;
    const next = {
      ArrowRight: at + 1,
      ArrowDown: at + 1,
      ArrowLeft: at - 1,
      ArrowUp: at - 1,
      Home: 0,
      End: last,
    }[event.key];
    if (event.key === 'Escape') this.#choose(undefined);
    if (next === undefined || last < 0) return;
    event.preventDefault();
    this.#choose(Math.min(last, Math.max(0, next)));
  }

  #choose(chosen: number | undefined): void {
    const id = (i: number) => `${this.#svg.id}-${i}`;
    if (this.#chosen !== undefined) document.getElementById(id(this.#chosen))?.setAttribute('aria-selected', 'false');
    const place = chosen === undefined ? undefined : this.#places[chosen];
    this.#chosen = place === undefined ? undefined : chosen;
    this.#label.hidden = place === undefined || !Number.isFinite(place.x + place.y);
    if (place === undefined || chosen === undefined) {
      this.#svg.removeAttribute('aria-activedescendant');
      return;
    }
    document.getElementById(id(chosen))?.setAttribute('aria-selected', 'true');
    this.#svg.setAttribute('aria-activedescendant', id(chosen));
    if (this.#label.hidden) return;
    const [first, ...rest] = place.member.lines;
    this.#label.replaceChildren(h('strong', {}, first), ...rest.map((text) => h('span', {}, text)));
    const { width } = this.#size;
    const left = place.x + 12 + this.#label.offsetWidth > width ? place.x - 12 - this.#label.offsetWidth : place.x + 12;
    // Set through the DOM: a style attribute would violate the page's content security policy.
    this.#label.style.left = `${Math.max(0, Math.min(left, width - this.#label.offsetWidth))}px`;
    this.#label.style.top = `${Math.max(0, place.y - this.#label.offsetHeight - 10)}px`;
  }

  get name(): string {
    return this.#name;
  }
}

interface Axis {
  /** Position of a value in pixels; NaN if the axis can't show it. */
  readonly place: (value: number) => number;
  readonly ticks: readonly Tick[];
}

function frame(
  { xTitle, yTitle }: ChartContent,
  x: Axis,
  y: Axis,
  { width, height }: { width: number; height: number },
): string {
  const bottom = height - margin.bottom;
  const right = width - margin.right;
  const horizontal = y.ticks.map(({ at, text }) => {
    const place = y.place(at).toFixed(1);
    return `<line class="grid" x1="${margin.left}" x2="${right}" y1="${place}" y2="${place}"/><text x="${margin.left - 8}" y="${place}" dy="0.32em" text-anchor="end">${escaped(text)}</text>`;
  });
  const vertical = x.ticks.map(({ at, text }) => {
    const place = x.place(at).toFixed(1);
    return `<line class="tick" x1="${place}" x2="${place}" y1="${bottom}" y2="${bottom + 5}"/><text x="${place}" y="${bottom + 18}" text-anchor="middle">${escaped(text)}</text>`;
  });
  return [
    ...horizontal,
    ...vertical,
    `<line class="domain" x1="${margin.left}" x2="${right}" y1="${bottom}" y2="${bottom}"/>`,
    `<text class="title" x="${(margin.left + right) / 2}" y="${height - 6}" text-anchor="middle">${escaped(xTitle)}</text>`,
    `<text class="title" transform="translate(11 ${(margin.top + bottom) / 2}) rotate(-90)" text-anchor="middle">${escaped(yTitle)}</text>`,
  ].join('');
}

type Place = readonly [number, number];

/** A lower limit that a logarithmic axis can't show, such as 0, is drawn at its floor. */
function band({ role, line: list }: ChartSeries, x: Axis, y: Axis, floor: number): string {
  const edges = list
    .filter(({ lower, upper }) => lower !== undefined && upper !== undefined)
    .map((point) => ({
      x: x.place(point.x),
      upper: y.place(present(point.upper)),
      lower: y.place(present(point.lower)),
    }))
    .filter((edge) => isPlace([edge.x, edge.upper]));
  if (edges.length < 2) return '';
  const upper = edges.map((edge): Place => [edge.x, edge.upper]);
  const lower = edges.map((edge): Place => [edge.x, Number.isFinite(edge.lower) ? edge.lower : floor]);
  return `<path class="band ${role}" d="${path([...upper, ...lower.reverse()])}Z"/>`;
}

function line({ role, isThin = false, line: list }: ChartSeries, x: Axis, y: Axis): string {
  const places = list.map((point): Place => [x.place(point.x), y.place(point.y)]).filter(isPlace);
  return places.length < 2 ? '' : `<path class="line ${role}${isThin ? ' thin' : ''}" d="${path(places)}"/>`;
}

function isPlace([a, b]: Place): boolean {
  return Number.isFinite(a) && Number.isFinite(b);
}

function path(places: readonly Place[]): string {
  return `M${places.map(([a, b]) => `${a.toFixed(1)} ${b.toFixed(1)}`).join('L')}`;
}

const shapes: Readonly<Record<SeriesStyle['shape'], string>> = {
  circle: '<circle r="3.6"/>',
  square: '<path d="M-3.4-3.4h6.8v6.8h-6.8z"/>',
  'triangle-up': '<path d="M0-4.2l4 7h-8z"/>',
  diamond: '<path d="M0-4.6l4.6 4.6-4.6 4.6-4.6-4.6z"/>',
  'triangle-down': '<path d="M0 4.2l4-7h-8z"/>',
  cross: '<path d="M-1.5-4.2h3v2.7h2.7v3h-2.7v2.7h-3v-2.7h-2.7v-3h2.7z"/>',
};

/** The point, and a ring that is shown while it is chosen. */
export function marker(role: Role): string {
  return `<circle class="ring" r="8.5"/>${shapes[seriesStyle(styleOf(role)).shape]}`;
}
