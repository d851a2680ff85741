/** Writes small idx folders, whole or with a fault. */
import * as fs from 'node:fs';
import * as os from 'node:os';
import * as path from 'node:path';

/** An idx file of unsigned bytes. */
export function idxBytes(shape: readonly number[], data: ArrayLike<number>): Buffer {
  const header = Buffer.alloc(4 + 4 * shape.length);
  header.set([0, 0, 8, shape.length]);
  shape.forEach((size, i) => header.writeUInt32BE(size, 4 + 4 * i));
  return Buffer.concat([header, Uint8Array.from(data)]);
}

export function range(count: number): number[] {
  return Array.from({ length: count }, (_, i) => i);
}

/** Six training and three test images of 2 x 3, three classes. */
export function smallFiles(): Record<string, Buffer> {
  return {
    'train-images-idx3-ubyte': idxBytes([6, 2, 3], range(36)),
    'train-labels-idx1-ubyte': idxBytes([6], [0, 1, 2, 0, 1, 2]),
    't10k-images-idx3-ubyte': idxBytes(
      [3, 2, 3],
      range(18).map((i) => 100 + i),
    ),
    't10k-labels-idx1-ubyte': idxBytes([3], [2, 1, 0]),
  };
}

/** A new folder with these files; the caller removes it. */
export function folderOf(files: Readonly<Record<string, Uint8Array>>): string {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'emergence-idx-'));
  for (const [name, bytes] of Object.entries(files)) fs.writeFileSync(path.join(folder, name), bytes);
  return folder;
}
