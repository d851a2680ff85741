/**
 * Domains, ticks and tick labels for figures, terminal plots and the page. A tick is a number with its text, so that every axis labels
 * the same number the same way.
 */
import { extent, range, tickIncrement } from 'd3-array';
import { scaleLinear, scaleLog } from 'd3-scale';
import { formatCount, formatNumber, inPercent } from '../../terminal/format.js';

/** A point of a curve, with the ends of its interval if it has one. */
export interface CurvePoint {
  readonly x: number;
  readonly y: number;
  readonly lower?: number | undefined;
  readonly upper?: number | undefined;
}

export interface Tick {
  readonly at: number;
  readonly text: string;
}

export type Domain = readonly [number, number];

/** Maps a value to its position; NaN if a logarithmic axis can't show it, the middle if the domain is a single value. */
export function placing(domain: Domain, range: Domain, isLog: boolean): (value: number) => number {
  const scale = (isLog ? scaleLog() : scaleLinear()).domain(domain).range(range);
  const isPoint = domain[0] === domain[1];
  return (value) => (isLog && value <= 0 ? NaN : isPoint ? (range[0] + range[1]) / 2 : scale(value));
}

/** Powers of ten if there are four or more, else 1, 2 and 5 times them, else whole multiples: never fewer than a reader needs. */
export function logTicks(domain: Domain): number[] {
  const [least, most] = [Math.min(...domain), Math.max(...domain)];
  const decadesThere = Math.log10(most / least);
  const all = scaleLog()
    .domain([least, most])
    .ticks(Math.floor(decadesThere) + 2);
  const within = (digits: readonly number[]) => all.filter((tick) => digits.includes(leadingDigit(tick)));
  const decades = within([1]);
  if (decades.length >= 4) return decades;
  const thirds = within([1, 2, 5]);
  if (thirds.length >= 3) return thirds;
  return all.length >= 3 ? all : linearTicks([least, most], 4);
}

function leadingDigit(value: number): number {
  return Number(value.toExponential().split('e')[0]);
}

/**
 * For a logarithmic axis: if not all ticks have room on it, 1, 2 and 5 times a power of ten take precedence, with 3 times one where
 * these would be only two, unless they cover less than half of it, as they may where the ticks are the points' own values.
 */
export function roundest(ticks: readonly Tick[], fit: (some: readonly Tick[]) => Tick[]): Tick[] {
  if (isEven(ticks)) return evenlyThinned(ticks, fit);
  const all = fit(ticks);
  if (all.length === ticks.length) return all;
  const [usual, finer] = [
    [1, 2, 5],
    [1, 2, 3, 5],
  ].map((digits) => {
    const round = ticks.filter(({ at }) => digits.includes(leadingDigit(at)));
    return 2 * octaves(round) >= octaves(ticks) ? fit(round) : [];
  }) as [Tick[], Tick[]];
  if (usual.length < 3 && finer.length >= 3) return finer;
  return usual.length > 0 ? usual : all;
}

/** For a logarithmic axis: if not all have room, those of equal ratios are thinned to equal ratios, such as 1, 4, 16, ... of doublings. */
export function evenlyThinned(ticks: readonly Tick[], fit: (some: readonly Tick[]) => Tick[]): Tick[] {
  const all = fit(ticks);
  return all.length < ticks.length && isEven(ticks) ? thinned(ticks, fit) : all;
}

/** Whether each is the same multiple of the one before it. */
function isEven(ticks: readonly Tick[]): boolean {
  const logs = ticks.map(({ at }) => Math.log(at));
  const [first, second] = logs;
  if (first === undefined || second === undefined || logs.length < 3) return false;
  return logs.every((log, i) => Math.abs(log - first - i * (second - first)) < 1e-9);
}

/** Every second one, or every third, ...: the most that have room. */
function thinned(ticks: readonly Tick[], fit: (some: readonly Tick[]) => Tick[]): Tick[] {
  for (let every = 2; every < ticks.length; every++) {
    const some = ticks.filter((_, i) => i % every === 0);
    const fitting = fit(some);
    if (fitting.length === some.length) return fitting;
  }
  return fit(ticks.slice(0, 1));
}

/** Doublings between the first tick and the last, also of a descending axis; NaN if there is none. */
function octaves(ticks: readonly Tick[]): number {
  return Math.abs(Math.log2(Number(ticks.at(-1)?.at) / Number(ticks[0]?.at)));
}

/** The points' own values as ticks if they are few and whole, such as depths, widths and steps; else undefined: use round numbers. */
export function wholePlaces(values: readonly number[]): number[] | undefined {
  const places = [...new Set(values)].sort((a, b) => a - b);
  const isShort = (value: number) => Number.isInteger(value) && Number(value.toPrecision(3)) === value;
  return places.length >= 2 && places.length <= 12 && places.every(isShort) ? places : undefined;
}

