/**
 * Members as read by ONNX Runtime, TensorFlow, PyTorch and safetensors' own library, on their whole test sets: these compute what the lab
 * stored. The packages come from pip into an environment that stays beside `node_modules`; without a network each is skipped, and says so.
 * PyTorch, which pip offers for Linux only with CUDA (a download of 3 GB), is used if Python has it, or if TORCH_PYTHON names a Python that
 * does.
 */
import { spawnSync } from 'node:child_process';
import * as fs from 'node:fs';
import * as os from 'node:os';
import * as path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { loadSplits } from '../../src/datasets/index.js';
import type { Architecture } from '../../src/experiment/architectures.js';
import { families } from '../../src/families/index.js';
import { exportMember, train, type ExportMemberOptions, type TrainOptions } from '../../src/index.js';
import { readColumns } from '../../src/runs/load.js';
import { openRunFolder } from '../../src/runs/open.js';
import { readTrainedMember } from '../../src/runs/member.js';
import { testItems } from '../../src/training/sampling.js';
import { pythonWith } from './python.js';

/**
 * One of each architecture, and one with composed classes, covering what easily goes wrong: an odd depth, centring, several heads, colours,
 * another size.
 */
const runs: (TrainOptions & { readonly run: string; readonly arch: Architecture; readonly dataset: string })[] = [
  { run: 'combinations', arch: 'cnn', dataset: 'concepts', steps: 40, trainSize: 2000, testSize: 500 },
  {
    run: 'cnn',
    arch: 'cnn',
    dataset: 'mnist',
    depth: 3,
    steps: 40,
    trainSize: 2000,
    testSize: 1000,
    learningRate: 0.001,
  },
  { run: 'autoencoder', arch: 'autoencoder', dataset: 'shapes', depth: 2, epochs: 2, trainSize: 2000, testSize: 500 },
  {
    run: 'colours',
    arch: 'cnn',
    dataset: 'shapes',
    imageSize: 37,
    colour: 'rgb',
    labelNoise: 0.2,
    steps: 40,
    trainSize: 2000,
    testSize: 500,
  },
  { run: 'negatives', arch: 'autoencoder', dataset: 'omniglot-small', imageSize: 20, colour: 'rgb', steps: 40 },
  {
    run: 'transformer',
    arch: 'transformer',
    dataset: 'omniglot-small',
    pairs: 3,
    heads: 2,
    epochs: 1,
    testSequences: 200,
  },
  // With a base width of 1 their last layer is scaled by a quarter, and attention by half of the standard scale.
  ...(['autoencoder', 'transformer'] as const).map((arch) => ({
    ...{ run: `${arch}-mup`, arch, dataset: arch === 'transformer' ? 'omniglot-small' : 'shapes', epochs: 1 },
    ...{ parametrization: 'mup' as const, baseWidth: 1, learningRate: 0.01 },
    ...(arch === 'transformer' ? { pairs: 2, heads: 2, testSequences: 100 } : { trainSize: 2000, testSize: 200 }),
  })),
];

const check = path.join(import.meta.dirname, 'check.py');

let folder = '';
const members: Record<string, unknown>[] = [];

beforeAll(async () => {
  folder = fs.mkdtempSync(path.join(os.tmpdir(), 'emergence-exports-'));
  const root = path.join(folder, 'checkpoints');
  for (const options of runs) {
    const { run } = options;
    await train({ ...options, widths: [4], seeds: [0], root });
    const open = await openRunFolder(path.join(root, run));
    const { members: loaded } = await readColumns(open, open.columns);
    const member = await readTrainedMember(`${run}/${loaded[0]!.record.id}`, root);
    const data = await loadSplits(options.dataset, member.experiment);
    const items = testItems(families[options.arch], member.experiment, data);
    const { height, width, channels } = data.shape;
    const size = height * width * channels;
    const images = Buffer.concat(
      Array.from(items.indices, (index) => data.test.images.subarray(index * size, (index + 1) * size)),
    );
    const files = { images: path.join(folder, `${run}.images`), labels: path.join(folder, `${run}.labels`) };
    fs.writeFileSync(files.images, images);
    fs.writeFileSync(files.labels, Uint8Array.from(new Uint8Array(Int32Array.from(items.labels).buffer)));
    const count = items.indices.length / items.pairs;
    const shape = [count, ...(items.pairs === 1 ? [] : [items.pairs]), height, width, channels];
    const { outcomes } = loaded[0]!;
    const columns = Object.fromEntries(Object.entries(outcomes).map(([name, values]) => [name, Array.from(values)]));
    members.push({
      id: member.id,
      run,
      shape,
      ...files,
      outcomes: columns,
      weights: path.join(member.folder, 'weights.safetensors'),
    });
  }
});
afterAll(() => {
  fs.rmSync(folder, { recursive: true });
});

describe.each(['onnx', 'saved-model', 'torch', 'safetensors'] as const)('%s', (to: ExportMemberOptions['to']) => {
  test('gives what the lab stored', async ({ skip }) => {
    const found = pythonWith(to);
    if ('missing' in found) return skip(found.missing);
    const exported = [];
    for (const { run, id, ...member } of members) {
      const ending = to === 'torch' ? '.py' : to === 'onnx' ? '.onnx' : '';
      const output = path.join(folder, `${String(run)}_${to}`.replaceAll('-', '_') + ending);
      await exportMember(`${String(run)}/${String(id)}`, { to, output, root: path.join(folder, 'checkpoints') });
      exported.push({ ...member, id: run, exported: output });
    }
    const manifest = path.join(folder, `${to}.json`);
    fs.writeFileSync(manifest, JSON.stringify(exported));
    const { stdout, stderr, status } = spawnSync(found.python, [check, to, manifest], {
      encoding: 'utf8',
      maxBuffer: 1e8,
    });
    expect(status, stderr).toBe(0);
    const differences = JSON.parse(stdout.trim().split('\n').at(-1)!) as Record<string, Record<string, number>>;
    expect(Object.keys(differences)).toHaveLength(runs.length);
    // Float32 sums in different blocks: some units in the last place of logits of about 10. Labels of near ties could change, but there are
    // none here.
    for (const values of Object.values(differences))
      for (const value of Object.values(values)) expect(value).toBeLessThan(1e-5);
  });
});
