/**
 * Maximal update parametrization, muP (Yang et al. 2022, arXiv 2203.03466, Table 8): how initial weights, learning
 * rates and the output must scale with the width so that every layer learns at the same pace at any width, and the best
 * learning rate stays the same. Everything is relative to a base width. With r the ratio of a width to the base,
 * compared with the standard parametrization there:
 *
 *                     input weights, biases, gains    hidden weights    output weights
 *     variance        1                               1 / r             0
 *     output          1                               1                 1 / r
 *     rate of SGD     r                               1                 r
 *     rate of Adam    1                               1 / r             1
 *
 * and attention uses 1 / d instead of 1 / sqrt(d). Output weights and queries start at 0 (their App. D.2): random ones
 * give answers, and scores of attention, that shrink as 1 / sqrt(r) and send layers below gradients with as much noise,
 * so that narrow members would start differently from wide ones. Whether a tensor is of input, hidden or output weights
 * follows from its shape at another width: whether the number of its inputs and of its outputs grows.
 */
import type { Family, Initial, ParameterSpec, Scaling, Settings } from './family.js';
import { present } from '../machine/present.js';

/** Width over base width under muP; 1 under the standard parametrization and at the base width. */
function ratio(width: number, { parametrization, baseWidth }: Settings): number {
  return parametrization === 'mup' ? width / present(baseWidth) : 1;
}

/** Factor of the last layer's input: 1 / r under muP. */
export function outputMultiplier(width: number, settings: Settings): number {
  return 1 / ratio(width, settings);
}

/**
 * Factor of queries times keys of `size` dimensions: 1 / sqrt(size), or 1 / size under muP, the same at the base width.
 */
export function attentionMultiplier(size: number, width: number, settings: Settings): number {
  return (1 / Math.sqrt(size)) * Math.sqrt(1 / ratio(width, settings));
}

/** The family under the parametrization that an experiment asks for. */
export function parametrized(family: Family): Family {
  return {
    ...family,
    model(width, task, settings) {
      const model = family.model(width, task, settings);
      if (settings.parametrization !== 'mup') return model;
      const baseWidth = present(settings.baseWidth);
      const [base, twice] = [baseWidth, 2 * baseWidth].map((each) => family.model(each, task, settings).parameters);
      const parameters = Object.entries(model.parameters).map(([name, spec]) => {
        const [first, next] = [present(base?.[name]), present(twice?.[name])];
        const growth = growthOf(next, first);
        return [name, scaledSpec(spec, first, growth.inputs !== 1 && growth.outputs === 1)] as const;
      });
      return { ...model, parameters: Object.fromEntries(parameters) };
    },
  };
}

/** @param isOutput whether only its inputs grow with the width */
function scaledSpec(spec: ParameterSpec, base: ParameterSpec, isOutput: boolean): ParameterSpec {
  const { inputs, outputs } = growthOf(spec, base);
  // The variance of hidden weights already is 1 / fan in; that of input weights does not depend on the width.
  const isHidden = inputs !== 1 && outputs !== 1;
  const initial: Initial = isOutput ? { kind: 'constant', value: 0 } : isHidden ? spec.initial : base.initial;
  const scaling = scalingOf(inputs, outputs);
  return { ...spec, initial: startingAtZero(initial, spec.queries), ...(scaling === undefined ? {} : { scaling }) };
}

function startingAtZero(initial: Initial, columns: number | undefined): Initial {
  return initial.kind === 'constant' || columns === undefined ? initial : { ...initial, zeroColumns: columns };
}

/** How many times as many inputs and outputs `spec` has as `base`, its shape at another width. */
function growthOf(spec: ParameterSpec, base: ParameterSpec): { inputs: number; outputs: number } {
  return { inputs: spec.fanIn / base.fanIn, outputs: fanOut(spec) / fanOut(base) };
}

/**
 * The factors of a tensor whose inputs and outputs are this many times those at the base width; undefined if neither
 * grows.
 */
export function scalingOf(inputs: number, outputs: number): Scaling | undefined {
  if (inputs === 1 && outputs === 1) return undefined;
  if (inputs === 1) return { adam: 1, sgd: outputs, gradient: 1 / outputs };
  if (outputs === 1) return { adam: 1, sgd: inputs, gradient: 1 / inputs };
  return { adam: 1 / inputs, sgd: outputs / inputs, gradient: 1 / outputs };
}

function fanOut({ shape, fanIn }: ParameterSpec): number {
  return shape.reduce((product, size) => product * size, 1) / fanIn;
}
