import * as fs from 'node:fs';
import * as path from 'node:path';
import { Command } from 'commander';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { stringify } from 'yaml';
import { activations } from '../../../src/experiment/architectures.js';
import { loadExperimentFile, parseExperiment } from '../../../src/experiment/load.js';
import { addTrainOptions, parseTrainOptions } from '../../../src/experiment/options.js';
import { planFamily } from '../../../src/experiment/plan.js';
import { experimentJsonSchema, resolveExperiment, type ExperimentInput } from '../../../src/experiment/schema.js';
import { families } from '../../../src/families/index.js';
import { membersOf } from '../../../src/runs/run.js';
import { temporaryFolder } from '../../support/runs.js';

const experiments = path.resolve(import.meta.dirname, '../../../experiments');

function mistake(text: string): string {
  try {
    parseExperiment(text, 'e.yaml');
  } catch (error) {
    return error instanceof Error ? `${error.name}: ${error.message}` : String(error);
  }
  throw new Error(`accepted: ${text}`);
}

test('keys and values as in the schema; nothing is filled in', () => {
  const text = '# a comment\narch: cnn\nwidths: [1, 2]   # two\nlearningRate: 1e-2\n';
  expect(parseExperiment(text, 'e.yaml')).toEqual({ arch: 'cnn', widths: [1, 2], learningRate: 0.01 });
});

