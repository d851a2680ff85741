/** Records and files made by others: whatever they are, each is read or refused in one line. */
import { execFileSync } from 'node:child_process';
import * as fs from 'node:fs';
import * as path from 'node:path';
import { describe, expect, test } from 'vitest';
import { readNaturalCurve, readNaturalCurves } from '../../src/analysis/natural.js';
import { loadIdxFolder } from '../../src/datasets/idx.js';
import { loadImages } from '../../src/datasets/images.js';
import { loadExperiment } from '../../src/experiment/load.js';
import { writeOutput } from '../../src/machine/files.js';
import { readFileIfThere } from '../../src/machine/inputs.js';
import { writeFolder } from '../../src/machine/folder-swap.js';
import { withOwnMetric } from '../../src/metrics/user-metric.js';
import { locateSeal } from '../../src/runs/forecasts.js';
import { jsonWithDigest } from '../../src/runs/json.js';
import { locateRun } from '../../src/runs/locate.js';
import { readTrainedMember } from '../../src/runs/member.js';
import { readRunRecord } from '../../src/runs/run.js';
import { isReported, messageOf } from '../../src/terminal/errors.js';
import { runRecord, temporaryFolder } from '../support/runs.js';

/** Everything that a terminal would interpret, including line breaks. */
const steering = /\p{Cc}|\p{Bidi_Control}/u;

/** The single line in which an attempt ends. */
async function refusal(attempt: () => Promise<unknown>): Promise<string> {
  const error = await attempt().then(
    () => new Error('was accepted'),
    (thrown: unknown) => thrown,
  );
  if (!isReported(error)) throw error;
  expect(error.message).not.toMatch(steering);
  return error.message;
}

type Loose = Record<string, unknown>;
const inner = (record: Loose, key: string) => record[key] as Loose;

describe('a forged run.json with a matching digest is refused', () => {
  test.each<[string, (record: Loose) => unknown]>([
    ['a name that leads out', (record) => (record['name'] = '../../../deep/X')],
    ['a name of HTML', (record) => (record['name'] = 'x"><script>alert(1)</script>')],
    ['a name of LaTeX', (record) => (record['name'] = 'x}\\input{/etc/passwd}')],
    ['a name that steers a terminal', (record) => (record['name'] = 'x\u001b]0;owned\u0007\nerror: forged')],
    ['an empty name', (record) => (record['name'] = '')],
    ['a name that no folder can have', (record) => (record['name'] = 'x'.repeat(101))],
    ['a dataset of two lines', (record) => (inner(record, 'dataset')['name'] = 'mnist\nerror: forged')],
    ['a licence that clears the screen', (record) => (inner(record, 'dataset')['licence'] = '\u001b[2J')],
    ['a device with a bell', (record) => (inner(record, 'device')['name'] = 'x\u0007')],
    ['an experiment on a dataset of two lines', (record) => (inner(record, 'experiment')['dataset'] = 'images:a\nb')],
    ['a member elsewhere', (record) => (record['threads'] = { '../../X': 1 })],
    ['an unknown architecture', (record) => (inner(record, 'experiment')['arch'] = '<b>')],
    ['threads of no machine', (record) => (record['threads'] = { 'cnn-w8-s0': 1e9 })],
    ['a stack of no machine', (record) => (record['stacks'] = [new Array(2000).fill('cnn-w8-s0')])],
    ['less than one class', (record) => (inner(record, 'dataset')['classes'] = 0)],
    ['an option that cannot be tuned', (record) => (inner(record, 'experiment')['tune'] = 'arch=1,2')],
    [
      'lists by position that do not match',
      (record) =>
        Object.assign(inner(record, 'experiment'), { grid: { depth: [2, 3], trainSize: [1, 2, 3] }, zip: true }),
    ],
    [
      'more members than memory',
      (record) => {
        const list = Array.from({ length: 5000 }, (_, i) => i + 1);
        return Object.assign(inner(record, 'experiment'), { widths: list, seeds: list });
      },
    ],
    ['a key more', (record) => (record['\u001b[2J'] = 1)],
  ])('%s', async (_, change) => {
    const folder = await temporaryFolder();
    const record = structuredClone(runRecord()) as unknown as Loose;
    change(record);
    fs.writeFileSync(path.join(folder, 'run.json'), jsonWithDigest(record).text);
    expect(await refusal(() => readRunRecord(folder))).toMatch(/run\.json: is damaged: /);
  });
});

