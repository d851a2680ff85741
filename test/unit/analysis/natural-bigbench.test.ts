/** Records as written by the classes of bigbench 1.0.0 (PyPI): `json.dump(dataclasses.asdict(ResultsFileData(...)))`, field by field. */
import * as fs from 'node:fs/promises';
import * as path from 'node:path';
import { expect, test } from 'vitest';
import { readNaturalCurve, readNaturalCurves } from '../../../src/analysis/natural.js';
import { temporaryFolder } from '../../support/runs.js';

const sizes = { '16m': 16_000_000, '125m': 125_000_000, '1b': 1_000_000_000 };

function record(name: keyof typeof sizes, value: number): object {
  const score = (subtask_description: string, number_of_shots: number, score_dict: object) => ({
    score_dict,
    ...{ preferred_score: 'exact_str_match', number_of_shots, low_score: 0.0, high_score: 1.0, subtask_description },
  });
  return {
    scores: [
      score('arithmetic:1_digit_addition', 0, { exact_str_match: value, bleu: 100 * value, rouge: NaN }),
      score('arithmetic:1_digit_addition', 2, { exact_str_match: value / 2 }),
      score('arithmetic', -1, { exact_str_match: value / 4 }),
    ],
    task: { task_name: 'arithmetic' },
    model: {
      ...{ model_family: 'BIG-G T=0', model_name: name, total_params: sizes[name] },
      ...{ non_embedding_params: 1, flop_matched_non_embedding_params: 1 },
      ...{ training_batch_size: 256, training_steps: 100_000, description: '', decoding_params: {} },
      additional_details: '',
    },
    queries: null,
  };
}

/** As Python writes it: bare NaN. */
const json = (value: unknown) =>
  JSON.stringify(value, (_, each: unknown) => (Number.isNaN(each) ? 'NaN!' : each)).replaceAll('"NaN!"', 'NaN');
const records = [record('1b', 0.5), record('16m', 0), record('125m', 0.25)];

async function folderWith(files: Readonly<Record<string, string>>): Promise<string> {
  const folder = path.join(await temporaryFolder(), 'arithmetic', 'results');
  await fs.mkdir(folder, { recursive: true });
  for (const [name, text] of Object.entries(files)) await fs.writeFile(path.join(folder, name), text);
  return folder;
}

test('a folder of results, a list and JSON lines give the same curves', async () => {
  const folder = await folderWith({
    ...Object.fromEntries(records.map((each, i) => [`scores_BIG-G_T=0_${i}.json`, json(each)])),
    'full-log_BIG-G_T=0_1b.json': 'not a record of scores',
    'all.json.txt': '',
  });
  const { curves, leftOut } = await readNaturalCurves(folder);
  expect(leftOut).toEqual([]);
  expect(
    curves.map(({ name, unit, points }) => [name, unit, points.map(({ params, value }) => [params, value])]),
  ).toEqual([
    [
      'BIG-G T=0/arithmetic:1_digit_addition/exact_str_match/0-shot',
      'probability',
      [
        [16e6, 0],
        [125e6, 0.25],
        [1e9, 0.5],
      ],
    ],
    [
      'BIG-G T=0/arithmetic:1_digit_addition/bleu/0-shot',
      '',
      [
        [16e6, 0],
        [125e6, 25],
        [1e9, 50],
      ],
    ],
    [
      'BIG-G T=0/arithmetic:1_digit_addition/exact_str_match/2-shot',
      'probability',
      [
        [16e6, 0],
        [125e6, 0.125],
        [1e9, 0.25],
      ],
    ],
    [
      'BIG-G T=0/arithmetic/exact_str_match',
      'probability',
      [
        [16e6, 0],
        [125e6, 0.0625],
        [1e9, 0.125],
      ],
    ],
  ]);
  const values = (found: typeof curves) => found.map(({ name, points }) => [name, points.map(({ value }) => value)]);
  await fs.writeFile(path.join(folder, 'list.json'), json(records));
  await fs.writeFile(path.join(folder, 'lines.jsonl'), records.map(json).join('\n'));
  for (const file of ['list.json', 'lines.jsonl'])
    expect(values((await readNaturalCurves(path.join(folder, file))).curves)).toEqual(values(curves));
  // Its name has a colon, like the one that joins the file's and the curve's name.
  const curve = await readNaturalCurve(`${folder}:BIG-G T=0/arithmetic:1_digit_addition/exact_str_match/2-shot`);
  expect(curve.points).toHaveLength(3);
});

test.each([
  ['{"scores": [', 'is not JSON'],
  ['{"scores": [], "task": {"task_name": "t"}}', 'is not a record of BIG-bench: model'],
  [json(record('1b', 0.5)).replace('1000000000', '0'), 'is not a record of BIG-bench: model.total_params'],
  [json(record('1b', 0.5)), 'has no curve with two or more sizes'],
])('damage %# is refused in one line', async (text, message) => {
  const folder = await folderWith({ 'scores_a_b.json': text });
  await expect(readNaturalCurves(folder)).rejects.toThrow(message);
});

test('a folder without records, and a missing file', async () => {
  await expect(readNaturalCurves(await folderWith({}))).rejects.toThrow('has no scores_*.json of BIG-bench in it');
  await expect(readNaturalCurves('/nowhere/scores_a.json')).rejects.toThrow('is not a file');
});
