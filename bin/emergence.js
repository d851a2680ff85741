#!/usr/bin/env node
// TypeScript is run from source: tsx is registered in this process (its own command would start a second one, 0.4 s more).
try {
  // Loaded before tsx looks at every import: 0.1 s less until help is there.
  await Promise.all([import('commander'), import('zod')]);
  const { register } = await import('tsx/esm/api');
  register();
} catch (error) {
  if (error?.code !== 'ERR_MODULE_NOT_FOUND') throw error;
  console.error('error: the dependencies are not installed; run: npm ci');
  process.exit(1);
}
await import('../src/main.ts');
