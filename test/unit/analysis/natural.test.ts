import * as fs from 'node:fs/promises';
import * as path from 'node:path';
import { describe, expect, test } from 'vitest';
import { readNaturalCurve, readNaturalCurves, shippedFiles } from '../../../src/analysis/natural.js';
import { temporaryFolder } from '../../support/runs.js';

const heading = 'family,model,params,task,metric,value';

async function file(...lines: string[]): Promise<string> {
  const name = path.join(await temporaryFolder(), 'curves.csv');
  await fs.writeFile(name, lines.join('\n'));
  return name;
}

test('every shipped file is readable, with ascending, unique sizes and shares that are shares', async () => {
  const names = await shippedFiles();
  expect(names).toContain('overlay');
  for (const name of names) {
    const { curves } = await readNaturalCurves(name);
    expect(new Set(curves.map((curve) => curve.name)).size).toBe(curves.length);
    for (const { points, unit } of curves) {
      const sizes = points.map(({ params }) => params);
      expect(sizes).toEqual([...new Set(sizes)].sort((a, b) => a - b));
      if (unit === 'probability') expect(points.every(({ value }) => value >= 0 && value <= 1)).toBe(true);
    }
  }
});

test('a curve is found by its name or a unique part of it; values as in the file', async () => {
  const whole = await readNaturalCurve('overlay:opt-2digit-addition');
  expect(await readNaturalCurve('overlay:opt-2')).toEqual(whole);
  expect(whole).toMatchObject({ unit: 'probability', better: 'higher', family: 'OPT', shots: '2' });
  expect(whole.points.map(({ params, value }) => [params, value])).toEqual([
    [125e6, 0.01],
    [350e6, 0.0065],
    [1.3e9, 0.03],
    [2.7e9, 0.0235],
    [6.7e9, 0.158],
    [13e9, 0.133],
    [30e9, 0.2325],
    [66e9, 0.499],
  ]);
  expect((await readNaturalCurve('overlay:openlm-c4-loss')).better).toBe('lower');
});

test('models of one size trained on different numbers of tokens are different curves', async () => {
  const { curves } = await readNaturalCurves('pythia-arithmetic');
  const checkpoints = curves.filter(({ name }) => name.startsWith('pythia-v0-deduped/addition_all/acc/16-shot/'));
  // six checkpoints of seven models
  expect(checkpoints.map(({ points }) => points.length)).toEqual([7, 7, 7, 7, 7, 7]);
  for (const { points } of checkpoints) expect(new Set(points.map(({ tokens }) => tokens)).size).toBe(1);
});

test("a user's file: quotes, a byte order mark, columns in any order, unknown values left empty", async () => {
  const name = await file(
    '\uFEFFvalue,metric,task,params,model,family,note',
    '0.5,acc,"spelling, hard",2e9,big,mine,"said ""so"""',
    '0.1,acc,"spelling, hard",1e9,small,mine,',
  );
  const { points, unit } = await readNaturalCurve(`${name}:mine/spelling, hard/acc`);
  expect([unit, points.map(({ model, value, standardError }) => [model, value, standardError])]).toEqual([
    'probability',
    [
      ['small', 0.1, undefined],
      ['big', 0.5, undefined],
    ],
  ]);
});

describe('mistakes are reported with file and line', () => {
  test.each<[string[], string]>([
    [
      ['family,model,params,task,metric'],
      ':1: has no column value; it needs family, model, params, task, metric, value',
    ],
    [[heading], ': has no rows'],
    [[heading, 'a,b,1e9,t,acc'], ':2: has 5 cells, but the heading has 6'],
    [[heading, 'a,b,1e9,t,acc,0.5', 'a,b,many,t,acc,0.5'], ':3: params is "many"; give a number'],
    [[heading, 'a,b,1e9,t,acc,'], ':2: value is empty; give a number'],
    [[heading, 'a,b,-1,t,acc,0.5'], ':2: params is -1; give a number above 0'],
    [[heading, 'a,b,1e9,t,acc,0.5'], ': has no curve with two or more sizes'],
    [[heading, 'a,b,1e9,t,acc,0.5', 'a,c,1e9,t,acc,0.6'], ': "a/t/acc": two models of 1000000000 parameters (line 3)'],
  ])('%j', async (lines, message) => {
    const name = await file(...lines);
    await expect(readNaturalCurves(name)).rejects.toThrow(
      expect.objectContaining({ exitCode: 2, message: `${name}${message}` }),
    );
  });

  test('a missing file and an unknown curve', async () => {
    await expect(readNaturalCurve('overley:x')).rejects.toThrow(
      '--natural: "overley" is not a file; give a CSV file, or a shipped one',
    );
    await expect(readNaturalCurve('overlay')).rejects.toThrow('"overlay" does not name a curve; write FILE:CURVE');
    await expect(readNaturalCurve('overlay:pythia-lambda')).rejects.toThrow('did you mean pythia-lambada?');
    await expect(readNaturalCurve('overlay:pythia')).rejects.toThrow('"pythia" matches 2 curves of overlay; such as');
  });
});
