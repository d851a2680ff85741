/**
 * The scripts that Slurm runs. They can also be read, edited and submitted by hand: Slurm's options are at the top, and commands are
 * written out in full. Names and paths can contain anything; each is quoted for whichever reads it, Slurm or the shell.
 */
import * as path from 'node:path';
import { UsageError } from '../terminal/errors.js';
import { isNameable } from '../terminal/printable.js';
import { shellWord } from '../terminal/shell.js';
import { launchFiles } from './folder.js';
import { secondsOf, type SlurmOptions } from './options.js';
import type { TaskArray } from './tasks.js';

export interface ScriptContext {
  readonly run: string;
  /** Folder of the launch, absolute. */
  readonly folder: string;
  /** Folder the commands run in, absolute. */
  readonly cwd: string;
  /** Absolute paths of Node and of the program. */
  readonly program: readonly [node: string, program: string];
  /** The user's dataset folder, if given. */
  readonly dataDir?: string | undefined;
  readonly tensorboard: boolean;
  readonly options: SlurmOptions;
}

/** How often a task requeues itself; restarts after a power cut or a preemption count too. */
export const mostRestarts = 20;

/** Time from the signal to the time limit: to stop the member, finish or discard what it is writing, and requeue the task. */
const usualLeadSeconds = 120;

/** For a short limit a quarter of it, or the signal would come before the first epoch. */
export function leadSeconds({ time }: Pick<SlurmOptions, 'time'>): number {
  const limit = time === undefined ? Infinity : (secondsOf(time) ?? Infinity);
  return Math.max(10, Math.min(usualLeadSeconds, Math.floor(limit / 4)));
}

/** `"/data/100%% of it/%A_%a.txt"`: a value at the top of a script, where Slurm itself removes quotes. */
function directive(name: string, value: string | number): string {
  const text = String(value);
  const isPlain = /^[A-Za-z0-9_.,:=@+*()/%-]+$/.test(text);
  return `#SBATCH --${name}=${isPlain ? text : `"${text.replaceAll('"', '\\"')}"`}`;
}

/** Throws UsageError for a path that can't be passed to Slurm. */
export function refuseUnspeakable(folder: string): void {
  if (!folder.includes('\\') && isNameable(folder)) return;
  const what = 'Slurm cannot write its logs in a folder with a backslash or a control character in its path';
  throw new UsageError(what, folder, 'work in another folder');
}

/** Slurm replaces %A and %a in the name; a percent sign in the folder is escaped. */
function logPath(folder: string, name: string): string {
  return path.join(folder.replaceAll('%', '%%'), launchFiles.logs, name);
}

function commonDirectives({ run, options: { partition, account } }: ScriptContext, log: string): string[] {
  return [
    directive('job-name', `emergence-${run}`),
    ...(partition === undefined ? [] : [directive('partition', partition)]),
    ...(account === undefined ? [] : [directive('account', account)]),
    directive('output', log),
    // A requeued task appends to the same log.
    directive('open-mode', 'append'),
    '#SBATCH --ntasks=1',
    '#SBATCH --requeue',
  ];
}

/** The values of `--array` for one of a launch's arrays. */
export function arrayText({ count }: Pick<TaskArray, 'count'>, { arrayLimit }: SlurmOptions): string {
  return `0-${count - 1}${arrayLimit === undefined ? '' : `%${arrayLimit}`}`;
}

function commands({ program }: ScriptContext, words: readonly string[]): string {
  return [...program, ...words].map(shellWord).join(' ');
}

/** @param array the first one; whatever differs for the others, such as their first task, is passed when they are submitted */
export function jobScript(context: ScriptContext, array: TaskArray): string {
  const { run, folder, cwd, program, dataDir, tensorboard, options } = context;
  const { time, gres } = options;
  const more = [
    ...(dataDir === undefined ? [] : ['--data-dir', dataDir]),
    ...(tensorboard ? ['--tensorboard'] : []),
  ].map((word) => ` ${shellWord(word)}`);
  return `#!/bin/bash
${[
  ...commonDirectives(context, logPath(folder, '%A_%a.txt')),
  directive('array', arrayText(array, options)),
  directive('cpus-per-task', array.threads),
  ...(time === undefined ? [] : [directive('time', time)]),
  ...(gres === undefined ? [] : [directive('gres', gres)]),
  directive('signal', `B:USR1@${leadSeconds(options)}`),
].join('\n')}

# Trains members of the run ${run}, those of one task after each other; tasks.json says which. Threads are recorded in run.json, and
# results depend on them in the last bits: cpus-per-task only has to offer as many.
# Argument: the task with which this array begins (0 where it is left out).

most_restarts=${mostRestarts} # power cuts and preemptions count too
tasks=${shellWord(path.join(folder, launchFiles.tasks))}

cd -- ${shellWord(cwd)} || exit 1
task=$((SLURM_ARRAY_TASK_ID + \${1:-0}))
job=\${SLURM_ARRAY_JOB_ID}_$SLURM_ARRAY_TASK_ID
read_tasks='const [file, task] = process.argv.slice(1); console.log(JSON.parse(require("fs").readFileSync(file, "utf8")).tasks[task].members.join("\\n"))'
members=$(${shellWord(program[0])} -e "$read_tasks" "$tasks" "$task") || exit 1
echo "task $task on $(hostname), restart \${SLURM_RESTART_COUNT:-0}:" $members

# Slurm sends USR1 to this shell before the time limit, and TERM to all processes of a task that has to go: both stop it; what it has done is kept.
stopped=
trap 'stopped=yes' TERM
trap 'stopped=yes; kill -USR1 "$child" 2> /dev/null' USR1

code=0
for member in $members; do
  ${commands(context, ['train-member', run])} "$member"${more.join('')} &
  child=$!
  # A signal ends the wait before the child has ended.
  wait "$child"
  ended=$?
  while kill -0 "$child" 2> /dev/null; do
    wait "$child"
    ended=$?
  done
  echo "$member: exit code $ended"
  if [ "$ended" != 0 ] && [ "$code" != 75 ]; then code=$ended; fi
  if [ -n "$stopped" ] || [ "$ended" = 143 ]; then
    code=143
    break
  fi
done

# 75: another process has a member; 143: stopped, to go on where it was. What Slurm itself cancels or requeues is no longer RUNNING.
if [ "$code" = 75 ] || [ "$code" = 143 ]; then
  if [ "\${SLURM_RESTART_COUNT:-0}" -ge "$most_restarts" ]; then
    echo "restarted $most_restarts times: not requeued; launch the run again to go on"
  elif [ "$(squeue -h -j "$job" -o %T)" = RUNNING ]; then
    echo "requeued"
    scontrol requeue "$job"
  fi
fi
exit "$code"
`;
}

/** Draws the figures that `train` draws when it ends. */
export function summaryScript(context: ScriptContext): string {
  const { run, folder, cwd } = context;
  return `#!/bin/bash
${commonDirectives(context, logPath(folder, 'summary.txt')).join('\n')}

# The table and the pictures of the run ${run}, from the members that are complete; trains nothing.

cd -- ${shellWord(cwd)} || exit 1
exec ${commands(context, ['train', '--run', run, '--summary-only'])}
`;
}
