/** Families with each kind of outcomes in memory, and the report's view of them. */
import * as path from 'node:path';
import { loadDataset } from '../../src/datasets/index.js';
import { resolveExperiment } from '../../src/experiment/schema.js';
import type { MemberOutcomes } from '../../src/metrics/curve.js';
import type { OutcomeTable } from '../../src/runs/outcomes.js';
import type { RunRecord } from '../../src/runs/record.js';
import { writeRunRecord } from '../../src/runs/run.js';
import { Random } from '../../src/statistics/random.js';
import { runRecord, writeMember } from './runs.js';

export type Kind = 'cnn' | 'autoencoder' | 'transformer';

export interface FamilyShape {
  readonly arch: Kind;
  readonly widths: readonly number[];
  readonly seeds: readonly number[];
  /** Images, or sequences. */
  readonly count: number;
  readonly name?: string | number;
}

/** Images of a test sequence. */
export const pairs = 4;

/** The columns of one member that a page reads. Examples differ in difficulty, which members share. */
export function outcomesOf({ arch, count, name = 0 }: FamilyShape, width: number, seed: number): Partial<OutcomeTable> {
  const rows = arch === 'transformer' ? count * pairs : count;
  const shared = Random.named(0, 'difficulty', name);
  const own = Random.named(seed, 'member', name, width);
  const skill = Math.log2(width) - 1.5 + 0.1 * own.normal();
  const ease = Float64Array.from({ length: rows }, () => skill + shared.normal() + 0.5 * own.normal());
  const example = Int32Array.from({ length: rows }, (_, i) => i % count);
  const label = example.map((i) => i % 8);
  if (arch === 'autoencoder') {
    const mse = Float32Array.from(ease, (value) => 0.02 * Math.exp(-value));
    return {
      example,
      label,
      mse,
      psnr: mse.map((value) => -10 * Math.log10(value)),
      ssim: mse.map((value) => 1 - value),
    };
  }
  const correct = Uint8Array.from(ease, (value) => Number(value > 0));
  const log_probability = Float32Array.from(ease, (value) => -Math.log1p(Math.exp(-value)));
  if (arch === 'cnn') return { example, label, correct, log_probability };
  const sequence = Int32Array.from({ length: rows }, (_, i) => Math.floor(i / pairs));
  return { example, label, correct, log_probability, sequence, position: sequence.map((_, i) => i % pairs) };
}

export function membersOf(shape: FamilyShape): MemberOutcomes[] {
  return shape.widths.flatMap((width) =>
    shape.seeds.map((seed) => ({
      record: {
        id: `${shape.arch}-w${width}-s${seed}`,
        width,
        seed,
        parameters: 100 * width,
        trainingFlops: 1e6 * width ** 2,
      },
      outcomes: outcomesOf(shape, width, seed),
    })),
  );
}

/** A run of the generated shapes on disk, so that a report has pictures of its test examples. */
export async function writeFamily(folder: string, shape: FamilyShape): Promise<RunRecord> {
  const { arch, widths, seeds, count } = shape;
  const own = arch === 'transformer' ? { pairs, testSequences: count } : {};
  const testSize = arch === 'transformer' ? undefined : count;
  const experiment = resolveExperiment({
    arch,
    dataset: 'shapes',
    widths: [...widths],
    seeds: [...seeds],
    testSize,
    ...own,
  });
  const data = await loadDataset('shapes', { testSize });
  const record = runRecord({
    ...{ name: path.basename(folder), experiment },
    dataset: {
      ...{ name: 'shapes', fingerprint: data.fingerprint, shape: data.shape, classes: data.classes, meanPixel: 0.1 },
      ...{ trainCount: data.train.count, testCount: data.test.count, licence: data.licence, citation: data.citation },
    },
  });
  await writeRunRecord(folder, record);
  for (const width of widths) {
    for (const seed of seeds) await writeMember(folder, { arch, width, seed }, outcomesOf(shape, width, seed));
  }
  return record;
}
