/** Evaluations as tables: for a terminal, and everything as CSV. */
import type { MetricEvaluation } from '../../analysis/evaluate.js';
import { nth } from '../../machine/present.js';
import { scaleText, trainedWords, type FamilyWords } from '../../runs/words.js';
import { condensed, formatNumber, withSpaces } from '../../terminal/format.js';
import type { Sampling } from './sampling.js';
import { membersTable, printed } from './members.js';
import { csvText } from './text-table.js';

/** Without a line break at the end; at least one evaluation, all of the same members. */
export function evaluationTable(
  evaluations: readonly MetricEvaluation[],
  {
    byMember,
    sampling,
    words = trainedWords,
  }: { readonly byMember: boolean; readonly sampling: Sampling; readonly words?: FamilyWords },
): string {
  const severalSeeds = nth(evaluations, 0).scales.some(({ seeds }) => seeds > 1);
  const { scales, members } = nth(evaluations, 0);
  const byScale = severalSeeds && !byMember;
  const table = byScale
    ? membersTable(
        scales.map(({ scale, seeds }) => ({ ...scale, seeds })),
        evaluations.map(({ metric, scales: each }) => ({
          metric,
          values: each.map(({ value, overSeeds }) => ({ value, ...overSeeds })),
        })),
        words,
      )
    : membersTable(
        members.map(({ id, width, parameters }) => ({ id, width, parameters })),
        evaluations.map(({ metric, members: values }) => ({ metric, values })),
        words,
      );
  const notes = evaluations.map(({ metric, count, resolution }) => {
    const smallest = resolution === null ? '' : `; smallest value above 0: ${formatNumber(resolution)}`;
    const units = metric.units === 'images' ? words.examples : metric.units;
    return `${metric.id}: ${withSpaces(count)} ${metric.name === 'subset-trials' ? 'groups' : `test ${units}`}${smallest}`;
  });
  const method = byScale ? overSeedsNote : membersNote(evaluations, sampling);
  const given = sampling.note === undefined ? [] : [sampling.note];
  return [printed(table), method, ...given, ...notes, ...reasons(evaluations, byScale, words)].join('\n');
}

/** `auroc at width 1 and 2: no image is wrong, ...`: why a value or an interval is not there, a line a reason. */
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

/** A line for every member and for every scale, under every metric. */
export function evaluationCsv(
  run: string,
  evaluations: readonly MetricEvaluation[],
  { isCoordinate, scale: name }: FamilyWords = trainedWords,
): string {
  // Of imported members a scale is one number, and its letter in the id of a scale would be another's.
  const sized = <T>(...values: readonly T[]) => (isCoordinate ? [] : values);
  const columns = [
    ...['run', 'metric', 'of', 'id', name, 'seed', 'seeds', ...sized('parameters', 'training_flops'), 'value'],
    ...['standard_error', 'lower', 'upper', 'interval', 'lower_seeds', 'upper_seeds', 'resolution', 'count'],
    'note',
  ];
  const lines = evaluations.flatMap(({ metric, method, resolution, count, members, scales }) => [
    ...members.map(({ id, width, seed, parameters, trainingFlops, value, standardError, lower, upper, note }) => [
      ...[run, metric.id, 'member', id, width, seed, 1, ...sized(parameters, trainingFlops), value],
      ...[standardError, lower, upper, method, null, null, resolution, count, note],
    ]),
    ...scales.map(({ scale, seeds, value, standardDeviation, overSeeds, overExamples: { lower, upper }, note }) => [
      ...[run, metric.id, 'scale', `${isCoordinate ? '' : 'w'}${scale.width}`, scale.width, null, seeds],
      ...[...sized(scale.parameters, scale.trainingFlops), value, standardDeviation / Math.sqrt(seeds), lower, upper],
      ...[seeds > 1 ? 'bootstrap over test sets' : method, overSeeds?.lower, overSeeds?.upper, resolution, count],
      note,
    ]),
  ]);
  return csvText(columns, lines);
}
