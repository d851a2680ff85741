/**
 * Members' outcomes one after the other, of many members read by several threads: checking and decoding a file of 10 000 examples takes
 * a millisecond, and the processor of the thread that computes is needed for nothing else meanwhile.
 */
import { fileURLToPath } from 'node:url';
import { Worker } from 'node:worker_threads';
import { availableCores } from '../experiment/cores.js';
import { labFolder } from '../machine/installation.js';
import { firstOf, nth } from '../machine/present.js';
import type { OutcomeName } from './outcomes.js';
import { memberReader, type ReadableMember, type ReadOutcomes } from './read-member.js';
import { readingThreadFile } from './reading-thread-file.js';

/** Fewest members worth a thread, which takes 0.1 seconds to start. */
const leastOfThread = 300;
/** Members in a message. */
const inMessage = 16;
/** Messages sent to each thread ahead of the one in use. */
const messagesAhead = 3;

/** What a thread found of the members of a message; undefined for a member that it failed to read. */
export type MembersRead = Promise<readonly (ReadOutcomes | string | undefined)[]>;

/**
 * Each member with its columns, or with what is damaged, in order.
 *
 * @param count of threads; with fewer than two this one reads
 * @throws RunError if a column is missing or a value is not a number
 */
export async function* readInOrder<Member extends ReadableMember>(
  members: readonly Member[],
  names: readonly OutcomeName[],
  count = Math.min(availableCores(), Math.floor(members.length / leastOfThread)),
): AsyncGenerator<readonly [Member, ReadOutcomes | string]> {
  const read = memberReader(names);
  const program = count < 2 ? undefined : await threadProgram();
  const threads = program === undefined ? [] : Array.from({ length: count }, () => startThread(program, names));
  const messages = Array.from({ length: Math.ceil(members.length / inMessage) }, (_, i) =>
    members.slice(i * inMessage, (i + 1) * inMessage),
  );
  // Only those not yet used: all together are several times what callers keep.
  const answers: MembersRead[] = [];
  let asked = 0;
  try {
    for (const [i, message] of messages.entries()) {
      for (; threads.length > 0 && asked < Math.min(messages.length, i + messagesAhead * threads.length); asked++)
        answers.push(nth(threads, asked % threads.length).ask(nth(messages, asked)));
      const found = (await answers.shift()) ?? [];
      for (const [k, member] of message.entries()) yield [member, found[k] ?? (await read(member))];
    }
  } finally {
    for (const { end } of threads) end();
  }
}

interface ReadingThread {
  /** Answers come in the order of requests. */
  readonly ask: (members: readonly ReadableMember[]) => MembersRead;
  readonly end: () => void;
}

function startThread({ source, isText }: ThreadProgram, names: readonly OutcomeName[]): ReadingThread {
  const worker = new Worker(source, {
    ...{ eval: isText, workerData: { names }, execArgv: [] },
    // Little is kept between members: a larger one would fill with what is not needed any more, 60 MB in each thread.
    resourceLimits: { maxYoungGenerationSizeMb: 4 },
  });
  let isGone = false;
  const waiting: ((found: Awaited<MembersRead>) => void)[] = [];
  // Nothing is lost with a thread that dies, or never starts: members without an answer are read here.
  const gone = () => {
    isGone = true;
    for (const answer of waiting.splice(0)) answer([]);
  };
  worker.on('message', (found: Awaited<MembersRead>) => waiting.shift()?.(found));
  worker.on('error', gone);
  worker.on('exit', gone);
  return {
    ask(members) {
      if (isGone) return Promise.resolve([]);
      // Only what is needed: a member's whole record would be copied.
      worker.postMessage(members.map(({ folder, files, moment, probe }) => ({ folder, files, moment, probe })));
      return new Promise((answer) => waiting.push(answer));
    },
    end: () => void worker.terminate(),
  };
}

interface ThreadProgram {
  /** Its file, or itself. */
  readonly source: string;
  readonly isText: boolean;
}

/** Run from TypeScript, this bundles the thread's, since a thread does not inherit what translates that of this one. */
async function threadProgram(): Promise<ThreadProgram> {
  if (readingThreadFile !== undefined) return { source: readingThreadFile, isText: false };
  const { default: esbuild } = await import('esbuild');
  const { outputFiles } = await esbuild.build({
    // Set explicitly: esbuild stays in its first caller's working folder, which may be gone by now.
    absWorkingDir: labFolder,
    entryPoints: [fileURLToPath(new URL('./reading-thread.ts', import.meta.url))],
    ...{ bundle: true, write: false, format: 'cjs', platform: 'node' },
    define: { 'import.meta': JSON.stringify({ url: import.meta.url }) },
  });
  return { source: firstOf(outputFiles).text, isText: true };
}
