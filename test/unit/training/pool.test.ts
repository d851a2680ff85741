import { once } from 'node:events';
import * as fs from 'node:fs';
import * as net from 'node:net';
import * as os from 'node:os';
import * as path from 'node:path';
import { afterAll, beforeAll, describe, expect, onTestFinished, test, vi } from 'vitest';
import type { TrainingEvent } from '../../../src/training/events.js';
import { runPool, type PoolJob, type PoolOptions } from '../../../src/training/pool.js';
import { IdleWorkers } from '../../../src/training/worker-process.js';
import { isRunning, until } from '../../support/processes.js';

/** Real processes: a worker that does what its job says. */
const workerSource = `
import { once } from 'node:events';
import * as net from 'node:net';
// With 'stays' it says that it is ready for the next, and waits for it.
const hear = ({ jobs, environment }) => {
  Object.assign(process.env, environment);
  if (!jobs.some(({ stays }) => stays)) process.off('message', hear);
  for (const job of jobs) work(job);
};
process.on('message', hear);
async function work(job) {
  const member = job.id;
  if (job.late) process.once('SIGTERM', () => {
    process.send({ type: 'complete', member, seconds: 0, peakMemoryBytes: 1 });
    process.send({ type: 'ready' });
  });
  if (job.stubborn) process.on('SIGTERM', () => process.send({ type: 'evaluated', member, examples: 0, seconds: 0 }));
  process.send({ type: 'started', member, threads: 1, epochs: process.pid, steps: 1, stepsPerEpoch: 1, fromEpoch: 0 });
  for (const line of job.print ?? []) console.error(line);
  if (job.kill) process.kill(process.pid, job.kill);
  if (job.code !== undefined) process.exit(job.code);
  if (job.send) process.send(job.send);
  if (job.fail) return process.send({ type: 'failed', member, reason: job.fail, lastWords: '' });
  if (job.stay) await new Promise(() => setInterval(() => {}, 60_000));
  if (job.gate) await once(net.connect(job.gate).resume(), 'close');
  const value = job.tellGpu ? process.env.CUDA_VISIBLE_DEVICES : process.env.TEST_VALUE;
  process.send({ type: 'complete', member, seconds: value === undefined ? NaN : Number(value), peakMemoryBytes: 1 });
  if (job.stays) process.send({ type: 'ready' });
}
`;

let folder = '';
beforeAll(() => {
  folder = fs.mkdtempSync(path.join(os.tmpdir(), 'emergence-pool-'));
  fs.writeFileSync(path.join(folder, 'worker.mjs'), workerSource);
});
afterAll(() => {
  fs.rmSync(folder, { recursive: true, maxRetries: 10 });
});

function job(id: string, what: object = {}, threads = 1): PoolJob {
  return { members: [{ id, job: { id, ...what } }], threads, environment: {} };
}

/** A socket on which jobs wait until it is opened. */
async function closedGate(name: string): Promise<{ readonly path: string; readonly open: () => void }> {
  const waiting = new Set<net.Socket>();
  let isOpen = false;
  const server = net.createServer((socket) => {
    // A killed worker resets its connection.
    socket.on('error', () => undefined);
    if (isOpen) socket.end();
    else waiting.add(socket);
  });
  const gate = { path: path.join(folder, name), open };
  function open(): void {
    isOpen = true;
    for (const socket of waiting) socket.end();
  }
  server.listen(gate.path);
  await once(server, 'listening');
  onTestFinished(() => {
    open();
    server.close();
  });
  return gate;
}

/** Runs the jobs; `log` has `+id` and `-id` for each start and end. */
async function run(jobs: readonly PoolJob[], options: Partial<PoolOptions> = {}) {
  const events: TrainingEvent[] = [];
  const log: string[] = [];
  const onEvent = (event: TrainingEvent) => {
    events.push(event);
    if (event.type === 'started') log.push(`+${event.member}`);
    if (event.type === 'complete' || event.type === 'failed') log.push(`-${event.member}`);
    options.onEvent?.(event);
  };
  const pool = { jobs, maxThreads: 2, workerFile: path.join(folder, 'worker.mjs'), execArgv: [], ...options, onEvent };
  const result = await runPool(pool);
  return { result, events, log };
}

