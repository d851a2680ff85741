/** Runs Slurm's commands and interprets their output. */
import { execFile } from 'node:child_process';
import { codeOf, RunError, UsageError } from '../terminal/errors.js';
import type { SlurmOptions } from './options.js';

const launcherFlag = '--launcher slurm';

interface Answer {
  readonly stdout: string;
  readonly stderr: string;
  /** Null if it could not be started because it is not installed. */
  readonly code: number | null;
}

/** Longest wait for a controller where jobs are submitted; its own limit is shorter. */
export const submitPatience = 120_000;
/** The same for commands that only look at a run: its files have most of the information. */
export const lookPatience = 3000;

function ask(command: string, words: readonly string[], patience = submitPatience): Promise<Answer> {
  return new Promise((resolve) => {
    const options = { maxBuffer: 1e9, env: { ...process.env, LC_ALL: 'C' } };
    const child = execFile(command, words, options, (error, stdout, stderr) => {
      clearTimeout(timer);
      const isMissing = ['ENOENT', 'EACCES'].includes(codeOf(error) ?? '');
      const code = isMissing ? null : error === null ? 0 : typeof error.code === 'number' ? error.code : 1;
      resolve({ stdout, stderr, code });
    });
    const timer = setTimeout(() => {
      child.kill('SIGKILL');
      // Its children may keep the pipes open: don't wait for those.
      child.stdout?.destroy();
      child.stderr?.destroy();
      resolve({ stdout: '', stderr: `timed out after ${patience / 1000} s`, code: 1 });
    }, patience);
  });
}

/** A command's error message as one line. */
function complaintOf({ stderr, stdout }: Answer): string {
  const lines = (stderr.trim() === '' ? stdout : stderr).trim().split('\n');
  const reasons = lines.map((line) => line.replace(/^(sbatch: )?(error: |fatal: )?/, '').trim());
  return [...new Set(reasons.filter((line) => line !== ''))].join('; ') || 'no reason given';
}

/** A problem with the cluster rather than a user's mistake. */
const isTrouble = (complaint: string) =>
  !/time limit is invalid/i.test(complaint) &&
  /unable to contact|communication|connect|timed? ?out|munge|zero bytes|configuration source|limit|unavailable/i.test(
    complaint,
  );

function refusal(answer: Answer, asked: string): UsageError | RunError {
  if (answer.code === null)
    return new UsageError(
      'sbatch is not on the PATH',
      launcherFlag,
      'run this where Slurm is installed, or see the script with --dry-run',
    );
  const complaint = complaintOf(answer);
  const where = `sbatch${asked === '' ? '' : ` ${asked}`}`;
  return isTrouble(complaint) ? new RunError(complaint, where) : new UsageError(complaint, where);
}

/** The options users get wrong, in sbatch's form. */
function asked({ partition, time, account, gres }: SlurmOptions): string[] {
  return Object.entries({ partition, time, account, gres }).flatMap(([name, value]) =>
    value === undefined ? [] : [`--${name}=${value}`],
  );
}

/**
 * Checks that Slurm would accept a job with these options; nothing is submitted.
 *
 * @throws UsageError with sbatch's own message, or if there is no sbatch; RunError if Slurm does not answer
 */
export async function tryOptions(options: SlurmOptions, threads: number): Promise<void> {
  const words = asked(options);
  const all = ['--test-only', ...words, `--cpus-per-task=${threads}`, '--array=0', '--wrap=true'];
  const answer = await ask('sbatch', all);
  if (answer.code !== 0) throw refusal(answer, [...words, `--cpus-per-task=${threads}`].join(' '));
}

export interface Submission {
  readonly script: string;
  /** Value of `--array`; undefined for a single job. */
  readonly array?: string;
  readonly threads?: number;
  /** Jobs to wait for, however they end. */
  readonly after?: readonly string[];
  readonly words?: readonly string[];
}

/**
 * @returns the job's number
 * @throws UsageError, RunError with sbatch's own message
 */
