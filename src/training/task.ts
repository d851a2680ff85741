/** What a dataset asks of a model. */
import type { Splits } from '../datasets/index.js';
import type { Task } from '../families/family.js';
import type { MemberKey } from '../runs/record.js';

/** The task of a member whose images have another size than its run's. */
export function taskAt(task: Task, { factors }: Pick<MemberKey, 'factors'>): Task {
  const side = factors?.imageSize;
  return side === undefined ? task : { ...task, height: side, width: side };
}

export function taskOf({ shape, classes, train }: Pick<Splits, 'shape' | 'classes' | 'train'>): Task {
  // Hot: 47 million bytes of MNIST, a plain loop.
  let sum = 0;
  for (const byte of train.images) sum += byte;
  return { ...shape, classes, meanPixel: sum / train.images.length / 255 };
}
