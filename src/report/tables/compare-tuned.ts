/** A family and its tuned twin, as text. */
import { sum } from 'd3-array';
import type { TunedComparison, TwinCurve, TwinCurves, TwinVerdict } from '../../analysis/compare-tuned.js';
import type { ScoreName } from '../../analysis/scores.js';
import type { NamedRun } from '../../analysis/diff/difference.js';
import { nth } from '../../machine/present.js';
import { optionOf } from '../../experiment/schema.js';
import { scaleText } from '../../runs/words.js';
import { counted, formatNumber, formatWithInterval, withSpaces } from '../../terminal/format.js';
import { titled } from '../titles.js';
import { shareOfDraws } from './compare.js';
import { textTable } from './text-table.js';

const scores = titled('emergence', 'jump', 'bow');

/** Without a line break at the end. */
export function tunedTable(found: TunedComparison<NamedRun>): string {
  const { one, other, standard, induced, severalSeeds, draws, common, factor, chosen } = found;
  const curves = [standard, induced];
  const title = ({ untuned }: TwinCurves) => untuned.title;
  const name = optionOf(factor).replaceAll('-', ' ');
  const [members, atEdge] = [sum(chosen.map((each) => each.members)), sum(chosen.map((each) => each.atEdge))];
  const values = textTable(
    [one.words.scale, name, ...curves.flatMap((each) => [title(each), 'tuned'])],
    chosen.map(({ width, least, largest }, i) => [
      scaleText(width, one.words),
      least === largest ? formatNumber(least) : `${formatNumber(least)} to ${formatNumber(largest)}`,
      ...curves.flatMap(({ untuned, tuned }) =>
        [untuned, tuned].map(({ points }) => formatNumber(nth(points, i).value)),
      ),
    ]),
    [],
  );
  const smooth = ({ smooth: test }: TwinCurve, name: keyof TwinCurve['scores']) =>
    formatNumber(test.scores[name].adjusted, 2);
  const compared = curves.map((curve) => {
    const { untuned, tuned } = curve;
    return textTable(
      [title(curve), one.label, other.label, 'difference', 'higher in', 'smooth p', 'tuned: smooth p'],
      scores.map(({ name, title: scoreTitle }) => [
        scoreTitle,
        ...[untuned, tuned].map((each) => formatWithInterval(each.scores[name].value, each.scores[name].interval)),
        contrastText(curve, name),
        shareOfDraws(curve.scores[name].higher),
        smooth(untuned, name),
        smooth(tuned, name),
      ]),
      [title(curve)],
    );
  });
  // Runs with different numbers of members may have different ones.
  const nullDraws = [...new Set([standard.untuned, standard.tuned].map((each) => withSpaces(each.nullDraws)))].join(
    ' and ',
  );
  return [
    `${other.label} has the ${name} tuned on the validation split${atEdge === 0 ? '' : ` (${atEdge} of ${counted(members, 'member')} at an end of the grid)`}, ${one.label} does not.`,
    '',
    values,
    '',
    compared.join('\n\n'),
    `Difference: ${other.label} minus ${one.label}; of Eq 1, which has no upper limit, their ratio. In brackets: 95 % intervals, from ${withSpaces(draws)} draws of the same ${withSpaces(common)} test examples${severalSeeds ? '; the seeds of each run are drawn separately, at the values that were chosen' : '; with one seed, another seed may lie outside'}.`,
    `Smooth p: the chance that smooth growth scores as high, from ${nullDraws} simulated families, adjusted for all scores of the curve (see compare without --tuned).`,
    ...(induced.rule === undefined
      ? []
      : [`${induced.metric} was chosen on ${one.label} (${induced.rule}), and is chosen again in each draw.`]),
    ...curves.map((curve) => `${title(curve)}: ${verdicts[curve.verdict]}`),
  ].join('\n');
}

/** `times 2.36 [1.2, 4.1]` for Eq 1, a difference for the other scores. */
function contrastText({ scores: all }: TwinCurves, name: ScoreName): string {
  const { difference, ratio } = all[name];
  if (name !== 'emergence' || ratio === undefined) return formatWithInterval(difference.value, difference.interval);
  return `times ${formatWithInterval(ratio.value, ratio.interval)}`;
}

/** Verdicts on the bow, the one score that distinguishes late from early. */
const verdicts: Readonly<Record<TwinVerdict, string>> = {
  survives: 'the late rise survives tuning; no difference of the bow is found.',
  'is weaker': 'the late rise survives tuning, but is weaker.',
  'is stronger': 'the late rise survives tuning, and is stronger.',
  goes: 'the late rise does not survive tuning.',
  'is weakened': 'tuning weakens the late rise; whether any of it survives cannot be determined.',
  appears: 'there is a late rise only with tuning.',
  'is strengthened': 'there is a late rise with tuning, and a weaker one or none without it.',
  'was not there': 'no late rise is found, with tuning or without.',
  'cannot be determined': 'whether a late rise survives tuning cannot be determined.',
};
