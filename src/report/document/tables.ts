/** A report's tables, from what was computed for a run. */
import { columnsOf } from './blocks.js';
import { rollup } from 'd3-array';
import type { ComparedCurve, ComparedPoint } from '../../analysis/compare.js';
import { scoreNames } from '../../analysis/scores.js';
import { firstOf, nth, present } from '../../machine/present.js';
import type { Metric } from '../../metrics/metric.js';
import { counted, countedWithSpaces, formatNumber, formatWithInterval, withSpaces } from '../../terminal/format.js';
import { isImported, sourcesOf, type ImportedRun } from '../../runs/imported.js';
import type { FamilyMember } from '../../runs/opened.js';
import type { RunRecord } from '../../runs/record.js';
import { membersTable as membersText, type TableText } from '../tables/members.js';
import { pairedCells, shownDataset, smoothCells, sourceText } from '../tables/compare.js';
import { thinned } from '../figures/thinned.js';
import { shownScores } from '../titles.js';
import type { Table } from './blocks.js';
import { stemOf, type AnalysedFamily } from './family.js';

function curvesByRole({ comparison }: AnalysedFamily): { readonly role: string; readonly curve: ComparedCurve }[] {
  const { natural, standard, induced } = comparison;
  return [
    { role: 'standard', curve: standard },
    { role: 'induced', curve: induced },
    ...natural.map((curve) => ({ role: 'natural', curve })),
  ];
}

/** In a CSV file, the names of a number and of the ends of its interval. */
const withEnds = (name: string): string[] => [name, `${name}_lower`, `${name}_upper`];

/** The numbers themselves; empty cells for what is missing. */
function endsOf({ value, interval }: Partial<ComparedPoint>) {
  return [value, interval?.lower, interval?.upper];
}

export function scoresTable(family: AnalysedFamily): Table {
  const name = `${stemOf(family.run)}-scores`;
  const curves = curvesByRole(family);
  return {
    name,
    caption:
      'Scores of each curve, with 95 % intervals over test examples and seeds (for natural curves, over their standard errors). A straight ramp has Eq 1 / ramp = 1; a bow above 0 means late, below 0 early.',
    columns: columnsOf(['curve'], ['scales', 'range', ...shownScores.map(({ title }) => title)]),
    rows: curves.map(({ role, curve: { title, points, range, scores } }) => [
      `${role}: ${title}`,
      String(points.length),
      formatNumber(range),
      ...shownScores.map((score) => formatWithInterval(scores[score.name].value, scores[score.name].interval)),
    ]),
    raw: {
      heading: ['role', 'curve', 'scales', 'range', ...shownScores.flatMap((score) => withEnds(score.name))],
      lines: curves.map(({ role, curve: { title, points, range, scores } }) => [
        ...[role, title, points.length, range],
        ...shownScores.flatMap((score) => endsOf(scores[score.name])),
      ]),
    },
  };
}

export function pairedTable({ run, comparison: { sharpness } }: AnalysedFamily): Table {
  const { pairing, scores } = sharpness.paired;
  const drawn = pairing === 'nothing' ? 'unpaired draws' : `the same draws of ${pairing}`;
  return {
    name: `${stemOf(run)}-paired`,
    caption: `The induced curve's scores against the standard one's, with 95 % intervals over ${drawn}; p: one-sided, of the hypothesis that the induced curve's is not higher; adjusted: for all scores (step-down minP).`,
    columns: columnsOf(['score'], ['induced / standard', 'difference', 'higher in', 'p', 'adjusted p']),
    rows: shownScores.map(({ name, title }) => [title, ...pairedCells(scores[name])]),
    raw: {
      heading: ['score', ...withEnds('ratio'), ...withEnds('difference'), 'higher', 'p', 'adjusted_p'],
      lines: scoreNames.map((name) => {
        const { difference, ratio, higher, test } = scores[name];
        return [name, ...endsOf(ratio ?? {}), ...endsOf(difference), higher, test.p, test.adjusted];
      }),
    },
  };
}

/**
 * Questions one and three: each curve against smooth growth, and the induced one against what its metric turns smooth
 * growth into.
 */
