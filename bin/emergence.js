#!/usr/bin/env node
// In a checkout the program is bundled from its TypeScript after each change; the package has what `npm run build` made of it.
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFile, readFileSync, statSync, utimes } from 'node:fs';
import * as path from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

const [major, minor] = process.versions.node.split('.').map(Number);
if (major < 20 || (major === 20 && minor < 12)) {
  console.error(`error: Node ${process.version} is too old; install Node 20.12 or newer`);
  process.exit(1);
}
const lab = fileURLToPath(new URL('..', import.meta.url));
await import(existsSync(path.join(lab, 'src/main.ts')) ? await checkoutProgram() : '../dist/main.js');

/** The bundle of these sources, made if there is none; the sources themselves where none can be written. */
async function checkoutProgram() {
  const digest = digestOfSources();
  const folder = path.join(lab, 'node_modules/.cache/emergence', digest);
  if (!isWhole(folder)) {
    await registerTypescript();
    const { bundleCheckout } = await import('../src/bundle.ts');
    // A source that changed meanwhile may be in the bundle in another version than its digest says.
    if (!(await bundleCheckout(folder, { isWhole, isCurrent: () => digestOfSources() === digest })))
      return '../src/main.ts';
  }
  keep(folder);
  setInterval(keep, 3_600_000, folder).unref();
  return pathToFileURL(path.join(folder, 'main.js')).href;
}

/** Whether a bundle has its files: a power cut may leave empty ones, and whatever cleans caches only some. */
function isWhole(folder) {
  try {
    const sizes = JSON.parse(readFileSync(path.join(folder, 'sizes.json'), 'utf8'));
    return Object.entries(sizes).every(([name, size]) => statSync(path.join(folder, name)).size === size);
  } catch {
    return false;
  }
}

/** Of all that a bundle is made of, and of the checkout's place, which it contains. */
function digestOfSources() {
  const below = ['src', 'vendor'].flatMap((folder) =>
    readdirSync(path.join(lab, folder), { recursive: true }).map((name) => path.join(folder, name)),
  );
  const sources = below.filter((name) => /\.(ts|js|mjs|json)$/.test(name)).sort();
  const hash = createHash('sha256').update(lab);
  for (const name of [...sources, 'package.json', 'tsconfig.json', 'node_modules/.package-lock.json']) {
    const bytes = bytesOf(path.join(lab, name));
    hash.update(`\0${name}\0${bytes.length}\0`).update(bytes);
  }
  return hash.digest('hex').slice(0, 32);
}

/** None of what is no file, or cannot be read: whoever imports it says so. */
function bytesOf(file) {
  try {
    return readFileSync(file);
  } catch {
    return '';
  }
}

/** A bundle that was used lately is not removed: this process may still load parts of it. Another user's can be read and not marked. */
function keep(folder) {
  const now = new Date();
  utimes(folder, now, now, (error) => {
    if (error !== null) readFile(path.join(folder, 'sizes.json'), () => undefined);
  });
}

/** tsx is registered in this process: its own command would start a second one. */
async function registerTypescript() {
  try {
    const { register } = await import('tsx/esm/api');
    register();
  } catch (error) {
    if (error?.code !== 'ERR_MODULE_NOT_FOUND') throw error;
    console.error('error: the dependencies are not installed; run: npm ci --include=dev');
    process.exit(1);
  }
}
