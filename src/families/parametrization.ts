/**
 * Maximal update parametrization, muP (Yang et al. 2022, arXiv 2203.03466, Table 8): how first weights, learning rates and the output
 * have to scale with the width so that every layer learns at the same pace at any width, and the best learning rate stays where it is.
 * All is relative to a base width, at which it equals the standard parametrization bit for bit. With r the ratio of a width to the base:
 *
 *                     input weights, biases, gains    hidden weights    output weights
 *     variance        1                               1 / r             1
 *     output          1                               1                 1 / r
 *     rate of SGD     r                               1                 r
 *     rate of Adam    1                               1 / r             1
 *
 * and attention takes 1 / d in place of 1 / sqrt(d). Which of the three a tensor is, is seen by comparing its shape with that at the
 * base width: whether the numbers of its inputs and of its outputs grow.
 */
import type { Family, ParameterSpec, ParameterSpecs, Scaling, Settings } from './family.js';
import { present } from '../machine/present.js';

/** Width over base width; 1 under the standard parametrization, at the base width, and in no other case. */
function ratio(width: number, { parametrization, baseWidth }: Settings): number {
  return parametrization === 'mup' ? width / present(baseWidth) : 1;
}

/** Factor of what the last layer is given: 1 / r under muP. */
export function outputMultiplier(width: number, settings: Settings): number {
  return 1 / ratio(width, settings);
}

/** Factor of queries times keys of `size` dimensions: 1 / sqrt(size), and 1 / size under muP, the same at the base width. */
export function attentionMultiplier(size: number, width: number, settings: Settings): number {
  return (1 / Math.sqrt(size)) * Math.sqrt(1 / ratio(width, settings));
}

/** The family with the parametrization that an experiment asks for. */
export function parametrized(family: Family): Family {
  return {
    ...family,
    model(width, task, settings) {
      const model = family.model(width, task, settings);
      if (ratio(width, settings) === 1) return model;
      const base = family.model(present(settings.baseWidth), task, settings).parameters;
      return { ...model, parameters: scaled(model.parameters, base) };
    },
  };
}

function scaled(specs: ParameterSpecs, base: ParameterSpecs): ParameterSpecs {
  return Object.fromEntries(Object.entries(specs).map(([name, spec]) => [name, scaledSpec(spec, present(base[name]))]));
}

function scaledSpec(spec: ParameterSpec, base: ParameterSpec): ParameterSpec {
  const inputs = spec.fanIn / base.fanIn;
  const outputs = fanOut(spec) / fanOut(base);
  // The variance of hidden weights is 1 / fan in as it is; that of all others does not depend on the width.
  const isHidden = inputs !== 1 && outputs !== 1;
  const scaling = scalingOf(inputs, outputs);
  return { ...spec, initial: isHidden ? spec.initial : base.initial, ...(scaling === undefined ? {} : { scaling }) };
}

/** From how many times the inputs and outputs of the base width a tensor has; undefined if neither grows. */
export function scalingOf(inputs: number, outputs: number): Scaling | undefined {
  if (inputs === 1 && outputs === 1) return undefined;
  if (inputs === 1) return { adam: 1, sgd: outputs, gradient: 1 / outputs };
  if (outputs === 1) return { adam: 1, sgd: inputs, gradient: 1 / inputs };
  return { adam: 1 / inputs, sgd: outputs / inputs, gradient: 1 / outputs };
}

function fanOut({ shape, fanIn }: ParameterSpec): number {
  return shape.reduce((product, size) => product * size, 1) / fanIn;
}
