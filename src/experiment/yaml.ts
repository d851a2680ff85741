/** YAML as a mapping in which every key and value has its line and column. Invalid YAML is rejected in one line. */
import {
  isMap,
  isNode,
  LineCounter,
  parseDocument,
  visit,
  type Alias,
  type Document,
  type ErrorCode,
  type Node,
  type YAMLMap,
} from 'yaml';
import { UsageError } from '../terminal/errors.js';
import { printable } from '../terminal/printable.js';

/** An experiment needs none, and nested ones expand without bound. */
const maxAliases = 20;
const writeOut = 'write the values out';

/** A mapping at the top of a document that is valid YAML. */
export interface YamlSource {
  readonly document: Document;
  readonly mapping: YAMLMap;
  /** `FILE:LINE:COL` of an offset into the text. */
  readonly at: (offset: number) => string;
}

/** `file` is its name in messages. Throws UsageError. */
export function parseMapping(text: string, file: string): YamlSource {
  const lines = new LineCounter();
  const at = (offset: number) => {
    const { line, col } = lines.linePos(offset);
    return `${file}:${line}:${col}`;
  };
  // The package's search for duplicate keys is quadratic; code that knows the keys finds them itself.
  const options = { lineCounter: lines, prettyErrors: false, stringKeys: true, uniqueKeys: false } as const;
  const document = parseDocument(text, options);
  refuseUnsound(document, at);
  refuseBadAliases(document, at);
  refuseLeadingZeros(document, at);
  const { contents } = document;
  const remedy = 'write keys and values, such as "arch: cnn"';
  if (contents === null || isMissing(contents)) throw new UsageError('is empty', file, remedy);
  if (!isMap(contents)) throw new UsageError('is not a mapping', at(startOf(contents)), remedy);
  return { document, mapping: contents, at };
}

/** Mistakes for which the package's message is hard to act on: what is wrong, and how to fix it. */
const reworded: Readonly<Partial<Record<ErrorCode, readonly [what: string, remedy: string]>>> = {
  MULTIPLE_DOCS: ['has a second document', 'write one experiment per file'],
  TAB_AS_INDENT: ['is indented with a tab', 'use spaces'],
  NON_STRING_KEY: ['a key is not text', 'write keys and values, such as "arch: cnn"'],
  RESOURCE_EXHAUSTION: ['is nested too deeply', 'write keys and values, such as "arch: cnn"'],
  TAG_RESOLVE_FAILED: ['has a tag that is unknown', 'leave it out'],
};

function refuseUnsound({ errors, warnings }: Document, at: YamlSource['at']): void {
  const [mistake] = [...errors, ...warnings].sort((a, b) => a.pos[0] - b.pos[0]);
  if (mistake === undefined) return;
  const [what, remedy] = reworded[mistake.code] ?? [
    `is not YAML: ${printable(mistake.message)}`,
    'write one "key: value" per line',
  ];
  throw new UsageError(what, at(mistake.pos[0]), remedy);
}

/** Counts before looking anything up, as each look-up goes through the whole document. */
function refuseBadAliases(document: Document, at: YamlSource['at']): void {
  const aliases: { readonly alias: Alias; readonly within: readonly unknown[] }[] = [];
  visit(document, {
    Alias(_, alias, within) {
      aliases.push({ alias, within });
    },
  });
  const excess = aliases[maxAliases];
  if (excess !== undefined)
    throw new UsageError(`has more than ${maxAliases} aliases`, at(startOf(excess.alias)), writeOut);
  for (const { alias, within } of aliases) {
    const target = alias.resolve(document);
    const name = printable(alias.source);
    if (target === undefined)
      throw new UsageError(`no anchor &${name} is above *${name}`, at(startOf(alias)), writeOut);
    if (within.includes(target)) throw new UsageError(`*${name} refers to itself`, at(startOf(alias)), writeOut);
  }
}

/** Octal in YAML 1.1, decimal in 1.2. */
const leadingZero = /^[-+]?0+(?=\d)/;

function refuseLeadingZeros(document: Document, at: YamlSource['at']): void {
  visit(document, {
    Scalar(_, { value, source = '', range }) {
      if (typeof value !== 'number' || !leadingZero.test(source)) return;
      const meant = source.replace(leadingZero, source.startsWith('-') ? '-' : '');
      const what = `${source} begins with 0: octal to some readers of YAML, decimal to others`;
      throw new UsageError(what, at(range?.[0] ?? 0), `write ${meant}`);
    },
  });
}

/** As plain data. Throws if aliases expand to more than an experiment could need. */
export function plainValues({ document, mapping, at }: YamlSource): Record<string, unknown> {
  try {
    return document.toJS({ maxAliasCount: maxAliases }) as Record<string, unknown>;
  } catch (error) {
    if (!(error instanceof ReferenceError)) throw error;
    throw new UsageError(`has aliases that expand to more than ${maxAliases} values`, at(startOf(mapping)), writeOut);
  }
}

/** A key as text. */
export function yamlKey(key: unknown): string {
  return isNode(key) && 'value' in key ? String(key.value) : String(key);
}

/**
 * Where the value at a path begins, or the node that contains it: values behind an alias have no place of their own.
 */
export function offsetOf([key, entry]: readonly PropertyKey[], { mapping }: YamlSource): number {
  const pair = mapping.items.find((item) => yamlKey(item.key) === key);
  if (pair === undefined) return startOf(mapping);
  const inner = entry === undefined ? undefined : mapping.getIn([key, entry], true);
  const [node] = [inner, pair.value].filter((each) => isNode(each) && !isMissing(each));
  return startOf(node ?? pair.key);
}

/** `epochs:` with nothing after it: an empty scalar, whose place is after the colon or on a later line. */
function isMissing(node: Node): boolean {
  return node.range !== null && node.range !== undefined && node.range[0] === node.range[1];
}

/** Offset of a node's first character. */
export function startOf(node: unknown): number {
  return isNode(node) ? (node.range?.[0] ?? 0) : 0;
}
