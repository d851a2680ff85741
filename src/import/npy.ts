/** NumPy's .npy: a header in Python syntax, then the values. https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html */
import { nth, present } from '../machine/present.js';
import { UsageError } from '../terminal/errors.js';
import { counted } from '../terminal/format.js';
import { numberTypes, type NumberArray } from './arrays.js';

const magic = Buffer.from('\u0093NUMPY', 'latin1');

/** NumPy's type names, without the byte order. */
const typeNames: Readonly<Record<string, keyof typeof numberTypes>> = {
  ...{ f2: 'F16', f4: 'F32', f8: 'F64', i1: 'I8', i2: 'I16', i4: 'I32', i8: 'I64' },
  ...{ u1: 'U8', u2: 'U16', u4: 'U32', u8: 'U64', b1: 'BOOL' },
};

/** @throws UsageError if the bytes are not an array of numbers */
export function decodeNpy(bytes: Uint8Array, where: string): NumberArray {
  const damaged = (what: string) => new UsageError(`is not a complete .npy file: ${what}`, where);
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (buffer.length < 12 || !buffer.subarray(0, 6).equals(magic)) throw damaged('it does not start like one');
  const long = nth(buffer, 6) >= 2;
  const start = long ? 12 : 10;
  const length = long ? buffer.readUInt32LE(8) : buffer.readUInt16LE(8);
  if (start + length > buffer.length) throw damaged('its header is cut off');
  const header = buffer.toString('latin1', start, start + length);
  const descr = /'descr':\s*'([<>|=]?)(\w+)'/.exec(header);
  const shapeText = /'shape':\s*\(([\d,\s]*)\)/.exec(header)?.[1];
  const fortran = /'fortran_order':\s*(True|False)/.exec(header)?.[1];
  if (descr === null || shapeText === undefined || fortran === undefined)
    throw new UsageError('is not an array of plain numbers', where, 'save one with numpy.save(file, array)');
  const [, order, name = ''] = descr;
  const type = Object.hasOwn(typeNames, name) ? present(typeNames[name]) : undefined;
  if (type === undefined || order === '>')
    throw new UsageError(`has values of the type ${order}${name}`, where, 'save it as float32 or int64');
  const shape = shapeText
    .split(',')
    .filter((part) => part.trim() !== '')
    .map(Number);
  const count = shape.reduce((a, b) => a * b, 1);
  const { bytes: size } = numberTypes[type];
  const found = buffer.length - start - length;
  if (found !== count * size) throw damaged(`${counted(found, 'byte')} for shape [${shape.join(', ')}]`);
  return { shape, type, bytes: buffer.subarray(start + length), columnMajor: fortran === 'True' && shape.length > 1 };
}
