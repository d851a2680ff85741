import * as fs from 'node:fs/promises';
import * as path from 'node:path';
import { zipSync } from 'fflate';
import { describe, expect, test } from 'vitest';
import { openZip, unzip, zipLimits, type Zip } from '../../../../src/datasets/files/zip.js';
import { mistakeOf, zipWith } from '../../../support/pictures.js';
import { temporaryFolder } from '../../../support/runs.js';

const text = (content: string) => Buffer.from(content);

async function contents(zip: Zip, names: readonly string[]): Promise<string[]> {
  const found = [];
  for await (const [, bytes] of unzip(zip, names))
    found.push(typeof bytes === 'string' ? `no: ${bytes}` : Buffer.from(bytes).toString());
  return found;
}

/** Where an entry's header in the central directory begins. */
function directoryEntry(archive: Buffer, name: string): number {
  for (let at = archive.indexOf('PK\x01\x02'); at >= 0; at = archive.indexOf('PK\x01\x02', at + 1))
    if (archive.toString('utf8', at + 46, at + 46 + archive.readUInt16LE(at + 28)) === name) return at;
  throw new Error(`no ${name}`);
}

test('files come in the order requested', async () => {
  const zip = await openZip(await zipWith({ 'a/1': text('one'), 'a/2': text('two'), b: text('three') }));
  expect([...zip.entries].map(([name, { uncompressedSize }]) => [name, uncompressedSize])).toEqual([
    ['a/1', 3],
    ['a/2', 3],
    ['b', 5],
  ]);
  expect(await contents(zip, ['b', 'a/1'])).toEqual(['three', 'one']);
});

describe('a name that leads out of the archive', () => {
  test.each(['../x', 'a/../../x', '/etc/x', 'C:\\x', 'a\\..\\..\\x', '\\x'])('%s', async (name) => {
    const file = await zipWith({ good: text('1'), [name]: text('2') });
    expect(await mistakeOf(openZip(file))).toBe(
      `UsageError: ${file}: holds a file whose path leads outside the archive: ${JSON.stringify(name)}; such archives are rejected`,
    );
  });

  test('dots within a name are harmless', async () => {
    const zip = await openZip(await zipWith({ 'a..b/..c': text('1') }));
    expect(await contents(zip, ['a..b/..c'])).toEqual(['1']);
  });
});

test('two different files of one name are refused; two copies of one file are one file', async () => {
  // zipSync takes each name once: the second file is renamed in the finished archive, in both of its headers.
  const twice = async (second: string) => {
    const file = await zipWith({ 'a/1': text('one'), 'a/2': text(second) });
    const bytes = await fs.readFile(file);
    await fs.writeFile(file, Buffer.from(bytes.toString('latin1').replaceAll('a/2', 'a/1'), 'latin1'));
    return file;
  };
  const file = await twice('two');
  expect(await mistakeOf(openZip(file))).toBe(
    `UsageError: ${file}: holds two different files named "a/1"; pack it again`,
  );
  expect(await contents(await openZip(await twice('one')), ['a/1'])).toEqual(['one']);
});

describe('a zip bomb is refused before it is unpacked', () => {
  test('one file too large', async () => {
    const file = await zipWith({ 'big.bmp': new Uint8Array(5000) });
    expect(await mistakeOf(openZip(file, { ...zipLimits, fileBytes: 4000 }))).toBe(
      `UsageError: ${file}: big.bmp unpacks to 5.0 kB, more than the 4.0 kB of an image; unpack it yourself if you trust it, and give the folder`,
    );
  });

  test('zeros that unpack to 100 times their size or more', async () => {
    const file = await zipWith({ a: new Uint8Array(1e6), b: new Uint8Array(1e6) });
    const limits = { ...zipLimits, ratioFromBytes: 1e6 };
    expect(await mistakeOf(openZip(file, limits))).toMatch(/: unpacks from 2\.\d kB to 2\.0 MB; unpack it yourself/);
    expect((await openZip(file)).entries.size).toBe(2);
  });

  test('too much in total', async () => {
    const file = await zipWith({ a: new Uint8Array(600), b: new Uint8Array(600) });
    expect(await mistakeOf(openZip(file, { ...zipLimits, totalBytes: 1000 }))).toContain(
      'unpacks from 194 bytes to 1.2 kB',
    );
  });

  test('a file that unpacks to more than its directory says is cut at that size', async () => {
    const archive = Buffer.from(zipSync({ a: new Uint8Array(1e6) }));
    archive.writeUInt32LE(10, directoryEntry(archive, 'a') + 24);
    const file = path.join(await temporaryFolder(), 'a.zip');
    await fs.writeFile(file, archive);
    // maxOutputLength's own words.
    expect(await contents(await openZip(file), ['a'])).toEqual([
      'no: damaged in the archive (Cannot create a Buffer larger than 10 bytes)',
    ]);
  });

  test('an archive too large for memory', async () => {
    const file = await zipWith({ a: text('1') });
    expect(await mistakeOf(openZip(file, { ...zipLimits, archiveBytes: 50 }))).toMatch(
      /is \d+ bytes long, and archives are held in memory; unpack it and give the folder \(the limit for a zip is 50 bytes\)$/,
    );
  });
});

