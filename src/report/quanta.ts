/** What `emergence quanta` shows of a run: tables, a CSV of every example's turn, a picture. From stored outcomes alone. */
import * as path from 'node:path';
import { cutoffFor } from '../analysis/defaults.js';
import { quanta, type Quanta } from '../analysis/quanta.js';
import { passageSteps, type SolvedMember } from '../analysis/turns.js';
import { writeFileAtomic } from '../machine/files.js';
import { clustersOf, type Clusters } from '../metrics/clusters.js';
import { readOutcomes, type OutcomeName, type OutcomeTable } from '../runs/outcomes.js';
import { isImported, kindOf, type AnyRun } from '../runs/imported.js';
import { openRun, readColumns, type FamilyMember } from '../runs/load.js';
import { epochsOf, unsealedNotes, type RunRecord } from '../runs/record.js';
import { readAnyRun } from '../runs/run.js';
import { verifyRun, type MemberState } from '../runs/verify.js';
import { importedWords, trainedWords, type FamilyWords } from '../runs/words.js';
import { RunError, UsageError } from '../terminal/errors.js';
import { counted, grouped } from '../terminal/format.js';
import type { OnStep } from '../terminal/steps.js';
import { quantaFigure } from './figures/quanta.js';
import { writeFigure } from './files.js';
import { usualFigure, type FigureOptions } from './figures/print.js';
import { sharedNotes, notesOf, turnTable, sharpLines, fitTables } from './quanta-text.js';

export interface QuantaOptions {
  /** Of imported members: the coordinate that scales are told by; left out: the one that the run names. */
  readonly axis?: string | undefined;
  /** Of autoencoders: an image is solved where its squared error per pixel is below. Else chosen from the widest member. */
  readonly cutoff?: number | undefined;
  /** Share of a width's seeds that may disagree with the others; 0.2 unless given. */
  readonly tolerance?: number | undefined;
  /** How its picture is printed; left out: as usual. */
  readonly figure?: FigureOptions;
  /** Told after each permutation. */
  readonly onStep?: OnStep;
}

export interface QuantaReport {
  readonly run: string;
  /** What solved means: `right`, `squared error per pixel below 0.02`. */
  readonly solved: string;
  /** Of autoencoders. */
  readonly cutoff: number | undefined;
  readonly quanta: Quanta;
  readonly words: FamilyWords;
  /** For a terminal. */
  readonly table: string;
  /** What the run can't tell, or tells less surely than it looks. A line each. */
  readonly notes: readonly string[];
  /** Members that are left out and what was chosen for the user, a line each. */
  readonly warnings: readonly string[];
  /** Paths of what was written: quanta.csv, quanta.svg, quanta.png. */
  readonly files: readonly string[];
}

/**
 * Reads every complete member's outcomes; writes quanta.csv, quanta.svg and quanta.png into the run's folder.
 *
 * @throws UsageError on a cutoff that does not fit the run or its data; RunError where there is no run, no seed has all
 * widths complete, or outcomes can't be read or do not belong together
 */
export async function reportQuanta(folder: string, options: QuantaOptions = {}): Promise<QuantaReport> {
  const record = await readAnyRun(folder);
  if (record === undefined) throw new RunError('there is no run here: run.json is missing', folder);
  const isAutoencoder = kindOf(record) === 'reconstruction';
  if (options.cutoff !== undefined && !isAutoencoder) {
    throw new UsageError(
      `${isImported(record) ? 'an imported member' : `a ${record.experiment.arch}`} has none: its examples are right or wrong`,
      '--cutoff',
      'leave it out',
    );
  }
  if (options.axis !== undefined && !isImported(record))
    throw new UsageError('the members were trained here, and have no other coordinates', '--axis', 'leave it out');
  const words = isImported(record) ? importedWords(options.axis ?? record.axis) : trainedWords;
  const { members, warnings } = isImported(record)
    ? await readImported(folder, options.axis)
    : await readTrained(folder, record, [...keyColumns(record), isAutoencoder ? 'mse' : 'correct']);
  if (members.length === 0) throw new RunError('no member of this run is complete', folder, 'train it to the end');
  checkSameExamples(members);
  const { cutoff, note } = isAutoencoder ? cutoffOf(members, options.cutoff) : { cutoff: undefined, note: undefined };
  if (note !== undefined) warnings.push(note);
  const solved = members.map((member) => solvedBy(member, cutoff));
  assertWholeSeed(solved, folder, words);
  // Where nobody knows of how many choices an answer is one, guesses are left out of the fits.
  const chance = isAutoencoder || record.dataset.classes === null ? 0 : 1 / record.dataset.classes;
  if (record.dataset.classes === null)
    warnings.push('note: no example is taken to be solved by guessing, as it is not known how many choices there are');
  const clusters = clustersIn(members);
  const tolerance = options.tolerance === undefined ? {} : { tolerance: options.tolerance };
  const result = quanta(solved, { ...tolerance, clusters, chance, onStep: options.onStep });
  const meaning = cutoff === undefined ? 'right' : `squared error per pixel below ${cutoff}`;
  const notes = [...sharedNotes(result, clusters), ...notesOf(result, words)];
  const printed = options.figure ?? usualFigure;
  const files = await write(folder, { record, result, members, meaning, words, printed });
  return {
    ...{ run: record.name, solved: meaning, cutoff, quanta: result, notes, warnings, files },
    words,
    table: [turnTable(result, words), sharpLines(result, words), fitTables(result, words)]
      .filter((part) => part !== '')
      .join('\n\n'),
  };
}

