/** Test examples and reconstructions for the page: small PNGs as data URIs, from the dataset's own files. */
import sharp from 'sharp';
import type { Dataset } from '../../datasets/dataset.js';
import { loadDataset } from '../../datasets/index.js';
import { isImported } from '../../runs/imported.js';
import type { LoadedRun } from '../../runs/opened.js';
import type { OutcomeTable } from '../../runs/outcomes.js';
import { scaleTitle } from '../../runs/words.js';
import { lastOf, nth } from '../../machine/present.js';
import { placed } from './places.js';
import { reconstructedImages, type MemberStrips } from '../../runs/pictures.js';
import { isReported, messageOf } from '../../terminal/errors.js';
import { PageFamily } from './family.js';
import type { PageExample, PagePictures, PageReconstructions, PageRun } from './data.js';

/** Number of pictures in a random sample; more are added for each turn at the first threshold, since turns may be rare. */
const sampled = { images: 160, sequences: 48 } as const;
const perTurn = { images: 24, sequences: 8 } as const;
/** Most bytes of one run's sprite; if it would be larger, it has fewer examples. */
const spriteBudget = 300_000;
/** Most pixels of the longer side. */
const mostPixels = 48;

export interface PicturesRequest {
  readonly loaded: LoadedRun;
  /** Any member's outcomes on the whole test set. */
  readonly whole: Partial<OutcomeTable>;
  readonly run: PageRun;
  /** Index in the test set of each of the page's units. */
  readonly order: Int32Array;
  /** Datasets whose path the user gave. */
  readonly datasets: readonly string[];
}

export interface Pictures {
  readonly pictures: PagePictures | string;
  /** Why there are no pictures, with paths, for the terminal. */
  readonly problem?: string;
}

/**
 * Pictures of the page's examples. There are none if the dataset is missing or has changed, or if it is a path not given by the user: a
 * record may come from anyone and name any folder on this machine.
 */
export async function examplePictures({ loaded, whole, run, order, datasets }: PicturesRequest): Promise<Pictures> {
  const dataset = await datasetOf(loaded, datasets);
  if ('problem' in dataset) return dataset;
  const across = run.outcomes.kind === 'sequences' ? run.outcomes.length : 1;
  const { example, label } = whole;
  const placeOf = new Map(Array.from(dataset.test.indices, (index, place) => [index, place]));
  const rowsOf = (unit: number) => Array.from({ length: across }, (_, i) => order[unit]! * across + i);
  const units = chosenUnits(run);
  for (let count = units.length; ; count = Math.floor(0.7 * count)) {
    const shown = units.slice(0, count);
    const places = shown.map((unit) => rowsOf(unit).map((row) => placeOf.get(example![row]!) ?? 0));
    const { png, width, height } = await spriteOf(dataset, places);
    if (png.length > spriteBudget && count > 8) continue;
    const examples = shown.map((unit): PageExample => {
      const rows = rowsOf(unit);
      const labels = rows.map((row) => dataset.classNames?.[label![row]!] ?? String(label![row]!));
      const name = across === 1 ? `image ${example![rows[0]!]!}` : `sequence ${order[unit]!}`;
      return { unit, name, label: across === 1 ? `class ${labels[0]!}` : `classes ${labels.join(', ')}` };
    });
    return { pictures: { sprite: dataUri(png), width, height, across, examples } };
  }
}

async function datasetOf({ record }: LoadedRun, given: readonly string[]): Promise<Dataset | Required<Pictures>> {
  if (isImported(record))
    return {
      pictures: 'the members are imported, and only the ids of their examples are known.',
      problem: `no pictures of test examples of ${record.name}: imported members do not have any`,
    };
  const { dataset: name, trainSize, testSize, imageSize, colour, labelNoise, symmetries } = record.experiment;
  const scheme = /^[^:]*:/.exec(name)?.[0];
  const fitting = scheme === undefined ? [name] : given.filter((each) => each.startsWith(scheme));
  if (fitting.length === 0) {
    return {
      pictures: 'the dataset is a path that was not given when this report was made.',
      problem: `no pictures of test examples of ${record.name}: paths recorded in a run are not read; give it with --dataset ${scheme}PATH`,
    };
  }
  let failed: Required<Pictures> | undefined;
  for (const each of fitting) {
    try {
      const dataset = await loadDataset(each, { trainSize, testSize, imageSize, colour, labelNoise, symmetries });
      if (dataset.fingerprint === record.dataset.fingerprint) return dataset;
      failed = {
        pictures: 'the dataset has changed since the run was trained, so the images would not match.',
        problem: `no pictures of test examples: ${each} has a different fingerprint than in run.json`,
      };
    } catch (error) {
      if (!isReported(error)) throw error;
      failed ??= {
        pictures: 'the dataset could not be read where this report was made.',
        problem: `no pictures of test examples: ${messageOf(error)}`,
      };
    }
  }
  return failed!;
}

