/** A worker process: receives one job, trains that member, reports on the way, exits. */
import { memberId } from '../runs/record.js';
import { isReported, messageOf } from '../terminal/errors.js';
import type { TrainingEvent } from './events.js';
import { keyOf, readJob } from './job.js';
import { endWithParent } from './orphan.js';

endWithParent();

process.once('message', (message) => {
  // TensorFlow's threads would keep the process alive.
  void work(message).then(() => process.exit());
});

async function work(message: unknown): Promise<void> {
  let id = 'unknown member';
  try {
    const job = readJob(message);
    id = memberId(keyOf(job));
    const { trainMember } = await import('./member.js');
    await tell(await trainMember(job, id, (event) => void tell(event)));
  } catch (error) {
    // What isn't meant for the user is a fault of ours: its stack becomes the worker's last words.
    if (!isReported(error)) console.error(error instanceof Error ? error.stack : error);
    await tell({ type: 'failed', member: id, reason: messageOf(error), lastWords: '' });
  }
}

/** Resolves when the parent's end of the channel has taken the event. */
function tell(event: TrainingEvent): Promise<void> {
  return new Promise((resolve) => {
    process.send?.(event, () => {
      resolve();
    });
  });
}
