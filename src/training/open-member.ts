/** All that stays the same while a member trains, and its data as the traced functions take them. */
import type * as tf from '@tensorflow/tfjs-core';
import { loadSplits, type Splits } from '../datasets/index.js';
import { packBytes } from '../engine/ops.js';
import { lengthOf, type TrainingLength } from '../experiment/length.js';
import { families } from '../families/index.js';
import { imagesPerExample, type Family, type Model, type Task } from '../families/family.js';
import { present } from '../machine/present.js';
import type { TrainingEvent } from './events.js';
import type { WorkerJob } from './job.js';
import type { MemberRecord } from '../runs/record.js';
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
}

export async function openMember(job: WorkerJob, id: string): Promise<Member> {
  const { experiment } = job;
  const data = await loadSplits(experiment.dataset, { ...experiment, dataDir: job.dataDir });
  const family = families[experiment.arch];
  const task = taskOf(data);
  return {
    id,
    job,
    experiment,
    family,
    task,
    model: family.model(job.width, task, experiment),
    optimizer: createOptimizer(experiment),
    data,
    length: lengthOf(experiment, data.train.count),
    imagesPerStep: experiment.batchSize * imagesPerExample(family, experiment),
  };
}

/** Members of one stack, which differ in seed and learning rate alone: they share their data. */
export async function openMembers(jobs: readonly (WorkerJob & { readonly id: string })[]): Promise<Member[]> {
  const [first] = jobs;
  const opened = await openMember(present(first), present(first).id);
  return jobs.map(({ id, ...job }) => ({ ...opened, id, job, experiment: job.experiment }));
}

/** A split's images as the traced functions take them: packed four bytes to a word. */
export function packed({ images, count }: { readonly images: Uint8Array; readonly count: number }): tf.Tensor2D {
  return packBytes(images, count, images.length / count);
}
