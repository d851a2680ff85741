/** A test file leaves the process as it found it, because files share it. */
import { afterAll, beforeAll } from 'vitest';

let before: { readonly folder: string; readonly environment: NodeJS.ProcessEnv } | undefined;

beforeAll(() => {
  before = { folder: process.cwd(), environment: { ...process.env } };
});

afterAll(() => {
  if (before === undefined) return;
  process.chdir(before.folder);
  for (const name of Object.keys(process.env))
    if (!(name in before.environment)) Reflect.deleteProperty(process.env, name);
  Object.assign(process.env, before.environment);
});
