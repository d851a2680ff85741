/**
 * One sigmoid for all examples, or a stack of many? Each example is taken to be solved by each member independently, with
 * a probability that is logistic in the logarithm of the parameters; what the models differ in is whether examples share it:
 *
 * - `one`: all do. Two parameters. With it `curve`: all do, and the curve is free at each scale.
 * - `classes`: K latent classes of examples with thresholds of their own, with a common slope or with slopes of their own.
 * - `continuum`: thresholds spread normally over the examples, common slope. Three parameters, and no classes at all.
 *
 * Who does not know an example may guess it: with a chance above 0 every model is fitted with that floor under its sigmoids and without
 * (a logistic model of three parameters, Birnbaum 1968, its third one given), and the better is kept; the choice counts as a parameter.
 * Guesses are what EM has to fill in: of the solved trials, which were known.
 *
 * Without a floor and with a common slope these are Rasch models: an example's likelihood depends on how many members solve it and no more, so
 * that fits take milliseconds, and no more than (members + 1) / 2 classes can be told (Lindsay, Clogg and Grego 1991, J. Am.
 * Stat. Assoc. 86, 96-107; for one scale Teicher 1961: a mixture of K binomials needs 2K - 1 trials). Fitted by EM
 * (Dempster, Laird and Rubin 1977), accelerated; classes are added by splitting those of the smaller fit.
 */
import { climb, type Climb, type FixedPoint } from '../statistics/squarem.js';
import { mean } from '../statistics/mean.js';

/** What the models see of a run. */
export interface SolvedTable {
  /** Natural logarithms of the parameters, ascending, at least two. */
  readonly logParameters: readonly number[];
  /** Members at each scale. */
  readonly trials: readonly number[];
  /** Members that solve an example, `[scale][example]`. */
  readonly counts: readonly ArrayLike<number>[];
}

/** Examples with one sigmoid: probability floor + (1 - floor) / (1 + exp(-slope (log parameters - threshold))). */
export interface LatentClass {
  /** Share of the examples. */
  readonly weight: number;
  /** Of being solved by luck. */
  readonly floor: number;
  /** Natural logarithm of the parameters at which half of the members know it. May lie outside the scales. */
  readonly threshold: number;
  /** Per unit of log parameters. Negative where the class is solved less with scale. */
  readonly slope: number;
  /** Logit of its being known at the smallest scale: what is left to tell where the slope is next to nothing. */
  readonly logit: number;
  /** Probability of being solved at each scale. */
  readonly solved: readonly number[];
}

/** Probability of being solved at so much above the smallest scale's log parameters. */
export function probabilityAt({ logit, slope, floor }: LatentClass, above: number): number {
  return floor + (1 - floor) * sigmoid(logit + slope * above);
}

/** Powers of ten over which the sigmoid goes from 10 to 90 % of its height. */
export function passageDecades({ slope }: LatentClass): number {
  return (2 * Math.log(9)) / (Math.abs(slope) * Math.LN10);
}

export interface ThresholdFit {
  readonly kind: 'one' | 'classes' | 'continuum' | 'curve';
  /** Classes have slopes of their own. */
  readonly ownSlopes: boolean;
  /** Under its sigmoids: 0, or the chance of a guess. */
  readonly floor: number;
  /** By threshold where the slope is common, else by mean probability, easiest first. Of `continuum` the nodes of its normal. */
  readonly classes: readonly LatentClass[];
  /** Of thresholds, of `continuum` alone: natural logarithm of parameters. */
  readonly spread: { readonly mean: number; readonly standardDeviation: number } | undefined;
  /** Nats; of the single trials (without binomial coefficients, which no model changes). */
  readonly logLikelihood: number;
  /** That were fitted. */
  readonly parameters: number;
  /** Akaike's criterion with Hurvich and Tsai's correction (1989), examples as the sample. */
  readonly aicc: number;
  /** Schwarz's criterion (1978), examples as the sample. */
  readonly bic: number;
  /** Share solved at each scale, over all classes. */
  readonly curve: readonly number[];
  /** The last three steps of EM gained less than 1e-4 nats. */
  readonly converged: boolean;
}

