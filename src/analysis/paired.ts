/**
 * Is one curve sharper than another that is made of the same outcomes? Both are scored in each bootstrap draw of test set and seeds,
 * and the difference and the ratio within draws are judged. Whether two intervals overlap says little: what moves both curves alike
 * widens each interval and leaves the difference alone.
 */
import { stepDown, type AdjustedP } from '../statistics/multiplicity.js';
import { contrast, type Contrast } from './contrast.js';
import { scoreDraws, type SampledCurve } from './curves.js';
import { scoreNames, type ScoreName, ofScores } from './scores.js';
import { normalsTogether } from './expected-curves.js';

export interface PairedScore extends Pick<Contrast, 'difference' | 'ratio' | 'higher'> {
  /**
   * p of the second not being higher (one-sided): the larger of the shares of draws by percentiles and by the basic
   * bootstrap, as the interval is the hull of both. `adjusted` for all scores of the pair by step-down minP.
   */
  readonly test: AdjustedP;
}

/** How much the two curves' draws have in common. */
export type Pairing = 'test examples and seeds' | 'test examples' | 'seeds' | 'nothing';

export interface PairedScores {
  readonly pairing: Pairing;
  readonly scores: Readonly<Record<ScoreName, PairedScore>>;
}

/** Two curves of the same members, sampled with the same number of draws and seed. */
export function pairScores(first: SampledCurve, second: SampledCurve): PairedScores {
  if (first.draws.length !== second.draws.length) throw new RangeError('the curves differ in their number of draws');
  const [one, other] = [first.expected(), second.expected()];
  const size = { draws: first.draws.length, scales: first.scales.length };
  const normals = one && other && normalsTogether([one, other], size);
  const [a, b] = [scoreDraws(first, normals?.[0]), scoreDraws(second, normals?.[1])];
  const compared = scoreNames.map((name) => contrast(name, a, b));
  const tests = testHigher(compared);
  const scores = ofScores((_, i) => {
    const { difference, ratio, higher } = compared[i]!;
    return { difference, ratio, higher, test: tests[i]! };
  });
  return { pairing: pairingOf(first, second), scores };
}

/** One-sided p of the second curve's scores not being higher, the larger of those by percentiles and by the basic bootstrap. */
export function testHigher(compared: readonly Pick<Contrast, 'at' | 'draws' | 'expected'>[]): AdjustedP[] {
  // The draws around the observed contrast, and their mirror image, represent what it would be if the truth were 0.
  const basic = stepDown(compared.map(({ at, draws }) => ({ observed: at, null: draws.map((draw) => draw - at) })));
  const percentile = stepDown(
    compared.map(({ at, draws }) => ({ observed: at, null: draws.map((draw) => at - draw) })),
  );
  const known = compared.every(({ expected }) => expected !== undefined);
  const expected = known
    ? stepDown(compared.map(({ at, expected = [] }) => ({ observed: at, null: expected.map((draw) => at - draw) })))
    : percentile;
  return compared.map((_, i) => largerP(largerP(basic[i]!, percentile[i]!), expected[i]!));
}

/** If both must support it. */
export function largerP(one: AdjustedP, other: AdjustedP): AdjustedP {
  return { p: Math.max(one.p, other.p), adjusted: Math.max(one.adjusted, other.adjusted) };
}

function pairingOf(first: SampledCurve, second: SampledCurve): Pairing {
  const severalSeeds = first.scales.some(({ members }) => members.length > 1);
  // Streams of draws are named by the number of units: the same number means the same units in the same draws.
  if (first.count === second.count) return severalSeeds ? 'test examples and seeds' : 'test examples';
  return severalSeeds ? 'seeds' : 'nothing';
}
