/**
 * Shows a family while it trains: a bar per member on a terminal, plain lines elsewhere, JSON lines for programs. All
 * three use the same events. Only JSON lines go to stdout; notes and everything else go to stderr.
 */
import type { TrainingEvent } from './events.js';
import { counted, formatDuration, formatNumber, formatPercent, formatRate } from '../terminal/format.js';
import { LiveLines } from '../terminal/live-lines.js';
import { printable } from '../terminal/printable.js';
import { heldOutTexts, scoresText } from '../terminal/scores.js';
import { sizeOf, type MaybeTerminal } from '../terminal/size.js';
import { bar } from '../terminal/steps.js';

export type DisplayMode = 'bars' | 'lines' | 'json';

export interface Display {
  event(event: TrainingEvent): void;
  /** One line for the user, above the bars. */
  note(line: string): void;
  /** Leaves the terminal as it was; the last state stays visible. */
  close(): void;
}

/** Where a display writes, and its clock in milliseconds. */
export interface DisplayOutput {
  readonly stdout: NodeJS.WritableStream;
  readonly stderr: MaybeTerminal;
  readonly now: () => number;
}

const processOutput: DisplayOutput = { stdout: process.stdout, stderr: process.stderr, now: () => performance.now() };

/** Bars need a terminal that can move its cursor. */
export function displayMode({ json }: { readonly json: boolean }, stderr = process.stderr): DisplayMode {
  if (json) return 'json';
  return stderr.isTTY && process.env.TERM !== 'dumb' ? 'bars' : 'lines';
}

/** Opens a display for the members with these ids, in display order. */
export function openDisplay(
  mode: DisplayMode,
  members: readonly string[],
  output: DisplayOutput = processOutput,
): Display {
  switch (mode) {
    case 'bars':
      return new Bars(members, output);
    case 'lines':
      return new Lines(members, output);
    case 'json':
      return jsonLines(output);
  }
}

function jsonLines({ stdout, stderr }: DisplayOutput): Display {
  return {
    event: (event) => void stdout.write(`${JSON.stringify(event)}\n`),
    note: (line) => void stderr.write(`${printable(line)}\n`),
    close: () => undefined,
  };
}

/** Milliseconds between two epochs' lines of one member, except for its last. */
const lineInterval = 2000;
/** Within an epoch, a line only shows that the member is alive. */
const progressInterval = 30_000;

/** A line per epoch and member; if epochs are short, not for each of them. */
class Lines implements Display {
  readonly #output: DisplayOutput;
  readonly #nameWidth: number;
  readonly #epochs = new Map<string, number>();
  readonly #lastLine = new Map<string, number>();
  readonly #lastEpoch = new Map<string, number>();

  constructor(members: readonly string[], output: DisplayOutput) {
    this.#output = output;
    this.#nameWidth = Math.max(0, ...members.map(({ length }) => length));
  }