export interface MixtureOptions {
  /** Classes that are tried, at most. */
  readonly most?: number;
  /** Chance that a guess is right, from 0 to below 1. */
  readonly chance?: number;
}

/** Most classes of a common slope that so many trials per example can tell apart. */
export function mostClasses(trials: readonly number[]): number {
  return Math.floor((trials.reduce((sum, n) => sum + n, 0) + 1) / 2);
}

/**
 * All models that the scales and members can tell apart: `curve`, `one`, `continuum`, then classes from 2 on with a common
 * slope and with their own. Empty for a single scale.
 */
export function fitThresholds(table: SolvedTable, { most = 6, chance = 0 }: MixtureOptions = {}): ThresholdFit[] {
  if (table.logParameters.length < 2) return [];
  const choices = chance > 0 ? 1 : 0;
  const plain = fitAll(prepare(table, { floor: 0, choices }), most);
  if (chance === 0) return plain;
  const guessed = fitAll(prepare(table, { floor: chance, choices }), most);
  // The same models in the same order.
  return plain.map((fit, i) => (guessed[i]!.logLikelihood > fit.logLikelihood ? guessed[i]! : fit));
}

function fitAll(data: Data, most: number): ThresholdFit[] {
  const { trials } = data.table;
  const common = fitCommon(data, Math.min(most, mostClasses(trials)));
  const own = fitOwn(data, common);
  const fits = [freeCurve(data), describeCommon(data, common[0]!)];
  if (mostClasses(trials) >= 2) fits.push(fitContinuum(data, common[0]!));
  for (let k = 2; k <= common.length; k++) {
    fits.push(describeCommon(data, common[k - 1]!));
    const wide = own[k - 2];
    if (wide !== undefined) fits.push(describeOwn(data, wide));
  }
  return fits;
}

interface Data {
  readonly table: SolvedTable;
  readonly examples: number;
  /** Position of each scale between the smallest, 0, and the largest, 1. */
  readonly place: Float64Array;
  readonly trials: Float64Array;
  readonly floor: number;
  /** Parameters besides those of a model: whether there is a floor. */
  readonly choices: number;
  /** Examples by the number of members that solve them. */
  readonly totals: Float64Array;
  /** Sum of place over all solved trials. */
  readonly placedSum: number;
  /** For a common slope: what its likelihood depends on. */
  readonly commonRows: Rows;
  readonly rows: Rows;
  /** Slopes up to here: 10 to 90 % within a fifth of the closest two scales' distance, a step for all that can be seen. */
  readonly steepest: number;
}

/**
 * Distinct examples with how many there are of each. Without a floor they are told by their solved trials and by the sum of these
 * trials' places, with a common slope by the first alone; with one, by their solved trials at each scale.
 */
interface Rows {
  /** `[features][rows]` */
  readonly features: readonly Float64Array[];
  readonly examples: Float64Array;
}

/** Logit of a class at its better end, at least: a probability of 2e-9, which no data tell from 0. */
const lowest = -20;

function prepare(table: SolvedTable, { floor, choices }: Pick<Data, 'floor' | 'choices'>): Data {
  const { logParameters, trials, counts } = table;
  const [first, last] = [logParameters[0]!, logParameters.at(-1)!];
  const place = Float64Array.from(logParameters, (x) => (x - first) / (last - first));
  const gaps = Array.from(place.subarray(1), (t, s) => t - place[s]!);
  const examples = counts[0]!.length;
  const totals = new Float64Array(trials.reduce((sum, n) => sum + n, 0) + 1);
  const sums = [new Float64Array(examples), new Float64Array(examples)] as const;
  for (let i = 0; i < examples; i++) {
    for (let s = 0; s < counts.length; s++) {
      sums[0][i]! += counts[s]![i]!;
      sums[1][i]! += counts[s]![i]! * place[s]!;
    }
    totals[sums[0][i]!]!++;
  }
  const rows = floor === 0 ? distinct(sums, examples) : distinct(counts, examples);
  return {
    ...{ table, examples, place, totals, floor, choices, rows },
    commonRows: floor === 0 ? distinct([sums[0]], examples) : rows,
    placedSum: sums[1].reduce((sum, value) => sum + value, 0),
    trials: Float64Array.from(trials),
    steepest: (10 * Math.log(9)) / Math.min(...gaps),
  };
}

