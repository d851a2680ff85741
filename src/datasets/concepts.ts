/**
 * Generated objects with four attributes, some combinations of which are never trained (the question of Okawa et al. 2023, arXiv
 * 2310.09336, asked of a classifier). Held out are those that share two or more values with the large blue cross at the lower right, the
 * last value of each attribute: every value is trained, with most values of the others, and a combination with n last values is n - 1 away
 * from training.
 */
import { Random } from '../statistics/random.js';
import { combinationNames, attributeSizes, attributeValues } from './composition.js';
import type { Composition, DatasetSource, RawSplit } from './dataset.js';
import { cross, disc, square, triangle, type Outline } from './shapes.js';

const side = 28;
const channels = 3;
const imagesOfEach = { train: 100, test: 60 };

const composition: Composition = {
  attributes: [
    { name: 'shape', values: ['disc', 'square', 'triangle', 'cross'] },
    { name: 'colour', values: ['red', 'green', 'blue'] },
    { name: 'size', values: ['small', 'medium', 'large'] },
    { name: 'place', values: ['upper left', 'upper right', 'lower left', 'lower right'] },
  ],
  rule: 'combinations that have the last value of at most one attribute',
};
const sizes = attributeSizes(composition);
const combinations = Array.from({ length: sizes.reduce((product, size) => product * size) }, (_, label) => label);
const trained = combinations.filter(
  (label) => attributeValues(label, sizes).filter((value, i) => value === sizes[i]! - 1).length <= 1,
);

export const concepts: DatasetSource = {
  name: 'concepts',
  summary: 'a shape of a colour and size at a place under noise, 144 combinations, 96 of them trained; generated',
  licence: 'MIT, as this program, which draws them',
  citation: 'this program; after Okawa, Lubana, Dick, Tanaka 2023 (arXiv 2310.09336)',
  contents: {
    train: trained.length * imagesOfEach.train,
    test: combinations.length * imagesOfEach.test,
    classes: combinations.length,
    shape: { height: side, width: side, channels },
  },
  load: () =>
    Promise.resolve({
      shape: { height: side, width: side, channels },
      classes: combinations.length,
      classNames: combinationNames(composition),
      composition,
      train: draw(trained, imagesOfEach.train, Random.named(0, 'concepts', 'train')),
      test: draw(combinations, imagesOfEach.test, Random.named(0, 'concepts', 'test')),
    }),
};

const outlines: readonly Outline[] = [disc, square, triangle, cross];

function draw(labels: readonly number[], ofEach: number, random: Random): RawSplit {
  const pixels = side * side * channels;
  const count = labels.length * ofEach;
  const images = new Uint8Array(count * pixels);
  const own = Int32Array.from({ length: count }, (_, i) => labels[i % labels.length]!);
  own.forEach((label, i) => {
    drawOne(images.subarray(i * pixels, (i + 1) * pixels), attributeValues(label, sizes), random);
  });
  return { images, labels: own };
}

/** Radius in pixels, centre within a pixel of its quarter's, ink in one channel and a third of it in the others, noise on all. */
function drawOne(image: Uint8Array, [shape, colour, size, place]: readonly number[], random: Random): void {
  const radius = 3.6 + 1.4 * size! + 0.6 * random.uniform();
  const quarter = (isFar: boolean) => (isFar ? 20 : 8) + 2 * (random.uniform() - 0.5);
  const [centreX, centreY] = [quarter(place! % 2 === 1), quarter(place! > 1)];
  const angle = 0.5 * (random.uniform() - 0.5);
  const [cos, sin] = [Math.cos(angle) / radius, Math.sin(angle) / radius];
  const ink = 90 + 110 * random.uniform();
  const outline = outlines[shape!]!;
  for (let p = 0; p < side * side; p++) {
    const dx = (p % side) - centreX;
    const dy = Math.floor(p / side) - centreY;
    const inside = Math.min(1, Math.max(0, 0.5 - radius * outline(cos * dx + sin * dy, cos * dy - sin * dx)));
    // One draw gives the noise of three channels.
    const noise = random.uint32();
    for (let c = 0; c < channels; c++) {
      image[p * channels + c] = inside * ink * (c === colour ? 1 : 1 / 3) + 0.2 * ((noise >>> (8 * c)) & 255);
    }
  }
}
