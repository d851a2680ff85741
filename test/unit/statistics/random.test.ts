import fc from 'fast-check';
import { createHash } from 'node:crypto';
import { expect, test } from 'vitest';
import { Random } from '../../../src/statistics/random.js';

/** sfc32 as in PractRand 0.94 (RNG/arbee, sfc.cpp), in 64-bit integers cut to 32 bits: shares no line with the code under test. */
function* referenceSfc32(words: readonly number[]): Generator<number> {
  const mask = 0xffffffffn;
  let [a, b, c, counter] = words.map((word) => BigInt(word) & mask) as [bigint, bigint, bigint, bigint];
  for (;;) {
    const sum = (a + b + counter) & mask;
    counter = (counter + 1n) & mask;
    a = b ^ (b >> 9n);
    b = (c + (c << 3n)) & mask;
    c = (((c << 21n) | (c >> 11n)) + sum) & mask;
    yield Number(sum);
  }
}

test('is sfc32 seeded with SHA-256 of the name, discarding 15 numbers', () => {
  const digest = createHash('sha256').update('[17,"shuffle",3]').digest();
  const reference = referenceSfc32([0, 4, 8, 12].map((at) => digest.readUInt32LE(at)));
  for (let i = 0; i < 15; i++) reference.next();
  const random = Random.named(17, 'shuffle', 3);
  for (let i = 0; i < 1000; i++) expect(random.uint32()).toBe(reference.next().value);
  const words = new Uint32Array(1000);
  random.fill(words, 999);
  for (const word of words.subarray(0, 999)) expect(word).toBe(reference.next().value);
  expect(random.uint32()).toBe(reference.next().value);
});

test('streams differ by seed and by every part of the name', () => {
  const firsts = [
    Random.named(1, 'a', 0),
    Random.named(2, 'a', 0),
    Random.named(1, 'b', 0),
    Random.named(1, 'a', 1),
    Random.named(1, 'a', '0'),
  ];
  expect(new Set(firsts.map((random) => random.uniform())).size).toBe(firsts.length);
});

/** Tolerances are 5 standard errors of each moment; the stream is fixed, so the test cannot fail by chance. */
test('moments of uniform and normal', () => {
  const random = Random.named(0, 'moments');
  const n = 100_000;
  const uniform = Array.from({ length: n }, () => random.uniform());
  const normal = Array.from({ length: n }, () => random.normal());
  const mean = (values: readonly number[], power: number) => values.reduce((sum, value) => sum + value ** power, 0) / n;
  expect([mean(uniform, 1), mean(uniform, 2)]).toBeAllClose([1 / 2, 1 / 3], { atol: 5 * Math.sqrt(4 / 45 / n) });
  expect([mean(normal, 1), mean(normal, 2)]).toBeAllClose([0, 1], { atol: 5 * Math.sqrt(2 / n) });
  expect([mean(normal, 3), mean(normal, 4)]).toBeAllClose([0, 3], { atol: 5 * Math.sqrt(96 / n) });
});

test('integers stay below n and all occur', () => {
  const random = Random.named(0, 'integers');
  const counts = new Int32Array(6);
  for (let i = 0; i < 60_000; i++) counts[random.integer(6)]!++;
  expect(counts).toBeAllClose(new Int32Array(6).fill(10_000), { atol: 5 * Math.sqrt((60_000 * 5) / 36) });
});

test('a permutation holds every index once, and each order of three is equally frequent', () => {
  fc.assert(
    fc.property(fc.nat(200), fc.nat(), (n, seed) => {
      const order = Random.named(seed, 'permutation').permutation(n);
      expect(order.toSorted()).toEqual(Int32Array.from({ length: n }, (_, i) => i));
    }),
  );
  const random = Random.named(0, 'orders');
  const counts = new Map<string, number>();
  for (let i = 0; i < 12_000; i++) {
    const order = random.permutation(3).join('');
    counts.set(order, (counts.get(order) ?? 0) + 1);
  }
  expect([...counts.values()]).toBeAllClose(new Array<number>(6).fill(2000), {
    atol: 5 * Math.sqrt((12_000 * 5) / 36),
  });
});