function distinct(columns: readonly ArrayLike<number>[], examples: number): Rows {
  const found = new Map<string, { first: number; examples: number }>();
  for (let i = 0; i < examples; i++) {
    const key = columns.map((column) => column[i]!).join();
    const row = found.get(key);
    if (row === undefined) found.set(key, { first: i, examples: 1 });
    else row.examples++;
  }
  const list = [...found.values()];
  return {
    features: columns.map((column) => Float64Array.from(list, ({ first }) => column[first]!)),
    examples: Float64Array.from(list, (row) => row.examples),
  };
}

/** Classes as a step of EM has them, `[classes]` each. */
interface Classes {
  readonly eases: Float64Array;
  readonly slopes: ArrayLike<number>;
  readonly logWeights: Float64Array;
}

/** What a step of EM fills in, `[classes]` each. */
interface Expected {
  readonly logLikelihood: number;
  /** Examples. */
  readonly weight: Float64Array;
  /** Their trials that were known. */
  readonly solved: Float64Array;
  /** The sum of place over those; not a number for rows that do not tell. */
  readonly placed: Float64Array;
}

/** Hot: every distinct row, each class. */
function expect(data: Data, { features, examples }: Rows, { eases, slopes, logWeights }: Classes): Expected {
  const { place, trials, floor } = data;
  const [k, d] = [eases.length, features.length];
  // A class's log-likelihood of a row is linear in its features.
  const factors = Array.from(eases, (ease, j) =>
    floor === 0 ? [ease, slopes[j]!].slice(0, d) : Array.from(place, (t) => logOddsOver(ease + slopes[j]! * t, floor)),
  );
  const spared = floor === 0 ? 0 : Math.log1p(-floor) * trials.reduce((sum, n) => sum + n, 0);
  const base = eases.map((ease, j) => logWeights[j]! - expectedCost(data, ease, slopes[j]!) + spared);
  const weight = new Float64Array(k);
  const sums = factors.map(() => new Float64Array(d));
  const terms = new Float64Array(k);
  let logLikelihood = 0;
  for (let i = 0; i < examples.length; i++) {
    let top = -Infinity;
    for (let j = 0; j < k; j++) {
      let term = base[j]!;
      for (let f = 0; f < d; f++) term += factors[j]![f]! * features[f]![i]!;
      terms[j] = term;
      if (term > top) top = term;
    }
    let all = 0;
    for (let j = 0; j < k; j++) all += terms[j] = Math.exp(terms[j]! - top);
    logLikelihood += examples[i]! * (top + Math.log(all));
    for (let j = 0; j < k; j++) {
      const share = (examples[i]! * terms[j]!) / all;
      weight[j]! += share;
      for (let f = 0; f < d; f++) sums[j]![f]! += share * features[f]![i]!;
    }
  }
  if (floor === 0) {
    const [solved, placed] = [0, 1].map((f) => Float64Array.from(sums, (sum) => sum[f] ?? NaN));
    return { logLikelihood, weight, solved: solved!, placed: placed! };
  }
  // Of what is solved, the share that was known.
  const known = sums.map((sum, j) =>
    sum.map((solved, s) => solved / (1 + floor * Math.exp(-(eases[j]! + slopes[j]! * place[s]!)))),
  );
  const total = (list: Float64Array) => list.reduce((sum, value) => sum + value, 0);
  return {
    ...{ logLikelihood, weight, solved: Float64Array.from(known, total) },
    placed: Float64Array.from(known, (list) => total(list.map((value, s) => value * place[s]!))),
  };
}

/** Logit of floor + (1 - floor) sigmoid(x). */
function logOddsOver(x: number, floor: number): number {
  return Math.max(x, 0) + Math.log(Math.exp(Math.min(x, 0)) + floor * Math.exp(-Math.max(x, 0))) - Math.log1p(-floor);
}

