/** Wheels are fetched by the machine's own pip, whose configuration handles mirrors, proxies and certificates. */
import { spawnSync, type SpawnOptions } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import * as fs from 'node:fs/promises';
import * as path from 'node:path';
import { createInterface } from 'node:readline';
import { makeFolders } from '../machine/files.js';
import { firstOf, present } from '../machine/present.js';
import { RunError } from '../terminal/errors.js';
import { diskIsFull, type ReportLine } from './cache.js';
import { spawnGroup } from './child.js';
import type { WheelSource } from './wheels.js';
import { commandLine } from '../machine/installation.js';

/** Includes versioned names: a machine may have only `python3.14`, without a plain `python3`. */
function candidates(): readonly (readonly string[])[] {
  const pythons = ['python3', 'python', ...versionedPythons()];
  return [...pythons.map((python) => [python, '-m', 'pip']), ['pip3'], ['pip']];
}

/** `python3.14`, `python3.9`: those on the PATH, newest first. */
function versionedPythons(): string[] {
  const names = (process.env['PATH'] ?? '').split(path.delimiter).flatMap(namesIn);
  const minor = (name: string) => Number(name.slice('python3.'.length));
  return [...new Set(names.filter((name) => /^python3\.\d+$/.test(name)))].sort((a, b) => minor(b) - minor(a));
}

/** None if the folder is missing or unreadable. */
function namesIn(folder: string): string[] {
  try {
    return path.isAbsolute(folder) ? readdirSync(folder) : [];
  } catch {
    return [];
  }
}

/** The first version that accepts several platforms in one command. */
const oldestPip = [20, 3] as const;

export interface Pip {
  readonly command: readonly string[];
  /** `23.2.1` */
  readonly version: string;
  readonly isTooOld: boolean;
}

/** A suitable pip; else one that is too old; undefined if there is none. */
export function findPip(): Pip | undefined {
  let tooOld: Pip | undefined;
  for (const command of candidates()) {
    const pip = askVersion(command);
    if (pip?.isTooOld === false) return pip;
    tooOld ??= pip;
  }
  return tooOld;
}

