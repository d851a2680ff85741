/**
 * Every reader of outside data, given damaged versions of valid input: it returns, or says in one line what is wrong. It throws nothing
 * else, does not hang (the test's time limit) and takes little memory.
 */
import * as fs from 'node:fs/promises';
import * as path from 'node:path';
import { Command } from '@commander-js/extra-typings';
import { zipSync } from 'fflate';
import { expect, test } from 'vitest';
import { parseAxis } from '../../../src/terminal/grid-axis.js';
import { readNaturalCurves } from '../../../src/analysis/natural.js';
import { cifarFormats, readCifar } from '../../../src/datasets/cifar.js';
import { imageDecoder } from '../../../src/datasets/files/decode.js';
import { openLayout } from '../../../src/datasets/files/layout.js';
import { loadIdxFolder } from '../../../src/datasets/idx.js';
import { parseWheelRecord, unpackWheel } from '../../../src/install/unpack.js';
import { parseExperiment } from '../../../src/experiment/load.js';
import { addTrainOptions, parseTrainOptions } from '../../../src/experiment/options.js';
import type { Collector } from '../../../src/import/collector.js';
import { readHelm } from '../../../src/import/helm.js';
import { readInspect } from '../../../src/import/inspect.js';
import { readLmEval } from '../../../src/import/lm-eval.js';
import { readLogits } from '../../../src/import/logits.js';
import { readRows } from '../../../src/import/rows.js';
import { readTable } from '../../../src/import/table.js';
import { readTimm } from '../../../src/import/timm.js';
import { parseMetric } from '../../../src/metrics/index.js';
import { readSeal } from '../../../src/runs/forecasts.js';
import { decodeHistory, encodeHistory } from '../../../src/runs/history.js';
import { decodeOutcomes, encodeOutcomes } from '../../../src/runs/outcomes.js';
import { readMemberRecord, readRunRecord, writeMemberRecord, writeRunRecord } from '../../../src/runs/run.js';
import { decodeSafetensors, encodeSafetensors } from '../../../src/runs/safetensors.js';
import { Random } from '../../../src/statistics/random.js';
import { isReported } from '../../../src/terminal/errors.js';
import { fuzzScale } from '../../support/fuzz.js';
import { smallFiles } from '../../support/idx.js';
import { damaged } from '../../support/mutations.js';
import { plainPng } from '../../support/pictures.js';
import { epochRecord, memberRecord, runRecord, syntheticOutcomes, temporaryFolder } from '../../support/runs.js';
import { tarGz } from '../../support/tar.js';
import { writeWheel } from '../../support/wheels.js';

interface Parser {
  /** Valid input. */
  readonly whole: readonly (Uint8Array | string)[];
  /** For a file: in this folder. */
  readonly parse: (bytes: Buffer, folder: string) => unknown;
  /** Inputs per parser in `npm test`. */
  readonly inputs?: number;
}

const text = (parse: (text: string) => unknown) => (bytes: Buffer) => parse(bytes.toString('utf8'));

/** Written into the folder under a name, and read. */
const file = (name: string, parse: (file: string) => unknown) => async (bytes: Buffer, folder: string) => {
  await fs.writeFile(path.join(folder, name), bytes);
  return parse(path.join(folder, name));
};

const repository = path.resolve(import.meta.dirname, '../../..');
const shipped = (name: string) => fs.readFile(path.join(repository, name));

async function writtenBy(name: string, write: (folder: string) => Promise<unknown>): Promise<Buffer> {
  const folder = await temporaryFolder();
  await write(folder);
  return fs.readFile(path.join(folder, name));
}

/** As a shell passes them. */
function trainOptions(line: string): unknown {
  const command = addTrainOptions(new Command().exitOverride().configureOutput({ writeErr: () => undefined }));
  command.parse(line.split(' '), { from: 'user' });
  return parseTrainOptions(command.opts());
}

const seal = {
  ...{
    format: 1,
    name: 'lenet-1',
    run: 'lenet',
    number: 1,
    sealed: '2026-11-02T10:00:00.000Z',
    previous: null,
    lab: '0.1.0',
  },
  ...{
    gitCommit: null,
    experiment: 'e'.repeat(64),
    fingerprint: 'f'.repeat(64),
    seeds: [0],
    metricFile: null,
    levels: [0.5],
  },
  evidence: [{ member: 'cnn-w8-s0', parameters: 80202, outcomes: 'd'.repeat(64) }],
  targets: [{ width: 16, parameters: 300000, trainingFlops: 1e12 }],
  draws: 100,
  metrics: [],
  digest: '0'.repeat(64),
};

const classes = async () => {
  const png = await plainPng([200, 30, 30], 2, 2);
  return Object.fromEntries(['a/1.png', 'a/2.png', 'b/1.png', 'b/2.png'].map((name) => [name, png]));
};

