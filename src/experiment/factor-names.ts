/** Names of the factors, for code that needs nothing else of the experiment: a page, which has no schema. */

/**
 * Options other than the width in which members may differ: any number that leaves the test set unchanged, and the
 * classes.
 */
export const factorKeys = [
  'depth',
  'blocks',
  'heads',
  'trainSize',
  'classes',
  'steps',
  'epochs',
  'batchSize',
  'learningRate',
  'weightDecay',
  'imageSize',
  'labelNoise',
  'augmentShift',
  'augmentRotation',
  'augmentScale',
  'dropout',
  'burstiness',
  'labelRemapping',
  'zipf',
] as const;
export type FactorKey = (typeof factorKeys)[number];

/** Keys of the factors other than the width. */
export function furtherFactors({
  grid = {},
}: {
  readonly grid?: Readonly<Partial<Record<FactorKey, unknown>>> | undefined;
}): FactorKey[] {
  return factorKeys.filter((key) => grid[key] !== undefined);
}

/** `batch-size` for `batchSize`. */
export function optionOf(key: string): string {
  return key.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
}

/** `batchSize` for `batch-size`. */
export function keyOfOption(option: string): string {
  return option.replace(/-([a-z])/g, (_, letter: string) => letter.toUpperCase());
}
