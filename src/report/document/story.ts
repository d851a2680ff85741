/** A report's text and tables, from what was computed for its runs. */
import { firstOf, lastOf, present } from '../../machine/present.js';
import { glossary } from '../glossary.js';
import type { ComparedCurve } from '../../analysis/compare.js';
import { furtherFactors } from '../../experiment/factors.js';
import { inputOf, isFactor, optionOf } from '../../experiment/schema.js';
import { unsetFactors } from '../../runs/coordinates.js';
import { lengthText } from '../../experiment/length.js';
import { counted, countedWithSpaces, formatCount, formatNumber, withSpaces } from '../../terminal/format.js';
import {
  isImported,
  kindOf,
  pairsOf,
  sourcesOf,
  testSetText,
  type AnyRun,
  type ImportedRun,
} from '../../runs/imported.js';
import type { RunRecord } from '../../runs/record.js';
import { tunedWordsOf } from '../../runs/tuned.js';
import { scaleText } from '../../runs/words.js';
import { shownDataset, sourceText } from '../tables/compare.js';
import { shellWord } from '../../terminal/shell.js';
import { samplingOf } from '../tables/sampling.js';
import type { Block, ReportFigure, Report, Section } from './blocks.js';
import { stemOf, type AnalysedFamily } from './family.js';
import { forecastBlocks } from './forecasts.js';
import { seedBlocks } from './seeds.js';
import {
  describeContrast,
  describeCurve,
  describeNatural,
  describePrediction,
  describePushed,
  describeSmooth,
  improvementOf,
  scored,
} from './findings.js';
import { commandLine } from '../../machine/installation.js';
import {
  scoresTable,
  pairedTable,
  smoothTable,
  curvesTable,
  familyTable,
  metricTitle,
  provenanceTable,
  withFewerRows,
  sweepTable,
} from './tables.js';

/** A run with what the page adds. */
export interface ReportedFamily extends AnalysedFamily {
  /** What is less exact in the page than in the files, one sentence each. */
  readonly pageNotes: readonly string[];
  readonly figures: readonly ReportFigure[];
  /** Present if `seeds` is. */
  readonly seedsFigure: ReportFigure | undefined;
  /** All of a run's curves in one figure, kept with the first of them; undefined if there is only one. */
  readonly together?: ReportFigure | undefined;
}

/** Sections that a run has only if its folder holds what they show; undefined for a run without. */
const optionalSections: readonly {
  readonly id: string;
  readonly title: string;
  readonly blocks: (family: ReportedFamily) => readonly Block[] | undefined;
}[] = [
  { id: 'seeds', title: 'Seeds as a distribution', blocks: seedBlocks },
  { id: 'forecasts', title: 'Forecasts sealed before training', blocks: forecastBlocks },
];

/** For imported members, terms about training are omitted. */
function termsOf(families: readonly ReportedFamily[]): Section {
  const ofImported = families.every(({ run }) => run.words.isImported);
  const known = glossary.filter(({ ofTraining = false }) => !(ofTraining && ofImported));
  const items = known.map(({ term, meaning }) => `${term}: ${meaning}${meaning.endsWith('.') ? '' : '.'}`);
  return { id: 'terms', title: 'Terms', level: 2, blocks: [{ kind: 'list', items }] };
}

export function storyOf(families: readonly ReportedFamily[]): Report {
  const several = families.length > 1;
  const names = families.map(({ run }) => run.label);
  return {
    title: several ? 'Emergence and the choice of metric' : `Emergence and the choice of metric: ${firstOf(names)}`,
    subtitle: families.map(({ about }) => about).join(' '),
    summary: [...families.map((family) => summaryOf(family, several)), scoresInWords],
    sections: [...families.flatMap((family) => sectionsOf(family, several)), termsOf(families)],
  };
}

const scoresInWords =
  'Bow: above 0, most of the improvement comes at the largest scales; below 0, at the smallest; a straight line in log scale has 0. ' +
  "Eq 1 / ramp: the paper's emergence score divided by that of a straight line through the same number of scales.";

function summaryOf({ run, comparison, standard, induced }: AnalysedFamily, several: boolean): string {
  const shapeOf = (curve: ComparedCurve) =>
    improvementOf(curve, run.words, [`Eq 1 / ramp ${scored(curve.scores.ramp)}`]);
  const [first, last] = [firstOf(comparison.induced.points), lastOf(comparison.induced.points)];
  const subject = several ? `${run.label}: the` : 'The';
  return (
    `${subject} same ${counted(run.members.length, run.words.isImported ? 'model' : 'trained model')} under two metrics. Under ${standard.title} the curve ${shapeOf(comparison.standard)}. ` +
    `Under ${induced.title} it goes from ${formatNumber(first.value)} to ${formatNumber(last.value)} and ${shapeOf(comparison.induced)}. ` +
    describeContrast(comparison.sharpness)
  );
}

