/**
 * Omniglot: handwritten characters of 50 alphabets, each drawn once by 20 people. A class is a character. The first 16
 * drawers of each are for training, the last 4 for testing, so that every class is in both. The official archives hold
 * `SET/Alphabet/characterNN/IIII_DD.png`, 105 x 105, black ink on white, DD the drawer; here ink is 255 and paper 0, as in MNIST.
 */
import * as path from 'node:path';
import { sha256File } from '../machine/inputs.js';
import { UsageError } from '../terminal/errors.js';
import type { DatasetSource, LoadContext, RawDataset, RawSplit, RemoteFile } from './dataset.js';
import { cachedDataset } from './files/cache.js';
import { allocateImages, eachAtOnce, imageDecoder } from './files/decode.js';
import { fileState, requireFiles } from './files/known.js';
import { openZip, unzip, type Zip } from './files/zip.js';
import { labFolder, restoreCommand } from '../machine/installation.js';

const defaultSide = 28;
const drawers = 20;
const trainDrawers = 16;

const citation =
  'Brenden M. Lake, Ruslan Salakhutdinov, Joshua B. Tenenbaum: Human-level concept learning through probabilistic program induction, Science 350(6266), 2015';
const licence = 'MIT, Copyright (c) 2015 Brenden Lake';
const shape = { height: defaultSide, width: defaultSide, channels: 1 };
/** Drawings with the same number are taken to be by the same person in every alphabet; the archives do not say whether they are. */
const groups = { noun: 'writers', count: drawers - trainDrawers };

function published(name: string, sizeBytes: number, sha256: string): RemoteFile {
  return { name, url: `https://github.com/brendenlake/omniglot/raw/master/python/${name}`, sizeBytes, sha256 };
}

/** Sizes and hashes as published by TensorFlow Datasets. */
const smallFiles: readonly RemoteFile[] = [
  published(
    'images_background_small1.zip',
    1_319_022,
    'f38eb80f801274ac2b4dff5b24289016bfaba4a7d5bb50deebf27104ad6cb8a4',
  ),
  published(
    'images_background_small2.zip',
    1_580_917,
    '3ccaa407515a8778e5d0861875af38b17e418f301ad5bb3b5a6b65d901a41c7f',
  ),
];
const files: readonly RemoteFile[] = [
  published('images_background.zip', 9_464_212, 'ad41ab679c8b5d90b271ef46be6987cc81211774a695c29dcc5367b2b26ee640'),
  published('images_evaluation.zip', 6_462_886, '1f61a8f3366785b057fc117d9228e78a16e3d976c8953b2a10fcc74cf0609cee'),
];

const smallRemedy = restoreCommand('restore it: git checkout -- datasets/omniglot-small');
const smallFolder = () => path.join(labFolder, 'datasets/omniglot-small');

/** The two small background sets; characters that are in both are counted once. */
export const omniglotSmall: DatasetSource = {
  name: 'omniglot-small',
  summary: 'handwritten characters, 28 x 28 grey, 242 classes, 3872 train and 968 test; included',
  licence,
  citation,
  readsNegatives: true,
  contents: { train: 242 * trainDrawers, test: 242 * (drawers - trainDrawers), classes: 242, shape, groups },
  files: { kind: 'installed', folder: smallFolder, files: smallFiles, remedy: smallRemedy },
  async load(_, context) {
    const archives = smallFiles.map(({ name }) => path.join(smallFolder(), name));
    for (const [i, archive] of archives.entries()) {
      const state = await fileState(archive, smallFiles[i]!);
      if (state !== 'whole')
        throw new UsageError(state === 'missing' ? 'is missing' : state.fault, archive, smallRemedy);
    }
    return readOmniglot(archives, context);
  },
};

export const omniglot: DatasetSource = {
  name: 'omniglot',
  summary: 'handwritten characters, 28 x 28 grey, 1623 classes, 25968 train and 6492 test',
  licence,
  citation,
  readsNegatives: true,
  contents: { train: 1623 * trainDrawers, test: 1623 * (drawers - trainDrawers), classes: 1623, shape, groups },
  files: { kind: 'downloaded', files },
  async load(_, context) {
    return readOmniglot(await requireFiles('omniglot', files, context.dataDir), context);
  },
};

