import * as fs from 'node:fs/promises';
import * as path from 'node:path';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { stringify, type ToStringOptions } from 'yaml';
import { hasOption } from '../../../src/experiment/architectures.js';
import { isNameable } from '../../../src/terminal/printable.js';
import { definitionsOf, type OptionDefinition, type Range } from '../../../src/experiment/definitions.js';
import { loadExperiment, parseExperiment } from '../../../src/experiment/load.js';
import { executionSchema, inputSchema, optionOf, type ExperimentInput } from '../../../src/experiment/schema.js';
import { temporaryFolder } from '../../support/runs.js';

const known = inputSchema.keyof().options.join(', ');

/** The whole line the user reads. */
function mistake(text: string): string {
  try {
    parseExperiment(text, 'x.yaml');
  } catch (error) {
    return error instanceof Error ? `${error.name}: ${error.message}` : String(error);
  }
  throw new Error(`accepted: ${text}`);
}

test('a file gives its values and where they are', () => {
  const text = '# a comment\narch: cnn # another\n\nwidths:\n  - 2\n  - 4\nseeds: [0, 7]\nlearningRate: 1e-2\n';
  expect(parseExperiment(text, 'experiments/lenet.small.yaml')).toEqual({
    path: 'experiments/lenet.small.yaml',
    name: 'lenet.small',
    values: { arch: 'cnn', widths: [2, 4], seeds: [0, 7], learningRate: 0.01 },
    places: {
      arch: 'experiments/lenet.small.yaml:2:7: arch',
      widths: 'experiments/lenet.small.yaml:5:3: widths',
      seeds: 'experiments/lenet.small.yaml:7:8: seeds',
      learningRate: 'experiments/lenet.small.yaml:8:15: learningRate',
    },
  });
});

test.each([
  ['JSON', '{"arch": "cnn", "widths": [2, 4], "seeds": [2, 4]}'],
  ['one line in braces', '{arch: cnn, widths: [2, 4], seeds: [2, 4]}'],
  ['Windows line endings', 'arch: cnn\r\nwidths: [2, 4]\r\nseeds: [2, 4]\r\n'],
  ['a byte order mark', '\ufeffarch: cnn\nwidths: [2, 4]\nseeds: [2, 4]'],
  ['document marks', '%YAML 1.2\n---\narch: cnn\nwidths: [2, 4]\nseeds: [2, 4]\n...\n'],
  ['an alias', 'arch: cnn\nwidths: &sizes [2, 4]\nseeds: *sizes'],
])('%s is read', (_, text) => {
  expect(parseExperiment(text, 'x.yml').values).toEqual({ arch: 'cnn', widths: [2, 4], seeds: [2, 4] });
});

function numbers({ minimum, maximum, above, below }: Range) {
  const bound = (value: number) => (Number.isFinite(value) ? value : undefined);
  return fc.double({
    noNaN: true,
    noDefaultInfinity: true,
    ...(bound(minimum) === undefined ? {} : { min: minimum, minExcluded: above }),
    ...(bound(maximum) === undefined ? {} : { max: maximum, maxExcluded: below }),
  });
}

function integers({ minimum, maximum }: Range) {
  return fc.integer({ min: minimum, max: Math.min(maximum, 2 ** 31 - 1) });
}

function oneOrSeveral(one: fc.Arbitrary<number>): fc.Arbitrary<number | number[]> {
  return fc.oneof(one, fc.array(one, { minLength: 1, maxLength: 5 }));
}

/** Any value that the schema accepts, made from the schema. */
function valuesOf({ key, value }: OptionDefinition): fc.Arbitrary<unknown> {
  if (key === 'moments') return fc.constantFrom('12:log', '2:linear', '7', '1,10,100');
  if (key === 'probe') return fc.constantFrom('in-weights', 'held-out,few-shot');
  switch (value.kind) {
    case 'integer':
      return value.isFactor === true ? oneOrSeveral(integers(value.range)) : integers(value.range);
    case 'number':
      return value.isFactor === true ? oneOrSeveral(numbers(value.range)) : numbers(value.range);
    case 'list':
      return fc.uniqueArray(integers(value.range), { minLength: 1, maxLength: 20 });
    case 'choice':
      return fc.constantFrom(...value.choices);
    case 'switch':
      return fc.boolean();
    case 'text':
      return fc.string({ unit: 'binary', minLength: 1 }).filter(isNameable);
  }
}

