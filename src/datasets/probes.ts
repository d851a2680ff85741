/**
 * Probes: sequences that test a single ability, whatever the training's sequences are like (Chan et al. 2022, arXiv
 * 2205.05055). The last image of each is the query, and its outcome is the probe's. Classes are uniform; a sequence
 * never contains its query a second time.
 */
import type { Random } from '../statistics/random.js';
import { distinct, imagesByClass, type ClassImages, type SequenceOptions, type Sequences } from './sequences.js';

/** Every probe by name, in the words of help, tables and docs. */
const probes = {
  'in-weights': 'images of distinct trained classes with their own labels: the context does not hold the answer',
  'few-shot': 'images of a few trained classes with new random labels: only the context holds the answer',
  'held-out': 'the same of held-out classes',
} as const;
export type ProbeName = keyof typeof probes;
export const probeNames = Object.keys(probes) as ProbeName[];

/** Default number of classes in a few-shot context, as in Chan et al. */
export const usualWays = 2;

export interface ProbeOptions extends Pick<SequenceOptions, 'labels' | 'classes' | 'pairs' | 'heldOut'> {
  /** Classes of a few-shot context; their labels are 0, 1, ... */
  readonly ways: number;
}

/** The probes named by a text such as `in-weights,held-out`; undefined is none. `text` must have no `probesProblem`. */
export function probesOf(text: string | undefined): ProbeName[] {
  return text === undefined ? [] : (text.split(',') as ProbeName[]);
}

/** What is wrong with a text that should name probes; undefined if nothing is. */
export function probesProblem(text: string): string | undefined {
  const names = text.split(',');
  const unknown = names.find((name) => !isProbe(name));
  if (unknown !== undefined)
    return `${names.length === 1 ? '' : `names "${unknown}", which `}is not a probe; known: ${probeNames.join(', ')}`;
  const twice = names.find((name, i) => names.indexOf(name) < i);
  return twice === undefined ? undefined : `names ${twice} twice`;
}

export function isProbe(name: string): name is ProbeName {
  return Object.hasOwn(probes, name);
}

/** Whether the query's label is one of the context's, and not a trained one. */
export function choosesFromFew(probe: ProbeName | undefined): boolean {
  return probe !== undefined && probe !== 'in-weights';
}

/** The number of labels the query of a probe can have: one in this many guesses is right. */
export function choicesOf(probe: ProbeName, { classes, ways }: Pick<ProbeOptions, 'classes' | 'ways'>): number {
  return choosesFromFew(probe) ? ways : classes;
}

/** Draws `count` sequences. The options must be free of `probeRefusal`. */
export function drawProbe(probe: ProbeName, count: number, options: ProbeOptions, random: Random): Sequences {
  const { pairs } = options;
  const classes = classesFor(probe, options);
  const indices = new Int32Array(count * pairs);
  const labels = new Int32Array(count * pairs);
  for (let i = 0; i < count; i++) {
    const sequence =
      probe === 'in-weights' ? inWeights(classes, pairs, random) : fewShot(classes, { ...options, random });
    sequence.forEach(({ image, label }, j) => {
      indices[i * pairs + j] = image;
      labels[i * pairs + j] = label;
    });
  }
  return { indices, labels };
}

/**
 * The classes that a probe shows: trained or held out, with an image for the query and another for the context if it
 * needs both.
 */
function classesFor(
  probe: ProbeName,
  { labels, classes, heldOut = 0 }: Pick<ProbeOptions, 'labels' | 'classes' | 'heldOut'>,
): ClassImages[] {
  const least = probe === 'in-weights' ? 1 : 2;
  return imagesByClass({ labels, classes }).filter(
    ({ label, members }) => label < classes - heldOut === (probe !== 'held-out') && members.length >= least,
  );
}

/** Why a probe cannot be drawn, and what would be right; undefined if it can. */
export function probeRefusal(
  probe: ProbeName,
  options: ProbeOptions,
):
  { readonly what: string; readonly option: 'heldOutClasses' | 'pairs' | 'ways'; readonly remedy: string } | undefined {
  const { pairs, ways, classes, heldOut = 0 } = options;
  const found = classesFor(probe, options).length;
  if (probe === 'in-weights')
    return found >= pairs
      ? undefined
      : {
          what: `in-weights needs ${pairs} trained classes for ${pairs} different pairs, but there are ${found}`,
          option: 'pairs',
          remedy: found > 0 ? `give at most ${found}` : 'give fewer held-out classes',
        };
  if (ways >= pairs)
    return {
      what: `${probe} needs a context of ${ways} classes, but ${pairs} pairs leave ${pairs - 1} before the query`,
      option: 'pairs',
      remedy: `give at least ${ways + 1}`,
    };
  if (ways > classes - heldOut)
    return {
      what: `${probe} names its classes 0 to ${ways - 1}, but only ${classes - heldOut} labels are trained`,
      option: 'ways',
      remedy: `give at most ${classes - heldOut}`,
    };
  if (found >= ways) return undefined;
  const whose = probe === 'held-out' ? 'held-out' : 'trained';
  return {
    what: `${probe} needs ${ways} ${whose} classes of two test images each, but there ${found === 1 ? 'is' : 'are'} ${found}`,
    option: probe === 'held-out' ? 'heldOutClasses' : 'ways',
    remedy: probe === 'held-out' ? `hold out at least ${ways}` : 'give more classes or test images',
  };
}

interface Shown {
  readonly image: number;
  readonly label: number;
}

function inWeights(classes: readonly ClassImages[], pairs: number, random: Random): Shown[] {
  return distinct(pairs, () => random.integer(classes.length)).map((place) => {
    const { label, members } = classes[place]!;
    return { image: members[random.integer(members.length)]!, label };
  });
}

/** Each class about equally often in the context, in random order; the query is of any of them. */
function fewShot(
  classes: readonly ClassImages[],
  { pairs, ways, random }: Pick<ProbeOptions, 'pairs' | 'ways'> & { readonly random: Random },
): Shown[] {
  // In the order in which they were drawn: all ways to label them are equally likely.
  const named = distinct(ways, () => random.integer(classes.length)).map((place) => classes[place]!);
  const context = pairs - 1;
  const spare = random.permutation(ways);
  const each = Array.from({ length: context }, (_, i) =>
    i < context - (context % ways) ? i % ways : spare[i % ways]!,
  );
  const query = random.integer(ways);
  const decks = named.map(({ members }) => shuffled(members, random));
  // A deck is dealt round without the query.
  const asked = decks[query]!.pop()!;
  const dealt = new Int32Array(ways);
  const before = Array.from(random.permutation(context), (i) => {
    const label = each[i]!;
    const deck = decks[label]!;
    return { image: deck[dealt[label]!++ % deck.length]!, label };
  });
  return [...before, { image: asked, label: query }];
}

function shuffled(members: readonly number[], random: Random): number[] {
  return Array.from(random.permutation(members.length), (i) => members[i]!);
}