function sectionsOf(family: ReportedFamily, several: boolean): Section[] {
  const { run } = family;
  const name = stemOf(run);
  const prefix = several ? `${run.label}: ` : '';
  const section = (id: string, title: string, blocks: readonly Block[]): Section => {
    return {
      id: several ? `${name}-${id}` : id,
      title: several ? `${prefix}${lowered(title)}` : title,
      level: 2,
      blocks,
    };
  };
  const text = (paragraph: string): Block => ({ kind: 'text', text: paragraph });
  const [compared, ...further] = family.figures;
  const { curve } = run;
  const inOne =
    family.together === undefined || curve === undefined
      ? []
      : [section('together', `A curve for each ${curve.factor}`, [{ kind: 'figure', figure: family.together }])];
  return [
    ...inOne,
    section(
      run.words.isImported ? 'imported' : 'trained',
      run.words.isImported ? 'What was imported' : 'What was trained',
      [
        text(isImported(run.record) ? importedText(family, run.record) : trainedText(family, run.record)),
        { kind: 'code', lines: [commandOf(run.record)] },
        { kind: 'table', table: withFewerRows(familyTable(family)) },
      ],
    ),
    section('standard', 'What the standard metric shows', [
      text(describeCurve('The standard curve', family.comparison.standard, run.words)),
      ...shapeOf(family.comparison.standard).map(text),
      text(describeSmooth(family.comparison.sharpness.standard)),
    ]),
    section('induced', 'What the induced metric shows', [
      text(describeCurve('The induced curve', family.comparison.induced, run.words)),
      ...shapeOf(family.comparison.induced).map(text),
      text(describeSmooth(family.comparison.sharpness.induced)),
      text(describeContrast(family.comparison.sharpness)),
      ...describePushed(family.comparison.sharpness).map(text),
      ...[describePrediction(family.comparison, run.words)].flatMap((sentence) =>
        sentence === undefined ? [] : text(sentence),
      ),
      ...family.comparison.natural.map((natural) => text(describeNatural(natural, family.comparison))),
      ...(compared === undefined ? [] : [{ kind: 'figure', figure: compared } as const]),
      { kind: 'table', table: scoresTable(family) },
      { kind: 'table', table: pairedTable(family) },
      { kind: 'table', table: smoothTable(family) },
      { kind: 'table', table: withFewerRows(curvesTable(family)) },
    ]),
    section('thresholds', 'Other thresholds, smaller test sets, fewer scales', [
      text(thresholdsText(family)),
      ...further.map((figure): Block => ({ kind: 'figure', figure })),
      { kind: 'table', table: sweepTable(family) },
    ]),
    ...optionalSections.flatMap(({ id, title, blocks }) => {
      const found = blocks(family);
      return found === undefined ? [] : [section(id, title, found)];
    }),
    section('caveats', 'What to keep in mind', [{ kind: 'list', items: caveatsOf(family) }]),
    section('provenance', 'Provenance', [{ kind: 'table', table: provenanceTable(family) }]),
  ];
}

function lowered(title: string): string {
  return present(title[0]).toLowerCase() + title.slice(1);
}

function importedText({ run, standard }: AnalysedFamily, { source, dataset }: ImportedRun): string {
  const { axis } = run.words;
  const positions = run.members.map(({ record }) => record.width);
  const [least, most] = [Math.min(...positions), Math.max(...positions)].map((value) => scaleText(value, run.words));
  const scales = new Set(positions).size;
  const left =
    dataset.dropped === 0
      ? ''
      : ` ${counted(dataset.dropped, 'example')} without an outcome from every model ${dataset.dropped === 1 ? 'is' : 'are'} left out.`;
  return (
    `${counted(run.members.length, 'model')} at ${counted(scales, 'scale')} (${axis} ${present(least)} to ${present(most)}), trained and tested elsewhere; their outcomes on ${countedWithSpaces(dataset.testCount, 'example')} of ${dataset.name} were imported (${sourceText(source)}).${left} ` +
    `All were tested on the same examples, and every number below is computed from their outcomes on those examples. Nothing else is known about them: no weights, no training, no pictures; ${standard.title} is the usual metric.`
  );
}

