/** What `emergence quanta` shows of a run: tables, a CSV of every example's turn, a picture. From stored outcomes alone. */
import * as path from 'node:path';
import { cutoffFor } from '../analysis/defaults.js';
import { preferred, quanta, type Quanta } from '../analysis/quanta.js';
import { mostClasses, passageDecades, type LatentClass } from '../analysis/threshold-mixture.js';
import { passageSteps, type SolvedMember } from '../analysis/turns.js';
import { outcomeKinds } from '../experiment/architectures.js';
import { writeFileAtomic } from '../machine/files.js';
import { clustersOf, type Clusters } from '../metrics/clusters.js';
import { readOutcomes, type OutcomeName, type OutcomeTable } from '../runs/outcomes.js';
import { epochsOf, unsealedNotes, type MemberRecord, type RunRecord } from '../runs/record.js';
import { readRunRecord } from '../runs/run.js';
import { verifyRun, type MemberState } from '../runs/verify.js';
import { RunError, UsageError } from '../terminal/errors.js';
import { counted } from '../terminal/format.js';
import type { OnStep } from '../terminal/steps.js';
import { nameOf, quantaFigure } from './figures/quanta.js';
import { toPng, toSvg } from './render.js';
import { grouped } from './numbers.js';
import { textTable } from './text-table.js';

export interface QuantaOptions {
  /** Of autoencoders: an image is solved where its squared error per pixel is below. Else chosen from the widest member. */
  readonly cutoff?: number | undefined;
  /** Share of a width's seeds that may disagree with the others; 0.2 unless given. */
  readonly tolerance?: number | undefined;
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
  const record = await readRunRecord(folder);
  if (record === undefined) throw new RunError('there is no run here: run.json is missing', folder);
  const isAutoencoder = outcomeKinds[record.experiment.arch] === 'reconstruction';
  if (options.cutoff !== undefined && !isAutoencoder) {
    throw new UsageError(
      `a ${record.experiment.arch} has none: its examples are right or wrong`,
      '--cutoff',
      'leave it out',
    );
  }
  const states = await verifyRun(folder);
  const members = await readMembers(states, [...keyColumns(record), isAutoencoder ? 'mse' : 'correct']);
  const warnings = [
    ...unsealedNotes(
      folder,
      record,
      members.map((member) => member.record),
    ).map((line) => `note: ${line}`),
    ...states.filter(({ status }) => status !== 'complete').map((state) => leftOut(state, record)),
  ];
  if (members.length === 0) throw new RunError('no member of this run is complete', folder, 'train it to the end');
  checkSameExamples(members);
  const { cutoff, note } = isAutoencoder ? cutoffOf(members, options.cutoff) : { cutoff: undefined, note: undefined };
  if (note !== undefined) warnings.push(note);
  const solved = members.map((member) => solvedBy(member, cutoff));
  assertWholeSeed(solved, folder);
  const chance = isAutoencoder ? 0 : 1 / record.dataset.classes;
  const clusters = clustersIn(members);
  const tolerance = options.tolerance === undefined ? {} : { tolerance: options.tolerance };
  const result = quanta(solved, { ...tolerance, clusters, chance, onStep: options.onStep });
  const meaning = cutoff === undefined ? 'right' : `squared error per pixel below ${cutoff}`;
  const notes = [...sharedNotes(result, clusters), ...notesOf(result)];
  const files = await write(folder, { record, result, members, meaning });
  return {
    ...{ run: record.name, solved: meaning, cutoff, quanta: result, notes, warnings, files },
    table: [turnTable(result), sharpLines(result), fitTables(result)].filter((part) => part !== '').join('\n\n'),
  };
}

interface ReadMember {
  readonly record: MemberRecord;
  readonly file: string;
  readonly columns: Partial<OutcomeTable>;
}

