/** One member's outcomes from its files, each of which is checked against its hash. */
import * as path from 'node:path';
import { RunError } from '../terminal/errors.js';
import type { FamilyMember } from './opened.js';
import {
  atRows,
  changesWithTraining,
  decodeOutcomes,
  decodeWithGroup,
  lastFile,
  outcomeNames,
  shownFile,
  type OutcomeName,
  type OutcomeTable,
} from './outcomes.js';
import { readMemberFile } from './run.js';

/** What is needed of a member to read it. */
export type ReadableMember = Pick<FamilyMember, 'folder' | 'files' | 'moment' | 'probe'>;

export interface ReadOutcomes {
  readonly outcomes: Partial<OutcomeTable>;
  /** Rows of outcomes.parquet that they are of; undefined for all. */
  readonly rows: Int32Array | undefined;
}

/** Reads columns of a member, or says what is damaged. */
export type MemberReader = (member: ReadableMember) => Promise<ReadOutcomes | string>;

/**
 * Reads these columns of several members. What is the same at all moments of a member is read once.
 *
 * @returns a function that throws RunError if a column is missing or a value is not a number
 */
export function memberReader(names: readonly OutcomeName[]): MemberReader {
  const keysAt = keysOfMoments(names);
  return async (member) => {
    const file = path.join(member.folder, shownFile(member));
    const bytes = await readMemberFile(member.folder, member, path.basename(file));
    if (typeof bytes === 'string') return bytes;
    const read =
      member.moment === undefined
        ? { outcomes: await decodeWithGroup(bytes, names, file), rows: undefined }
        : await atMoment({ bytes, file, names }, await keysAt(member));
    if (typeof read !== 'string') for (const name of names) refuseNaN(read.outcomes[name] ?? [], name, file);
    return read;
  };
}

/** Of the member's last moment, whichever is shown. */
export function outcomesFile({ folder, probe }: Pick<FamilyMember, 'folder' | 'probe'>): string {
  return path.join(folder, lastFile(probe));
}

/** Identifies the item of each row, from a member's last outcomes, read once for all of its moments. Or the damage found. */
function keysOfMoments(names: readonly OutcomeName[]) {
  const known = new Map<string, Promise<Partial<OutcomeTable> | string>>();
  const read = async (member: ReadableMember) => {
    const file = outcomesFile(member);
    const bytes = await readMemberFile(member.folder, member, path.basename(file));
    if (typeof bytes === 'string') return bytes;
    return decodeWithGroup(
      bytes,
      names.filter((each) => !changesWithTraining(each)),
      file,
    );
  };
  return (member: ReadableMember): Promise<Partial<OutcomeTable> | string> => {
    const keys = known.get(outcomesFile(member)) ?? read(member);
    known.set(outcomesFile(member), keys);
    return keys;
  };
}

/**
 * Columns of a moment: those that change from its own file, `keys` from the member's last outcomes. Or the damage
 * found.
 */
async function atMoment(
  { bytes, file, names }: { readonly bytes: Buffer; readonly file: string; readonly names: readonly OutcomeName[] },
  keys: Partial<OutcomeTable> | string,
): Promise<ReadOutcomes | string> {
  if (typeof keys === 'string') return keys;
  const rows = await partOf(bytes, await outcomeNames(bytes, file), file);
  const changed = await decodeOutcomes(bytes, names.filter(changesWithTraining), file);
  return { outcomes: { ...(rows === undefined ? keys : atRows(keys, rows)), ...changed }, rows };
}

/** Rows of outcomes.parquet that a moment's file holds; undefined if it holds all. */
async function partOf(bytes: Buffer, names: readonly OutcomeName[], where: string): Promise<Int32Array | undefined> {
  return names.includes('row') ? (await decodeOutcomes(bytes, ['row'], where)).row : undefined;
}

/** Shares columns that equal another member's, as labels do, so that they are in memory once. */
export function withKnown(
  outcomes: Partial<OutcomeTable>,
  known: Partial<OutcomeTable> | undefined,
): Partial<OutcomeTable> {
  const columns = Object.entries(outcomes).map(([name, column]) => {
    const other = known?.[name as OutcomeName];
    const isSame =
      other !== undefined && !changesWithTraining(name as OutcomeName) && bytesOf(other).equals(bytesOf(column));
    return [name, isSame ? other : column] as const;
  });
  return Object.fromEntries(columns);
}

function bytesOf({ buffer, byteOffset, byteLength }: OutcomeTable[OutcomeName]): Buffer {
  return Buffer.from(buffer, byteOffset, byteLength);
}

function refuseNaN(values: ArrayLike<number>, name: string, file: string): void {
  // Whole numbers are numbers.
  if (!(values instanceof Float32Array || values instanceof Float64Array)) return;
  for (let i = 0; i < values.length; i++) {
    if (Number.isNaN(values[i])) throw new RunError(`column ${name} is not a number in row ${i}`, file);
  }
}
