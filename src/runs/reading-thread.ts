/** A thread that reads members for `reading.ts`. */
import { parentPort, workerData } from 'node:worker_threads';
import type { OutcomeName } from './outcomes.js';
import { memberReader, type ReadableMember } from './read-member.js';
import type { Answer } from './reading.js';

const { names } = workerData as { readonly names: readonly OutcomeName[] };
const port = parentPort!;
let before: Promise<void> = Promise.resolve();

port.on('message', (members: readonly ReadableMember[]) => {
  before = before.then(() => answer(members));
});

async function answer(members: readonly ReadableMember[]): Promise<void> {
  // Columns that are sent are no longer here, so that none is kept for the next message.
  const read = memberReader(names);
  const found: Awaited<Answer>[number][] = [];
  // A failure is met again by the main thread, which reads the member itself.
  for (const member of members) found.push(await read(member).catch(() => undefined));
  const columns = found.flatMap((each) =>
    typeof each === 'object' ? [...Object.values(each.outcomes), ...(each.rows === undefined ? [] : [each.rows])] : [],
  );
  port.postMessage(found, [...new Set(columns.map(({ buffer }) => buffer as ArrayBuffer))]);
}
