/**
 * How long a member trains: `epochs` (passes over the training set) or `steps` (optimiser steps); an experiment has one
 * of them. Training runs in epochs either way; if steps were given, the last epoch may be cut short.
 */
import { counted } from '../terminal/format.js';
import type { Experiment } from './schema.js';

export interface TrainingLength {
  /** Steps that see as many images as the training set has; at least one. */
  readonly stepsPerEpoch: number;
  readonly steps: number;
  /** Epochs begun: the last one may have fewer steps. */
  readonly epochs: number;
}

type Lengthy = Pick<Experiment, 'epochs' | 'steps' | 'batchSize' | 'pairs'>;

/** @param trainCount training images */
export function lengthOf({ epochs, steps, batchSize, pairs = 1 }: Lengthy, trainCount: number): TrainingLength {
  const stepsPerEpoch = Math.max(1, Math.floor(trainCount / (batchSize * pairs)));
  if (steps !== undefined) return { stepsPerEpoch, steps, epochs: Math.ceil(steps / stepsPerEpoch) };
  if (epochs === undefined) throw new Error('an experiment has epochs or steps');
  return { stepsPerEpoch, steps: epochs * stepsPerEpoch, epochs };
}

/** `3 epochs`, `64 steps`: in the unit that was given. */
export function lengthText({ epochs, steps }: Pick<Experiment, 'epochs' | 'steps'>): string {
  return steps === undefined ? counted(epochs ?? 0, 'epoch') : counted(steps, 'step');
}

/** Steps in an epoch; epochs count from 0. */
export function stepsIn(epoch: number, { stepsPerEpoch, steps }: TrainingLength): number {
  return Math.min(stepsPerEpoch, steps - epoch * stepsPerEpoch);
}
