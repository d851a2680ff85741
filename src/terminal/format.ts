/** Numbers as they are shown to people. */

/** `0.4 s`, `18 s`, `3 min 05 s`, `2 h 04 min`; `?` for what isn't a finite number. */
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

/** `12.3k ex/s`. */
export function formatRate(examplesPerSecond: number): string {
  const thousands = examplesPerSecond / 1000;
  return `${thousands >= 1 ? `${thousands.toFixed(1)}k` : examplesPerSecond.toFixed(0)} ex/s`;
}

/** `1 epoch`, `3 epochs`. */
export function counted(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`;
}

/** `812 bytes`, `4.4 kB`, `170 MB`, `2.1 GB`: powers of 1000. */
export function formatBytes(bytes: number): string {
  const units = ['kB', 'MB', 'GB', 'TB'];
  if (bytes < 1000) return `${bytes} bytes`;
  const power = Math.min(units.length, Math.floor(Math.log10(bytes) / 3 + 1e-12));
  const value = bytes / 1000 ** power;
  return `${value < 9.95 ? value.toFixed(1) : value.toFixed(0)} ${units[power - 1]!}`;
}