interface ReadMember {
  readonly record: Pick<FamilyMember, 'id' | 'width' | 'seed' | 'parameters'>;
  readonly file: string;
  readonly columns: Partial<OutcomeTable>;
}

interface ReadFamily {
  readonly members: readonly ReadMember[];
  readonly warnings: string[];
}

async function readImported(folder: string, axis: string | undefined): Promise<ReadFamily> {
  const open = await openRun(folder, axis);
  const keys = (['example', 'label'] as const).filter((name) => open.columns.includes(name));
  const { members, absent } = await readColumns(open, [...keys, 'correct']);
  const read = members.map(({ record, folder: of, outcomes }) => {
    return { record, file: path.join(of, 'outcomes.parquet'), columns: outcomes };
  });
  return { members: read, warnings: absent.map((line) => `left out: ${line}`) };
}

async function readTrained(folder: string, record: RunRecord, names: readonly OutcomeName[]): Promise<ReadFamily> {
  const states = await verifyRun(folder);
  const members = await readMembers(states, names);
  const complete = states.flatMap((state) => (state.status === 'complete' ? (state.record ?? []) : []));
  return {
    members,
    warnings: [
      ...unsealedNotes(folder, record, complete).map((line) => `note: ${line}`),
      ...states.filter(({ status }) => status !== 'complete').map((state) => leftOut(state, record)),
    ],
  };
}

/** Columns that say which example a row is. */
function keyColumns(record: AnyRun): OutcomeName[] {
  return kindOf(record) === 'sequences' ? ['example', 'sequence', 'position', 'label'] : ['example', 'label'];
}

async function readMembers(states: readonly MemberState[], names: readonly OutcomeName[]): Promise<ReadMember[]> {
  const members: ReadMember[] = [];
  for (const { status, record, folder } of states) {
    if (status !== 'complete' || record === undefined) continue;
    const file = path.join(folder, 'outcomes.parquet');
    members.push({ record, file, columns: await readOutcomes(file, names) });
  }
  return members.sort((a, b) => a.record.width - b.record.width || a.record.seed - b.record.seed);
}

function leftOut({ id, status, record, problem }: MemberState, run: RunRecord): string {
  const done = `${record?.epochsDone ?? 0} of ${counted(epochsOf(run), 'epoch')} done`;
  return `left out: ${id} (${problem ?? (status === 'training' ? done : status)})`;
}

/** Rows are compared across members, so they have to be the same examples in the same order. */
function checkSameExamples([first, ...others]: readonly ReadMember[]): void {
  for (const name of ['example', 'sequence', 'position', 'label'] as const) {
    const expected = first!.columns[name];
    for (const { file, columns } of others) {
      const found = columns[name];
      if (expected?.length !== found?.length || expected?.some((value, i) => value !== found![i]) === true) {
        throw new RunError(`column ${name} differs from that of ${first!.file}: not the same test examples`, file);
      }
    }
  }
}

/** The one that was given, if it parts the examples of any member; else one that the widest member meets. */
function cutoffOf(members: readonly ReadMember[], given: number | undefined): { cutoff: number; note?: string } {
  let [least, most] = [Infinity, -Infinity];
  for (const { file, columns } of members) {
    for (const value of columns.mse!) {
      if (Number.isNaN(value)) throw new RunError('column mse has a value that is not a number', file);
      least = Math.min(least, value);
      most = Math.max(most, value);
    }
  }
  const widest = members.at(-1)!;
  const cutoff = given ?? cutoffFor(Float32Array.from(widest.columns.mse!));
  if (cutoff > least && cutoff <= most) {
    const chosen = `cutoff ${cutoff}, chosen: the least 1, 2 or 5 times a power of ten that 9 in 10 images of ${widest.record.id} are below; --cutoff sets another`;
    return given === undefined ? { cutoff, note: chosen } : { cutoff };
  }
  const all = cutoff > most ? 'every image of every member is below' : 'no image of any member is below';
  throw new UsageError(
    `${cutoff}${given === undefined ? ' (chosen)' : ''}: ${all}`,
    '--cutoff',
    `squared errors of this run go from ${least.toPrecision(3)} to ${most.toPrecision(3)}`,
  );
}

