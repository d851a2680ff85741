/** A scaling law as text: the law with its intervals, the residuals, the members held out, the frontier. */
import type { Known } from '../../analysis/scaling/fit.js';
import type { Cost } from '../../analysis/scaling/frontier.js';
import type { ScalingLaw } from '../../analysis/scaling/scaling.js';
import { zip } from '../../machine/present.js';
import type { Metric } from '../../metrics/metric.js';
import {
  counted,
  formatCount,
  formatNumber,
  formatWithInterval,
  withSpaces,
  inPercent,
} from '../../terminal/format.js';
import { formulaOf, letterOf, lossTitle, termNames } from '../figures/scaling.js';
import { textTable } from './text-table.js';

/** A scale's number: in full if that is how it is read, else with the letters used for model sizes. */
function coordinateText(value: number): string {
  return Number.isInteger(value) && value < 1e7 ? withSpaces(value) : formatCount(value, 4);
}

const countWithInterval = ({ value, interval: { lower, upper } }: Known): string =>
  `${formatCount(value)} [${formatCount(lower)}, ${formatCount(upper)}]`;

function signedPercent(share: number): string {
  return `${share > 0 ? '+' : ''}${inPercent(share)}`;
}

/** Without a line break at the end. */
export function scalingTable(found: ScalingLaw, metric: Metric): string {
  const { factors, frontier } = found;
  const named = factors.map((factor) => (letterOf(factor) === factor ? [] : [`${letterOf(factor)} ${factor}`])).flat();
  return [
    `${metric.title}: ${[formulaOf(factors), ...named].join(', ')}`,
    '',
    lawTable(found),
    ...scatterLines(found),
    '',
    cellTable(found, metric),
    '',
    ...heldOutLines(found),
    ...(frontier === undefined ? [] : ['', ...frontierLines(found, frontier)]),
  ].join('\n');
}

function lawTable({ factors, floor, amplitudes, exponents }: ScalingLaw): string {
  const row = (name: string, { value, interval: { lower, upper } }: Known) => [
    name,
    ...[value, lower, upper].map((each) => formatNumber(each)),
  ];
  return textTable(
    ['', 'value', '95 % from', 'to'],
    [
      row('E', floor),
      ...zip(termNames(factors), amplitudes).map(([{ amplitude }, value]) => row(amplitude, value)),
      ...zip(termNames(factors), exponents).map(([{ exponent }, value]) => row(exponent, value)),
    ],
    [''],
  );
}

function scatterLines({ scatter, exponents }: ScalingLaw): string[] {
  const { ofSeeds, ofMeans, degreesOfFreedom, misfit } = scatter;
  if (degreesOfFreedom === 0)
    return ['As many scales as parameters, and one seed each: the scatter of members is unknown.'];
  const isOpen = exponents.some(({ interval: { lower, upper } }) => lower === 0 || upper === Infinity);
  return [
    Number.isNaN(ofSeeds)
      ? `Members are ${inPercent(ofMeans)} of the loss from the law (root mean square).`
      : `Seeds scatter by ${inPercent(ofSeeds)} of the loss; means over seeds are ${inPercent(ofMeans)} from the law (root mean square).`,
    ...(misfit === undefined
      ? Number.isNaN(ofSeeds)
        ? []
        : ['As many scales as parameters: any law fits, so whether it holds cannot be tested.']
      : [
          misfit.isSignificant
            ? `That is more than seeds explain (F test, p ${formatNumber(misfit.p, 2)}): the law does not hold here, and intervals are from its misfit.`
            : `Seeds explain it (F test, p ${formatNumber(misfit.p, 2)}).`,
        ]),
    ...(isOpen ? ['An interval that starts at 0 or ends at inf: the data set no limit on that side.'] : []),
  ];
}

function cellTable({ factors, cells }: ScalingLaw, metric: Metric): string {
  const hasFlops = !factors.includes('flops') && cells.every(({ flops }) => !Number.isNaN(flops));
  return textTable(
    [...factors, ...(hasFlops ? ['FLOPs'] : []), 'seeds', lossTitle(metric), 'law', 'residual'],
    cells.map(({ coordinates, flops, values, mean, fitted, residual }) => [
      ...coordinates.map(coordinateText),
      ...(hasFlops ? [formatNumber(flops)] : []),
      String(values.length),
      formatNumber(mean, 4),
      formatNumber(fitted, 4),
      signedPercent(residual),
    ]),
  );
}

function heldOutLines({ factors, heldOut, cells }: ScalingLaw): string[] {
  if (heldOut === undefined) return ['Too few scales to hold out the largest and predict it from the others.'];
  const { predicted, known } = heldOut;
  const inside = predicted.filter(({ isInside }) => isInside).length;
  return [
    `Held out: ${predicted.length} of ${counted(cells.length, 'scale')}, predicted from the ${known} smaller ones; ${inside} inside the 95 % interval.`,
    textTable(
      [...factors, 'predicted', 'measured', 'off by', 'inside'],
      predicted.map(({ coordinates, value, interval, truth, offBy, isInside }) => [
        ...coordinates.map(coordinateText),
        formatWithInterval(value, interval),
        formatNumber(truth, 4),
        signedPercent(offBy),
        isInside ? 'yes' : 'no',
      ]),
    ),
  ];
}

/** `C = 6 N D`, `C = 41 N^0.98 D` */
function costText({ factor, powers }: Cost, factors: readonly string[]): string {
  const power = (letter: string, exponent: number) =>
    Math.abs(exponent - 1) < 5e-4 ? letter : `${letter}^${formatNumber(exponent)}`;
  return `C = ${formatNumber(factor)} ${zip(factors, powers)
    .map(([factor, exponent]) => power(letterOf(factor), exponent))
    .join(' ')}`;
}

function frontierLines(
  { factors }: ScalingLaw,
  { cost, exponents, budgets }: NonNullable<ScalingLaw['frontier']>,
): string[] {
  const names = factors.map((factor) => `${letterOf(factor)}_opt`);
  const from =
    cost.farthest === undefined
      ? 'FLOPs of members are not known: taken as 6 times the product (Kaplan et al. 2020)'
      : `fitted to the FLOPs of members, off by ${inPercent(cost.farthest)} at most`;
  return [
    `Compute-optimal: ${zip(names, exponents)
      .map(([name, { value, interval }]) => `${name} ~ C^${formatWithInterval(value, interval)}`)
      .join(', ')}`,
    `${costText(cost, factors)}, ${from}.`,
    textTable(
      ['FLOPs', ...names, 'loss'],
      budgets.map(({ flops, optimum, loss }) => [
        formatNumber(flops),
        ...optimum.map(countWithInterval),
        formatNumber(loss, 4),
      ]),
    ),
  ];
}
