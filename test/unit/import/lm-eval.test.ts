/** Files as lm-evaluation-harness writes them; the shapes are those of real files, the texts come from no benchmark. */
import * as fs from 'node:fs/promises';
import * as path from 'node:path';
import { expect, test } from 'vitest';
import { readLmEval, type LmEvalOptions } from '../../../src/import/lm-eval.js';
import { logitsOf } from '../../../src/import/lm-eval-sample.js';
import { Random } from '../../../src/statistics/random.js';
import { temporaryFolder } from '../../support/runs.js';

const plain: LmEvalOptions = {};
const time = '2026-01-21T03-44-18.458309';

interface Question {
  readonly logits: readonly number[];
  readonly label: number;
  readonly lengths: readonly number[];
}

function questions(count: number, name: string): Question[] {
  const random = Random.named(0, 'lm-eval', name);
  return Array.from({ length: count }, () => ({
    logits: Array.from({ length: 4 }, () => -20 * random.uniform()),
    label: random.integer(4),
    lengths: Array.from({ length: 4 }, () => 1 + random.integer(30)),
  }));
}

const argmax = (values: readonly number[]) => values.indexOf(Math.max(...values));
const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;

/** By the definitions, without the tricks that large numbers require. */
function expected({ logits, label, lengths }: Question) {
  const total = logits.reduce((sum, value) => sum + Math.exp(value), 0);
  const p = logits.map((value) => Math.exp(value) / total);
  return {
    acc: Number(argmax(logits) === label),
    acc_norm: Number(argmax(logits.map((value, i) => value / lengths[i]!)) === label),
    brier: p.reduce((sum, each, i) => sum + (each - Number(i === label)) ** 2, 0),
    logProbability: Math.log(p[label]!),
    margin: p[label]! - Math.max(...p.filter((_, i) => i !== label)),
    rank: 1 + p.filter((each) => each > p[label]!).length,
    confidence: Math.max(...p),
  };
}

const shapes: Readonly<Record<string, (logits: readonly number[]) => unknown>> = {
  'numbers and booleans': (logits) => logits.map((value) => [value, false]),
  texts: (logits) => logits.map((value) => [String(value), 'False']),
  'one level deeper': (logits) => logits.map((value) => [[value, false]]),
};

interface Written {
  readonly shape?: (logits: readonly number[]) => unknown;
  readonly target?: (question: Question) => string;
  readonly task?: string;
  readonly parameters?: number;
  readonly acc?: number;
  readonly effective?: number;
}

/** A model's folder with samples and results, as `--log_samples` writes them. */
async function write(root: string, model: string, list: readonly Question[], about: Written = {}): Promise<void> {
  const { shape = shapes['texts']!, target = ({ label }) => String(label), task = 'quiz', parameters = 1e9 } = about;
  const folder = path.join(root, model.replace('/', '__'));
  await fs.mkdir(folder, { recursive: true });
  const samples = list.map((question, i) => {
    const { acc, acc_norm } = expected(question);
    const requests = question.logits.map(
      (_, choice) => [`gen_args_${choice}`, { arg_0: 'Q', arg_1: ` choice ${choice}` }] as const,
    );
    return {
      ...{ doc_id: i, doc: {}, target: target(question), arguments: Object.fromEntries(requests) },
      ...{ resps: [], filtered_resps: shape(question.logits), filter: 'none', metrics: ['acc', 'acc_norm'] },
      ...{ doc_hash: `hash of ${i}`, acc, acc_norm },
    };
  });
  await fs.writeFile(
    path.join(folder, `samples_${task}_${time}.jsonl`),
    samples.map((each) => JSON.stringify(each)).join('\n'),
  );
  const all = list.map(expected);
  const results = {
    results: {
      [task]: {
        'acc,none': about.acc ?? mean(all.map(({ acc }) => acc)),
        'acc_norm,none': mean(all.map(({ acc_norm }) => acc_norm)),
        'acc_stderr,none': 0.01,
      },
    },
    configs: {
      [task]: {
        metric_list: [
          // A task may leave the aggregation of a metric to the harness.
          about.acc === undefined ? { metric: 'acc', aggregation: 'mean' } : { metric: 'acc' },
          { metric: 'acc_norm', aggregation: 'mean' },
        ],
      },
    },
    'n-samples': { [task]: { original: list.length, effective: about.effective ?? list.length } },
    ...{ config: { model: 'hf', model_args: `pretrained=${model},dtype=float32`, model_num_parameters: parameters } },
    lm_eval_version: '0.4.9.2',
  };
  await fs.writeFile(path.join(folder, `results_${time}.json`), JSON.stringify(results));
}

