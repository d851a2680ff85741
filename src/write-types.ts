/** The types of the library's door, for those who import the package: what tsc makes of src/index.ts, and what that leads to. */
import * as fs from 'node:fs';
import * as path from 'node:path';
import ts from 'typescript';
import { labFolder, packageFolder } from './machine/installation.js';

const reference = /(from |import\()(['"])([^'"]+)\2/g;

/** Writes index.d.ts and the others into a folder; includes the types of `bundled` packages, which are not installed. */
export function writeTypes(folder: string, bundled: readonly string[]): void {
  const emitted = emittedTypes(folder);
  const copies = new Map(
    bundled.flatMap((name) => {
      const from = packageFolder(name);
      const names = fs.readdirSync(from, { recursive: true, encoding: 'utf8' });
      return names
        .filter((file) => file.endsWith('.d.ts'))
        .map(
          (file) => [path.join(folder, 'vendor', name, file), fs.readFileSync(path.join(from, file), 'utf8')] as const,
        );
    }),
  );
  const wanted = new Set([path.join(folder, 'index.d.ts')]);
  for (const file of wanted) {
    const text = emitted.get(file) ?? copies.get(file);
    if (text === undefined) throw new Error(`no types for ${file}`);
    const ours = text.replaceAll(reference, (whole, before: string, quote: string, name: string) => {
      if (!name.startsWith('.') && !bundled.includes(name)) return whole;
      const target = bundled.includes(name)
        ? path.join(folder, 'vendor', name, 'index.d.ts')
        : path.resolve(path.dirname(file), name.replace(/\.js$/, '.d.ts'));
      wanted.add(target);
      const relative = path.relative(path.dirname(file), target).replaceAll(path.sep, '/');
      return `${before}${quote}${relative.startsWith('.') ? '' : './'}${relative.replace(/\.d\.ts$/, '.js')}${quote}`;
    });
    fs.mkdirSync(path.dirname(file), { recursive: true });
    fs.writeFileSync(file, ours);
  }
}

function emittedTypes(outDir: string): ReadonlyMap<string, string> {
  const { config } = ts.readConfigFile(path.join(labFolder, 'tsconfig.json'), (file) => ts.sys.readFile(file)) as {
    config: unknown;
  };
  const { options } = ts.parseJsonConfigFileContent(config, ts.sys, labFolder);
  const program = ts.createProgram([path.join(labFolder, 'src/index.ts')], {
    ...options,
    ...{ noEmit: false, declaration: true, emitDeclarationOnly: true, removeComments: false, incremental: false },
    ...{ outDir, rootDir: path.join(labFolder, 'src') },
  });
  const emitted = new Map<string, string>();
  program.emit(undefined, (file, text) => emitted.set(path.resolve(file), text));
  return emitted;
}
