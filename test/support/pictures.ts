/** Small pictures, archives of them, and a cache for the test. */
import * as fs from 'node:fs/promises';
import * as path from 'node:path';
import { zipSync } from 'fflate';
import sharp from 'sharp';
import { onTestFinished, vi } from 'vitest';
import { temporaryFolder } from './runs.js';

export type Rgb = readonly [red: number, green: number, blue: number];

/** A PNG of one colour. */
export async function plainPng([r, g, b]: Rgb, width = 8, height = 8): Promise<Buffer> {
  return sharp({ create: { width, height, channels: 3, background: { r, g, b } } })
    .png()
    .toBuffer();
}

/** A PNG of these bytes, `[height, width, channels]`. */
export async function pngOf(bytes: Uint8Array, width: number, channels: 1 | 2 | 3 | 4): Promise<Buffer> {
  const raw = { width, height: bytes.length / width / channels, channels };
  const image = sharp(bytes, { raw });
  return (channels < 3 ? image.toColourspace('b-w') : image).png().toBuffer();
}

/** Files by relative path, in a folder that is removed when the test ends. A path that ends with a slash is an empty folder. */
export async function folderWith(files: Readonly<Record<string, Uint8Array>>): Promise<string> {
  const folder = await temporaryFolder();
  for (const [name, bytes] of Object.entries(files)) {
    const file = path.join(folder, name);
    await fs.mkdir(name.endsWith('/') ? file : path.dirname(file), { recursive: true });
    if (!name.endsWith('/')) await fs.writeFile(file, bytes);
  }
  return folder;
}

export async function zipWith(files: Readonly<Record<string, Uint8Array>>): Promise<string> {
  const file = path.join(await temporaryFolder(), 'a.zip');
  await fs.writeFile(file, zipSync({ ...files }));
  return file;
}

/** An empty cache for one test. */
export async function ownCache(): Promise<string> {
  const folder = await temporaryFolder();
  vi.stubEnv('EMERGENCE_CACHE_DIR', folder);
  onTestFinished(() => {
    vi.unstubAllEnvs();
  });
  return folder;
}

/** The line the user reads. */
export async function mistakeOf(work: Promise<unknown>): Promise<string> {
  return work.then(
    () => 'accepted',
    (error: unknown) => String(error),
  );
}