function trainedText({ run, standard }: AnalysedFamily, record: RunRecord): string {
  const { experiment, dataset } = record;
  const { words } = run;
  const valuesOf = (key: string) =>
    [...new Set(run.members.map(({ record: { coordinates } }) => present(coordinates[key])))].sort((a, b) => a - b);
  const parameters = valuesOf('parameters');
  const [least, most] = [firstOf(parameters), lastOf(parameters)];
  const sizes = least === most ? withSpaces(least) : `${withSpaces(least)} to ${withSpaces(most)}`;
  const scales = words.isCoordinate ? new Set(run.members.map(({ record }) => record.width)).size : 0;
  const at = words.isCoordinate
    ? `${counted(scales, 'value')} of ${words.scale} (${sizes} trainable parameters)`
    : `${counted(valuesOf('width').length, 'width')} (${valuesOf('width').join(', ')}; ${sizes} trainable parameters)`;
  // If members differ in an option, all its values are shown.
  const shown = (key: string, text: string) => {
    const values = furtherFactors(experiment).some((factor) => factor === key) ? valuesOf(key) : [];
    return values.length > 1 ? values.map((value) => formatCount(value, 5)).join(', ') : text;
  };
  const length = isFactor(experiment, 'steps') ? `${shown('steps', '')} steps` : lengthText(experiment);
  const tuned = tunedWordsOf(run.members.map((member) => member.record));
  const isRate = tuned?.factor === 'learningRate';
  const rate = isRate ? tuned.text : `learning rate ${shown('learningRate', String(experiment.learningRate))}`;
  const further = tuned === undefined || isRate ? '' : `, ${tuned.text}`;
  return (
    `${counted(run.members.length, `${experiment.arch} member`)} of ${at} ` +
    `and ${counted(experiment.seeds.length, 'seed')} each, trained for ${length} on ${shown('trainSize', withSpaces(dataset.trainCount))} images of ${shownDataset(experiment.dataset)} ` +
    `(${experiment.optimizer}, ${rate}, batches of ${shown('batchSize', String(experiment.batchSize))}${further}${experiment.grid?.depth === undefined ? '' : `, depth ${shown('depth', String(experiment.depth))}`}) and tested on ${testSetText(record)}. ` +
    `All were tested on the same examples, and every number below is computed from their outcomes on those examples; ${standard.title} is the field's usual metric.`
  );
}

/** The command that reproduces the run. */
export function commandOf(record: AnyRun): string {
  if (!isImported(record)) return trainCommand(record);
  return sourcesOf(record)
    .map(({ command }) => commandLine(command))
    .join(' && ');
}

/** Has every option as resolved, so that a changed default cannot change what it trains. */
function trainCommand({ name, experiment, dataset, eager }: RunRecord): string {
  const unset: Readonly<Record<string, number>> = unsetFactors(dataset);
  const words = Object.entries(inputOf(experiment)).flatMap(([key, value]) => {
    if (value === undefined) return [];
    if (value === true) return [`--${optionOf(key)}`];
    const text = Array.isArray(value)
      ? value.map((each: number | null) => each ?? unset[key]).join(',')
      : String(value);
    return [`--${optionOf(key)}`, shellWord(key === 'dataset' ? shownDataset(text) : text)];
  });
  return commandLine(['train --run', name, ...words, ...(eager ? ['--eager'] : [])].join(' '));
}

function shapeOf({ shape }: ComparedCurve): string[] {
  if (shape === undefined) return [];
  return [
    shape.preferred === 'line'
      ? 'AICc over scales prefers a straight line in log scale to a parabola and a sigmoid.'
      : `Of a straight line, a parabola and a sigmoid in log scale, AICc over scales prefers the ${shape.preferred === 'quadratic' ? 'parabola' : shape.preferred}; the line is ${formatNumber(shape.lineAbove, 2)} above it${shape.lineAbove > 10 ? ', which happens in at most 1 of 100 families whose true curve is straight' : ''}.`,
  ];
}