/** The same where classes have one slope; `placed` is of them all. */
function expectCommon(data: Data, slope: number, eases: Float64Array, logWeights: Float64Array) {
  const slopes = new Float64Array(eases.length).fill(slope);
  const { logLikelihood, placed, ...rest } = expect(data, data.commonRows, { eases, slopes, logWeights });
  // Without a floor the rows do not tell places, which are the same for all classes.
  return data.floor === 0
    ? { ...rest, logLikelihood: logLikelihood + slope * data.placedSum, placed: data.placedSum }
    : { ...rest, logLikelihood, placed: placed.reduce((sum, value) => sum + value, 0) };
}

type ExpectedCommon = ReturnType<typeof expectCommon>;

function sigmoid(x: number): number {
  return 1 / (1 + Math.exp(-x));
}

/** log(1 + exp(x)) without overflow. */
function softplus(x: number): number {
  return x > 0 ? x + Math.log1p(Math.exp(-x)) : Math.log1p(Math.exp(x));
}

function clamp(value: number, low: number, high: number): number {
  return Math.min(high, Math.max(low, value));
}

/** In place: subtracts the logarithm of the sum of the exponentials, so that they add up to 1. */
function normalise(logWeights: Float64Array): void {
  for (let k = 0; k < logWeights.length; k++) logWeights[k] = clamp(logWeights[k]!, -60, 60);
  const top = logWeights.reduce((a, b) => Math.max(a, b), -Infinity);
  const sum = logWeights.reduce((total, value) => total + Math.exp(value - top), 0);
  for (let k = 0; k < logWeights.length; k++) logWeights[k]! -= top + Math.log(sum);
}

/** In nats. A class too many makes the top flat, and what is left to gain there is small beside what it costs: 4 in AICc. */
const patient = { tolerance: 1e-4, cycles: 2000 };
const glance = { tolerance: 1e-2, cycles: 4 };

/** The best of several starts, looked at shortly, then climbed to its top. */
function best(model: FixedPoint, starts: readonly Float64Array[]): Climb {
  const tried = starts.map((start) => climb(model, start, glance));
  const first = tried.reduce((a, b) => (b.logLikelihood > a.logLikelihood ? b : a));
  return climb(model, first.at, patient);
}

// Common slope. A point is [slope, ease of each class, log weight of each class]; a class's logit is ease + slope * place.

function fitCommon(data: Data, most: number): Climb[] {
  const fits = [best(commonModel(data, 1), [Float64Array.of(4, logitOf(meanTotal(data)) - 2, 0)])];
  for (let k = 2; k <= most; k++) {
    fits.push(best(commonModel(data, k), [quantileStart(data, k), ...splits(fits[k - 2]!.at, 1)]));
  }
  return fits;
}

/** Share of trials that are solved. */
function meanTotal({ totals, examples }: Data): number {
  return totals.reduce((sum, count, total) => sum + count * total, 0) / (examples * (totals.length - 1));
}

function logitOf(share: number): number {
  const p = clamp(share, 1e-4, 1 - 1e-4);
  return Math.log(p / (1 - p));
}

/** Classes at the middles of K equal parts of the examples, in order of how many members solve them. */
function quantileStart({ totals, examples }: Data, k: number): Float64Array {
  const trials = totals.length - 1;
  const eases = Array.from({ length: k }, (_, j) => {
    let total = 0;
    for (let sum = totals[0]!; sum < ((j + 0.5) / k) * examples; sum += totals[total]!) total++;
    // The small term keeps classes of the same total apart.
    return 2 * logitOf((total + 0.5) / (trials + 1)) - 2 + 0.01 * j;
  });
  return Float64Array.of(4, ...eases, ...eases.map(() => -Math.log(k)));
}

/**
 * The point with one class made two, for each class in turn. `head` entries come first, then the same number of entries for
 * each class; the last block is log weights, the first of a class its ease.
 */
