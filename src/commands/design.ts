/** `emergence design`: a follow-up experiment, proposed from a pilot run, with its power simulated. */
import type { Command } from 'commander';
import { commandLine } from '../machine/installation.js';
import type { OpenRun } from '../runs/load.js';
import { UsageError } from '../terminal/errors.js';
import { counted } from '../terminal/format.js';
import { printable } from '../terminal/printable.js';
import { examples } from './examples.js';
import {
  jsonOf,
  metricsOf,
  numberOf,
  openNamed,
  readRun,
  refuseImpossible,
  registryOf,
  root,
  textOf,
  trainedRecord,
  wholeNumber,
  type Raw,
} from './runs.js';

export function registerDesign(program: Command): void {
  program
    .command('design <pilot>')
    .description('propose a follow-up experiment from a pilot run: widths, metric, seeds and test size for a power')
    .option('--standard <metric>', "the field's usual metric (default: the pilot's)")
    .option(
      '--induced <metric>',
      'the metric that induces emergence (default: the mildest K, cutoff or L that suffices)',
    )
    .option('--scales <n>', 'widths, with about equal steps of the standard metric (default: 10)')
    .option('--from <width>', "smallest width (default: the pilot's); extrapolated where it is smaller")
    .option('--to <width>', "largest width (default: the pilot's); extrapolated where it is larger")
    .option('--power <share>', 'wanted chance that the claim holds, between 0 and 1 (default: 0.9)')
    .option('--ratio <r>', 'the claim: the paired interval of the ratio of Eq 1 lies above r (default: 1)')
    .option('--most-seeds <n>', 'most seeds of each width (default: 8)')
    .option('--test-size <n>', "test examples (default: the pilot's)")
    .option('--families <n>', 'simulated families by which a design is judged (default: 300)')
    .option('--output <file>', 'the experiment file (default: PILOT-design.yaml)')
    .option('--force', 'write over a file that is there')
    .option('--json', 'everything, as JSON on stdout')
    .addHelpText('after', examples('design pilot --ratio 3 --power 0.9'))
    .action(designRun);
}