export function smoothTable({ run, comparison: { standard, induced, sharpness } }: AnalysedFamily): Table {
  const { pushed } = sharpness;
  const tests = [
    { curve: standard, against: 'smooth growth', tests: sharpness.standard.smooth.scores },
    { curve: induced, against: 'smooth growth', tests: sharpness.induced.smooth.scores },
    ...(pushed === undefined
      ? []
      : [{ curve: induced, against: `${pushed.title} of smooth growth`, tests: pushed.scores }]),
  ];
  return {
    name: `${stemOf(run)}-smooth`,
    caption:
      'Each score compared with that of the best smooth curve (line, power law with offset, saturating exponential, or a logistic curve that takes at least half of the log range from 10 to 90 %); below, with that curve pushed through the induced metric. p: one-sided; adjusted: for all scores of a curve (step-down minP).' +
      (sharpness.nullDraws < sharpness.draws ? ` Each p is from ${sharpness.nullDraws} simulated families.` : ''),
    columns: columnsOf(['curve', 'against', 'score'], ['measured', 'smooth', 'p', 'adjusted p']),
    rows: tests.flatMap(({ curve, against, tests: ofScores }) =>
      shownScores.map(({ name, title }) => [
        ...[curve.title, against, title, formatNumber(curve.scores[name].value)],
        ...smoothCells(ofScores[name]),
      ]),
    ),
    raw: {
      heading: ['curve', 'against', 'score', 'measured', 'smooth', 'p', 'adjusted_p'],
      lines: tests.flatMap(({ curve, against, tests: ofScores }) =>
        scoreNames.map((name) => {
          const { smooth, p, adjusted } = ofScores[name];
          return [curve.title, against, name, curve.scores[name].value, smooth, p, adjusted];
        }),
      ),
    },
  };
}

/** More rows than this make a page slow to open. */
const mostRows = 500;

/** A table with fewer rows, spread evenly, if it has very many; its CSV has all. */
export function withFewerRows(table: Table): Table {
  const { rows, caption } = table;
  if (rows.length <= mostRows) return table;
  const text = ` Shown: ${withSpaces(mostRows)} of ${withSpaces(rows.length)} rows; the CSV file has all.`;
  return { ...table, caption: caption + text, rows: thinned(rows, mostRows) };
}

export function curvesTable({ run, comparison, evaluations }: AnalysedFamily): Table {
  const { standard, induced, sharpness } = comparison;
  const { title: prediction, values: predicted } = present(comparison.prediction);
  const { words } = run;
  // For imported members a scale is a single number.
  const sized = <T>(...values: readonly T[]) => (words.isCoordinate ? [] : values);
  const { scales } = evaluations[0];
  return {
    name: `${stemOf(run)}-curves`,
    caption: sharpness.severalSeeds
      ? "The curves: means over seeds, with 95 % intervals (Student's t over seeds, widened by the sampling of test examples)."
      : 'The curves, with 95 % intervals over the sampling of test examples.',
    ...printedTable(
      membersText(
        scales.map(({ scale: { width, parameters }, seeds }) => ({ width, parameters, seeds })),
        [
          ...[standard, induced].map((curve) => ({
            metric: curve,
            values: curve.points.map(({ value, interval }) => ({ value, ...interval })),
          })),
          {
            metric: { title: `predicted: ${prediction}`, unit: 'probability' },
            values: [...predicted].map((value) => ({ value })),
          },
        ],
        words,
      ),
    ),
    raw: {
      heading: [
        ...[words.scale, ...sized('parameters', 'training_flops'), 'seeds'],
        ...[...withEnds('standard'), ...withEnds('induced'), 'predicted'],
      ],
      lines: scales.map(({ scale, seeds }, i) => [
        ...[scale.width, ...sized(scale.parameters, scale.trainingFlops), seeds],
        ...[standard, induced].flatMap(({ points }) => endsOf(nth(points, i))),
        nth(predicted, i),
      ]),
    },
  };
}

export function familyTable({ run, evaluations }: AnalysedFamily): Table {
  const [standard, induced] = evaluations;
  const { words } = run;
  const trained = <T>(...values: readonly T[]) => (words.isCoordinate ? [] : values);
  return {
    name: `${stemOf(run)}-members`,
    caption: `Members${words.isCoordinate ? '' : '; seconds are of training and evaluation'}. In brackets: 95 % intervals over the sampling of the test set (${[...new Set(evaluations.map(({ method }) => method))].join('; ')}).`,
    ...printedTable(
      membersText(
        run.members.map(({ record }) => {
          const { id, width, parameters, trainingFlops } = record;
          return {
            id,
            width,
            parameters,
            ...(words.isCoordinate ? {} : { trainingFlops, seconds: secondsOf(record) }),
          };
        }),
        evaluations.map(({ metric, members }) => ({ metric, values: members })),
        words,
      ),
    ),
    raw: {
      heading: [
        'member',
        words.scale,
        'seed',
        ...trained('parameters', 'training_flops', 'seconds'),
        ...[...withEnds('standard'), ...withEnds('induced')],
      ],
      lines: run.members.map(({ record }, i) => [
        ...[record.id, record.width, record.seed],
        ...trained(record.parameters, record.trainingFlops, secondsOf(record)),
        ...[standard, induced].flatMap(({ members }) => {
          const { value, lower, upper } = nth(members, i);
          return [value, lower, upper];
        }),
      ]),
    },
  };
}

