import { Command } from '@commander-js/extra-typings';
import { describe, expect, test } from 'vitest';
import { parseExperiment, type ExperimentFile } from '../../../src/experiment/load.js';
import {
  addTrainOptions,
  experimentFileOf,
  parseTrainOptions,
  runNameOf,
  type ParsedTrainOptions,
} from '../../../src/experiment/options.js';
import { executionSchema, inputSchema, resolveExperiment, type Experiment } from '../../../src/experiment/schema.js';

function collect(words: readonly string[]): Record<string, unknown> {
  const command = addTrainOptions(new Command('train'))
    .exitOverride()
    .configureOutput({ writeErr: () => undefined });
  return command.parse(words, { from: 'user' }).opts();
}

function parse(line: string, recorded?: Experiment): ParsedTrainOptions {
  return parseTrainOptions(collect(line === '' ? [] : line.split(' ')), { recorded });
}

/** The whole line the user reads. */
function mistake(...words: string[]): string {
  try {
    parseTrainOptions(collect(words));
  } catch (error) {
    return error instanceof Error ? `${error.name}: ${error.message}` : String(error);
  }
  throw new Error(`accepted: ${words.join(' ')}`);
}

test('options on the command line count as given; the rest comes from the schema', () => {
  const { given, experiment, execution, flags } = parse(
    '--arch cnn --widths 4,8 --weight-decay 1e-4 --run a.b-1 --json',
  );
  expect(given).toEqual({ arch: 'cnn', widths: [4, 8], weightDecay: 1e-4 });
  expect(experiment).toEqual(resolveExperiment({ arch: 'cnn', widths: [4, 8], weightDecay: 1e-4 }));
  expect(execution).toEqual({ run: 'a.b-1', device: 'auto' });
  expect(flags).toEqual({ json: true, tensorboard: false, eager: false, planOnly: false });
});

