/**
 * Questions to a trained member, answered by a worker with TensorFlow: its output does not interfere, and its memory is freed
 * with it.
 */
import { ensureRuntime, runtimeEnvironment } from '../install/runtime.js';
import { RunError } from '../terminal/errors.js';
import { memberId, type PrecisionPilot } from '../runs/record.js';
import { memberKeyOf, type WorkerJob } from './job.js';
import { send, startWorker } from './worker-process.js';
import type { LayerSize, CoordCheckRequest } from './coord-check.js';
import {
  isAnswer,
  type Answer,
  type AnswerMessage,
  type CoordCheckQuestion,
  type PilotQuestion,
  type Question,
} from './question.js';
import { workerFile } from './worker-file.js';

/**
 * Runs on the processor, as it is not worth a GPU. TensorFlow is downloaded if necessary, which `note` reports.
 *
 * @throws RunError if the member's weights are invalid, or the worker dies
 */
export async function ask(question: Question, note: Note): Promise<Uint8Array | Float32Array> {
  return (await answerOf(question, question.member.folder, { note })) as Uint8Array | Float32Array;
}

/** Layers of members of one width while they train: see coord-check.ts. Throws as `ask`. */
export async function askCoordCheck(
  requests: readonly CoordCheckRequest[],
  options: { readonly note: Note; readonly threads: number },
): Promise<readonly (readonly LayerSize[])[]> {
  const where = `width ${requests[0]?.width ?? ''}`;
  return (await answerOf({ want: 'coord-check', requests }, where, options)) as readonly (readonly LayerSize[])[];
}

/** Both precisions on a member's first steps: see precision-pilot.ts. Throws as `ask`, and the signal's reason once it is aborted. */
export async function askPilot(
  job: WorkerJob,
  { note, signal }: { readonly note: Note; readonly signal?: AbortSignal | undefined },
): Promise<PrecisionPilot> {
  const where = memberId(memberKeyOf(job));
  const { threads, branches, experiment } = job;
  return (await answerOf({ want: 'precision-pilot', job }, where, {
    ...{ note, threads, branches, xla: experiment.xla, signal },
  })) as PrecisionPilot;
}

type Note = (line: string) => void;

async function answerOf(
  question: Question | CoordCheckQuestion | PilotQuestion,
  where: string,
  {
    note,
    threads = 1,
    branches,
    xla,
    signal,
  }: {
    readonly note: Note;
    readonly threads?: number;
    readonly branches?: number;
    readonly xla?: boolean | undefined;
    readonly signal?: AbortSignal | undefined;
  },
): Promise<Answer> {
  const runtime = await ensureRuntime({ device: 'cpu', onProgress: note, signal });
  signal?.throwIfAborted();
  const worker = startWorker({ environment: runtimeEnvironment({ runtime, threads, branches, xla }) }, { workerFile });
  const heard: { message?: AnswerMessage } = {};
  worker.process.on('message', (message: unknown) => {
    if (isAnswer(message)) heard.message = message;
  });
  // It writes nothing, so nothing is lost.
  const drop = () => worker.process.kill('SIGKILL');
  signal?.addEventListener('abort', drop, { once: true });
  send(worker, { type: 'question', question, bindingPath: runtime.bindingPath });
  const exit = await worker.exit;
  signal?.removeEventListener('abort', drop);
  signal?.throwIfAborted();
  const { message } = heard;
  if (message?.type === 'answer') return message.answer;
  throw new RunError(message?.reason ?? [exit, worker.words.text()].filter(Boolean).join(': '), where);
}
