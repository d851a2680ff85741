/** A comparison in sentences made from its numbers, which claim nothing that the numbers do not show. */
import type { ComparedCurve, Comparison } from '../../analysis/compare.js';
import { firstOf, lastOf, nth } from '../../machine/present.js';
import { parseMetric } from '../../metrics/index.js';
import type { Metric } from '../../metrics/metric.js';
import type { ScoreWithInterval } from '../../analysis/curves.js';
import type { CurveSharpness, Sharpness } from '../../analysis/sharpness.js';
import { scaleText, trainedWords, type FamilyWords } from '../../runs/words.js';
import { capitalized, formatNumber, formatWithInterval, inPercent } from '../../terminal/format.js';
import { whereImproves, type ShapeScales } from '../bows.js';
import { metricText } from '../tables/members.js';

/** Values at the smallest and the largest scale, and how the curve gets from one to the other. */
export function describeCurve(role: string, curve: ComparedCurve, words: FamilyWords = trainedWords): string {
  const [first, last] = [firstOf(curve.points), lastOf(curve.points)];
  const unit = curve.unit === '' || curve.unit === 'probability' ? '' : ` ${curve.unit}`;
  const ends = `${formatNumber(first.value)}${unit} at the smallest scale to ${formatNumber(last.value)}${unit} at the largest`;
  const jump = curve.scores.jump.value;
  const step = Number.isNaN(jump) ? '' : `, its largest step being ${inPercent(jump)} of its range`;
  return `${role}, ${curve.title}, goes from ${ends}${step}. It ${improvementOf(curve, words)}.`;
}

/** Where a compared curve improves, and in brackets its bow and `more`. */
export function improvementOf(
  { scores, points }: ComparedCurve,
  words: FamilyWords,
  more: readonly string[] = [],
): string {
  return improvement(scores, { scales: points.map(({ width, parameters }) => width ?? parameters), words }, { more });
}

interface Brackets {
  readonly before?: readonly string[];
  readonly more?: readonly string[];
}

function improvement(
  { emergence, bow }: ComparedCurve['scores'],
  of: ShapeScales,
  { before = [], more = [] }: Brackets = {},
): string {
  const numbers = [...before, ...(Number.isNaN(bow.value) ? [] : [`bow ${scored(bow)}`]), ...more];
  const brackets = numbers.length === 0 ? '' : ` (${numbers.join(', ')})`;
  return `${whereImproves({ emergence: emergence.value, bow }, of)}${brackets}`;
}

export function scored({ value, interval }: ScoreWithInterval): string {
  return formatWithInterval(value, interval, 2);
}

/** What a run's two curves show, and what follows from it: lines printed at the end of training. */
export function describeSharpness(
  sharpness: Sharpness,
  widths: readonly number[],
  words: FamilyWords = trainedWords,
): string[] {
  const standard = parseMetric(sharpness.standard.metric);
  const induced = parseMetric(sharpness.induced.metric);
  const { rule } = sharpness.induced;
  const ends = { widths, words };
  const of = { scales: widths, words };
  return [
    `${capitalized(standard.title)} goes ${endsOf(sharpness.standard, standard, ends)} and ${verdict(sharpness.standard, of)}.`,
    `${capitalized(induced.title)}, of the same predictions, goes ${endsOf(sharpness.induced, induced, ends)} and ${verdict(sharpness.induced, of)}.`,
    describeContrast(sharpness),
    ...(rule === undefined ? [] : [`Chosen on these outcomes, and chosen again in each bootstrap draw: ${rule}.`]),
  ];
}

function verdict({ scores }: CurveSharpness, of: ShapeScales): string {
  return improvement(scores, of, { before: [`Eq 1 ${scored(scores.emergence)}`] });
}

function endsOf(
  { values }: CurveSharpness,
  metric: Metric,
  { widths, words }: { readonly widths: readonly number[]; readonly words: FamilyWords },
): string {
  const at = (place: number) =>
    `${metricText(metric, { value: nth(values, place) })} at ${words.scale} ${scaleText(nth(widths, place), words)}`;
  return `from ${at(0)} to ${at(-1)}`;
}

/** The effect of the choice of metric, from the paired contrasts of the two curves' scores. */
export function describeContrast({ standard, induced, paired }: Sharpness): string {
  const { pairing, scores } = paired;
  const draws = pairing === 'nothing' ? '95 % interval, unpaired' : `paired 95 % interval over ${pairing}`;
  return `${eq1Contrast(scores.ramp.ratio, draws)} ${bowContrast(standard.scores.bow, induced.scores.bow, scores.bow.difference)}`;
}

function eq1Contrast(ratio: ScoreWithInterval | undefined, draws: string): string {
  if (ratio === undefined || Number.isNaN(ratio.value) || Number.isNaN(ratio.interval.lower))
    return 'The induced curve has no ratio of Eq 1 to the standard one, at least in some draws.';
  if (ratio.interval.lower === 1 && ratio.interval.upper === 1)
    return 'The induced curve has the same Eq 1 as the standard one in every draw.';
  const what = `Eq 1 of the induced curve is ${scored(ratio)} times that of the standard one (${draws})`;
  if (ratio.interval.lower > 1) return `${what}: by Eq 1 it is sharper.`;
  if (ratio.interval.upper < 1) return `${what}: by Eq 1 it is less sharp.`;
  return `${what}: the interval contains 1, so Eq 1 does not show which is sharper.`;
}

