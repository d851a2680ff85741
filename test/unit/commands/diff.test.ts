/** `emergence diff` as the user sees it: what is matched, and what is refused. */
import * as fs from 'node:fs/promises';
import * as path from 'node:path';
import { expect, test } from 'vitest';
import { runCommand } from '../../support/command.js';
import { exampleFolder } from '../../support/examples.js';

/** Two models on twelve examples; `b` is right if the id is a multiple of 3. */
const rows = Array.from({ length: 12 }, (_, id) =>
  ['a', 'b'].map((model) => {
    return {
      model,
      example: String(id),
      label: id % 4,
      correct: model === 'a' ? Number(id % 2 === 0) : Number(id % 3 === 0),
    };
  }),
).flat();
type Row = (typeof rows)[number];

const csv = (all: readonly Partial<Row>[]) =>
  [Object.keys(all[0]!).join(), ...all.map((row) => Object.values(row).join())].join('\n');

async function imported(tables: Readonly<Record<string, readonly Partial<Row>[]>>): Promise<string> {
  const folder = await exampleFolder();
  for (const [name, table] of Object.entries(tables)) {
    await fs.writeFile(path.join(folder, `${name}.csv`), csv(table));
    const words = `import table ${name}.csv --run ${name} --scale models.csv`.split(' ');
    expect((await runCommand(folder, words)).stderr).toBe('');
  }
  return folder;
}

const diff = (folder: string, words: string) =>
  runCommand(folder, ['diff', ...words.split(' '), '--draws', '100', '--format', 'svg', '--output', 'picture']);
const differencesIn = (stdout: string) =>
  (JSON.parse(stdout) as { scales: readonly { difference: number; one: { value: number } }[] }).scales.map(
    ({ one, difference }) => [one.value, difference],
  );

test('examples are matched by id in any order; unmatched ones are left out and counted', async () => {
  const folder = await imported({
    plain: rows,
    turned: rows.toReversed(),
    part: rows.filter(({ example }) => Number(example) < 9),
    unnamed: rows.map(({ model, example, correct }) => ({ model, example, correct })),
  });
  const same = await diff(folder, 'plain turned --json');
  expect([same.code, same.stderr]).toEqual([0, '']);
  expect(differencesIn(same.stdout)).toEqual([
    [6 / 12, 0],
    [4 / 12, 0],
  ]);
  const part = await diff(folder, 'part plain --json');
  expect(part.stderr).toBe('note: only plain has 3 test examples more: left out\n');
  // Of ids 0 to 8 five are even and three are multiples of 3.
  expect(differencesIn(part.stdout)).toEqual([
    [5 / 9, 0],
    [3 / 9, 0],
  ]);
  expect((await diff(folder, 'plain unnamed')).stderr).toBe(
    'note: the runs do not both have the true classes: examples are matched by their ids alone\n',
  );
});

test('one comparison per shared value of a factor, with p adjusted over all of them', async () => {
  const folder = await exampleFolder();
  // Models of two sizes after 1 and 5 units of data; the second run is missing those of the larger size after 5.
  const models = [10, 20].flatMap((size) => [1, 5].map((data) => ({ model: `m${size}-${data}`, size, data })));
  const outcomes = (right: (place: number, id: number) => boolean) =>
    models.flatMap(({ model }, place) =>
      Array.from({ length: 40 }, (_, id) => `${model},${id},${Number(right(place, id))}`),
    );
  for (const [name, rows] of Object.entries({
    plain: outcomes((place, id) => id < 10 + 5 * place),
    other: outcomes((place, id) => id < 12 + 5 * place).filter((row) => !row.startsWith('m20-5')),
  })) {
    const own = models.filter(({ model }) => rows.some((row) => row.startsWith(`${model},`)));
    await fs.writeFile(path.join(folder, `${name}.csv`), ['model,example,correct', ...rows].join('\n'));
    await fs.writeFile(path.join(folder, `${name}-models.csv`), csv(own));
    const words = `import table ${name}.csv --run ${name} --scale ${name}-models.csv --axis size`.split(' ');
    expect((await runCommand(folder, words)).code).toBe(0);
  }
  const found = await diff(folder, 'plain other --curve-per data --json');
  expect([found.code, found.stderr]).toEqual([
    0,
    [
      'note: only plain, data 5 has size 20: not compared',
      'note: the runs do not both have the true classes: examples are matched by their ids alone\n',
    ].join('\n'),
  ]);
  const { curvePer, curves } = JSON.parse(found.stdout) as {
    curvePer: string;
    curves: { run: string; adjustedFor: number; scales: { p: number; adjusted: number }[] }[];
  };
  expect([curvePer, curves.map(({ run }) => run)]).toEqual(['data', ['plain, data 1', 'plain, data 5']]);
  // Two more right and none fewer in each of three: McNemar's mid-p is 2 (1/4) - 1/4, Holm's three times the smallest.
  const all = curves.flatMap(({ scales }) => scales);
  expect(all).toHaveLength(3);
  for (const { p, adjusted } of all) {
    expect(p).toBeCloseTo(0.25, 12);
    expect(adjusted).toBeCloseTo(0.75, 12);
  }
});

test('runs that cannot be compared are refused in one line', async () => {
  const folder = await imported({
    plain: rows,
    others: rows.map((row) => ({ ...row, example: `x${row.example}` })),
    wrong: rows.map((row) => ({ ...row, label: (row.label + 1) % 4 })),
  });
  const end = 'two test sets; give two runs that are tested on the same examples';
  for (const [words, line] of [
    [
      'plain others',
      'plain and others: have no test example in common, such as 0 and x0; give two runs that are tested on the same examples, with the same ids',
    ],
    ['plain wrong', `plain and wrong: example 0 is of class 0 in one and 1 in the other: ${end}`],
    // The digits of the trained run have no names: they are numbers, like those of the imported one.
    ['wrong lenet-mnist', `wrong and lenet-mnist: example 0 is of class 1 in one and 0 in the other: ${end}`],
    [
      'lenet-mnist lenet-moments --at 1000',
      'lenet-mnist: --at: no member has outcomes after step 1000; there are 1404',
    ],
    [
      'plain lenet-mnist --metric cross-entropy',
      '--metric: cross-entropy needs log_probability, which the run plain does not have; available: ',
    ],
    [
      'lenet-mnist plain --metric cross-entropy',
      '--metric: cross-entropy needs log_probability, which the run plain does not have; available: ',
    ],
  ] as const) {
    const { code, stdout, stderr } = await diff(folder, words);
    expect([code, stdout, stderr.split('\n').length]).toEqual([2, '', 2]);
    expect(stderr).toContain(`error: ${line}`);
  }
});