const experiments = fc
  .record(Object.fromEntries(definitionsOf(inputSchema).map((definition) => [definition.key, valuesOf(definition)])), {
    requiredKeys: ['arch'],
  })
  .map((values) => {
    const { arch, steps } = values as ExperimentInput;
    const taken = Object.entries(values).filter(([key]) => hasOption(arch, key));
    // One of the two lengths.
    return Object.fromEntries(taken.filter(([key]) => key !== 'epochs' || steps === undefined));
  });

const styles = fc.record<ToStringOptions>({
  collectionStyle: fc.constantFrom('any', 'block', 'flow'),
  defaultStringType: fc.constantFrom('PLAIN', 'QUOTE_DOUBLE', 'QUOTE_SINGLE', 'BLOCK_LITERAL', 'BLOCK_FOLDED'),
  defaultKeyType: fc.constantFrom('PLAIN', 'QUOTE_DOUBLE'),
  indent: fc.integer({ min: 1, max: 8 }),
});

test('any valid experiment written as YAML reads back equal', () => {
  fc.assert(
    fc.property(experiments, styles, (values, style) => {
      expect(inputSchema.safeParse(values).success).toBe(true);
      expect(parseExperiment(stringify(values, style), 'x.yaml').values).toEqual(values);
    }),
  );
});

test('any text is an experiment or one line about it', () => {
  const pieces = fc.constantFrom(
    ...['arch', 'cnn', 'widths', 'epochs', ': ', ':', '\n', ' ', '- ', '[', ']', '{', '}', ',', '"', "'", '#', '&a '],
    ...['*a', '!t ', '|', '>', '? ', '---\n', '...\n', '%', '\t', '3', '-1', '.nan', '~', '<<', '\0', '\r', '\u2028'],
  );
  const texts = fc.oneof(
    fc.string({ unit: 'binary' }),
    fc.array(pieces, { maxLength: 40 }).map((all) => all.join('')),
  );
  fc.assert(
    fc.property(texts, (text) => {
      try {
        parseExperiment(text, 'x.yaml');
      } catch (error) {
        expect(String(error)).toMatch(/^UsageError: x\.yaml(:\d+:\d+)?: [^\p{Cc}\u2028\u2029]+$/u);
      }
    }),
    { numRuns: 2000 },
  );
});

const mapping = 'write keys and values, such as "arch: cnn"';
const widthRule = 'is not a whole number from 1 to 65536; write a list such as [8, 16, 32]';
const epochRule = 'is not a whole number from 1 to 100000';