/** Imported, and joined into one test set. */
const collected = async (read: Promise<{ readonly collector: Collector }>) =>
  (await read).collector.finish({ strict: false });

const table = { columns: {}, coordinates: undefined, wide: undefined };
const timmTable = async (name: string) => ({
  collector: await readTimm([name], {
    example: undefined,
    predicted: undefined,
    confidence: undefined,
    labelFrom: 'folder',
  }),
});
const fixture = (name: string) => shipped(`test/fixtures/import/${name}`);

const rows = 50;
const outcomes = () => syntheticOutcomes(rows, 0.7, Random.named(0, 'fuzz'));

/** Made anew each time, as some need pictures or folders. */
const parsers: Readonly<Record<string, () => Parser | Promise<Parser>>> = {
  'metric specs': () => ({
    whole: ['subset-accuracy:k=5', 'below:column=mse,c=0.01', 'sequence-above:column=margin,c=0.5,l=3'],
    parse: text((spec) => parseMetric(spec)),
    inputs: 300,
  }),
  'axes of sweeps': () => ({
    whole: ['k=1..20', 'c=0.01,0.02', 'c=1e-4:1e-1:200:log'],
    parse: text((axis) => parseAxis(axis)),
    inputs: 300,
  }),
  options: () => ({
    whole: [
      '--arch cnn --widths 8,16 --epochs 3 --batch-size 32 --learning-rate 0.01 --seeds 0,1',
      '--arch transformer --pairs 4 --blocks 1 --heads 1 --dataset images:a --widths 4 --image-size 28 --colour grey',
      '--arch autoencoder --depth 2 --weight-decay 1e-4 --jobs 2 --threads 1 --run a --precision bfloat16',
    ],
    parse: text(trainOptions),
  }),
  'experiments (YAML)': async () => ({
    whole: [
      await shipped('experiments/lenet-mnist.yaml'),
      await shipped('experiments/transformer-omniglot-small.yaml'),
    ],
    parse: text((yaml) => parseExperiment(yaml, 'a.yaml')),
  }),
  'natural curves (CSV)': () => ({
    whole: [
      'family,model,params,task,shots,metric,value,better,stderr,n_examples\nA,a-1,1e6,t,0,accuracy,0.1,higher,0.01,100\nA,a-2,1e7,t,0,accuracy,0.5,higher,,\n',
    ],
    parse: file('curve.csv', readNaturalCurves),
  }),
  'run.json': async () => ({
    whole: [await writtenBy('run.json', (folder) => writeRunRecord(folder, runRecord()))],
    parse: file('run.json', (name) => readRunRecord(path.dirname(name))),
  }),
  'member.json': async () => ({
    whole: [
      await writtenBy('member.json', (folder) =>
        writeMemberRecord(folder, memberRecord({ arch: 'cnn', width: 8, seed: 0 }, { status: 'training' })),
      ),
    ],
    async parse(bytes, folder) {
      const member = path.join(folder, 'cnn-w8-s0');
      await fs.mkdir(member, { recursive: true });
      await fs.writeFile(path.join(member, 'member.json'), bytes);
      return readMemberRecord(member);
    },
  }),
  'history.jsonl': () => ({
    whole: [encodeHistory([1, 2, 3].map(epochRecord))],
    parse: text((lines) => decodeHistory(lines, 'history.jsonl')),
  }),
  forecasts: () => ({ whole: [JSON.stringify(seal, undefined, 2)], parse: file('lenet-1.json', readSeal) }),
  'imported tables (CSV)': () => ({
    whole: [
      'model,example,label,predicted,probability,parameters\na,"x,1",cat,cat,0.9,1e6\na,y,dog,cat,0.5,1e6\nb,"x,1",cat,cat,1,2e6\nb,y,dog,dog,0,2e6\n',
    ],
    parse: file('t.csv', (name) => collected(readTable([name], table).then((collector) => ({ collector })))),
    inputs: 100,
  }),
  'imported tables (JSON lines)': () => ({
    whole: [
      '{"model": "a", "example": 1, "correct": true, "score": 0.5}\n{"model": "a", "example": 2, "correct": 0, "score": -1}\n',
    ],
    parse: file('t.jsonl', (name) => collected(readTable([name], table).then((collector) => ({ collector })))),
    inputs: 100,
  }),
  ...Object.fromEntries(
    ['zstd', 'gzip', 'brotli', 'lz4', 'snappy'].map((packing): [string, () => Promise<Parser>] => [
      `imported tables (Parquet, ${packing})`,
      async () => ({
        whole: [await fixture(`${packing}.parquet`)],
        parse: file('t.parquet', (name) =>
          readTable([name], { ...table, columns: { example: 'model' } }).catch((error: unknown) => {
            // Its examples are not unique: a whole file gets that far.
            if (!String(error).includes('second outcome')) throw error;
          }),
        ),
        inputs: 60,
      }),
    ]),
  ),
  // Damages only the compressed pages: the file's own description stays whole, so that the decompression has to cope.
  ...Object.fromEntries(
    ['zstd', 'brotli'].map((packing): [string, () => Promise<Parser>] => [
      `pages of Parquet, ${packing}`,
      async () => {
        const bytes = await fixture(`${packing}.parquet`);
        const end = bytes.length - 8 - bytes.readUInt32LE(bytes.length - 8);
        const pages = bytes.subarray(0, end);
        return {
          whole: [pages],
          async parse(damagedPages, folder) {
            const fitted = Buffer.alloc(end);
            damagedPages.copy(fitted);
            await fs.writeFile(path.join(folder, 't.parquet'), Buffer.concat([fitted, bytes.subarray(end)]));
            for await (const { rows: read } of readRows(path.join(folder, 't.parquet')))
              expect(read.length).toBeLessThan(1e5);
          },
          inputs: 60,
        };
      },
    ]),
  ),
  'imported tables of timm (CSV)': () => ({
    whole: ["filename,label,prob\nn1/a.png,['n1' 'n2'],[0.9 0.1]\nn2/b.png,['n1' 'n2'],[0.5 0.5]\n"],
    parse: file('resnet-224.csv', (name) => collected(timmTable(name))),
    inputs: 60,
  }),
  'imported tables of timm (JSON)': () => ({
    whole: [
      '{"n1/a.png": {"index": [0, 1], "label": ["n1", "n2"], "prob": [0.9, 0.1]}, "n2/b.png": {"label": "n1", "prob": 0.5}}',
      '{"columns": ["filename", "label"], "data": [["n1/a.png", "n1"], ["n2/b.png", "n1"]]}',
    ],
    parse: file('resnet-224.json', (name) => collected(timmTable(name))),
    inputs: 60,
  }),
  'published curves of timm': () => ({
    whole: [
      'model,img_size,top1,param_count\nnet_tiny.x,224,70.1,3.2\nnet_small.x,224,75,12\nnet_base.x,224,80,80.5\nnet_large.x,224,81,"1,003.5"\n',
    ],
    parse: file('results.csv', (name) => readNaturalCurves(name)),
    inputs: 60,
  }),
  ...Object.fromEntries(
    ['models.npz', 'models.safetensors'].map((name): [string, () => Promise<Parser>] => [
      `imported logits, ${name}`,
      async () => ({
        whole: [await fixture(name)],
        parse: file(name, (each) => collected(readLogits([each], {}))),
        inputs: 60,
      }),
    ]),
  ),
  'imported logits, .npy': async () => ({
    whole: [await fixture('logits.npy')],
    parse: file('logits.npy', (each) =>
      collected(
        readLogits([each], {
          labels: path.join(repository, 'test/fixtures/import/labels.npy'),
          probabilities: false,
        }),
      ),
    ),
    inputs: 100,
  }),
  'imported samples of lm-eval': () => ({
    whole: [
      '{"doc_id": 1, "target": "0", "filtered_resps": [["-1.5", "False"], ["-2", "False"]], "metrics": ["acc"], "acc": 1.0}\n{"doc_id": 2, "target": "1", "filtered_resps": [[-1.5, false], [-2, false]], "metrics": ["acc"], "acc": 0.0}\n',
    ],
    parse: file('samples_quiz.jsonl', (name) => collected(readLmEval([name], {}))),
    inputs: 100,
  }),
  'imported logs of Inspect': async () => ({
    whole: [await fixture('inspect-mmlu.eval')],
    parse: file('log.eval', (name) => collected(readInspect([name], {}))),
    inputs: 60,
  }),
  'imported runs of HELM': async () => ({
    whole: [await fixture('helm-pythia/per_instance_stats.json')],
    async parse(bytes, folder) {
      await fs.writeFile(path.join(folder, 'run_spec.json'), await fixture('helm-pythia/run_spec.json'));
      await fs.writeFile(path.join(folder, 'per_instance_stats.json'), bytes);
      return collected(readHelm([folder], {}));
    },
    inputs: 40,
  }),
  'outcomes.parquet': () => ({
    whole: [encodeOutcomes(outcomes())],
    parse: (bytes) => decodeOutcomes(bytes, ['correct', 'log_probability', 'rank'], 'outcomes.parquet'),
  }),
  safetensors: () => ({
    whole: [
      encodeSafetensors(
        new Map([
          ['a', { shape: [2, 3], data: new Float32Array(6) }],
          ['b', { shape: [1], data: Int32Array.of(7) }],
        ]),
      ),
    ],
    parse: (bytes) => decodeSafetensors(bytes, 'weights.safetensors'),
    inputs: 100,
  }),
  ...Object.fromEntries(
    Object.keys(smallFiles()).map((name): [string, () => Parser] => [
      `idx, ${name}`,
      () => ({
        whole: [smallFiles()[name]!],
        async parse(bytes, folder) {
          for (const [each, content] of Object.entries({ ...smallFiles(), [name]: bytes }))
            await fs.writeFile(path.join(folder, each), content);
          return loadIdxFolder(folder);
        },
        inputs: 20,
      }),
    ]),
  ),
  'archives of images (zip)': async () => ({
    whole: [zipSync(await classes()), zipSync(await classes(), { level: 0 })],
    parse: file('images.zip', async (name) => {
      const { train } = await openLayout(name);
      for await (const [, bytes] of train.tree.contents(train.tree.paths)) expect(bytes.length).toBeLessThan(1e6);
    }),
  }),
  'labels.csv': () => ({
    whole: ['file,label,split\na/1.png,cat,train\na/2.png,dog,train\nb/1.png,cat,test\nb/2.png,"dog",test\n'],
    async parse(bytes, folder) {
      for (const [name, png] of Object.entries(await classes())) {
        await fs.mkdir(path.dirname(path.join(folder, name)), { recursive: true });
        await fs.writeFile(path.join(folder, name), png);
      }
      await fs.writeFile(path.join(folder, 'labels.csv'), bytes);
      return openLayout(folder);
    },
  }),
  'pictures (PNG)': async () => {
    const decoder = await imageDecoder();
    return {
      whole: [await plainPng([200, 30, 30], 16, 16)],
      async parse(bytes) {
        const pixels = await decoder.decode(bytes, { side: 8, colour: 'rgb' });
        if (typeof pixels === 'string') expect(pixels).not.toContain('\n');
        else expect(pixels).toHaveLength(8 * 8 * 3);
        return decoder.deep(bytes, { side: 8 });
      },
      inputs: 20,
    };
  },
  'CIFAR (tar.gz)': async () => ({
    whole: [
      await tarGz({
        'batches.meta.txt': Buffer.from('cat\ndog\n'),
        ...Object.fromEntries(
          [...cifarFormats.cifar10.train, cifarFormats.cifar10.test].map((name) => [name, new Uint8Array(2 * 3073)]),
        ),
      }),
    ],
    parse: file('cifar.tar.gz', (name) => readCifar(name, cifarFormats.cifar10)),
    inputs: 20,
  }),
  wheels: async () => ({
    whole: [
      await fs.readFile(
        await writeWheel(await temporaryFolder(), { 'demo/a.txt': 'a'.repeat(500), 'demo/b.txt': 'b' }),
      ),
    ],
    parse: file('demo-1.0-py3-none-any.whl', (name) => unpackWheel(name, `${name}.folder`, () => true)),
    inputs: 20,
  }),
  "a wheel's RECORD": () => ({
    whole: ['demo/a.txt,sha256=abc,500\ndemo/b.txt,sha256=def,1\ndemo-1.0.dist-info/RECORD,,\n'],
    parse: text(parseWheelRecord),
    inputs: 100,
  }),
};