function splits(at: Float64Array, head: number): Float64Array[] {
  const blocks = head === 1 ? 2 : 3;
  const k = (at.length - head) / blocks;
  return Array.from({ length: k }, (_, which) => {
    const parts = Array.from({ length: blocks }, (_, b) => [...at.subarray(head + b * k, head + (b + 1) * k)]);
    const [eases, weights] = [parts[0]!, parts.at(-1)!];
    const half = weights[which]! - Math.LN2;
    weights.splice(which, 1, half, half);
    eases.splice(which, 1, eases[which]! - 1, eases[which]! + 1);
    if (blocks === 3) parts[1]!.splice(which, 0, parts[1]![which]!);
    return Float64Array.of(...at.subarray(0, head), ...parts.flat());
  });
}

function commonModel(data: Data, k: number): FixedPoint {
  const project = (at: Float64Array) => {
    at[0] = clamp(at[0]!, -data.steepest, data.steepest);
    for (let j = 1; j <= k; j++) at[j] = boundedEase(at[j]!, at[0]);
    normalise(at.subarray(1 + k));
  };
  return { project, step: (at) => commonStep(data, at, { k, project }) };
}

/** Keeps a class's better end above `lowest`, and its worse end below the same on the other side. */
function boundedEase(ease: number, slope: number): number {
  return clamp(ease, lowest - Math.max(0, slope), -lowest - Math.min(0, slope));
}

interface Shape {
  readonly k: number;
  readonly project: (at: Float64Array) => void;
}

/** E: classes of each row. M: one Newton step in slope and eases, halved until it climbs. */
function commonStep(data: Data, at: Float64Array, { k, project }: Shape) {
  const expected = expectCommon(data, at[0]!, at.subarray(1, 1 + k), at.subarray(1 + k));
  const next = at.slice();
  ascend(next, {
    direction: commonDirection(data, at, expected),
    value: (point) => commonObjective(data, point, expected),
    project,
  });
  for (let j = 0; j < k; j++) next[1 + k + j] = Math.log(expected.weight[j]! / data.examples);
  normalise(next.subarray(1 + k));
  return { next, logLikelihood: expected.logLikelihood };
}

/** Minus log-likelihood of an example that nobody knows. */
function expectedCost({ place, trials }: Data, ease: number, slope: number): number {
  let cost = 0;
  for (let s = 0; s < place.length; s++) cost += trials[s]! * softplus(ease + slope * place[s]!);
  return cost;
}

/** Trials that are expected solved, the same times place, and their second moments. */
function moments({ place, trials }: Data, ease: number, slope: number) {
  const sum = { p: 0, pt: 0, v: 0, vt: 0, vtt: 0 };
  for (let s = 0; s < place.length; s++) {
    const [t, p] = [place[s]!, sigmoid(ease + slope * place[s]!)];
    const v = trials[s]! * p * (1 - p);
    sum.p += trials[s]! * p;
    sum.pt += trials[s]! * p * t;
    sum.v += v;
    sum.vt += v * t;
    sum.vtt += v * t * t;
  }
  return sum;
}

function commonObjective(data: Data, point: Float64Array, { weight, solved, placed }: ExpectedCommon): number {
  let value = point[0]! * placed;
  for (let j = 0; j < weight.length; j++) {
    value += point[1 + j]! * solved[j]! - weight[j]! * expectedCost(data, point[1 + j]!, point[0]!);
  }
  return value;
}

/** Newton's: the Hessian is an arrow, the slope tied to every ease and the eases to nothing else. */
function commonDirection(data: Data, at: Float64Array, { weight, solved, placed }: ExpectedCommon): Float64Array {
  const k = weight.length;
  const direction = new Float64Array(at.length);
  const ties = weight.map((w, j) => w * moments(data, at[1 + j]!, at[0]!).vt);
  const rise = new Float64Array(k);
  const curvature = new Float64Array(k);
  let slopeRise = placed;
  let slopeCurvature = 0;
  for (let j = 0; j < k; j++) {
    const m = moments(data, at[1 + j]!, at[0]!);
    slopeRise -= weight[j]! * m.pt;
    slopeCurvature += weight[j]! * m.vtt;
    rise[j] = solved[j]! - weight[j]! * m.p;
    curvature[j] = weight[j]! * m.v + 1e-9 * data.examples;
  }
  for (let j = 0; j < k; j++) {
    slopeRise -= (ties[j]! * rise[j]!) / curvature[j]!;
    slopeCurvature -= ties[j]! ** 2 / curvature[j]!;
  }
  direction[0] = slopeRise / (slopeCurvature + 1e-9 * data.examples);
  for (let j = 0; j < k; j++) direction[1 + j] = (rise[j]! - ties[j]! * direction[0]) / curvature[j]!;
  return direction;
}

