/** What a report's page explores: the curves of each run, and published ones. */
import { publishedCurve, type PublishedCurve } from '../../analysis/compare.js';
import { predictFromStandard } from '../../analysis/independence.js';
import type { NaturalCurve } from '../../analysis/natural.js';
import { scoreNames } from '../../analysis/scores.js';
import { firstOf, lastOf, nth, present, zip } from '../../machine/present.js';
import type { Metric } from '../../metrics/metric.js';
import type { MemberStrips } from '../../runs/pictures.js';
import { formatNumber, withSpaces, inPercent } from '../../terminal/format.js';
import { compact } from '../explorer/compact.js';
import { unitsText, type PageNatural, type PageRun } from '../explorer/data.js';
import { PageFamily } from '../explorer/family.js';
import { examplePictures, reconstructionsOf } from '../explorer/pictures.js';
import { placed } from '../explorer/places.js';
import { pagePoints } from '../explorer/points.js';
import type { AnalysedFamily } from './family.js';

/** A curve as comparisons take it. */
export function published({ name, unit, better, points }: NaturalCurve): PublishedCurve {
  return { name, unit, better, points };
}

export interface PageOfRun {
  readonly run: PageRun;
  /** What is less exact in the page than in the files. */
  readonly notes: readonly string[];
  readonly problems: readonly string[];
}

interface PageSources {
  /** Bytes allowed for outcomes. */
  readonly budget: number;
  readonly strips: readonly MemberStrips[];
  readonly datasets: readonly string[];
}

/** @param families the curves of one run */
export async function pageRunOf(
  families: readonly AnalysedFamily[],
  { budget, strips, datasets }: PageSources,
): Promise<PageOfRun> {
  // The last one has the largest value of the factor.
  const { run: last, about, induced } = lastOf(families);
  const curves = families.map(({ run }) => run);
  const loaded = { ...last, members: curves.flatMap(({ members }) => members) };
  const { points, rowsAtMoments, first, absent } = await pagePoints(
    curves,
    new Map(families.flatMap(({ losses }) => [...losses])),
  );
  const { run: compacted, order } = compact({
    record: loaded.record,
    members: loaded.members,
    ...{ points, rowsAtMoments, first },
    words: loaded.words,
    induced,
    budget,
  });
  const bare: PageRun = { ...compacted, about, pictures: '', reconstructions: null };
  const whole = firstOf(points).outcomes;
  const { pictures, problem } = await examplePictures({ loaded, whole, run: bare, order, datasets });
  const reconstructions = reconstructionsOf(strips, { loaded, run: bare, order });
  return {
    run: { ...bare, pictures, reconstructions },
    notes: pageNotes(bare, { loaded, induced }),
    problems: [
      ...absent.filter((line) => !loaded.absent.includes(line)).map((line) => `not included: ${line}`),
      ...(problem === undefined ? [] : [problem]),
    ],
  };
}

/** How close the page's numbers are to those in the tables, as measured here. */
function pageNotes(run: PageRun, { loaded, induced }: { loaded: AnalysedFamily['run']; induced: Metric }): string[] {
  if (run.count < run.total) {
    return [
      `The explorer works on ${withSpaces(run.count)} of the ${withSpaces(run.total)} test ${unitsText(run)}, drawn at random, the same for all members, to keep the page small; its values are estimates of those in the tables.`,
    ];
  }
  if (run.outcomes.kind !== 'reconstruction')
    return [
      'The explorer has every outcome: its values equal those in the tables; its intervals come from its own bootstrap.',
    ];
  const view = placed(run, run.first);
  const { members } = lastOf(view.curves);
  const { predicted } = new PageFamily(run).explore({
    threshold: run.induced.chosen,
    size: view.units,
    members,
    axis: view.by,
  });
  const exact = present(predictFromStandard(induced, loaded.members)).memberValues;
  const exactOf = new Map(zip(loaded.members, exact).map(([{ record }, value]) => [record.id, value]));
  // A member that could be read for only one of the two cannot be compared.
  const differences = zip(members, predicted.members).flatMap(([{ place }, shown]) => {
    const value = exactOf.get(nth(run.members, place).id);
    return value === undefined ? [] : Math.abs(value - shown);
  });
  const difference = Math.max(0, ...differences);
  const { options } = run.induced;
  const step = Math.max(0, ...options.slice(1).map((cutoff, i) => cutoff / nth(options, i) - 1));
  return [
    `The explorer stores each error as its place among ${options.length} cutoffs. Shares below a cutoff of its slider and mean errors on the whole test set are exact; on smaller test sets each error is known to within the ${inPercent(step)} between two cutoffs. The prediction from independence is within ${formatNumber(difference, 2)} of the exact value at c = ${run.induced.chosen}.`,
  ];
}

export function pageNatural(curve: NaturalCurve, draws: number): PageNatural {
  const { scores } = publishedCurve(published(curve), { draws });
  const texts = scoreNames.map((name) => {
    const { value, interval } = scores[name];
    return [name, [value, interval.lower, interval.upper].map((each) => String(Number(each.toPrecision(6))))] as const;
  });
  const { name, family, task, metric, unit, better, points } = curve;
  return {
    ...{ name, about: `${family}, ${task}, ${metric}`, unit, better },
    points: points.map(({ model, params, value, standardError }) => {
      const point = { model, parameters: params, value };
      if (standardError === undefined) return point;
      return { ...point, lower: value - 1.96 * standardError, upper: value + 1.96 * standardError };
    }),
    scores: Object.fromEntries(texts) as unknown as PageNatural['scores'],
  };
}
