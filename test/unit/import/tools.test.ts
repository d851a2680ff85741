/**
 * HELM, Inspect, Every Eval Ever and lm-eval, on real files of theirs without the texts
 * (test/fixtures/import/README.md).
 */
import { execFileSync } from 'node:child_process';
import * as fs from 'node:fs/promises';
import * as path from 'node:path';
import { zipSync } from 'fflate';
import { expect, test } from 'vitest';
import type { Collector } from '../../../src/import/collector.js';
import { readEveryEval } from '../../../src/import/every-eval-ever.js';
import { readHelm } from '../../../src/import/helm.js';
import { readInspect } from '../../../src/import/inspect.js';
import { readLmEval } from '../../../src/import/lm-eval.js';
import { temporaryFolder } from '../../support/runs.js';

const fixture = (name: string) => path.resolve(import.meta.dirname, '../../fixtures/import', name);
const helm = { split: undefined, correct: undefined, score: undefined };
const inspect = { scorer: undefined, task: undefined };

function accuracyOf(collector: Collector): number {
  const { correct } = collector.finish({ strict: true }).members[0]!.columns;
  return [...correct!].reduce((sum, right) => sum + right, 0) / correct!.length;
}

async function jsonOf(file: string): Promise<unknown> {
  return JSON.parse(await fs.readFile(file, 'utf8'));
}

/** A fixture's folder or file, changed. */
async function changed(name: string, from: string, to: string, file = ''): Promise<string> {
  const target = path.join(await temporaryFolder(), path.basename(name));
  await fs.cp(fixture(name), target, { recursive: true });
  const place = path.join(target, file);
  await fs.writeFile(place, (await fs.readFile(place, 'utf8')).replace(from, to));
  return target;
}

test.each([
  ['helm-gpt2', 'test', 'openai/gpt2', 9],
  ['helm-pythia', undefined, 'eleutherai/pythia-1b-v0', 10],
] as const)("%s: the number right matches HELM's", async (name, split, model, count) => {
  const { collector, testSet, files } = await readHelm([fixture(name)], { ...helm, split });
  const { members, examples } = collector.finish({ strict: true });
  expect([members.map((member) => member.name), examples.length]).toEqual([[model], count]);
  expect([testSet.includes('model='), files.length]).toEqual([false, 3]);
  const stats = (await jsonOf(path.join(fixture(name), 'stats.json'))) as {
    name: { name: string; split: string };
    mean: number;
  }[];
  const own = stats.find((stat) => stat.name.name === 'exact_match' && stat.name.split === (split ?? 'valid'))!;
  expect(accuracyOf(collector)).toBeCloseTo(own.mean, 12);
});

test('folders behind links are read, each once; pipes are not, and a link that leads nowhere is named', async () => {
  const root = await temporaryFolder();
  for (const name of ['latest', 'same']) await fs.symlink(fixture('helm-gpt2'), path.join(root, name));
  await fs.symlink(root, path.join(root, 'circle'));
  const read = () => readHelm([root], { ...helm, split: 'test' });
  expect((await read()).files.map((file) => path.basename(path.dirname(file)))).toEqual(['latest', 'latest', 'latest']);
  // Reading a pipe would wait for a writer.
  execFileSync('mkfifo', [path.join(root, 'per_instance_stats.json')]);
  expect((await read()).files).toHaveLength(3);
  await fs.rm(path.join(root, 'per_instance_stats.json'));
  await fs.symlink('gone', path.join(root, 'per_instance_stats.json'));
  await expect(read()).rejects.toThrow(`${root}/run_spec.json: does not exist`);
});

test('HELM: a score as well; splits, scenarios and metrics that differ', async () => {
  const { collector } = await readHelm([fixture('helm-pythia')], { ...helm, score: 'num_prompt_tokens' });
  const { score } = collector.finish({ strict: true }).members[0]!.columns;
  expect([...score!].reduce((sum, value) => sum + value, 0) / 10).toBeCloseTo(631.4, 9);
  await expect(readHelm([fixture('helm-gpt2')], helm)).rejects.toThrow(
    'has more than one split: test and valid; choose one with --split',
  );
  await expect(readHelm([fixture('helm-gpt2'), fixture('helm-pythia')], { ...helm, split: 'test' })).rejects.toThrow(
    /is from commonsense.*, but .* is from mmlu.*; import one scenario at a time/,
  );
  await expect(readHelm([fixture('helm-pythia')], { ...helm, correct: 'f1' })).rejects.toThrow(
    'has no metric f1; name one with --correct',
  );
  await expect(readHelm([fixture('helm-pythia')], { ...helm, correct: 'num_prompt_tokens' })).rejects.toThrow(
    /entry 1: num_prompt_tokens is \d+, but right or wrong must be 1 or 0/,
  );
  const other = await changed('helm-pythia', '"mean": 0.3', '"mean": 0.4', 'stats.json');
  await expect(readHelm([other], helm)).rejects.toThrow(/its mean exact_match is 0\.3, but stats\.json says 0\.4/);
});

