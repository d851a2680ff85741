/**
 * What tfjs-node-gpu 4.22 calls of Node and newer Nodes no longer have. Two functions of `util` are all:
 * `isNullOrUndefined`, called for every op and removed in Node 23, and `isArray`, called for lists of tensors, which prints a
 * warning since Node 22. A test reads tfjs's sources for others.
 */
import { createRequire } from 'node:module';

const require = createRequire(import.meta.url);

const replacements = {
  isArray: Array.isArray,
  isNullOrUndefined: (value: unknown) => value === null || value === undefined,
} as const;

/** Puts both where tfjs-node looks for them: on the object that `require('util')` gives everyone in this process. */
export function restoreNodeApi(): void {
  Object.assign(require('node:util') as object, replacements);
}