interface Ascent {
  readonly direction: Float64Array;
  readonly value: (at: Float64Array) => number;
  readonly project: (at: Float64Array) => void;
}

/** Goes along `direction` in place, no entry by more than 5, half as far until the value does not fall. */
function ascend(at: Float64Array, { direction, value, project }: Ascent): void {
  const start = at.slice();
  const before = value(start);
  const longest = direction.reduce((most, entry) => Math.max(most, Math.abs(entry)), 0);
  for (let factor = Math.min(1, 5 / longest), tries = 0; tries < 30; factor /= 2, tries++) {
    for (let i = 0; i < at.length; i++) at[i] = start[i]! + factor * direction[i]!;
    project(at);
    if (value(at) >= before) return;
  }
  at.set(start);
}

function describeCommon(data: Data, { at, logLikelihood, converged }: Climb): ThresholdFit {
  const k = (at.length - 1) / 2;
  const classes = Array.from({ length: k }, (_, j) =>
    latentClass(data, { weight: Math.exp(at[1 + k + j]!), ease: at[1 + j]!, slope: at[0]! }),
  );
  return describe(data, {
    kind: k === 1 ? 'one' : 'classes',
    ownSlopes: false,
    classes,
    ...{ logLikelihood, parameters: 2 * k + data.choices, converged },
  });
}

interface Sigmoid {
  readonly weight: number;
  readonly ease: number;
  readonly slope: number;
}

function latentClass({ table: { logParameters }, place, floor }: Data, { weight, ease, slope }: Sigmoid): LatentClass {
  const [first, range] = [logParameters[0]!, logParameters.at(-1)! - logParameters[0]!];
  return {
    ...{ weight, floor },
    threshold: first - (range * ease) / slope,
    slope: slope / range,
    logit: ease,
    solved: Array.from(place, (t) => floor + (1 - floor) * sigmoid(ease + slope * t)),
  };
}

type Fitted = Pick<ThresholdFit, 'kind' | 'ownSlopes' | 'classes' | 'logLikelihood' | 'parameters' | 'converged'>;

function describe({ examples: n, table, floor }: Data, fitted: Fitted, spread?: ThresholdFit['spread']): ThresholdFit {
  const { classes, logLikelihood, parameters: p } = fitted;
  return {
    ...fitted,
    floor: fitted.kind === 'curve' ? 0 : floor,
    classes: classes.toSorted((a, b) => mean(b.solved) - mean(a.solved)),
    spread,
    aicc: n - p - 1 > 0 ? -2 * logLikelihood + 2 * p + (2 * p * (p + 1)) / (n - p - 1) : Infinity,
    bic: -2 * logLikelihood + p * Math.log(n),
    // Weights add up to 1 but for rounding.
    curve: table.trials.map((_, s) =>
      Math.min(
        1,
        classes.reduce((sum, each) => sum + each.weight * each.solved[s]!, 0),
      ),
    ),
  };
}

// Slopes of their own. A point is [ease of each class, slope of each, log weight of each].

/** From 2 classes on, as many as the counts can hold; each starts from the fit with a common slope and from one class fewer. */
function fitOwn(data: Data, common: readonly Climb[]): Climb[] {
  const cells = data.table.trials.reduce((product, n) => product * (n + 1), 1);
  const fits: Climb[] = [];
  for (let k = 2; k <= common.length && 3 * k - 1 < cells; k++) {
    const shared = common[k - 1]!.at;
    const slopes = new Array<number>(k).fill(shared[0]!);
    const starts: Float64Array[] = [
      Float64Array.of(...shared.subarray(1, 1 + k), ...slopes, ...shared.subarray(1 + k)),
    ];
    const fewer = fits.at(-1)?.at;
    if (fewer !== undefined) starts.push(...splits(fewer, 0));
    fits.push(best(ownModel(data, k), starts));
  }
  return fits;
}

