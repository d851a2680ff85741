/** `emergence doctor`: what training needs, what is installed, and the command that fixes the rest. */
import { Option, type CommandUnknownOpts } from '@commander-js/extra-typings';
import { styleText } from 'node:util';
import type { Finding } from '../install/diagnosis.js';
import { devices } from '../experiment/schema.js';
import { examples } from './examples.js';
import { json } from './options.js';
import { print, printJson } from './print.js';

export function registerDoctor(program: CommandUnknownOpts): void {
  program
    .command('doctor')
    .description('check this machine: what is installed, what is missing, how to fix it')
    .option('--verify', "compare TensorFlow's files with the hashes of their wheel (reads 1 GB)")
    .addOption(
      new Option(
        '--selftest [device]',
        "train a small family of each architecture twice, compare the bits, and a GPU's losses with the CPU's: a minute or two",
      )
        .choices(devices)
        .preset('auto')
        .conflicts('verify'),
    )
    .addOption(json)
    .addHelpText('after', examples('doctor', 'doctor --selftest gpu'))
    .action(async ({ json: isJson = false, verify = false, selftest }) => {
      process.exitCode = selftest === undefined ? await doctor({ isJson, verify }) : await tried(selftest, isJson);
    });
}

const signs = {
  ok: () => styleText('green', '✓ ok     '),
  warning: () => styleText('yellow', '! note   '),
  problem: () => styleText('red', '✗ problem'),
} as const;

/** Exit code: 1 if training could not work. */
async function doctor({ isJson, verify }: { isJson: boolean; verify: boolean }): Promise<number> {
  const { diagnose } = await import('../install/diagnosis.js');
  const { availableCores, availableMemory } = await import('../experiment/cores.js');
  const { tryTraining } = await import('../training/try-training.js');
  const findings = await diagnose({
    verify,
    cores: availableCores(),
    memoryBytes: availableMemory(),
    training: tryTraining,
    datasets: datasetsFinding,
  });
  if (isJson) printJson({ findings });
  else for (const finding of findings) print(lineOf(finding));
  return findings.some(({ status }) => status === 'problem') ? 1 : 0;
}

/** Exit code: 1 if a member failed or a check did, 130 after Ctrl-C. */
async function tried(device: (typeof devices)[number], isJson: boolean): Promise<number> {
  const { selftest } = await import('../library/selftest.js');
  const { selftestTable } = await import('./selftest-table.js');
  const { stopOnSignals } = await import('../terminal/signals.js');
  const stop = stopOnSignals();
  const note = (line: string) => {
    console.error(line);
  };
  try {
    const result = await selftest({ device, signal: stop.signal, note });
    if (isJson) printJson(result);
    else console.log(selftestTable(result));
    return result.faults.length === 0 ? 0 : 1;
  } catch (error) {
    if (!stop.signal.aborted) throw error;
    return stop.exitCode();
  } finally {
    stop.release();
  }
}

function lineOf({ status, subject, what, remedy }: Finding): string {
  return `${signs[status]()} ${subject.padEnd(12)} ${what}${remedy === undefined ? '' : `; ${remedy}`}`;
}

/** A problem if one that is included is damaged. */
async function datasetsFinding(): Promise<Finding> {
  const { listDatasets } = await import('../library/lists.js');
  const statuses = await listDatasets();
  const subject = 'datasets';
  const broken = statuses.find(({ kind, here }) => kind === 'installed' && here === false);
  if (broken !== undefined) {
    const what = `${broken.name}: ${broken.fault ?? 'not here'}`;
    return { status: 'problem', subject, what, remedy: broken.remedy ?? '' };
  }
  const named = (here: boolean) => statuses.filter((each) => each.here === here).map(({ name }) => name);
  const [present, absent] = [named(true), named(false)];
  const rest = absent.length === 0 ? '' : `; downloaded when needed: ${absent.join(', ')}`;
  return { status: 'ok', subject, what: `${present.join(', ')}${rest}` };
}
