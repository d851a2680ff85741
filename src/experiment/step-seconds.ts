/** How long a training step takes, from its arithmetic: the speeds that plans and estimates are made of. */
import type { Architecture } from './architectures.js';

/** What determines how long it takes. */
export interface StepCost {
  readonly arch: Architecture;
  /** Floating-point operations of one training step. */
  readonly flopsPerStep: number;
}

/**
 * Measured on two cores of a current x86 server (docs/performance.md). `workerSeconds`: a worker's start, until it
 * could compile its first member. `memberSeconds`: each member's compilation and files. `overheadSeconds`: the cost of
 * a step without arithmetic, which in a cnn is that of its few channels. `flopsPerSecond`: one core. `evaluation`: its
 * rate of examples, relative to that of training. How much faster two threads are, for a small and a large step, and in
 * between by the logarithm of its size: `twoBranches`, if each takes half of the batch, and `twoSharing`, if they share
 * each operation, as more than two threads do.
 */
export const cpuSpeed = {
  workerSeconds: 0.8,
  memberSeconds: 0.4,
  overheadSeconds: { cnn: 3.5e-3, autoencoder: 0.7e-3, transformer: 0.55e-3 },
  flopsPerSecond: 80e9,
  evaluation: 2.5,
  twoBranches: { small: { flops: 2e8, speedup: 1.4 }, large: { flops: 3e9, speedup: 1.9 } },
  twoSharing: { small: { flops: 2e8, speedup: 1.25 }, large: { flops: 1e10, speedup: 1.75 } },
} as const;

/**
 * Measured on an H200 with the cnn family at batch 128 (docs/gpu.md): a step costs a millisecond before its arithmetic
 * counts, and a narrow member leaves the GPU idle for most of it. So members share it: 8 of width 8 took 53 s one after
 * the other, 20 s four at once and 15 s all at once. `bytesPerMember` is twice what the widest one tested took.
 */
export const gpuSpeed = {
  workerSeconds: 5,
  overheadSeconds: 1e-3,
  flopsPerSecond: 4e13,
  jobs: 4,
  bytesPerMember: 6e9,
} as const;

/**
 * Seconds of one training step on a CPU. Threads that share operations follow Amdahl's law: `T(t) = T(1) (s + (1 - s) /
 * t)`, with the share s that stays serial.
 */
export function secondsPerStep({ arch, flopsPerStep }: StepCost, threads: number): number {
  const alone = cpuSpeed.overheadSeconds[arch] + flopsPerStep / cpuSpeed.flopsPerSecond;
  if (threads === 2) return alone / speedupAt(flopsPerStep, cpuSpeed.twoBranches);
  // From the speed-up of two threads, S = 1 / (s + (1 - s) / 2).
  const serial = 2 / speedupAt(flopsPerStep, cpuSpeed.twoSharing) - 1;
  return alone * (serial + (1 - serial) / threads);
}

interface Measured {
  readonly flops: number;
  readonly speedup: number;
}

function speedupAt(
  flopsPerStep: number,
  { small, large }: { readonly small: Measured; readonly large: Measured },
): number {
  const position = Math.log(Math.max(1, flopsPerStep) / small.flops) / Math.log(large.flops / small.flops);
  return small.speedup + Math.min(1, Math.max(0, position)) * (large.speedup - small.speedup);
}
