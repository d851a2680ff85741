/** What a user reads of an error that no command foresaw. */
import { pathToFileURL } from 'node:url';
import { expect, test, vi } from 'vitest';
import { reportError } from '../../src/cli.js';

test('a part of the program that is gone is no bug', async () => {
  const printed = vi.spyOn(console, 'error').mockImplementation(() => undefined);
  // As when `npm ci` empties node_modules during a training.
  const thrown: unknown = await import(pathToFileURL('/nowhere/chunk.js').href).catch((error: unknown) => error);
  expect(reportError(Object.assign(thrown as Error, { code: 'ERR_MODULE_NOT_FOUND' }))).toBe(1);
  expect(printed.mock.calls.join()).toMatch(/^error: .*chunk\.js.*, a part of the program, was removed while it ran/);
  printed.mockRestore();
});
