/** Families for which metrics and scores are degenerate. */
import * as path from 'node:path';
import { resolveExperiment } from '../../src/experiment/schema.js';
import { writeRunRecord } from '../../src/runs/run.js';
import type { OutcomeColumns } from '../../src/runs/outcomes.js';
import { Random } from '../../src/statistics/random.js';
import { runRecord, syntheticOutcomes, writeMember } from './runs.js';

export type Kind = 'cnn' | 'autoencoder' | 'transformer';

export interface DegenerateFamily {
  readonly arch: Kind;
  readonly widths: readonly number[];
  readonly seeds: readonly number[];
  /** Images, or sequences of `pairs` images. */
  readonly count: number;
  /** For the member at this position among the widths. */
  readonly outcomes: (place: number, seed: number) => OutcomeColumns;
}

const pairs = 3;
const classes = 10;
const widths = [1, 2, 4, 8, 16];

/** Fully confident answers: right where `isRight` says so. The cross-entropy of a right one is 0 to the last bit. */
function sure(count: number, isRight: (example: number) => boolean): OutcomeColumns {
  const example = Int32Array.from({ length: count }, (_, i) => i);
  const label = example.map((i) => i % classes);
  const correct = Uint8Array.from(example, (i) => Number(isRight(i)));
  const sign = Float32Array.from(correct, (value) => 2 * value - 1);
  return {
    ...{ example, label, correct, predicted: label.map((value, i) => (value + 1 - correct[i]!) % classes) },
    log_probability: sign.map((value) => (value > 0 ? 0 : -104)),
    brier: sign.map((value) => 1 - value),
    confidence: sign.map(() => 1),
    margin: sign,
    rank: example.map((_, i) => (correct[i] === 1 ? 1 : classes)),
  };
}

/** All classes equally likely: ties everywhere. */
function undecided(count: number): OutcomeColumns {
  const { example, label } = sure(count, () => true) as { example: Int32Array; label: Int32Array };
  const all = (value: number) => new Float32Array(count).fill(value);
  return {
    ...{
      example,
      label,
      predicted: new Int32Array(count),
      correct: Uint8Array.from(label, (value) => Number(value === 0)),
    },
    ...{ log_probability: all(-Math.log(classes)), brier: all(1 - 1 / classes), confidence: all(1 / classes) },
    ...{ margin: all(0), rank: label.map((value) => value + 1) },
  };
}

/** Images reconstructed with these squared errors. */
function givenBack(errors: readonly number[]): OutcomeColumns {
  const example = Int32Array.from(errors, (_, i) => i);
  const mse = Float32Array.from(errors);
  return {
    ...{ example, label: example.map((i) => i % classes), mse, psnr: mse.map((value) => -10 * Math.log10(value)) },
    ...{ ssim: mse.map((value) => 1 - value), max_error: mse.map(Math.sqrt) },
  };
}

/** As images in sequences. */
function inSequences(outcomes: OutcomeColumns): OutcomeColumns {
  const rows = outcomes['example']!;
  const sequence = Int32Array.from(rows, (_, i) => Math.floor(i / pairs));
  return { ...outcomes, example: sequence.map((_, i) => i), sequence, position: sequence.map((_, i) => i % pairs) };
}

const errorsOf = (count: number, of: (i: number) => number) => Array.from({ length: count }, (_, i) => of(i));
const drawn = (count: number, p: number, ...name: (string | number)[]) =>
  syntheticOutcomes(count, p, Random.named(0, 'degenerate', ...name));

/** By what is odd about it: outcomes of `[rows]` of the member at one of five positions. */
const answers: Readonly<Record<string, (rows: number, place: number, seed: number) => OutcomeColumns>> = {
  'all right': (rows) => sure(rows, () => true),
  'all wrong': (rows) => sure(rows, () => false),
  'all wrong, then all right': (rows, place) => sure(rows, () => place > 2),
  'all right from the second on': (rows, place, seed) =>
    place === 0 ? drawn(rows, 0.5, 'first', seed) : sure(rows, () => true),
  'the same half right': (rows) => sure(rows, (i) => i % 2 === 0),
  'the same outcomes': (rows) => drawn(rows, 0.7, 'same'),
  undecided: (rows) => undecided(rows),
};

const pictures: Readonly<Record<string, (rows: number, place: number, seed: number) => OutcomeColumns>> = {
  'every image perfect': (rows) => givenBack(errorsOf(rows, () => 0)),
  'all images black': (rows, place) => givenBack(errorsOf(rows, () => (place === 0 ? 2e-14 : 0))),
  'some images perfect': (rows, place) => givenBack(errorsOf(rows, (i) => (i % 5 < place ? 0 : 0.01 / (i + 1)))),
  'nothing given back': (rows) => givenBack(errorsOf(rows, () => 1)),
  'the same errors': (rows) => givenBack(errorsOf(rows, (i) => 0.01 / (i + 1))),
  'perfect in the end': (rows, place) =>
    givenBack(errorsOf(rows, (i) => (place === 4 ? 0 : 0.1 / (i + 1) / (place + 1)))),
};

function familiesOf(arch: Kind, kinds: typeof answers): [string, DegenerateFamily][] {
  const rowsOf = (count: number) => (arch === 'transformer' ? count * pairs : count);
  const shaped = (outcomes: OutcomeColumns) => (arch === 'transformer' ? inSequences(outcomes) : outcomes);
  return Object.entries(kinds).flatMap(([name, of], i) => {
    const outcomes = (count: number) => (place: number, seed: number) => shaped(of(rowsOf(count), place, seed));
    const family = { arch, widths, seeds: [0, 1], count: 60, outcomes: outcomes(60) };
    return [
      [`${arch}, ${name}`, i % 2 === 0 ? family : { ...family, seeds: [0] }],
      ...(i === 0
        ? [
            [`${arch}, ${name}, one test example`, { ...family, count: 1, outcomes: outcomes(1) }],
            [`${arch}, ${name}, one width`, { ...family, widths: [4] }],
            [`${arch}, ${name}, two widths`, { ...family, widths: [4, 8], seeds: [0] }],
          ]
        : []),
    ] as [string, DegenerateFamily][];
  });
}

export const degenerateFamilies: Readonly<Record<string, DegenerateFamily>> = Object.fromEntries([
  ...familiesOf('cnn', answers),
  ...familiesOf('autoencoder', pictures),
  ...familiesOf('transformer', answers),
]);

/** Writes the run `odd` into `checkpoints` of a folder. */
export async function writeDegenerate(root: string, family: DegenerateFamily): Promise<void> {
  const { arch, widths: own, seeds, count, outcomes } = family;
  const folder = path.join(root, 'checkpoints', 'odd');
  const sequences = arch === 'transformer' ? { pairs, testSequences: count } : { testSize: count };
  const record = runRecord();
  await writeRunRecord(folder, {
    ...record,
    name: 'odd',
    experiment: resolveExperiment({ arch, dataset: 'shapes', widths: [...own], seeds: [...seeds], ...sequences }),
    dataset: { ...record.dataset, name: 'shapes', testCount: Math.max(count, 1) },
  });
  for (const [place, width] of own.entries())
    for (const seed of seeds) await writeMember(folder, { arch, width, seed }, outcomes(place, seed));
}
