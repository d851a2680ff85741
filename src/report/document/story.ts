/** A report's text and tables, from what was computed of its runs. */
import type { ComparedCurve } from '../../analysis/compare.js';
import { scoreNames } from '../../analysis/scores.js';
import { optionOf } from '../../experiment/schema.js';
import type { Metric } from '../../metrics/metric.js';
import { lengthText } from '../../experiment/length.js';
import { counted, formatNumber, formatShare, formatWithInterval } from '../../terminal/format.js';
import { isImported, kindOf, type AnyRun, type ImportedRun } from '../../runs/imported.js';
import type { FamilyMember } from '../../runs/load.js';
import type { RunRecord } from '../../runs/record.js';
import { scaleText } from '../../runs/words.js';
import { shareOfDraws, shownDataset, shownRatio, shownScores, sourceText } from '../comparison.js';
import { shellWord } from '../escape.js';
import { grouped } from '../numbers.js';
import { samplingOf } from '../sampling.js';
import type { Block, Figure, Report, Section, Table } from './blocks.js';
import type { AnalysedFamily } from './family.js';
import { forecastBlocks } from './forecasts.js';
import { seedBlocks } from './seeds.js';
import {
  describeContrast,
  describeCurve,
  describeNatural,
  describePrediction,
  describePushed,
  describeSmooth,
  improves,
  scored,
} from './findings.js';
import { commandLine } from '../../machine/installation.js';

/** A run with what the page adds to it. */
export interface ReportedFamily extends AnalysedFamily {
  /** What the page can't do as well as the files, a sentence each. */
  readonly pageNotes: readonly string[];
  readonly figures: readonly Figure[];
  /** Where `seeds` is there. */
  readonly seedsFigure: Figure | undefined;
}

/** Blocks of a section that a run has only where its folder holds what they show; undefined for a run without. */
const optionalSections: readonly {
  readonly id: string;
  readonly title: string;
  readonly blocks: (family: ReportedFamily) => readonly Block[] | undefined;
}[] = [
  { id: 'seeds', title: 'Seeds as a distribution', blocks: seedBlocks },
  { id: 'forecasts', title: 'Forecasts, sealed before', blocks: forecastBlocks },
];

export function storyOf(families: readonly ReportedFamily[]): Report {
  const several = families.length > 1;
  const names = families.map(({ run }) => run.record.name);
  return {
    title: several ? 'Emergence and the choice of metric' : `Emergence and the choice of metric: ${names[0]!}`,
    subtitle: families.map(({ about }) => about).join(' '),
    summary: [...families.map((family) => summaryOf(family, several)), scoresInWords],
    sections: families.flatMap((family) => sectionsOf(family, several)),
  };
}

const scoresInWords =
  'Bow: above 0 most of the improvement comes at the largest scales, below 0 at the smallest; a straight line in log scale has 0. ' +
  "Eq 1 / ramp: the paper's emergence score over that of a straight line through as many scales.";

function summaryOf({ run, comparison, standard, induced }: AnalysedFamily, several: boolean): string {
  const { bow: standardBow, ramp: standardRamp } = comparison.standard.scores;
  const { bow, ramp } = comparison.induced.scores;
  const [first, last] = [comparison.induced.points[0]!, comparison.induced.points.at(-1)!];
  const subject = several ? `${run.record.name}: the` : 'The';
  return (
    `${subject} same ${counted(run.members.length, run.words.isImported ? 'model' : 'trained model')} under two metrics. Under ${standard.title} the curve ${improves(comparison.standard.scores)} (bow ${scored(standardBow)}, Eq 1 / ramp ${scored(standardRamp)}). ` +
    `Under ${induced.title} it goes from ${formatNumber(first.value)} to ${formatNumber(last.value)} and ${improves(comparison.induced.scores)} (bow ${scored(bow)}, Eq 1 / ramp ${scored(ramp)}). ` +
    describeContrast(comparison.sharpness)
  );
}