export async function submit({ script, array, threads, after = [], words = [] }: Submission): Promise<string> {
  const flags = [
    '--parsable',
    ...(array === undefined ? [] : [`--array=${array}`]),
    ...(threads === undefined ? [] : [`--cpus-per-task=${threads}`]),
    ...(after.length === 0 ? [] : [`--dependency=afterany:${after.join(':')}`]),
  ];
  const answer = await ask('sbatch', [...flags, script, ...words]);
  if (answer.code !== 0) throw refusal(answer, script);
  // `12;cluster` if there are several clusters.
  const [, job] = /^(\d+)(;.*)?$/m.exec(answer.stdout.trim()) ?? [];
  if (job === undefined) throw new RunError(`answered "${answer.stdout.trim()}", not the number of a job`, 'sbatch');
  return job;
}

const usualArraySize = 1001;

/**
 * Most tasks of one array; Slurm's default if it does not answer.
 *
 * @throws RunError if job arrays are switched off
 */
export async function maxArraySize(): Promise<number> {
  const { stdout, code } = await ask('scontrol', ['show', 'config']);
  const [, text] = /^MaxArraySize\s*=\s*(\d+)/m.exec(stdout) ?? [];
  if (code !== 0 || text === undefined) return usualArraySize;
  if (Number(text) > 0) return Number(text);
  throw new RunError('this Slurm is set up without job arrays (MaxArraySize=0)', launcherFlag);
}

/** A task of an array, or a job, as Slurm knows it. */
export interface SlurmTask {
  readonly job: string;
  /** Null for a job that is not an array. */
  readonly index: number | null;
  /** `PENDING`, `RUNNING`, `COMPLETED`, `CANCELLED`, `TIMEOUT`, ... */
  readonly state: string;
  /** Empty if it has none. */
  readonly nodes: string;
  /** Why it waits, or ended; empty if not given. */
  readonly reason: string;
}

/** Waiting and running tasks of these jobs; undefined if Slurm does not answer. */
export async function queueOf(
  jobs: readonly string[],
  patience = submitPatience,
): Promise<readonly SlurmTask[] | undefined> {
  if (jobs.length === 0) return [];
  const answer = await ask('squeue', ['-h', '-r', '-j', jobs.join(','), '-o', '%F|%K|%T|%N|%r'], patience);
  // It has forgotten all of these jobs.
  if (answer.code !== 0) return /invalid job id/i.test(answer.stderr) ? [] : undefined;
  return parseQueue(answer.stdout);
}

/** Parses the output of `squeue -h -r -o '%F|%K|%T|%N|%r'`. */
function parseQueue(text: string): SlurmTask[] {
  return text.split('\n').flatMap((line) => {
    const [job, index, state, nodes = '', reason = ''] = line.trim().split('|');
    if (job === undefined || state === undefined || !/^\d+$/.test(job)) return [];
    return [{ job, index: /^\d+$/.test(index ?? '') ? Number(index) : null, state, nodes, reason: spoken(reason) }];
  });
}

function spoken(reason: string): string {
  return reason === 'None' || reason === '(null)' ? '' : reason;
}

/** How tasks of these jobs ended, from Slurm's accounting; none if the cluster has no accounting. */
export async function endedTasks(jobs: readonly string[], patience = submitPatience): Promise<readonly SlurmTask[]> {
  if (jobs.length === 0) return [];
  const answer = await ask('sacct', ['-n', '-P', '-X', '-j', jobs.join(','), '-o', 'JobID,State,NodeList'], patience);
  return answer.code === 0 ? parseAccounts(answer.stdout) : [];
}

/** Parses the output of `sacct -n -P -X -o JobID,State,NodeList`: `12_3|CANCELLED by 1000|node2`. */
function parseAccounts(text: string): SlurmTask[] {
  return text.split('\n').flatMap((line) => {
    const [id = '', state = '', nodes = ''] = line.trim().split('|');
    const [, job, index] = /^(\d+)(?:_(\d+))?$/.exec(id) ?? [];
    if (job === undefined || state === '') return [];
    const [word = state] = state.split(' ');
    return [
      {
        job,
        index: index === undefined ? null : Number(index),
        state: word,
        nodes: nodes === 'None assigned' ? '' : nodes,
        reason: '',
      },
    ];
  });
}
