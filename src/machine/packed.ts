/** Arrays that stay in memory for long, next to each other: allocated one by one among others that go, they leave gaps that nothing fits into. */

type Numbers = Int32Array | Float32Array | Float64Array | Uint8Array | Uint16Array | Uint32Array;

/** Larger arrays have memory of their own anyway. */
const mostBytes = 2 ** 17;
const blockBytes = 2 ** 22;

export type Packer = <T extends Numbers>(array: T) => T;

/** Copies arrays into blocks of memory, each of which is freed when none of the arrays in it is in use. */
export function packer(): Packer {
  let block = new ArrayBuffer(0);
  let used = 0;
  return (array) => {
    const { byteLength } = array;
    if (byteLength > mostBytes) return array;
    // Doubles begin at multiples of eight.
    const at = 8 * Math.ceil(used / 8);
    const fits = at + byteLength <= block.byteLength;
    if (!fits) block = new ArrayBuffer(blockBytes);
    const first = fits ? at : 0;
    used = first + byteLength;
    const copy = new Uint8Array(block, first, byteLength);
    copy.set(new Uint8Array(array.buffer, array.byteOffset, byteLength));
    const Type = array.constructor as new (buffer: ArrayBuffer, offset: number, length: number) => typeof array;
    return new Type(block, first, array.length);
  };
}
