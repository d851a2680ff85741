/**
 * sfc32, Chris Doty-Humphrey's Small Fast Counter (PractRand 0.94), and draws from it. Does not need Node, so that a
 * page draws the same numbers; `random.ts` names its streams.
 */
export class Sfc32 {
  /** NaN if there is none: always a double, which takes no memory of its own. */
  #spareNormal = NaN;

  constructor(
    private a: number,
    private b: number,
    private c: number,
    private counter: number,
  ) {
    for (let i = 0; i < 15; i++) this.uint32();
  }

  /** Uniform in 0 .. 2^32 - 1. */
  uint32(): number {
    const t = (((this.a + this.b) | 0) + this.counter) | 0;
    this.counter = (this.counter + 1) | 0;
    this.a = this.b ^ (this.b >>> 9);
    this.b = (this.c + (this.c << 3)) | 0;
    this.c = (this.c << 21) | (this.c >>> 11);
    this.c = (this.c + t) | 0;
    return t >>> 0;
  }

  /** The next `count` numbers, in a third of the time of `count` calls of `uint32`. */
  fill(words: Uint32Array, count: number): void {
    let a = this.a | 0;
    let b = this.b | 0;
    let c = this.c | 0;
    let counter = this.counter | 0;
    for (let i = 0; i < count; i++) {
      const t = (((a + b) | 0) + counter) | 0;
      counter = (counter + 1) | 0;
      a = b ^ (b >>> 9);
      b = (c + (c << 3)) | 0;
      c = (((c << 21) | (c >>> 11)) + t) | 0;
      words[i] = t;
    }
    this.a = a;
    this.b = b;
    this.c = c;
    this.counter = counter;
  }

  /** Uniform in [0, 1), 53 bits. */
  uniform(): number {
    return ((this.uint32() >>> 5) * 67108864 + (this.uint32() >>> 6)) / 9007199254740992;
  }

  /** Uniform in 0 .. n - 1, without modulo bias. `n` in 1 .. 2^32. */
  integer(n: number): number {
    // Unsigned 32-bit remainders: those of larger numbers are computed as doubles, and take three times as long.
    const size = n >>> 0;
    if (size === 0) return this.uint32();
    const limit = 4294967296 - (((0xffffffff % size) + 1) % size);
    let value;
    do value = this.uint32();
    while (value >= limit);
    return value % size;
  }

  /** Standard normal by Marsaglia's polar method (1964). */
  normal(): number {
    const spare = this.#spareNormal;
    if (!Number.isNaN(spare)) {
      this.#spareNormal = NaN;
      return spare;
    }
    for (;;) {
      const u = 2 * this.uniform() - 1;
      const v = 2 * this.uniform() - 1;
      const s = u * u + v * v;
      if (s >= 1 || s === 0) continue;
      const scale = Math.sqrt((-2 * Math.log(s)) / s);
      this.#spareNormal = v * scale;
      return u * scale;
    }
  }

  /** A uniformly random order of 0 .. n - 1 (Fisher and Yates). */
  permutation(n: number): Int32Array {
    const order = Int32Array.from({ length: n }, (_, i) => i);
    for (let i = n - 1; i > 0; i--) {
      const j = this.integer(i + 1);
      const swap = order[i]!;
      order[i] = order[j]!;
      order[j] = swap;
    }
    return order;
  }
}