  event(event: TrainingEvent): void {
    if (event.type === 'started') this.#epochs.set(event.member, event.epochs);
    if (!this.#isDue(event)) return;
    const text = describe(event, this.#epochs.get(event.member));
    if (text === undefined) return;
    this.#lastLine.set(event.member, this.#output.now());
    if (event.type !== 'progress' && event.type !== 'trial') this.#lastEpoch.set(event.member, this.#output.now());
    for (const line of text.split('\n')) this.note(`${event.member.padEnd(this.#nameWidth)}  ${line}`);
  }

  note(line: string): void {
    this.#output.stderr.write(`${printable(line)}\n`);
  }

  close(): void {
    // Every line is out already.
  }

  #isDue(event: TrainingEvent): boolean {
    const since = (last: ReadonlyMap<string, number>) => this.#output.now() - (last.get(event.member) ?? -Infinity);
    if (event.type === 'progress' || event.type === 'trial') return since(this.#lastLine) >= progressInterval;
    if (event.type === 'tried') return since(this.#lastEpoch) >= lineInterval || event.trial === event.trials;
    // That it is alive was said perhaps just before.
    if (event.type === 'epoch')
      return since(this.#lastEpoch) >= lineInterval || event.epoch === this.#epochs.get(event.member);
    return true;
  }
}

/** `3 epochs of 468 steps`; `1000 steps, 468 to an epoch` where the last epoch is cut short. */
function planned({ epochs, steps, stepsPerEpoch }: Extract<TrainingEvent, { readonly type: 'started' }>): string {
  if (steps === epochs * stepsPerEpoch) return `${counted(epochs, 'epoch')} of ${counted(stepsPerEpoch, 'step')}`;
  return `${counted(steps, 'step')}, ${stepsPerEpoch} to an epoch`;
}

/**
 * An event as a line; a failure as several, with its last words below. Undefined for one that a later event includes.
 */
function describe(event: TrainingEvent, epochs: number | undefined): string | undefined {
  switch (event.type) {
    case 'trial':
      return `${trialText(event)}: ${formatPercent(event.done)} done, loss ${formatNumber(event.loss)}  ETA of the trials ${formatDuration(event.etaSeconds)}`;
    case 'tried':
      return `${trialText(event)}: ${event.loss === null ? 'diverged' : `validation loss ${formatNumber(event.loss)}`}, ${formatDuration(event.seconds)}`;
    case 'waiting':
      return `waiting for its trials, which ${event.owner} is running for all members of this width`;
    case 'started': {
      const from = event.fromEpoch === 0 ? '' : `, resuming after epoch ${event.fromEpoch}`;
      return `started: ${planned(event)}, ${counted(event.threads, 'thread')}${from}`;
    }
    case 'progress':
      return (
        `epoch ${event.epoch}/${epochs ?? '?'}  step ${event.step}/${event.steps}  ${scoresText(event.loss, event.accuracy)}  ` +
        `${formatRate(event.examplesPerSecond)}  ETA ${formatDuration(event.etaSeconds)}`
      );
    case 'epoch':
      return [
        `epoch ${event.epoch}/${epochs ?? '?'}`,
        scoresText(event.trainLoss, event.trainAccuracy),
        ...heldOutTexts(event),
        formatRate(event.examplesPerSecond),
      ].join('  ');
    case 'evaluated':
      return undefined;
    case 'complete':
      return `complete: ${formatDuration(event.seconds)} of training`;
    case 'failed':
      return failure(event);
  }
}

/** `trial 3 of 7, learningRate 0.01`. */
function trialText({ trial, trials, factor, value }: Extract<TrainingEvent, { type: 'trial' | 'tried' }>): string {
  return `trial ${trial} of ${trials}, ${factor} ${formatNumber(value)}`;
}

function failure({ reason, lastWords }: TrainingEvent & { type: 'failed' }): string {
  const words = lastWords === '' ? [] : lastWords.split('\n').map((line) => `  | ${line}`);
  return [`failed: ${reason}`, ...words].join('\n');
}

interface ShownMember {
  readonly id: string;
  epochs: number;
  /** The latest loss and accuracy. */
  scores: string;
  /** Share of its epochs, 0 to 1. */
  done: number;
  text: string;
  state: 'waits' | 'runs' | 'finished';
}

/**
 * A bar per member and one for the family. If the terminal has too few rows, only running members have theirs: a
 * finished one becomes a line above.
 */
class Bars implements Display {
  readonly #members: ReadonlyMap<string, ShownMember>;
  readonly #live: LiveLines;
  readonly #nameWidth: number;
  readonly #barLength: number;
  /** All members fit. */
  readonly #isRoomy: boolean;

  constructor(members: readonly string[], { stderr }: DisplayOutput) {
    const { rows, columns } = sizeOf(stderr);
    this.#nameWidth = Math.max('family'.length, ...members.map(({ length }) => length));
    this.#barLength = Math.max(8, Math.min(30, columns - this.#nameWidth - 62));
    // Room for the total, and for the line on which the cursor waits.
    this.#isRoomy = members.length + 2 <= rows;
    this.#members = new Map(
      members.map((id) => [id, { id, epochs: 1, scores: '', done: 0, text: 'waits', state: 'waits' }]),
    );
    this.#live = new LiveLines(stderr, () => this.#lines());
    this.#live.update();
  }

  event(event: TrainingEvent): void {
    const member = this.#members.get(event.member);
    if (member === undefined) return;
    member.state = 'runs';
    if (event.type === 'started') member.epochs = event.epochs;
    if (event.type === 'progress') member.scores = scoresText(event.loss, event.accuracy);
    if (event.type === 'epoch') member.scores = scoresText(event.trainLoss, event.trainAccuracy);
    member.done = fractionDone(event, member.epochs) ?? member.done;
    member.text = beside(event, member.scores);
    if (event.type === 'complete' || event.type === 'failed') this.#finish(member, event);
    this.#live.update();
  }

  note(line: string): void {
    this.#live.say(line);
  }

  close(): void {
    this.#live.close();
  }

  #finish(member: ShownMember, event: TrainingEvent & { type: 'complete' | 'failed' }): void {
    member.state = 'finished';
    if (event.type === 'failed') for (const line of `${event.member}  ${failure(event)}`.split('\n')) this.note(line);
    else if (!this.#isRoomy) this.note(`${event.member}  ${describe(event, member.epochs) ?? ''}`);
  }

  #lines(): string[] {
    const members = [...this.#members.values()];
    const shown = this.#isRoomy ? members : members.filter(({ state }) => state === 'runs');
    const lines = shown.map(({ id, done, text }) => this.#line(id, done, text));
    if (members.length < 2) return lines;
    const finished = members.filter(({ state }) => state === 'finished').length;
    const summary = `${finished} of ${counted(members.length, 'member')} finished`;
    return [...lines, this.#line('family', finished / members.length, summary)];
  }

  #line(name: string, done: number, text: string): string {
    return `${name.padEnd(this.#nameWidth)} ${bar(done, this.#barLength)} ${text}`;
  }
}

/** The text to the right of the bar: shorter than a separate line. */
function beside(event: TrainingEvent, latestScores: string): string {
  switch (event.type) {
    case 'trial':
      return `${trialText(event)}  ETA ${formatDuration(event.etaSeconds)}`;
    case 'tried':
      return trialText(event);
    case 'waiting':
      return 'waiting for the trials of its width';
    case 'started':
      return `epoch ${event.fromEpoch + 1}/${event.epochs}`;
    case 'progress':
      return `${latestScores}  ${formatRate(event.examplesPerSecond)}  ETA ${formatDuration(event.etaSeconds)}`;
    case 'epoch':
      return `${latestScores}  ${formatRate(event.examplesPerSecond)}`;
    case 'evaluated':
      return `${latestScores}  evaluated`;
    case 'complete':
      return `${latestScores}  complete, ${formatDuration(event.seconds)}`;
    case 'failed':
      return 'failed';
  }
}

/** 0..1, of the trials until the training starts; undefined for an event without progress. */
function fractionDone(event: TrainingEvent, epochs: number): number | undefined {
  switch (event.type) {
    case 'trial':
      return (event.trial - 1 + event.done) / event.trials;
    case 'tried':
      return event.trial / event.trials;
    case 'started':
      return event.fromEpoch / epochs;
    case 'progress':
      return (event.epoch - 1 + event.step / event.steps) / epochs;
    case 'epoch':
      return event.epoch / epochs;
    case 'evaluated':
    case 'complete':
      return 1;
    case 'waiting':
    case 'failed':
      return undefined;
  }
}
