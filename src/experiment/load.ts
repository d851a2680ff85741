/**
 * Experiment files: YAML with the keys of `experimentSchema`. What is wrong is said with file, line and column. Defaults are
 * not filled in here, so that flags and a run's record can come before them.
 */
import * as fs from 'node:fs';
import * as path from 'node:path';
import { isMap, isScalar, LineCounter, parseDocument, type Document } from 'yaml';
import type * as z from 'zod';
import { codeOf, messageOf, UsageError } from '../terminal/errors.js';
import { nearest, suggestion } from '../terminal/nearest.js';
import { experimentSchema, foreignKeys, type ExperimentInput } from './schema.js';

export interface ExperimentFile {
  readonly file: string;
  /** The run's name where no other is given: the file's, without its ending. */
  readonly name: string;
  /** What the file says, and nothing else. */
  readonly given: ExperimentInput;
}

const largestBytes = 1_000_000;

/** Reads and checks a file. Throws UsageError, one line, at the first mistake. */
export function loadExperimentFile(file: string): ExperimentFile {
  return { file, name: path.basename(file).replace(/\.ya?ml$/, ''), given: parseExperiment(readText(file), file) };
}

function readText(file: string): string {
  try {
    const { size } = fs.statSync(file);
    if (size > largestBytes) throw new UsageError(`is ${size} bytes long, no experiment is`, file);
    return new TextDecoder('utf-8', { fatal: true }).decode(fs.readFileSync(file));
  } catch (error) {
    if (error instanceof UsageError) throw error;
    if (error instanceof TypeError) throw new UsageError('is no text in UTF-8', file);
    const what = codeOf(error) === 'ENOENT' ? 'there is no such file' : `can't be read (${messageOf(error)})`;
    throw new UsageError(what, file, 'those that come with the lab are in experiments/');
  }
}

/** The experiment in a text; `file` is what messages call it. Throws UsageError, one line, at the first mistake. */
export function parseExperiment(text: string, file: string): ExperimentInput {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, uniqueKeys: true });
  const at = (offset: number | undefined): string => {
    if (offset === undefined) return file;
    const { line, col } = lines.linePos(offset);
    return `${file}:${line}:${col}`;
  };
  const [syntax] = document.errors;
  if (syntax !== undefined) {
    throw new UsageError(
      `is no YAML: ${syntax.message.split('\n')[0]!.replace(/ at line .*$/, '')}`,
      at(syntax.pos[0]),
    );
  }
  if (!isMap(document.contents)) throw new UsageError('holds no keys', file, 'the first is arch: cnn, say');
  const values = plainValues(document, file);
  const parsed = experimentSchema.safeParse(values);
  if (!parsed.success) throw mistake(parsed.error.issues[0]!, values, (path, key) => at(offsetOf(document, path, key)));
  const given = Object.fromEntries(
    Object.entries(parsed.data).filter(([key]) => Object.hasOwn(values, key)),
  ) as unknown as ExperimentInput;
  const [foreign] = foreignKeys(given);
  if (foreign !== undefined)
    throw new UsageError(
      `${foreign}: ${given.arch} has no such option`,
      at(offsetOf(document, [], foreign)),
      'leave it out',
    );
  return given;
}

/** Aliases are followed a few times at most: a short text could else stand for gigabytes. */
function plainValues(document: Document, file: string): Record<string, unknown> {
  try {
    return document.toJS({ maxAliasCount: 10 }) as Record<string, unknown>;
  } catch (error) {
    throw new UsageError(`is no YAML: ${messageOf(error)}`, file);
  }
}

/** Where a key stands, or else the value at the path. */
function offsetOf(document: Document, path: readonly PropertyKey[], key?: string): number | undefined {
  if (key !== undefined) {
    const map = path.length === 0 ? document.contents : document.getIn(path, true);
    const pair = isMap(map) ? map.items.find((item) => isScalar(item.key) && item.key.value === key) : undefined;
    return isScalar(pair?.key) ? pair.key.range?.[0] : undefined;
  }
  const node = document.getIn(path, true) as { range?: [number, number, number] } | undefined;
  return node?.range?.[0];
}

type Locate = (path: readonly PropertyKey[], key?: string) => string;

function mistake(issue: z.core.$ZodIssue, values: Record<string, unknown>, locate: Locate): UsageError {
  if (issue.code === 'unrecognized_keys') {
    const key = issue.keys[0]!;
    return new UsageError(`${key}: there is no such key`, locate(issue.path, key), keySuggestion(key));
  }
  const key = issue.path.join('.');
  const value = issue.path.reduce<unknown>(
    (at, part) => (at as Record<PropertyKey, unknown> | undefined)?.[part],
    values,
  );
  if (value === undefined) return new UsageError(`${key} is missing`, locate([]), 'give one, such as arch: cnn');
  const shown = JSON.stringify(value);
  if (issue.code === 'invalid_value') {
    const remedy = suggestion(shown.replaceAll('"', ''), issue.values.map(String));
    return new UsageError(`${key}: ${shown} is unknown`, locate(issue.path), remedy);
  }
  return new UsageError(`${key}: ${shown} is not valid`, locate(issue.path), issue.message);
}

function keySuggestion(key: string): string {
  const known = experimentSchema.keyof().options;
  const camel = key.replace(/[-_]([a-z])/g, (_, letter: string) => letter.toUpperCase());
  const meant = nearest(camel, known);
  return meant === undefined ? `known: ${known.join(', ')}` : `did you mean ${meant}?`;
}