function failures(events: readonly TrainingEvent[]) {
  return events.filter((event) => event.type === 'failed').map(({ reason, lastWords }) => ({ reason, lastWords }));
}

test('jobs start in their order, as many as there are threads for', async () => {
  const gate = await closedGate('order');
  const held = { gate: gate.path };
  const begun = new Set<string>();
  const { result, log } = await run([job('a', {}, 2), job('b', held), job('c', held), job('d', {}, 2)], {
    // b and c end only once both have begun; if one waited for the other to end, this would never end.
    onEvent: ({ type, member }) => {
      if (type === 'started' && begun.add(member).has('b') && begun.has('c')) gate.open();
    },
  });
  expect(result).toEqual({
    complete: expect.arrayContaining(['a', 'b', 'c', 'd']) as string[],
    kept: [],
    busy: [],
    failed: [],
    stopped: [],
  });
  expect(log.slice(0, 2)).toEqual(['+a', '-a']);
  expect(log.slice(2, 4).sort()).toEqual(['+b', '+c']);
  expect(log.slice(4, 6).sort()).toEqual(['-b', '-c']);
  expect(log.slice(6)).toEqual(['+d', '-d']);
});

test('a worker that was started before takes the first job, with its environment; the next one gets its own', async () => {
  const idle = new IdleWorkers();
  const before = idle.startAhead({ workerFile: path.join(folder, 'worker.mjs'), execArgv: [] }).process.pid;
  const withValue = { ...job('a'), environment: { TEST_VALUE: '7' } };
  const { events } = await run([withValue, job('b')], { idle, maxJobs: 1 });
  const pids = events.filter((event) => event.type === 'started').map(({ epochs }) => epochs);
  expect(pids[0]).toBe(before);
  expect(pids[1]).not.toBe(before);
  expect(events.flatMap((event) => (event.type === 'complete' ? [event.seconds] : []))).toEqual([7, NaN]);
});

test('a worker that was started before and has died, or was dropped, is not used', async () => {
  const idle = new IdleWorkers();
  idle.startAhead({ workerFile: path.join(folder, 'worker.mjs'), execArgv: [] });
  idle.dismiss();
  expect(idle.take({ environment: {} })).toBeUndefined();
  const { pid } = idle.startAhead({ workerFile: path.join(folder, 'missing.mjs'), execArgv: [] }).process;
  expect(await until(() => !isRunning(pid!), 60_000)).toBe(true);
  const { result } = await run([job('a')], { idle });
  expect(result.complete).toEqual(['a']);
});

test('a job given to a waiting worker that dies before it hears of it gets another worker', async () => {
  const idle = new IdleWorkers();
  const { process: child } = idle.startAhead({ workerFile: path.join(folder, 'worker.mjs'), execArgv: [] });
  // It dies as the job is on its way.
  const sent = vi.spyOn(child, 'send').mockImplementation(() => child.kill('SIGKILL'));
  const { result, events } = await run([job('a')], { idle });
  expect(sent).toHaveBeenCalledTimes(1);
  expect(result).toMatchObject({ complete: ['a'], failed: [] });
  expect(failures(events)).toEqual([]);
});

test('maxJobs is a separate limit', async () => {
  const { log } = await run([job('a'), job('b')], { maxJobs: 1 });
  expect(log).toEqual(['+a', '-a', '+b', '-b']);
});

test('a worker has the environment of its job, and NaN survives the way', async () => {
  const withValue = { ...job('a'), environment: { TEST_VALUE: '7' } };
  const { events } = await run([withValue, job('b')]);
  const seconds = events.filter((event) => event.type === 'complete').map((event) => [event.member, event.seconds]);
  expect(Object.fromEntries(seconds)).toEqual({ a: 7, b: NaN });
});

