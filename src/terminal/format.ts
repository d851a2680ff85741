/** Numbers as they are shown to people. */

/** `8 s`, `3 min 05 s`, `2 h 04 min`; `?` for what isn't a finite number. */
export function formatDuration(seconds: number): string {
  if (!Number.isFinite(seconds)) return '?';
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
