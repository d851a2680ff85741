/** Scales of a chart's axes and where their ticks are. */
import { logTicks } from '../../figures/ticks.js';
import { short } from './dom.js';

export interface Tick {
  readonly at: number;
  readonly text: string;
}

export interface Axis {
  /** Pixels of a value; NaN for one that the axis can't show. */
  readonly place: (value: number) => number;
  readonly ticks: readonly Tick[];
}

export interface AxisRequest {
  readonly domain: readonly [number, number];
  readonly range: readonly [number, number];
  readonly isLog: boolean;
  readonly format: (value: number) => string;
  /** Ticks where linear, about. */
  readonly count: number;
}

export function axisOf({ domain: [least, most], range: [from, to], isLog, format, count }: AxisRequest): Axis {
  const scale = isLog ? Math.log : (value: number) => value;
  const [low, high] = [scale(least), scale(most)];
  const values = isLog ? logTicks([least, most]) : linearTicks(least, most, count);
  return {
    place: (value) => (isLog && value <= 0 ? NaN : from + ((scale(value) - low) / (high - low || 1)) * (to - from)),
    ticks: values.map((at) => ({ at, text: format(at) })),
  };
}

/** Multiples of 1, 2 or 5 times a power of ten. */
function linearTicks(least: number, most: number, count: number): number[] {
  const rough = (most - least) / count || 1;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].map((digit) => digit * power).find((each) => each >= rough * 0.999) ?? power;
  const first = Math.ceil(least / step - 1e-9);
  const last = Math.floor(most / step + 1e-9);
  return Array.from({ length: last - first + 1 }, (_, i) => Number(((first + i) * step).toPrecision(12)));
}

/** A domain with a margin on both sides, of what is above 0 where the axis is logarithmic. */
export function withMargin(values: readonly number[], isLog: boolean, share = 0.06): [number, number] {
  const shown = values.filter((value) => Number.isFinite(value) && (!isLog || value > 0));
  if (shown.length === 0) return isLog ? [0.1, 1] : [0, 1];
  const [least, most] = [Math.min(...shown), Math.max(...shown)];
  if (isLog) {
    const margin = Math.max(share * Math.log(most / least), Math.log(1.12));
    return [least * Math.exp(-margin), most * Math.exp(margin)];
  }
  const margin = share * (most - least || Math.abs(most) || 1);
  return [least - margin, most + margin];
}

/** 0.002, 1e-7: as short as may be. */
export function plain(value: number): string {
  const size = Math.abs(value);
  if (size !== 0 && size < 1e-4) return value.toExponential(0).replace('e+', 'e');
  return size >= 10000 ? short(value) : String(Number(value.toPrecision(6)));
}
