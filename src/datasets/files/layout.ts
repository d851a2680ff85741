/** The layout of a folder or an archive of images: which file belongs to which class, and which of them are train and test. */
import * as fs from 'node:fs/promises';
import * as path from 'node:path';
import { codeOf, messageOf, UsageError } from '../../terminal/errors.js';
import { counted } from '../../terminal/format.js';
import {
  layouts,
  likeNamed,
  partName,
  refuseUnknown,
  type LabelledFiles,
  type ClassLayout,
  type Part,
} from './classes.js';
import { labelColumns, labelsFileIn, readLabels } from './labels.js';
import { sameName } from './names.js';
import { chooseSplits, roleOf, splitsAmong, type Chosen, type SplitNames } from './splits.js';
import { openFolderTree, openZipTree, type FileTree } from './tree.js';

/**
 * Looks for labels.csv or labels.tsv, then for class folders: in two archives in a folder, in split folders, or in the given folder or
 * archive, possibly inside a single top folder.
 *
 * @throws UsageError if nothing can be read, or it cannot be a dataset
 */
export async function openLayout(location: string): Promise<ClassLayout> {
  if (/\.[ct]sv$/i.test(location) && !(await isFolder(location))) {
    const layout = await readLabels(await openFolderTree(path.dirname(location)), path.basename(location));
    if (typeof layout === 'string') throw new UsageError(layout, location, labelColumns);
    return layout;
  }
  if (!(await isFolder(location))) return treeLayout(await openZipTree(location));
  const tree = await openFolderTree(location);
  const archives = tree.paths.filter((each) => /^[^/]+\.zip$/i.test(each));
  const splits = splitsAmong(
    archives.map((each) => each.slice(0, -'.zip'.length)),
    location,
  );
  if (splits.train === undefined && splits.test === undefined) return treeLayout(tree);
  const archiveOf = (name: string | undefined) => archives.find((each) => each.slice(0, -'.zip'.length) === name);
  return archivesLayout(location, archiveOf(splits.train), archiveOf(splits.test), archiveOf(splits.val));
}

async function isFolder(location: string): Promise<boolean> {
  try {
    return (await fs.stat(location)).isDirectory();
  } catch (error) {
    const home = location.startsWith('~') ? '; the shell does not expand ~ after images:, so write the whole path' : '';
    throw new UsageError(
      `can't be read (${codeOf(error) ?? messageOf(error)})`,
      location,
      `give a folder or a zip archive of images${home}`,
    );
  }
}

async function archivesLayout(location: string, train?: string, test?: string, val?: string): Promise<ClassLayout> {
  if (train === undefined || (test ?? val) === undefined)
    throw new UsageError(
      `holds ${train === undefined ? `${test!} and no train.zip` : `${train} and no test.zip`}`,
      location,
      'put the other one next to it, or name the zip itself',
    );
  const chosen = chooseSplits({ train, test, val });
  const whole = async (name: string): Promise<Part> => ({
    tree: await openZipTree(path.join(location, name)),
    prefix: '',
  });
  return classLayout(await whole(chosen.train), await whole(chosen.test!), splitNotes(chosen));
}

async function treeLayout(tree: FileTree): Promise<ClassLayout> {
  const file = labelsFileIn(tree);
  if (file === undefined) return foldersLayout(tree);
  const layout = await readLabels(tree, file);
  if (typeof layout !== 'string') return layout;
  // Something else of the same name beside class folders.
  try {
    const { notes, ...rest } = foldersLayout(tree);
    return { ...rest, notes: [...notes, `${file} is ignored: ${layout}`] };
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    throw new UsageError(layout, path.join(tree.where, file), labelColumns);
  }
}

function foldersLayout(tree: FileTree): ClassLayout {
  refuseLinkedSplit(tree);
  const whole = lookedThrough({ tree, prefix: '' });
  const names = namesBelow(whole);
  const named = splitsAmong(names, partName(whole));
  const nested = Object.fromEntries(
    Object.entries(named).filter(([, name]) => namesBelow(below(whole, name)).length > 0),
  ) as SplitNames;
  const { train, test, val } = nested;
  if (train === undefined || (test ?? val) === undefined) {
    refuseHalf(whole, { names, named, nested });
    return classLayout(whole, undefined, []);
  }
  const chosen = chooseSplits({ train, test, val });
  const others = names.filter((name) => ![train, test, val].includes(name));
  const notes = [...splitNotes(chosen), ...others.map((name) => `${name} is ignored: it is neither train nor test`)];
  return classLayout(below(whole, chosen.train), below(whole, chosen.test!), notes);
}

/**
 * Refuses what looks like splits but cannot be read as such: folders of both names that do not both hold class folders, or just one of
 * them, spelled our way. A class may be called train: its folder holds images.
 */
