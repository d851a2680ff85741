/** Questions to a trained member, which a worker with TensorFlow answers: it prints as it likes, and takes its memory with it. */
import { ensureRuntime, runtimeEnvironment } from '../install/runtime.js';
import { RunError } from '../terminal/errors.js';
import { exitOf, LastWords, launchWorker } from './pool.js';
import { isAnswer, type Answer, type AnswerMessage, type Question } from './question.js';
import { workerFile } from './worker-file.js';

/**
 * Asked on the processor, whatever else there is: it is no work for a GPU. TensorFlow is fetched where it is not here yet, and `note`
 * hears of that.
 *
 * @throws RunError where the member's weights are not as they have to be, or the worker dies
 */
export async function ask(question: Question, note: (line: string) => void): Promise<Answer> {
  const runtime = await ensureRuntime({ device: 'cpu', onProgress: note });
  const worker = launchWorker({ environment: runtimeEnvironment({ runtime, threads: 1 }) }, { workerFile });
  const words = new LastWords(worker);
  const heard: { message?: AnswerMessage } = {};
  worker.on('message', (message: unknown) => {
    if (isAnswer(message)) heard.message = message;
  });
  const exit = await exitOf(worker, { type: 'question', question, bindingPath: runtime.bindingPath });
  const { message } = heard;
  if (message?.type === 'answer') return message.answer;
  throw new RunError(message?.reason ?? [exit, words.text()].filter(Boolean).join(': '), question.member.folder);
}
