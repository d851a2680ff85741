/** Evaluations as tables for a terminal, and in full as CSV. */
import type { MetricEvaluation } from '../../analysis/evaluate.js';
import { firstOf, nth } from '../../machine/present.js';
import type { CurveName } from '../../runs/view.js';
import { scaleText, trainedWords, type FamilyWords } from '../../runs/words.js';
import { condensed, formatNumber, withSpaces } from '../../terminal/format.js';
import type { Sampling } from './sampling.js';
import { membersTable, printed, type MembersColumn, type MembersRow } from './members.js';
import { csvText } from './text-table.js';

/** Metrics of a run's members, or of those on one of its curves. */
export interface EvaluatedCurve {
  /** The same metrics for each curve of a run. */
  readonly evaluations: readonly MetricEvaluation[];
  readonly curve: CurveName | undefined;
}

/** The table of one run, with its curves one below the other. Without a line break at the end. */
export function evaluationTable(
  curves: readonly EvaluatedCurve[],
  {
    byMember,
    sampling,
    words = trainedWords,
  }: { readonly byMember: boolean; readonly sampling: Sampling; readonly words?: FamilyWords },
): string {
  const severalSeeds = curves.some(({ evaluations }) => firstOf(evaluations).scales.some(({ seeds }) => seeds > 1));
  const byScale = severalSeeds && !byMember;
  const rows = curves.flatMap(({ evaluations, curve }): MembersRow[] => {
    const { scales, members } = firstOf(evaluations);
    return byScale
      ? scales.map(({ scale, seeds }) => ({ ...scale, seeds, curve }))
      : members.map(({ id, width, parameters }) => ({ id, width, parameters, curve }));
  });
  const columns = firstOf(curves).evaluations.map(({ metric }, i) => ({
    metric,
    values: curves.flatMap(({ evaluations }): MembersColumn['values'] => {
      const { scales, members } = nth(evaluations, i);
      return byScale ? scales.map(({ value, overSeeds }) => ({ value, ...overSeeds })) : members;
    }),
  }));
  const notes = curves.flatMap(({ evaluations }) => evaluations.map((each) => countNote(each, words)));
  const all = curves.flatMap(({ evaluations }) => evaluations);
  const method = byScale ? overSeedsNote : membersNote(all, sampling);
  const given = sampling.note === undefined ? [] : [sampling.note];
  const why = curves.flatMap(({ evaluations, curve }) =>
    reasons(evaluations, byScale, words).map((line) => (curve === undefined ? line : `${curve.name}: ${line}`)),
  );
  return [printed(membersTable(rows, columns, words)), method, ...given, ...new Set(notes), ...why].join('\n');
}

/** `accuracy: 10 000 test images; smallest value above 0: 0.0001` */
function countNote({ metric, count, resolution }: MetricEvaluation, words: FamilyWords): string {
  const smallest = resolution === null ? '' : `; smallest value above 0: ${formatNumber(resolution)}`;
  const units = metric.units === 'images' ? words.examples : metric.units;
  return `${metric.id}: ${withSpaces(count)} ${metric.name === 'subset-trials' ? 'groups' : `test ${units}`}${smallest}`;
}

/** `auroc at width 1 and 2: no image is wrong, ...`: why values or intervals are missing, one line per reason. */
function reasons(evaluations: readonly MetricEvaluation[], byScale: boolean, words: FamilyWords): string[] {
  const where = new Map<string, string[]>();
  for (const { metric, members, scales } of evaluations) {
    const noted = byScale
      ? scales.map(({ scale, note }) => ({ of: scaleText(scale.width, words), note }))
      : // A standard error is not in the table.
        members.map(({ id, note, lower }) => ({ of: id, note: Number.isNaN(lower) ? note : undefined }));
    for (const text of new Set(noted.flatMap(({ note }) => note ?? []))) {
      const which = noted.flatMap(({ of, note }) => (note === text ? of : []));
      const place =
        which.length === noted.length
          ? ''
          : byScale
            ? ` at ${words.scale} ${condensed(which)}`
            : ` of ${condensed(which)}`;
      where.set(text, [...(where.get(text) ?? []), `${metric.id}${place}`]);
    }
  }
  return [...where].map(([text, places]) => `${places.join('; ')}: ${text}`);
}

const overSeedsNote =
  "Means over seeds. In brackets: 95 % interval of that mean over seeds (Student's t); --json has intervals over test sets.";

function membersNote(evaluations: readonly MetricEvaluation[], { text }: Sampling): string {
  const methods = [...new Set(evaluations.map(({ method }) => method))];
  return `In brackets: 95 % interval over the sampling of ${text} (${methods.join('; ')}).`;
}

/** A line for every member and for every scale, under every metric, of each curve. */
export function evaluationCsv(
  run: string,
  curves: readonly EvaluatedCurve[],
  { isCoordinate, scale: name }: FamilyWords = trainedWords,
): string {
  // For imported members a scale is a single number, and the letter in a scale's id would be wrong.
  const sized = <T>(...values: readonly T[]) => (isCoordinate ? [] : values);
  const factor = firstOf(curves).curve?.factor;
  const columns = [
    ...['run', ...(factor === undefined ? [] : [factor]), 'metric', 'of', 'id', name, 'seed', 'seeds'],
    ...[...sized('parameters', 'training_flops'), 'value'],
    ...['standard_error', 'lower', 'upper', 'interval', 'lower_seeds', 'upper_seeds', 'resolution', 'count'],
    'note',
  ];
  const lines = curves.flatMap(({ evaluations, curve }) => {
    const where = [run, ...(curve === undefined ? [] : [curve.value])];
    return evaluations.flatMap(({ metric, method, resolution, count, members, scales }) => [
      ...members.map(({ id, width, seed, parameters, trainingFlops, value, standardError, lower, upper, note }) => [
        ...[...where, metric.id, 'member', id, width, seed, 1, ...sized(parameters, trainingFlops), value],
        ...[standardError, lower, upper, method, null, null, resolution, count, note],
      ]),
      ...scales.map(({ scale, seeds, value, standardDeviation, overSeeds, overExamples: { lower, upper }, note }) => [
        ...[...where, metric.id, 'scale', `${isCoordinate ? '' : 'w'}${scale.width}`, scale.width, null, seeds],
        ...[...sized(scale.parameters, scale.trainingFlops), value, standardDeviation / Math.sqrt(seeds), lower, upper],
        ...[seeds > 1 ? 'bootstrap over test sets' : method, overSeeds?.lower, overSeeds?.upper, resolution, count],
        note,
      ]),
    ]);
  });
  return csvText(columns, lines);
}
