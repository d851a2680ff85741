/** Logs for TensorBoard: scalars of each member, and its options and final scores for the HPARAMS tab. */
import * as path from 'node:path';
import { furtherFactors } from '../experiment/factors.js';
import type { Experiment } from '../experiment/schema.js';
import { tunedKeys } from '../experiment/tuning.js';
import { parameterCount, type Model } from '../families/family.js';
import { createFolder, writeFileAtomic } from '../machine/files.js';
import type { EpochRecord } from '../runs/record.js';
import { factorsOf } from '../runs/coordinates.js';
import { EventFile, experimentFile, type Hparams } from './event-file.js';
import type { TestScores } from './evaluation.js';
import type { Member } from './open-member.js';

export interface Summaries {
  epoch(epoch: EpochRecord): void;
  /** The member is complete: scores of the whole test set. */
  complete(scores: TestScores, steps: number): void;
}

/** A writer into `folder/member`, or one that does nothing where `folder` is null. */
export function openSummaries(member: Member): Summaries {
  const { job, id } = member;
  if (job.tensorboardFolder === null) return { epoch: () => undefined, complete: () => undefined };
  const file = new EventFile(path.join(job.tensorboardFolder, id));
  file.started(hparamsOf(member));
  return {
    epoch(epoch) {
      const { trainLoss, trainAccuracy, testLoss, testAccuracy, validationLoss, validationAccuracy } = epoch;
      const { learningRate, examplesPerSecond } = epoch;
      const values = {
        ...{ 'train/loss': trainLoss, 'train/accuracy': trainAccuracy },
        ...{ 'test/loss': testLoss, 'test/accuracy': testAccuracy },
        ...{ 'validation/loss': validationLoss, 'validation/accuracy': validationAccuracy },
        ...{ 'train/learning_rate': learningRate, 'train/examples_per_second': examplesPerSecond },
      };
      file.scalars(known(values), epoch.step);
    },
    complete({ loss, accuracy }, steps) {
      file.scalars(known({ 'final/loss': loss, 'final/accuracy': accuracy }), steps);
      file.succeeded();
      file.close();
    },
  };
}

function known(values: Readonly<Record<string, number | null | undefined>>): Record<string, number> {
  return Object.fromEntries(
    Object.entries(values).filter((entry): entry is [string, number] => typeof entry[1] === 'number'),
  );
}

type Described = Pick<Member, 'job' | 'experiment' | 'data' | 'model' | 'tuned'>;

/** Every number that distinguishes members, with the effective values of omitted options. */
function hparamsOf({ job, experiment, data, model, tuned }: Described): Hparams {
  const factors = {
    ...factorsOf(experiment, { ...data, trainCount: data.train.count }),
    ...(tuned === undefined ? {} : { [tuned.factor]: tuned.value }),
  };
  return { width: job.width, ...factors, seed: job.seed, parameters: parameterCount(model.parameters) };
}

/** What the HPARAMS tab shows of a run, whose members may differ in more than before: replaces the previous file. */
export async function writeColumns(
  folder: string,
  experiment: Experiment,
  { hasAccuracy }: Pick<Model, 'hasAccuracy'>,
): Promise<void> {
  const hparams = ['width', ...furtherFactors(experiment), ...tunedKeys(experiment), 'seed', 'parameters'];
  const sets = [
    { tag: 'final', set: 'test' },
    ...(experiment.validationSize === undefined ? [] : [{ tag: 'validation', set: 'validation' }]),
    { tag: 'train', set: 'training' },
  ];
  const metrics = sets.flatMap(({ tag, set }) => [
    ...(hasAccuracy ? [{ tag: `${tag}/accuracy`, title: `${set} accuracy` }] : []),
    { tag: `${tag}/loss`, title: `${set} loss` },
  ]);
  await createFolder(folder);
  await writeFileAtomic(path.join(folder, 'events.out.tfevents.0.columns.v2'), experimentFile({ hparams, metrics }));
}
