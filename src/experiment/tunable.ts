/** Options that `--tune` may choose: how a member is trained, not what it is or what it is trained on. */
export const tunableKeys = [
  'learningRate',
  'weightDecay',
  'dropout',
  'augmentShift',
  'augmentRotation',
  'augmentScale',
] as const;
export type TunableKey = (typeof tunableKeys)[number];
