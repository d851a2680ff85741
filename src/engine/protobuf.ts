/** Protocol buffer wire format, writing only: the few field types that a GraphDef and TensorBoard's events need. */

function varint(value: number | bigint): Uint8Array {
  let rest = BigInt.asUintN(64, BigInt(value));
  const bytes: number[] = [];
  while (rest > 127n) {
    bytes.push(Number(rest & 127n) | 128);
    rest >>= 7n;
  }
  bytes.push(Number(rest));
  return Uint8Array.from(bytes);
}

export function concat(parts: readonly Uint8Array[]): Uint8Array {
  return Buffer.concat(parts);
}

/** Wire type 0; negative numbers as 64-bit two's complement, as int32 and int64 fields require. */
export function varintField(field: number, value: number | bigint): Uint8Array {
  return concat([varint(field << 3), varint(value)]);
}

/** Wire type 2: bytes, strings, messages and packed lists. */
export function bytesField(field: number, bytes: Uint8Array): Uint8Array {
  return concat([varint((field << 3) | 2), varint(bytes.length), bytes]);
}

export function stringField(field: number, text: string): Uint8Array {
  return bytesField(field, Buffer.from(text));
}

/** Wire type 5: a 32-bit float. */
export function floatField(field: number, value: number): Uint8Array {
  const bytes = Buffer.alloc(4);
  bytes.writeFloatLE(value);
  return concat([varint((field << 3) | 5), bytes]);
}

/** Wire type 1: a 64-bit float. */
export function doubleField(field: number, value: number): Uint8Array {
  const bytes = Buffer.alloc(8);
  bytes.writeDoubleLE(value);
  return concat([varint((field << 3) | 1), bytes]);
}
