/**
 * WebAssembly for the bootstrap of a family: kernels.wat, which says what each of them does.
 * Of whole evaluations of 30 members on 10 000 images plain loops take 1.6 times the processor time for means, 5.7 times for AUROCs.
 */
import { binary } from './binary.js';

interface Kernels {
  weightedSums(
    columns: number,
    columnCount: number,
    weights: number,
    listCount: number,
    bytes: number,
    sums: number,
  ): void;
  orderedPairs(rows: number, order: number, negative: number, items: number, pairs: number): void;
}

/** How many lists of weights `PairsKernel` takes at once; `SumsKernel` takes multiples of 4. */
export const listsAtOnce = 16;

const pageBytes = 65_536;
/** What 32 bits of address reach. */
const mostBytes = 65_536 * pageBytes;

let compiled: WebAssembly.Module | undefined;

function kernelsOn(bytes: number): { readonly memory: WebAssembly.Memory; readonly kernels: Kernels } {
  compiled ??= new WebAssembly.Module(Buffer.from(binary, 'base64'));
  const memory = new WebAssembly.Memory({ initial: Math.ceil(bytes / pageBytes) });
  // TypeScript knows nothing of what a module exports.
  const exports: unknown = new WebAssembly.Instance(compiled, { kernels: { memory } }).exports;
  return { memory, kernels: exports as Kernels };
}

const evened = (count: number, step: number) => step * Math.ceil(count / step);

/** Sums of the same columns under many lists of weights. */
export interface SumsKernel {
  /** Weighted sums `[lists][columns]`; `weights` `[listsAtOnce][units]`. */
  sums(weights: readonly Float64Array[]): Float64Array[];
}

/** @returns undefined where the columns, `[units]` each, are more than 4 GB */
export function sumsKernel(columns: readonly Float64Array[]): SumsKernel | undefined {
  const units = columns[0]!.length;
  const columnCount = evened(columns.length, 2);
  // The last of an odd number of units stands beside a 0.
  const bytes = 8 * evened(units, 2);
  const weightsAt = columnCount * bytes;
  const sumsAt = weightsAt + listsAtOnce * bytes;
  const end = sumsAt + 8 * listsAtOnce * columnCount;
  if (end > mostBytes) return undefined;
  const { memory, kernels } = kernelsOn(end);
  const list = (at: number, count: number) => new Float64Array(memory.buffer, at, count);
  columns.forEach((column, c) => {
    list(c * bytes, units).set(column);
  });
  return {
    sums(weights) {
      weights.forEach((each, k) => {
        list(weightsAt + k * bytes, units).set(each);
      });
      kernels.weightedSums(0, columnCount, weightsAt, listsAtOnce, bytes, sumsAt);
      return weights.map((_, k) => list(sumsAt + 8 * k * columnCount, columns.length).slice());
    },
  };
}

/** Items in order, each of a unit, and which of them are negatives. */
export interface Ordered {
  /** The unit of each, `[items]`. */
  readonly unitOf: Int32Array;
  /** `[items]`, 255 or 0. */
  readonly negative: Uint8Array;
}

/** Pairs of a negative and a positive behind it, under many lists of weights of their units. */
export interface PairsKernel {
  /**
   * `[listsAtOnce][units]`: how often each is drawn, 255 times at most. A bootstrap of fewer than 256 units can't draw one more
   * often, and of more it never will: the chance is about 1 / 256!.
   */
  setWeights(weights: readonly Float64Array[]): void;
  /** Share of the pairs of a negative and a positive in which the negative comes first, `[listsAtOnce]`; NaN where there is none. */
  shares(items: Ordered): Float64Array;
}

/**
 * @param items at most
 * @param drawn most items that a draw of as many units as there are may have, each as often as it is drawn
 * @returns undefined where 32 bits can't count their pairs
 */
export function pairsKernel(units: number, items: number, drawn: number): PairsKernel | undefined {
  if (Math.max(items, drawn) >= 2 ** 16) return undefined;
  const orderAt = units * listsAtOnce;
  const negativeAt = orderAt + 4 * items;
  const pairsAt = evened(negativeAt + items, 16);
  const { memory, kernels } = kernelsOn(pairsAt + 8 * listsAtOnce);
  const rows = new Uint8Array(memory.buffer, 0, units * listsAtOnce);
  const order = new Int32Array(memory.buffer, orderAt, items);
  const negative = new Uint8Array(memory.buffer, negativeAt, items);
  const pairs = new Uint32Array(memory.buffer, pairsAt, listsAtOnce);
  const negatives = new Uint16Array(memory.buffer, pairsAt + 4 * listsAtOnce, listsAtOnce);
  const positives = new Uint16Array(memory.buffer, pairsAt + 6 * listsAtOnce, listsAtOnce);
  return {
    setWeights(weights) {
      weights.forEach((list, k) => {
        for (let i = 0, at = k; i < units; i++, at += listsAtOnce) rows[at] = list[i]!;
      });
    },
    shares(ordered) {
      order.set(ordered.unitOf);
      negative.set(ordered.negative);
      kernels.orderedPairs(0, orderAt, negativeAt, ordered.unitOf.length, pairsAt);
      return new Float64Array(listsAtOnce).map((_, k) => pairs[k]! / (negatives[k]! * positives[k]!));
    },
  };
}
