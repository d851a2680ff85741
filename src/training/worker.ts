/**
 * A worker process: receives the job of a member, or those of a stack, trains, reports progress, and waits for the next, or exits if
 * something went wrong. Or answers one question about a trained member, and exits.
 */
import { isReported, messageOf } from '../terminal/errors.js';
import { aheadArgument, readJobMessage, type ReadyMessage, type TrainingEvent } from './events.js';
import { readJobs } from './job.js';
import type { OpenedMember } from './member.js';
import { endWithParent } from './orphan.js';
import { Stopped, StopSignal } from './stop.js';
import { isQuestion, type AnswerMessage, type QuestionMessage } from './question.js';

endWithParent();

// Whatever is wrong with it is said where it is needed.
if (process.argv.includes(aheadArgument)) import('./member.js').catch(() => undefined);

process.on('message', (message) => {
  void (isQuestion(message) ? answer(message) : work(message)).then((isReady) => {
    // TensorFlow's threads would keep the process alive.
    if (isReady !== true) process.exit();
    void tell({ type: 'ready' });
  });
});

/** Whether the process is as it was before: true if every member is complete. */
async function work(message: unknown): Promise<boolean> {
  const stop = new StopSignal();
  const report = (event: TrainingEvent) => void tell(event);
  const train = async (opened: OpenedMember) => {
    try {
      const { trainAndEvaluate } = await import('./member.js');
      await tell(await trainAndEvaluate(opened, { report, stop }));
      return 'complete';
    } catch (error) {
      if (error instanceof Stopped) return 'stopped';
      await tellFailure(opened.member.id, error);
      return 'failed';
    } finally {
      // Otherwise the others of its stack would wait for it.
      opened.stepper.close();
    }
  };
  try {
    const { environment, ...group } = readJobMessage(message);
    const jobs = readJobs(group);
    Object.assign(process.env, environment);
    const { openTraining } = await import('./member.js');
    const fates = await Promise.all((await openTraining(jobs, { report, stop })).map(train));
    if (fates.includes('stopped')) end();
    return fates.every((fate) => fate === 'complete');
  } catch (error) {
    // Stopped during a trial of --tune, before any member's own steps.
    if (error instanceof Stopped) end();
    else await tellFailure('unknown member', error);
    return false;
  }
}

/** As the signal would have ended it. */
function end(): void {
  process.kill(process.pid, 'SIGTERM');
}

function tellFailure(member: string, error: unknown): Promise<void> {
  // An error that is not meant for the user is a bug of ours: its stack becomes the worker's last words.
  if (!isReported(error)) console.error(error instanceof Error ? error.stack : error);
  return tell({ type: 'failed', member, reason: messageOf(error), lastWords: '' });
}

async function answer({ bindingPath, question }: QuestionMessage): Promise<void> {
  try {
    if (question.want === 'coord-check') {
      const { answerCoordCheck } = await import('./coord-check.js');
      await tell({ type: 'answer', answer: await answerCoordCheck(question.requests, bindingPath) });
      return;
    }
    if (question.want === 'precision-pilot') {
      const { comparePrecisions } = await import('./precision-pilot.js');
      await tell({ type: 'answer', answer: await comparePrecisions(question.job, bindingPath) });
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
function tell(event: TrainingEvent | ReadyMessage | AnswerMessage): Promise<void> {
  return new Promise((resolve) => {
    process.send?.(event, () => {
      resolve();
    });
  });
}