test('only the damaged file is missing, with the reason', async () => {
  const noise = Buffer.from(Array.from({ length: 2000 }, (_, i) => (i * 7919) % 251));
  const plain = { level: 0 } as const;
  const archive = Buffer.from(
    zipSync({
      ...{ a: text('one'), block: noise, method: text('three'), crc: [text('stored'), plain], flip: noise },
      ...{ secret: text('four'), short: [text('five'), plain], far: text('six'), z: text('last') },
    }),
  );
  const localOf = (name: string) => archive.readUInt32LE(directoryEntry(archive, name) + 42);
  const dataOf = (name: string) => localOf(name) + 30 + name.length;
  archive[dataOf('block')] = 0x07; // block type 3 does not exist in deflate
  archive.writeUInt16LE(99, directoryEntry(archive, 'method') + 10);
  archive[dataOf('crc')]! ^= 1;
  const written = archive.readUInt32LE(directoryEntry(archive, 'flip') + 16);
  archive.writeUInt32LE((written ^ 1) >>> 0, directoryEntry(archive, 'flip') + 16);
  archive.writeUInt16LE(1, directoryEntry(archive, 'secret') + 8); // bit 0: encrypted (APPNOTE 4.4.4)
  archive.writeUInt32LE(5, directoryEntry(archive, 'short') + 24);
  archive.writeUInt32LE(archive.length + 5, directoryEntry(archive, 'far') + 42);
  const file = path.join(await temporaryFolder(), 'a.zip');
  await fs.writeFile(file, archive);
  const zip = await openZip(file);
  expect(await contents(zip, [...zip.entries.keys()])).toEqual([
    'one',
    'no: damaged in the archive (invalid block type)',
    'no: compressed with method 99; only deflate and Zstandard are supported',
    'no: damaged in the archive (its CRC-32 does not match)',
    'no: damaged in the archive (its CRC-32 does not match)',
    'no: encrypted',
    'no: damaged in the archive (4 of 5 bytes)',
    'no: damaged in the archive (unexpected EOF)',
    'last',
  ]);
});

test('each file is unpacked separately, however many of them are damaged', async () => {
  const names = Array.from({ length: 2000 }, (_, i) => `a/${i}`);
  const archive = Buffer.from(zipSync(Object.fromEntries(names.map((name) => [name, text(name)])), { level: 0 }));
  // Every tenth: the first byte of its name within its data.
  for (let at = archive.indexOf('PK\x03\x04'), i = 0; at >= 0; at = archive.indexOf('PK\x03\x04', at + 1), i++)
    if (i % 10 === 0) archive[at + 30 + archive.readUInt16LE(at + 26)] = 0;
  const file = path.join(await temporaryFolder(), 'a.zip');
  await fs.writeFile(file, archive);
  const zip = await openZip(file);
  const found = await contents(zip, names);
  expect(found.filter((each) => each.includes('CRC-32'))).toHaveLength(200);
  expect(found.filter((each, i) => each === names[i])).toHaveLength(1800);
});

test('the long form of the format (zip64) is read', async () => {
  // zipfile of Python 3.11 with ZIP64_LIMIT = 1: sizes, offset and the end of the directory use the long form.
  const archive = Buffer.from(
    'UEsDBC0AAAAAAAAAIQDxhmx6//////////8FABQAYW50LzEBABAAAwAAAAAAAAADAAAAAAAAAG9uZVBLAQItAy0AAAAAAAAAIQDxhmx6//////////8FABQAAAAAAAAAAACAAQAAAABhbnQvMQEAEAADAAAAAAAAAAMAAAAAAAAAUEsGBiwAAAAAAAAALQAtAAAAAAAAAAAAAQAAAAAAAAABAAAAAAAAAEcAAAAAAAAAOgAAAAAAAABQSwYHAAAAAIEAAAAAAAAAAQAAAFBLBQYAAAAAAQABAEcAAAA6AAAAAAA=',
    'base64',
  );
  const file = path.join(await temporaryFolder(), 'a.zip');
  await fs.writeFile(file, archive);
  expect(await contents(await openZip(file), ['ant/1'])).toEqual(['one']);
});

