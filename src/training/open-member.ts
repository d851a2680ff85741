/** Everything that stays the same while a member trains, and its data in the form that traced functions take. */
import type * as tf from '@tensorflow/tfjs-core';
import type { LoadOptions } from '../datasets/dataset.js';
import { loadSplits, type Splits } from '../datasets/index.js';
import { packBytes } from '../engine/packing.js';
import { lengthOf, type TrainingLength } from '../experiment/length.js';
import { families } from '../families/index.js';
import { imagesPerExample, type Family, type Model, type Task } from '../families/family.js';
import { firstOf } from '../machine/present.js';
import { memberId, type MemberRecord } from '../runs/record.js';
import type { TrainingEvent } from './events.js';
import { memberKeyOf, type WorkerJob } from './job.js';
import { createOptimizer, type Optimizer } from './optimizers.js';
import { taskOf } from './task.js';

export type ReportEvent = (event: TrainingEvent) => void;

export interface Member {
  readonly id: string;
  readonly job: WorkerJob;
  readonly experiment: WorkerJob['experiment'];
  readonly family: Family;
  readonly task: Task;
  readonly model: Model;
  readonly optimizer: Optimizer;
  readonly data: Splits;
  readonly length: TrainingLength;
  readonly imagesPerStep: number;
  /** What `--tune` chose, which the experiment has. */
  readonly tuned?: MemberRecord['tuned'];
  /** When its first trial started: its outcomes were first known then or later. */
  readonly trialsBegun?: string | undefined;
}

let lastData: { readonly of: string; readonly data: Promise<Splits> } | undefined;

type DataOf = Pick<WorkerJob, 'experiment' | 'dataDir'>;

/** What a job's member is trained and tested on. A worker keeps it for whatever it trains next on the same data. */
export function jobData(job: DataOf): Promise<Splits> {
  const { dataset } = job.experiment;
  const options = dataOptions(job);
  const of = JSON.stringify([dataset, options]);
  if (lastData?.of !== of) lastData = { of, data: loadSplits(dataset, options) };
  return lastData.data;
}

/** All that the data depend on besides the dataset: each option is named, so that a further one has to be added here. */
function dataOptions({ experiment, dataDir }: DataOf): { [Key in keyof Required<LoadOptions>]: LoadOptions[Key] } {
  const { imageSize, colour, trainSize, testSize, validationSize, symmetries, classes, labelNoise } = experiment;
  return { imageSize, colour, trainSize, testSize, validationSize, symmetries, classes, labelNoise, dataDir };
}

/** Members that differ only in seed and learning rate, at least one: they share their data and their model. */
export function openMembers(
  jobs: readonly (WorkerJob & Pick<Member, 'tuned' | 'trialsBegun'>)[],
  data: Splits,
): Member[] {
  const { experiment, width } = firstOf(jobs);
  const family = families[experiment.arch];
  const task = taskOf(data);
  const shared = {
    ...{ family, task, data },
    model: family.model(width, task, experiment),
    optimizer: createOptimizer(experiment),
    length: lengthOf(experiment, data.train.count),
    imagesPerStep: experiment.batchSize * imagesPerExample(family, experiment),
  };
  return jobs.map(({ tuned, trialsBegun, ...job }) => ({
    ...{ ...shared, id: memberId(memberKeyOf(job)), job, experiment: job.experiment },
    ...(tuned === undefined ? {} : { tuned, trialsBegun }),
  }));
}

/** A split's images in the form that traced functions take: packed four bytes to a word. */
export function packed({ images, count }: { readonly images: Uint8Array; readonly count: number }): tf.Tensor2D {
  return packBytes(images, count, images.length / count);
}
