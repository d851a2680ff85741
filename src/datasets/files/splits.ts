/** Folders, archives and column values that are a dataset's splits, under the names people give them. */
import { UsageError } from '../../terminal/errors.js';

const splitRoles = ['train', 'test', 'val'] as const;
export type SplitRole = (typeof splitRoles)[number];

const words: Readonly<Record<string, SplitRole>> = {
  ...{ train: 'train', training: 'train', trn: 'train' },
  ...{ test: 'test', testing: 'test', tst: 'test' },
  ...{ val: 'val', valid: 'val', validation: 'val', dev: 'val' },
};

/** Words that may accompany it without meaning: `train_images`, `TestSet`. */
const companions = /^(?:images?|imgs?|data|dataset|set|split)$/;

interface Said {
  readonly role: SplitRole;
  /** The rest of the name: the `seg` of `seg_train`, the `2017` of `val2017`; '' for none. */
  readonly rest: string;
}

function saidBy(name: string): Said | undefined {
  const parts = name
    .replaceAll(/([a-z])([A-Z0-9])/g, '$1 $2')
    .toLowerCase()
    .replace(/^(train(?:ing)?|test(?:ing)?|val(?:id(?:ation)?)?)(images?|set|data)$/, '$1 $2')
    .split(/[\s._-]+/)
    .filter((part) => !companions.test(part));
  const said = parts.filter((part) => Object.hasOwn(words, part));
  if (said.length !== 1) return undefined;
  return { role: words[said[0]!]!, rest: parts.filter((part) => part !== said[0]).join(' ') };
}

/** The split that a name stands for: `train`, `Training`, `test_images`, `valid`. Undefined for any other. */
export function roleOf(name: string): SplitRole | undefined {
  const said = saidBy(name);
  return said?.rest === '' ? said.role : undefined;
}

export type SplitNames = Readonly<Partial<Record<SplitRole, string>>>;

/**
 * Which of the names are splits: plain ones, otherwise those with the same addition, like `seg_train` and `seg_test`. Of several for one
 * split, the one spelled our way.
 *
 * @throws UsageError if two are equally good
 */
export function splitsAmong(names: readonly string[], where: string): SplitNames {
  const said = names.flatMap((name) => {
    const each = saidBy(name);
    return each === undefined ? [] : [{ name, ...each }];
  });
  const rests = [...new Set(said.map(({ rest }) => rest))].sort();
  for (const rest of rests) {
    const group = said.filter((each) => each.rest === rest);
    const isPair = group.some(({ role }) => role === 'train') && group.some(({ role }) => role !== 'train');
    if (rest === '' || isPair) return namesOf(group, where);
  }
  return {};
}

function namesOf(group: readonly { readonly name: string; readonly role: SplitRole }[], where: string): SplitNames {
  const found: Partial<Record<SplitRole, string>> = {};
  for (const role of splitRoles) {
    const [first, second] = group
      .filter((each) => each.role === role)
      .map(({ name }) => name)
      .sort((a, b) => Number(b === role) - Number(a === role));
    if (first === undefined) continue;
    if (second !== undefined && first !== role)
      throw new UsageError(
        `holds ${first} and ${second}; either could be the ${role} set`,
        where,
        `name one of them ${role}`,
      );
    found[role] = first;
  }
  return found;
}

/** The splits read as train and test, once the use of validation images is settled. */
export interface Chosen<T> {
  readonly train: T;
  /** Undefined if it will be drawn from the training images. */
  readonly test: T | undefined;
  /** Not used. */
  readonly unused: T | undefined;
}

/** Validation images are the test set if there is no other, and unused otherwise: nothing here is tuned on them. */
export function chooseSplits<T>({
  train,
  test,
  val,
}: {
  train: T;
  test: T | undefined;
  val: T | undefined;
}): Chosen<T> {
  return test === undefined ? { train, test: val, unused: undefined } : { train, test, unused: val };
}
