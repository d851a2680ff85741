/** How long a training step takes, from its arithmetic: the speeds that plans and estimates are made of. */

/**
 * Measured on two cores of a current x86 server with the cnn family at batch 128. `workerSeconds`: a worker's start,
 * until it could compile its first member. `memberSeconds`: each member's compilation, evaluation and files.
 * `overheadSeconds`: the cost of a step without arithmetic. `flopsPerSecond`: one core. `twoThreads`: how much faster
 * two threads are, for a small and a large step; in between it grows with the logarithm of the step's size.
 */
export const cpuSpeed = {
  workerSeconds: 0.8,
  memberSeconds: 0.4,
  overheadSeconds: 1.2e-3,
  flopsPerSecond: 60e9,
  twoThreads: { small: { flops: 2e8, speedup: 1.25 }, large: { flops: 1e10, speedup: 1.75 } },
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

/** Seconds of one training step on a CPU, by Amdahl's law: `T(t) = T(1) (s + (1 - s) / t)`, with the share s that stays serial. */
export function secondsPerStep(flopsPerStep: number, threads: number): number {
  const serial = serialShare(flopsPerStep);
  const alone = cpuSpeed.overheadSeconds + flopsPerStep / cpuSpeed.flopsPerSecond;
  return alone * (serial + (1 - serial) / threads);
}

/** From the speed-up of two threads, S = 1 / (s + (1 - s) / 2). */
function serialShare(flopsPerStep: number): number {
  const { small, large } = cpuSpeed.twoThreads;
  const position = Math.log(Math.max(1, flopsPerStep) / small.flops) / Math.log(large.flops / small.flops);
  const speedup = small.speedup + Math.min(1, Math.max(0, position)) * (large.speedup - small.speedup);
  return 2 / speedup - 1;
}
