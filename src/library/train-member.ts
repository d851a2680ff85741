/** Trains one member of a planned run. */
import { checkpoints, locateRun } from '../runs/locate.js';
import { UsageError } from '../terminal/errors.js';
import type { TrainListener } from '../training/train-family.js';
import type { TrainMemberResult } from '../training/train-member.js';

export interface TrainMemberOptions {
  /** The member's id, such as `cnn-w8-s0`. */
  readonly member?: string | undefined;
  /** Its position in the run's own list of members, from 0. */
  readonly index?: number | undefined;
  /** The longest member that is neither complete nor being trained. */
  readonly next?: boolean | undefined;
  /** Write logs for TensorBoard. */
  readonly tensorboard?: boolean | undefined;
  /** The folder of downloaded datasets. */
  readonly dataDir?: string | undefined;
  /** The folder of all runs; default: `checkpoints`. */
  readonly root?: string | undefined;
  /** Stops training after the current step; the same call resumes it. */
  readonly signal?: AbortSignal | undefined;
  /** Called with each event. */
  readonly listener?: Partial<TrainListener> | undefined;
}

/**
 * Trains one member of a run that `train` has planned, with the threads and the device recorded in its run.json. Any
 * number of processes, on any hosts that share the folder, may do so at once.
 *
 * @example
 *     await train({ arch: 'cnn', dataset: 'shapes', widths: [2, 4], seeds: [0], epochs: 1, run: 'planned', planOnly: true });
 *     const { status } = await trainMember('planned', { index: 1 });
 *     status;
 *
 * @throws UsageError if the run has no such member; RunError if the machine fails
 */
export async function trainMember(run: string, options: TrainMemberOptions): Promise<TrainMemberResult> {
  const {
    member,
    index,
    next = false,
    root = checkpoints,
    tensorboard = false,
    dataDir,
    signal,
    listener = {},
  } = options;
  const said = [member, index, next || undefined].filter((value) => value !== undefined);
  if (said.length !== 1)
    throw new UsageError(
      said.length === 0 ? 'no member is given' : 'the member is given in several ways',
      'train-member',
      'give MEMBER, --index I or --next',
    );
  const choice = member !== undefined ? { member } : index !== undefined ? { index } : { next: true as const };
  const { trainOne } = await import('../training/train-member.js');
  return trainOne(
    { folder: await locateRun(run, root), choice, tensorboard, dataDir, signal },
    { note: () => undefined, planned: () => undefined, event: () => undefined, ...listener },
  );
}
