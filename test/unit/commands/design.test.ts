/** A follow-up experiment as the user sees it: proposed from a simulated pilot, written once, and ready to be sealed and trained. */
import * as fs from 'node:fs/promises';
import * as path from 'node:path';
import { beforeEach, expect, test } from 'vitest';
import { loadExperiment } from '../../../src/experiment/load.js';
import { parseTrainOptions } from '../../../src/experiment/options.js';
import { memberFolder, readMemberRecord, writeMemberRecord } from '../../../src/runs/run.js';
import { writeFamily } from '../../support/families.js';
import { temporaryFolder } from '../../support/runs.js';
import { runCommand } from '../../support/command.js';

let root = '';
beforeEach(async () => {
  root = await temporaryFolder();
  const shape = { arch: 'cnn', widths: [1, 2, 4, 8, 16], count: 300, name: 'design' } as const;
  await writeFamily(path.join(root, 'checkpoints', 'pilot'), { ...shape, seeds: [0, 1, 2] });
});

async function run(...words: readonly string[]) {
  return runCommand(root, words);
}

const design = [
  'design',
  'pilot',
  '--scales',
  '5',
  '--most-seeds',
  '3',
  '--families',
  '20',
  '--induced',
  'subset-accuracy:k=5',
];
const file = () => path.join(root, 'pilot-design.yaml');

test('writes an experiment with new seeds that train and claim accept, and overwrites nothing', async () => {
  const first = await run(...design);
  expect([first.code, first.stderr]).toEqual([0, '']);
  const { experiment } = parseTrainOptions({}, { file: await loadExperiment(file()) });
  expect(experiment.seeds).toEqual([3, 4, 5]);
  expect([experiment.widths.length, experiment.dataset, experiment.testSize]).toEqual([5, 'shapes', 300]);
  expect(await fs.readFile(file(), 'utf8')).toMatch(
    /^# A follow-up of the run pilot \(5 widths, seeds 0, 1, 2\), proposed by /,
  );

  const seal = /next +npm run claim -- (.*) --claim "(.*)"\n/.exec(first.stdout)!;
  const sealed = await run('claim', ...seal[1]!.split(' '), '--claim', seal[2]!);
  expect([sealed.code, sealed.stderr]).toEqual([0, '']);
  expect(sealed.stdout).toContain('subset-accuracy:k=5 against accuracy, on pilot-design: 5 widths, seeds 3,4,5\n');

  expect(await run(...design)).toEqual({
    code: 2,
    stdout: '',
    stderr: 'error: --output: pilot-design.yaml already exists; give another file, or --force to write over it\n',
  });
  const forced = await run(...design, '--force', '--json');
  expect([forced.code, forced.stderr]).toEqual([0, '']);
  expect(JSON.parse(forced.stdout)).toMatchObject({ pilot: 'pilot', induced: 'subset-accuracy:k=5', seeds: [3, 4, 5] });
}, 60_000);

test.each([
  [['--power', '1'], '--power: "1" is not a number between 0 and 1'],
  [['--from', '8', '--to', '8'], '--from: "8" is not below --to 8'],
  [['--standard', 'acuracy'], '--standard: "acuracy" is not a metric; did you mean accuracy?'],
  [['--standard', 'mse'], '--standard: mse is not available for cnn runs'],
  [['--induced', 'accuracy'], '--induced: accuracy is the standard metric too; give two metrics'],
  [['--output', 'pilot.yaml'], '--output: run "pilot" already exists'],
  [['--output', 'nowhere/design.yaml'], '--output: nowhere is not a folder; create it, or give another one'],
  [['--output', 'design.json'], '--output: "design.json" is not a YAML file; name it FILE.yaml'],
])('%s is refused, and nothing is written', async (words, message) => {
  const { code, stdout, stderr } = await run('design', 'pilot', ...words);
  expect([code, stdout, stderr.slice(0, message.length + 7)]).toEqual([2, '', `error: ${message}`]);
  expect(stderr.split('\n')).toHaveLength(2);
  expect(await fs.readdir(root)).toEqual(['checkpoints']);
});

test('an incomplete pilot is refused', async () => {
  const folder = memberFolder(path.join(root, 'checkpoints', 'pilot'), { arch: 'cnn', width: 4, seed: 1 });
  await writeMemberRecord(folder, { ...(await readMemberRecord(folder))!, status: 'training', epochsDone: 1 });
  const { code, stdout, stderr } = await run('design', 'pilot');
  expect([code, stdout]).toEqual([2, '']);
  expect(stderr).toMatch(
    /^error: pilot: is not complete: 1 member missing, such as cnn-w4-s1 \(.*\); .*train.* --run pilot\n$/,
  );
});