/** About `count` multiples of 1, 2 or 5 times a power of ten. */
export function linearTicks(domain: Domain, count: number): number[] {
  return scaleLinear().domain(domain).ticks(count);
}

/** Ticks whose first and last are at or just beyond the ends. */
export function ticksAround([low, high]: Domain, count: number): number[] {
  const step = tickIncrement(low, high, count);
  // A step below 1 is given as a negative divisor: 3 / 10 is 0.3, but 3 * 0.1 is not. The quotient is rounded for the same reason.
  const places = (value: number) => Number((step > 0 ? value / step : value * -step).toPrecision(12));
  const [first, last] = [Math.floor(places(low)), Math.ceil(places(high))];
  return range(first, last + 1).map((i) => (step > 0 ? i * step : i / -step));
}

/** The range of the values with a margin on both sides; for a logarithmic axis only of values above 0. */
export function domainOf(values: readonly number[], isLog: boolean, share = 0.06): [number, number] {
  const [least, most] = extent(values.filter((value) => Number.isFinite(value) && (!isLog || value > 0)));
  if (least === undefined) return isLog ? [0.1, 10] : [0, 1];
  if (isLog) {
    const margin = Math.exp(Math.max(share * Math.log(most / least), Math.log(1.1)));
    return [least / margin, most * margin];
  }
  const margin = share * (most - least || Math.abs(most) || 1);
  return [least - margin, most + margin];
}

/** `20k`, `1.5B`: for counts, such as parameters. */
export function countTicks(values: readonly number[]): Tick[] {
  return distinctTicks(values, formatCount, 3);
}

/** `0.002`, `1e-7`, `20k`: for all other numbers. */
export function valueTicks(values: readonly number[]): Tick[] {
  const texts = distinctTicks(values, formatCount, 3);
  return texts.map(({ at, text }) => ({ at, text: Math.abs(at) >= 1e4 ? text : formatNumber(at, 6) }));
}

/** `0.997`, `20000`: for the terminal. */
export function plainTicks(values: readonly number[]): Tick[] {
  return distinctTicks(values, formatNumber, 3);
}

/** With as many digits as it takes to tell neighbours apart: 1.5k, but 1.501k and 1.502k. */
function distinctTicks(
  values: readonly number[],
  format: (value: number, digits: number) => string,
  digits: number,
): Tick[] {
  const ticks = values.map((at) => ({ at, text: format(at, digits) }));
  const isTold = new Set(ticks.map(({ text }) => text)).size === new Set(values).size;
  return isTold || digits >= 15 ? ticks : distinctTicks(values, format, digits + 1);
}

/** `20 %`: for shares. */
export function shareTicks(values: readonly number[]): Tick[] {
  return values.map((at) => ({ at, text: inPercent(at, 6) }));
}

/**
 * Ticks whose labels don't collide along an axis, which runs as `place` ascends; the first is kept.
 *
 * @param ends `both` where ticks are a family's own scales: the last is kept too, if both have room
 */
export function withRoom(
  ticks: readonly Tick[],
  place: (value: number) => number,
  sizeOf: (text: string) => number,
  gap: number,
  ends: 'first' | 'both' = 'first',
): Tick[] {
  const collide = (one: Tick, next: Tick) =>
    place(next.at) - place(one.at) < (sizeOf(one.text) + sizeOf(next.text)) / 2 + gap;
  const kept: Tick[] = [];
  for (const tick of ticks) {
    if (Number.isNaN(place(tick.at))) continue;
    const before = kept.at(-1);
    if (before === undefined || !collide(before, tick)) kept.push(tick);
    else if (ends === 'both' && tick === ticks.at(-1)) {
      const own = kept.findLastIndex((each) => !collide(each, tick));
      if (own >= 0) kept.splice(own + 1, Infinity, tick);
    }
  }
  return kept;
}

/** Ascending positions moved as little as needed to be `distance` apart: neighbours that collide are centred as a group. */
export function apart(positions: readonly number[], distance: number): number[] {
  interface Group {
    readonly count: number;
    /** Ideal position of the group's first one, averaged over the group. */
    readonly start: number;
  }
  const groups: Group[] = [];
  for (const position of positions) {
    let group: Group = { count: 1, start: position };
    for (
      let above = groups.at(-1);
      above && above.start + above.count * distance > group.start;
      above = groups.at(-1)
    ) {
      groups.pop();
      const count = above.count + group.count;
      const start = (above.count * above.start + group.count * (group.start - above.count * distance)) / count;
      group = { count, start };
    }
    groups.push(group);
  }
  return groups.flatMap(({ count, start }) => Array.from({ length: count }, (_, i) => start + i * distance));
}
