/**
 * Is a curve bent, and how? A straight line in log scale against a parabola and a sigmoid, by AICc (Hurvich and Tsai 1989): the
 * question that no single step decides.
 */
import { FitError } from '../statistics/least-squares.js';
import { fitModels } from './fits.js';
import { line, quadratic, sigmoid, type ModelName } from './models.js';

export interface Shape {
  /** The model with the least AICc. */
  readonly preferred: ModelName;
  /** AICc of the line above that of the preferred; 0 where the line is. Above 10 there is next to nothing to say for the line. */
  readonly lineAbove: number;
  /** Akaike's weight of the line among the three. */
  readonly lineWeight: number;
}

/**
 * @param points one for each member, so that the scatter over seeds is what the fits are held against
 * @returns undefined where there are too few points, or nothing to fit: a constant curve
 */
export function shapeOf(points: readonly { readonly scale: number; readonly value: number }[]): Shape | undefined {
  const values = points.map(({ value }) => value);
  if (new Set(values).size === 1) return undefined;
  try {
    const { fits } = fitModels({ scales: points.map(({ scale }) => scale), values }, [line, quadratic, sigmoid]);
    const straight = fits.find(({ fit }) => fit.model.name === 'line');
    const [best] = fits;
    // With too few points for a sigmoid's AICc the line would win unopposed.
    if (straight === undefined || best === undefined || fits.length < 3) return undefined;
    if (!fits.every(({ fit }) => Number.isFinite(fit.aicc))) return undefined;
    return {
      preferred: best.fit.model.name as ModelName,
      lineAbove: straight.fit.aicc - best.fit.aicc,
      lineWeight: straight.weight,
    };
  } catch (error) {
    if (error instanceof FitError) return undefined;
    throw error;
  }
}
