/**
 * Worker threads that help this one, each holding some of the columns of a `sumsKernel` in its own memory. Requests and
 * answers go through shared memory, and this thread waits for them, so callers do not have to be asynchronous. An idle
 * thread sleeps and does not keep the process alive.
 */
import { MessageChannel, Worker } from 'node:worker_threads';
import { binary } from './binary.js';
import { OutOfMemory } from './out-of-memory.js';

/** Lists of columns that a helper has at once: of sequences, images and what is a sequence's own. */
const slots = 2;

/**
 * Indices into `control`: counters of requests made and done; a request's fields: slot, planes, row, bytes, lists, turns; whether one
 * failed.
 */
const [asked, done, requestAt, failed] = [0, 1, 2, 8] as const;

/** Plain JavaScript: a thread created from text needs no loader. A request without lists brings columns. */
const program = `
  const { receiveMessageOnPort, workerData } = require('node:worker_threads');
  const { control, port, binary, listsAtOnce } = workerData;
  const compiled = new WebAssembly.Module(Buffer.from(binary, 'base64'));
  const slots = [];
  const slotOf = (bytes, which) => {
    const slot = (slots[which] ??= (() => {
      const memory = new WebAssembly.Memory({ initial: 1 });
      return { memory, kernels: new WebAssembly.Instance(compiled, { kernels: { memory } }).exports };
    })());
    const more = Math.ceil((bytes - slot.memory.buffer.byteLength) / 65536);
    if (more > 0) slot.memory.grow(more);
    return slot;
  };
  let shared;
  for (let seen = 0; ; ) {
    Atomics.wait(control, ${asked}, seen);
    seen = Atomics.load(control, ${asked});
    for (let told; (told = receiveMessageOnPort(port)) !== undefined; ) shared = told.message;
    try {
      const [which, planes, row, bytes, lists, turns] = control.subarray(${requestAt}, ${failed});
      const countsAt = bytes * row * planes;
      const sumsAt = countsAt + listsAtOnce * row;
      const { memory, kernels } = slotOf(sumsAt + 4 * listsAtOnce * planes, which);
      if (lists === 0) new Uint8Array(memory.buffer, 0, countsAt).set(new Uint8Array(shared.planes, 0, countsAt));
      else {
        new Uint8Array(memory.buffer, countsAt, lists * row).set(new Uint8Array(shared.counts, 0, lists * row));
        if (bytes === 1) kernels.countedShares(0, planes, countsAt, lists, row, sumsAt, turns);
        else kernels.countedSums(0, planes, countsAt, lists, row, sumsAt);
        new Int32Array(shared.sums, 0, lists * planes).set(new Int32Array(memory.buffer, sumsAt, lists * planes));
      }
    } catch (error) {
      control[${failed}] = 1;
    }
    Atomics.store(control, ${done}, seen);
    Atomics.notify(control, ${done});
  }
`;

/** Columns of a kernel that a helper sums. */
export interface Share {
  /** Even. */
  readonly planes: number;
  /** Numbers in a plane: the units, padded to a multiple of 16. */
  readonly row: number;
  /** Of each number: 1 for shares. */
  readonly bytes: 1 | 2;
  /** Writes all planes, `[planes][row]`, to the start of a memory. */
  readonly write: (memory: ArrayBufferLike) => void;
}

export interface Helper {
  /** Starts loading columns, unless they are already loaded. */
  load(share: Share): void;
  /** Starts a sum; `counts` `[lists][row]`, lists a multiple of four; `turns` as `countedShares` has them. */
  begin(share: Share, counts: Uint8Array, lists: number, turns: number): void;
  /** The result of `begin`, `[lists][planes]`: must be read before the next request. */
  end(): Int32Array;
}

/** Memory that a helper and this thread share. */
interface Shared {
  readonly planes: Uint8Array;
  readonly counts: Uint8Array;
  readonly sums: Int32Array;
}

/** As many as were ever requested at once; they are kept as long as none fails. */
const team: { readonly helper: Helper; readonly dismiss: () => void }[] = [];