describe('a dying worker is reported with its last words, and the others continue', () => {
  test.each<[string, object, string]>([
    ['killed', { kill: 'SIGKILL' }, 'the worker was killed by SIGKILL, usually because memory ran out'],
    ['crashed', { kill: 'SIGSEGV' }, 'the worker was killed by SIGSEGV, a crash in native code'],
    ['gave up', { code: 3 }, 'the worker ended with exit code 3'],
    ['exited early', { code: 0 }, 'the worker ended before it had finished'],
    ['talked nonsense', { send: { type: 'what' }, stay: true }, 'the worker sent a message that is not an event'],
  ])('%s', async (_, what, reason) => {
    const { result, events } = await run([job('a', what), job('b')]);
    expect(result).toEqual({ complete: ['b'], kept: [], busy: [], failed: ['a'], stopped: [] });
    expect(failures(events)).toEqual([{ reason, lastWords: '' }]);
  });

  test('the last twenty lines are kept', async () => {
    const print = Array.from({ length: 50 }, (_, i) => `line ${i}`);
    const { events } = await run([job('a', { print, code: 1 })]);
    expect(failures(events)).toEqual([
      { reason: 'the worker ended with exit code 1', lastWords: print.slice(30).join('\n') },
    ]);
  });

  test("a worker's own account of its failure is the reason, once", async () => {
    const { result, events } = await run([job('a', { print: ['why'], fail: 'the disk is full' })]);
    expect(result.failed).toEqual(['a']);
    expect(failures(events)).toMatchObject([{ reason: 'the disk is full' }]);
  });

  test('a missing program', async () => {
    const { result, events } = await run([job('a')], { workerFile: path.join(folder, 'none.mjs') });
    expect(result.failed).toEqual(['a']);
    expect(failures(events)[0]?.lastWords).toContain('Cannot find module');
  });
});

describe('stopping', () => {
  test('ends running workers, gently or not, and starts no more', async () => {
    const gate = await closedGate('stopping');
    // Only the pool's own patience uses this clock, which has to be advanced explicitly.
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    onTestFinished(() => void vi.useRealTimers());
    const controller = new AbortController();
    const pids = new Map<string, number>();
    const refused: boolean[] = [];
    const held = { gate: gate.path };
    const { result, events } = await run([job('a', held), job('b', { ...held, stubborn: true }), job('c')], {
      signal: controller.signal,
      onEvent: (event) => {
        if (event.type === 'started' && pids.set(event.member, event.epochs).size === 2) controller.abort();
        // b says that it was asked to stop, and stays; it has twenty seconds.
        if (event.type === 'evaluated') {
          vi.advanceTimersByTime(19_999);
          refused.push(isRunning(pids.get(event.member)!));
          vi.advanceTimersByTime(1);
        }
      },
    });
    expect(result.complete).toEqual([]);
    expect(result.failed).toEqual([]);
    expect([...result.stopped].sort()).toEqual(['a', 'b', 'c']);
    expect(failures(events)).toEqual([]);
    expect(refused).toEqual([true]);
    expect([...pids.values()].filter(isRunning)).toEqual([]);
  });

  test('before the start starts nothing', async () => {
    const { result, log } = await run([job('a')], { signal: AbortSignal.abort() });
    expect([result.stopped, log]).toEqual([['a'], []]);
  });
});

describe('a stack, several members in one worker', () => {
  const stack = (members: PoolJob['members']): PoolJob => ({ members, threads: 1, environment: { TEST_VALUE: '1' } });
  const member = (id: string, what: object = {}) => ({ id, job: { id, ...what } });

  test("each ends on its own, and one member's message is not another's last word", async () => {
    const gate = await closedGate('stack');
    const { result, events } = await run(
      [stack([member('a', { fail: 'diverged' }), member('b', { gate: gate.path })])],
      {
        onEvent: ({ type }) => {
          if (type === 'failed') gate.open();
        },
      },
    );
    expect([result.failed, result.complete]).toEqual([['a'], ['b']]);
    expect(failures(events)).toEqual([{ reason: 'diverged', lastWords: '' }]);
  });

  test('those that a crash leaves without a word have failed', async () => {
    const gate = await closedGate('stack-crash');
    const { result, events } = await run([
      stack([member('a'), member('b', { code: 3 }), member('c', { gate: gate.path })]),
    ]);
    // Whether the first has ended before the crash depends on the scheduler.
    expect([...result.complete, ...result.failed].sort()).toEqual(['a', 'b', 'c']);
    expect(result.failed).toEqual(expect.arrayContaining(['b', 'c']));
    expect(new Set(failures(events).map(({ reason }) => reason))).toEqual(
      new Set(['the worker ended with exit code 3']),
    );
  });

  test('is trained without members that are busy, kept or damaged', async () => {
    const { result, log } = await run([
      stack([
        { ...member('a'), take: () => Promise.resolve('busy') },
        { ...member('b'), take: () => Promise.resolve('kept') },
        { ...member('c'), take: () => Promise.reject(new Error('damaged')) },
        member('d'),
      ]),
    ]);
    expect(result).toEqual({ complete: ['d'], kept: ['b'], busy: ['a'], failed: ['c'], stopped: [] });
    expect(log).toEqual(['-c', '+d', '-d']);
  });
});

