import * as fs from 'node:fs/promises';
import * as path from 'node:path';
import { zipSync } from 'fflate';
import { describe, expect, test } from 'vitest';
import { openZip, unzip, zipLimits, type Zip } from '../../../../src/datasets/files/zip.js';
import { mistakeOf, zipWith } from '../../../support/pictures.js';
import { temporaryFolder } from '../../../support/runs.js';

const text = (content: string) => Buffer.from(content);

async function contents(zip: Zip, names: readonly string[]): Promise<(string | undefined)[]> {
  const found = [];
  for await (const [, bytes] of unzip(zip, names))
    found.push(bytes === undefined ? undefined : Buffer.from(bytes).toString());
  return found;
}

/** Where an entry's header in the central directory begins. */
function directoryEntry(archive: Buffer, name: string): number {
  for (let at = archive.indexOf('PK\x01\x02'); at >= 0; at = archive.indexOf('PK\x01\x02', at + 1))
    if (archive.toString('utf8', at + 46, at + 46 + archive.readUInt16LE(at + 28)) === name) return at;
  throw new Error(`no ${name}`);
}

test('files come in the order asked for', async () => {
  const zip = await openZip(await zipWith({ 'a/1': text('one'), 'a/2': text('two'), b: text('three') }));
  expect(zip.entries).toEqual([
    { name: 'a/1', sizeBytes: 3 },
    { name: 'a/2', sizeBytes: 3 },
    { name: 'b', sizeBytes: 5 },
  ]);
  expect(await contents(zip, ['b', 'a/1'])).toEqual(['three', 'one']);
});

describe('a name that leads out of the archive', () => {
  test.each(['../x', 'a/../../x', '/etc/x', 'C:\\x', 'a\\..\\..\\x', '\\x'])('%s', async (name) => {
    const file = await zipWith({ good: text('1'), [name]: text('2') });
    expect(await mistakeOf(openZip(file))).toBe(
      `UsageError: ${file}: holds a file whose name leads out of the archive: ${JSON.stringify(name)}; such an archive is not read`,
    );
  });

  test('dots within a name are none', async () => {
    const zip = await openZip(await zipWith({ 'a..b/..c': text('1') }));
    expect(await contents(zip, ['a..b/..c'])).toEqual(['1']);
  });
});

describe('a bomb is refused before it is unpacked', () => {
  test('one file too large', async () => {
    const file = await zipWith({ 'big.bmp': new Uint8Array(5000) });
    expect(await mistakeOf(openZip(file, { ...zipLimits, fileBytes: 4000 }))).toBe(
      `UsageError: ${file}: big.bmp unpacks to 5.0 kB, more than the 4.0 kB of an image; unpack it yourself if you trust it, and give the folder`,
    );
  });

  test('zeros that unpack to 100 times and more', async () => {
    const file = await zipWith({ a: new Uint8Array(1e6), b: new Uint8Array(1e6) });
    const limits = { ...zipLimits, ratioFromBytes: 1e6 };
    expect(await mistakeOf(openZip(file, limits))).toMatch(/: 2\.\d kB that unpack to 2\.0 MB; unpack it yourself/);
    expect((await openZip(file)).entries).toHaveLength(2);
  });

  test('too much in all', async () => {
    const file = await zipWith({ a: new Uint8Array(600), b: new Uint8Array(600) });
    expect(await mistakeOf(openZip(file, { ...zipLimits, totalBytes: 1000 }))).toContain('that unpack to 1.2 kB');
  });

  test('a file that unpacks to more than its directory says gives no more than that', async () => {
    const archive = Buffer.from(zipSync({ a: new Uint8Array(1e6) }));
    archive.writeUInt32LE(10, directoryEntry(archive, 'a') + 24);
    const file = path.join(await temporaryFolder(), 'a.zip');
    await fs.writeFile(file, archive);
    for await (const [, bytes] of unzip(await openZip(file), ['a'])) expect(bytes?.length ?? 0).toBeLessThanOrEqual(10);
  });

  test('an archive too large to be held in memory', async () => {
    const file = await zipWith({ a: text('1') });
    expect(await mistakeOf(openZip(file, { ...zipLimits, archiveBytes: 50 }))).toMatch(
      /is \d+ bytes long, and an archive is held in memory; unpack it and give the folder \(at most 50 bytes is read as a zip\)$/,
    );
  });
});

test('a damaged file is missing alone, the others of its batch are there', async () => {
  const noise = Buffer.from(Array.from({ length: 2000 }, (_, i) => (i * 7919) % 251));
  const archive = Buffer.from(zipSync({ a: text('one'), b: noise, c: text('three') }));
  // Block type 3 does not exist in deflate.
  const local = archive.readUInt32LE(directoryEntry(archive, 'b') + 42);
  archive[local + 30 + 1] = 0x07;
  // A method that nobody has.
  archive.writeUInt16LE(99, directoryEntry(archive, 'c') + 10);
  const file = path.join(await temporaryFolder(), 'a.zip');
  await fs.writeFile(file, archive);
  expect(await contents(await openZip(file), ['a', 'b', 'c'])).toEqual(['one', undefined, undefined]);
});

test('what is no archive, or half of one, is one line', async () => {
  const folder = await temporaryFolder();
  const whole = zipSync({ a: new Uint8Array(100) });
  for (const [name, bytes] of [
    ['text.zip', text('no zip at all, but long enough for its end record')],
    ['empty.zip', text('')],
    ['cut.zip', whole.subarray(0, whole.length - 30)],
  ] as const) {
    const file = path.join(folder, name);
    await fs.writeFile(file, bytes);
    expect(await mistakeOf(openZip(file))).toMatch(/^UsageError: .*\.zip: is not a whole zip archive \(.+\)$/);
  }
  expect(await mistakeOf(openZip(path.join(folder, 'none')))).toMatch(/none: can't be read \(ENOENT/);
});
