/** How commands print: text for people, one JSON object, or comma-separated values; everything else goes to stderr. */
import type { Listener, RunOptions } from '../library/run-and-metrics.js';
import { firstOf, nth } from '../machine/present.js';
import type { OpenRun } from '../runs/opened.js';
import type { FamilyWords } from '../runs/words.js';
import * as path from 'node:path';
import { UsageError } from '../terminal/errors.js';
import { printable } from '../terminal/printable.js';
import { lineRoom } from '../terminal/size.js';
import { withSteps } from '../terminal/steps.js';
import { wrapped } from '../terminal/wrap.js';

/** Receives notes for the user while a function of the library works. */
export const terminal: Required<Listener> = {
  note: (line) => {
    console.error(line);
  },
  track: withSteps,
};

/** For people: on a terminal, lines are broken between words. */
export function print(text: string): void {
  console.log(wrapped(text, lineRoom(process.stdout)));
}

/** A command's result, in the forms in which it can be printed. */
export interface Shown {
  readonly run: string;
  readonly text: string;
  readonly json: object;
  readonly csv?: string;
  /** Names for the run's family. */
  readonly words?: FamilyWords | undefined;
}

export interface Forms {
  readonly json?: true | undefined;
  readonly csv?: true | undefined;
}

/**
 * For one run its object, for several an object with all of them under `runs`; texts with a heading each, and CSV with
 * a single one.
 */
export function printRuns(shown: readonly Shown[], { json, csv }: Forms): void {
  if (json === true) {
    // Each with its own names.
    const objects = shown.map(({ json: value, words }) => plainOf(value, words));
    printJson(objects.length === 1 ? firstOf(objects) : { runs: objects });
  } else if (csv === true) {
    const axes = new Set(shown.map(({ words }) => words?.axis));
    if (axes.size > 1)
      throw new UsageError(
        `the runs have different axes: ${[...axes].join(' and ')}`,
        '--csv',
        'run the command once for each',
      );
    const texts = shown.map(({ csv: text = '' }) => text);
    process.stdout.write(texts.map((text, i) => (i === 0 ? text : text.slice(text.indexOf('\n') + 1))).join(''));
  } else {
    const texts = shown.map(({ run, text }) => (shown.length === 1 ? text : `${run}\n\n${text}`));
    print(texts.join('\n\n\n'));
  }
}

interface EachOptions extends Pick<RunOptions, 'axis' | 'where' | 'at' | 'probe' | 'all'> {
  readonly curvePer?: string | undefined;
  readonly output?: string | undefined;
}

/**
 * Each run once, and for `curvePer` once for each value of the factor, one after the other; nothing is shown or written
 * before all are computed. Where there are several, notes say which one they are about.
 */
export async function ofEach<T>(
  runs: readonly string[],
  { output, axis, where, at, probe, all, curvePer }: EachOptions,
  compute: (run: OpenRun, listener: Required<Listener>) => Promise<T>,
): Promise<T[]> {
  const { namedNotes, openCurves } = await import('../library/run-and-metrics.js');
  refuseTwice(runs, output);
  const opened: OpenRun[] = [];
  for (const run of runs)
    opened.push(...(await openCurves(run, { ...terminal, axis, where, at, probe, all, curvePer })));
  const results: T[] = [];
  for (const run of opened) {
    const name = runs.length > 1 ? run.label : run.curve?.name;
    results.push(await compute(run, namedNotes(terminal, name)));
  }
  return results;
}

/** Throws UsageError for a run that is named twice, and for several runs that would have the same picture. */
export function refuseTwice(runs: readonly string[], output: string | undefined): void {
  const names = runs.map((run) => path.basename(path.resolve(run)));
  const twice = runs.find((_, i) => names.indexOf(nth(names, i)) < i);
  if (twice !== undefined) throw new UsageError('is given twice', twice, 'give each run once');
  if (output !== undefined && runs.length > 1)
    throw new UsageError('one path cannot serve several runs', '--output', 'omit it, or name one run');
}

/** One object on stdout. */
export function printJson(value: object): void {
  console.log(jsonOf(value));
}

/**
 * JSON has no infinity and no NaN: NaN becomes null, infinities the texts "Infinity" and "-Infinity". With `words` of
 * imported members, a scale's number has its own name instead of `width` and `parameters`.
 */
export function jsonOf(value: object, words?: FamilyWords, indent = 2): string {
  return JSON.stringify(plainOf(value, words), undefined, indent);
}

/** As JSON has it. */
function plainOf(value: unknown, words?: FamilyWords): object {
  const text = JSON.stringify(value, (key, each: unknown) => {
    if (typeof each === 'number' && !Number.isFinite(each)) return Number.isNaN(each) ? null : String(each);
    if (ArrayBuffer.isView(each)) return [...(each as Float64Array)];
    // Coordinates are shown unchanged, whichever of them is the scale.
    return words?.isCoordinate === true && key !== 'coordinates' && isScaled(each)
      ? withScale(each, words.scale)
      : each;
  });
  return JSON.parse(text) as object;
}

type Scaled = Readonly<Record<string, unknown>> & { readonly width: number; readonly parameters: number };

function isScaled(value: unknown): value is Scaled {
  const { width, parameters } = (value ?? {}) as Partial<Record<string, unknown>>;
  return typeof width === 'number' && typeof parameters === 'number';
}

function withScale(value: Scaled, name: string): object {
  const kept = Object.entries(value).filter(([key]) => !['width', 'parameters', 'trainingFlops'].includes(key));
  // First, where the width was: after the id of a member.
  const place = Object.keys(value).indexOf('width');
  return Object.fromEntries([...kept.slice(0, place), [name, value.width], ...kept.slice(place)]);
}

/** A line for each picture that was drawn. */
export function pictureLines(files: readonly string[]): string[] {
  return files.map((file) => `picture  ${printable(file)}`);
}