test.each(Object.entries(shapes))(
  'log-likelihoods as %s: probabilities among the choices, and what follows',
  async (name, shape) => {
    const root = await temporaryFolder();
    const list = questions(50, name);
    await write(root, 'org/small', list, { shape });
    const { collector, version, classes, testSet, notes } = await readLmEval([root], plain);
    const { members } = collector.finish({ strict: true });
    const [{ name: model, coordinates, columns }] = members as [(typeof members)[0]];
    expect([model, coordinates, version, classes, testSet, notes]).toEqual([
      'org/small',
      { parameters: 1e9 },
      '0.4.9.2',
      4,
      'quiz',
      [],
    ]);
    const all = list.map(expected);
    expect([...columns['correct']!]).toEqual(all.map(({ acc }) => acc));
    expect([...columns['label']!]).toEqual(list.map(({ label }) => label));
    expect([...columns['predicted']!]).toEqual(list.map(({ logits }) => argmax(logits)));
    expect([...columns['rank']!]).toEqual(all.map(({ rank }) => rank));
    // Columns have 32 bits: 6e-8 of the value.
    expect(columns['log_probability']).toBeAllClose(
      all.map((each) => each.logProbability),
      { rtol: 1e-7, atol: 1e-7 },
    );
    expect(columns['brier']).toBeAllClose(
      all.map((each) => each.brier),
      { rtol: 1e-7, atol: 1e-7 },
    );
    expect(columns['margin']).toBeAllClose(
      all.map((each) => each.margin),
      { rtol: 1e-7, atol: 1e-7 },
    );
    expect(columns['confidence']).toBeAllClose(
      all.map((each) => each.confidence),
      { rtol: 1e-7, atol: 1e-7 },
    );
  },
);

test('the true choice is given by position or text, whichever agrees with acc', async () => {
  const root = await temporaryFolder();
  const list = questions(30, 'texts');
  await write(root, 'a', list, { target: ({ label }) => ` choice ${label}` });
  const { collector } = await readLmEval([root], plain);
  const { columns } = collector.finish({ strict: true }).members[0]!;
  expect([...columns['label']!]).toEqual(list.map(({ label }) => label));
});

test('acc_norm uses another order: no margin, rank or prediction with it', async () => {
  const root = await temporaryFolder();
  const list = questions(20, 'norm');
  await write(root, 'a', list);
  const { collector } = await readLmEval([root], { ...plain, correct: 'acc_norm' });
  const { columns } = collector.finish({ strict: true }).members[0]!;
  expect(Object.keys(columns)).toEqual(['example', 'label', 'correct', 'log_probability', 'brier']);
  expect([...columns['correct']!]).toEqual(list.map((question) => expected(question).acc_norm));
});

test('several models become one run over their parameters; several tasks need --task', async () => {
  const root = await temporaryFolder();
  const list = questions(10, 'models');
  await write(root, 'a', list, { parameters: 1e8 });
  await write(root, 'b', list, { parameters: 1e9 });
  await write(root, 'b', list.slice(0, 4), { parameters: 1e9, task: 'quiz_hard' });
  await expect(readLmEval([root], plain)).rejects.toThrow(
    '--task: there are 2 tasks: quiz and quiz_hard; name the one to import',
  );
  await expect(readLmEval([root], { ...plain, task: ['quix'] })).rejects.toThrow(
    '--task: there is no task quix; did you mean quiz?',
  );
  const { collector } = await readLmEval([root], { ...plain, task: ['quiz'] });
  const { members, examples } = collector.finish({ strict: true });
  expect(members.map(({ name, coordinates }) => [name, coordinates['parameters']])).toEqual([
    ['a', 1e8],
    ['b', 1e9],
  ]);
  expect(examples).toHaveLength(10);
  const both = await readLmEval([path.join(root, 'b')], { ...plain, task: ['quiz*'] });
  expect(both.collector.finish({ strict: true }).examples).toHaveLength(14);
});

test('a model on disk is named by the last part of its path, if that distinguishes the models', async () => {
  const namesOf = async (...models: readonly string[]) => {
    const root = await temporaryFolder();
    for (const [i, model] of models.entries()) {
      const folder = path.join(root, String(i));
      await write(folder, 'm', questions(3, 'paths'));
      const file = path.join(folder, 'm', `results_${time}.json`);
      await fs.writeFile(file, (await fs.readFile(file, 'utf8')).replace('pretrained=m', `pretrained=${model}`));
    }
    return (await readLmEval([root], plain)).collector.models.map(({ name }) => name);
  };
  expect(await namesOf('/home/me/models/tiny', 'org/small')).toEqual(['tiny', 'org/small']);
  expect(await namesOf('/home/me/a/last', '/home/me/b/last')).toEqual(['/home/me/a/last', '/home/me/b/last']);
});

