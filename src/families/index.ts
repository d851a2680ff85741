/**
 * The architectures of the lab. To add one, add a file next to this one, a line here, and its options in
 * experiment/architectures.ts.
 */
import type { Architecture } from '../experiment/architectures.js';
import { autoencoder } from './autoencoder.js';
import { cnn } from './cnn.js';
import type { Family } from './family.js';
import { parametrized } from './parametrization.js';
import { transformer } from './transformer.js';

export const families: Readonly<Record<Architecture, Family>> = {
  cnn: parametrized(cnn),
  autoencoder: parametrized(autoencoder),
  transformer: parametrized(transformer),
};
