/** `emergence runs`: lists the runs and what each is missing; joins two of them. */
import type { CommandUnknownOpts } from '@commander-js/extra-typings';
import * as path from 'node:path';
import { commandLine } from '../machine/installation.js';
import type { Merge } from '../runs/merge.js';
import { condensed, counted } from '../terminal/format.js';
import { examples } from './examples.js';
import { json } from './options.js';
import { print, printJson } from './print.js';

export function registerRuns(program: CommandUnknownOpts): void {
  const group = program
    .command('runs')
    .helpCommand(false)
    .description('list the runs in checkpoints: members, status, size on disk, and what is missing')
    .option(
      '--verify',
      'read every file and compare it with its hash instead of only checking that it exists; exit code 1 if one is damaged',
    )
    .addOption(json)
    .addHelpText('after', examples('runs', 'runs merge far site-b/far'))
    .action(async (options) => {
      const { listRuns } = await import('../library/lists.js');
      const { checkpoints } = await import('../runs/locate.js');
      const { runsTable } = await import('../report/tables/runs.js');
      const runs = await listRuns(options);
      if (options.verify === true && runs.some(({ status }) => status === 'damaged')) process.exitCode = 1;
      if (options.json === true) printJson({ runs });
      else if (runs.length > 0) console.log(runsTable(runs));
      else
        console.log(
          `no runs in ${checkpoints}; create one with: ${commandLine('train --arch cnn --widths 8,16,32,64')}`,
        );
    });
  group
    .command('merge <run> <other>')
    .description(
      'copy into a run the members that it is missing from another run of the same experiment, such as a clone that was trained on another cluster; the other run is not changed',
    )
    .addOption(json)
    .addHelpText('after', examples('runs merge far site-b/far'))
    .action(merge);
}

async function merge(run: string, other: string, _: unknown, command: CommandUnknownOpts): Promise<void> {
  const { mergeRuns } = await import('../library/merge-runs.js');
  const merged = await mergeRuns(run, other);
  for (const line of merged.notes) console.error(`note: ${line}`);
  // An option of both commands belongs to the group, wherever it is typed.
  if (command.optsWithGlobals()['json'] === true) printJson(merged);
  else print(textOf(merged, other));
}

function textOf({ folder, taken, same, kept, missing, unfinished, isExtended, sealed }: Merge, other: string): string {
  const list = (ids: readonly string[]) =>
    ids.length === 0 ? 'none' : `${counted(ids.length, 'member')}: ${condensed(ids)}`;
  const name = path.basename(folder);
  const next = unfinished.length > 0 ? `train --run ${name}` : `train --run ${name} --summary-only`;
  return [
    `copied   ${list(taken)}`,
    ...(same.length > 0 ? [`in both  ${list(same)}; the bits are the same`] : []),
    ...(kept.length > 0 ? [`kept     ${list(kept)}; further here than in ${other}`] : []),
    ...(sealed.length > 0 ? [`sealed   ${sealed.join(', ')}`] : []),
    ...(missing.length > 0
      ? [`missing  ${list(missing)}${isExtended ? '; the run has all widths with all seeds' : ''}`]
      : []),
    `run      ${folder}`,
    `next     ${commandLine(next)}`,
  ].join('\n');
}