function ownModel(data: Data, k: number): FixedPoint {
  const project = (at: Float64Array) => {
    for (let j = 0; j < k; j++) {
      at[k + j] = clamp(at[k + j]!, -data.steepest, data.steepest);
      at[j] = boundedEase(at[j]!, at[k + j]!);
    }
    normalise(at.subarray(2 * k));
  };
  return { project, step: (at) => ownStep(data, at, { k, project }) };
}

function ownStep(data: Data, at: Float64Array, { k, project }: Shape) {
  const [eases, slopes] = [at.subarray(0, k), at.subarray(k, 2 * k)];
  const { logLikelihood, weight, solved, placed } = expect(data, data.rows, {
    ...{ eases, slopes, logWeights: at.subarray(2 * k) },
  });
  const next = at.slice();
  for (let j = 0; j < k; j++) {
    const own = { weight: weight[j]!, solved: solved[j]!, placed: placed[j]! };
    const point = Float64Array.of(eases[j]!, slopes[j]!);
    ascend(point, sigmoidAscent(data, point, own));
    next[j] = point[0]!;
    next[k + j] = point[1]!;
    next[2 * k + j] = Math.log(weight[j]! / data.examples);
  }
  project(next);
  return { next, logLikelihood };
}

/** A class's own logistic regression on [1, place]. */
function sigmoidAscent(
  data: Data,
  point: Float64Array,
  { weight, solved, placed }: { readonly weight: number; readonly solved: number; readonly placed: number },
): Ascent {
  const m = moments(data, point[0]!, point[1]!);
  const [rise, slopeRise] = [solved - weight * m.p, placed - weight * m.pt];
  const damping = 1e-9 * data.examples;
  const [v, vt, vtt] = [weight * m.v + damping, weight * m.vt, weight * m.vtt + damping];
  const determinant = v * vtt - vt * vt;
  return {
    direction: Float64Array.of((vtt * rise - vt * slopeRise) / determinant, (v * slopeRise - vt * rise) / determinant),
    value: (at) => at[0]! * solved + at[1]! * placed - weight * expectedCost(data, at[0]!, at[1]!),
    project: (at) => {
      at[1] = clamp(at[1]!, -data.steepest, data.steepest);
      at[0] = boundedEase(at[0]!, at[1]);
    },
  };
}

function describeOwn(data: Data, { at, logLikelihood, converged }: Climb): ThresholdFit {
  const k = at.length / 3;
  const classes = Array.from({ length: k }, (_, j) =>
    latentClass(data, { weight: Math.exp(at[2 * k + j]!), ease: at[j]!, slope: at[k + j]! }),
  );
  return describe(data, {
    ...{ kind: 'classes', ownSlopes: true, classes, logLikelihood, parameters: 3 * k - 1 + data.choices, converged },
  });
}

// A continuum: ease = mean + deviation * z with z normal, on a grid of nodes. A point is [slope, mean, deviation].

/** 6 standard deviations to each side, so dense that a passage of one logit is resolved up to a deviation of 15. */
const nodes = Float64Array.from({ length: 181 }, (_, j) => (j - 90) / 15);
const nodeLogs = nodes.map((z) => (-z * z) / 2);
normalise(nodeLogs);

