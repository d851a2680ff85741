/** What `emergence quanta` says about a run: its tables, and what the run cannot show. */
import { preferred, type Quanta } from '../../analysis/quanta.js';
import { passageDecades, type LatentClass } from '../../analysis/mixture/classes.js';
import { mostClasses } from '../../analysis/mixture/fit.js';
import { firstOf, lastOf, nth, present } from '../../machine/present.js';
import { type Clusters } from '../../metrics/clusters.js';
import { scaleText, type FamilyWords } from '../../runs/words.js';
import { counted, withSpaces } from '../../terminal/format.js';
import { fitName } from '../figures/quanta.js';
import { textTable } from './text-table.js';
import { mean } from '../../statistics/mean.js';

export function sharedNotes({ grid }: Quanta, clusters: Clusters | undefined): string[] {
  if (clusters === undefined) return [];
  const what = clusters.by === 'images' ? 'images, each in several sequences' : 'groups of images';
  return [
    `The ${grid.examples} examples come from ${clusters.count} ${what}. The interval of the sharp turns resamples those; permutations and ` +
      'criteria assume independent examples, so they are overconfident.',
  ];
}

export function notesOf(
  { grid, dispersion, fits, turns, measured }: Quanta,
  { noun, scales: nouns, isCoordinate: isForeign }: FamilyWords,
): string[] {
  const get = isForeign ? 'Import' : 'Train';
  const { scales, seeds } = grid;
  const trials = scales.map(({ members }) => members.length);
  const notes: string[] = [];
  if (scales.length > 1 && measured.passage[0] === 1)
    notes.push(
      `No example turns within these ${nouns}: neither the distribution of turns nor its model can be determined.`,
    );
  if (scales.length === 1)
    notes.push(`One ${noun}: whether and where an example turns cannot be determined, nor can a sigmoid be fitted.`);
  if (scales.length === 2) {
    notes.push(
      `Two ${nouns}: every turn lies between them, and any two accuracies lie on a sigmoid. ${get} at least a third ${noun}.`,
    );
  }
  if (seeds.length === 1) {
    notes.push(
      `One seed: effects of the example and of the seed cannot be separated, nor can the width of a passage be measured. ${get} at least a second seed.`,
    );
  }
  if (trials.some((n) => n !== seeds.length)) {
    notes.push(
      `Turns are those of ${counted(seeds.length, 'seed')} with a member at every ${noun}; shares and fits use all members.`,
    );
  }
  if (turns.slack.some((slack) => slack > 0)) {
    notes.push(
      `"Failed by all" and "solved by all" allow up to ${Math.max(...turns.slack)} of a ${noun}'s seeds to disagree.`,
    );
  }
  if (dispersion > 2) {
    notes.push(
      `Accuracies of one ${noun}'s seeds vary ${dispersion.toFixed(0)} times as much as they would for independent examples: ` +
        'examples succeed and fail together, so the criteria are overconfident.',
    );
  }
  const stuck = fits.filter(({ converged }) => !converged);
  if (stuck.length > 0) notes.push(`EM did not converge for: ${stuck.map(fitName).join('; ')}.`);
  const most = Math.max(0, ...fits.filter(({ kind }) => kind !== 'continuum').map(({ classes }) => classes.length));
  if (chosenBy(fits).some(({ fit }) => fit.kind === 'classes' && fit.classes.length === most)) {
    notes.push(
      most === mostClasses(trials)
        ? `More than ${most} classes cannot be distinguished with ${trials.reduce((a, b) => a + b, 0)} members: there may be more.`
        : `${most} classes are the most that were tried: read this as "many", or as a continuum of another shape, not as a number.`,
    );
  }
  return notes;
}

function percent(share: number): string {
  return (100 * share).toFixed(2);
}

export function turnTable({ grid: { scales }, turns, measured, coinFlips }: Quanta, words: FamilyWords): string {
  const shown = (scale: { readonly width: number }) => scaleText(scale.width, words);
  const lines = measured.median.map((share, t) => {
    const scale = scales[t];
    const from =
      t === 0
        ? `up to ${shown(present(scale))}`
        : scale === undefined
          ? `above ${shown(lastOf(scales))}`
          : shown(scale);
    const size = scale === undefined ? '' : withSpaces(scale.parameters);
    return [from, ...(words.isCoordinate ? [] : [size]), percent(share), percent(nth(coinFlips.median, t))];
  });
  const never = mean(turns.never);
  const sizes = words.isCoordinate ? [] : ['parameters'];
  const heading = [`stays solved from ${words.scale}`, ...sizes, 'examples (%)', 'coin flips (%)'];
  return `${textTable(heading, lines)}\n${percent(never)} % of the examples are not solved by any member.`;
}

