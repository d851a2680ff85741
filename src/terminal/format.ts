/** Formats numbers for people. */
import { format } from 'd3-format';

/** `0.4 s`, `18 s`, `3 min 05 s`, `2 h 04 min`; `?` if not finite. */
export function formatDuration(seconds: number): string {
  if (!Number.isFinite(seconds)) return '?';
  if (seconds > 0 && seconds < 9.95) return `${seconds.toFixed(1)} s`;
  const whole = Math.max(0, Math.round(seconds));
  const [hours, minutes] = [Math.floor(whole / 3600), Math.floor(whole / 60)];
  if (minutes === 0) return `${whole} s`;
  if (hours === 0) return `${minutes} min ${String(whole % 60).padStart(2, '0')} s`;
  return `${hours} h ${String(minutes % 60).padStart(2, '0')} min`;
}

/** `98.76 %` for 0.9876. */
export function formatPercent(share: number): string {
  return `${(100 * share).toFixed(2)} %`;
}

/** `12 %` for 0.1234, with so many digits. */
export function inPercent(share: number, digits = 2): string {
  return `${formatNumber(100 * share, digits)} %`;
}

/** `12.3k ex/s`. */
export function formatRate(examplesPerSecond: number): string {
  const thousands = examplesPerSecond / 1000;
  return `${thousands >= 0.9995 ? `${thousands.toFixed(1)}k` : examplesPerSecond.toFixed(0)} ex/s`;
}

/** `One line` of `one line`. */
export function capitalized(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}

/** `1 epoch`, `3 epochs`. */
export function counted(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`;
}

/** `1 image`, `12 000 images`. */
export function countedWithSpaces(count: number, noun: string): string {
  return `${withSpaces(count)} ${noun}${count === 1 ? '' : 's'}`;
}

/** `812 bytes`, `4.4 kB`, `170 MB`, `2.1 GB`: powers of 1000. */
export function formatBytes(bytes: number): string {
  const units = ['kB', 'MB', 'GB', 'TB'];
  if (bytes < 1000) return counted(bytes, 'byte');
  // 999.5 of a unit would be written as 1000.
  const power = Math.min(units.length, Math.max(1, Math.floor(Math.log10(bytes / 0.9995) / 3 + 1e-12)));
  const value = bytes / 1000 ** power;
  return `${value < 9.95 ? value.toFixed(1) : value.toFixed(0)} ${units[power - 1]!}`;
}

/** A number with this many significant digits, as short as possible: 0.0123, 12.3, 1.2e-7; `inf` for infinity, `-` for NaN. */
export function formatNumber(value: number, digits = 3): string {
  if (Number.isNaN(value)) return '-';
  if (!Number.isFinite(value)) return value > 0 ? 'inf' : '-inf';
  const rounded = Number(value.toPrecision(digits));
  const size = Math.abs(rounded);
  if (size !== 0 && (size < 1e-4 || size >= 1e6)) return rounded.toExponential().replace('e+', 'e');
  return size >= 10 ** digits
    ? rounded.toFixed(0)
    : rounded
        .toPrecision(digits)
        .replace(/(\.\d*?)0+$/, '$1')
        .replace(/\.$/, '');
}

/** `0.12 [0.10, 0.15]`; the value alone if an end is unknown, or both are equal, which would suggest certainty. */
export function formatWithInterval(
  value: number,
  { lower, upper }: { readonly lower: number; readonly upper: number },
  digits = 3,
): string {
  const shown = formatNumber(value, digits);
  if (Number.isNaN(value) || Number.isNaN(lower) || Number.isNaN(upper) || lower === upper) return shown;
  return `${shown} [${formatNumber(lower, digits)}, ${formatNumber(upper, digits)}]`;
}

/** A share of 0 to 1 with four decimals; a smaller one that is not 0 with two digits; `-` for none. */
export function formatShare(share: number): string {
  if (!Number.isFinite(share)) return formatNumber(share);
  return share !== 0 && Math.abs(share) < 5e-5 ? formatNumber(share, 2) : share.toFixed(4);
}

/** `410M`, `1.4B`, `0.25`: a count such as parameters, with the letters used for model sizes; `1e15` beyond them. */
export function formatCount(value: number, digits = 3): string {
  const size = Math.abs(value);
  if (!(size >= 1000 && Number(size.toPrecision(digits)) < 1e15)) return formatNumber(value, digits);
  return format(`.${digits}~s`)(value).replace('G', 'B').replace('\u2212', '-');
}

/** 1234567 as 1 234 567. */
export function withSpaces(value: number, space = ' '): string {
  return format(',')(value).replaceAll(',', space).replace('\u2212', '-');
}

/** Most names listed in full; longer lists are shortened. */
const namedInFull = 4;

/** `a, b and c`, or `a, b, c and 21 more, the last z`. */
export function condensed(ids: readonly string[]): string {
  const last = ids.at(-1) ?? '';
  if (ids.length === 1) return last;
  if (ids.length <= namedInFull) return `${ids.slice(0, -1).join(', ')} and ${last}`;
  const first = ids.slice(0, namedInFull - 1);
  return `${first.join(', ')} and ${ids.length - first.length} more, the last ${last}`;
}
