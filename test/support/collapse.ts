/** Members whose ability is a function of their loss, apart from seeds, the test set and an added effect of the width. */
import type { CollapseRequest } from '../../src/analysis/collapse/collapse.js';
import type { CollapsePoint } from '../../src/analysis/collapse/factors.js';
import type { Random } from '../../src/statistics/random.js';

export interface SimulatedCollapse {
  readonly widths: readonly number[];
  readonly steps: readonly number[];
  readonly seeds: number;
  /** From loss to ability. */
  readonly shape: (loss: number) => number;
  /** What the largest width adds to the smallest's ability of a half; less towards 0 and 1. */
  readonly shift?: number;
  /** Share of a seed's deviation common to all moments of its training. */
  readonly shared?: number;
}

/** Spread of the ability over seeds, at an ability of a half. */
const spread = 0.04;

export function simulatedPoints(
  { widths, steps, seeds, shape, shift = 0, shared = 0 }: SimulatedCollapse,
  random: Random,
): CollapsePoint[] {
  const position = (width: number) => Math.log(width / widths[0]!) / Math.log(widths.at(-1)! / widths[0]!);
  return widths.flatMap((width) =>
    Array.from({ length: seeds }, (_, seed) => {
      const own = random.normal();
      return steps.map((step): CollapsePoint => {
        const law = 0.03 + 0.6 * (width / widths[0]!) ** -0.5 + 1.6 * (step / steps[0]!) ** -0.8;
        const trained = law * Math.exp(0.08 * random.normal());
        const ability = shape(trained);
        const room = 2 * Math.sqrt(Math.max(0, ability * (1 - ability)));
        const seeded = Math.sqrt(shared) * own + Math.sqrt(1 - shared) * random.normal();
        // The same examples: if their loss is above that of all examples, their ability is lower.
        const examples = 0.005 * random.normal();
        return {
          ...{ values: [width, step], seed },
          loss: trained + examples * Math.sqrt(trained),
          ability: ability + spread * room * seeded - 0.5 * examples * room + shift * position(width) * room ** 2,
        };
      });
    }).flat(),
  );
}

/** With draws of the test set. */
export function simulatedCollapse(simulated: SimulatedCollapse, random: Random, draws = 99): CollapseRequest {
  const points = simulatedPoints(simulated, random);
  const redrawn = Array.from({ length: draws }, () => {
    const moved = points.map(({ loss, ability }) => {
      const examples = 0.005 * random.normal();
      const room = 2 * Math.sqrt(Math.max(0, ability * (1 - ability)));
      return { loss: loss + examples * Math.sqrt(loss), ability: ability - 0.5 * examples * room };
    });
    return {
      losses: Float64Array.from(moved, ({ loss }) => loss),
      abilities: Float64Array.from(moved, ({ ability }) => ability),
    };
  });
  return {
    ...{ points, factors: ['width', 'steps'], redrawn, draws: 199, limits: [0, 1] },
    ...{ sign: 1, chance: simulated.shape(1e9), margin: 0.05 },
  };
}

/** Abilities that leave 0 at a threshold, that rise smoothly, and that are sigmoids, with the loss at which they reach 0.05. */
export const shapes: Readonly<Record<string, { readonly shape: (loss: number) => number; readonly leaves: number }>> = {
  'flat, then rising': { shape: (loss) => Math.max(0, 1 - loss / 0.8), leaves: 0.95 * 0.8 },
  smooth: { shape: (loss) => Math.exp(-5 * loss), leaves: Math.log(20) / 5 },
  sigmoid: { shape: (loss) => 1 / (1 + (loss / 0.4) ** 3), leaves: 0.4 * 19 ** (1 / 3) },
  'steep sigmoid': { shape: (loss) => 1 / (1 + (loss / 0.4) ** 8), leaves: 0.4 * 19 ** (1 / 8) },
};
