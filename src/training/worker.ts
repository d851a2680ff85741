/** A worker process: receives one job, trains that member, reports on the way, exits. Or one question about a trained member. */
import { memberId } from '../runs/record.js';
import { isReported, messageOf } from '../terminal/errors.js';
import type { TrainingEvent } from './events.js';
import { memberKeyOf, readJob } from './job.js';
import { endWithParent } from './orphan.js';
import { Stopped, StopSignal } from './stop.js';
import { isQuestion, type AnswerMessage, type QuestionMessage } from './question.js';

endWithParent();

process.once('message', (message) => {
  // TensorFlow's threads would keep the process alive.
  void (isQuestion(message) ? answer(message) : work(message)).then(() => process.exit());
});

async function work(message: unknown): Promise<void> {
  let id = 'unknown member';
  const stop = new StopSignal();
  try {
    const job = readJob(message);
    id = memberId(memberKeyOf(job));
    const { trainAndEvaluate } = await import('./member.js');
    await tell(await trainAndEvaluate(job, id, { report: (event) => void tell(event), stop }));
  } catch (error) {
    if (error instanceof Stopped) {
      // As the signal would have ended it.
      process.kill(process.pid, 'SIGTERM');
      return;
    }
    // What isn't meant for the user is a fault of ours: its stack becomes the worker's last words.
    if (!isReported(error)) console.error(error instanceof Error ? error.stack : error);
    await tell({ type: 'failed', member: id, reason: messageOf(error), lastWords: '' });
  }
}

async function answer({ bindingPath, question }: QuestionMessage): Promise<void> {
  try {
    if (question.want === 'coordinates') {
      const { answerCoordinates } = await import('./coordinates.js');
      await tell({ type: 'answer', answer: await answerCoordinates(question.requests, bindingPath) });
      return;
    }
    const { answerTo } = await import('./answer.js');
    await tell({ type: 'answer', answer: answerTo(question, bindingPath) });
  } catch (error) {
    if (!isReported(error)) throw error;
    await tell({ type: 'refused', reason: error.message });
  }
}

/** Resolves when the parent's end of the channel has taken the event. */
function tell(event: TrainingEvent | AnswerMessage): Promise<void> {
  return new Promise((resolve) => {
    process.send?.(event, () => {
      resolve();
    });
  });
}
