/** Where the class folders of a dataset of images are: how folders and archives are laid out, and which of it is train and test. */
import * as fs from 'node:fs/promises';
import * as path from 'node:path';
import { codeOf, messageOf, UsageError } from '../../terminal/errors.js';
import { openFolderTree, openZipTree, type FileTree } from './tree.js';

/** What holds the class folders of a split: a tree, or a folder in it. */
export interface Part {
  readonly tree: FileTree;
  /** With a slash at its end; '' for the tree itself. */
  readonly prefix: string;
}

export interface Parts {
  readonly train: Part;
  /** Undefined where it is to be drawn from the training images. */
  readonly test: Part | undefined;
}

/**
 * Looks for train and test: two archives in a folder, or two folders in what was named, perhaps in one folder that holds all.
 *
 * @throws UsageError where one of the two is missing, or nothing can be read
 */
export async function openParts(location: string): Promise<Parts> {
  if (!(await isFolder(location))) return splitInTree(await openZipTree(location));
  const [train, test] = [path.join(location, 'train.zip'), path.join(location, 'test.zip')];
  const [hasTrain, hasTest] = [await exists(train), await exists(test)];
  if (!hasTrain && !hasTest) return splitInTree(await openFolderTree(location));
  if (!hasTrain || !hasTest)
    throw new UsageError(
      `holds ${hasTrain ? 'train.zip and no test.zip' : 'test.zip and no train.zip'}`,
      location,
      'put the other one beside it, or name the zip itself',
    );
  return { train: partOf(await openZipTree(train)), test: partOf(await openZipTree(test)) };
}

async function isFolder(location: string): Promise<boolean> {
  try {
    return (await fs.stat(location)).isDirectory();
  } catch (error) {
    const home = location.startsWith('~') ? '; the shell leaves ~ alone after images:, write the whole path' : '';
    throw new UsageError(
      `can't be read (${codeOf(error) ?? messageOf(error)})`,
      location,
      `give a folder or a zip archive of images${home}`,
    );
  }
}

async function exists(file: string): Promise<boolean> {
  return fs.access(file).then(
    () => true,
    () => false,
  );
}

/** Archives often hold one folder that holds all: it is looked through. */
function partOf(tree: FileTree): Part {
  let prefix = '';
  for (;;) {
    const [only, ...others] = namesBelow({ tree, prefix });
    const inside = `${prefix}${only ?? ''}/`;
    if (only === undefined || others.length > 0 || namesBelow({ tree, prefix: inside }).length === 0)
      return { tree, prefix };
    prefix = inside;
  }
}

function splitInTree(tree: FileTree): Parts {
  const whole = partOf(tree);
  const names = namesBelow(whole);
  if (!names.includes('train') && !names.includes('test')) return { train: whole, test: undefined };
  for (const name of ['train', 'test']) {
    if (!names.includes(name))
      throw new UsageError(
        `holds the folders ${names.join(', ')}, and none of the name ${name}`,
        tree.where,
        'a dataset has train and test; or give one of them alone, and a fifth of it becomes the test set',
      );
  }
  return {
    train: { tree, prefix: `${whole.prefix}train/` },
    test: { tree, prefix: `${whole.prefix}test/` },
  };
}

/** Names of the folders right below: the classes. Ascending. */
export function namesBelow({ tree, prefix }: Part): string[] {
  const names = new Set<string>();
  for (const each of tree.folders) if (each.startsWith(prefix)) names.add(each.slice(prefix.length).split('/')[0]!);
  for (const each of tree.paths) {
    const [name, ...rest] = each.startsWith(prefix) ? each.slice(prefix.length).split('/') : [];
    if (rest.length > 0) names.add(name!);
  }
  return [...names].filter((name) => name !== '').sort();
}

/** As a message names it. */
export function placeOf({ tree, prefix }: Part): string {
  return path.join(tree.where, prefix.replace(/\/$/, ''));
}