function askVersion(command: readonly string[]): Pip | undefined {
  const [program, ...words] = command;
  const { status, stdout } = spawnSync(present(program), [...words, '--version'], {
    encoding: 'utf8',
    timeout: 60_000,
  });
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

/** @throws RunError without a suitable pip */
function requirePip(): Pip {
  const pip = findPip();
  if (pip === undefined)
    throw new RunError('pip is needed to download TensorFlow, but was not found', undefined, `${pipRemedy}, ${orName}`);
  if (pip.isTooOld)
    throw new RunError(
      `pip ${pip.version} is too old to download TensorFlow (${oldestPip.join('.')} is needed)`,
      pip.command.join(' '),
      `${oldPipRemedy}, ${orName}`,
    );
  return pip;
}

/** Folder for incomplete wheels; leftovers of a killed pip are deleted by the next download. */
const incoming = 'incoming';

/**
 * Downloads one wheel into `folder` and returns its path. A complete wheel that is already there is used. Call it only while holding
 * the lock of what the wheel is for.
 *
 * @throws RunError without pip, or with pip's reason
 */
export async function downloadWheel(
  { requirement, platforms }: Pick<WheelSource, 'requirement' | 'platforms'>,
  folder: string,
  progress: ReportLine,
  signal?: AbortSignal,
): Promise<string> {
  const there = await wheelFor(requirement, folder);
  if (there !== undefined) return there;
  const { command } = requirePip();
  progress(`downloading ${requirement}`);
  // pip may be killed while it copies a wheel to its destination: only a rename makes it appear whole.
  const aside = path.join(folder, incoming, randomUUID());
  await fs.rm(path.dirname(aside), { recursive: true, force: true });
  await makeFolders(aside);
  try {
    await runForAnyPython((python) =>
      runPip([...command, ...downloadWords(platforms, python), '-d', aside, requirement], {
        temporary: aside,
        progress,
        signal,
      }),
    );
    const wheel = await wheelFor(requirement, aside);
    if (wheel === undefined) throw new RunError(`pip downloaded no wheel of ${requirement}`);
    const target = path.join(folder, path.basename(wheel));
    await fs.rename(wheel, target);
    return target;
  } finally {
    await fs.rm(path.dirname(aside), { recursive: true, force: true });
  }
}

/**
 * The wheels for all Python versions contain the same C library, whichever Python runs pip. TensorFlow's index has all of these; a
 * private folder or mirror may have only one.
 */
const pythons = ['3.11', '3.12', '3.13', '3.10'] as const;

async function runForAnyPython(attempt: (python: string) => Promise<void>): Promise<void> {
  let first: NoSuchWheelError | undefined;
  for (const python of pythons) {
    try {
      await attempt(python);
      return;
    } catch (error) {
      if (!(error instanceof NoSuchWheelError)) throw error;
      first ??= error;
    }
  }
  throw present(first);
}

function downloadWords(platforms: readonly string[], python: string): string[] {
  return [
    ...['download', '--no-deps', '--only-binary=:all:', '--python-version', python, '--implementation', 'cp'],
    ...[`cp${python.replace('.', '')}`, 'abi3', 'none'].flatMap((name) => ['--abi', name]),
    ...platforms.flatMap((name) => ['--platform', name]),
    // pip's own cache would keep a second copy of wheels that are unpacked and deleted.
    ...['--no-cache-dir', '--disable-pip-version-check', '--no-input', '--progress-bar', 'off'],
  ];
}

/** `tensorflow_cpu-2.21.0-...whl` for `tensorflow-cpu==2.21.0`; names are compared as in PEP 503. */
async function wheelFor(requirement: string, folder: string): Promise<string | undefined> {
  const project = normalised(present(/^[A-Za-z0-9._-]+/.exec(requirement)?.[0]));
  const names = await fs.readdir(folder);
  const name = names.find((file) => file.endsWith('.whl') && normalised(firstOf(file.split('-'))) === project);
  return name === undefined ? undefined : path.join(folder, name);
}

const normalised = (name: string) => name.toLowerCase().replace(/[-_.]+/g, '-');

interface PipOptions {
  /** Folder for its temporary files. */
  readonly temporary: string;
  readonly progress: ReportLine;
  readonly signal: AbortSignal | undefined;
}

/** pip's temporary files go beside its result, so that a small /tmp is enough and nothing is left behind if it is killed. */
function runPip(command: readonly string[], { temporary, progress, signal }: PipOptions): Promise<void> {
  return new Promise((resolve, reject) => {
    const started = performance.now();
    const environment = { ...process.env, TMPDIR: temporary };
    const log = path.join(temporary, 'pip.log');
    const options: SpawnOptions = { stdio: ['ignore', 'pipe', 'pipe'], env: environment };
    const pip = spawnGroup([...command, '--log', log], options, signal);
    let said = '';
    present(pip.stderr ?? undefined)
      .setEncoding('utf8')
      .on('data', (text: string) => {
        said = (said + text).slice(-8000);
      });
    createInterface({ input: present(pip.stdout ?? undefined) }).on('line', (line) => {
      if (/^\s*Downloading/.test(line)) progress(line.trim().replace(/https?:\/\/\S*\//, ''));
    });
    const alive = setInterval(() => {
      progress(`still downloading (${Math.round((performance.now() - started) / 1000)} s)`);
    }, 5000);
    pip.on('error', reject);
    pip.on('close', (code, endedBy) => {
      clearInterval(alive);
      if (code === 0) resolve();
      else if (signal?.aborted === true) reject(signal.reason as Error);
      else reject(failure({ said, signal: endedBy, refusals: refusalsIn(log), folder: temporary }));
    });
  });
}

/**
 * Why pages of the index could not be read. pip prints this only when it retries (with PIP_RETRIES=0 it claims that the version does
 * not exist), but always logs it: `Could not fetch URL https://...: REASON - skipping`.
 */
function refusalsIn(log: string): string {
  if (!existsSync(log)) return '';
  const lines = readFileSync(log, 'utf8').matchAll(/Could not fetch URL \S+ (.*) - skipping/g);
  return [...lines].map(([, reason]) => reason).join('\n');
}

const unreachable =
  /Failed to establish a new connection|NewConnectionError|name resolution|Name or service not known|nodename nor servname|Network is unreachable|Max retries exceeded|ConnectTimeout|Read timed out|ReadTimeout|connection error/i;
const distrusted = /confirming the ssl certificate|CERTIFICATE_VERIFY_FAILED/i;
const noSuchWheel = /Could not find a version|No matching distribution/;

/** The index was read, but has no matching wheel. */
class NoSuchWheelError extends RunError {}

interface Failure {
  readonly said: string;
  readonly signal: NodeJS.Signals | null;
  readonly refusals: string;
  readonly folder: string;
}

function failure({ said, signal, refusals, folder }: Failure): RunError {
  const all = `${said}\n${refusals}`;
  if (/No space left on device|\[Errno 28\]|Disk quota exceeded|\[Errno 122\]/.test(said))
    return diskIsFull(path.resolve(folder, '..', '..'));
  if (signal !== null)
    return new RunError(`pip was killed by ${signal} while downloading TensorFlow`, undefined, 'run the command again');
  if (distrusted.test(all))
    return new RunError(
      'pip does not trust the certificate of its package index',
      undefined,
      `give a certificate file with PIP_CERT, ${orName}`,
    );
  if (unreachable.test(all)) {
    const byProxy = /proxy/i.test(all);
    return new RunError(
      `pip could not reach its package index to download TensorFlow${byProxy ? ': the proxy does not respond' : ''}`,
      undefined,
      byProxy
        ? `correct or unset HTTPS_PROXY, HTTP_PROXY or PIP_PROXY, ${orName}`
        : `connect to the network and run the command again, ${orName}`,
    );
  }
  const FailureKind = noSuchWheel.test(said) ? NoSuchWheelError : RunError;
  return new FailureKind(`pip could not download TensorFlow: ${lastError(said)}`, undefined, `fix that, ${orName}`);
}

/** pip's own last ERROR line, else the last line. */
function lastError(text: string): string {
  const lines = text
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '' && !line.startsWith('[notice]'));
  const line = lines.findLast((each) => each.startsWith('ERROR')) ?? lines.at(-1) ?? 'no reason given';
  return line.replace(/^ERROR:\s*/, '');
}