function thresholdsText({ sweep: { points }, induced, causes }: AnalysedFamily): string {
  const moving = points.filter(({ range, scores }) => range >= 0.1 && !Number.isNaN(scores.bow));
  if (moving.length === 0) return 'At no other threshold does the curve move by 0.1 or more.';
  const by = (sign: number) =>
    moving.reduce((best, point) => (sign * point.scores.bow > sign * best.scores.bow ? point : best), firstOf(moving));
  const [latest, earliest] = [by(1), by(-1)];
  const late = moving.filter(({ scores }) => scores.bow > 0).length;
  const smallest = causes.testSizes[0];
  const coarse =
    smallest === undefined
      ? ''
      : ` On ${withSpaces(smallest.size)} test examples instead of all, the bow of ${induced.title} lies between ${formatNumber(smallest.scores.bow.lower, 2)} and ${formatNumber(smallest.scores.bow.upper, 2)} in the middle 95 % of draws.`;
  return (
    `The same outcomes under ${withSpaces(points.length)} thresholds: of the ${withSpaces(moving.length)} curves that move by 0.1 or more, ${withSpaces(late)} rise late (bow above 0). ` +
    `The latest is ${metricTitle(latest.metric)} (bow ${formatNumber(latest.scores.bow, 2)}, Eq 1 / ramp ${formatNumber(latest.scores.ramp, 2)}), the earliest ${metricTitle(earliest.metric)} (bow ${formatNumber(earliest.scores.bow, 2)}, Eq 1 / ramp ${formatNumber(earliest.scores.ramp, 2)}). ` +
    `Which of them to show is a choice, and the score of a curve chosen for it is no evidence about other runs.${coarse}`
  );
}

function caveatsOf(family: ReportedFamily): string[] {
  const { run, induced, isUsual, evaluations, comparison, pageNotes } = family;
  const { words } = run;
  const [{ scales }, { resolution, count }] = evaluations;
  const seeds = Math.max(...scales.map((scale) => scale.seeds));
  const units = induced.units === 'images' ? words.examples : induced.units;
  const lowest = Math.min(...comparison.induced.points.map(({ value }) => value));
  return [
    `Resolution: with ${withSpaces(count)} test ${units} the smallest value of ${induced.title} above 0 is ${formatNumber(resolution ?? NaN)}.${lowest === 0 ? ' Where the curve is at 0, it may be rising unseen below that value.' : ''}`,
    seeds === 1
      ? 'One seed: intervals cover the sampling of test examples only; another seed may lie outside them.'
      : `${seeds} seeds: intervals are over test examples and seeds (Student's t for the means; for the scores a bootstrap and a model of seeds), and ${seeds === 2 ? 'two seeds say' : 'few seeds say'} little about how much seeds differ.`,
    samplingCaveat(run),
    // With one image there is only one threshold, so nothing was chosen.
    ...(kindOf(run.record) === 'sequences' && pairsOf(run.record) === 1
      ? []
      : [thresholdCaveat(induced.parameters, isUsual, run.record)]),
    run.absent.length === 0
      ? words.isImported
        ? 'No member of the run is missing.'
        : 'No member is missing: every width has all seeds.'
      : `${counted(run.absent.length, 'member')} of the run ${run.absent.length === 1 ? 'is' : 'are'} missing from this report: ${run.absent.join('; ')}.`,
    `Scales: Eq 1 grows with the number of scales alone (a straight ramp over ${comparison.induced.points.length} has ${comparison.induced.points.length - 1}), and a single dip lowers it; that is why its ratio to a ramp, the largest step and the bow are shown with it.`,
    words.isImported
      ? 'Imported models may differ in more than their scale: in data, recipe, tokeniser and prompt. A curve through them is then not that of one family. Models that share a scale count as its seeds.'
      : 'Nothing is known about widths between these, nor about other datasets and training recipes.',
    ...pageNotes,
  ];
}

function samplingCaveat({ record, members }: ReportedFamily['run']): string {
  const { text, note } = samplingOf(record, firstOf(members).outcomes);
  return `Test set: intervals are over the sampling of ${text}.${note === undefined ? '' : ` ${note}`}`;
}

function thresholdCaveat(
  parameters: Readonly<Record<string, number | string>>,
  isUsual: boolean,
  record: AnyRun,
): string {
  const kind = kindOf(record);
  const [key, value] = firstOf(Object.entries(parameters));
  const symbol = key === 'c' ? 'cutoff' : key.toUpperCase();
  if (kind === 'reconstruction' && isUsual)
    return `The cutoff ${value} was chosen on these outcomes: the smallest of 1, 2 and 5 times a power of ten that is above the error of 9 in 10 images of the widest member. That choice induces the effect.`;
  if (kind === 'sequences' && isUsual) return `L = ${value} is the whole sequence; smaller values bend the curve less.`;
  return `The ${symbol === 'cutoff' ? `cutoff ${value}` : `${symbol} = ${value}`} is a choice${isUsual ? (isImported(record) ? ', the lab\u2019s default' : ', the same as in the table of train') : ', made with --induced'}; other values give other curves.`;
}
