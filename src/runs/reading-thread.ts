/** A thread that reads members for `reading.ts`. */
import { parentPort, workerData } from 'node:worker_threads';
import { present } from '../machine/present.js';
import type { OutcomeName } from './outcomes.js';
import { memberReader, type MemberReader, type ReadableMember } from './read-member.js';
import type { Answer } from './reading.js';

const { names } = workerData as { readonly names: readonly OutcomeName[] };
const port = present(parentPort);
let before: Promise<void> = Promise.resolve();

port.on('message', (members: readonly ReadableMember[]) => {
  before = before.then(() => answer(members));
});

async function answer(members: readonly ReadableMember[]): Promise<void> {
  // Columns that are sent are no longer here, so that none is kept for the next message.
  const read = memberReader(names);
  const found: Awaited<Answer>[number][] = [];
  for (const member of members) found.push(await orUndefined(read(member)));
  const columns = found.flatMap((each) =>
    typeof each === 'object' ? [...Object.values(each.outcomes), ...(each.rows === undefined ? [] : [each.rows])] : [],
  );
  port.postMessage(found, [...new Set(columns.map(({ buffer }) => buffer as ArrayBuffer))]);
}

/** Undefined for a failure, which the main thread meets again when it reads the member itself. */
async function orUndefined(read: ReturnType<MemberReader>): ReturnType<MemberReader> | Promise<undefined> {
  return read.catch(() => undefined);
}