test('a base width without muP, and a penalty that muP cannot transfer, are refused', () => {
  expect(mistake('--arch', 'cnn', '--base-width', '16')).toBe(
    'UsageError: --base-width: has no effect under the standard parametrization; add --parametrization mup, or leave it out',
  );
  expect(mistake('--arch', 'cnn', '--parametrization', 'mup', '--weight-decay', '0.1')).toBe(
    "UsageError: --weight-decay: adam's L2 penalty does not keep its strength across widths under mup; give --optimizer adamw, whose decay does",
  );
  const mup = ['--arch', 'cnn', '--parametrization', 'mup', '--optimizer', 'adam'];
  expect(mistake(...mup, '--grid', 'weightDecay=0,0.1')).toMatch(/^UsageError: --grid weightDecay: adam's L2 penalty/);
});

test('every key of both schemas is read as an option', () => {
  const { experiment, execution } = parse(
    '--arch cnn --dataset shapes --widths 1 --seeds 3,4 --epochs 2 --batch-size 32 --learning-rate .5 --optimizer sgd --weight-decay 0 ' +
      '--augment-shift .1 --augment-rotation 10 --augment-scale .1 --schedule warm-up --precision bfloat16 --train-size 100 --test-size 50 ' +
      '--classes 5 --image-size 16 --colour rgb --label-noise .1 --validation-size 9 --epoch-test-size 0 --moments 5,9 --moments-size 20 --parametrization mup --base-width 4 --tune learningRate=.1,.2 --tune-per width --tune-budget 2 --tune-steps 5 --run r --device cpu --jobs 2 --threads 3 --stack 4 --data-dir d',
  );
  const others = parse('--arch autoencoder --depth 2 --activation tanh --steps 70 --xla').experiment;
  const further = parse(
    '--arch transformer --pairs 4 --blocks 1 --heads 2 --burstiness .9 --label-remapping 1 --zipf 1 --held-out-classes 5 --probe held-out,few-shot --ways 3 --test-sequences 9 --symmetries all --dropout .1',
  ).experiment;
  const keys = [experiment, others, further].flatMap((each) => Object.keys(each));
  // `zip` needs lists; factors.test.ts has them.
  expect([...new Set(keys), 'zip'].sort()).toEqual(Object.keys(inputSchema.shape).sort());
  expect(others).toMatchObject({ depth: 2, activation: 'tanh', steps: 70, xla: true });
  expect(others.epochs).toBeUndefined();
  expect(further).toMatchObject({
    ...{ pairs: 4, blocks: 1, heads: 2, burstiness: 0.9, labelRemapping: 1, testSequences: 9, dropout: 0.1 },
    // the architecture's own defaults of shared options
    ...{ dataset: 'omniglot-small', batchSize: 32 },
  });
  expect(Object.keys(execution).sort()).toEqual(Object.keys(executionSchema.shape).sort());
  expect(experiment).toMatchObject({
    seeds: [3, 4],
    batchSize: 32,
    learningRate: 0.5,
    schedule: 'warm-up',
    testSize: 50,
    imageSize: 16,
    colour: 'rgb',
  });
  expect(execution).toEqual({ run: 'r', device: 'cpu', jobs: 2, threads: 3, stack: 4, dataDir: 'd' });
  expect(parse('--arch cnn --stack auto').execution.stack).toBe('auto');
});

test('with a recorded run nothing need be given, and given options win', () => {
  const recorded = resolveExperiment({ arch: 'cnn', dataset: 'shapes', epochs: 7 });
  const { given, experiment } = parse('--run r --seeds 0,1', recorded);
  expect(given).toEqual({ seeds: [0, 1] });
  expect(experiment).toEqual({ ...recorded, seeds: [0, 1] });
});

test('the run name is known before the rest is read', () => {
  expect(runNameOf(collect(['--run', 'r', '--widths', 'nonsense']))).toBe('r');
  expect(runNameOf(collect([]))).toBeUndefined();
  expect(() => runNameOf(collect(['--run', '../r']))).toThrow('--run: "../r" is not a name');
});

describe('training length', () => {
  test("the given unit replaces the default, the recorded and the file's other one", () => {
    expect(parse('--arch cnn').experiment).toMatchObject({ steps: 64, seeds: [0, 1, 2], learningRate: 1e-4 });
    expect(parse('--arch cnn --epochs 2').experiment).not.toHaveProperty('steps');
    const recorded = resolveExperiment({ arch: 'cnn', epochs: 3 });
    expect(parseTrainOptions(collect(['--run', 'r']), { recorded }).experiment).toEqual(recorded);
    const file = parseExperiment('arch: cnn\nepochs: 7\n', 'x.yaml');
    const { experiment, given } = parseTrainOptions(collect(['--steps', '9']), { file, recorded });
    expect([experiment.epochs, experiment.steps, given]).toEqual([undefined, 9, { arch: 'cnn', steps: 9 }]);
  });

  test('both at once contradict each other', () => {
    expect(() => parse('--arch cnn --epochs 2 --steps 9')).toThrow(
      '--steps: contradicts --epochs: both say how long to train; give one of the two',
    );
    expect(() => parseExperiment('arch: cnn\nsteps: 9\nepochs: 7\n', 'x.yaml')).toThrow(
      'x.yaml:2:8: steps: contradicts x.yaml:3:9: epochs: both say how long to train; give one of the two',
    );
  });
});

describe('with an experiment file', () => {
  const file = parseExperiment('arch: cnn\ndataset: shapes\nwidths: [2, 4]\nepochs: 7\n', 'e/small.yaml');
  const read = (line: string, recorded?: Experiment, from: ExperimentFile = file) =>
    parseTrainOptions(collect(line === '' ? [] : line.split(' ')), { file: from, recorded });

  test('flags override the file, the file overrides the record, and all three override defaults', () => {
    const recorded = resolveExperiment({ arch: 'cnn', dataset: 'mnist', epochs: 5, batchSize: 64 });
    const { given, experiment, places } = read('--epochs 9 --seeds 3', recorded);
    expect(given).toEqual({ arch: 'cnn', dataset: 'shapes', widths: [2, 4], epochs: 9, seeds: [3] });
    expect(experiment).toEqual(resolveExperiment({ ...given, arch: 'cnn', batchSize: 64 }));
    expect(places).toEqual({
      arch: 'e/small.yaml:1:7: arch',
      dataset: 'e/small.yaml:2:10: dataset',
      widths: 'e/small.yaml:3:9: widths',
    });
  });

  test('architecture defaults are those of the one being trained', () => {
    const transformer = parseExperiment('arch: transformer', 'x.yaml');
    expect(read('', undefined, transformer).experiment).toEqual(resolveExperiment({ arch: 'transformer' }));
    expect(read('--arch autoencoder').experiment).toMatchObject({ arch: 'autoencoder', depth: 1, epochs: 7 });
  });

  test('the run is named after the file, unless --run says otherwise', () => {
    expect(runNameOf(collect([]), file)).toBe('small');
    expect(runNameOf(collect(['--run', 'r']), file)).toBe('r');
    const odd = parseExperiment('arch: cnn', 'e/my own.yaml');
    expect(runNameOf(collect(['--run', 'r']), odd)).toBe('r');
    expect(() => runNameOf(collect([]), odd)).toThrow(
      `e/my own.yaml: "my own" ${runRule}; rename the file, or give --run NAME`,
    );
  });

  test("an architecture from a flag drops the file's options for its own architecture", () => {
    const deep = parseExperiment('arch: autoencoder\ndepth: 2\nepochs: 7', 'x.yaml');
    const { experiment, places } = read('--arch transformer', undefined, deep);
    expect(experiment).toEqual(resolveExperiment({ arch: 'transformer', epochs: 7 }));
    expect(places).toEqual({ epochs: 'x.yaml:3:9: epochs' });
    expect(() => read('--arch transformer --depth 2')).toThrow(
      '--depth: transformer does not have this option, only cnn, autoencoder; leave it out',
    );
  });

  test('an invalid dataset is refused at its place', () => {
    const misspelt = parseExperiment('arch: cnn\ndataset: mnst', 'x.yaml');
    expect(() => read('', undefined, misspelt)).toThrow(
      'x.yaml:2:10: dataset: "mnst" is not a dataset; did you mean mnist? Known: ',
    );
    expect(read('--dataset mnist', undefined, misspelt).experiment.dataset).toBe('mnist');
  });

  test('--experiment takes one file', () => {
    expect(experimentFileOf(collect(['--experiment', 'e/small.yaml']))).toBe('e/small.yaml');
    expect(experimentFileOf(collect([]))).toBeUndefined();
    expect(() => experimentFileOf(collect(['--experiment', 'a', '--experiment', 'b']))).toThrow(
      '--experiment: given more than once; give it once',
    );
    expect(() => experimentFileOf(collect(['--experiment', '']))).toThrow('--experiment: the value is empty');
    expect(() => collect(['--experiment', '--run'])).toThrow('--experiment: a value is missing before --run');
  });
});

const runRule = 'is not a name: letters, digits, ".", "_" and "-", starting with a letter or digit, 100 at most';
const widthRule = 'is not a whole number from 1 to 65536; give a comma-separated list such as 8,16,32';

describe('each mistake is one clear line', () => {
  test.each<[string[], string]>([
    [[], '--arch: an architecture is needed; known: cnn, autoencoder, transformer'],
    [
      ['--run', 'x'],
      '--arch: there is no run "x" to resume, so an architecture is needed; known: cnn, autoencoder, transformer',
    ],
    [
      ['--arch', 'transformer', '--depth', '2'],
      '--depth: transformer does not have this option, only cnn, autoencoder; leave it out',
    ],
    [['--dropout', '1'], '--dropout: "1" is not a number of at least 0 and below 1'],
    [['--arch', 'cn'], '--arch: "cn" is unknown; did you mean cnn? Known: cnn, autoencoder, transformer'],
    [['--arch', 'resnet'], '--arch: "resnet" is unknown; known: cnn, autoencoder, transformer'],
    [['--widths', '0'], `--widths: "0" ${widthRule}`],
    [['--widths', '-3'], `--widths: "-3" ${widthRule}`],
    [['--widths', '8,8.5'], `--widths: "8.5" ${widthRule}`],
    [['--widths', 'abc'], `--widths: "abc" ${widthRule}`],
    [['--widths', '1e2'], `--widths: "1e2" ${widthRule}`],
    [['--widths', '02'], `--widths: "02" ${widthRule}`],
    [['--widths', '0x10'], `--widths: "0x10" ${widthRule}`],
    [['--widths', '1e9'], `--widths: "1e9" ${widthRule}`],
    [['--widths', ''], '--widths: the list is empty; give a comma-separated list such as 8,16,32'],
    [['--widths='], '--widths: the list is empty; give a comma-separated list such as 8,16,32'],
    [['--widths', '8,,9'], '--widths: "8,,9" has an empty entry; give a comma-separated list such as 8,16,32'],
    [['--widths', '8,16,8'], '--widths: 8 is listed twice; list each value once'],
    [['--widths', '8', '--widths', '9'], '--widths: given more than once; give it once'],
    [['--widths', '--epochs', '3'], '--widths: a value is missing before --epochs'],
    [
      ['--seeds', '-1'],
      '--seeds: "-1" is not a whole number from 0 to 2147483647; give a comma-separated list such as 0,1,2',
    ],
    [
      ['--arch', 'cnn', '--dataset', 'mnst'],
      '--dataset: "mnst" is not a dataset; did you mean mnist? Known: mnist, fashion-mnist, cifar10, cifar100, omniglot-small, omniglot, shapes, concepts, images:PATH, idx:PATH',
    ],
    [['--arch', 'cnn', '--dataset', 'idx:'], '--dataset: "idx:" does not name a folder; give idx:PATH'],
    [['--arch', 'cnn', '--dataset', 'idx'], '--dataset: "idx" does not name a folder; give idx:PATH'],
    [['--arch', 'cnn', '--dataset', ''], '--dataset: the value is empty'],
    [['--learning-rate', '-0.1'], '--learning-rate: "-0.1" is not a number above 0 and at most 100'],
    [['--learning-rate', 'NaN'], '--learning-rate: "NaN" is not a number above 0 and at most 100'],
    [['--learning-rate', '1e999'], '--learning-rate: "1e999" is not a number above 0 and at most 100'],
    [['--weight-decay', ''], '--weight-decay: "" is not a number from 0 to 1'],
    [['--optimizer', 'adma'], '--optimizer: "adma" is unknown; did you mean adam? Known: adam, adamw, sgd'],
    [['--train-size', '0'], '--train-size: "0" is not a whole number of at least 1'],
    [['--image-size', '0'], '--image-size: "0" is not a whole number from 1 to 1024'],
    [['--colour', 'gray'], '--colour: "gray" is unknown; did you mean grey? Known: grey, rgb'],
    [['--data-dir', ''], '--data-dir: the value is empty'],
    [['--stack', '0'], '--stack: "0" is not a whole number from 1 to 1024; give one, or auto'],
    [['--jobs', '1.5'], '--jobs: "1.5" is not a whole number from 1 to 1024'],
    [['--run', 'a/b'], `--run: "a/b" ${runRule}`],
    [['--run', '..'], `--run: ".." ${runRule}`],
    [['--run', '.a'], `--run: ".a" ${runRule}`],
    [['--run', ''], '--run: the value is empty'],
  ])('%j', (words, line) => {
    expect(mistake(...words)).toBe(`UsageError: ${line}`);
  });
});

test("help shows each option's default", () => {
  const help = addTrainOptions(new Command('train')).configureHelp({ helpWidth: 300 }).helpInformation();
  expect(help).toMatch(/--widths <list> +width of each member, comma-separated \(default: 8,16,32,64\)\n/);
  expect(help).toMatch(/--optimizer <name> .*\(default: adam\)\n/);
  expect(help).toMatch(/--train-size <n,\.\.\.> +train on a random subset[^\n]*member\)\n/);
});