function sectionsOf(family: ReportedFamily, several: boolean): Section[] {
  const { run } = family;
  const { name } = run.record;
  const prefix = several ? `${name}: ` : '';
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
  return [
    section(
      run.words.isImported ? 'imported' : 'trained',
      run.words.isImported ? 'What was imported' : 'What was trained',
      [
        text(isImported(run.record) ? importedText(family, run.record) : trainedText(family, run.record)),
        { kind: 'code', lines: [commandOf(run.record)] },
        { kind: 'table', table: membersTable(family) },
      ],
    ),
    section('standard', 'What the standard metric shows', [
      text(describeCurve('The standard curve', family.comparison.standard)),
      ...shapeOf(family.comparison.standard).map(text),
      text(describeSmooth(family.comparison.sharpness.standard)),
    ]),
    section('induced', 'What the induced metric shows', [
      text(describeCurve('The induced curve', family.comparison.induced)),
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
      { kind: 'table', table: curvesTable(family) },
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
    section('provenance', 'Where it comes from', [{ kind: 'table', table: provenanceTable(family) }]),
  ];
}

function lowered(title: string): string {
  return title[0]!.toLowerCase() + title.slice(1);
}

function importedText({ run, standard }: AnalysedFamily, { source, dataset }: ImportedRun): string {
  const { axis } = run.words;
  const positions = run.members.map(({ record }) => record.width);
  const [least, most] = [Math.min(...positions), Math.max(...positions)].map((value) => scaleText(value, run.words));
  const scales = new Set(positions).size;
  const left =
    dataset.dropped === 0
      ? ''
      : ` ${counted(dataset.dropped, 'example')} that not every model was tested on ${dataset.dropped === 1 ? 'is' : 'are'} left out.`;
  return (
    `${counted(run.members.length, 'model')} at ${counted(scales, 'scale')} (${axis} ${least!} to ${most!}), trained and tested elsewhere; their outcomes on ${grouped(dataset.testCount)} examples of ${dataset.name} were imported (${sourceText(source)}).${left} ` +
    `All were tested on the same examples, and every number below is made from what each did on each of them. Nothing else is known of them here: no weights, no training, no pictures; ${standard.title} is the usual metric.`
  );
}

function trainedText({ run, standard }: AnalysedFamily, record: RunRecord): string {
  const { experiment, dataset } = record;
  const parameters = run.members.map(({ record }) => record.parameters);
  const [least, most] = [Math.min(...parameters), Math.max(...parameters)];
  const widths = [...new Set(run.members.map(({ record }) => record.width))];
  const tested =
    kindOf(record) === 'sequences'
      ? `${grouped(experiment.testSequences ?? 0)} sequences of ${experiment.pairs ?? 1} test images`
      : `${grouped(dataset.testCount)} test images`;
  return (
    `${counted(run.members.length, `${experiment.arch} member`)} of ${counted(widths.length, 'width')} (${widths.join(', ')}; ${grouped(least)} to ${grouped(most)} trainable parameters) ` +
    `and ${counted(experiment.seeds.length, 'seed')} each, trained for ${lengthText(experiment)} on ${grouped(dataset.trainCount)} images of ${shownDataset(experiment.dataset)} ` +
    `(${experiment.optimizer}, learning rate ${experiment.learningRate}, batches of ${experiment.batchSize}) and tested on ${tested}. ` +
    `All were tested on the same examples, and every number below is made from what each did on each of them; ${standard.title} is the field's usual metric.`
  );
}

/** What makes the run again. */
export function commandOf(record: AnyRun): string {
  return isImported(record) ? commandLine(record.source.command) : trainCommand(record);
}

/** Every option as it was resolved, so that no default can change what it trains. */
function trainCommand({ name, experiment, eager }: RunRecord): string {
  const words = Object.entries(experiment).flatMap(([key, value]) =>
    value === undefined
      ? []
      : [`--${optionOf(key)}`, shellWord(key === 'dataset' ? shownDataset(String(value)) : String(value))],
  );
  return commandLine(['train --run', name, ...words, ...(eager ? ['--eager'] : [])].join(' '));
}

function shapeOf({ shape }: ComparedCurve): string[] {
  if (shape === undefined) return [];
  return [
    shape.preferred === 'line'
      ? 'Of a straight line, a parabola and a sigmoid in log scale, AICc over scales prefers the line.'
      : `Of a straight line, a parabola and a sigmoid in log scale, AICc over scales prefers the ${shape.preferred === 'quadratic' ? 'parabola' : shape.preferred}; the line is ${formatNumber(shape.lineAbove, 2)} above it${shape.lineAbove > 10 ? ', which a straight truth has in 1 of 100 families at most' : ''}.`,
  ];
}

function curvesOf({ comparison }: AnalysedFamily): { readonly role: string; readonly curve: ComparedCurve }[] {
  const { natural, standard, induced } = comparison;
  return [
    { role: 'standard', curve: standard },
    { role: 'induced', curve: induced },
    ...natural.map((curve) => ({ role: 'natural', curve })),
  ];
}

function scoresTable(family: AnalysedFamily): Table {
  const name = `${family.run.record.name}-scores`;
  const curves = curvesOf(family);
  return {
    name,
    caption:
      'Scores of each curve, with 95 % bootstrap intervals over test examples and seeds (of natural curves over their standard errors). A straight ramp has Eq 1 / ramp = 1; above 0 the bow says late, below 0 early.',
    columns: [
      { title: 'curve', align: 'left' },
      { title: 'scales', align: 'right' },
      { title: 'range', align: 'right' },
      ...shownScores.map(({ title }) => ({ title, align: 'right' as const })),
    ],
    rows: curves.map(({ role, curve: { title, points, range, scores } }) => [
      `${role}: ${title}`,
      String(points.length),
      formatNumber(range),
      ...shownScores.map((score) => formatWithInterval(scores[score.name].value, scores[score.name].interval)),
    ]),
    raw: {
      heading: [
        'role',
        'curve',
        'scales',
        'range',
        ...shownScores.flatMap((score) => [score.name, `${score.name}_lower`, `${score.name}_upper`]),
      ],
      lines: curves.map(({ role, curve: { title, points, range, scores } }) => [
        ...[role, title, points.length, range],
        ...shownScores.flatMap((score) => [
          scores[score.name].value,
          scores[score.name].interval.lower,
          scores[score.name].interval.upper,
        ]),
      ]),
    },
  };
}

function pairedTable({ run, comparison: { sharpness } }: AnalysedFamily): Table {
  const { pairing, scores } = sharpness.paired;
  const drawn = pairing === 'nothing' ? 'draws that are not paired' : `the same draws of ${pairing}`;
  return {
    name: `${run.record.name}-paired`,
    caption: `The induced curve's scores against the standard one's, with 95 % intervals over ${drawn}; p, one-sided, that it is not higher, and adjusted for all scores (step-down minP).`,
    columns: [
      { title: 'score', align: 'left' },
      ...['induced / standard', 'difference', 'higher in', 'p', 'adjusted p'].map((title) => ({
        title,
        align: 'right' as const,
      })),
    ],
    rows: shownScores.map(({ name, title }) => {
      const { difference, higher, test } = scores[name];
      return [
        ...[title, shownRatio(scores[name]), formatWithInterval(difference.value, difference.interval)],
        ...[shareOfDraws(higher), formatNumber(test.p, 2), formatNumber(test.adjusted, 2)],
      ];
    }),
    raw: {
      heading: [
        'score',
        ...['ratio', 'difference'].flatMap((name) => [name, `${name}_lower`, `${name}_upper`]),
        ...['higher', 'p', 'adjusted_p'],
      ],
      lines: scoreNames.map((name) => {
        const { difference, ratio, higher, test } = scores[name];
        return [
          ...[name, ratio?.value, ratio?.interval.lower, ratio?.interval.upper],
          ...[difference.value, difference.interval.lower, difference.interval.upper, higher, test.p, test.adjusted],
        ];
      }),
    },
  };
}

/** Questions one and three: each curve against smooth growth, and the induced one against its metric's doing. */
function smoothTable({ run, comparison: { standard, induced, sharpness } }: AnalysedFamily): Table {
  const { pushed } = sharpness;
  const tests = [
    {
      curve: standard.title,
      scores: standard.scores,
      against: 'smooth growth',
      tests: sharpness.standard.smooth.scores,
    },
    { curve: induced.title, scores: induced.scores, against: 'smooth growth', tests: sharpness.induced.smooth.scores },
    ...(pushed === undefined
      ? []
      : [
          {
            curve: induced.title,
            scores: induced.scores,
            against: `${pushed.title} of smooth growth`,
            tests: pushed.scores,
          },
        ]),
  ];
  return {
    name: `${run.record.name}-smooth`,
    caption:
      'Each score against that of a smooth curve: the best of line, power law with offset, saturating exponential and a logistic curve no steeper than half of the log range; below, the same pushed through the induced metric. p, one-sided, and adjusted for all scores of a curve (step-down minP).',
    columns: [
      ...['curve', 'against', 'score'].map((title) => ({ title, align: 'left' as const })),
      ...['measured', 'smooth', 'p', 'adjusted p'].map((title) => ({ title, align: 'right' as const })),
    ],
    rows: tests.flatMap(({ curve, scores, against, tests: ofScores }) =>
      shownScores.map(({ name, title }) => {
        const { smooth, p, adjusted } = ofScores[name];
        return [
          ...[curve, against, title, formatNumber(scores[name].value), formatNumber(smooth)],
          ...[formatNumber(p, 2), formatNumber(adjusted, 2)],
        ];
      }),
    ),
    raw: {
      heading: ['curve', 'against', 'score', 'measured', 'smooth', 'p', 'adjusted_p'],
      lines: tests.flatMap(({ curve, scores, against, tests: ofScores }) =>
        scoreNames.map((name) => {
          const { smooth, p, adjusted } = ofScores[name];
          return [curve, against, name, scores[name].value, smooth, p, adjusted];
        }),
      ),
    },
  };
}

function curvesTable({ run, comparison, evaluations, predicted }: AnalysedFamily): Table {
  const { standard, induced, sharpness } = comparison;
  const { words } = run;
  // Of imported members a scale is one number.
  const sized = <T>(...values: readonly T[]) => (words.isImported ? [] : values);
  const shown = (curve: ComparedCurve, i: number) => {
    const { value, interval } = curve.points[i]!;
    if (curve.unit !== 'probability')
      return interval === undefined ? formatNumber(value, 4) : formatWithInterval(value, interval, 4);
    return interval === undefined
      ? formatShare(value)
      : `${formatShare(value)} [${formatShare(interval.lower)}, ${formatShare(interval.upper)}]`;
  };
  const { scales } = evaluations[0];
  return {
    name: `${run.record.name}-curves`,
    caption: sharpness.severalSeeds
      ? "The curves: means over seeds, with 95 % intervals (Student's t over seeds, widened by what the draw of test examples adds)."
      : 'The curves, with 95 % intervals over the draw of test examples.',
    columns: [
      words.scale,
      ...sized('parameters'),
      'seeds',
      standard.title,
      induced.title,
      'predicted by independence',
    ].map((title) => ({ title, align: 'right' })),
    rows: scales.map(({ scale, seeds }, i) => [
      ...[scaleText(scale.width, words), ...sized(grouped(scale.parameters)), String(seeds)],
      ...[shown(standard, i), shown(induced, i), formatShare(predicted[i]!)],
    ]),
    raw: {
      heading: [
        words.scale,
        ...sized('parameters', 'training_flops'),
        'seeds',
        'standard',
        'standard_lower',
        'standard_upper',
        'induced',
        'induced_lower',
        'induced_upper',
        'predicted',
      ],
      lines: scales.map(({ scale, seeds }, i) => [
        ...[scale.width, ...sized(scale.parameters, scale.trainingFlops), seeds],
        ...[standard, induced].flatMap(({ points }) => [
          points[i]!.value,
          points[i]!.interval?.lower,
          points[i]!.interval?.upper,
        ]),
        predicted[i]!,
      ]),
    },
  };
}

function membersTable({ run, evaluations }: AnalysedFamily): Table {
  const [standard, induced] = evaluations;
  const { words } = run;
  const trained = <T>(...values: readonly T[]) => (words.isImported ? [] : values);
  const seconds = run.members.map(({ record }) => secondsOf(record));
  const shown = ({ metric, members }: (typeof evaluations)[0], i: number) =>
    metric.unit === 'probability' ? formatShare(members[i]!.value) : formatNumber(members[i]!.value, 4);
  return {
    name: `${run.record.name}-members`,
    caption: `Members${words.isImported ? '' : '; seconds are of training and evaluation'}. Intervals over the draw of the test set are in the CSV (${[...new Set(evaluations.map(({ method }) => method))].join('; ')}).`,
    columns: [
      { title: 'member', align: 'left' },
      ...[
        ...(words.isImported ? [words.scale] : ['parameters', 'training FLOPs', 'seconds']),
        ...[standard.metric.title, induced.metric.title],
      ].map((title) => ({ title, align: 'right' as const })),
    ],
    rows: run.members.map(({ record }, i) => [
      ...[record.id, words.isImported ? scaleText(record.width, words) : grouped(record.parameters)],
      ...trained(formatNumber(record.trainingFlops), seconds[i]!.toFixed(1)),
      ...[shown(standard, i), shown(induced, i)],
    ]),
    raw: {
      heading: [
        'member',
        words.scale,
        'seed',
        ...trained('parameters', 'training_flops', 'seconds'),
        ...['standard', 'induced'].flatMap((role) => [role, `${role}_lower`, `${role}_upper`]),
      ],
      lines: run.members.map(({ record }, i) => [
        ...[record.id, record.width, record.seed],
        ...trained(record.parameters, record.trainingFlops, seconds[i]!),
        ...[standard, induced].flatMap(({ members }) => [members[i]!.value, members[i]!.lower, members[i]!.upper]),
      ]),
    },
  };
}

/** Of training and evaluation; NaN where nobody knows. */
function secondsOf({ trained }: FamilyMember): number {
  return trained === undefined ? NaN : trained.trainingSeconds + (trained.evaluationSeconds ?? 0);
}

function thresholdsText({ sweep: { points }, induced, causes }: AnalysedFamily): string {
  const moving = points.filter(({ range, scores }) => range >= 0.1 && !Number.isNaN(scores.bow));
  if (moving.length === 0) return 'At no other threshold does the curve move by 0.1 or more.';
  const by = (sign: number) =>
    moving.reduce((best, point) => (sign * point.scores.bow > sign * best.scores.bow ? point : best), moving[0]!);
  const [latest, earliest] = [by(1), by(-1)];
  const late = moving.filter(({ scores }) => scores.bow > 0).length;
  const smallest = causes.testSizes[0];
  const coarse =
    smallest === undefined
      ? ''
      : ` On ${grouped(smallest.size)} test examples instead of all, the bow of ${induced.title} lies between ${formatNumber(smallest.scores.bow.lower, 2)} and ${formatNumber(smallest.scores.bow.upper, 2)} in the middle 95 % of draws.`;
  return (
    `The same outcomes under ${grouped(points.length)} thresholds: of the ${grouped(moving.length)} curves that move by 0.1 or more, ${grouped(late)} rise late (bow above 0). ` +
    `The latest is ${titleOf(latest.metric)} (bow ${formatNumber(latest.scores.bow, 2)}, Eq 1 / ramp ${formatNumber(latest.scores.ramp, 2)}), the earliest ${titleOf(earliest.metric)} (bow ${formatNumber(earliest.scores.bow, 2)}, Eq 1 / ramp ${formatNumber(earliest.scores.ramp, 2)}). ` +
    `Which of them is shown is a choice, and a score of the chosen one is no evidence of anything else.${coarse}`
  );
}

/** With three digits of the threshold, as a swept one has as many as a number can. */
function titleOf({ title, parameters }: Metric): string {
  const [value] = Object.values(parameters);
  return title.replace(String(value), formatNumber(Number(value)));
}

/** Some thresholds of the sweep; the CSV has all. */
function sweepTable({ run, sweep: { points, axes } }: AnalysedFamily): Table {
  const key = axes[0]!.key;
  const few = 9;
  const places =
    points.length <= few
      ? points.map((_, i) => i)
      : Array.from({ length: few }, (_, i) => Math.round((i * (points.length - 1)) / (few - 1)));
  return {
    name: `${run.record.name}-thresholds`,
    caption: `Thresholds and the scores of their curves${places.length < points.length ? `; the CSV has all ${points.length}` : ''}.`,
    columns: [key, 'range', ...shownScores.map(({ title }) => title)].map((title) => ({ title, align: 'right' })),
    rows: places.map((i) => {
      const { metric, range, scores } = points[i]!;
      return [
        formatNumber(Number(metric.parameters[key])),
        formatNumber(range),
        ...shownScores.map((score) => formatNumber(scores[score.name])),
      ];
    }),
    raw: {
      heading: [key, 'range', ...shownScores.map((score) => score.name)],
      lines: points.map(({ metric, range, scores }) => [
        metric.parameters[key],
        range,
        ...shownScores.map((score) => scores[score.name]),
      ]),
    },
  };
}

function caveatsOf(family: ReportedFamily): string[] {
  const { run, induced, isUsual, evaluations, comparison, pageNotes } = family;
  const { words } = run;
  const [{ scales }, { resolution, count }] = evaluations;
  const seeds = Math.max(...scales.map((scale) => scale.seeds));
  const units = induced.units === 'images' ? words.examples : induced.units;
  const lowest = Math.min(...comparison.induced.points.map(({ value }) => value));
  return [
    `Resolution: with ${grouped(count)} test ${units} the smallest value of ${induced.title} above 0 is ${formatNumber(resolution ?? NaN)}.${lowest === 0 ? ' Where the curve stands at 0, it may rise below that unseen.' : ''}`,
    seeds === 1
      ? 'One seed: intervals are over the draw of test examples alone; another seed may lie outside them.'
      : `${seeds} seeds: intervals are over test examples and seeds (Student's t for the means, bootstraps for the scores), and ${seeds === 2 ? 'two seeds tell' : 'few seeds tell'} little of how much seeds differ.`,
    samplingCaveat(run),
    thresholdCaveat(induced.parameters, isUsual, run.record),
    run.absent.length === 0
      ? words.isImported
        ? 'No member of the run is missing.'
        : 'No member is missing: every width has every seed.'
      : `${counted(run.absent.length, 'member')} of the run ${run.absent.length === 1 ? 'is' : 'are'} not in it: ${run.absent.join('; ')}.`,
    `Scales: Eq 1 grows with the number of scales alone (a straight ramp over ${comparison.induced.points.length} has ${comparison.induced.points.length - 1}), and a single dip deflates it; it stands beside its ratio to a ramp, the largest step and the bow for that reason.`,
    words.isImported
      ? 'Imported models may differ in more than their scale: in data, recipe, tokeniser and prompt; a curve through them is no curve of one family. Models that share a scale count as its seeds.'
      : 'A width says nothing of what lies between widths, and a family trained on one dataset with one recipe nothing of others.',
    ...pageNotes,
  ];
}

function samplingCaveat({ record, members }: ReportedFamily['run']): string {
  const { text, note } = samplingOf(record, members[0]!.outcomes);
  return `Test set: intervals are over the draw of ${text}.${note === undefined ? '' : ` ${note}`}`;
}

function thresholdCaveat(
  parameters: Readonly<Record<string, number | string>>,
  isUsual: boolean,
  record: AnyRun,
): string {
  const kind = kindOf(record);
  const [key, value] = Object.entries(parameters)[0]!;
  const symbol = key === 'c' ? 'cutoff' : key.toUpperCase();
  if (kind === 'reconstruction' && isUsual)
    return `The cutoff ${value} was chosen from these outcomes: the least of 1, 2 and 5 times a power of ten that 9 in 10 images of the widest member stay below. That choice is what induces the effect.`;
  if (kind === 'sequences' && isUsual) return `L = ${value} is the whole sequence; shorter ones bend the curve less.`;
  return `The ${symbol === 'cutoff' ? `cutoff ${value}` : `${symbol} = ${value}`} is a choice${isUsual ? (isImported(record) ? ', the lab\u2019s own' : ', the one of the training\u2019s own table') : ', made with --induced'}; other ones give other curves.`;
}

function provenanceTable({ run }: AnalysedFamily): Table {
  const { record } = run;
  return {
    name: `${record.name}-provenance`,
    caption: `As recorded in run.json when the run was ${isImported(record) ? 'imported' : 'begun'}.`,
    columns: [
      { title: 'what', align: 'left' },
      { title: 'value', align: 'left' },
    ],
    rows: isImported(record) ? importedProvenance(record) : trainedProvenance(record, run.members),
  };
}

function importedProvenance({ name, created, source, dataset, versions, gitCommit }: ImportedRun): string[][] {
  return [
    ['run', `${name}, imported ${created}`],
    ['outcomes', `${source.format}${source.tool === null ? '' : `, made by ${sourceText(source)}`}`],
    ...source.files.map(({ name: file, bytes, sha256 }) => [file, `${grouped(bytes)} bytes, SHA-256 ${sha256}`]),
    ['versions', `lab ${versions.lab}, Node ${versions.node}, ${versions.platform}`],
    ['commit', gitCommit ?? 'unknown'],
    ['test set', `${dataset.name}: ${grouped(dataset.testCount)} examples`],
    ['fingerprint', `SHA-256 ${dataset.fingerprint}`],
  ];
}

function trainedProvenance(record: RunRecord, members: AnalysedFamily['run']['members']): string[][] {
  const { created, experiment, dataset, device, versions, gitCommit, eager, threads } = record;
  const used = [...new Set(members.map(({ record: { id, trained } }) => threads[id] ?? trained?.threads ?? 1))].sort(
    (a, b) => a - b,
  );
  return [
    ['run', `${record.name}, begun ${created}`],
    [
      'device',
      `${device.kind}: ${device.name}; ${counted(used.at(-1) ?? 1, 'thread')} a member${used.length > 1 ? ` at most, ${used[0]!} at least` : ''}`,
    ],
    ['precision', `${experiment.precision}${eager ? ', op by op' : ''}`],
    [
      'versions',
      `lab ${versions.lab}, Node ${versions.node}, TensorFlow ${versions.tensorflow}, TensorFlow.js ${versions.tfjs}, ${versions.platform}`,
    ],
    ['commit', gitCommit ?? 'unknown'],
    [
      'dataset',
      `${shownDataset(dataset.name)}: ${grouped(dataset.trainCount)} training and ${grouped(dataset.testCount)} test images, ${dataset.classes} classes, ${dataset.shape.height} x ${dataset.shape.width} x ${dataset.shape.channels}`,
    ],
    ['fingerprint', `SHA-256 ${dataset.fingerprint}`],
    ['licence', dataset.licence],
    ['citation', dataset.citation],
  ];
}
