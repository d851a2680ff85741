/**
 * How single examples are learnt during training: when for good, how often they are forgotten (Toneva et al. 2019,
 * arXiv 1812.05159), whether every seed learns them in the same order, and whose losses fall together (Kangaslahti et
 * al. 2025, arXiv 2506.15872, cluster loss trajectories to find abilities that the mean hides).
 */
import { kMeans, predictionStrength, type Points } from '../statistics/k-means.js';
import { mean } from '../statistics/mean.js';
import { Random } from '../statistics/random.js';
import { spearman } from '../statistics/ranks.js';

/** One trained model, at the same moments as the others. */
export interface Trajectory {
  /** By moment, then example: 1 if it is solved. */
  readonly solved: readonly Uint8Array[];
  /** The same for the loss; undefined if outcomes do not have one. */
  readonly losses: readonly ArrayLike<number>[] | undefined;
}

export interface LearningOf {
  readonly at: number;
  readonly solved: number;
  /** Of the examples that were failed at the previous moment, the share that is solved now; NaN at the first. */
  readonly gained: number;
  /** Of those that were solved, the share that is failed now. */
  readonly lost: number;
}

export interface Learning {
  readonly trainings: number;
  readonly examples: number;
  /** Means over trainings. */
  readonly moments: readonly LearningOf[];
  /**
   * Shares of examples, means over trained models: failed at every moment; solved from some moment to the last and
   * never lost; solved at some moment, failed at the last.
   */
  readonly never: number;
  readonly kept: number;
  readonly forgotten: number;
  /**
   * Number of times that an example is lost, mean over examples and trained models; and the same for coin flips with
   * each moment's accuracy.
   */
  readonly events: number;
  readonly coinFlips: number;
  /**
   * Spearman's correlation between two seeds of the moments from which examples are solved for good, mean over pairs;
   * NaN with one seed.
   */
  readonly agreement: number;
  readonly clusters: TrajectoryClusters | undefined;
}

export interface TrajectoryClusters {
  /** Prediction strength of 2, 3, ... clusters. */
  readonly strengths: readonly number[];
  /** The largest number of clusters whose strength is at least 0.8, largest cluster first. */
  readonly clusters: readonly {
    readonly share: number;
    /** Geometric mean of the examples' losses, by moment. */
    readonly losses: readonly number[];
    /** Share solved at the last moment. */
    readonly solved: number;
  }[];
}

/** @param steps of the moments, ascending, at least two */
export function learningOf(trajectories: readonly Trajectory[], steps: readonly number[]): Learning {
  const counted = trajectories.map(countsOf);
  const share = (key: keyof Counts) => mean(counted.map((counts) => counts[key]));
  const ends = trajectories.map(learntAt);
  const pairs = ends.flatMap((a, i) => ends.slice(i + 1).map((b) => spearman(a, b)));
  return {
    trainings: trajectories.length,
    examples: trajectories[0]!.solved[0]!.length,
    moments: steps.map((at, t) => {
      return { at, ...meanOfMoments(trajectories.map(({ solved }) => momentOf(solved, t))) };
    }),
    ...{ never: share('never'), kept: share('kept'), forgotten: share('forgotten'), events: share('events') },
    coinFlips: mean(trajectories.map(({ solved }) => coinFlips(solved.map((each) => mean(each))))),
    agreement: pairs.length === 0 ? NaN : mean(pairs),
    clusters: clustersOf(trajectories),
  };
}

interface Counts {
  readonly never: number;
  readonly kept: number;
  readonly forgotten: number;
  readonly events: number;
}

function countsOf({ solved }: Trajectory): Counts {
  const examples = solved[0]!.length;
  let [never, kept, forgotten, events] = [0, 0, 0, 0];
  for (let i = 0; i < examples; i++) {
    let [lost, times] = [0, 0];
    solved.forEach((each, t) => {
      times += each[i]!;
      if (t > 0 && each[i] === 0 && solved[t - 1]![i] === 1) lost++;
    });
    events += lost;
    if (times === 0) never++;
    else if (solved.at(-1)![i] === 0) forgotten++;
    else if (lost === 0) kept++;
  }
  return { never: never / examples, kept: kept / examples, forgotten: forgotten / examples, events: events / examples };
}

/** For each example, the first moment from which it is solved to the end; one past the last if it is failed there. */
function learntAt({ solved }: Trajectory): Float64Array {
  return Float64Array.from(solved[0]!, (_, i) => {
    let t = solved.length;
    while (t > 0 && solved[t - 1]![i] === 1) t--;
    return t;
  });
}

function momentOf(solved: readonly Uint8Array[], t: number): Omit<LearningOf, 'at'> {
  const [now, before] = [solved[t]!, solved[t - 1]];
  const among = (value: number, becomes: number) => {
    let [all, changed] = [0, 0];
    before?.forEach((each, i) => {
      if (each !== value) return;
      all++;
      changed += Number(now[i] === becomes);
    });
    return changed / all;
  };
  return { solved: mean(now), gained: among(0, 1), lost: among(1, 0) };
}

function meanOfMoments(of: readonly Omit<LearningOf, 'at'>[]): Omit<LearningOf, 'at'> {
  const over = (key: 'solved' | 'gained' | 'lost') => mean(of.map((each) => each[key]));
  return { solved: over('solved'), gained: over('gained'), lost: over('lost') };
}

/** Expected losses of an example whose moments are independent. */
const coinFlips = (accuracies: readonly number[]): number =>
  accuracies.slice(1).reduce((sum, now, t) => sum + accuracies[t]! * (1 - now), 0);

const mostClusters = 6;
/** As Tibshirani and Walther recommend. */
const strongEnough = 0.8;
/** Clustering halves takes most of the time, and more examples hardly change the result. */
const mostExamples = 2000;
/** Below it, a loss counts as zero: a probability of 0.9999. */
const leastLoss = 1e-4;

function clustersOf(trajectories: readonly Trajectory[]): TrajectoryClusters | undefined {
  if (trajectories.some(({ losses }) => losses === undefined)) return undefined;
  const rows = logLosses(trajectories);
  const random = Random.named(0, 'learning', 'clusters');
  const every = Math.ceil(rows.length / mostExamples);
  const some = rows.filter((_, i) => i % every === 0);
  const strengths = Array.from({ length: mostClusters - 1 }, (_, i) => predictionStrength(some, i + 2, random));
  const count = strengths.findLastIndex((strength) => strength >= strongEnough) + 2;
  const { centres, of } = kMeans(rows, count, random);
  const solvedAtEnd = Float64Array.from(rows, (_, i) => mean(trajectories.map(({ solved }) => solved.at(-1)![i]!)));
  const clusters = centres.map((centre, c) => {
    const members = [...of.keys()].filter((i) => of[i] === c);
    return {
      share: members.length / rows.length,
      losses: [...centre].map(Math.exp),
      solved: mean(members.map((i) => solvedAtEnd[i]!)),
    };
  });
  return { strengths, clusters: clusters.sort((a, b) => b.share - a.share) };
}

/** [examples][moments]: logarithm of the loss, mean over trained models. */
function logLosses(trajectories: readonly Trajectory[]): Points {
  const [first] = trajectories;
  return Array.from(first!.solved[0]!, (_, i) =>
    Float64Array.from(first!.solved, (_, t) =>
      mean(trajectories.map(({ losses }) => Math.log(Math.max(leastLoss, losses![t]![i]!)))),
    ),
  );
}