describe('a worker that is ready for another job', () => {
  const shared = (id: string, { value = '1', ...what }: { value?: string } & Record<string, unknown> = {}) => ({
    ...job(id, { stays: true, ...what }),
    environment: { TEST_VALUE: value },
    sharesWorker: true,
  });
  /** The process of each member. */
  const pidsOf = (events: readonly TrainingEvent[]) =>
    Object.fromEntries(events.flatMap((event) => (event.type === 'started' ? [[event.member, event.epochs]] : [])));

  test('gets the next of the same environment; in the end none is left', async () => {
    const { result, events } = await run([shared('a'), shared('b'), shared('c', { value: '2' }), shared('d')], {
      maxJobs: 1,
    });
    expect(result.complete).toEqual(['a', 'b', 'c', 'd']);
    const pids = pidsOf(events);
    expect(pids.b).toBe(pids.a);
    // c needs another environment: the first worker ends, as it would only hold memory.
    expect(new Set([pids.a, pids.c, pids.d]).size).toBe(3);
    expect(Object.values(pids).filter(isRunning)).toEqual([]);
  });

  test('is not given to a job that wants its own', async () => {
    const { events } = await run([shared('a'), { ...shared('b'), sharesWorker: false }], { maxJobs: 1 });
    const pids = pidsOf(events);
    expect(pids.b).not.toBe(pids.a);
  });

  test('may die in its second job: the first stays complete, the third gets a new one', async () => {
    const { result, events } = await run([shared('a'), shared('b', { kill: 'SIGKILL' }), shared('c')], { maxJobs: 1 });
    expect([result.complete, result.failed]).toEqual([['a', 'c'], ['b']]);
    const pids = pidsOf(events);
    expect(pids.b).toBe(pids.a);
    expect(pids.c).not.toBe(pids.a);
  });

  test('is passed on by a job that finds nothing to do', async () => {
    const kept = { ...shared('b'), members: [{ id: 'b', job: {}, take: () => Promise.resolve('kept' as const) }] };
    const { result, events } = await run([shared('a'), kept, shared('c')], { maxJobs: 1 });
    expect([result.complete, result.kept]).toEqual([['a', 'c'], ['b']]);
    const pids = pidsOf(events);
    expect(pids.c).toBe(pids.a);
  });

  test('may have many jobs without a warning of Node', async () => {
    const warnings: string[] = [];
    // Others than of listeners come from elsewhere, such as a test that shares this process.
    const note = ({ name }: Error) => {
      if (name.startsWith('MaxListeners')) warnings.push(name);
    };
    process.on('warning', note);
    onTestFinished(() => void process.off('warning', note));
    const ids = Array.from({ length: 12 }, (_, i) => `m${i}`);
    const { result, events } = await run(
      ids.map((id) => shared(id)),
      { maxJobs: 1 },
    );
    expect(result.complete).toEqual(ids);
    expect(new Set(Object.values(pidsOf(events))).size).toBe(1);
    await new Promise(setImmediate);
    expect(warnings).toEqual([]);
  });

  test('is not given another job once it is killed, such as for a lost lock', async () => {
    const lock = new AbortController();
    const what = { id: 'a', stays: true };
    const grip = { lost: lock.signal, share: () => undefined, release: () => Promise.resolve(), job: what };
    const locked = { ...shared('a'), members: [{ id: 'a', job: what, take: () => Promise.resolve(grip) }] };
    const { result, events } = await run([locked, shared('b')], {
      maxJobs: 1,
      onEvent: ({ type, member }) => {
        if (type === 'complete' && member === 'a') lock.abort();
      },
    });
    expect(result.complete).toEqual(['a', 'b']);
    const pids = pidsOf(events);
    expect(pids.b).not.toBe(pids.a);
  });

  test('ends, and its members fail, if a lock cannot be shared with it', async () => {
    const share = () => {
      throw new Error('ENOSPC: no space left on device');
    };
    const release = vi.fn(() => Promise.resolve());
    const grip = { lost: new AbortController().signal, share, release, job: {} };
    const locked = { ...shared('b'), members: [{ id: 'b', job: {}, take: () => Promise.resolve(grip) }] };
    const { result, events } = await run([shared('a'), locked, shared('c')], { maxJobs: 1 });
    expect([result.complete, result.failed]).toEqual([['a', 'c'], ['b']]);
    expect(failures(events)).toEqual([{ reason: 'ENOSPC: no space left on device', lastWords: '' }]);
    expect(release).toHaveBeenCalledTimes(1);
    expect(Object.values(pidsOf(events)).filter(isRunning)).toEqual([]);
  });

  test('ends if it was asked to stop and finished instead', async () => {
    // The patience of the pool, after which it would be killed, never ends.
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    onTestFinished(() => void vi.useRealTimers());
    const controller = new AbortController();
    const { result, events } = await run([shared('a', { late: true, stay: true })], {
      signal: controller.signal,
      onEvent: ({ type }) => {
        if (type === 'started') controller.abort();
      },
    });
    expect(result.complete).toEqual(['a']);
    expect(Object.values(pidsOf(events)).filter(isRunning)).toEqual([]);
  });

  test('is stopped in its second job', async () => {
    const gate = await closedGate('second');
    const controller = new AbortController();
    const { result, events } = await run([shared('a'), shared('b', { gate: gate.path })], {
      ...{ maxJobs: 1, signal: controller.signal },
      onEvent: ({ type, member }) => {
        if (type === 'started' && member === 'b') controller.abort();
      },
    });
    expect([result.complete, result.stopped]).toEqual([['a'], ['b']]);
    expect(Object.values(pidsOf(events)).filter(isRunning)).toEqual([]);
  });
});