export function sharpLines({ sharp, grid, measured, fits }: Quanta, { noun, scales }: FamilyWords): string {
  if (grid.scales.length < 2) return '';
  const { coinFlips, interval } = sharp;
  const whole = 1 - firstOf(measured.passage);
  return [
    `sharp turns      ${percent(sharp.share)} % of the examples [${percent(interval.lower)}, ${percent(interval.upper)}]: failed up to one ${noun}, solved from the next one on`,
    // If nothing turns, no permutation does either.
    ...(whole === 0
      ? []
      : [
          `  coin flips     ${percent(coinFlips.share)} % [${percent(coinFlips.interval.lower)}, ${percent(coinFlips.interval.upper)}], p = ${coinFlips.pValue.toPrecision(2)} (${coinFlips.permutations} permutations)`,
        ]),
    ...(whole === 0 ? [] : chosenBy(fits)).map(
      ({ by, fit }) => `  ${by.padEnd(15)}${percent(nth(fit.expected.passage, 1))} % expected by ${fitName(fit)}`,
    ),
    `passage seen     ${percent(whole)} % of the examples change from failed to solved within these ${scales}${
      whole === 0 ? '' : `; ${percent(sharp.shareOfWhole)} % of those do so sharply`
    }`,
  ].join('\n');
}

/** The fit preferred by AICc first, that preferred by BIC last; none without finite fits. */
export function chosenBy(fits: Quanta['fits']) {
  const [aicc, bic] = [preferred(fits, 'aicc'), preferred(fits, 'bic')];
  if (aicc === undefined || bic === undefined) return [];
  if (aicc === bic) return [{ by: 'AICc and BIC', fit: bic }];
  return [
    { by: 'AICc', fit: aicc },
    { by: 'BIC', fit: bic },
  ];
}

export function fitTables({ fits, grid, measured }: Quanta, words: FamilyWords): string {
  const chosen = chosenBy(fits);
  // Nothing turns: any threshold outside the widths fits as well as any other.
  if (measured.passage[0] === 1 || chosen.length === 0) return '';
  const [aicc, bic] = [firstOf(chosen).fit, lastOf(chosen).fit];
  const hasFloor = fits.some(({ floor }) => floor > 0);
  const lines = fits.map((fit) => [
    fitName(fit),
    String(fit.parameters),
    ...(hasFloor ? [percent(fit.floor)] : []),
    (fit.aicc - aicc.aicc).toFixed(1),
    (fit.bic - bic.bic).toFixed(1),
    percent(nth(fit.expected.passage, 1)),
  ]);
  const heading = ['model', 'fitted', ...(hasFloor ? ['floor (%)'] : [])];
  const table = textTable([...heading, 'AICc above best', 'BIC above best', 'sharp turns (%)'], lines);
  const lead = chosen.length === 1 ? [] : ['AICc and BIC disagree, and neither decides alone.'];
  return [table, ...lead, ...chosen.map((each) => choiceText(each, grid, words))].join('\n\n');
}

function choiceText(
  { by, fit }: ReturnType<typeof chosenBy>[number],
  grid: Quanta['grid'],
  words: FamilyWords,
): string {
  const verb = by === 'AICc and BIC' ? 'prefer' : 'prefers';
  const title = `${by} ${verb} ${fitName(fit)}`;
  return fit.spread === undefined
    ? `${title}:\n\n${classTable(fit.classes, grid, words)}`
    : `${title}: ${spreadOf(fit.spread, grid, words)}`;
}

/** Beyond the scales it is an extrapolation, so only its side is given. */
function spreadOf(
  { mean, standardDeviation }: { readonly mean: number; readonly standardDeviation: number },
  { scales }: Quanta['grid'],
  words: FamilyWords,
): string {
  const [first, last] = [Math.log(firstOf(scales).parameters), Math.log(lastOf(scales).parameters)];
  const decades = (width: number) => `${(width / Math.LN10).toFixed(2)} decades`;
  const centre =
    mean < first
      ? `below the smallest ${words.noun}`
      : mean > last
        ? `above the largest ${words.noun}`
        : words.isCoordinate
          ? `around ${words.scale} ${scaleText(Math.exp(mean), words)}`
          : `around ${withSpaces(Math.round(Math.exp(mean)))} parameters`;
  const spread =
    standardDeviation > last - first
      ? `a standard deviation of more than the ${decades(last - first)} that the ${words.scales} span`
      : `standard deviation ${decades(standardDeviation)}`;
  return `thresholds ${centre}, ${spread}`;
}

function classTable(classes: readonly LatentClass[], { scales }: Quanta['grid'], words: FamilyWords): string {
  const [first, last] = [firstOf(scales), lastOf(scales)];
  const at = ({ width }: { readonly width: number }) => (words.isCoordinate ? scaleText(width, words) : `w = ${width}`);
  const lines = classes.map((each) => [
    percent(each.weight),
    half(each, [first.parameters, last.parameters], words),
    Math.abs(lastOf(each.solved) - firstOf(each.solved)) < 0.01 ? '-' : passageDecades(each).toFixed(2),
    percent(firstOf(each.solved)),
    percent(lastOf(each.solved)),
  ]);
  const heading = [
    'examples (%)',
    `half known at ${words.isCoordinate ? words.scale : 'parameters'}`,
    '10 to 90 % in decades',
  ];
  return textTable([...heading, `solved at ${at(first)} (%)`, `at ${at(last)} (%)`], lines);
}

/** A threshold outside the scales is an extrapolation, so only its side is given. */
function half({ threshold, logit }: LatentClass, [first, last]: readonly [number, number], words: FamilyWords): string {
  const parameters = Math.exp(threshold);
  if (parameters >= first && parameters <= last) {
    const rounded = Number(parameters.toPrecision(3));
    return words.isCoordinate ? scaleText(rounded, words) : withSpaces(rounded);
  }
  return logit > 0 ? 'below the smallest' : 'above the largest';
}