describe('names', () => {
  test('with backslashes only are files in folders, as PowerShell writes them', async () => {
    const zip = await openZip(await zipWith({ 'cat\\0.png': text('1'), 'dog\\': text(''), 'dog/a\\b.png': text('2') }));
    // fflate says MS-DOS, where names contain no backslashes.
    expect([...zip.entries.keys()]).toEqual(['cat/0.png', 'dog/a/b.png']);
    expect(zip.folders).toEqual(['dog']);
    expect(await contents(zip, ['cat/0.png'])).toEqual(['1']);
  });

  test('with a backslash beside a slash, from Unix, are kept', async () => {
    const archive = Buffer.from(zipSync({ 'dog/a\\b.png': text('2') }));
    archive[directoryEntry(archive, 'dog/a\\b.png') + 5] = 3; // made on Unix
    const file = path.join(await temporaryFolder(), 'a.zip');
    await fs.writeFile(file, archive);
    expect([...(await openZip(file)).entries.keys()]).toEqual(['dog/a\\b.png']);
  });

  test('in UTF-8 are read as such, even if the archive does not say so; others as Latin-1', async () => {
    const archive = Buffer.from(zipSync({ 'xx/1': text('1'), 'yyy/2': text('2') }));
    for (const [from, to] of [
      ['xx/1', Buffer.from('é/1')],
      ['yyy/2', Buffer.from('t\xe9s/2', 'latin1')],
    ] as const)
      for (let at = archive.indexOf(from); at >= 0; at = archive.indexOf(from, at + 1)) to.copy(archive, at);
    const file = path.join(await temporaryFolder(), 'a.zip');
    await fs.writeFile(file, archive);
    const zip = await openZip(file);
    expect([...zip.entries.keys()]).toEqual(['é/1', 'tés/2']);
    expect(await contents(zip, ['tés/2', 'é/1'])).toEqual(['2', '1']);
  });
});

test('a file that is not an archive, or half of one, is one line', async () => {
  const folder = await temporaryFolder();
  const whole = zipSync({ a: new Uint8Array(100) });
  for (const [name, bytes] of [
    ['text.zip', text('no zip at all, but long enough for its end record')],
    ['empty.zip', text('')],
    ['cut.zip', whole.subarray(0, whole.length - 30)],
  ] as const) {
    const file = path.join(folder, name);
    await fs.writeFile(file, bytes);
    expect(await mistakeOf(openZip(file))).toMatch(/^UsageError: .*\.zip: is not a complete zip archive \(.+\)$/);
  }
  expect(await mistakeOf(openZip(path.join(folder, 'none')))).toMatch(/none: can't be read \(ENOENT/);
});

describe('Zstandard, method 93', () => {
  // One file, samples/1.json, compressed by Python's zstandard module; the archive around it by struct.
  const fixture = path.resolve(import.meta.dirname, '../../../fixtures/import/zstandard.zip');

  test('is unpacked', async () => {
    expect(await contents(await openZip(fixture), ['samples/1.json'])).toEqual(['{"x": 1}\n'.repeat(400)]);
  });

  test('stops at the size the archive states, and reports damage', async () => {
    const bytes = await fs.readFile(fixture);
    const file = path.join(await temporaryFolder(), 'changed.zip');
    const smaller = Buffer.from(bytes);
    smaller.writeUInt32LE(100, directoryEntry(smaller, 'samples/1.json') + 24);
    await fs.writeFile(file, smaller);
    expect(await contents(await openZip(file), ['samples/1.json'])).toEqual([
      'no: damaged in the archive (more than its 100 bytes)',
    ]);
    const damaged = Buffer.from(bytes);
    // The first byte of the compressed data, after the local header and the name.
    damaged[30 + 'samples/1.json'.length] = 0;
    await fs.writeFile(file, damaged);
    expect((await contents(await openZip(file), ['samples/1.json']))[0]).toMatch(/^no: damaged in the archive/);
  });
});
