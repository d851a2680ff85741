/** Small TIFF files (TIFF 6.0) of any numbers: one strip, not compressed. */

export type Sample = 'uint' | 'int' | 'float';
const formats: Readonly<Record<Sample, number>> = { uint: 1, int: 2, float: 3 };

export interface TiffPixels {
  readonly width: number;
  /** 1: grey, 3: rgb. */
  readonly channels: 1 | 3;
  readonly sample: Sample;
  /** `[height, width, channels]`, little-endian. */
  readonly data: Int8Array | Int16Array | Int32Array | Uint32Array | Float32Array | Float64Array;
}

export function tiffOf({ width, channels, sample, data }: TiffPixels): Buffer {
  const height = data.length / width / channels;
  const short = 3;
  const long = 4;
  const bits = 8 * data.BYTES_PER_ELEMENT;
  const tags: [tag: number, type: number, values: number[]][] = [
    [256, long, [width]],
    [257, long, [height]],
    [258, short, Array<number>(channels).fill(bits)],
    [259, short, [1]], // not compressed
    [262, short, [channels === 3 ? 2 : 1]], // 0 is black
    [273, long, [0]], // where the strip is: below
    [277, short, [channels]],
    [278, long, [height]],
    [279, long, [data.byteLength]],
    [339, short, Array<number>(channels).fill(formats[sample])],
  ];
  const directory = 8;
  const after = directory + 2 + 12 * tags.length + 4;
  const extra: Buffer[] = [];
  const entries = Buffer.alloc(after);
  entries.write('II*\0', 0, 'latin1');
  entries.writeUInt32LE(directory, 4);
  entries.writeUInt16LE(tags.length, directory);
  const lists = tags.filter(([, , values]) => values.length > 2).length;
  const strip = after + lists * 2 * 3;
  tags.forEach(([tag, type, values], i) => {
    const at = directory + 2 + 12 * i;
    entries.writeUInt16LE(tag, at);
    entries.writeUInt16LE(type, at + 2);
    entries.writeUInt32LE(values.length, at + 4);
    if (values.length > 2) {
      entries.writeUInt32LE(after + extra.length * 6, at + 8);
      const list = Buffer.alloc(6);
      values.forEach((value, k) => list.writeUInt16LE(value, 2 * k));
      extra.push(list);
    } else if (type === short) entries.writeUInt16LE(values[0]!, at + 8);
    else entries.writeUInt32LE(tag === 273 ? strip : values[0]!, at + 8);
  });
  return Buffer.concat([entries, ...extra, Buffer.from(data.buffer, data.byteOffset, data.byteLength)]);
}
