/** Outcomes in few bytes: bits for right answers, a byte for an error's position among cutoffs. Runs in Node and in the page. */
import { bisectRight } from 'd3-array';

export function toBase64(bytes: Uint8Array): string {
  let text = '';
  // A call can have at most about 65 000 arguments.
  for (let i = 0; i < bytes.length; i += 32768) text += String.fromCharCode(...bytes.subarray(i, i + 32768));
  return btoa(text);
}

export function fromBase64(text: string): Uint8Array {
  const binary = atob(text);
  const bytes = new Uint8Array(binary.length);
  for (let i = 0; i < binary.length; i++) bytes[i] = binary.charCodeAt(i);
  return bytes;
}

/** Flags of 0 or 1 as bits, the first in the lowest of the first byte. */
export function packBits(flags: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(Math.ceil(flags.length / 8));
  for (let i = 0; i < flags.length; i++) bytes[i >> 3]! |= flags[i]! << (i & 7);
  return bytes;
}

export function unpackBits(bytes: Uint8Array, count: number): Uint8Array {
  return Uint8Array.from({ length: count }, (_, i) => (bytes[i >> 3]! >> (i & 7)) & 1);
}

export function int32From(bytes: Uint8Array): Int32Array {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return Int32Array.from({ length: bytes.length / 4 }, (_, i) => view.getInt32(4 * i, true));
}

/** Most cutoffs that fit a byte: an error is below none of them, or at one of 255 positions. */
export const mostCutoffs = 255;

/**
 * Cutoffs from `least` to `most`, about evenly spaced in log scale, with at most three digits; including 1, 2 and 5 times the powers
 * of ten, and `chosen`.
 *
 * @param least above 0, and `most` above it
 */
export function cutoffGrid(least: number, most: number, chosen: number): number[] {
  const [from, to] = [Math.min(least, chosen), Math.max(most, chosen)];
  for (let perDecade = 100; ; perDecade--) {
    const [first, last] = [from, to].map((end) => Math.round(perDecade * Math.log10(end))) as [number, number];
    const even = Array.from({ length: last - first + 1 }, (_, i) =>
      Number((10 ** ((first + i) / perDecade)).toPrecision(3)),
    );
    const round = Array.from({ length: 32 }, (_, i) => i - 24)
      .flatMap((exponent) => [1, 2, 5].map((digit) => Number(`${digit}e${exponent}`)))
      .filter((value) => value >= from && value <= to);
    const all = [...new Set([...even, ...round, chosen])].sort((a, b) => a - b);
    if (all.length <= mostCutoffs || perDecade === 1) return all.slice(0, mostCutoffs);
  }
}

/** Each error's code: how many of the cutoffs it is not below. Cutoffs ascend, and are compared as float32, as errors are stored. */
export function codesOf(errors: Float32Array, cutoffs: readonly number[]): Uint8Array {
  const edges = Float32Array.from(cutoffs);
  return Uint8Array.from(errors, (error) => bisectRight(edges, error));
}
