/** `emergence doctor`: what training needs, what is installed, and the command that fixes the rest. */
import type { CommandUnknownOpts } from '@commander-js/extra-typings';
import { styleText } from 'node:util';
import type { Finding } from '../install/diagnosis.js';
import { examples } from './examples.js';
import { json } from './options.js';
import { printJson } from './print.js';

export function registerDoctor(program: CommandUnknownOpts): void {
  program
    .command('doctor')
    .description('check this machine: what is installed, what is missing, how to fix it')
    .option('--verify', "compare TensorFlow's files with the hashes of their wheel (reads 1 GB)")
    .addOption(json)
    .addHelpText('after', examples('doctor'))
    .action(async (options) => {
      process.exitCode = await doctor({ isJson: options.json === true, verify: options.verify === true });
    });
}

const signs = {
  ok: () => styleText('green', '✓ ok     '),
  warning: () => styleText('yellow', '! note   '),
  problem: () => styleText('red', '✗ problem'),
} as const;

/** Exit code: 1 where training could not work. */
async function doctor({ isJson, verify }: { isJson: boolean; verify: boolean }): Promise<number> {
  const { diagnose } = await import('../install/diagnosis.js');
  const { availableCores } = await import('../experiment/cores.js');
  const { tryTraining } = await import('../training/trial.js');
  const findings = await diagnose({
    verify,
    cores: availableCores(),
    training: tryTraining,
    datasets: datasetsFinding,
  });
  if (isJson) printJson({ findings });
  else for (const finding of findings) console.log(lineOf(finding));
  return findings.some(({ status }) => status === 'problem') ? 1 : 0;
}

function lineOf({ status, subject, what, remedy }: Finding): string {
  return `${signs[status]()} ${subject.padEnd(12)} ${what}${remedy === undefined ? '' : `; ${remedy}`}`;
}

/** A problem where one that comes with the program is damaged. */
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
