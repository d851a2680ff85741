/**
 * The events that a worker sends its parent while it trains a member, and that the terminal and `--json` show. Times are in
 * seconds, losses in the unit of the family's loss, `loss` and `accuracy` means over the epoch so far (accuracy null if
 * answers are not right or wrong). One table gives the types and the check at the rim; a number may be NaN (a loss that
 * diverged).
 */

/** For epochs after which data outside training were scored. */
const heldOut = {
  testLoss: 'number or absent',
  testAccuracy: 'number, null or absent',
  testExamples: 'number or absent',
  validationLoss: 'number or absent',
  validationAccuracy: 'number, null or absent',
} as const;

const eventFields = {
  /** `done` (0 to 1) of the trial of `value`, the `trial`-th of `trials`; `etaSeconds` is the time left for all of them. */
  trial: {
    member: 'string',
    factor: 'string',
    value: 'number',
    trial: 'number',
    trials: 'number',
    done: 'number',
    loss: 'number',
    etaSeconds: 'number',
  },
  /** A finished trial, as in tuning/MEMBER.json; `loss` is null if it diverged. */
  tried: {
    member: 'string',
    factor: 'string',
    value: 'number',
    trial: 'number',
    trials: 'number',
    loss: 'number or null',
    seconds: 'number',
  },
  /** Another process makes the trials that it shares. */
  waiting: { member: 'string', owner: 'string' },
  started: {
    member: 'string',
    threads: 'number',
    epochs: 'number',
    steps: 'number',
    stepsPerEpoch: 'number',
    fromEpoch: 'number',
  },
  /** `step` of `steps` within `epoch`, which counts from 1; `etaSeconds` is the time left for the member. */
  progress: {
    member: 'string',
    epoch: 'number',
    step: 'number',
    steps: 'number',
    loss: 'number',
    accuracy: 'number or null',
    examplesPerSecond: 'number',
    etaSeconds: 'number',
  },
  /** The line that history.jsonl gets (`EpochRecord`). */
  epoch: {
    member: 'string',
    epoch: 'number',
    step: 'number',
    trainLoss: 'number',
    trainAccuracy: 'number or null',
    learningRate: 'number',
    examplesPerSecond: 'number',
    seconds: 'number',
    ...heldOut,
  },
  evaluated: { member: 'string', examples: 'number', seconds: 'number' },
  complete: { member: 'string', seconds: 'number', peakMemoryBytes: 'number' },
  /** `lastWords`: the last lines that the worker wrote; '' when it wrote none. */
  failed: { member: 'string', reason: 'string', lastWords: 'string' },
} as const;

type EventFields = typeof eventFields;
interface FieldTypes {
  string: string;
  number: number;
  'number or null': number | null;
}
interface OptionalTypes {
  'number or absent': number | undefined;
  'number, null or absent': number | null | undefined;
}
type EventOf<Type extends keyof EventFields> = { readonly type: Type } & {
  readonly [
    Field in keyof EventFields[Type] as EventFields[Type][Field] extends keyof FieldTypes ? Field : never
  ]: FieldTypes[EventFields[Type][Field] & keyof FieldTypes];
} & {
  readonly [
    Field in keyof EventFields[Type] as EventFields[Type][Field] extends keyof OptionalTypes ? Field : never
  ]?: OptionalTypes[EventFields[Type][Field] & keyof OptionalTypes];
};

export type TrainingEventType = keyof EventFields;
/** Distinguished by `type`; `member` is the member's id. */
export type TrainingEvent = { [Type in TrainingEventType]: EventOf<Type> }[TrainingEventType];

/** True for a message that is a complete event; additional fields are allowed. */
export function isTrainingEvent(message: unknown): message is TrainingEvent {
  if (typeof message !== 'object' || message === null || !('type' in message)) return false;
  const { type } = message;
  if (typeof type !== 'string' || !Object.hasOwn(eventFields, type)) return false;
  const values = new Map<string, unknown>(Object.entries(message));
  const fields: Readonly<Record<string, string>> = eventFields[type as TrainingEventType];
  return Object.entries(fields).every(([field, kind]) => isOfKind(values.get(field), kind));
}

function isOfKind(value: unknown, kind: string): boolean {
  if (value === undefined) return kind.endsWith('absent');
  if (value === null) return kind.includes('null');
  return typeof value === (kind === 'string' ? 'string' : 'number');
}

/** What a worker says when it could take another job. */
export interface ReadyMessage {
  readonly type: 'ready';
}

export function isReady(message: unknown): message is ReadyMessage {
  return typeof message === 'object' && message !== null && 'type' in message && message.type === 'ready';
}

/** A worker's argument: it is to load what trains members before it has any. */
export const aheadArgument = 'ahead';

/** The message from the parent to a worker that waits. */
export interface JobMessage {
  readonly type: 'job';
  /** Jobs of the members that it trains, as one program if there are several. */
  readonly jobs: readonly unknown[];
  /** Variables that are set before TensorFlow is loaded: a worker may have been started before they were known. */
  readonly environment: Readonly<Record<string, string>>;
}

/** The message from the parent. Throws on anything else, as when someone starts a worker directly. */
export function readJobMessage(message: unknown): JobMessage {
  if (
    typeof message === 'object' &&
    message !== null &&
    'type' in message &&
    message.type === 'job' &&
    'jobs' in message &&
    Array.isArray(message.jobs) &&
    'environment' in message &&
    typeof message.environment === 'object'
  ) {
    return message as JobMessage;
  }
  throw new Error('not a job: a worker is started by its parent only');
}