/** Beyond what Node and vitest use themselves. */
const mostBytes = 1e9;

async function verdict(parse: Parser['parse'], bytes: Buffer, folder: string): Promise<string | undefined> {
  try {
    await parse(bytes, folder);
  } catch (error) {
    // Errors from Commander are shown by main, in one line.
    if (error instanceof Error && 'code' in error && String(error.code).startsWith('commander.')) return undefined;
    if (!isReported(error)) return error instanceof Error ? (error.stack ?? String(error)) : String(error);
    if (/[\n\r\u001b]/.test(error.message)) return `more than a line: ${JSON.stringify(error.message)}`;
  }
  return undefined;
}

test.each(Object.keys(parsers))('%s', async (name) => {
  const { whole, parse, inputs = 40 } = await parsers[name]!();
  // Valid input is accepted, or the damage below would test nothing.
  for (const each of whole) expect(await verdict(parse, Buffer.from(each), await temporaryFolder())).toBeUndefined();
  for (const each of whole) await parse(Buffer.from(each), await temporaryFolder());
  const random = Random.named(0, 'fuzz', name);
  const before = process.memoryUsage().rss;
  const folder = await temporaryFolder();
  for (let i = 0; i < inputs * fuzzScale; i++) {
    const bytes = damaged(Buffer.from(whole[i % whole.length]!), random);
    const problem = await verdict(parse, bytes, folder);
    expect(problem, `input ${i}: ${bytes.toString('latin1').slice(0, 2000)}`).toBeUndefined();
    if (process.memoryUsage().rss > before + mostBytes)
      throw new Error(`input ${i} takes more than ${mostBytes} bytes`);
  }
});
