/**
 * labels.csv or labels.tsv beside the images: each row has a file and its label, and optionally the split, and who or what the image shows.
 * The first row names the columns; without it they are file, label and split, in this order.
 */
import * as path from 'node:path';
import { dsvFormat } from 'd3-dsv';
import { UsageError } from '../../terminal/errors.js';
import { counted } from '../../terminal/format.js';
import { likeNamed, refuseUnknown, type LabelledFiles, type ClassLayout } from './classes.js';
import { sameName } from './names.js';
import { chooseSplits, roleOf, splitsAmong, type SplitRole } from './splits.js';
import type { FileTree } from './tree.js';

/** Accepted column names, ours first. */
const headings = {
  file: ['file', 'filename', 'file_name', 'path', 'filepath', 'image', 'image_path', 'name', 'id', 'image_id', 'fname'],
  label: ['label', 'labels', 'class', 'class_name', 'category', 'target', 'breed', 'species'],
  split: ['split', 'set', 'subset', 'partition'],
  group: ['group', 'writer', 'author', 'patient', 'subject', 'participant', 'person', 'donor', 'user', 'site'].flatMap(
    (name) => [name, `${name}_id`],
  ),
} as const;
type Heading = keyof typeof headings;

/** `writers` of a column `writer_id`. */
function nounOf(heading: string): string {
  const name = heading.replace(/_id$/, '');
  return name === 'person' ? 'people' : `${name}s`;
}

/** What a labels file must be, for error messages. */
export const labelColumns = 'its first row must name the columns file and label, and may name split and group';

/**
 * The labels file of a tree: at its top, or in the only folder there. Undefined if there is none.
 *
 * @throws UsageError if there are two
 */
export function labelsFileIn({ paths, where }: FileTree): string | undefined {
  const found = paths.filter((each) => /^labels\.[ct]sv$/i.test(path.posix.basename(each)));
  const holdsAll = found.filter((each) => {
    const prefix = each.slice(0, each.lastIndexOf('/') + 1);
    return paths.every((other) => other.startsWith(prefix));
  });
  if (holdsAll.length > 1) throw new UsageError(`holds ${holdsAll.join(' and ')}`, where, 'keep one of them');
  return holdsAll[0];
}

interface Row {
  /** From 1, as a spreadsheet counts. */
  readonly row: number;
  readonly file: string;
  readonly label: string;
  readonly split: SplitRole | undefined;
  /** If there is a column of groups. */
  readonly group: string | undefined;
}

interface Found extends Row {
  readonly path: string;
}

/**
 * The dataset that a labels file describes, or the reason why it describes none of the files here. Paths in it are relative to its own
 * folder; a bare name, with or without extension, means the only file with that name.
 *
 * @throws UsageError if it cannot be read, a file has two labels, a split is unknown, or the result cannot be a dataset
 */
export async function readLabels(tree: FileTree, file: string): Promise<ClassLayout | string> {
  const where = path.join(tree.where, file);
  const prefix = file.slice(0, file.lastIndexOf('/') + 1);
  const find = finder(tree, prefix, file);
  const table = tableOf(await labelFileText(tree, file, where), where, find);
  if (table === undefined) return 'has no columns file and label';
  const rows = parseRows(table, where, find);
  if (rows.found.length === 0 && rows.missing.length > 0)
    return `none of its ${counted(rows.missing.length, 'file')} exists, such as ${rows.missing[0]!}`;
  const found = withoutTwins(rows.found, where);
  const byFolder = table.columns.split === undefined ? splitsByFolder(found, prefix, where) : undefined;
  const roles = byFolder ?? found.map(({ split }) => split ?? 'train');
  const part = (role: SplitRole) => found.filter((_, i) => roles[i] === role);
  const some = (list: readonly Found[]) => (list.length === 0 ? undefined : list);
  const [train, test, val] = [part('train'), some(part('test')), some(part('val'))];
  if (train.length === 0) throw new UsageError('has no row of a training image', where, labelColumns);
  const chosen = chooseSplits({ train, test, val });
  const classNames = sortedClasses(train);
  const { base: name } = path.posix.parse(file);
  const dropped = [
    ...noteOn(rows.missing.length, 'file', `of ${name} missing, such as ${rows.missing[0] ?? ''}`),
    ...noteOn(rows.unlabelled, 'row', `of ${name} without a label, not used`),
  ];
  if (classNames.length < 2)
    throw new UsageError(
      `has only one class, ${classNames[0]!}${dropped.map((each) => `; ${each}`).join('')}`,
      where,
      'at least two are needed',
    );
  const labels = new Map(classNames.map((name, label) => [name, label]));
  refuseUnknown({ tree, prefix: file }, [...new Set((chosen.test ?? []).map(({ label }) => label))], labels);
  const filesOf = (list: readonly Found[]): LabelledFiles => ({
    tree,
    prefix,
    files: list
      .map(({ path: each, label, group }) => ({
        path: each,
        label: labels.get(label)!,
        ...(group === undefined ? {} : { group }),
      }))
      .sort((a, b) => a.label - b.label),
  });
  const unused = filesWithout(tree, { prefix, file, found });
  return {
    classNames,
    train: filesOf(train),
    test: chosen.test === undefined ? undefined : filesOf(chosen.test),
    groupNoun: table.columns.group === undefined ? undefined : nounOf(table.columns.group.heading),
    notes: [
      `classes are those of ${name}${byFolder === undefined ? '' : ', splits those of the folders'}`,
      ...likeNamed(classNames, classNames),
      ...(val !== undefined && chosen.test === val ? ['the split val is used as the test set'] : []),
      ...noteOn(chosen.unused?.length, 'image', 'of val ignored: nothing is tuned on validation images here'),
      ...dropped,
      ...noteOn(rows.found.length - found.length, 'row', `of ${name} repeated, ignored`),
      ...noteOn(
        unused.length,
        'file',
        `without a row in ${name}, such as ${unused[0]?.slice(prefix.length) ?? ''}, not used`,
      ),
    ],
  };
}