function refuseHalf(
  whole: Part,
  { names, named, nested }: { names: readonly string[]; named: SplitNames; nested: SplitNames },
): void {
  const said = Object.values(named);
  const bothNamed = named.train !== undefined && said.length > 1;
  const flat = said.filter((name) => !Object.values(nested).includes(name));
  if (bothNamed && (flat.length < said.length || said.length === names.length))
    throw new UsageError(
      `${flat.join(' and ')} hold${flat.length === 1 ? 's' : ''} no class folders`,
      partName(whole),
      layouts,
    );
  const half = nested.train === 'train' || nested.test === 'test';
  if (half)
    throw new UsageError(
      `holds the folders ${names.join(', ')}, but none named ${nested.train === 'train' ? 'test' : 'train'}`,
      partName(whole),
      'a dataset needs train and test; or give a single set, and a fifth of it becomes the test set',
    );
}

/** If the split that is a link were missing, the other one would be split in two. */
function refuseLinkedSplit(tree: FileTree): void {
  const roles = namesBelow({ tree, prefix: '' }).map(roleOf);
  const has = (role: string) => roles.some((each) => each === role);
  const link = tree.links.find((each) => {
    const role = roleOf(each);
    return role === 'train'
      ? !has('train') && (has('test') || has('val'))
      : role !== undefined && has('train') && !has('test') && !has('val');
  });
  if (link !== undefined)
    throw new UsageError(
      `${link} is a link, and links to folders are not followed`,
      tree.where,
      'put the folder there',
    );
}

/** Which names were interpreted as which split, unless they are plainly train and test. */
function splitNotes({ train, test, unused }: Chosen<string>): string[] {
  const isPlain = /^train(\.zip)?$/.test(train) && /^test(\.zip)?$/.test(test ?? '');
  return [
    ...(isPlain ? [] : [`${train} is used as the training set, ${test!} as the test set`]),
    ...(unused === undefined ? [] : [`${unused} is ignored: nothing is tuned on validation images here`]),
  ];
}

function below({ tree, prefix }: Part, name: string): Part {
  return { tree, prefix: `${prefix}${name}/` };
}

/** Archives often have a single top folder: it is entered, unless it is known to be a class. */
function lookedThrough(part: Part, known: ReadonlySet<string> = new Set()): Part {
  const [only, ...others] = namesBelow(part);
  if (only === undefined || others.length > 0 || known.has(sameName(only))) return part;
  const inside = below(part, only);
  return namesBelow(inside).length === 0 ? part : lookedThrough(inside, known);
}

/** Class folders of train and, if present, of test. */
function classLayout(outer: Part, tested: Part | undefined, notes: readonly string[]): ClassLayout {
  const train = lookedThrough(outer);
  const folders = namesBelow(train);
  // Classes are ordered by their folders' names as stored.
  const classNames = [...new Set(folders.map(sameName))];
  if (classNames.length < 2) throw noClasses(train, classNames);
  const labels = new Map(classNames.map((name, label) => [name, label]));
  const test = tested === undefined ? undefined : lookedThrough(tested, new Set(classNames));
  if (test !== undefined) refuseUnknown(test, namesBelow(test).map(sameName), labels);
  return {
    classNames,
    train: filesOf(train, labels),
    test: test === undefined ? undefined : filesOf(test, labels),
    notes: [...notes, ...likeNamed(folders, classNames)],
  };
}

/** A class's files follow each other, whatever else sorts between "cat" and "cat/". */
function filesOf({ tree, prefix }: Part, labels: ReadonlyMap<string, number>): LabelledFiles {
  const files = tree.paths
    .filter((each) => each.startsWith(prefix) && each.slice(prefix.length).includes('/'))
    .map((each) => ({ path: each, label: labels.get(sameName(each.slice(prefix.length).split('/')[0]!))! }))
    .sort((a, b) => a.label - b.label);
  return { tree, prefix, files };
}

function noClasses({ tree, prefix }: Part, classNames: readonly string[]): UsageError {
  const [only] = classNames;
  const what = only === undefined ? 'holds no class folders' : `holds only one class, ${only}`;
  const links = tree.links.filter((each) => each.startsWith(prefix));
  const archives = tree.paths.filter((each) => each.startsWith(prefix) && /\.zip$/i.test(each));
  const more = [
    ...(links.length === 0 ? [] : [`${counted(links.length, 'link')} not followed, such as ${links[0]!}`]),
    ...(archives.length === 0 ? [] : [`${counted(archives.length, 'archive')} not opened, such as ${archives[0]!}`]),
  ];
  return new UsageError([what, ...more].join(', '), partName({ tree, prefix }), layouts);
}

/** Names of the immediate subfolders: the classes. Ascending. */
function namesBelow({ tree, prefix }: Part): string[] {
  const names = new Set<string>();
  for (const each of tree.folders) if (each.startsWith(prefix)) names.add(each.slice(prefix.length).split('/')[0]!);
  for (const each of tree.paths) {
    const [name, ...rest] = each.startsWith(prefix) ? each.slice(prefix.length).split('/') : [];
    if (rest.length > 0) names.add(name!);
  }
  return [...names].filter((name) => name !== '').sort();
}
