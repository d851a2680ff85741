/**
 * The curve of all members over loss, whatever their factors: an ability that never falls as the loss does. It is the isotonic
 * regression of the members, linear between the middles of its steps, so that a flat beginning stays flat up to the first member that is
 * above it.
 */
import { isotonic } from '../../statistics/isotonic.js';

export interface Pooled {
  /** Losses, the largest first. */
  readonly losses: Float64Array;
  /** Never falling if higher is better, never rising if lower is. */
  readonly abilities: Float64Array;
}

/** @param sign 1 if better members have a higher ability, -1 if they have a lower one */
export function pooledCurve(losses: ArrayLike<number>, abilities: ArrayLike<number>, sign: 1 | -1): Pooled {
  const order = Array.from(losses, (_, i) => i).sort((a, b) => losses[b]! - losses[a]!);
  const fitted = isotonic(
    order.map((i) => sign * abilities[i]!),
    order.map(() => 1),
  );
  // A step spans its members; between two steps the curve is a line in ln loss.
  return {
    losses: Float64Array.from(order, (i) => losses[i]!),
    abilities: fitted.map((value) => sign * value),
  };
}

/** The curve at a loss; beyond the members it is constant. */
export function pooledAt({ losses, abilities }: Pooled, loss: number): number {
  let i = 0;
  while (i < losses.length && losses[i]! > loss) i++;
  if (i === 0) return abilities[0]!;
  if (i === losses.length) return abilities.at(-1)!;
  const [from, to] = [Math.log(losses[i - 1]!), Math.log(losses[i]!)];
  const share = from === to ? 1 : (from - Math.log(loss)) / (from - to);
  return abilities[i - 1]! + share * (abilities[i]! - abilities[i - 1]!);
}

/** The largest loss below which the ability exceeds a level: infinite if it does from the start, 0 if it never does. */
export function crossingOf({ losses, abilities }: Pooled, level: number, sign: 1 | -1): number {
  const i = abilities.findIndex((value) => sign * (value - level) > 0);
  if (i < 0) return 0;
  if (i === 0) return Infinity;
  const [before, after] = [abilities[i - 1]!, abilities[i]!];
  const share = (level - before) / (after - before);
  return Math.exp(Math.log(losses[i - 1]!) * (1 - share) + Math.log(losses[i]!) * share);
}