/**
 * Reads archives in the official format, at 28 x 28 by default, in the order of class and drawer.
 *
 * @throws UsageError if a file is not an image, a name is not as expected, or a drawer of a character is missing
 */
export async function readOmniglot(
  archives: readonly string[],
  { imageSize }: Pick<LoadContext, 'imageSize'>,
): Promise<RawDataset> {
  const side = imageSize ?? defaultSide;
  const hashes = [];
  for (const archive of archives) hashes.push(await sha256File(archive));
  const dataset = await cachedDataset({ source: 'omniglot', side, hashes }, () => decodeOmniglot(archives, side));
  // Classes follow each other, and in each the drawers.
  const of = Int32Array.from(dataset.test.labels, (_, i) => trainDrawers + 1 + (i % groups.count));
  return { ...dataset, groups: { noun: groups.noun, of } };
}

interface Drawing {
  /** `Alphabet/characterNN`. */
  readonly character: string;
  /** From 1. */
  readonly drawer: number;
  readonly zip: Zip;
  readonly name: string;
}

async function decodeOmniglot(archives: readonly string[], side: number): Promise<RawDataset> {
  const drawings = new Map<string, Drawing>();
  for (const archive of archives)
    for (const drawing of drawingsOf(await openZip(archive)))
      drawings.set(`${drawing.character} ${drawing.drawer}`, drawing);
  const classNames = [...new Set([...drawings.values()].map(({ character }) => character))].sort();
  const orderFrom = (first: number, last: number) =>
    classNames.flatMap((character) =>
      Array.from({ length: last - first + 1 }, (_, i) => {
        const drawing = drawings.get(`${character} ${first + i}`);
        if (drawing === undefined)
          throw new UsageError(`${character} is missing the drawing by drawer ${first + i}`, archives.join(', '));
        return drawing;
      }),
    );
  const labels = new Map(classNames.map((name, label) => [name, label]));
  return {
    shape: { height: side, width: side, channels: 1 },
    classes: classNames.length,
    classNames,
    train: await decodeDrawings(orderFrom(1, trainDrawers), labels, side),
    test: await decodeDrawings(orderFrom(trainDrawers + 1, drawers), labels, side),
  };
}

function drawingsOf(zip: Zip): Drawing[] {
  return [...zip.entries.keys()]
    .filter((name) => name.endsWith('.png'))
    .map((name) => {
      const [, character, drawer] = /^[^/]+\/([^/]+\/character\d+)\/\d+_(\d\d)\.png$/.exec(name) ?? [];
      if (character === undefined)
        throw new UsageError(
          `holds ${name}`,
          zip.file,
          'the names of Omniglot are SET/Alphabet/characterNN/IIII_DD.png',
        );
      return { character, drawer: Number(drawer), zip, name };
    });
}

async function decodeDrawings(
  drawings: readonly Drawing[],
  labels: ReadonlyMap<string, number>,
  side: number,
): Promise<RawSplit> {
  const pixels = side * side;
  const images = allocateImages(drawings.length * pixels, 'omniglot');
  const decoder = await imageDecoder();
  for (const zip of new Set(drawings.map((drawing) => drawing.zip))) {
    const places = drawings.flatMap((drawing, place) => (drawing.zip === zip ? [place] : []));
    let next = 0;
    await eachAtOnce(
      unzip(
        zip,
        places.map((place) => drawings[place]!.name),
      ),
      async ([name, bytes]) => {
        const place = places[next++]!;
        const image = typeof bytes === 'string' ? bytes : await decoder.decode(bytes, { side, colour: 'grey' });
        if (typeof image === 'string') throw new UsageError(`${name} is not an image (${image})`, zip.file);
        images.set(
          image.map((paper) => 255 - paper),
          place * pixels,
        );
      },
    );
  }
  return { images, labels: Int32Array.from(drawings, ({ character }) => labels.get(character)!) };
}
