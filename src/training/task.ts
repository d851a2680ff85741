/** What a dataset asks of a model. */
import { loadSplits, type Splits } from '../datasets/index.js';
import type { Task } from '../families/family.js';
import type { TrainedMember } from '../runs/member.js';
import type { MemberKey } from '../runs/record.js';

/** The task of a member whose images have another size than its run's, or other classes. */
export function taskAt(task: Task, { factors = {} }: Pick<MemberKey, 'factors'>): Task {
  const { imageSize, classes = task.classes } = factors;
  return { ...task, classes, ...(imageSize === undefined ? {} : { height: imageSize, width: imageSize }) };
}

export function taskOf({ shape, classes, train }: Pick<Splits, 'shape' | 'classes' | 'train'>): Task {
  // Hot: 47 million bytes of MNIST, a plain loop.
  let sum = 0;
  for (const byte of train.images) sum += byte;
  return { ...shape, classes, meanPixel: sum / train.images.length / 255 };
}

export interface MemberWithTask extends TrainedMember {
  readonly task: Task;
}

/**
 * A trained member with what its dataset asked of it. The mean pixel, which autoencoders take off, is that of the images that it was
 * trained on: where they are others than its run's, the dataset is read for it.
 */
export async function withTask(member: TrainedMember): Promise<MemberWithTask> {
  const { run, record, experiment } = member;
  const { shape, classes, meanPixel } = run.dataset;
  const { trainSize, classes: own, imageSize } = record.factors ?? {};
  const isOfRun = trainSize === undefined && own === undefined && imageSize === undefined;
  if (isOfRun || experiment.arch !== 'autoencoder')
    return { ...member, task: taskAt({ ...shape, classes, meanPixel }, record) };
  return { ...member, task: taskOf(await loadSplits(experiment.dataset, experiment)) };
}