test('a revision is a separate model, whether the harness writes its arguments as text or as an object', async () => {
  const root = await temporaryFolder();
  const configs = [
    { model_args: 'pretrained=org/m,revision=step1000', model_revision: 'step1000' },
    { model_args: { pretrained: 'org/m', revision: 'step2000' } },
    { model_args: 'pretrained=org/m', model_revision: 'main' },
  ];
  for (const [i, config] of configs.entries()) {
    await write(path.join(root, String(i)), 'm', questions(3, 'revisions'));
    const file = path.join(root, String(i), 'm', `results_${time}.json`);
    const results = JSON.parse(await fs.readFile(file, 'utf8')) as { config: object };
    await fs.writeFile(
      file,
      JSON.stringify({ ...results, config: { ...results.config, ...config }, model_name: 'org/m' }),
    );
  }
  const names = (await readLmEval([root], plain)).collector.models.map(({ name }) => name);
  expect(names).toEqual(['org/m@step1000', 'org/m@step2000', 'org/m']);
});

test('generation: its metric, its filter, a score as well; values other than 0 and 1 are not correct or wrong', async () => {
  const folder = await temporaryFolder();
  const line = (id: number, filter: string, exact: number, rouge: number) =>
    JSON.stringify({
      ...{ doc_id: id, target: 'x', resps: [['a']], filtered_resps: ['a'], filter, metrics: ['exact_match', 'rouge'] },
      ...{ exact_match: exact, rouge },
    });
  const file = path.join(folder, `samples_gen_${time}.jsonl`);
  await fs.writeFile(
    file,
    [line(0, 'strict', 1, 0.1), line(0, 'loose', 1, 0.1), line(1, 'strict', 0, 0.7), line(1, 'loose', 1, 0.7)].join(
      '\n',
    ),
  );
  await expect(readLmEval([folder], plain)).rejects.toThrow(
    `${file}:2: has answers of the filters strict and loose; choose one with --filter`,
  );
  const { collector, notes } = await readLmEval([folder], { ...plain, filter: 'strict', score: 'rouge' });
  const { columns } = collector.finish({ strict: true }).members[0]!;
  expect([[...columns['correct']!], [...columns['score']!]]).toEqual([
    [1, 0],
    [0.1, 0.7],
  ]);
  expect(notes).toEqual([`samples_gen_${time}.jsonl has no results file: its means cannot be checked`]);
  await expect(readLmEval([folder], { ...plain, filter: 'loose', correct: 'rouge' })).rejects.toThrow(
    `${file}:2: rouge is 0.1, but right or wrong must be 1 or 0; choose a metric with --correct, or take it as --score`,
  );
});

test('means that differ from the results, incomplete samples, another version of a question', async () => {
  const list = questions(20, 'means');
  const wrong = await temporaryFolder();
  await write(wrong, 'a', list, { acc: 0.999 });
  await expect(readLmEval([wrong], plain)).rejects.toThrow(
    /its mean acc is 0\.\d+, but results_.* says 0\.999; the two are of different runs/,
  );
  const part = await temporaryFolder();
  await write(part, 'a', list, { acc: 0.999, effective: 5000 });
  expect((await readLmEval([part], plain)).notes).toEqual([
    `samples_quiz_${time}.jsonl has 20 of the 5000 samples of results_${time}.json: means are not checked`,
  ]);
  const other = await temporaryFolder();
  await write(other, 'a', list);
  await write(other, 'b', list);
  const file = path.join(other, 'b', `samples_quiz_${time}.jsonl`);
  await fs.writeFile(file, (await fs.readFile(file, 'utf8')).replace('hash of 3', 'another'));
  await expect(readLmEval([other], plain)).rejects.toThrow(
    `${file}:4: the content of example 3 differs from an earlier one`,
  );
});

test('not an lm-eval folder', async () => {
  const folder = await temporaryFolder();
  await expect(readLmEval([folder], plain)).rejects.toThrow(
    `${folder}: has no file called samples_TASK_TIME.jsonl in it`,
  );
  await fs.writeFile(path.join(folder, `samples_quiz_${time}.jsonl`), '{"doc_id": 1}\n');
  await expect(readLmEval([folder], plain)).rejects.toThrow(`:1: no metric says whether the answer is right`);
  await fs.writeFile(path.join(folder, `results_${time}.json`), '{"results": 3}');
  await expect(readLmEval([folder], plain)).rejects.toThrow(
    `results_${time}.json: is not what lm-eval writes: results`,
  );
});

test('mutual information doubles the requests; answers without likelihoods have none', () => {
  const doubled = [-1, -2, -3, -4].map((value) => [value, false]);
  expect(logitsOf(doubled, { acc_mutual_info: 1 })).toEqual([-1, -2]);
  expect(logitsOf(doubled)).toEqual([-1, -2, -3, -4]);
  expect(logitsOf(['(-1.5, False)', '(-0.5, True)'])).toEqual([-1.5, -0.5]);
  expect(logitsOf(['an answer', 'another'])).toBeUndefined();
  expect(
    logitsOf([
      ['-inf', 'False'],
      ['-1', 'False'],
    ]),
  ).toEqual([-Infinity, -1]);
});