describe('each mistake is one line, with its place', () => {
  test.each<[string, string]>([
    ['arch: cn', 'e.yaml:1:7: arch: "cn" is unknown; did you mean cnn? Known: cnn, autoencoder, transformer'],
    ['widths: [1]', 'e.yaml:1:1: arch is missing; give one, such as arch: cnn'],
    ['arch: cnn\nepochz: 3', 'e.yaml:2:1: epochz: there is no such key; did you mean epochs?'],
    ['arch: cnn\nbatch-size: 3', 'e.yaml:2:1: batch-size: there is no such key; did you mean batchSize?'],
    ['arch: cnn\ndepth: 2', 'e.yaml:2:1: depth: cnn has no such option; leave it out'],
    [
      'arch: cnn\nepochs: many',
      'e.yaml:2:9: epochs: "many" is not valid; Invalid input: expected number, received string',
    ],
    ['arch: cnn\nwidths: [8, 0]', 'e.yaml:2:13: widths.1: 0 is not valid; Too small: expected number to be >=1'],
    ['arch: cnn\nwidths: [8, 8]', 'e.yaml:2:9: widths: [8,8] is not valid; lists a value twice'],
    ['arch: cnn\nwidths: 8', 'e.yaml:2:9: widths: 8 is not valid; Invalid input: expected array, received number'],
    ['arch: cnn\narch: cnn', 'e.yaml:2:1: is no YAML: Map keys must be unique'],
    [
      'arch: [',
      'e.yaml:1:8: is no YAML: Flow sequence in block collection must be sufficiently indented and end with a ]',
    ],
    ['', 'e.yaml: holds no keys; the first is arch: cnn, say'],
    ['- cnn', 'e.yaml: holds no keys; the first is arch: cnn, say'],
  ])('%j', (text, line) => {
    expect(mistake(text)).toBe(`UsageError: ${line}`);
  });

  test('a text that would unfold to gigabytes', () => {
    const levels = Array.from({ length: 9 }, (_, i) => `${i + 1}: &l${i + 1} [${`*l${i}, `.repeat(9)}]`);
    expect(mistake(['0: &l0 [x]', ...levels].join('\n'))).toBe(
      'UsageError: e.yaml: is no YAML: Excessive alias count indicates a resource exhaustion attack',
    );
  });

  test('files that are none', async () => {
    const folder = await temporaryFolder();
    const remedy = 'those that come with the lab are in experiments/';
    expect(() => loadExperimentFile(`${folder}/a.yaml`)).toThrow(`a.yaml: there is no such file; ${remedy}`);
    expect(() => loadExperimentFile(folder)).toThrow(/can't be read \(EISDIR.*\); those/);
    fs.writeFileSync(`${folder}/b.yaml`, Buffer.from([0x61, 0xff, 0xfe]));
    expect(() => loadExperimentFile(`${folder}/b.yaml`)).toThrow('b.yaml: is no text in UTF-8');
  });
});

test('what is written as YAML reads back equal', () => {
  const shared = fc.record(
    {
      dataset: fc.constantFrom('mnist', 'shapes', 'idx:a b'),
      widths: fc.uniqueArray(fc.integer({ min: 1, max: 65536 }), { minLength: 1, maxLength: 5 }),
      epochs: fc.integer({ min: 1, max: 1000 }),
      learningRate: fc.double({ min: 1e-6, max: 10, noNaN: true }),
      augmentShift: fc.double({ min: 0, max: 0.5, noNaN: true }),
    },
    { requiredKeys: [] },
  );
  const own = fc.record({ depth: fc.integer({ min: 1, max: 6 }), activation: fc.constantFrom(...activations) });
  fc.assert(
    fc.property(shared, own, (some, more) => {
      const input: ExperimentInput = { arch: 'autoencoder', ...some, ...more };
      expect(parseExperiment(stringify(input), 'e.yaml')).toEqual(input);
    }),
  );
});

describe('with flags and a record', () => {
  const parse = async (words: string[], recorded?: ReturnType<typeof resolveExperiment>) => {
    const folder = await temporaryFolder();
    const file = path.join(folder, 'one.yaml');
    fs.writeFileSync(file, 'arch: autoencoder\nepochs: 7\nwidths: [2, 4]\ndepth: 2\n');
    const raw = addTrainOptions(new Command('train'))
      .parse(['--experiment', file, ...words], { from: 'user' })
      .opts();
    const experimentFile = loadExperimentFile(file);
    return { file, name: experimentFile.name, ...parseTrainOptions(raw, { file: experimentFile, recorded }) };
  };

  test('a flag comes before the file, the file before the defaults', async () => {
    const { name, given, experiment, place, file } = await parse(['--epochs', '9']);
    expect(name).toBe('one');
    expect(given).toEqual({ arch: 'autoencoder', epochs: 9, widths: [2, 4], depth: 2 });
    expect(experiment).toEqual(resolveExperiment({ arch: 'autoencoder', epochs: 9, widths: [2, 4], depth: 2 }));
    expect([place('epochs'), place('depth')]).toEqual(['--epochs', `${file}: depth`]);
  });

  test('another architecture leaves what only the old one has', async () => {
    const { experiment } = await parse(['--arch', 'cnn']);
    expect(experiment).toEqual(resolveExperiment({ arch: 'cnn', epochs: 7, widths: [2, 4] }));
  });

  test('the file comes before what a run has recorded', async () => {
    const recorded = resolveExperiment({ arch: 'autoencoder', epochs: 3, batchSize: 64 });
    const { experiment } = await parse([], recorded);
    expect([experiment.epochs, experiment.batchSize]).toEqual([7, 64]);
  });
});

const files = fs.readdirSync(experiments).filter((name) => name.endsWith('.yaml'));

test.each(files)('experiments/%s is valid, can be planned, and says what it shows', (name) => {
  const file = path.join(experiments, name);
  const { given } = loadExperimentFile(file);
  const experiment = resolveExperiment(given);
  const family = families[experiment.arch];
  const task = { height: 28, width: 28, channels: 1, classes: 10 };
  const members = membersOf(experiment).map((key) => ({
    ...{ id: `w${key.width}-s${key.seed}`, width: key.width, seed: key.seed, steps: 100 },
    flopsPerStep: family.model(key.width, task, experiment).flops.training,
  }));
  expect(planFamily({ members, cores: 2, device: 'cpu' }).members).toHaveLength(members.length);
  for (const width of experiment.widths) expect(family.refuses?.(width, experiment)).toBeUndefined();
  const text = fs.readFileSync(file, 'utf8');
  expect(text).toMatch(/^# yaml-language-server: \$schema=schema\.json\n/);
  expect(text).toContain(`--experiment experiments/${name}`);
  for (const heading of ['Takes:', 'Shows:']) expect(text).toContain(`# ${heading}`);
});

test('experiments/schema.json is the schema as it is', () => {
  // npm run schema writes it
  const written: unknown = JSON.parse(fs.readFileSync(path.join(experiments, 'schema.json'), 'utf8'));
  expect(written).toEqual(experimentJsonSchema());
});
