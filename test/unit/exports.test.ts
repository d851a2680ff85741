/**
 * Exports of every file are used by another file, and an exported name means one thing in all of src. Read with the compiler's own parser.
 */
import * as fs from 'node:fs';
import * as path from 'node:path';
import ts from 'typescript';
import { expect, test } from 'vitest';

const src = path.resolve(import.meta.dirname, '../../src');

/** Loaded by name from outside: the program, its bundle, the library, the page's program. */
const doors = /^(index|bundle|main|write-[\w-]+|experiment\/write-schema|report\/explorer\/client\/main)\.ts$/;

/** Names that two files may share, as they mean the same in another form: a formula as a curve model and as an op. */
const shared = new Set(['sigmoid']);

interface Exported {
  readonly file: string;
  readonly name: string;
}

interface Source {
  readonly file: string;
  readonly exports: readonly string[];
  readonly imports: readonly Exported[];
}

function isExported(node: ts.Statement): boolean {
  return (
    ts.canHaveModifiers(node) &&
    ts.getModifiers(node)?.some(({ kind }) => kind === ts.SyntaxKind.ExportKeyword) === true
  );
}

function namesOf(node: ts.Statement): string[] {
  if (ts.isVariableStatement(node))
    return node.declarationList.declarations.flatMap(({ name }) => (ts.isIdentifier(name) ? [name.text] : []));
  const { name } = node as { name?: ts.Node };
  return name !== undefined && ts.isIdentifier(name) ? [name.text] : [];
}

function read(file: string): Source {
  const text = fs.readFileSync(path.join(src, file), 'utf8');
  const source = ts.createSourceFile(file, text, ts.ScriptTarget.Latest, true);
  const imports: Exported[] = [];
  const target = (specifier: ts.Expression) =>
    ts.isStringLiteral(specifier) && specifier.text.startsWith('.')
      ? path.posix.join(path.posix.dirname(file), specifier.text.replace(/\.js$/, '.ts'))
      : undefined;
  const add = (specifier: ts.Expression | undefined, names: readonly (string | undefined)[]) => {
    const from = specifier === undefined ? undefined : target(specifier);
    if (from !== undefined) for (const name of names) if (name !== undefined) imports.push({ file: from, name });
  };
  const visit = (node: ts.Node): void => {
    if (ts.isImportDeclaration(node)) {
      const bindings = node.importClause?.namedBindings;
      // With a namespace import everything counts as used.
      if (bindings !== undefined && ts.isNamespaceImport(bindings)) add(node.moduleSpecifier, ['*']);
      else
        add(
          node.moduleSpecifier,
          bindings?.elements.map(({ name, propertyName }) => (propertyName ?? name).text) ?? [],
        );
    } else if (ts.isExportDeclaration(node) && node.exportClause !== undefined && ts.isNamedExports(node.exportClause))
      add(
        node.moduleSpecifier,
        node.exportClause.elements.map(({ name, propertyName }) => (propertyName ?? name).text),
      );
    else if (ts.isCallExpression(node) && node.expression.kind === ts.SyntaxKind.ImportKeyword)
      add(node.arguments[0], importedBy(node));
    else if (ts.isImportTypeNode(node) && ts.isLiteralTypeNode(node.argument))
      add(node.argument.literal, [node.qualifier?.getText(source) ?? '*']);
    ts.forEachChild(node, visit);
  };
  visit(source);
  return { file, exports: source.statements.filter(isExported).flatMap(namesOf), imports };
}

/** The names in `const { name } = await import(...)`; for any other form, everything. */
function importedBy(call: ts.CallExpression): string[] {
  const { parent } = call;
  const holder = ts.isAwaitExpression(parent) ? parent.parent : parent;
  if (ts.isVariableDeclaration(holder) && ts.isObjectBindingPattern(holder.name))
    return holder.name.elements.map(({ name, propertyName }) => (propertyName ?? name).getText());
  return ['*'];
}

const sources = fs
  .readdirSync(src, { recursive: true, encoding: 'utf8' })
  .map((file) => file.replaceAll(path.sep, '/'))
  .filter((file) => file.endsWith('.ts'))
  .sort()
  .map(read);

test('every export is imported by another file of src, or used in its own', () => {
  const used = new Set(sources.flatMap(({ imports }) => imports.map(({ file, name }) => `${file}#${name}`)));
  const unused = sources.flatMap(({ file, exports }) => {
    if (doors.test(file) || used.has(`${file}#*`)) return [];
    const text = fs.readFileSync(path.join(src, file), 'utf8');
    const occursAgain = (name: string) => text.split(new RegExp(`\\b${name}\\b`)).length > 2;
    return exports
      .filter((name) => !used.has(`${file}#${name}`) && !occursAgain(name))
      .map((name) => `${file}: ${name}`);
  });
  expect(unused).toEqual([]);
});

test('no two files export the same name', () => {
  const files = new Map<string, string[]>();
  for (const { file, exports } of sources)
    for (const name of new Set(exports)) files.set(name, [...(files.get(name) ?? []), file]);
  const twice = [...files].filter(([name, places]) => places.length > 1 && !shared.has(name));
  expect(twice.map(([name, places]) => `${name}: ${places.join(', ')}`)).toEqual([]);
});
