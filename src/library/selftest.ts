/**
 * Whether a device trains correctly: a small family of each architecture, twice, and for a GPU compared with the CPU.
 */
import * as fs from 'node:fs/promises';
import * as os from 'node:os';
import * as path from 'node:path';
import type { ExperimentInput } from '../experiment/schema.js';
import { present } from '../machine/present.js';
import { readHistory } from '../runs/history.js';
import type { EpochRecord, MemberRecord } from '../runs/record.js';
import { readMemberRecord, readRunRecord } from '../runs/run.js';
import { RunError } from '../terminal/errors.js';
import { train } from './train.js';

export type SelftestFamily = Partial<ExperimentInput>;

/** Each trains in seconds on two cores, on data that come with the program. */
const selftestFamilies: readonly SelftestFamily[] = [
  {
    ...{ arch: 'cnn', dataset: 'mnist', widths: [8, 32], seeds: [0] },
    ...{ trainSize: 8000, testSize: 1000, epochs: 3, learningRate: 0.001 },
  },
  { arch: 'autoencoder', dataset: 'mnist', widths: [8, 64], seeds: [0], trainSize: 8000, testSize: 1000, epochs: 3 },
  {
    ...{ arch: 'transformer', dataset: 'omniglot-small', widths: [16, 64], seeds: [0] },
    ...{ testSequences: 200, steps: 180, batchSize: 32 },
  },
];

/**
 * How far a GPU's training loss may be from the CPU's, relative to it: kernels round differently and training amplifies
 * that. On an H200 the third epoch's loss of LeNets was within 0.3 % (docs/gpu.md); a wrong kernel or a wrong order of
 * data is off by tens of per cent.
 */
const lossTolerance = 0.02;

export interface SelftestOptions {
  readonly device?: 'cpu' | 'gpu' | 'auto' | undefined;
  readonly families?: readonly SelftestFamily[] | undefined;
  readonly signal?: AbortSignal | undefined;
  /** Called with what is being trained. */
  readonly note?: ((line: string) => void) | undefined;
}

export interface SelftestMember {
  /** `cnn-w8-s0`. */
  readonly id: string;
  readonly device: 'cpu' | 'gpu';
  readonly parameters: number;
  readonly examplesPerSecond: number;
  /** Of the process that trained it, in bytes; without a GPU's own memory. */
  readonly peakMemoryBytes: number | null;
  /** Mean training loss of the last epoch (cross-entropy in nats; autoencoder: squared error per pixel). */
  readonly loss: number;
  /** Whether weights and outcomes had the same bits when it was trained again. */
  readonly sameBits: boolean;
  /** Loss of the same member on the CPU; only for a GPU. */
  readonly cpuLoss?: number;
  /** The epoch that differs most from the CPU's, relative to its loss; only for a GPU. */
  readonly offFromCpu?: number;
}

export interface Selftest {
  readonly members: readonly SelftestMember[];
  /** One line for each failed check. */
  readonly faults: readonly string[];
}

/** What a member's folder contains. */
export interface TestedMember {
  readonly device: 'cpu' | 'gpu';
  readonly record: MemberRecord;
  readonly history: readonly EpochRecord[];
}

/**
 * Trains in a temporary folder.
 *
 * @throws UsageError if a GPU is requested and there is none; RunError if a member could not be trained
 */
export async function selftest({
  device = 'auto',
  families = selftestFamilies,
  signal,
  note = () => undefined,
}: SelftestOptions = {}): Promise<Selftest> {
  const root = await fs.mkdtemp(path.join(os.tmpdir(), 'emergence-selftest-'));
  try {
    const members: SelftestMember[] = [];
    for (const family of families) {
      const trained = (run: string, on: 'cpu' | 'gpu' | 'auto') => trainedMembers(family, { root, run, on, signal });
      note(`training ${present(family.arch)}`);
      const first = await trained(`${present(family.arch)}-first`, device);
      note(`training ${present(family.arch)} again`);
      const again = await trained(`${present(family.arch)}-again`, device);
      const onGpu = [...first.values()].some((each) => each.device === 'gpu');
      if (onGpu) note(`training ${present(family.arch)} on the CPU`);
      const onCpu = onGpu ? await trained(`${present(family.arch)}-cpu`, 'cpu') : undefined;
      for (const [id, member] of first) members.push(compared(member, present(again.get(id)), onCpu?.get(id)));
    }
    members.sort((a, b) => a.id.localeCompare(b.id, 'en', { numeric: true }));
    return { members, faults: members.flatMap(faultsOf) };
  } finally {
    await fs.rm(root, { recursive: true, force: true });
  }
}

async function trainedMembers(
  family: SelftestFamily,
  {
    root,
    run,
    on,
    signal,
  }: { root: string; run: string; on: 'cpu' | 'gpu' | 'auto'; signal?: AbortSignal | undefined },
): Promise<Map<string, TestedMember>> {
  let reason = 'was stopped';
  const { folder, trained } = await train({
    ...{ ...family, root, run, device: on, signal },
    listener: {
      event: (event) => {
        if (event.type === 'failed') reason = event.reason;
      },
    },
  });
  const record = present(await readRunRecord(folder));
  const wanted = present(family.widths).length * present(family.seeds).length;
  if (trained.length < wanted)
    throw new RunError(`${wanted - trained.length} of ${wanted} members failed: ${reason}`, run);
  const entries = trained.map(async (id): Promise<[string, TestedMember]> => {
    const member = path.join(folder, 'members', id);
    const history = await readHistory(path.join(member, 'history.jsonl'));
    return [id, { device: record.device.kind, record: present(await readMemberRecord(member)), history }];
  });
  return new Map(await Promise.all(entries));
}

/** A member, trained twice on a device and perhaps once on the CPU. */
export function compared(first: TestedMember, again: TestedMember, onCpu?: TestedMember): SelftestMember {
  const { record, history, device } = first;
  const last = present(history.at(-1));
  const sameFile = (file: string) =>
    record.files[file] !== undefined && record.files[file] === again.record.files[file];
  return {
    ...{ id: record.id, device, parameters: record.parameters, peakMemoryBytes: record.peakMemoryBytes },
    ...{ examplesPerSecond: last.examplesPerSecond, loss: last.trainLoss },
    sameBits: sameFile('weights.safetensors') && sameFile('outcomes.parquet'),
    ...(onCpu === undefined
      ? {}
      : {
          cpuLoss: present(onCpu.history.at(-1)).trainLoss,
          offFromCpu: Math.max(
            ...history.map(({ trainLoss }, epoch) => {
              const cpu = present(onCpu.history[epoch]).trainLoss;
              return Math.abs(trainLoss - cpu) / cpu;
            }),
          ),
        }),
  };
}

/** One line each. */
export function faultsOf({ id, sameBits, offFromCpu, loss }: SelftestMember): string[] {
  const faults: string[] = [];
  if (!Number.isFinite(loss)) faults.push(`${id}: its loss is not a number`);
  if (!sameBits) faults.push(`${id}: training it again gave different bits`);
  if (offFromCpu !== undefined && !(offFromCpu <= lossTolerance))
    faults.push(
      `${id}: its loss is ${(100 * offFromCpu).toFixed(1)} % off the CPU's, more than ${100 * lossTolerance} %`,
    );
  return faults;
}
