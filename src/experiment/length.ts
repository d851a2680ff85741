/**
 * How long a member trains: `epochs` (passes over the training set) or `steps` (optimiser steps), of which an experiment has
 * one. Training goes in epochs either way; where steps were asked for, the last epoch may be cut short.
 */
import { counted } from '../terminal/format.js';
import type { Experiment } from './schema.js';

export interface TrainingLength {
  /** Steps in which as many images are seen as the training set has; at least one. */
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

/** `3 epochs`, `64 steps`: as it was asked for. */
export function lengthText({ epochs, steps }: Pick<Experiment, 'epochs' | 'steps'>): string {
  return steps === undefined ? counted(epochs ?? 0, 'epoch') : counted(steps, 'step');
}

/** Steps of an epoch, counted from 0. */
export function stepsIn(epoch: number, { stepsPerEpoch, steps }: TrainingLength): number {
  return Math.min(stepsPerEpoch, steps - epoch * stepsPerEpoch);
}