/** Columns that say which example a row is. */
function keyColumns({ experiment }: RunRecord): OutcomeName[] {
  return outcomeKinds[experiment.arch] === 'sequences'
    ? ['example', 'sequence', 'position', 'label']
    : ['example', 'label'];
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

function assertWholeSeed(members: readonly SolvedMember[], folder: string): void {
  const widths = new Set(members.map(({ width }) => width)).size;
  const perSeed = new Map<number, number>();
  for (const { seed } of members) perSeed.set(seed, (perSeed.get(seed) ?? 0) + 1);
  if (Math.max(...perSeed.values()) === widths) return;
  throw new RunError('no seed of this run is complete at every width', folder, 'train it to the end');
}

/** Members that were trained before their dataset knew groups have none; the test set is the same. */
function clustersIn(members: readonly ReadMember[]): Clusters | undefined {
  const columns = members.find(({ columns: { group } }) => group !== undefined)?.columns ?? members[0]!.columns;
  return clustersOf(columns, columns.sequence === undefined ? 'images' : 'sequences');
}

function sharedNotes({ grid }: Quanta, clusters: Clusters | undefined): string[] {
  if (clusters === undefined) return [];
  const what = clusters.by === 'images' ? 'images, each in several sequences' : 'groups of images';
  return [
    `The ${grid.examples} examples are of ${clusters.count} ${what}. The interval of the sharp turns draws those; permutations and ` +
      'criteria take examples for independent, and are surer than they should be.',
  ];
}

function notesOf({ grid, dispersion, fits, turns, measured }: Quanta): string[] {
  const { scales, seeds } = grid;
  const trials = scales.map(({ members }) => members.length);
  const notes: string[] = [];
  if (scales.length > 1 && measured.passage[0] === 1)
    notes.push(
      'No example turns within these widths: how turns are spread, and which model they follow, cannot be told.',
    );
  if (scales.length === 1)
    notes.push('One width: whether and where an example turns can not be told, nor any sigmoid.');
  if (scales.length === 2) {
    notes.push(
      'Two widths: every turn lies between them, and any two accuracies lie on a sigmoid. Train a third width at least.',
    );
  }
  if (seeds.length === 1) {
    notes.push(
      'One seed: what an example does and what this seed does can not be told apart; how wide its passage is neither. Train a second seed at least.',
    );
  }
  if (trials.some((n) => n !== seeds.length)) {
    notes.push(
      `Turns are those of ${counted(seeds.length, 'seed')} with every width; shares and fits take all members.`,
    );
  }
  if (turns.slack.some((slack) => slack > 0)) {
    notes.push(`Failed or solved by all: up to ${Math.max(...turns.slack)} of a width's seeds may disagree.`);
  }
  if (dispersion > 2) {
    notes.push(
      `Accuracies of one width's seeds vary ${dispersion.toFixed(0)} times as much as independent examples would let them: ` +
        'examples succeed and fail together, and the criteria are surer than they should be.',
    );
  }
  const stuck = fits.filter(({ converged }) => !converged);
  if (stuck.length > 0) notes.push(`Not climbed to the top: ${stuck.map(nameOf).join('; ')}.`);
  const most = Math.max(0, ...fits.filter(({ kind }) => kind !== 'continuum').map(({ classes }) => classes.length));
  if (chosenBy(fits).some(({ fit }) => fit.kind === 'classes' && fit.classes.length === most)) {
    notes.push(
      most === mostClasses(trials)
        ? `More than ${most} classes can not be told with ${trials.reduce((a, b) => a + b, 0)} members: there may be any number.`
        : `${most} classes are the most that were tried: read "many", or a continuum of another shape, and not a number.`,
    );
  }
  return notes;
}

function percent(share: number): string {
  return (100 * share).toFixed(2);
}

function turnTable({ grid: { scales, examples }, turns, measured, coinFlips }: Quanta): string {
  const lines = measured.median.map((share, t) => {
    const scale = scales[t];
    const from =
      t === 0 ? `up to ${scale!.width}` : scale === undefined ? `above ${scales.at(-1)!.width}` : String(scale.width);
    return [from, scale === undefined ? '' : grouped(scale.parameters), percent(share), percent(coinFlips.median[t]!)];
  });
  const never = turns.never.reduce((sum, value) => sum + value, 0) / examples;
  const heading = ['stays solved from width', 'parameters', 'examples (%)', 'coin flips (%)'];
  return `${textTable(heading, lines)}\n${percent(never)} % of the examples are never solved, by no member.`;
}

function sharpLines({ sharp, grid, measured, fits }: Quanta): string {
  if (grid.scales.length < 2) return '';
  const { coinFlips, interval } = sharp;
  const whole = 1 - measured.passage[0]!;
  return [
    `sharp turns      ${percent(sharp.share)} % of the examples [${percent(interval.lower)}, ${percent(interval.upper)}]: failed up to one width, solved from the next on`,
    // Where nothing turns, no permutation does either.
    ...(whole === 0
      ? []
      : [
          `  coin flips     ${percent(coinFlips.share)} % [${percent(coinFlips.interval.lower)}, ${percent(coinFlips.interval.upper)}], p = ${coinFlips.pValue.toPrecision(2)} (${coinFlips.permutations} permutations)`,
        ]),
    ...(whole === 0 ? [] : chosenBy(fits)).map(
      ({ by, fit }) => `  ${by.padEnd(15)}${percent(fit.expected.passage[1]!)} % expected by ${nameOf(fit)}`,
    ),
    `passage seen     ${percent(whole)} % of the examples go from failed to solved within these widths${
      whole === 0 ? '' : `; ${percent(sharp.shareOfWhole)} % of those sharply`
    }`,
  ].join('\n');
}

/** What each criterion prefers; one entry where they agree, none without a fit. */
function chosenBy(fits: Quanta['fits']) {
  const [aicc, bic] = [preferred(fits, 'aicc'), preferred(fits, 'bic')];
  if (aicc === undefined || bic === undefined) return [];
  if (aicc === bic) return [{ by: 'AICc and BIC', fit: bic }];
  return [
    { by: 'AICc', fit: aicc },
    { by: 'BIC', fit: bic },
  ];
}

function fitTables({ fits, grid, measured }: Quanta): string {
  const chosen = chosenBy(fits);
  // Nothing turns: any threshold outside of the widths fits as well as any other.
  if (measured.passage[0] === 1 || chosen.length === 0) return '';
  const [aicc, bic] = [chosen[0]!.fit, chosen.at(-1)!.fit];
  const hasFloor = fits.some(({ floor }) => floor > 0);
  const lines = fits.map((fit) => [
    nameOf(fit),
    String(fit.parameters),
    ...(hasFloor ? [percent(fit.floor)] : []),
    (fit.aicc - aicc.aicc).toFixed(1),
    (fit.bic - bic.bic).toFixed(1),
    percent(fit.expected.passage[1]!),
  ]);
  const heading = ['model', 'fitted', ...(hasFloor ? ['floor (%)'] : [])];
  const table = textTable([...heading, 'AICc above best', 'BIC above best', 'sharp turns (%)'], lines);
  const lead = chosen.length === 1 ? [] : ['AICc and BIC do not agree, and neither decides alone.'];
  return [table, ...lead, ...chosen.map((each) => choiceText(each, grid))].join('\n\n');
}

function choiceText({ by, fit }: ReturnType<typeof chosenBy>[number], grid: Quanta['grid']): string {
  const verb = by === 'AICc and BIC' ? 'prefer' : 'prefers';
  const title = `${by} ${verb} ${nameOf(fit)}`;
  return fit.spread === undefined
    ? `${title}:\n\n${classTable(fit.classes, grid)}`
    : `${title}: ${spreadOf(fit.spread, grid)}`;
}

/** What lies beyond the scales is an extrapolation, and only its side is told. */
function spreadOf(
  { mean, standardDeviation }: { readonly mean: number; readonly standardDeviation: number },
  { scales }: Quanta['grid'],
): string {
  const [first, last] = [Math.log(scales[0]!.parameters), Math.log(scales.at(-1)!.parameters)];
  const decades = (width: number) => `${(width / Math.LN10).toFixed(2)} decades`;
  const centre =
    mean < first
      ? 'below the smallest width'
      : mean > last
        ? 'above the largest width'
        : `around ${grouped(Math.round(Math.exp(mean)))} parameters`;
  const spread =
    standardDeviation > last - first
      ? `a standard deviation of more than the ${decades(last - first)} that the widths span`
      : `standard deviation ${decades(standardDeviation)}`;
  return `thresholds ${centre}, ${spread}`;
}

function classTable(classes: readonly LatentClass[], { scales }: Quanta['grid']): string {
  const [first, last] = [scales[0]!, scales.at(-1)!];
  const lines = classes.map((each) => [
    percent(each.weight),
    half(each, first.parameters, last.parameters),
    Math.abs(each.solved.at(-1)! - each.solved[0]!) < 0.01 ? '-' : passageDecades(each).toFixed(2),
    percent(each.solved[0]!),
    percent(each.solved.at(-1)!),
  ]);
  const heading = ['examples (%)', 'half known at parameters', '10 to 90 % in decades'];
  return textTable([...heading, `solved at w = ${first.width} (%)`, `at w = ${last.width} (%)`], lines);
}

/** A threshold outside the scales is an extrapolation, and only its side is told. */
function half({ threshold, logit }: LatentClass, first: number, last: number): string {
  const parameters = Math.exp(threshold);
  if (parameters >= first && parameters <= last) return grouped(Number(parameters.toPrecision(3)));
  return logit > 0 ? 'below the smallest' : 'above the largest';
}

interface Written {
  readonly record: RunRecord;
  readonly result: Quanta;
  readonly members: readonly ReadMember[];
  readonly meaning: string;
}

async function write(folder: string, { record, result, members, meaning }: Written): Promise<string[]> {
  const { arch, dataset } = record.experiment;
  const { examples } = result.grid;
  const testSet = `${grouped(examples)} test ${outcomeKinds[arch] === 'sequences' ? 'images in sequences' : 'images'}`;
  const about = { run: record.name, arch, dataset, solved: meaning, testSet, quanta: result };
  const svg = await toSvg(quantaFigure(about));
  const files = { 'quanta.csv': csvOf(result, members[0]!.columns), 'quanta.svg': svg, 'quanta.png': toPng(svg) };
  const written: string[] = [];
  for (const [name, content] of Object.entries(files)) {
    const file = path.join(folder, name);
    await writeFileAtomic(file, content);
    written.push(file);
  }
  return written;
}

/** A row per example; `docs/quanta.md` has the columns. */
function csvOf({ grid, turns }: Quanta, { example, sequence, position, label }: ReadMember['columns']): string {
  const { scales, seeds, counts } = grid;
  const steps = passageSteps(turns, scales.length);
  const keys = Object.entries({ example, sequence, position, label }).filter(([, column]) => column !== undefined);
  const heading = [
    ...keys.map(([name]) => name),
    ...['turn', 'after_width', 'by_width', 'passage_steps', 'passage_decades', 'sharp'],
    ...scales.map(({ width }) => `solved_w${width}`),
    ...seeds.map((seed) => `by_width_s${seed}`),
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