function bowContrast(standard: ScoreWithInterval, induced: ScoreWithInterval, difference: ScoreWithInterval): string {
  if (Number.isNaN(difference.interval.lower))
    return 'The bow of one of the curves is undefined, at least in some draws.';
  if (difference.interval.lower === 0 && difference.interval.upper === 0)
    return 'Their bows are the same in every draw.';
  const what = `Its bow differs by ${scored(difference)}`;
  if (difference.interval.lower <= 0 && difference.interval.upper >= 0)
    return `${what}: the interval contains 0, so the bow does not show which is later.`;
  if (difference.value < 0)
    return `${what}: the induced curve improves earlier than the standard one, so this metric induces nothing.`;
  if (induced.interval.lower > 0)
    return standard.interval.lower > 0
      ? `${what}: both improve late, the induced one later.`
      : `${what}: the induced curve improves late and the standard one does not, although the models are the same and only the metric differs.`;
  return `${what}: the induced curve improves less early than the standard one, but no later than a straight line, so the metric bends the curve without making it look emergent.`;
}

const shownTests = [
  { name: 'emergence', title: 'Eq 1' },
  { name: 'jump', title: 'the largest step' },
  { name: 'bow', title: 'the bow' },
] as const;

/** Whether a curve is sharper than smooth growth, by p-values adjusted for all scores. */
export function describeSmooth({ smooth: { family, scores } }: CurveSharpness): string {
  const least = Math.min(
    ...Object.values(scores).map(({ adjusted }) => (Number.isNaN(adjusted) ? Infinity : adjusted)),
  );
  if (least === Infinity)
    return 'With one seed per scale, the spread of seeds is unknown, so sharpness cannot be tested against smooth growth.';
  const found = shownTests.filter(({ name }) => scores[name].adjusted <= 0.05);
  const fit = `the best smooth fit, a ${family}${family === 'line' ? ' in log scale' : ''}`;
  if (found.length === 0)
    return `It is not shown to be sharper than smooth growth: against ${fit}, no score stands out (smallest adjusted p ${formatNumber(least, 2)}).`;
  const list = found.map(
    ({ name, title }) =>
      `${title} (${formatNumber(scores[name].p, 2)}, adjusted ${formatNumber(scores[name].adjusted, 2)})`,
  );
  return `It is sharper than smooth growth: compared with ${fit}, p is ${list.join(', ')}.`;
}

/** How much of the induced curve's sharpness the metric would give a smooth family, and how much is left. */
export function describePushed({ pushed, induced }: Pick<Sharpness, 'pushed' | 'induced'>): string[] {
  if (pushed === undefined) return [];
  const { smooth, left, p, adjusted } = pushed.scores.jump;
  if (Number.isNaN(smooth)) return [];
  const measured = `Its largest step is ${inPercent(induced.scores.jump.value)} of the range; in a family that grows smoothly, the metric alone would make ${inPercent(smooth)} (${pushed.title} of the best smooth fits)`;
  const rest = `the remainder is ${scored({ value: 100 * left.value, interval: { lower: 100 * left.interval.lower, upper: 100 * left.interval.upper } })} points`;
  const tested = Number.isNaN(p)
    ? '; with one seed, its significance is unknown'
    : adjusted <= 0.05
      ? `, more than chance explains (p ${formatNumber(p, 2)}, adjusted ${formatNumber(adjusted, 2)}): part of the jump belongs to the models, or comes from dependence between examples`
      : `, no more than chance explains (p ${formatNumber(p, 2)}, adjusted ${formatNumber(adjusted, 2)})`;
  return [`${measured}; ${rest}${tested}.`];
}

export function describePrediction(
  { prediction, induced }: Comparison,
  words: FamilyWords = trainedWords,
): string | undefined {
  if (prediction === undefined) return undefined;
  const { title, assumption, distance } = prediction;
  const what = `The curve that independence predicts from the standard outcomes alone (${title}: ${assumption})`;
  if (distance.largest < 1e-9) return `${what} is the measured one.`;
  const width = induced.points[distance.at]?.width;
  return `${what} differs from what was measured by ${formatNumber(distance.rms)} (rms over scales), most at ${words.scale} ${scaleText(width ?? NaN, words)}: ${formatNumber(distance.largest)}.`;
}

export function describeNatural(natural: ComparedCurve, { induced }: Comparison): string {
  const { ramp, bow } = natural.scores;
  return `For comparison, a published curve, ${natural.title}: Eq 1 / ramp ${scored(ramp)}, bow ${scored(bow)}; the induced curve has ${scored(induced.scores.ramp)} and ${scored(induced.scores.bow)}.`;
}
