/**
 * What the commands cost on runs with many members and many examples, which are simulated (`fabricate.ts`): processor seconds (user and
 * system), wall seconds and peak memory of each command in a process of its own, and the powers by which processor seconds and memory
 * grow from one size to the next where only members or only examples differ.
 */
import { spawnSync } from 'node:child_process';
import * as fs from 'node:fs';
import * as path from 'node:path';
import { fileURLToPath } from 'node:url';
import { fabricate } from './fabricate.js';

const root = fileURLToPath(new URL('../..', import.meta.url));

interface Size {
  readonly members: number;
  readonly examples: number;
  readonly seeds: number;
  readonly moments: number;
}

interface Taken {
  readonly cpu: number;
  readonly wall: number;
  readonly megabytes: number;
}

export interface ScaleOptions {
  /** `100x10000,1000x10000,4x1000000`: members and examples, with `x12` after them for moments. */
  readonly sizes: string;
  readonly seeds: string;
  /** Which of the commands; default: all of them. */
  readonly commands?: string | undefined;
  /** Where the runs are; existing ones are kept. */
  readonly folder: string;
  readonly keep?: true | undefined;
  /** Seconds after which a command is stopped. */
  readonly limit: string;
}

/** The words of each command; `plan` is a program of ours, as only training plans. */
const commands: Readonly<Record<string, (size: Size) => readonly string[] | undefined>> = {
  runs: () => ['runs'],
  plan: ({ members }) => (members < 100 ? undefined : [path.join(root, 'test/bench/plan.ts')]),
  evaluate: () => ['evaluate', 'run'],
  sweep: () => ['sweep', 'run', '--metric', 'subset-accuracy', '--over', 'k=1..20'],
  'sweep along training': ({ moments }) =>
    moments === 0 ? undefined : ['sweep', 'run', '--axis', 'steps', '--metric', 'subset-accuracy', '--over', 'k=1..20'],
  show: () => ['show', 'run'],
  watch: () => ['watch', 'run'],
  compare: () => ['compare', 'run'],
  report: () => ['report', 'run'],
};

export async function scale(options: ScaleOptions): Promise<void> {
  const sizes = options.sizes.split(',').map((text) => {
    const [members, examples, moments = 0] = text.split('x').map(Number) as [number, number, number?];
    return { members, examples, moments, seeds: Math.min(Number(options.seeds), Math.ceil(members / 4)) };
  });
  const asked = options.commands?.split(',') ?? Object.keys(commands);
  const before = new Map<string, { readonly size: Size; readonly taken: Taken }>();
  console.log('members  examples  moments  command               CPU s   wall s  peak MB  powers of CPU s and MB');
  for (const size of sizes) {
    const { members, examples, moments } = size;
    const folder = path.resolve(options.folder, `${members}x${examples}x${moments}x${size.seeds}`);
    const run = path.join(folder, 'checkpoints', 'run');
    if (!fs.existsSync(path.join(run, 'complete'))) {
      fs.rmSync(folder, { recursive: true, force: true });
      await fabricate({ folder: run, ...size });
      fs.writeFileSync(path.join(run, 'complete'), '');
    }
    for (const name of asked) {
      const words = commands[name]?.(size);
      if (words === undefined) continue;
      const taken = measure(words, folder, Number(options.limit));
      const known = before.get(name);
      const grown = known === undefined ? NaN : growth(known.size, size);
      const power = (of: 'cpu' | 'megabytes') =>
        known === undefined || taken === undefined ? NaN : Math.log(taken[of] / known.taken[of]) / Math.log(grown);
      const powers = [power('cpu'), power('megabytes')];
      if (taken !== undefined) before.set(name, { size, taken });
      const about = [String(members).padStart(7), String(examples).padStart(9), String(moments).padStart(8)].join(' ');
      const numbers =
        taken === undefined
          ? `not done in ${options.limit} s`
          : [
              taken.cpu.toFixed(2).padStart(7),
              taken.wall.toFixed(2).padStart(8),
              taken.megabytes.toFixed(0).padStart(8),
              ...powers.map((each) => (Number.isNaN(each) ? '' : each.toFixed(2).padStart(6))),
            ].join(' ');
      console.log(`${about}  ${name.padEnd(20)} ${numbers}`);
    }
    if (options.keep !== true) fs.rmSync(folder, { recursive: true, force: true });
  }
}

/** By how much members or examples have grown where only one of them has; NaN otherwise. */
function growth(from: Size, to: Size): number {
  if (from.moments !== to.moments) return NaN;
  if (from.examples === to.examples && to.members > from.members) return to.members / from.members;
  if (from.members === to.members && to.examples > from.examples) return to.examples / from.examples;
  return NaN;
}

/** Writes the resources used when the process ends: the child's own account, as Node reports nothing about its children. */
const account = `data:text/javascript,${encodeURIComponent(
  `import { isMainThread } from 'node:worker_threads'; import { writeFileSync } from 'node:fs';
  if (isMainThread) process.on('exit', () => writeFileSync(process.env.BENCH_ACCOUNT, JSON.stringify(process.resourceUsage())));`,
)}`;

/** Undefined if it took too long. */
function measure([first, ...rest]: readonly string[], folder: string, limit: number): Taken | undefined {
  const file = path.join(folder, 'account.json');
  const program = first!.endsWith('.ts')
    ? ['--import', import.meta.resolve('tsx'), first!]
    : [path.join(root, 'bin/emergence.js'), first!];
  const started = performance.now();
  const { status, stderr, error } = spawnSync(process.execPath, ['--import', account, ...program, ...rest], {
    ...{ cwd: folder, encoding: 'utf8', timeout: limit * 1000, maxBuffer: 2 ** 30, stdio: ['ignore', 'pipe', 'pipe'] },
    env: { ...process.env, BENCH_ACCOUNT: file, EMERGENCE_PROGRESS: 'none' },
  });
  if ((error as NodeJS.ErrnoException | undefined)?.code === 'ETIMEDOUT') return undefined;
  if (status !== 0) throw new Error(`${first!} ${rest.join(' ')}: ${stderr.slice(-2000)}`);
  const wall = (performance.now() - started) / 1000;
  const { userCPUTime, systemCPUTime, maxRSS } = JSON.parse(fs.readFileSync(file, 'utf8')) as NodeJS.ResourceUsage;
  return { cpu: (userCPUTime + systemCPUTime) / 1e6, wall, megabytes: maxRSS / 1000 };
}