/** The first ones, which are a random sample, then more of each turn. */
function chosenUnits(run: PageRun): number[] {
  const first = Array.from({ length: Math.min(run.count, sampled[run.units]) }, (_, i) => i);
  const view = placed(run, run.first);
  // Of several curves, the last: the one shown example by example.
  const { members } = lastOf(view.curves);
  try {
    const { grid, turns } = new PageFamily(run).turns({
      threshold: run.induced.chosen,
      size: view.units,
      members,
      axis: view.by,
    });
    const more = Array.from({ length: grid.scales.length + 1 }, (_, turn) => {
      const fitting = (unit: number) => turns.median[unit] === turn;
      const wanted = perTurn[run.units] - first.filter(fitting).length;
      const found: number[] = [];
      for (let unit = first.length; unit < view.units && found.length < wanted; unit++)
        if (fitting(unit)) found.push(unit);
      return found;
    });
    // Turns alternate, so that a shortened list still has all of them.
    const most = Math.max(...more.map(({ length }) => length));
    return [...first, ...Array.from({ length: most }, (_, i) => more.flatMap((list) => list[i] ?? [])).flat()];
  } catch (error) {
    // No seed has every scale, so there are no turns to choose by.
    if (error instanceof RangeError) return first;
    throw error;
  }
}

/** A row for each list of images, side by side; large images are shrunk. */
async function spriteOf({ shape, test }: Dataset, rows: readonly (readonly number[])[]) {
  const { height, width, channels } = shape;
  const across = rows[0]!.length;
  const size = height * width * channels;
  const raw = new Uint8Array(rows.length * across * size);
  const line = width * channels;
  rows.forEach((places, row) => {
    places.forEach((place, column) => {
      for (let y = 0; y < height; y++) {
        const from = place * size + y * line;
        raw.set(test.images.subarray(from, from + line), ((row * height + y) * across + column) * line);
      }
    });
  });
  const shrink = Math.min(1, mostPixels / Math.max(width, height));
  const [w, h] = [Math.max(1, Math.round(width * shrink)), Math.max(1, Math.round(height * shrink))];
  const picture = sharp(raw, {
    raw: { width: across * width, height: rows.length * height, channels: channels === 1 ? 1 : 3 },
    // A tall strip of small images is not an attack.
    limitInputPixels: false,
  });
  const sized = shrink === 1 ? picture : picture.resize({ width: across * w, height: rows.length * h, fit: 'fill' });
  return { png: await sized.png({ compressionLevel: 9 }).toBuffer(), width: w, height: h };
}

function dataUri(png: Uint8Array): string {
  return `data:image/png;base64,${Buffer.from(png).toString('base64')}`;
}

/** Members' own strips; null for families that do not reconstruct images. */
export function reconstructionsOf(
  strips: readonly MemberStrips[],
  { loaded, run, order }: Pick<PicturesRequest, 'loaded' | 'run' | 'order'>,
): PageReconstructions | null {
  const { record, words } = loaded;
  if (strips.length === 0 || isImported(record)) return null;
  const { shape, testCount } = record.dataset;
  const unitOf = new Map(Array.from(order, (place, unit) => [place, unit]));
  const units = Array.from(reconstructedImages(testCount), (place) => unitOf.get(place) ?? -1);
  const { width, height } = shape;
  const places = new Map(run.members.flatMap(({ id, moment }, place) => (moment === undefined ? [[id, place]] : [])));
  return {
    ...{ width, height, units },
    strips: strips.flatMap(({ member, width: scale, png }) => {
      const place = places.get(nth(loaded.members, member).record.id);
      const name = words.isCoordinate ? scaleTitle(scale, words) : `w = ${scale}`;
      return place === undefined ? [] : { member: place, name, png: dataUri(png) };
    }),
  };
}
