/**
 * safetensors, the format of Hugging Face's library of that name: a little-endian 64-bit length, a JSON header, raw data.
 * Written as the Python library writes it: widest type first, then by name, header padded with spaces to 8 bytes.
 */
import * as z from 'zod';
import { sha256Of } from '../machine/inputs.js';
import { RunError } from '../terminal/errors.js';
import { counted } from '../terminal/format.js';

export type TensorData = Float32Array | Int32Array | Uint8Array | Float64Array;

/** A tensor in host memory, row-major. */
export interface HostTensor {
  readonly shape: readonly number[];
  readonly data: TensorData;
}

export interface SafeTensors {
  readonly tensors: ReadonlyMap<string, HostTensor>;
  readonly metadata: Readonly<Record<string, string>>;
}

const types = { F64: Float64Array, F32: Float32Array, I32: Int32Array, U8: Uint8Array } as const;
type TypeName = keyof typeof types;

/** A header longer than this is no header (the library's own limit). */
const largestHeader = 100e6;

const entrySchema = z.strictObject({
  dtype: z.string(),
  shape: z.array(z.int().min(0)),
  data_offsets: z.tuple([z.int().min(0), z.int().min(0)]),
});
const headerSchema = z.object({ __metadata__: z.record(z.string(), z.string()).optional() }).catchall(entrySchema);

function typeName(data: TensorData): TypeName {
  if (data instanceof Float64Array) return 'F64';
  if (data instanceof Float32Array) return 'F32';
  return data instanceof Int32Array ? 'I32' : 'U8';
}

export function encodeSafetensors(
  tensors: ReadonlyMap<string, HostTensor>,
  metadata: Readonly<Record<string, string>> = {},
): Uint8Array {
  const ordered = [...tensors].sort(
    ([a, { data: x }], [b, { data: y }]) => y.BYTES_PER_ELEMENT - x.BYTES_PER_ELEMENT || (a < b ? -1 : 1),
  );
  const header: Record<string, unknown> = Object.keys(metadata).length > 0 ? { __metadata__: metadata } : {};
  const parts: Uint8Array[] = [];
  let offset = 0;
  for (const [name, { shape, data }] of ordered) {
    if (elements(shape) !== data.length)
      throw new Error(`${name}: ${counted(data.length, 'value')} for shape [${shape.join(', ')}]`);
    header[name] = { dtype: typeName(data), shape, data_offsets: [offset, (offset += data.byteLength)] };
    parts.push(new Uint8Array(data.buffer, data.byteOffset, data.byteLength));
  }
  const json = Buffer.from(JSON.stringify(header));
  const padding = Buffer.alloc((8 - (json.length % 8)) % 8, ' ');
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(json.length + padding.length));
  return Buffer.concat([length, json, padding, ...parts]);
}

const digestKey = 'digest';
/** As long as the hex SHA-256 whose place it holds. */
const noDigest = '0'.repeat(64);

/** `encodeSafetensors` with the SHA-256 of the whole file in its metadata, computed while that value is all zeros. */
export function encodeWithDigest(
  tensors: ReadonlyMap<string, HostTensor>,
  metadata: Readonly<Record<string, string>> = {},
): Uint8Array {
  // First, so that it is the first match in the header, whatever the other values are.
  const bytes = encodeSafetensors(tensors, { [digestKey]: noDigest, ...metadata });
  bytes.set(Buffer.from(sha256Of(bytes)), digestPlace(bytes));
  return bytes;
}

/** Whether a file is unchanged since `encodeWithDigest` made it; undefined for one without a digest. */
export function matchesDigest(bytes: Uint8Array): boolean | undefined {
  const at = digestPlace(bytes);
  if (at === undefined) return undefined;
  const blank = Buffer.from(bytes);
  blank.write(noDigest, at);
  return sha256Of(blank) === Buffer.from(bytes).toString('latin1', at, at + 64);
}

function digestPlace(bytes: Uint8Array): number | undefined {
  const before = Buffer.from(`{"__metadata__":{"${digestKey}":"`);
  const isThere = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).indexOf(before) === 8;
  return isThere ? 8 + before.length : undefined;
}

/** @throws RunError naming `where`, what is wrong with it, and the remedy */
export function decodeSafetensors(bytes: Uint8Array, where: string, remedy?: string): SafeTensors {
  const { entries, content, metadata, damaged } = openSafetensors(bytes, where, remedy);
  const tensors = new Map(entries.map(([name, entry]) => [name, tensorAt(name, entry, content, damaged)] as const));
  return { tensors, metadata };
}

/** A file's tensors in their stored form, of any type: the header is checked, values are not. Throws as `decodeSafetensors`. */
export function openSafetensors(bytes: Uint8Array, where: string, remedy?: string) {
  const damaged = (what: string) => new RunError(`is not a complete safetensors file: ${what}`, where, remedy);
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (buffer.length < 8) throw damaged(`${buffer.length} bytes are too few for a header`);
  const headerLength = Number(buffer.readBigUInt64LE());
  if (headerLength > largestHeader || 8 + headerLength > buffer.length) {
    throw damaged(`its header should be ${headerLength} bytes long and the file has ${buffer.length}`);
  }
  const { __metadata__: metadata = {}, ...entries } = parseHeader(
    buffer.toString('utf8', 8, 8 + headerLength),
    damaged,
  );
  const content = buffer.subarray(8 + headerLength);
  refuseGaps(Object.entries(entries), content.length, damaged);
  return { entries: Object.entries(entries), content, metadata, damaged };
}

type Entry = z.output<typeof entrySchema>;
type Damaged = (what: string) => RunError;

function parseHeader(text: string, damaged: Damaged) {
  try {
    return headerSchema.parse(JSON.parse(text));
  } catch {
    throw damaged('its header is not valid JSON for one');
  }
}

/** Tensors follow each other without gap or overlap and fill the file, as the format demands. */
function refuseGaps(entries: readonly (readonly [string, Entry])[], length: number, damaged: Damaged): void {
  let end = 0;
  const byPlace = [...entries].sort(
    ([, a], [, b]) => a.data_offsets[0] - b.data_offsets[0] || a.data_offsets[1] - b.data_offsets[1],
  );
  for (const [name, { data_offsets: offsets }] of byPlace) {
    if (offsets[0] < end) throw damaged(`${name} overlaps the tensor before it`);
    if (offsets[0] > end) throw damaged(`bytes ${end} to ${offsets[0]} belong to no tensor`);
    if (offsets[1] < offsets[0]) throw damaged(`${name} ends before it begins`);
    end = offsets[1];
  }
  if (end > length) throw damaged(`it should hold ${end} bytes of data and holds ${length}`);
  if (end < length) throw damaged(`its last ${length - end} bytes belong to no tensor`);
}

function tensorAt(
  name: string,
  { dtype, shape, data_offsets: [begin, end] }: Entry,
  content: Buffer,
  damaged: Damaged,
): HostTensor {
  if (!Object.hasOwn(types, dtype))
    throw damaged(`${name} has type ${dtype}; known are ${Object.keys(types).join(', ')}`);
  const Type = types[dtype as TypeName];
  if (end - begin !== elements(shape) * Type.BYTES_PER_ELEMENT)
    throw damaged(`${name} has ${counted(end - begin, 'byte')} for shape [${shape.join(', ')}]`);
  // A copy: a slice of the file need not be aligned.
  return { shape, data: new Type(Uint8Array.from(content.subarray(begin, end)).buffer) };
}

const elements = (shape: readonly number[]) => shape.reduce((a, b) => a * b, 1);