test.each([
  ['inspect-arc.json', 'ollama/qwen2.5:0.5b', 'inspect_evals/arc_easy'],
  ['inspect-mmlu.eval', 'openai/gpt-4o', 'inspect_evals/mmlu_0_shot'],
])("%s: the number right matches Inspect's; labels and answers are positions of choices", async (name, model, task) => {
  const { collector, testSet, classes, version } = await readInspect([fixture(name)], inspect);
  const { members } = collector.finish({ strict: true });
  expect([members[0]!.name, testSet, classes, version?.slice(0, 4)]).toEqual([model, task, 4, '0.3.']);
  const { label, predicted, correct } = members[0]!.columns;
  expect([...correct!]).toEqual(Array.from(label!, (each, i) => Number(each === predicted![i])));
  // The mean itself was compared on reading; the JSON shows it.
  if (!name.endsWith('.json')) return;
  const log = (await jsonOf(fixture(name))) as { results: { scores: { metrics: { accuracy: { value: number } } }[] } };
  expect(accuracyOf(collector)).toBeCloseTo(log.results.scores[0]!.metrics.accuracy.value, 12);
});

test('Inspect: epochs are seeds, partly right is neither, a changed mean and an unfinished archive are refused', async () => {
  const sample = (id: number, epoch: number, value: unknown) => ({
    id,
    epoch,
    target: 'x',
    scores: { match: { value } },
  });
  const log = (samples: readonly unknown[], accuracy?: number) => ({
    ...{ status: 'success', eval: { task: 't', model: 'm', packages: {} }, samples },
    results: { scores: [{ name: 'match', metrics: accuracy === undefined ? {} : { accuracy: { value: accuracy } } }] },
  });
  const folder = await temporaryFolder();
  const file = path.join(folder, 'log.json');
  const write = (value: unknown) => fs.writeFile(file, JSON.stringify(value));
  await write(log([sample(1, 1, 'C'), sample(2, 1, 'I'), sample(1, 2, 'C'), sample(2, 2, 'N')], 0.5));
  const { collector } = await readInspect([file], inspect);
  expect(
    collector.finish({ strict: true }).members.map(({ seed, columns }) => [seed, [...columns['correct']!]]),
  ).toEqual([
    [0, [1, 0]],
    [1, [1, 0]],
  ]);
  await write(log([sample(1, 1, 'P')]));
  await expect(readInspect([file], inspect)).rejects.toThrow(
    'log.json, sample 1: its score is "P", which is neither right nor wrong',
  );
  await write(log([sample(1, 1, 'C')], 0.9));
  await expect(readInspect([file], inspect)).rejects.toThrow('its mean match is 1, but the log says 0.9');
  await write(log([{ id: 1, epoch: 1 }]));
  await expect(readInspect([file], inspect)).rejects.toThrow('log.json: none of its samples has a score');
  await write({ anything: 1 });
  await expect(readInspect([file], inspect)).rejects.toThrow('log.json: is not what Inspect writes: eval');
  const archive = path.join(folder, 'cut.eval');
  await fs.writeFile(archive, zipSync({ 'samples/1_epoch_1.json': Buffer.from('{}') }));
  await expect(readInspect([archive], inspect)).rejects.toThrow(
    'cut.eval: has no header.json: the evaluation was not finished',
  );
  await fs.writeFile(archive, (await fs.readFile(fixture('inspect-mmlu.eval'))).subarray(0, 300));
  await expect(readInspect([archive], inspect)).rejects.toThrow('cut.eval: is not a complete zip archive');
});

test('Every Eval Ever: right or wrong, and the score', async () => {
  const { collector, testSet } = await readEveryEval([fixture('every-eval-ever')], { evaluation: undefined });
  const { members, examples } = collector.finish({ strict: true });
  expect([testSet, examples, members[0]!.name]).toEqual([
    'demo-source.demo_bench',
    ['demo_0001'],
    'demo-org/demo-model',
  ]);
  expect([[...members[0]!.columns['correct']!], [...members[0]!.columns['score']!]]).toEqual([[1], [1]]);
  const line = await fs.readFile(path.join(fixture('every-eval-ever'), 'demo_samples.jsonl'), 'utf8');
  const file = path.join(await temporaryFolder(), 'two.jsonl');
  await fs.writeFile(file, `${line}${line.replace('demo_bench', 'other')}`);
  await expect(readEveryEval([file], { evaluation: undefined })).rejects.toThrow(
    `${file}:2: has more than one evaluation`,
  );
  await expect(readEveryEval([file], { evaluation: 'x' })).rejects.toThrow('there is no evaluation x');
  await fs.writeFile(file, line.replace('"is_correct": true', '"is_correct": null'));
  await expect(readEveryEval([file], { evaluation: undefined })).rejects.toThrow(`${file}:1: is_correct is missing`);
});

test('lm-eval: a real file, ten of the 5000 samples behind its results', async () => {
  const plain = { tasks: [], filter: undefined, correct: undefined, score: undefined };
  const { collector, notes, version } = await readLmEval([fixture('lm-eval')], plain);
  const { members } = collector.finish({ strict: true });
  expect([members[0]!.coordinates, members[0]!.columns['correct']!.length, version]).toEqual([
    { parameters: 93069280 },
    10,
    '0.4.9.2',
  ]);
  expect(accuracyOf(collector)).toBe(0);
  expect(notes?.[0]).toMatch(/has 10 of the 5000 samples of .*: means are not checked/);
});
