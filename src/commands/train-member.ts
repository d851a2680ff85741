/** `emergence train-member`: trains one member of a planned run, for schedulers that start processes on hosts. */
import { Option, type CommandUnknownOpts } from '@commander-js/extra-typings';
import { addDatasetOptions, parseDatasetOptions } from '../experiment/options.js';
import { examples } from './examples.js';
import { whole } from './options.js';
import { jsonOf } from './print.js';
import { busyExitCode, sayStopped, showTraining } from './show-training.js';

interface MemberFlags {
  readonly index?: number | undefined;
  readonly next?: true | undefined;
  readonly tensorboard?: true | undefined;
  readonly json?: true | undefined;
  readonly dataDir?: unknown;
}

export function registerTrainMember(program: CommandUnknownOpts): void {
  const command = program
    .command('train-member <run> [member]')
    .description(
      'train one member of a run planned with train --plan-only; exit code 75 if another process, on any host, is training it',
    )
    .addOption(
      new Option('--index <i>', "position in the run's list of members, from 0, in the order of runs --json").argParser(
        whole('--index', 0),
      ),
    )
    .option('--next', 'of the members that are neither complete nor being trained, the one that takes longest')
    .option('--json', 'events as JSON lines on stdout, everything else on stderr')
    .option('--tensorboard', 'write TensorBoard logs');
  addDatasetOptions(command, ['dataDir'])
    .addHelpText('after', examples('train-member lenet-mnist cnn-w8-s0', 'train-member lenet-mnist --index 3'))
    .action(async (run: string, member: string | undefined, options: MemberFlags) => {
      process.exitCode = await trainOne(run, member, options);
    });
}

/**
 * Exit code: 0 if it is complete, 1 if it failed, 75 if another process has it, 143 after SIGTERM or SIGUSR1, 130 after
 * Ctrl-C.
 */
async function trainOne(run: string, member: string | undefined, options: MemberFlags): Promise<number> {
  const { trainMember } = await import('../library/train-member.js');
  const { json = false, index, next, tensorboard } = options;
  const { dataDir } = parseDatasetOptions({ dataDir: options.dataDir });
  const { result, stopped } = await showTraining(json, (asked) =>
    trainMember(run, { member, index, next, tensorboard, dataDir, ...asked }),
  );
  if (stopped !== undefined) {
    sayStopped();
    return stopped;
  }
  if (json) console.log(jsonOf({ type: 'summary', ...result }, undefined, 0));
  if (result.status === 'busy') {
    const { busyLine } = await import('../training/train-family.js');
    console.error(await busyLine(result.folder, result.busy));
  }
  return result.status === 'complete' ? 0 : result.status === 'busy' ? busyExitCode : 1;
}
