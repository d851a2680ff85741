/** Arrays of numbers in files of other tools, read value by value from the file's bytes, without copying the array. */

/** An array in a file, little-endian. */
export interface NumberArray {
  readonly shape: readonly number[];
  readonly type: keyof typeof numberTypes;
  readonly bytes: Buffer;
  /** Fortran order: a matrix is stored column by column. */
  readonly columnMajor: boolean;
}

interface NumberType {
  /** Size of one value. */
  readonly bytes: number;
  readonly read: (buffer: Buffer, at: number) => number;
}

/** Keyed by their names in safetensors. */
export const numberTypes = {
  F64: { bytes: 8, read: (buffer, at) => buffer.readDoubleLE(at) },
  F32: { bytes: 4, read: (buffer, at) => buffer.readFloatLE(at) },
  F16: { bytes: 2, read: (buffer, at) => halfOf(buffer.readUInt16LE(at)) },
  BF16: { bytes: 2, read: (buffer, at) => upperHalf(buffer.readUInt16LE(at)) },
  I64: { bytes: 8, read: (buffer, at) => Number(buffer.readBigInt64LE(at)) },
  I32: { bytes: 4, read: (buffer, at) => buffer.readInt32LE(at) },
  I16: { bytes: 2, read: (buffer, at) => buffer.readInt16LE(at) },
  I8: { bytes: 1, read: (buffer, at) => buffer.readInt8(at) },
  U64: { bytes: 8, read: (buffer, at) => Number(buffer.readBigUInt64LE(at)) },
  U32: { bytes: 4, read: (buffer, at) => buffer.readUInt32LE(at) },
  U16: { bytes: 2, read: (buffer, at) => buffer.readUInt16LE(at) },
  U8: { bytes: 1, read: (buffer, at) => buffer.readUInt8(at) },
  BOOL: { bytes: 1, read: (buffer, at) => buffer.readUInt8(at) },
} as const satisfies Readonly<Record<string, NumberType>>;

/** IEEE 754 half precision: 1 bit of sign, 5 of exponent, 10 of fraction. */
function halfOf(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >> 10) & 31;
  const fraction = bits & 1023;
  if (exponent === 0) return sign * fraction * 2 ** -24;
  if (exponent === 31) return fraction === 0 ? sign * Infinity : NaN;
  return sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
}

const word = new DataView(new ArrayBuffer(4));

/** bfloat16 is the upper half of a float32. */
function upperHalf(bits: number): number {
  word.setUint32(0, bits * 65536);
  return word.getFloat32(0);
}

/** Reads row i of a matrix into `row`, which must have the row's length. */
export function readRow({ shape, type, bytes, columnMajor }: NumberArray, i: number, row: Float64Array): void {
  const [rows = 0, columns = 0] = shape;
  const { read, bytes: size } = numberTypes[type];
  for (let j = 0; j < columns; j++) row[j] = read(bytes, size * (columnMajor ? j * rows + i : i * columns + j));
}

/** Value i of a list. */
export function valueAt({ type, bytes }: NumberArray, i: number): number {
  const { read, bytes: size } = numberTypes[type];
  return read(bytes, size * i);
}
