/** history.jsonl: how training went, one line of JSON per epoch. */
import { RunError } from '../terminal/errors.js';
import { readTextIfThere } from '../machine/inputs.js';
import { parseJson } from './json.js';
import { epochRecordSchema, type EpochRecord } from './record.js';

/** The file's text. */
export function encodeHistory(history: readonly EpochRecord[]): string {
  return history.map((epoch) => `${JSON.stringify(epoch)}\n`).join('');
}

/** @throws RunError naming `where` and the line that is damaged or out of sequence */
export function decodeHistory(text: string, where: string): EpochRecord[] {
  const lines = text.split('\n');
  if (lines.pop() !== '') throw new RunError('is cut off in its last line', where);
  return lines.map((line, i) => {
    const record = parseJson(epochRecordSchema, line, `${where}:${i + 1}`);
    if (record.epoch === i + 1) return record;
    throw new RunError(`is damaged: epoch ${record.epoch} where ${i + 1} is expected`, `${where}:${i + 1}`);
  });
}

/** History of a member's file; empty if there is none. Throws RunError if it is damaged. */
export async function readHistory(file: string): Promise<EpochRecord[]> {
  return decodeHistory((await readTextIfThere(file)) ?? '', file);
}
