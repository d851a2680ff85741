/** An import of damaged files leaves no run, or a whole one: never a part of one, and nothing beside it. */
import * as fs from 'node:fs/promises';
import * as path from 'node:path';
import { expect, test } from 'vitest';
import { importOutcomes, type ImportFormats, type ImportOptions } from '../../../src/library/import.js';
import { readColumns } from '../../../src/runs/load.js';
import { openRunFolder } from '../../../src/runs/open.js';
import { Random } from '../../../src/statistics/random.js';
import { isReported } from '../../../src/terminal/errors.js';
import { fuzzScale } from '../../support/fuzz.js';
import { damaged } from '../../support/mutations.js';
import { temporaryFolder } from '../../support/runs.js';

interface Source {
  readonly format: keyof ImportFormats;
  /** The folder that all files are in; default: all of them. */
  readonly paths?: readonly string[];
  readonly files: Readonly<Record<string, string | Buffer>>;
  readonly options?: Readonly<Record<string, string | readonly string[]>>;
}

const fixtures = path.resolve(import.meta.dirname, '../../fixtures/import');
const scaleOf = (...models: readonly string[]) =>
  ['model,parameters', ...models.map((model, i) => `${model},${1000 * (i + 1)}`), ''].join('\n');

async function fixtureFiles(folder: string): Promise<Record<string, Buffer>> {
  const names = await fs.readdir(path.join(fixtures, folder));
  const read = names.map(async (name) => [name, await fs.readFile(path.join(fixtures, folder, name))] as const);
  return Object.fromEntries(await Promise.all(read));
}

const sources: Readonly<Record<string, () => Source | Promise<Source>>> = {
  table: () => ({
    format: 'table',
    paths: ['t.csv'],
    files: {
      't.csv': 'model,example,correct,brier\na,1,1,0.1\na,2,0,1.5\nb,1,1,0\nb,2,1,0.2\n',
      's.csv': scaleOf('a', 'b'),
    },
    options: { scale: 's.csv' },
  }),
  'JSON lines': () => ({
    format: 'table',
    files: {
      't.jsonl': [1, 2].map((n) => `{"model": "m${n}", "parameters": ${n}, "example": 1, "correct": true}\n`).join(''),
    },
  }),
  timm: () => ({
    format: 'timm',
    paths: ['a-224.csv', 'b-224.csv'],
    files: {
      'a-224.csv': 'filename,label,prob\nn1/a.png,n1,0.9\nn2/b.png,n1,0.5\n',
      'b-224.csv': 'filename,label,prob\nn1/a.png,n1,0.8\nn2/b.png,n2,0.6\n',
      's.csv': scaleOf('a', 'b'),
    },
    options: { scale: 's.csv', labelFrom: 'folder' },
  }),
  logits: async () => ({
    format: 'logits',
    paths: ['logits.npy'],
    files: {
      'logits.npy': await fs.readFile(path.join(fixtures, 'logits.npy')),
      'labels.npy': await fs.readFile(path.join(fixtures, 'labels.npy')),
      's.csv': scaleOf('logits'),
    },
    options: { scale: 's.csv', labels: 'labels.npy' },
  }),
  'lm-eval': () => ({
    format: 'lm-eval',
    paths: ['samples_quiz.jsonl'],
    files: {
      'samples_quiz.jsonl':
        '{"doc_id": 1, "target": "0", "filtered_resps": [["-1.5", "False"], ["-2", "False"]], "metrics": ["acc"], "acc": 1.0}\n{"doc_id": 2, "target": "1", "filtered_resps": [[-1.5, false], [-2, false]], "metrics": ["acc"], "acc": 0.0}\n',
      'results.json':
        '{"results": {"quiz": {"acc,none": 0.5}}, "config": {"model_num_parameters": 1000}, "model_name": "m"}',
    },
  }),
  helm: async () => ({
    format: 'helm',
    paths: ['.'],
    files: { ...(await fixtureFiles('helm-pythia')), 's.csv': scaleOf('eleutherai/pythia-1b-v0') },
    options: { scale: 's.csv' },
  }),
  inspect: async () => ({
    format: 'inspect',
    paths: ['log.eval'],
    files: {
      'log.eval': await fs.readFile(path.join(fixtures, 'inspect-mmlu.eval')),
      's.csv': scaleOf('openai/gpt-4o'),
    },
    options: { scale: 's.csv' },
  }),
  'every-eval-ever': async () => ({
    format: 'every-eval-ever',
    paths: ['demo_samples.jsonl'],
    files: { ...(await fixtureFiles('every-eval-ever')), 's.csv': scaleOf('demo-org/demo-model') },
    options: { scale: 's.csv' },
  }),
};

const isPath = (key: string) => key === 'scale' || key === 'labels';

/** Imports the files into a separate folder of runs. */
async function importedFrom({ format, paths, files, options = {} }: Source, folder: string, root: string) {
  for (const [name, content] of Object.entries(files)) await fs.writeFile(path.join(folder, name), content);
  const own = Object.entries(options).map(([key, value]) => [
    key,
    isPath(key) && typeof value === 'string' ? path.join(folder, value) : value,
  ]);
  const names = paths ?? Object.keys(files);
  return importOutcomes(
    format,
    names.map((name) => path.join(folder, name)),
    { root, run: 'run', ...Object.fromEntries(own) } as ImportOptions,
  );
}

test.each(Object.keys(sources))('%s', async (name) => {
  const source = await sources[name]!();
  const random = Random.named(0, 'half-imported', name);
  const whole = await temporaryFolder();
  await importedFrom(source, await temporaryFolder(), whole);
  expect(await fs.readdir(whole)).toEqual(['run']);
  for (let i = 0; i < 12 * fuzzScale; i++) {
    const names = Object.keys(source.files);
    const broken = names[i % names.length]!;
    const bytes = damaged(Buffer.from(source.files[broken]!), random);
    const root = await temporaryFolder();
    const files = { ...source.files, [broken]: bytes };
    const shown = `input ${i}, ${broken}: ${bytes.toString('latin1').slice(0, 1000)}`;
    let written: readonly unknown[];
    try {
      ({ members: written } = await importedFrom({ ...source, files }, await temporaryFolder(), root));
    } catch (error) {
      expect(isReported(error), shown + String(error)).toBe(true);
      expect(await fs.readdir(root), shown).toEqual([]);
      continue;
    }
    expect(await fs.readdir(root), shown).toEqual(['run']);
    const open = await openRunFolder(path.join(root, 'run'));
    const { members, absent } = await readColumns(open, open.columns);
    expect([members.length, absent], shown).toEqual([written.length, []]);
  }
});
