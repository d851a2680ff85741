import { nth } from '../../machine/present.js';

/** Fewer of a long list, spread evenly, the first and the last among them: a picture shows no more than it has room for. */
export function thinned<T>(all: readonly T[], most: number): readonly T[] {
  if (all.length <= most) return all;
  const step = (all.length - 1) / (most - 1);
  return Array.from({ length: most }, (_, i) => nth(all, Math.round(i * step)));
}
