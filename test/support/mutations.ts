/** Damage from a seed: what a bad disk, a bad connection, a bad program or a bad person does to a file. */
import type { Random } from '../../src/statistics/random.js';

/** Bytes and words that have broken parsers before. */
const nasty: readonly Buffer<ArrayBuffer>[] = [
  ...[
    '',
    '\0',
    '\n',
    '\r\n',
    '"',
    "'",
    '\\',
    ',',
    ':',
    '=',
    '-',
    '{',
    '}',
    '[',
    ']',
    '&a ',
    '*a',
    '<<: ',
    '!!js ',
    '\u001b[2J',
  ],
  ...[
    '-1',
    '0',
    '1e999',
    '-1e-999',
    'NaN',
    'Infinity',
    '9007199254740993',
    '4294967295',
    '0x10',
    '٣',
    'null',
    'true',
    '__proto__',
  ],
  ...['\u202e', '\ufeff', '\ud800', 'é', 'e\u0301', '../..', '/', 'toString', 'constructor', '{}', '[]', '""'],
]
  .map((text) => Buffer.from(text))
  .concat([
    ...[
      [0xff],
      [0xff, 0xff, 0xff, 0xff],
      [0x7f, 0xff, 0xff, 0xff],
      [0x80, 0, 0, 0],
      [0xc0, 0x80],
      [0, 0, 0, 0, 0, 0, 0, 0],
    ].map((bytes) => Buffer.from(bytes)),
  ]);

/** One to four times something is cut, doubled, exchanged, inserted or flipped, somewhere. */
export function damaged(whole: Uint8Array, random: Random): Buffer {
  let bytes = Buffer.from(Uint8Array.from(whole));
  for (let times = 1 + random.integer(4); times > 0; times--) bytes = damagedOnce(bytes, random);
  return bytes;
}

function damagedOnce(bytes: Buffer<ArrayBuffer>, random: Random): Buffer<ArrayBuffer> {
  const [at, other] = [random.integer(bytes.length + 1), random.integer(bytes.length + 1)];
  const [begin, end] = [Math.min(at, other), Math.min(Math.max(at, other), Math.min(at, other) + 64)];
  const put = nasty[random.integer(nasty.length)]!;
  switch (random.integer(7)) {
    case 0:
      return bytes.subarray(0, at);
    case 1:
      return Buffer.concat([bytes.subarray(0, begin), bytes.subarray(end)]);
    case 2:
      return Buffer.concat([bytes.subarray(0, end), bytes.subarray(begin)]);
    case 3:
      return Buffer.concat([bytes.subarray(0, at), put, bytes.subarray(at)]);
    case 4:
      return Buffer.concat([bytes.subarray(0, at), put, bytes.subarray(at + put.length)]);
    case 5:
      return Buffer.concat([bytes.subarray(0, at), put, bytes.subarray(Math.max(at, other))]);
    default: {
      const flipped = Buffer.from(bytes);
      if (flipped.length > 0) flipped[at % flipped.length]! ^= 1 << random.integer(8);
      return flipped;
    }
  }
}
