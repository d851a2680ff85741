/** Runs on disk without a training: outcomes drawn from a closed form, everything else as in a real run. */
import * as fs from 'node:fs/promises';
import * as os from 'node:os';
import * as path from 'node:path';
import { onTestFinished } from 'vitest';
import { resolveExperiment, type Experiment } from '../../src/experiment/schema.js';
import { writeFileAtomic } from '../../src/machine/files.js';
import { sha256File } from '../../src/machine/inputs.js';
import { encodeHistory } from '../../src/runs/history.js';
import {
  decodeWithGroup,
  encodeMoment,
  encodeOutcomes,
  momentFile,
  type OutcomeColumns,
  type OutcomeName,
  type OutcomeTable,
} from '../../src/runs/outcomes.js';
import {
  digestOfRun,
  memberId,
  recordFormat,
  type EpochRecord,
  type MemberKey,
  type MemberRecord,
  type RunRecord,
} from '../../src/runs/record.js';
import { memberFolder, membersOf, readRunRecord, writeMemberRecord, writeRunRecord } from '../../src/runs/run.js';
import { encodeSafetensors } from '../../src/runs/safetensors.js';
import { Random } from '../../src/statistics/random.js';

/** A folder that is removed when the test ends. */
export async function temporaryFolder(): Promise<string> {
  const folder = await fs.mkdtemp(path.join(os.tmpdir(), 'emergence-test-'));
  onTestFinished(() => fs.rm(folder, { recursive: true, force: true }));
  return folder;
}

export const experiment: Experiment = resolveExperiment({
  arch: 'cnn',
  dataset: 'mnist',
  widths: [8, 16],
  seeds: [0],
  epochs: 3,
  learningRate: 0.001,
});

export function runRecord(changes: Partial<RunRecord> = {}): RunRecord {
  return {
    format: recordFormat,
    name: 'lenet',
    created: '2026-01-02T03:04:05.000Z',
    experiment,
    dataset: {
      name: 'mnist',
      fingerprint: 'a'.repeat(64),
      shape: { height: 28, width: 28, channels: 1 },
      classes: 10,
      meanPixel: 0.13,
      trainCount: 60000,
      testCount: 10000,
      licence: 'none stated',
      citation: 'LeCun et al. 1998',
    },
    device: { kind: 'cpu', name: 'a processor' },
    threads: {},
    eager: false,
    versions: { lab: '0.1.0', node: 'v20.9.0', tensorflow: '2.21.0', tfjs: '4.22.0', platform: 'linux-x64' },
    gitCommit: null,
    ...changes,
  };
}

export function memberRecord(key: MemberKey, changes: Partial<MemberRecord> = {}): MemberRecord {
  return {
    format: recordFormat,
    id: memberId(key),
    ...key,
    status: 'complete',
    experiment: digestOfRun(runRecord()),
    begun: '2026-01-01T12:00:00.000Z',
    parameters: lenetParameters(key.width),
    trainingFlops: 1e9 * key.width,
    threads: 1,
    epochsDone: 3,
    steps: 1404,
    trainingSeconds: key.width / 4,
    evaluationSeconds: 0.5,
    peakMemoryBytes: 5e8,
    files: {},
    ...changes,
  };
}

/** The LeNet family on 28 x 28 images: two 5 x 5 convolutions, 16 positions of 2w channels, 8w hidden units, 10 classes. */
export function lenetParameters(w: number): number {
  return 25 * w + w + (25 * w * 2 * w + 2 * w) + (16 * 2 * w * 8 * w + 8 * w) + (8 * w * 10 + 10);
}

/** Right with probability `p`, each image independently; cross-entropy and the rest agree with that roughly. */
export function syntheticOutcomes(count: number, p: number, random: Random): OutcomeColumns {
  const example = Int32Array.from({ length: count }, (_, i) => i);
  const label = example.map(() => random.integer(10));
  const correct = Uint8Array.from(example, () => Number(random.uniform() < p));
  const confidence = Float32Array.from(example, () => 0.5 + random.uniform() / 2);
  const probability = confidence.map((value, i) => (correct[i] === 1 ? value : (1 - value) / 9));
  return {
    example,
    label,
    predicted: label.map((value, i) => (value + 1 - correct[i]!) % 10),
    correct,
    log_probability: probability.map(Math.log),
    brier: probability.map((value) => 2 * (1 - value) ** 2),
    confidence,
    margin: probability.map((value, i) => (correct[i] === 1 ? 2 * value - 1 : value - confidence[i]!)),
    rank: example.map((i) => 2 - correct[i]!),
  };
}

export interface SyntheticRun {
  readonly folder: string;
  readonly record?: Partial<RunRecord>;
  readonly widths: readonly number[];
  readonly seeds: readonly number[];
  /** Probability of being right, by member. */
  readonly accuracy: (key: MemberKey) => number;
}

/** Writes a whole run, every member complete. */
export async function writeSyntheticRun({
  folder,
  record = {},
  widths,
  seeds,
  accuracy,
}: SyntheticRun): Promise<RunRecord> {
  const run = runRecord({ ...record, experiment: { ...experiment, widths: [...widths], seeds: [...seeds] } });
  await writeRunRecord(folder, run);
  for (const key of membersOf(run.experiment)) {
    const random = Random.named(key.seed, 'synthetic', key.width);
    await writeMember(folder, key, syntheticOutcomes(run.dataset.testCount, accuracy(key), random));
  }
  return run;
}

/** `moments`: outcomes by the step after which they were taken; `further`: other files by name. */
export async function writeMember(
  runFolder: string,
  key: MemberKey,
  outcomes: OutcomeColumns,
  moments: ReadonlyMap<number, OutcomeColumns> = new Map(),
  further: Readonly<Record<string, Uint8Array>> = {},
): Promise<void> {
  const folder = memberFolder(runFolder, key);
  const run = await readRunRecord(runFolder);
  const record = memberRecord(key, run === undefined ? {} : { experiment: digestOfRun(run, key) });
  const contents = {
    'weights.safetensors': encodeSafetensors(
      new Map([['bias', { shape: [2], data: Float32Array.of(key.width, key.seed) }]]),
    ),
    'history.jsonl': encodeHistory([1, 2, 3].map(epochRecord)),
    'outcomes.parquet': encodeOutcomes(outcomes),
    ...Object.fromEntries([...moments].map(([step, columns]) => [momentFile(step), encodeMoment(columns)])),
    ...further,
  };
  await writeMemberRecord(folder, record);
  const files: Record<string, string> = {};
  for (const [name, data] of Object.entries(contents)) {
    await writeFileAtomic(path.join(folder, name), data);
    files[name] = await sha256File(path.join(folder, name));
  }
  await writeMemberRecord(folder, { ...record, files });
}

export function epochRecord(epoch: number): EpochRecord {
  return {
    epoch,
    step: 468 * epoch,
    trainLoss: 1 / epoch,
    trainAccuracy: 1 - 0.5 / epoch,
    learningRate: 0.001,
    examplesPerSecond: 12345.5,
    seconds: 4.875,
  };
}

/** Columns of a file, and its groups if it has any. */
export async function readOutcomes(file: string, names: readonly OutcomeName[]): Promise<Partial<OutcomeTable>> {
  return decodeWithGroup(await fs.readFile(file), names, file);
}
