/** The examples in the docstrings of the library's functions, run as they stand there. */
import * as fs from 'node:fs';
import * as path from 'node:path';
import ts from 'typescript';
import * as door from '../../src/index.js';

const folder = path.resolve(import.meta.dirname, '../../src/library');

export interface Example {
  /** Of the function that it is an example of. */
  readonly of: string;
  readonly code: string;
}

const docstring =
  /\/\*\*(?:(?!\*\/)[^])*?@example\n((?: \* {5}.*\n)+)(?:(?!\*\/)[^])*?\*\/\nexport (?:async )?function (\w+)/g;

/** Of all functions, in the order of their files. */
export function examples(): Example[] {
  return fs
    .readdirSync(folder)
    .sort()
    .flatMap((name) => [...fs.readFileSync(path.join(folder, name), 'utf8').matchAll(docstring)])
    .map(([, lines, of]) => ({ of: of!, code: lines!.replaceAll(/^ \* {5}/gm, '') }));
}

/** What the last line of an example is, in a folder with what it needs. */
export async function run({ code }: Example, cwd: string): Promise<unknown> {
  const lines = code.trimEnd().split('\n');
  const body = [...lines.slice(0, -1), `return ${lines.at(-1)!}`].join('\n');
  const source = `(async ({ ${Object.keys(door).join(', ')} }) => {\n${body}\n})`;
  const before = process.cwd();
  process.chdir(cwd);
  try {
    const { outputText } = ts.transpileModule(source, { compilerOptions: { target: ts.ScriptTarget.ES2023 } });
    return await ((0, eval)(outputText) as (given: typeof door) => Promise<unknown>)(door);
  } finally {
    process.chdir(before);
  }
}
