/** pip, as the machine has it set up, is what fetches wheels: mirrors, proxies and certificates are its business. */
import { spawn, spawnSync } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import * as fs from 'node:fs/promises';
import * as path from 'node:path';
import { createInterface } from 'node:readline';
import { makeFolders } from '../../machine/files.js';
import { RunError } from '../../terminal/errors.js';
import { diskIsFull, type Progress } from './cache.js';
import type { WheelSource } from './wheels.js';
import { commandLine } from '../../machine/installation.js';

const candidates: readonly (readonly string[])[] = [
  ['python3', '-m', 'pip'],
  ['python', '-m', 'pip'],
  ['pip3'],
  ['pip'],
];

/** The first that takes several platforms in one command. */
const oldestPip = [20, 3] as const;

export interface Pip {
  readonly command: readonly string[];
  /** `23.2.1` */
  readonly version: string;
  readonly isTooOld: boolean;
}

/** A pip that serves; else one that is too old; undefined where there is none. */
export function findPip(): Pip | undefined {
  let tooOld: Pip | undefined;
  for (const command of candidates) {
    const pip = askVersion(command);
    if (pip?.isTooOld === false) return pip;
    tooOld ??= pip;
  }
  return tooOld;
}

function askVersion(command: readonly string[]): Pip | undefined {
  const [program, ...words] = command;
  const { status, stdout } = spawnSync(program!, [...words, '--version'], { encoding: 'utf8', timeout: 60_000 });
  if (status !== 0) return undefined;
  const [, version, major, minor] = /^pip ((\d+)\.(\d+)\S*)/m.exec(stdout) ?? [];
  const isTooOld =
    version !== undefined &&
    (Number(major) < oldestPip[0] || (Number(major) === oldestPip[0] && Number(minor) < oldestPip[1]));
  return { command, version: version ?? 'unknown', isTooOld };
}

export const pipRemedy =
  'install it (Debian, Ubuntu: `apt install python3-pip`; Fedora: `dnf install python3-pip`; macOS: `brew install python`)';
export const oldPipRemedy = 'get a newer one with `python3 -m pip install --user --upgrade pip`';
const orName = `or name a TensorFlow on this machine with \`${commandLine('setup --tensorflow FOLDER')}\``;

/** @throws RunError without a pip that serves */
function requirePip(): Pip {
  const pip = findPip();
  if (pip === undefined)
    throw new RunError('pip is needed to fetch TensorFlow and was not found', undefined, `${pipRemedy}, ${orName}`);
  if (pip.isTooOld)
    throw new RunError(
      `pip ${pip.version} is too old to fetch TensorFlow (${oldestPip.join('.')} is needed)`,
      pip.command.join(' '),
      `${oldPipRemedy}, ${orName}`,
    );
  return pip;
}

/** Where pip works before a wheel is whole; what a killed pip left there goes with the next download. */
const incoming = 'incoming';

/**
 * Downloads one wheel into `folder` and returns its path. A wheel that is there already, whole, is taken as it is. Call it
 * only with the lock of what the wheel is for.
 *
 * @throws RunError without pip, or with the reason that pip gave
 */
export async function downloadWheel(
  { requirement, platforms }: Pick<WheelSource, 'requirement' | 'platforms'>,
  folder: string,
  progress: Progress,
): Promise<string> {
  const there = await wheelFor(requirement, folder);
  if (there !== undefined) return there;
  const { command } = requirePip();
  progress(`downloading ${requirement}`);
  // pip copies a wheel to where it is asked to, and may be killed while it does: only a rename makes it appear whole.
  const aside = path.join(folder, incoming, randomUUID());
  await fs.rm(path.dirname(aside), { recursive: true, force: true });
  await makeFolders(aside);
  try {
    await runPip([...command, ...downloadWords(platforms), '-d', aside, requirement], aside, progress);
    const wheel = await wheelFor(requirement, aside);
    if (wheel === undefined) throw new RunError(`pip has brought no wheel of ${requirement}`);
    const target = path.join(folder, path.basename(wheel));
    await fs.rename(wheel, target);
    return target;
  } finally {
    await fs.rm(path.dirname(aside), { recursive: true, force: true });
  }
}

