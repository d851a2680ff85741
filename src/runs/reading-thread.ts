/** A thread that reads members for `reading.ts`. */
import { parentPort, workerData } from 'node:worker_threads';
import type { OutcomeName, OutcomeTable } from './outcomes.js';
import { memberReader, withKnown, type ReadableMember, type ReadOutcomes } from './read-member.js';
import type { MembersRead } from './reading.js';

const { names } = workerData as { readonly names: readonly OutcomeName[] };
let before: Promise<void> = Promise.resolve();

parentPort?.on('message', (members: readonly ReadableMember[]) => {
  before = before.then(() => answer(members));
});

async function answer(members: readonly ReadableMember[]): Promise<void> {
  // Columns that are sent are no longer here, so that none is kept for the next message.
  const read = memberReader(names);
  const found: Awaited<MembersRead>[number][] = [];
  // A failure is met again by the main thread, which reads the member itself.
  let known: ReadOutcomes['outcomes'] | undefined;
  for (const member of members) {
    const each = await read(member).catch(() => undefined);
    if (typeof each !== 'object') found.push(each);
    else {
      // Columns that all have are sent once.
      known = withKnown(each.outcomes, known);
      found.push({ ...each, outcomes: known });
    }
  }
  const { packed, slabs } = pack(found);
  const rows = found.flatMap((each) => (typeof each === 'object' && each.rows !== undefined ? [each.rows.buffer] : []));
  parentPort?.postMessage(packed, [...slabs, ...new Set(rows as ArrayBuffer[])]);
}

type Found = Awaited<MembersRead>[number];
type Column = OutcomeTable[OutcomeName];

/**
 * Columns of one name end to end in a memory of their own: single ones would lie between what a thread has long forgotten, which the system
 * then does not get back.
 */
function pack(found: readonly Found[]): { readonly packed: readonly Found[]; readonly slabs: readonly ArrayBuffer[] } {
  const tables = found.flatMap((each) => (typeof each === 'object' ? [each.outcomes] : []));
  const names = new Set(tables.flatMap((table) => Object.keys(table) as OutcomeName[]));
  const moved = new Map<Column, Column>();
  const slabs = Array.from(names, (name) => {
    const columns = new Set(tables.flatMap((table) => table[name] ?? []));
    const slab = new ArrayBuffer([...columns].reduce((bytes, { byteLength }) => bytes + byteLength, 0));
    let at = 0;
    for (const column of columns) {
      const copy = new (column.constructor as new (memory: ArrayBuffer, at: number, length: number) => Column)(
        slab,
        at,
        column.length,
      );
      copy.set(column);
      moved.set(column, copy);
      at += column.byteLength;
    }
    return slab;
  });
  const packed = found.map((each) => {
    if (typeof each !== 'object') return each;
    const outcomes = Object.entries(each.outcomes).map(([name, column]) => [name, moved.get(column)] as const);
    return { ...each, outcomes: Object.fromEntries(outcomes) };
  });
  return { packed, slabs };
}