function printedTable({ heading, left, lines }: TableText): Pick<Table, 'columns' | 'rows'> {
  const columns = heading.map((title) => ({ title, align: left.includes(title) ? 'left' : 'right' }) as const);
  return { columns, rows: lines };
}

/** Time of training and evaluation; NaN if unknown. */
function secondsOf({ trained }: FamilyMember): number {
  return trained === undefined ? NaN : trained.trainingSeconds + (trained.evaluationSeconds ?? 0);
}

/** The threshold is rounded to three digits, as one from a sweep may have many. */
export function metricTitle({ title, parameters }: Metric): string {
  const [value] = Object.values(parameters);
  return title.replace(String(value), formatNumber(Number(value)));
}

/** A selection of the sweep's thresholds; the CSV has all. */
export function sweepTable({ run, sweep: { points, axes } }: AnalysedFamily): Table {
  const key = firstOf(axes).key;
  const few = thinned(points, 9);
  return {
    name: `${stemOf(run)}-thresholds`,
    caption: `Thresholds and the scores of their curves${few.length < points.length ? `; the CSV has all ${points.length}` : ''}.`,
    columns: columnsOf([], [key, 'range', ...shownScores.map(({ title }) => title)]),
    rows: few.map(({ metric, range, scores }) => [
      formatNumber(Number(metric.parameters[key])),
      formatNumber(range),
      ...shownScores.map((score) => formatNumber(scores[score.name])),
    ]),
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

export function provenanceTable({ run }: AnalysedFamily): Table {
  const { record } = run;
  return {
    name: `${stemOf(run)}-provenance`,
    caption: `As recorded in run.json when the run was ${isImported(record) ? 'imported' : 'started'}.`,
    columns: columnsOf(['what', 'value'], []),
    rows: isImported(record) ? importedProvenance(record) : trainedProvenance(record, run.members),
  };
}

function importedProvenance(record: ImportedRun): string[][] {
  const { name, created, additions = [], dataset, versions, gitCommit } = record;
  return [
    ['run', `${name}, imported ${[created, ...additions.map(({ added }) => added)].join(', ')}`],
    ...sourcesOf(record).flatMap((source) => [
      ['outcomes', `${source.format}${source.tool === null ? '' : `, made by ${sourceText(source)}`}`],
      ...source.files.map(({ name: file, bytes, sha256 }) => [file, `${withSpaces(bytes)} bytes, SHA-256 ${sha256}`]),
    ]),
    ['versions', `lab ${versions.lab}, Node ${versions.node}, ${versions.platform}`],
    ['commit', gitCommit ?? 'unknown'],
    ['test set', `${dataset.name}: ${countedWithSpaces(dataset.testCount, 'example')}`],
    ['fingerprint', `SHA-256 ${dataset.fingerprint}`],
  ];
}

/** `float32`; `auto: bfloat16 for 6 members, float32 for 2`. */
function precisionText({ experiment, precisions = {} }: RunRecord, members: AnalysedFamily['run']['members']): string {
  if (experiment.precision !== 'auto') return experiment.precision;
  const chosen = rollup(
    members,
    (list) => counted(list.length, 'member'),
    ({ record: { trained } }) => (trained === undefined ? undefined : precisions[trained.id]?.precision),
  );
  return `auto: ${[...chosen].map(([precision = 'unknown', count]) => `${precision} for ${count}`).join(', ')}`;
}

function trainedProvenance(record: RunRecord, members: AnalysedFamily['run']['members']): string[][] {
  const { created, dataset, device, versions, gitCommit, eager, threads } = record;
  const used = [...new Set(members.map(({ record: { id, trained } }) => threads[id] ?? trained?.threads ?? 1))].sort(
    (a, b) => a - b,
  );
  return [
    ['run', `${record.name}, started ${created}`],
    [
      'device',
      `${device.kind}: ${device.name}; ${counted(used.at(-1) ?? 1, 'thread')} per member${used.length > 1 ? ` at most, ${firstOf(used)} at least` : ''}`,
    ],
    [
      'precision',
      `${precisionText(record, members)}${eager ? ', op by op' : ''}${record.experiment.xla === true ? ', compiled by XLA' : ''}`,
    ],
    [
      'versions',
      `lab ${versions.lab}, Node ${versions.node}, TensorFlow ${versions.tensorflow}, TensorFlow.js ${versions.tfjs}, ${versions.platform}`,
    ],
    ['commit', gitCommit ?? 'unknown'],
    [
      'dataset',
      `${shownDataset(dataset.name)}: ${withSpaces(dataset.trainCount)} training and ${countedWithSpaces(dataset.testCount, 'test image')}, ${dataset.classes} classes, ${dataset.shape.height} x ${dataset.shape.width} x ${dataset.shape.channels}`,
    ],
    ['fingerprint', `SHA-256 ${dataset.fingerprint}`],
    ['licence', dataset.licence],
    ['citation', dataset.citation],
  ];
}
