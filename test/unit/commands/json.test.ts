/** `--json` of every command that prints results: one object on stdout, with every number of the text in it. */
import { expect, test } from 'vitest';
import { runCommand } from '../../support/command.js';
import { exampleFolder } from '../../support/examples.js';

/** What a command writes to stdout, in a folder. */
async function printed(folder: string, line: string): Promise<string> {
  const { code, stdout, stderr } = await runCommand(folder, line.split(' '));
  expect(code, stderr).toBe(0);
  return stdout;
}

/** Every number in a JSON value, in the forms that a text could show. */
function numbersIn(value: unknown): number[] {
  if (typeof value === 'number') return [value];
  if (value === 'Infinity' || value === '-Infinity') return [Number(value)];
  if (typeof value !== 'object' || value === null) return [];
  // The number of entries is stated for lists.
  return [...Object.values(value).flatMap(numbersIn), ...(Array.isArray(value) ? [value.length] : [])];
}

/** Every text in it, except digests. */
function textsIn(value: unknown): string[] {
  if (typeof value === 'string') return /^[0-9a-f]{64}$/.test(value) ? [] : [value];
  return typeof value === 'object' && value !== null ? Object.values(value).flatMap(textsIn) : [];
}

/** Numbers of the lines that have columns, as printed. Names, units and levels that belong to the text are left out. */
function numbersOf(text: string): string[] {
  const rows = text
    // The preferred classes in words are derived from the fit's parameters.
    .replace(/\nAICc (and BIC )?prefers?[^]*/, '')
    .split('\n')
    .filter(
      (line) => / {2}/.test(line.trim()) && !/[┤└]|^(picture|written|sealed|digest| +checkpoints| +\d{4}-)/.test(line),
    );
  const own = /K = \d+|Eq 1|95 %|[a-z-]+:[\w=.,-]+|\d{4}-\d\d-\d\d \d\d:\d\d|\d[\d.]* [kMGT]?B\b|\d+ bytes/g;
  return rows.flatMap(
    (row) => row.replaceAll(own, '').match(/-?(?:\d{1,3}(?: \d{3})+|\d+)(?:\.\d+)?(?:e-?\d+)?|-?\binf\b/g) ?? [],
  );
}

/** Whether a number can be shown like this: rounded to the digits present, as it is or as a percentage. */
function isShownAs(value: number, text: string): boolean {
  if (text.endsWith('inf')) return value === (text.startsWith('-') ? -Infinity : Infinity);
  const plain = text.replaceAll(' ', '');
  const [mantissa, exponent = '0'] = plain.split('e');
  const decimals = mantissa!.split('.')[1]?.length ?? 0;
  // A number without a point may have been rounded to three digits: 530000.
  const zeros = decimals === 0 ? /0*$/.exec(mantissa!)![0].length : 0;
  const half = 0.5001 * 10 ** (Number(exponent) - decimals + zeros);
  return [value, 100 * value].some((each) => Math.abs(each - Number(plain)) <= half);
}

/** A command, and the key that its object begins with. `report` is among its own tests, as it takes seconds. */
const commands: readonly (readonly [line: string, key: string])[] = [
  ['runs', 'runs'],
  ['show lenet-mnist --draws 100', 'run'],
  ['evaluate lenet-mnist --metric accuracy --metric cross-entropy --draws 100', 'run'],
  ['compare lenet-mnist --draws 200', 'run'],
  ['diff before after --draws 100', 'run'],
  ['sweep lenet-mnist --metric subset-accuracy --over k=1..4 --test-sizes 50 --keep-scales 3 --draws 20', 'run'],
  ['search lenet-mnist --draws 100 --top 2', 'run'],
  ['seeds lenet-mnist', 'run'],
  ['quanta lenet-mnist', 'run'],
  ['theory lenet-mnist', 'run'],
  ['scaling lenet-mnist --draws 100', 'run'],
  ['collapse lenet-mnist --draws 100', 'run'],
  ['theory --lengths 1,5', 'law'],
  ['design lenet-mnist --families 20 --most-seeds 3 --force', 'pilot'],
  ['power --effect 0.1 --run lenet-mnist --scale 4 --seeds 1,3 --simulations 20', 'share'],
  ['claim seal lenet-mnist --experiment lenet-figure-10', 'format'],
  ['claim quantities', 'standard.first'],
  ['forecast study lenet-mnist --metric accuracy --draws 100', 'run'],
  ['forecast seal lenet-mnist --widths 64 --metric accuracy --draws 100', 'format'],
  ['forecast list', 'forecasts'],
  ['forecast verify', 'forecasts'],
  ['forecast methods', 'methods'],
  ['metrics', 'metrics'],
  ['natural list', 'file'],
  ['experiments', 'experiments'],
  ['datasets list', 'datasets'],
  ['datasets preview shapes', 'dataset'],
  ['export lenet-mnist --force', 'run'],
  ['export lenet-mnist/cnn-w16-s0 --to safetensors --force', 'run'],
  ['clean lenet-mnist --dry-run', 'removals'],
];

/** What has to exist before a command. */
const before: Readonly<Record<string, readonly string[]>> = {
  diff: ['outcomes.csv --run before', 'after.csv --run after'].map(
    (which) => `import table ${which} --scale models.csv`,
  ),
};

async function folderFor(line: string): Promise<string> {
  const folder = await exampleFolder();
  for (const first of before[line.split(' ')[0]!] ?? []) await printed(folder, first);
  return folder;
}

test.each(commands)('%s', async (line, key) => {
  const text = await printed(await folderFor(line), line);
  const json = await printed(await folderFor(line), `${line} --json`);
  const object = JSON.parse(json) as Record<string, unknown>;
  expect(Object.keys(object)[0]).toBe(key);
  const known = numbersIn(object);
  // A standard deviation is the root of the variance in the object.
  if (line.startsWith('seeds')) known.push(...known.map(Math.sqrt));
  // And what turns is the complement of what stays.
  if (line.startsWith('quanta')) known.push(...known.map((share) => 1 - share));
  const prose = textsIn(object).join('\n');
  expect(
    numbersOf(text).filter((shown) => !prose.includes(shown) && !known.some((value) => isShownAs(value, shown))),
  ).toEqual([]);
});

test('several runs: one object, each run as it is alone', async () => {
  const folder = await exampleFolder();
  const { cp } = await import('node:fs/promises');
  await cp(`${folder}/checkpoints/lenet-mnist`, `${folder}/checkpoints/other`, { recursive: true });
  const of = async (runs: string) =>
    JSON.parse(await printed(folder, `evaluate ${runs} --metric accuracy --json`)) as Record<string, unknown>;
  expect(await of('lenet-mnist other')).toEqual({ runs: [await of('lenet-mnist'), await of('other')] });
});

test('non-finite numbers have their own JSON', async () => {
  const { jsonOf } = await import('../../../src/commands/print.js');
  const value = { a: NaN, b: Infinity, c: -Infinity, d: new Float64Array([1, NaN]), e: 0.1 + 0.2 };
  expect(JSON.parse(jsonOf(value))).toEqual({ a: null, b: 'Infinity', c: '-Infinity', d: [1, null], e: 0.1 + 0.2 });
});