/** Fewer than `count` if the system gives no more threads. */
export function helpers(count: number, listsAtOnce: number): readonly Helper[] {
  while (team.length < count) {
    try {
      team.push(startHelper(listsAtOnce));
    } catch (error) {
      if (error instanceof Error && 'code' in error && error.code === 'ERR_WORKER_INIT_FAILED') break;
      throw error;
    }
  }
  return team.slice(0, count).map(({ helper }) => helper);
}

/** After a failure nobody knows what each thread holds: others are started for the next kernel. */
function fail(reason: string): never {
  for (const { dismiss } of team.splice(0)) dismiss();
  throw new OutOfMemory(reason);
}

/** A thread that has not answered for this long, to a request that takes milliseconds, is considered dead. */
const hangingMilliseconds = 600_000;

function startHelper(listsAtOnce: number): (typeof team)[number] {
  const control = new Int32Array(new SharedArrayBuffer(4 * (failed + 1)));
  const { port1: port, port2 } = new MessageChannel();
  const worker = new Worker(program, {
    eval: true,
    execArgv: [],
    env: {},
    workerData: { control, port: port2, binary, listsAtOnce },
    transferList: [port2],
  });
  worker.unref();
  // A thread that dies is missed by whoever waits for it.
  worker.on('error', () => undefined);
  port.unref();
  let shared: Shared = { planes: new Uint8Array(), counts: new Uint8Array(), sums: new Int32Array() };
  /** Reused, and enlarged when necessary, so that a sleeping thread has nothing to garbage-collect. */
  const provide = ({ planes, row, bytes }: Share) => {
    const needed = { planes: planes * row * bytes, counts: listsAtOnce * row, sums: listsAtOnce * planes };
    const isEnough = (name: keyof typeof needed) => shared[name].length >= needed[name];
    if (isEnough('planes') && isEnough('counts') && isEnough('sums')) return;
    shared = {
      planes: new Uint8Array(new SharedArrayBuffer(Math.max(needed.planes, shared.planes.length))),
      counts: new Uint8Array(new SharedArrayBuffer(Math.max(needed.counts, shared.counts.length))),
      sums: new Int32Array(new SharedArrayBuffer(4 * Math.max(needed.sums, shared.sums.length))),
    };
    port.postMessage({ planes: shared.planes.buffer, counts: shared.counts.buffer, sums: shared.sums.buffer });
  };
  let isGone = false;
  const wait = () => {
    if (isGone) throw new OutOfMemory('the thread that had these outcomes is gone');
    const request = Atomics.load(control, asked);
    for (let seen = Atomics.load(control, done); seen !== request; seen = Atomics.load(control, done)) {
      if (Atomics.wait(control, done, seen, hangingMilliseconds) === 'timed-out')
        fail('a thread that sums outcomes does not answer');
    }
    if (control[failed] === 1) fail('a thread that sums outcomes failed');
  };
  const ask = (share: Share, slot: number, lists: number, turns: number) => {
    control.set([slot, share.planes, share.row, share.bytes, lists, turns], requestAt);
    Atomics.add(control, asked, 1);
    Atomics.notify(control, asked);
  };
  const loaded: Share[] = [];
  let last = 0;
  let output = 0;
  const load = (share: Share) => {
    wait();
    const known = loaded.indexOf(share);
    if (known >= 0) {
      last = known;
      return;
    }
    last = loaded.length < slots ? loaded.length : (last + 1) % slots;
    loaded[last] = share;
    provide(share);
    share.write(shared.planes.buffer);
    ask(share, last, 0, 0);
  };
  const helper: Helper = {
    load,
    begin(share, counts, lists, turns) {
      load(share);
      wait();
      provide(share);
      shared.counts.set(counts.subarray(0, lists * share.row));
      output = lists * share.planes;
      ask(share, last, lists, turns);
    },
    end() {
      wait();
      return shared.sums.subarray(0, output);
    },
  };
  const dismiss = () => {
    isGone = true;
    void worker.terminate();
  };
  return { helper, dismiss };
}
