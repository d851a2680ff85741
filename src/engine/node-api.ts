/**
 * Node functions that tfjs-node-gpu 4.22 calls and newer Nodes no longer have. There are only two, both in `util`:
 * `isNullOrUndefined`, called for every op and removed in Node 23, and `isArray`, called for lists of tensors, which
 * has printed a warning since Node 22. A test searches tfjs's sources for others.
 */
import { createRequire } from 'node:module';

const require = createRequire(import.meta.url);

const replacements = {
  isArray: Array.isArray,
  isNullOrUndefined: (value: unknown) => value === null || value === undefined,
} as const;

/** Puts both where tfjs-node looks for them: on the object that `require('util')` returns throughout this process. */
export function restoreNodeApi(): void {
  Object.assign(require('node:util') as object, replacements);
}