/** Python 3.11's wheels hold the same C library as every other's, and each platform has them. */
function downloadWords(platforms: readonly string[]): string[] {
  return [
    ...['download', '--no-deps', '--only-binary=:all:', '--python-version', '3.11', '--implementation', 'cp'],
    ...['cp311', 'abi3', 'none'].flatMap((name) => ['--abi', name]),
    ...platforms.flatMap((name) => ['--platform', name]),
    // pip's own cache would keep a second copy of what is unpacked and thrown away.
    ...['--no-cache-dir', '--disable-pip-version-check', '--no-input', '--progress-bar', 'off'],
  ];
}

/** `tensorflow_cpu-2.21.0-...whl` for `tensorflow-cpu==2.21.0`; names compare as PEP 503 says. */
async function wheelFor(requirement: string, folder: string): Promise<string | undefined> {
  const project = normalised(/^[A-Za-z0-9._-]+/.exec(requirement)![0]);
  const names = await fs.readdir(folder);
  const name = names.find((file) => file.endsWith('.whl') && normalised(file.split('-')[0]!) === project);
  return name === undefined ? undefined : path.join(folder, name);
}

const normalised = (name: string) => name.toLowerCase().replace(/[-_.]+/g, '-');

/** pip's temporary files go beside its result, so that a small /tmp is enough and nothing stays of a killed one. */
function runPip([command, ...words]: readonly string[], temporary: string, progress: Progress): Promise<void> {
  return new Promise((resolve, reject) => {
    const started = performance.now();
    const environment = { ...process.env, TMPDIR: temporary };
    const pip = spawn(command!, words, { stdio: ['ignore', 'pipe', 'pipe'], env: environment });
    let said = '';
    pip.stderr.setEncoding('utf8').on('data', (text: string) => {
      said = (said + text).slice(-8000);
    });
    createInterface({ input: pip.stdout }).on('line', (line) => {
      if (/^\s*Downloading/.test(line)) progress(line.trim().replace(/https?:\/\/\S*\//, ''));
    });
    const alive = setInterval(() => {
      progress(`still downloading (${Math.round((performance.now() - started) / 1000)} s)`);
    }, 5000);
    pip.on('error', reject);
    pip.on('close', (code, signal) => {
      clearInterval(alive);
      if (code === 0) resolve();
      else reject(failure(said, signal, temporary));
    });
  });
}

const unreachable =
  /Failed to establish a new connection|NewConnectionError|name resolution|Name or service not known|nodename nor servname|Network is unreachable|Max retries exceeded|ConnectTimeout|Read timed out|ReadTimeout/i;

function failure(said: string, signal: NodeJS.Signals | null, folder: string): RunError {
  if (/No space left on device|\[Errno 28\]|Disk quota exceeded|\[Errno 122\]/.test(said))
    return diskIsFull(path.resolve(folder, '..', '..'));
  if (signal !== null)
    return new RunError(`pip was ended by ${signal} while it fetched TensorFlow`, undefined, 'run the command again');
  if (unreachable.test(said))
    return new RunError(
      'pip could not reach its package index to fetch TensorFlow',
      undefined,
      `connect to the network and run the command again, ${orName}`,
    );
  return new RunError(`pip could not fetch TensorFlow: ${lastError(said)}`, undefined, `mend that, ${orName}`);
}

/** pip's own last ERROR line, else the last line. */
function lastError(text: string): string {
  const lines = text
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '' && !line.startsWith('[notice]'));
  const line = lines.findLast((each) => each.startsWith('ERROR')) ?? lines.at(-1) ?? 'it gave no reason';
  return line.replace(/^ERROR:\s*/, '');
}
