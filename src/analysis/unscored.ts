/** Why a curve has no scores: they are blank in tables and CSV, and a blank needs a reason. */
import type { Metric } from '../metrics/metric.js';

/**
 * One clause; undefined if every score has a value.
 *
 * @param values means over seeds at each scale, `[scales]`
 * @param smallest the first scale, if the scale is a factor that may be 0
 */
export function whyUnscored(
  { notFinite = 'a test example has no finite value' }: Pick<Metric, 'notFinite'>,
  values: ArrayLike<number>,
  smallest = 1,
): string | undefined {
  const all = Array.from(values);
  const none = all.filter((value) => !Number.isFinite(value)).length;
  if (none > 0) return `no finite value at ${none} of ${all.length} scales: ${notFinite}`;
  if (Math.max(...all) === Math.min(...all)) return 'the same at every scale, so the curve has no shape';
  if (smallest <= 0) return `a scale of ${smallest} has no logarithm, so there is no bow`;
  return all.length < 3 ? 'two scales have no bow' : undefined;
}

/** Why scores of a curve are blank, one line per curve. */
export function unscoredLines(
  curves: readonly {
    readonly title: string;
    readonly notFinite?: string | undefined;
    readonly values: ArrayLike<number>;
    readonly smallest?: number | undefined;
  }[],
): string[] {
  return curves.flatMap((curve) => {
    const why = whyUnscored(curve, curve.values, curve.smallest);
    return why === undefined ? [] : `-: ${curve.title}: ${why}.`;
  });
}
