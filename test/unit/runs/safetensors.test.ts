import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { decodeSafetensors, encodeSafetensors, type HostTensor } from '../../../src/runs/safetensors.js';
import { RunError } from '../../../src/terminal/errors.js';

/**
 * Python's safetensors 0.8.0: save({'w': float32 [[1.5, -2], [0.25, 1e-38]], 'n': int32 scalar -7, 'm': uint8 [0, 128, 255],
 * 'd': float64 [pi], 'e': float32 of shape (0, 3)}, metadata={'arch': 'cnn'}).
 */
const fromPython = Buffer.from(
  'MAEAAAAAAAB7Il9fbWV0YWRhdGFfXyI6eyJhcmNoIjoiY25uIn0sImQiOnsiZHR5cGUiOiJGNjQiLCJzaGFwZSI6WzFdLCJkYXRhX29mZnNldHMiOlswLDhdfSwiZSI6eyJkdHlwZSI6IkYzMiIsInNoYXBlIjpbMCwzXSwiZGF0YV9vZmZzZXRzIjpbOCw4XX0sInciOnsiZHR5cGUiOiJGMzIiLCJzaGFwZSI6WzIsMl0sImRhdGFfb2Zmc2V0cyI6WzgsMjRdfSwibiI6eyJkdHlwZSI6IkkzMiIsInNoYXBlIjpbXSwiZGF0YV9vZmZzZXRzIjpbMjQsMjhdfSwibSI6eyJkdHlwZSI6IlU4Iiwic2hhcGUiOlszXSwiZGF0YV9vZmZzZXRzIjpbMjgsMzFdfX0gGC1EVPshCUAAAMA/AAAAwAAAgD7u42wA+f///wCA/w==',
  'base64',
);

const sample = new Map<string, HostTensor>([
  ['w', { shape: [2, 2], data: Float32Array.of(1.5, -2, 0.25, 1e-38) }],
  ['n', { shape: [], data: Int32Array.of(-7) }],
  ['m', { shape: [3], data: Uint8Array.of(0, 128, 255) }],
  ['d', { shape: [1], data: Float64Array.of(Math.PI) }],
  ['e', { shape: [0, 3], data: new Float32Array(0) }],
]);

test('reads what Python wrote', () => {
  const { tensors, metadata } = decodeSafetensors(fromPython, 'python');
  expect(new Map(tensors)).toEqual(sample);
  expect(metadata).toEqual({ arch: 'cnn' });
});

test('reads back every value and shape, from bytes at any address', () => {
  const arrays = fc.oneof(
    fc.float32Array({ maxLength: 12 }),
    fc.int32Array({ maxLength: 12 }),
    fc.uint8Array({ maxLength: 12 }),
    fc.float64Array({ maxLength: 12 }),
  );
  const names = fc
    .string({ minLength: 1, maxLength: 8 })
    .filter((name) => !['__metadata__', '__proto__'].includes(name));
  fc.assert(
    fc.property(fc.dictionary(names, arrays, { noNullPrototype: true }), fc.nat(7), (dictionary, shift) => {
      const tensors = new Map(
        Object.entries(dictionary).map(([name, data]) => [name, { shape: [data.length, 1], data }]),
      );
      const bytes = Buffer.concat([Buffer.alloc(shift), encodeSafetensors(tensors)]).subarray(shift);
      expect(new Map(decodeSafetensors(bytes, 'f').tensors)).toEqual(tensors);
    }),
  );
});

test('the same tensors make the same bytes, in whatever order', () => {
  expect(encodeSafetensors(new Map([...sample].reverse()))).toEqual(encodeSafetensors(sample));
});

test('every wider type begins at a multiple of its size', () => {
  const bytes = Buffer.from(encodeSafetensors(sample));
  const start = 8 + Number(bytes.readBigUInt64LE());
  expect(start % 8).toBe(0);
});

describe('damage is refused by name', () => {
  const whole = Buffer.from(
    encodeSafetensors(
      new Map([
        ['w', sample.get('w')!],
        ['n', sample.get('n')!],
      ]),
    ),
  );
  const withHeader = (header: string, dataBytes = 16) => {
    const length = Buffer.alloc(8);
    length.writeBigUInt64LE(BigInt(header.length));
    return Buffer.concat([length, Buffer.from(header), Buffer.alloc(dataBytes)]);
  };
  const tensor = (begin: number, end: number, dtype = 'F32', shape = [(end - begin) / 4]) => ({
    dtype,
    shape,
    data_offsets: [begin, end],
  });
  const withTensors = (tensors: object, dataBytes?: number) => withHeader(JSON.stringify(tensors), dataBytes);
  const cases: readonly [string, Buffer, string][] = [
    ['empty', Buffer.alloc(0), '0 bytes are too few for a header'],
    ['truncated in the header', whole.subarray(0, 40), 'its header should be 112 bytes long and the file has 40'],
    ['truncated in the data', whole.subarray(0, -1), 'it should hold 20 bytes of data and holds 19'],
    ['longer', Buffer.concat([whole, Buffer.alloc(3)]), 'its last 3 bytes belong to no tensor'],
    ['huge header', Buffer.alloc(16, 255), 'its header should be 18446744073709552000 bytes long and the file has 16'],
    ['no JSON', withHeader('{"w":'), 'its header is not valid JSON for one'],
    ['negative offset', withTensors({ w: tensor(-4, 12) }), 'its header is not valid JSON for one'],
    ['overlap', withTensors({ a: tensor(0, 8), b: tensor(4, 16) }), 'b overlaps the tensor before it'],
    ['gap', withTensors({ a: tensor(0, 4), b: tensor(8, 16) }), 'bytes 4 to 8 belong to no tensor'],
    ['end before begin', withTensors({ a: tensor(0, 16), b: tensor(16, 12, 'F32', [0]) }), 'b ends before it begins'],
    ['shape', withTensors({ a: tensor(0, 16, 'F32', [3]) }), 'a has 16 bytes for shape [3]'],
    ['type', withTensors({ a: tensor(0, 16, 'BF16', [8]) }), 'a has type BF16; known are F64, F32, I32, U8'],
  ];
  test.each(cases)('%s', (_, bytes, reason) => {
    expect(() => decodeSafetensors(bytes, 'w.safetensors')).toThrow(
      new RunError(`w.safetensors: is not a complete safetensors file: ${reason}`),
    );
  });
});