function noteOn(count: number | undefined, noun: string, what: string): string[] {
  return count === undefined || count === 0 ? [] : [`${counted(count, noun)} ${what}`];
}

function filesWithout(
  { paths }: FileTree,
  { prefix, file, found }: { readonly prefix: string; readonly file: string; readonly found: readonly Found[] },
): string[] {
  const used = new Set([file, ...found.map((row) => row.path)]);
  return paths.filter((each) => each.startsWith(prefix) && !used.has(each));
}

async function labelFileText(tree: FileTree, file: string, where: string): Promise<string> {
  for await (const [, bytes] of tree.contents([file])) {
    if (typeof bytes === 'string') throw new UsageError(bytes, where);
    let text: string;
    try {
      text = new TextDecoder('utf-8', { fatal: true }).decode(bytes);
    } catch {
      throw new UsageError('is not UTF-8', where, 'save it as "CSV UTF-8"');
    }
    // Also of UTF-16 without a byte order mark, which may be UTF-8 by its bytes.
    if (text.includes('\0')) throw new UsageError('has zero bytes, and text has none', where, 'save it as "CSV UTF-8"');
    return text;
  }
  throw new UsageError('is missing', where);
}

type Find = (name: string) => string | undefined;

/** By path, by name and by name without extension; a name that several files share is not found. */
function finder({ paths }: FileTree, prefix: string, labels: string): Find {
  const places = new Map<string, string | undefined>();
  const set = (kind: string, name: string, each: string) => {
    const key = `${kind} ${sameName(name)}`;
    places.set(key, places.has(key) && places.get(key) !== each ? undefined : each);
  };
  for (const each of paths) {
    if (!each.startsWith(prefix) || each === labels) continue;
    const relative = each.slice(prefix.length);
    const { base, name } = path.posix.parse(relative);
    set('path', relative, each);
    set('path', relative.slice(0, relative.length - path.posix.extname(relative).length), each);
    set('name', base, each);
    set('name', name, each);
  }
  return (text) => {
    const name = sameName(
      text
        .trim()
        .replaceAll('\\', '/')
        .replace(/^(\.\/)+/, ''),
    );
    return places.get(`path ${name}`) ?? places.get(`name ${name}`);
  };
}

interface Parsed {
  readonly found: readonly Found[];
  /** Listed files that do not exist. */
  readonly missing: readonly string[];
  /** Rows without a label. */
  readonly unlabelled: number;
}

function parseRows({ rows, columns, first, width }: Table, where: string, find: Find): Parsed {
  const cell = (row: readonly string[], heading: Exclude<Heading, 'group'>) => {
    const at = columns[heading];
    return at === undefined ? '' : (row[at] ?? '').trim();
  };
  const found: Found[] = [];
  const missing: string[] = [];
  let unlabelled = 0;
  for (const [i, cells] of rows.entries()) {
    const row = first + i;
    if (cells.every((each) => each.trim() === '')) continue;
    if (cells.slice(width).some((each) => each.trim() !== ''))
      throw new UsageError(
        `row ${row} has ${counted(cells.length, 'cell')} for ${counted(width, 'column')}`,
        where,
        'put a name with a comma in quotes',
      );
    const file = cell(cells, 'file');
    if (file === '') throw new UsageError(`row ${row} does not name a file`, where, labelColumns);
    if (/[\r\n]/.test(cells.join('')))
      throw new UsageError(`row ${row} has a line break in a cell`, where, 'is a quotation mark not closed?');
    const label = sameName(cell(cells, 'label'));
    if (label === '') unlabelled++;
    const place = find(file);
    if (place === undefined) missing.push(file);
    if (label === '' || place === undefined) continue;
    const group =
      columns.group === undefined ? undefined : groupOf(sameName((cells[columns.group.at] ?? '').trim()), place);
    found.push({ row, file, label, path: place, split: splitOf(cell(cells, 'split'), row, where), group });
  }
  return { found, missing, unlabelled };
}

