/** Numbers as bytes, in Node or a browser. */

/** Whole numbers as four bytes each, the lowest first. */
export function int32Bytes(values: Int32Array): Uint8Array {
  const view = new DataView(new ArrayBuffer(4 * values.length));
  values.forEach((value, i) => {
    view.setInt32(4 * i, value, true);
  });
  return new Uint8Array(view.buffer);
}
