/** `emergence doctor`: what training needs, what of it is here, and the command that mends the rest. */
import type { Command } from 'commander';
import { styleText } from 'node:util';
import type { Finding } from '../engine/install/diagnosis.js';
import { examples } from './examples.js';

export function registerDoctor(program: Command): void {
  program
    .command('doctor')
    .description('check this machine: what is installed, what is missing, how to fix it')
    .option('--json', 'findings as one JSON array on stdout')
    .option('--verify', "hold TensorFlow's files against the hashes of the wheel they came in (1 GB is read)")
    .addHelpText('after', examples('doctor'))
    .action(async ({ json, verify }: { json?: true; verify?: true }) => {
      process.exitCode = await doctor({ json: json === true, verify: verify === true });
    });
}

const signs = {
  ok: () => styleText('green', '✓ ok     '),
  warning: () => styleText('yellow', '! note   '),
  problem: () => styleText('red', '✗ problem'),
} as const;

/** Exit code: 1 where training could not work. */
async function doctor({ json, verify }: { json: boolean; verify: boolean }): Promise<number> {
  const { diagnose } = await import('../engine/install/diagnosis.js');
  const { availableCores } = await import('../experiment/cores.js');
  const { tryTraining } = await import('../training/trial.js');
  const findings = await diagnose({
    verify,
    cores: availableCores(),
    training: tryTraining,
    datasets: datasetsFinding,
  });
  if (json) console.log(JSON.stringify(findings, undefined, 2));
  else for (const finding of findings) console.log(lineOf(finding));
  return findings.some(({ status }) => status === 'problem') ? 1 : 0;
}

function lineOf({ status, subject, what, remedy }: Finding): string {
  return `${signs[status]()} ${subject.padEnd(12)} ${what}${remedy === undefined ? '' : `; ${remedy}`}`;
}

/** A problem where one that comes with the program is damaged. */
async function datasetsFinding(): Promise<Finding> {
  const { listDatasets } = await import('../datasets/list.js');
  const { dataFolder } = await import('../machine/folders.js');
  const statuses = await listDatasets(dataFolder());
  const subject = 'datasets';
  const broken = statuses.find(({ kind, here }) => kind === 'installed' && here === false);
  if (broken !== undefined) {
    const what = `${broken.name}: ${broken.fault ?? 'not here'}`;
    return { status: 'problem', subject, what, remedy: broken.remedy ?? '' };
  }
  const named = (here: boolean) => statuses.filter((each) => each.here === here).map(({ name }) => name);
  const [present, absent] = [named(true), named(false)];
  const rest = absent.length === 0 ? '' : `; to be fetched when they are needed: ${absent.join(', ')}`;
  return { status: 'ok', subject, what: `${present.join(', ')}${rest}` };
}
