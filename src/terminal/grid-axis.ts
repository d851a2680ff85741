/** Parses `--over` and `--grid`: `k=1..20`, `c=0.01,0.02`, `c=1e-4:1e-1:200:log`. */
import { UsageError } from './errors.js';

/** One parameter and the values that it takes. */
export interface GridAxis {
  readonly key: string;
  readonly values: readonly number[];
}

const most = 100_000;

/** Throws UsageError, one line. */
export function parseAxis(text: string, flag = '--over'): GridAxis {
  const [, key, rest] = /^([A-Za-z]+(?:-[a-z]+)*)=(.+)$/.exec(text.trim()) ?? [];
  if (key === undefined || rest === undefined)
    throw new UsageError(
      `"${text}" does not name a parameter and its values`,
      flag,
      flag === '--grid'
        ? 'write for example depth=1,2,4 or trainSize=500:8000:5:log'
        : 'write for example k=1..20 or c=1e-4:1e-1:200:log',
    );
  const values = rest.includes('..')
    ? wholeRange(rest, flag)
    : rest.includes(':')
      ? spaced(rest, flag)
      : listed(rest, flag);
  const twice = values.find((value, i) => values.indexOf(value) < i);
  if (twice !== undefined) throw new UsageError(`${twice} is listed twice`, flag, 'list each value once');
  // Figures and cell means need them in order.
  return { key, values: [...values].sort((a, b) => a - b) };
}

function wholeRange(text: string, flag: string): number[] {
  const [, from, to] = /^(-?\d+)\.\.(-?\d+)$/.exec(text) ?? [];
  const [first, last] = [Number(from), Number(to)];
  if (from === undefined || last < first)
    throw new UsageError(`"${text}" is not a range of whole numbers`, flag, 'write 1..20, say');
  if (last - first >= most) throw new UsageError(`"${text}" has more than ${most} values`, flag);
  return Array.from({ length: last - first + 1 }, (_, i) => first + i);
}

/** from:to:count, evenly spaced, or with `:log` evenly in log scale. */
function spaced(text: string, flag: string): number[] {
  const remedy = 'write 1e-4:1e-1:200:log, or 0:1:11';
  const [from = '', to = '', count = '', spacing = 'linear', ...more] = text.split(':');
  const [first, last, n] = [numberOf(from, flag), numberOf(to, flag), Number(count)];
  if (!/^\d+$/.test(count) || n < 2 || n > most || more.length > 0 || !['log', 'linear'].includes(spacing))
    throw new UsageError(`"${text}" is not FROM:TO:COUNT with 2 to ${most} values`, flag, remedy);
  if (spacing === 'log' && !(first > 0 && last > 0))
    throw new UsageError(`"${text}" needs limits above 0 for log spacing`, flag, remedy);
  if (!(last > first)) throw new UsageError(`"${text}" does not increase`, flag, remedy);
  return Array.from({ length: n }, (_, i) => {
    const t = i / (n - 1);
    const value = spacing === 'log' ? first * (last / first) ** t : first + (last - first) * t;
    // Rounded to six digits, so that a displayed value can be typed back.
    return Number(value.toPrecision(6));
  });
}

function listed(text: string, flag: string): number[] {
  return text.split(',').map((part) => numberOf(part, flag));
}

function numberOf(text: string, flag: string): number {
  const value = Number(text);
  if (text.trim() !== '' && Number.isFinite(value)) return value;
  throw new UsageError(`"${text}" is not a number`, flag);
}
