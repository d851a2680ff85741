/** A thread that reads members for `reading.ts`. */
import { parentPort, workerData } from 'node:worker_threads';
import type { OutcomeName } from './outcomes.js';
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
  const columns = found.flatMap((each) =>
    typeof each === 'object' ? [...Object.values(each.outcomes), ...(each.rows === undefined ? [] : [each.rows])] : [],
  );
  parentPort?.postMessage(found, [...new Set(columns.map(({ buffer }) => buffer as ArrayBuffer))]);
}
