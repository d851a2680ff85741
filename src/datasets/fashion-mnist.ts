import * as path from 'node:path';
import type { DatasetSource, RemoteFile } from './dataset.js';
import { requireFiles } from './files/known.js';
import { loadIdxFolder } from './idx.js';

const host = 'http://fashion-mnist.s3-website.eu-central-1.amazonaws.com';

/** Sizes and hashes as published by TensorFlow Datasets. The connection is not encrypted; the hash is what counts. */
const files: readonly RemoteFile[] = [
  {
    name: 'train-images-idx3-ubyte.gz',
    url: `${host}/train-images-idx3-ubyte.gz`,
    sizeBytes: 26_421_880,
    sha256: '3aede38d61863908ad78613f6a32ed271626dd12800ba2636569512369268a84',
  },
  {
    name: 'train-labels-idx1-ubyte.gz',
    url: `${host}/train-labels-idx1-ubyte.gz`,
    sizeBytes: 29_515,
    sha256: 'a04f17134ac03560a47e3764e11b92fc97de4d1bfaf8ba1a3aa29af54cc90845',
  },
  {
    name: 't10k-images-idx3-ubyte.gz',
    url: `${host}/t10k-images-idx3-ubyte.gz`,
    sizeBytes: 4_422_102,
    sha256: '346e55b948d973a97e58d2351dde16a484bd415d4595297633bb08f03db6a073',
  },
  {
    name: 't10k-labels-idx1-ubyte.gz',
    url: `${host}/t10k-labels-idx1-ubyte.gz`,
    sizeBytes: 5_148,
    sha256: '67da17c76eaffca5446c3361aaab5c3cd6d1c2608764d35dfb1850b086bf8dd5',
  },
];

/** In the order of the labels, as its README lists them. */
const classNames = [
  'T-shirt/top',
  'Trouser',
  'Pullover',
  'Dress',
  'Coat',
  'Sandal',
  'Shirt',
  'Sneaker',
  'Bag',
  'Ankle boot',
];

/** Articles of clothing, in the format and size of MNIST. */
export const fashionMnist: DatasetSource = {
  name: 'fashion-mnist',
  summary: 'articles of clothing, 28 x 28 grey, 10 classes, 60000 train and 10000 test',
  licence: 'MIT, Copyright (c) 2017 Zalando SE',
  citation:
    'Han Xiao, Kashif Rasul, Roland Vollgraf: Fashion-MNIST: a novel image dataset for benchmarking machine learning algorithms, 2017, arXiv 1708.07747',
  contents: { train: 60000, test: 10000, classes: 10, shape: { height: 28, width: 28, channels: 1 } },
  files: { kind: 'downloaded', files },
  async load(_, { dataDir }) {
    const [first] = await requireFiles('fashion-mnist', files, dataDir);
    return { ...(await loadIdxFolder(path.dirname(first!))), classNames };
  },
};