function fitContinuum(data: Data, one: Climb): ThresholdFit {
  const project = (at: Float64Array) => {
    at[0] = clamp(at[0]!, -data.steepest, data.steepest);
    at[1] = boundedEase(at[1]!, at[0]);
    // The sign of the deviation means nothing.
    at[2] = clamp(Math.abs(at[2]!), 0, 15);
  };
  const model: FixedPoint = { project, step: (at) => continuumStep(data, at, project) };
  const starts = [0.5, 2, 5].map((deviation) => Float64Array.of(one.at[0]!, one.at[1]!, deviation));
  const { at, logLikelihood, converged } = best(model, starts);
  const [slope, mean, deviation] = [at[0]!, at[1]!, at[2]!];
  const classes = Array.from(nodes, (z, j) =>
    latentClass(data, { weight: Math.exp(nodeLogs[j]!), ease: mean + deviation * z, slope }),
  );
  const middle = latentClass(data, { weight: 1, ease: mean, slope });
  return describe(
    data,
    { kind: 'continuum', ownSlopes: false, classes, logLikelihood, parameters: 3 + data.choices, converged },
    { mean: middle.threshold, standardDeviation: Math.abs(deviation / middle.slope) },
  );
}

function continuumStep(data: Data, at: Float64Array, project: Ascent['project']) {
  const easesOf = (point: Float64Array) => nodes.map((z) => point[1]! + point[2]! * z);
  const expected = expectCommon(data, at[0]!, easesOf(at), nodeLogs);
  const next = at.slice();
  ascend(next, {
    direction: continuumDirection(data, at, expected),
    value: (point) => commonObjective(data, Float64Array.of(point[0]!, ...easesOf(point)), expected),
    project,
  });
  return { next, logLikelihood: expected.logLikelihood };
}

/** Newton's in slope, mean and deviation: the regressors are place, 1 and z. */
function continuumDirection(data: Data, at: Float64Array, { weight, solved, placed }: ExpectedCommon): Float64Array {
  const rise = [placed, 0, 0];
  const hessian = [
    [0, 0, 0],
    [0, 0, 0],
    [0, 0, 0],
  ];
  nodes.forEach((z, j) => {
    const m = moments(data, at[1]! + at[2]! * z, at[0]!);
    const w = weight[j]!;
    rise[0]! -= w * m.pt;
    rise[1]! += solved[j]! - w * m.p;
    rise[2]! += z * (solved[j]! - w * m.p);
    const row = [m.vt, m.v, m.v * z];
    const outer = [[m.vtt, m.vt, m.vt * z], row, row.map((entry) => entry * z)];
    outer.forEach((line, r) => {
      line.forEach((entry, c) => (hessian[r]![c]! += w * entry));
    });
  });
  hessian.forEach((line, r) => (line[r]! += 1e-9 * data.examples));
  return Float64Array.from(solve(hessian, rise));
}

/** Gauss elimination of a positive definite system; overwrites both. */
function solve(matrix: number[][], right: number[]): number[] {
  const n = right.length;
  for (let c = 0; c < n; c++) {
    for (let r = c + 1; r < n; r++) {
      const factor = matrix[r]![c]! / matrix[c]![c]!;
      for (let i = c; i < n; i++) matrix[r]![i]! -= factor * matrix[c]![i]!;
      right[r]! -= factor * right[c]!;
    }
  }
  for (let r = n - 1; r >= 0; r--) {
    for (let i = r + 1; i < n; i++) right[r]! -= matrix[r]![i]! * right[i]!;
    right[r]! /= matrix[r]![r]!;
  }
  return right;
}

/** All examples alike and any curve: what is wrong with `one` beyond its shape shows here too. */
function freeCurve(data: Data): ThresholdFit {
  const { counts, trials, logParameters } = data.table;
  let logLikelihood = 0;
  const solved = trials.map((n, s) => {
    let sum = 0;
    for (let i = 0; i < data.examples; i++) sum += counts[s]![i]!;
    const failed = n * data.examples - sum;
    const p = sum / (n * data.examples);
    logLikelihood += (sum === 0 ? 0 : sum * Math.log(p)) + (failed === 0 ? 0 : failed * Math.log(1 - p));
    return p;
  });
  const classes = [{ weight: 1, floor: 0, threshold: NaN, slope: NaN, logit: NaN, solved }];
  const parameters = logParameters.length;
  return describe(data, { kind: 'curve', ownSlopes: false, classes, logLikelihood, parameters, converged: true });
}