test('a worker may be TypeScript, whatever the working folder', async () => {
  fs.writeFileSync(path.join(folder, 'worker.ts'), workerSource.replace('const member =', 'const member: string ='));
  const here = process.cwd();
  const workerFile = path.join(folder, 'worker.ts');
  process.chdir(os.tmpdir());
  try {
    const result = await runPool({ jobs: [job('a')], maxThreads: 1, workerFile, onEvent: () => undefined });
    expect(result.complete).toEqual(['a']);
  } finally {
    process.chdir(here);
  }
});

test('a malformed job is a failed event of its member, in one line', async () => {
  const events: TrainingEvent[] = [];
  const { failed } = await runPool({
    jobs: [job('cnn-w4-s0', { width: 0 })],
    maxThreads: 1,
    workerFile: path.resolve('src/training/worker.ts'),
    onEvent: (event) => events.push(event),
  });
  expect(failed).toEqual(['cnn-w4-s0']);
  expect(events).toHaveLength(1);
  expect(events[0]).toMatchObject({ type: 'failed', member: 'cnn-w4-s0' });
  const { reason } = events[0] as Extract<TrainingEvent, { type: 'failed' }>;
  expect(reason).toMatch(/^the job is malformed: width: .*; seed: /);
  expect(reason).not.toContain('\n');
}, 30_000);

test('each worker sees one of several GPUs, and none has two workers before all have one', async () => {
  const gate = await closedGate('gpus');
  const names = ['a', 'b', 'c', 'd', 'e'];
  const jobs = names.map((id) => job(id, { tellGpu: true, gate: gate.path }));
  const seen = new Map<string, number>();
  const ended = run(jobs, {
    ...{ gpus: ['3', '7'], maxThreads: 4 },
    onEvent: (event) => {
      if (event.type === 'complete') seen.set(event.member, event.seconds);
      if (event.type === 'started' && event.member === 'd') gate.open();
    },
  });
  expect((await ended).result.complete).toHaveLength(5);
  expect(['a', 'b', 'c', 'd'].map((id) => seen.get(id))).toEqual([3, 7, 3, 7]);
  expect([3, 7]).toContain(seen.get('e'));
});
