/** Numbers as bytes, in Node or a browser. */

/** Whole numbers as four bytes each, the lowest first. */
export function int32Bytes(values: Int32Array): Uint8Array {
  const view = new DataView(new ArrayBuffer(4 * values.length));
  values.forEach((value, i) => {
    view.setInt32(4 * i, value, true);
  });
  return new Uint8Array(view.buffer);
}

/** Words whose bytes are added in two sums of 16 bits: 2 x 255 x 64 is below 2^15, so both fit into an integer. */
const wordsAtOnce = 64;

/** The sum of all bytes, exactly: four at a time, and in integers that the compiler knows to be small, as 47 million take a moment. */
export function sumOfBytes(bytes: Uint8Array): number {
  // A view of words needs a multiple of four bytes before it.
  const head = Math.min(bytes.length, (4 - (bytes.byteOffset % 4)) % 4);
  const whole = (bytes.length - head) >> 2;
  const words = whole === 0 ? new Int32Array() : new Int32Array(bytes.buffer, bytes.byteOffset + head, whole);
  let sum = 0;
  for (const byte of bytes.subarray(0, head)) sum += byte;
  for (const byte of bytes.subarray(head + 4 * words.length)) sum += byte;
  // Indices, not an iterator, which takes eight times as long.
  for (let from = 0; from < words.length; from += wordsAtOnce) {
    const to = Math.min(from + wordsAtOnce, words.length);
    let pairs = 0;
    for (let i = from; i < to; i++) {
      const word = words[i] ?? 0;
      pairs += (word & 0xff00ff) + ((word >>> 8) & 0xff00ff);
    }
    sum += (pairs & 0xffff) + (pairs >>> 16);
  }
  return sum;
}
