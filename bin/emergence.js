#!/usr/bin/env node
// In a checkout TypeScript is run from source, the package has what `npm run build` made of it.
import { existsSync } from 'node:fs';

const [major, minor] = process.versions.node.split('.').map(Number);
if (major < 20 || (major === 20 && minor < 12)) {
  console.error(`error: Node ${process.version} is too old; install Node 20.12 or newer`);
  process.exit(1);
}
if (existsSync(new URL('../src/main.ts', import.meta.url))) {
  await registerTypescript();
  await import('../src/main.ts');
} else {
  await import('../dist/main.js');
}

/** tsx is registered in this process: its own command would start a second one, 0.4 s more. */
async function registerTypescript() {
  try {
    // Loaded before tsx looks at every import: 0.1 s less until help is there.
    await Promise.all([import('@commander-js/extra-typings'), import('zod')]);
    const { register } = await import('tsx/esm/api');
    register();
  } catch (error) {
    if (error?.code !== 'ERR_MODULE_NOT_FOUND') throw error;
    console.error('error: the dependencies are not installed; run: npm ci --include=dev');
    process.exit(1);
  }
}
