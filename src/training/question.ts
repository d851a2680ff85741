/** Questions about a trained member, and the messages to and from the worker that answers them. */
import type { OnnxAbout } from '../engine/onnx.js';
import type { LayerSize, CoordCheckRequest } from './coord-check.js';
import type { PrecisionPilot } from '../runs/record.js';
import type { WorkerJob } from './job.js';
import type { MemberWithTask } from './task.js';

export type Question = { readonly member: MemberWithTask } & (
  | { readonly want: 'onnx'; readonly about: OnnxAbout }
  | { readonly want: 'saved-model' }
  | { readonly want: 'answers'; readonly examples: AskedExamples }
);

/** Questions about members that are not trained yet. */
export interface CoordCheckQuestion {
  readonly want: 'coord-check';
  readonly requests: readonly CoordCheckRequest[];
}

/** How bfloat16 compares with float32 for a member that is not trained yet. */
export interface PilotQuestion {
  readonly want: 'precision-pilot';
  readonly job: WorkerJob;
}

/** As `Forward` takes them; labels where it takes those. */
export interface AskedExamples {
  readonly count: number;
  readonly images: Uint8Array;
  readonly labels?: Int32Array | undefined;
}

/** A model's bytes; or numbers of each example, as `Forward` gives them; or the sizes of layers of each request; or a pilot. */
export type Answer = Uint8Array | Float32Array | readonly (readonly LayerSize[])[] | PrecisionPilot;

export interface QuestionMessage {
  readonly type: 'question';
  readonly question: Question | CoordCheckQuestion | PilotQuestion;
  /** Compiled binding, absolute. */
  readonly bindingPath: string;
}

export type AnswerMessage =
  { readonly type: 'answer'; readonly answer: Answer } | { readonly type: 'refused'; readonly reason: string };

export function isQuestion(message: unknown): message is QuestionMessage {
  return typeOf(message) === 'question';
}

export function isAnswer(message: unknown): message is AnswerMessage {
  return ['answer', 'refused'].includes(typeOf(message) ?? '');
}

function typeOf(message: unknown): string | undefined {
  return typeof message === 'object' && message !== null && 'type' in message ? String(message.type) : undefined;
}
