/** What a dataset requires of a model. */
import { attributeSizes } from '../datasets/composition.js';
import { loadSplits, type Splits } from '../datasets/index.js';
import type { Task } from '../families/family.js';
import { sumOfBytes } from '../machine/bytes.js';
import type { TrainedMember } from '../runs/member.js';
import type { MemberKey } from '../runs/record.js';

/** The task of a member whose images have another size, or other classes, than its run's. */
export function taskAt(task: Task, { factors = {} }: Pick<MemberKey, 'factors'>): Task {
  const { imageSize, classes = task.classes } = factors;
  return { ...task, classes, ...(imageSize === undefined ? {} : { height: imageSize, width: imageSize }) };
}

export function taskOf(data: Pick<Splits, 'shape' | 'classes' | 'train' | 'composition'>): Task {
  const { train } = data;
  return taskIn({ ...data, meanPixel: sumOfBytes(train.images) / train.images.length / 255 });
}

/** The task of a dataset whose mean pixel is known, as in a run's record. */
export function taskIn({
  shape,
  classes,
  meanPixel,
  composition,
}: Pick<Splits, 'shape' | 'classes' | 'composition'> & Pick<Task, 'meanPixel'>): Task {
  const attributes = composition === undefined ? undefined : attributeSizes(composition);
  return { ...shape, classes, meanPixel, ...(attributes === undefined ? {} : { attributes }) };
}

export interface MemberWithTask extends TrainedMember {
  readonly task: Task;
}

/**
 * A trained member with the task of its dataset. The mean pixel, which autoencoders subtract, is that of the images that it was
 * trained on: if they differ from its run's, the dataset is read for it.
 */
export async function withTask(member: TrainedMember): Promise<MemberWithTask> {
  const { run, record, experiment } = member;
  const { trainSize, classes: own, imageSize } = record.factors ?? {};
  const isOfRun = trainSize === undefined && own === undefined && imageSize === undefined;
  if (isOfRun || experiment.arch !== 'autoencoder') return { ...member, task: taskAt(taskIn(run.dataset), record) };
  return { ...member, task: taskOf(await loadSplits(experiment.dataset, experiment)) };
}