describe('an input that is not a file, or has no name, is refused in one line', () => {
  const kinds: Record<string, (name: string) => string> = {
    missing: (name) => name,
    'a pipe': (name) => {
      execFileSync('mkfifo', [name]);
      return name;
    },
    'a folder': (name) => {
      fs.mkdirSync(name);
      return name;
    },
    '/dev/zero': () => '/dev/zero',
    '/dev/null': () => '/dev/null',
    'a name that is too long': () => 'n'.repeat(5000),
    'a NUL in its name': (name) => `${name}\0`,
    'a name that steers a terminal': (name) => `${name}\u001b]0;x\u0007\nerror: forged`,
    'a link in a circle': (name) => {
      fs.symlinkSync(name, name);
      return name;
    },
  };
  const context = { dataDir: '/nonexistent' };
  const readers: Record<string, (file: string, root: string) => Promise<unknown>> = {
    '--natural': (file) => readNaturalCurve(`${file}:x`),
    'natural list': (file) => readNaturalCurves(file),
    '--metric-file': (file) => withOwnMetric(file),
    '--experiment': (file) => loadExperiment(file),
    'images:': (file) => loadImages(file, context),
    'idx:': (file) => loadIdxFolder(file),
    'a run': (file, root) => locateRun(file, root),
    'a forecast': (file, root) => locateSeal(file, root),
  };
  describe.each(Object.entries(readers))('%s', (_, read) => {
    test.each(Object.entries(kinds))('%s', async (__, make) => {
      const root = await temporaryFolder();
      const file = make(path.join(root, 'it'));
      expect(await refusal(() => read(file, root))).toMatch(/./);
    });
  });

  const unwritable = ['missing/it', 'n'.repeat(300), 'a\0b'];
  test.each(unwritable)('--output %j', async (name) => {
    const root = await temporaryFolder();
    expect(await refusal(() => writeOutput(path.join(root, name), 'x'))).toMatch(/./);
    expect(fs.readdirSync(root)).toEqual([]);
  });

  test('a pipe, a folder, a device or a link to nothing in place of a record', async () => {
    const root = await temporaryFolder();
    fs.mkdirSync(path.join(root, 'run'));
    fs.symlinkSync('gone', path.join(root, 'run', 'run.json'));
    expect(await refusal(() => readTrainedMember('run/cnn-w8-s0', root))).toContain('run.json is missing');
    execFileSync('mkfifo', [path.join(root, 'run.json')]);
    expect(await refusal(() => readRunRecord(root))).toContain('is a pipe, a socket or a device, not a file');
    const [circle, zero] = [path.join(root, 'circle'), path.join(root, 'zero')];
    fs.symlinkSync(circle, circle);
    fs.symlinkSync('/dev/zero', zero);
    expect(await refusal(() => readFileIfThere(circle))).toContain('is a circular link');
    expect(await refusal(() => readFileIfThere(zero))).toContain('is a pipe, a socket or a device, not a file');
    expect(await refusal(() => readFileIfThere(root))).toContain('is a folder, not a file');
  });
});

describe('names in a CSV file of curves', () => {
  const head = 'family,model,params,task,metric,value,curve\n';
  test('control characters are refused with their line', async () => {
    const file = path.join(await temporaryFolder(), 'odd.csv');
    fs.writeFileSync(file, `${head}f,m,1,t,acc,0.1,C\nf,m,2,t,acc,0.2,"a\u001b[2J\nerror: forged"\n`);
    expect(await refusal(() => readNaturalCurves(file))).toBe(
      `${file}:3: "a\\u001b[2J\\u000aerror: forged" has control characters; put each name on one line`,
    );
  });
  test('a heading of escapes is not a heading', async () => {
    const file = path.join(await temporaryFolder(), 'odd.csv');
    fs.writeFileSync(file, '\u001b[2J\0\n1\n');
    expect(await refusal(() => readNaturalCurves(file))).toMatch(/odd\.csv:1: has no column family; /);
  });
});

test('a folder of files holds what is written into it, and nothing is written elsewhere', async () => {
  const root = await temporaryFolder();
  const error: unknown = await writeFolder(path.join(root, 'report'), new Map([['figures/../../../X', 'x']])).catch(
    (thrown: unknown) => thrown,
  );
  expect(messageOf(error)).toContain('is outside the folder');
  expect(fs.readdirSync(root)).toEqual([]);
});