describe('each mistake is one clear line', () => {
  test.each<[string, string]>([
    // keys
    ['arch: cnn\nepochz: 3', `:2:1: epochz: is not a key of an experiment; did you mean epochs? Known: ${known}`],
    ['batch-size: 3', `:1:1: batch-size: is not a key of an experiment; did you mean batchSize? Known: ${known}`],
    ['batch_size: 3', `:1:1: batch_size: is not a key of an experiment; did you mean batchSize? Known: ${known}`],
    ['8: 3', `:1:1: 8: is not a key of an experiment; known: ${known}`],
    ['__proto__: 3', `:1:1: __proto__: is not a key of an experiment; known: ${known}`],
    ['"a\\nb": 3', `:1:1: "a\\nb": is not a key of an experiment; known: ${known}`],
    [
      'arch: cnn\nthreads: 2',
      ':2:1: threads: is not a key of an experiment: it says how to train, not what; give --threads on the command line',
    ],
    ['arch: cnn\nepochs: 1\nepochs: 1', ':3:1: epochs: is given twice; give it once'],
    ['# no arch\nepochs: 3', ':2:1: arch: is missing; known: cnn, autoencoder, transformer'],
    [
      'arch: transformer\ndepth: 2',
      ':2:8: depth: transformer does not have this option, only cnn, autoencoder; leave it out',
    ],
    // values
    ['arch:\nepochs: 3', ':1:1: arch: has no value; known: cnn, autoencoder, transformer'],
    ['arch: cnn\nepochs:\n', ':2:1: epochs: has no value; give one, or leave the key out'],
    ['arch: cnn\nepochs: ~\n', ':2:9: epochs: has no value; give one, or leave the key out'],
    ['arch: cn', ':1:7: arch: "cn" is unknown; did you mean cnn? Known: cnn, autoencoder, transformer'],
    ['arch: cnn\noptimizer: 3', ':2:12: optimizer: 3 is unknown; known: adam, adamw, sgd'],
    ['arch: cnn\nepochs: 0', `:2:9: epochs: 0 ${epochRule}`],
    ['arch: cnn\nepochs: 3.5', `:2:9: epochs: 3.5 ${epochRule}`],
    ['arch: cnn\nepochs: true', `:2:9: epochs: true ${epochRule}`],
    ['arch: cnn\nepochs: [3.5]', `:2:10: epochs: 3.5 ${epochRule}`],
    ['arch: cnn\nepochs: "3"', `:2:9: epochs: "3" ${epochRule}; write it without quotes`],
    ['arch: cnn\nepochs: three', `:2:9: epochs: "three" ${epochRule}`],
    ['arch: cnn\nlearningRate: .nan', ':2:15: learningRate: NaN is not a number above 0 and at most 100'],
    ['arch: cnn\ndropout: 1', ':2:10: dropout: 1 is not a number of at least 0 and below 1'],
    ['arch: cnn\ntrainSize: 1e300', ':2:12: trainSize: 1e+300 is not a whole number of at least 1'],
    ['arch: cnn\nwidths: 8', ':2:9: widths: 8 is not a list; write a list such as [8, 16, 32]'],
    ['arch: cnn\nseeds: 0,1', ':2:8: seeds: "0,1" is not a list; write a list such as [0, 1, 2]'],
    ['arch: cnn\nwidths: []', ':2:9: widths: the list is empty; write a list such as [8, 16, 32]'],
    ['arch: cnn\nwidths: [8, 0]', `:2:13: widths: 0 ${widthRule}`],
    ['arch: cnn\nwidths:\n  - 8\n  - -3', `:4:5: widths: -3 ${widthRule}`],
    ['arch: cnn\nwidths: [8, 16, 8]', ':2:17: widths: 8 is listed twice; list each value once'],
    ['arch: cnn\nwidths: [8, ~]', ':2:13: widths: an entry has no value; give one, or leave the entry out'],
    ['arch: cnn\nseeds: &s [0]\nwidths: *s', `:3:9: widths: 0 ${widthRule}`],
    ['arch: cnn\ndataset: 3', ':2:10: dataset: 3 is not text; put it in quotes'],
    ['arch: cnn\ndataset: ""', ':2:10: dataset: the value is empty'],
    // of several the first in the file
    ['arch: cnn\nepochs: 0\nwidths: [0]', `:2:9: epochs: 0 ${epochRule}`],
    [`arch: "${'x'.repeat(99)}"`, `:1:7: arch: "${'x'.repeat(56)}... is unknown; known: cnn, autoencoder, transformer`],
    // YAML
    ['', `: is empty; ${mapping}`],
    ['# only a comment\n', `: is empty; ${mapping}`],
    ['cnn', `:1:1: is not a mapping; ${mapping}`],
    ['- arch: cnn', `:1:1: is not a mapping; ${mapping}`],
    ['? [arch]\n: cnn', `:1:3: a key is not text; ${mapping}`],
    ['arch: cnn\nwidths:\n\t- 8', ':3:1: is indented with a tab; use spaces'],
    ['arch: cnn\n---\narch: cnn', ':2:1: has a second document; write one experiment per file'],
    ['arch: !model cnn', ':1:7: has a tag that is unknown; leave it out'],
    [
      'arch: cnn\nepochs 3\n',
      ':2:1: is not YAML: Implicit map keys need to be followed by map values; write one "key: value" per line',
    ],
    ['arch: "cnn', ':1:11: is not YAML: Missing closing "quote; write one "key: value" per line'],
    ...(['010', '-007', '00.5'] as const).map((text, i): [string, string] => [
      `arch: cnn\nwidths: [2, ${text}]`,
      `:2:13: ${text} begins with 0: octal to some readers of YAML, decimal to others; write ${['10', '-7', '0.5'][i]!}`,
    ]),
    ['arch: *a', ':1:7: no anchor &a is above *a; write the values out'],
    ['arch: cnn\nwidths: &a [*a]', ':2:13: *a refers to itself; write the values out'],
  ])('%j', (text, line) => {
    expect(mistake(text)).toBe(`UsageError: x.yaml${line}`);
  });

  test('nested deeper than the stack', () => {
    expect(mistake('['.repeat(20_000)).replace(/:1:\d+:/, ':1:COLUMN:')).toBe(
      `UsageError: x.yaml:1:COLUMN: is nested too deeply; ${mapping}`,
    );
  });
});

