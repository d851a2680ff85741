/** `emergence clean`: frees space, after saying what would be removed. */
import type { CommandUnknownOpts } from '@commander-js/extra-typings';
import { RunError, UsageError } from '../terminal/errors.js';
import { checkpoints as root } from '../runs/locate.js';
import { examples } from './examples.js';
import { json } from './options.js';
import { printJson, type Forms } from './print.js';

interface CleanOptions extends Pick<Forms, 'json'> {
  readonly unfinished?: true | undefined;
  readonly cache?: true | undefined;
  readonly dryRun?: true | undefined;
  readonly yes?: true | undefined;
}

export function registerClean(program: CommandUnknownOpts): void {
  program
    .command('clean [runs...]')
    .description('delete leftovers of killed processes and the runs you name; asks first')
    .option('--unfinished', 'delete only the checkpoints of unfinished members')
    .option(
      '--cache',
      'also delete TensorFlow, its binding and prepared datasets from the cache folder; they are downloaded or built again when needed',
    )
    .option('--dry-run', 'only list what would be deleted, file by file')
    .option('--yes', 'do not ask')
    .addOption(json)
    .addHelpText('after', examples('clean lenet-mnist --dry-run'))
    .action(async (names, options) => {
      process.exitCode = await clean(names, options);
    });
}

/** Exit code: 130 after Ctrl-C at the question. */
async function clean(names: readonly string[], options: CleanOptions): Promise<number> {
  const { unfinished, cache, dryRun, yes } = options;
  const { executeClean, planClean } = await import('../runs/clean.js');
  const { cachedRemovals } = await import('../machine/cached.js');
  const { freedBy, removeAll } = await import('../machine/removal.js');
  const { freedBytes } = await import('../machine/usage.js');
  const { removalsText } = await import('../report/tables/clean.js');
  const { formatBytes } = await import('../terminal/format.js');

  const request = { root, names, unfinished: unfinished === true };
  if (cache === true) await refuseTraining();
  const plan = await planClean(request);
  const cached = cache === true ? await cachedRemovals() : [];
  const removals = [...plan.removals, ...cached];
  for (const note of plan.notes) console.error(`note: ${note}`);
  const say = (text: string) => {
    if (options.json !== true) console.log(text);
  };
  const plain = removals.map(({ what, entries }) => {
    const files = entries.filter(({ isFolder }) => !isFolder).length;
    return { what, files, bytes: freedBytes(entries), paths: entries.map(({ path }) => path) };
  });
  say(removals.length === 0 ? 'nothing to remove' : removalsText(removals, dryRun === true));
  if (removals.length === 0 || dryRun === true) {
    if (options.json === true) printJson({ removals: plain, freedBytes: 0 });
    return 0;
  }
  if (yes !== true) {
    if (!process.stdin.isTTY)
      throw new UsageError(
        'nothing was removed: there is no terminal for the confirmation',
        '--yes',
        'add it to skip the question',
      );
    const answer = await confirmation();
    if (answer === undefined) return 130;
    if (!/^y(es)?$/i.test(answer.trim())) {
      say('nothing was removed');
      if (options.json === true) printJson({ removals: plain, freedBytes: 0 });
      return 0;
    }
  }
  // The question may have been unanswered for hours.
  if (cache === true) await refuseTraining();
  const ofRuns = await executeClean(plan, request);
  const ofCache = ofRuns.problem === undefined ? await removeAll(cached) : undefined;
  for (const folder of [...ofRuns.left, ...(ofCache?.left ?? [])])
    console.error(`note: ${folder} is kept: it is no longer empty`);
  const freed = await freedBy(removals);
  say(`freed ${formatBytes(freed)}`);
  if (options.json === true) printJson({ removals: plain, freedBytes: freed });
  const problem = ofRuns.problem ?? ofCache?.problem;
  if (problem !== undefined) throw problem;
  return 0;
}

/** Members that have yet to start would not find TensorFlow. */
async function refuseTraining(): Promise<void> {
  const path = await import('node:path');
  const { runNames } = await import('../runs/locate.js');
  const { trainerOf } = await import('../runs/lock.js');
  for (const name of await runNames(root)) {
    if ((await trainerOf(path.join(root, name))) === undefined) continue;
    const remedy = 'nothing was removed; stop it, or wait until it has finished';
    throw new RunError(`${path.join(root, name)} is being trained now and uses the cache`, '--cache', remedy);
  }
}

/** Undefined if the question ends with Ctrl-C or the end of the input. */
async function confirmation(): Promise<string | undefined> {
  const { createInterface } = await import('node:readline');
  const { drawn } = await import('../terminal/guard.js');
  const reader = createInterface({ input: process.stdin, output: drawn(process.stderr) });
  try {
    return await new Promise((resolve) => {
      reader.on('close', () => {
        resolve(undefined);
      });
      reader.question('Remove all of this? [y/N] ', resolve);
    });
  } finally {
    reader.close();
  }
}
