import * as fs from 'node:fs/promises';
import * as path from 'node:path';
import { describe, expect, test } from 'vitest';
import { DamagedWheelError, parseWheelRecord, readFromWheel, unpackWheel } from '../../../src/install/unpack.js';
import { temporaryFolder } from '../../support/runs.js';
import { recordLine, recordName, writeWheel, type WheelOptions } from '../../support/wheels.js';

const library = 'ELF '.repeat(5000);
const files = {
  'demo/lib.so': library,
  'demo/include/a/b.h': 'int b();\n',
  'demo/empty.txt': '',
  'demo/skip.py': 'x = 1',
};
const wanted = (name: string) => !name.endsWith('.py');

/** Unpacks a wheel with these files and returns the folder. */
async function unpacked(contents: Readonly<Record<string, string>> = files, options?: WheelOptions): Promise<string> {
  const folder = await temporaryFolder();
  const wheel = await writeWheel(folder, contents, options);
  const target = path.join(folder, 'out');
  await fs.mkdir(target);
  await unpackWheel(wheel, target, wanted);
  return target;
}

/** The error from unpacking the wheel after `damage`, without the wheel's own path. */
async function refusal(damage: (bytes: Buffer) => Buffer, options?: WheelOptions): Promise<string> {
  const folder = await temporaryFolder();
  const wheel = await writeWheel(folder, files, options);
  await fs.writeFile(wheel, damage(await fs.readFile(wheel)));
  const target = path.join(folder, 'out');
  const error: unknown = await unpackWheel(wheel, target, wanted).catch((reason: unknown) => reason);
  expect(error).toBeInstanceOf(DamagedWheelError);
  return (error as Error).message.replace(wheel, 'WHEEL');
}

function flipped(bytes: Buffer, at: number): Buffer {
  bytes[at]! ^= 1;
  return bytes;
}

const line = (what: string) => `WHEEL: is damaged: ${what}; run the command again to download it again`;

describe.each([
  ['deflated', true],
  ['stored', false],
])('%s entries', (_, packed) => {
  test('are unpacked whole, and only the wanted ones', async () => {
    const folder = await unpacked(files, { packed });
    expect(await fs.readFile(path.join(folder, 'demo/lib.so'), 'utf8')).toBe(library);
    expect(await fs.readFile(path.join(folder, 'demo/include/a/b.h'), 'utf8')).toBe('int b();\n');
    expect(await fs.readFile(path.join(folder, 'demo/empty.txt'), 'utf8')).toBe('');
    expect((await fs.readdir(path.join(folder, 'demo'))).sort()).toEqual(['empty.txt', 'include', 'lib.so']);
  });

  test('with a flipped byte are refused', async () => {
    // 30 bytes of local header and 11 of its name precede the first entry's content.
    const message = await refusal((bytes) => flipped(bytes, 30 + 'demo/lib.so'.length + 10), { packed });
    expect(message).toMatch(/^WHEEL: is damaged: demo\/lib\.so (does not match its RECORD|can't be unpacked); run/);
  });
});

test('an executable stays executable', async () => {
  const folder = await unpacked(files, { modes: { 'demo/lib.so': 0o755 } });
  const executable = async (name: string) => ((await fs.stat(path.join(folder, name))).mode & 0o100) !== 0;
  expect(await executable('demo/lib.so')).toBe(true);
  expect(await executable('demo/include/a/b.h')).toBe(false);
});

test.each([
  ['another hash', recordLine('demo/lib.so', library.toLowerCase()), 'demo/lib.so does not match its RECORD'],
  ['another size', recordLine('demo/lib.so', library).replace(/\d+$/, '7'), 'demo/lib.so does not match its RECORD'],
  ['no line for a file', recordLine('demo/other.so', library), 'demo/lib.so is not in its RECORD'],
])('a RECORD with %s is refused', async (_, record, what) => {
  expect(await refusal((bytes) => bytes, { record })).toBe(line(what));
});

test('a wheel without RECORD is refused', async () => {
  expect(await refusal((bytes) => bytes, { record: null })).toBe(line('it has no RECORD'));
});

test.each(['../x', 'demo/../../x', '/tmp/x', 'demo\\..\\..\\x'])('the name %s is refused', async (name) => {
  const folder = await temporaryFolder();
  const wheel = await writeWheel(folder, { [name]: 'x' });
  const target = path.join(folder, 'a', 'out');
  const message = line(`${JSON.stringify(name)} leads outside the folder`).replace('WHEEL', wheel);
  await expect(unpackWheel(wheel, target, wanted)).rejects.toThrow(message);
  expect(await fs.readdir(folder)).toEqual([path.basename(wheel)]);
});

test('a truncated wheel is refused, wherever it ends', async () => {
  const whole = await fs.readFile(await writeWheel(await temporaryFolder(), files));
  for (const share of [0, 0.1, 0.5, 0.9]) {
    const message = await refusal((bytes) => bytes.subarray(0, Math.floor(whole.length * share)));
    expect(message).toBe(line('it has no complete zip directory; the download may be incomplete'));
  }
});

test('a wheel with a missing middle is refused', async () => {
  const message = await refusal((bytes) => Buffer.concat([bytes.subarray(0, 20), bytes.subarray(60)]));
  expect(message).toMatch(/^WHEEL: is damaged: /);
});

test('a file that is not a wheel is refused', async () => {
  expect(await refusal(() => Buffer.from('<html>404</html>'))).toBe(
    line('it has no complete zip directory; the download may be incomplete'),
  );
});

test('one file is read by the end of its name', async () => {
  const wheel = await writeWheel(await temporaryFolder(), { ...files, 'demo-1.0.dist-info/METADATA': 'Name: demo\n' });
  expect(await readFromWheel(wheel, '.dist-info/METADATA')).toBe('Name: demo\n');
  expect(await readFromWheel(wheel, 'nothing')).toBeUndefined();
});

test('RECORD: quoted names, Windows line endings, lines without a hash', () => {
  const text = 'a.h,sha256=AbC_-1,12\r\n"b, ""c"".h",sha256=x,3\r\nd/RECORD,,\r\n';
  expect([...parseWheelRecord(text)]).toEqual([
    ['a.h', { sha256: 'AbC_-1', size: 12 }],
    ['b, "c".h', { sha256: 'x', size: 3 }],
  ]);
});

test('RECORDs of packages inside a package are ordinary files', async () => {
  const inner = 'demo/_vendor/other.dist-info/RECORD';
  const folder = await temporaryFolder();
  const wheel = await writeWheel(folder, { [inner]: 'x', 'demo/a': 'a' });
  await unpackWheel(wheel, path.join(folder, 'out'), () => true);
  expect(await fs.readFile(path.join(folder, 'out', recordName), 'utf8')).toContain(`${inner},sha256=`);
});
