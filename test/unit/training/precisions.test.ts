import * as fs from 'node:fs';
import * as os from 'node:os';
import * as path from 'node:path';
import { expect, test } from 'vitest';
import type { MemberKey, PrecisionChoice, PrecisionPilot } from '../../../src/runs/record.js';
import { memberId } from '../../../src/runs/record.js';
import {
  choiceOf,
  choiceText,
  choosePrecisions,
  hasBfloat16,
  withoutPilot,
  type PrecisionContext,
} from '../../../src/training/precisions.js';

const keyOf = (width: number, seed: number): MemberKey => ({ arch: 'cnn', width, seed });
const pilot = (speedup: number, lossDifference: number | null): PrecisionPilot => ({
  steps: 20,
  speedup,
  lossDifference,
});

test('bfloat16 is chosen if it is a tenth faster and its losses match float32 within 2 %', () => {
  const chosen = [pilot(1.1, 0.02), pilot(1.09, 0), pilot(2, 0.021), pilot(2, null)].map((each) => choiceOf(each));
  expect(chosen.map(({ precision }) => precision)).toEqual(['bfloat16', 'float32', 'float32', 'float32']);
});

test('there is no pilot on a GPU, without bfloat16 instructions, or for a short training', () => {
  expect(withoutPilot('gpu', 10_000, true)).toEqual({ precision: 'float32', because: 'gpu' });
  expect(withoutPilot('cpu', 10_000, false)).toEqual({ precision: 'float32', because: 'processor' });
  expect(withoutPilot('cpu', 499, true)).toEqual({ precision: 'float32', because: 'length' });
  expect(withoutPilot('cpu', 500, true)).toBeUndefined();
});

test("the processor's instructions are those that Linux lists, as whole words of its flags", () => {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'emergence-cpuinfo-'));
  const saying = (text: string) => {
    const file = path.join(folder, 'cpuinfo');
    fs.writeFileSync(file, `processor\t: 0\nmodel name\t: avx512_bf16\n${text}\nbogomips\t: 1\n`);
    return hasBfloat16(file);
  };
  expect(saying('flags\t\t: fpu avx512f avx512_bf16 vaes')).toBe(true);
  expect(saying('flags\t\t: fpu amx_bf16 amx_tile')).toBe(true);
  expect(saying('flags\t\t: fpu avx512f avx512_bf16x')).toBe(false);
  expect(saying('Features\t: fp asimd')).toBe(false);
  expect(hasBfloat16(path.join(folder, 'missing'))).toBe(false);
  fs.rmSync(folder, { recursive: true });
});

/** What is chosen on a processor with bfloat16 instructions, and which members were asked for a pilot. */
async function chosenFor(
  missing: MemberKey[],
  record?: PrecisionContext['record'],
  stepsOf: PrecisionContext['stepsOf'] = () => 1000,
) {
  const asked: string[] = [];
  const chosen = await choosePrecisions(missing, missing, {
    ...{ record, device: 'cpu', hasInstructions: true, stepsOf, note: () => undefined },
    pilotOf(key) {
      asked.push(memberId(key));
      return Promise.resolve(pilot(1.5, 0.001));
    },
  });
  return { asked, chosen };
}

test('seeds of a width share a pilot, which the first of them runs', async () => {
  const { asked, chosen } = await chosenFor([keyOf(32, 1), keyOf(32, 0), keyOf(8, 0)]);
  expect(asked).toEqual(['cnn-w32-s1', 'cnn-w8-s0']);
  expect(Object.keys(chosen)).toEqual(['cnn-w32-s1', 'cnn-w32-s0', 'cnn-w8-s0']);
  expect(chosen['cnn-w32-s0']).toBe(chosen['cnn-w32-s1']);
});

test('members with equal steps share a choice, whatever their lengths and training sets: the longest decides', async () => {
  const at = (width: number, factors: MemberKey['factors']): MemberKey => ({ arch: 'cnn', width, seed: 0, factors });
  const keys = [
    ...[100, 2000, 400].map((steps) => at(8, { steps, trainSize: 10 * steps, labelNoise: 0.1 })),
    ...[16, 128].map((batchSize) => at(8, { batchSize })),
  ];
  const { asked, chosen } = await chosenFor(keys, undefined, ({ factors }) => factors?.steps ?? 500);
  expect(asked).toEqual([1, 3, 4].map((i) => memberId(keys[i]!)));
  expect(Object.values(chosen).map(({ precision }) => precision)).toEqual(keys.map(() => 'bfloat16'));
});

test('what run.json says stays, and a further seed of the width is trained like the first', async () => {
  const recorded: PrecisionChoice = { precision: 'bfloat16', because: 'pilot', pilot: pilot(1.3, 0.004) };
  const { asked, chosen } = await chosenFor([keyOf(32, 0), keyOf(32, 5)], { precisions: { 'cnn-w32-s0': recorded } });
  expect(asked).toEqual([]);
  expect(chosen).toEqual({ 'cnn-w32-s0': recorded, 'cnn-w32-s5': recorded });
});

test('each choice is reported with its reason', () => {
  const pilots = [pilot(1.434, 0.0031), pilot(1.2, null), pilot(1.0965, 0.0008), pilot(0.9, 0)];
  expect(pilots.map((each) => choiceText(choiceOf(each)))).toEqual([
    "bfloat16: bfloat16 has 1.43 times float32's speed, losses within 0.31 % over 20 steps",
    "float32: bfloat16 has 1.2 times float32's speed, one diverged over 20 steps",
    // With three digits it would be the 1.1 that suffice.
    "float32: bfloat16 has 1.0965 times float32's speed, less than the required 1.1 times, losses within 0.08 % over 20 steps",
    "float32: bfloat16 has 0.9 times float32's speed, less than the required 1.1 times, losses within 0 % over 20 steps",
  ]);
  expect(choiceText({ precision: 'float32', because: 'processor' })).toBe(
    'float32: the processor has no instructions for bfloat16',
  );
});
