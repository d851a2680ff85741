/**
 * More classes by rotating images: a character that is rotated by 90 degrees, or mirrored, counts as another character (Santoro et al.
 * 2016, arXiv 1605.06065). With n views, view v of the images of class c becomes class n c + v, so that all views of a class are
 * selected or held out together when classes are chosen by label.
 */
import { UsageError } from '../terminal/errors.js';
import type { ImageShape, RawDataset, RawSplit, Symmetries } from './dataset.js';

/** Names of the views. */
const viewNames = ['', ' turned by 90 degrees', ' turned by 180 degrees', ' turned by 270 degrees'];
const mirrored = viewNames.map((name) => ` mirrored${name === '' ? '' : `,${name}`}`);

const views: Readonly<Record<Symmetries, readonly string[]>> = {
  rotations: viewNames,
  all: [...viewNames, ...mirrored],
};

/** The dataset with a class for each view of each original class. Throws UsageError if images are not square or classes are combinations. */
export function withSymmetries(raw: RawDataset, which: Symmetries | undefined, name: string): RawDataset {
  if (which === undefined) return raw;
  const { shape, classNames, groups, composition } = raw;
  const wrong =
    composition !== undefined
      ? 'has classes that are combinations of attributes, which do not rotate with the images'
      : shape.height === shape.width
        ? undefined
        : `has images of ${shape.height} x ${shape.width}, which are not square and cannot be rotated`;
  if (wrong !== undefined) throw new UsageError(`${name} ${wrong}`, '--symmetries', 'leave it out');
  const names = views[which];
  return {
    ...raw,
    classes: raw.classes * names.length,
    classNames: classNames?.flatMap((own) => names.map((view) => `${own}${view}`)),
    train: turned(raw.train, shape, names.length),
    test: turned(raw.test, shape, names.length),
    groups: groups === undefined ? undefined : { ...groups, of: repeated(groups.of, names.length) },
  };
}

function turned({ images, labels }: RawSplit, shape: ImageShape, count: number): RawSplit {
  const size = shape.height * shape.width * shape.channels;
  const all = new Uint8Array(images.length * count);
  const places = Array.from({ length: count }, (_, view) => placesOf(shape, view));
  for (let i = 0; i < labels.length; i++) {
    for (let view = 0; view < count; view++) {
      const [to, from, of] = [(i * count + view) * size, i * size, places[view]!];
      // Hot: a plain loop over bytes.
      for (let at = 0; at < size; at++) all[to + at] = images[from + of[at]!]!;
    }
  }
  return { images: all, labels: repeated(labels, count).map((label, i) => label * count + (i % count)) };
}

/** For each byte of a view, its index in the image: rotated left by `view % 4` times 90 degrees; views from 4 on are mirrored first. */
function placesOf({ height: side, channels }: ImageShape, view: number): Int32Array {
  return Int32Array.from({ length: side * side * channels }, (_, at) => {
    let [row, column] = [Math.floor(at / channels / side), Math.floor(at / channels) % side];
    for (let turn = 0; turn < view % 4; turn++) [row, column] = [column, side - 1 - row];
    if (view >= 4) column = side - 1 - column;
    return (row * side + column) * channels + (at % channels);
  });
}

function repeated(values: Int32Array, times: number): Int32Array {
  return Int32Array.from({ length: values.length * times }, (_, i) => values[Math.floor(i / times)]!);
}