/** An image without a stated group is a group of its own. */
function groupOf(name: string, place: string): string {
  return name === '' ? `file ${place}` : `group ${name}`;
}

function splitOf(text: string, row: number, where: string): SplitRole | undefined {
  if (text === '') return undefined;
  const role = roleOf(text);
  if (role === undefined) throw new UsageError(`row ${row} has the split ${text}`, where, 'known: train, test, val');
  return role;
}

interface Table {
  readonly rows: readonly (readonly string[])[];
  readonly columns: Readonly<{
    file: number;
    label: number;
    split: number | undefined;
    group: { readonly at: number; readonly heading: string } | undefined;
  }>;
  /** Number of the first of the rows. */
  readonly first: number;
  /** Cells of the first line. */
  readonly width: number;
}

/** Undefined if it does not have the columns. In some locales spreadsheets write semicolons. */
function tableOf(text: string, where: string, find: Find): Table | undefined {
  const delimiters = /\.tsv$/i.test(where) ? ['\t'] : [',', ';', '\t'];
  for (const delimiter of delimiters) {
    const [head = [], ...rows] = dsvFormat(delimiter).parseRows(text);
    const named = head.map((each) => each.trim().toLowerCase());
    const at = (heading: Heading) => {
      return headings[heading].map((name) => named.indexOf(name)).find((place) => place >= 0);
    };
    const [file, label, split] = [at('file'), at('label'), at('split')];
    const groupAt = at('group');
    const twice = [file, label, split, groupAt].find(
      (place) => place !== undefined && named.lastIndexOf(named[place]!) > place,
    );
    if (file !== undefined && label !== undefined && twice !== undefined)
      throw new UsageError(`has two columns ${named[twice]!}`, where, 'name each once');
    const group = groupAt === undefined ? undefined : { at: groupAt, heading: named[groupAt]! };
    if (file !== undefined && label !== undefined)
      return { rows, columns: { file, label, split, group }, first: 2, width: head.length };
    if (head.length >= 2 && find(head[0]!) !== undefined)
      return {
        rows: [head, ...rows],
        columns: { file: 0, label: 1, split: head.length > 2 ? 2 : undefined, group: undefined },
        first: 1,
        width: head.length,
      };
  }
  return undefined;
}

/** Each file once. Throws UsageError for one of two labels or two splits. */
function withoutTwins(found: readonly Found[], where: string): Found[] {
  const byPath = new Map<string, Found>();
  for (const row of found) {
    const earlier = byPath.get(row.path);
    if (earlier === undefined) byPath.set(row.path, row);
    else if (earlier.label !== row.label || earlier.split !== row.split || earlier.group !== row.group)
      throw new UsageError(
        `rows ${earlier.row} and ${row.row} disagree on ${row.file}: ${saidOf(earlier)} and ${saidOf(row)}`,
        where,
        'an image has one label, one split and one group',
      );
  }
  return [...byPath.values()];
}

const saidOf = ({ label, split, group }: Row) =>
  `"${label}"${split === undefined ? '' : ` in ${split}`}${group === undefined ? '' : ` of ${group}`}`;

/** The splits given by the names of the files' folders: `train/3.png`. Undefined if there are none. */
function splitsByFolder(found: readonly Found[], prefix: string, where: string): SplitRole[] | undefined {
  const folders = found.map((row) => row.path.slice(prefix.length).split('/').slice(0, -1)[0] ?? '');
  const { train, test, val } = splitsAmong([...new Set(folders)], where);
  if (train === undefined || (test ?? val) === undefined) return undefined;
  const roles = folders.flatMap((name): SplitRole[] =>
    name === train ? ['train'] : name === test ? ['test'] : name === val ? ['val'] : [],
  );
  return roles.length === found.length ? roles : undefined;
}

/** By code point; numbers by their value. */
function sortedClasses(rows: readonly Found[]): string[] {
  const names = [...new Set(rows.map(({ label }) => label))];
  const areNumbers = names.every((name) => /^-?\d{1,15}$/.test(name));
  return areNumbers ? names.sort((a, b) => Number(a) - Number(b)) : names.sort();
}