function solvedBy(
  { record: { width, seed, parameters }, columns }: ReadMember,
  cutoff: number | undefined,
): SolvedMember {
  const solved =
    cutoff === undefined
      ? Uint8Array.from(columns.correct!)
      : Uint8Array.from(columns.mse!, (error) => Number(error < cutoff));
  return { width, seed, parameters, solved };
}

function assertWholeSeed(
  members: readonly SolvedMember[],
  folder: string,
  { isImported: isForeign, noun }: FamilyWords,
): void {
  const widths = new Set(members.map(({ width }) => width)).size;
  const perSeed = new Map<number, number>();
  for (const { seed } of members) perSeed.set(seed, (perSeed.get(seed) ?? 0) + 1);
  if (Math.max(...perSeed.values()) === widths) return;
  throw new RunError(
    `no seed of this run is complete at every ${noun}`,
    folder,
    isForeign ? 'import the others too' : 'train it to the end',
  );
}

/** Members that were trained before their dataset knew groups have none; the test set is the same. */
function clustersIn(members: readonly ReadMember[]): Clusters | undefined {
  const columns = members.find(({ columns: { group } }) => group !== undefined)?.columns ?? members[0]!.columns;
  return clustersOf(columns, columns.sequence === undefined ? 'images' : 'sequences');
}

interface Written {
  readonly record: AnyRun;
  readonly words: FamilyWords;
  readonly result: Quanta;
  readonly members: readonly ReadMember[];
  readonly meaning: string;
  readonly printed: FigureOptions;
}

async function write(folder: string, { record, result, members, meaning, words, printed }: Written): Promise<string[]> {
  const { examples } = result.grid;
  const units = kindOf(record) === 'sequences' ? 'images in sequences' : words.examples;
  const family = isImported(record)
    ? { arch: 'imported', dataset: record.dataset.name }
    : { arch: record.experiment.arch, dataset: record.experiment.dataset };
  const testSet = `${grouped(examples)} test ${units}`;
  const about = { run: record.name, ...family, solved: meaning, testSet, quanta: result, words };
  const table = path.join(folder, 'quanta.csv');
  // Drawn first: what is stopped while it draws leaves what was there.
  const pictures = await writeFigure(path.join(folder, 'quanta'), quantaFigure(about), printed);
  await writeFileAtomic(table, csvOf(result, members[0]!.columns, words));
  return [table, ...pictures];
}

/** A row per example; `docs/quanta.md` has the columns. */
function csvOf(
  { grid, turns }: Quanta,
  { example, sequence, position, label }: ReadMember['columns'],
  { scale: name, isImported: isForeign }: FamilyWords,
): string {
  const { scales, seeds, counts } = grid;
  const steps = passageSteps(turns, scales.length);
  const keys = Object.entries({ example, sequence, position, label }).filter(([, column]) => column !== undefined);
  const heading = [
    ...keys.map(([name]) => name),
    ...['turn', `after_${name}`, `by_${name}`, 'passage_steps', 'passage_decades', 'sharp'],
    ...scales.map(({ width }) => `solved_${isForeign ? '' : 'w'}${width}`),
    ...seeds.map((seed) => `by_${name}_s${seed}`),
  ];
  const widthAt = (t: number) => scales[t]?.width ?? '';
  const lines = [heading.join(',')];
  for (let i = 0; i < grid.examples; i++) {
    const t = turns.median[i]!;
    lines.push(
      [
        ...keys.map(([, column]) => column![i]!),
        ...[turnOf(t, turns.never[i] === 1, scales.length), widthAt(t - 1), widthAt(t)],
        ...(steps[i] === 0 ? ['', ''] : [steps[i]!, decadesOf(grid, turns, i)]),
        Number(steps[i] === 1),
        ...scales.map(({ members }, s) => Number((counts[s]![i]! / members.length).toFixed(4))),
        ...turns.bySeed.map((bySeed) => widthAt(bySeed[i]!)),
      ].join(','),
    );
  }
  return `${lines.join('\n')}\n`;
}

function turnOf(t: number, never: boolean, scales: number): string {
  if (never) return 'never';
  return t === 0 ? 'always' : t === scales ? 'later' : 'within';
}

/** From the last scale that all fail to the first that all solve, in powers of ten of parameters. */
function decadesOf({ scales }: Quanta['grid'], { failing, holding }: Quanta['turns'], i: number): number {
  const from = scales[failing[i]! - 1]!.parameters;
  const to = scales[scales.length - holding[i]!]!.parameters;
  return Number(Math.log10(to / from).toFixed(4));
}