async function designRun(name: string, raw: Raw): Promise<void> {
  const { design } = await import('../analysis/design/design.js');
  const { defaultColumnsOf, defaultMetrics } = await import('../analysis/defaults.js');
  const { availableCores } = await import('../experiment/cores.js');
  const { writeOutput } = await import('../machine/files.js');
  const { designTable, experimentText } = await import('../report/design.js');
  const { withSteps } = await import('../terminal/steps.js');

  const asked = {
    scales: wholeNumber(textOf(raw, 'scales'), '--scales', 10, 4),
    mostSeeds: wholeNumber(textOf(raw, 'mostSeeds'), '--most-seeds', 8, 3),
    families: wholeNumber(textOf(raw, 'families'), '--families', 300, 20),
    power: numberOf(textOf(raw, 'power'), '--power', 0.9, { fits: (x) => x > 0 && x < 1, wanted: 'between 0 and 1' }),
    ratio: numberOf(textOf(raw, 'ratio'), '--ratio', 1, { fits: (x) => x >= 1, wanted: 'of at least 1' }),
    from: optionalWhole(raw, 'from', '--from'),
    to: optionalWhole(raw, 'to', '--to'),
    testSize: optionalWhole(raw, 'testSize', '--test-size'),
  };
  const { from = 1, to = 65536 } = asked;
  if (to > 65536) throw new UsageError(`"${to}" is more than 65536`, '--to');
  if (from >= to) throw new UsageError(`"${from}" is not below --to ${to}`, '--from');
  const open = await openNamed(name);
  const record = await trainedRecord(open, name, 'a design is of a family that is trained');
  const registry = await registryOf(raw, open);
  const [standard, induced] = await Promise.all(
    ['standard', 'induced'].map(async (key) => {
      const text = textOf(raw, key);
      const found = await metricsOf(text === undefined ? [] : [text], registry, `--${key}`);
      await refuseImpossible(open, found, registry, `--${key}`);
      return found[0];
    }),
  );
  refuseUnfinished(open);
  const { experiment, name: pilot } = record;
  const file = textOf(raw, 'output') ?? `${pilot}-design.yaml`;
  const run = await newRunOf(file, raw['force'] === true);
  const loaded = await readRun(open, [
    ...defaultColumnsOf(open),
    ...(standard?.needs ?? []),
    ...(induced?.needs ?? []),
  ]);
  refuseUnfinished(loaded);
  const members = loaded.members.flatMap(({ record: { trained }, outcomes }) =>
    trained === undefined ? [] : [{ record: trained, outcomes }],
  );
  const usual = standard ?? defaultMetrics(loaded.record, loaded.members.at(-1)!.outcomes).standard;
  if (usual.id === induced?.id)
    throw new UsageError(`${usual.id} is the standard metric too`, '--induced', 'give two metrics');
  const request = { ...asked, ...loaded, record, members, standard: usual, induced };
  const found = await withSteps('simulations, at most', (onStep) => design({ ...request, onStep }));
  const claim = `ratio.lower > ${asked.ratio}`;
  const metrics = `--standard ${found.standard.id} --induced ${found.induced.id}`;
  const typed = /^[\w./-]+$/.test(file) ? file : JSON.stringify(file);
  const commands = {
    seal: commandLine(`claim seal ${pilot} --experiment ${typed} ${metrics} --claim "${claim}"`),
    train: commandLine(`train --experiment ${typed}`),
    score: commandLine(`claim score ${run}`),
  };
  await writeOutput(file, experimentText({ pilot, experiment, design: found, claim, commands }), '--output');
  if (raw['json'] === true) {
    const { standard: one, induced: other, ...rest } = found;
    console.log(jsonOf({ pilot, ...asked, standard: one.id, induced: other.id, ...rest, claim, file, run, commands }));
    return;
  }
  const next = [`experiment  ${printable(file)}`, ...[commands.seal, commands.train, commands.score].map(nextLine)];
  console.log(
    [designTable(found, { ...asked, isGiven: induced !== undefined, cores: availableCores() }), '', ...next].join('\n'),
  );
}

function nextLine(command: string, place: number): string {
  return `${place === 0 ? 'next      ' : '          '}  ${command}`;
}

/** Only what is whole is a pilot: a width that is missing may be missing for what it would have shown. */
function refuseUnfinished({ absent, record }: Pick<OpenRun, 'absent' | 'record'>): void {
  if (absent.length === 0) return;
  throw new UsageError(
    `is not complete: ${counted(absent.length, 'member')} missing, such as ${absent[0]!}`,
    record.name,
    commandLine(`train --run ${record.name}`),
  );
}

/** The name of the run that an experiment file leads to. Throws UsageError where file or run are there already. */
async function newRunOf(file: string, overwrite: boolean): Promise<string> {
  const path = await import('node:path');
  const { runNameOf } = await import('../experiment/options.js');
  const { readTextIfThere } = await import('../machine/files.js');
  const { readRunRecord, runFolder } = await import('../runs/run.js');
  if (!/\.ya?ml$/i.test(file)) throw new UsageError(`"${file}" is no YAML file`, '--output', 'name it FILE.yaml');
  if (!overwrite && (await readTextIfThere(file)) !== undefined)
    throw new UsageError(`${file} is there already`, '--output', 'give another file, or --force to write over it');
  const name = path.basename(file).replace(/\.ya?ml$/i, '');
  const run = runNameOf({}, { path: file, name, values: { arch: 'cnn' }, places: {} })!;
  if ((await readRunRecord(runFolder(root, run))) !== undefined)
    throw new UsageError(
      `there is a run "${run}" already, and the file's name is its run's`,
      '--output',
      'give another',
    );
  return run;
}

function optionalWhole(raw: Raw, key: string, flag: string): number | undefined {
  const text = textOf(raw, key);
  return text === undefined ? undefined : wholeNumber(text, flag, 1, 1);
}