test('every key in kebab-case is answered with the right spelling', () => {
  for (const key of inputSchema.keyof().options.filter((each) => optionOf(each) !== each)) {
    expect(mistake(`${optionOf(key)}: 1`)).toContain(`did you mean ${key}? `);
  }
});

test('every option about how to train is known as a command line option', () => {
  for (const key of executionSchema.keyof().options) {
    expect(mistake(`arch: cnn\n${key}: 1`)).toContain(`give --${optionOf(key)} on the command line`);
  }
});

describe('aliases cannot grow without bound', () => {
  const doubled = (levels: number) =>
    `arch: cnn\nwidths: [&a0 [1, 2], ${Array.from({ length: levels }, (_, i) => `&a${i + 1} [*a${i}, *a${i}]`).join(', ')}]`;
  test('a few that stand for many', () => {
    expect(mistake(doubled(9))).toBe(
      'UsageError: x.yaml:1:1: has aliases that expand to more than 20 values; write the values out',
    );
  });
  test('many', () => {
    const text = doubled(5000);
    const line = text.split('\n')[1]!;
    const columns = [...line.matchAll(/\*/g)].map(({ index }) => index + 1);
    expect(mistake(text)).toBe(`UsageError: x.yaml:2:${columns[20]!}: has more than 20 aliases; write the values out`);
  });
});

describe('files', () => {
  async function unread(name: string, content?: string | Uint8Array): Promise<string> {
    const folder = await temporaryFolder();
    await fs.writeFile(path.join(folder, 'lenet-mnist.yaml'), 'arch: cnn');
    const file = path.join(folder, name);
    if (content !== undefined) await fs.writeFile(file, content);
    return loadExperiment(file).then(
      () => 'accepted',
      (error: unknown) => String(error).replaceAll(folder, 'FOLDER'),
    );
  }

  test.each<[string, string | Uint8Array | undefined, string]>([
    ['lenet-mnst.yaml', undefined, 'FOLDER/lenet-mnst.yaml: does not exist; did you mean FOLDER/lenet-mnist.yaml?'],
    ['lenet-mnist', undefined, 'FOLDER/lenet-mnist: does not exist; did you mean FOLDER/lenet-mnist.yaml?'],
    ['nothing-like-it', undefined, 'FOLDER/nothing-like-it: does not exist; give a YAML file'],
    ['no/such/folder.yaml', undefined, 'FOLDER/no/such/folder.yaml: does not exist; give a YAML file'],
    ['lenet-mnist.yaml/x', undefined, 'FOLDER/lenet-mnist.yaml/x: does not exist; give a YAML file'],
    ['.', undefined, 'FOLDER: is a folder; give a YAML file'],
    ['latin.yaml', Uint8Array.of(0x23, 0xe9, 0x0a), 'FOLDER/latin.yaml: is not UTF-8 text; save it as UTF-8'],
    [
      'large.yaml',
      `# ${' '.repeat(1_000_000)}`,
      'FOLDER/large.yaml: is more than 1 MB; give an experiment, a YAML file of a few lines',
    ],
    [
      'two\nlines.yaml',
      'arch: cn',
      'FOLDER/two\\u000alines.yaml:1:7: arch: "cn" is unknown; did you mean cnn? Known: cnn, autoencoder, transformer',
    ],
  ])('%s', async (name, content, line) => {
    expect(await unread(name, content)).toBe(`UsageError: ${line}`);
  });

  test('a megabyte is read, and endless input is not read to its end', async () => {
    expect(await unread('long.yaml', `arch: cnn\n#${' '.repeat(999_989)}`)).toBe('accepted');
    await expect(loadExperiment('/dev/zero')).rejects.toThrow('/dev/zero: is more than 1 MB; ');
  });

  test('a byte order mark does not shift columns', async () => {
    expect(await unread('bom.yaml', '\ufeffarch: cn')).toContain('bom.yaml:1:7: arch: "cn" is unknown');
  });
});
