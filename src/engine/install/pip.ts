/** pip, as the machine has it set up, is what fetches wheels: mirrors, proxies and certificates are its business. */
import { spawn, spawnSync } from 'node:child_process';
import * as fs from 'node:fs/promises';
import * as path from 'node:path';
import { createInterface } from 'node:readline';
import { RunError } from '../../terminal/errors.js';
import type { Progress } from './cache.js';
import type { WheelSource } from './wheels.js';

const candidates: readonly (readonly string[])[] = [
  ['python3', '-m', 'pip'],
  ['python', '-m', 'pip'],
  ['pip3'],
  ['pip'],
];

/** The command that runs pip, or undefined where there is none. */
export function findPip(): readonly string[] | undefined {
  return candidates.find(
    ([command, ...words]) => spawnSync(command!, [...words, '--version'], { stdio: 'ignore' }).status === 0,
  );
}

const offlineRemedy =
  'connect to the network and run the command again, or name a TensorFlow on this machine by EMERGENCE_TENSORFLOW';

/**
 * Downloads one wheel into `folder` and returns its path. A wheel that is there already, whole, is taken as it is.
 *
 * @throws RunError without pip, or with the last thing that pip said
 */
export async function downloadWheel(
  { requirement, platforms }: Pick<WheelSource, 'requirement' | 'platforms'>,
  folder: string,
  progress: Progress,
): Promise<string> {
  const there = await wheelFor(requirement, folder);
  if (there !== undefined) return there;
  const pip = findPip();
  if (pip === undefined) {
    throw new RunError(
      'pip is needed to fetch TensorFlow and was not found',
      undefined,
      'install it (Debian, Ubuntu: apt install python3-pip; Fedora: dnf install python3-pip; macOS: brew install python), or name a TensorFlow on this machine by EMERGENCE_TENSORFLOW',
    );
  }
  progress(`downloading ${requirement}`);
  // pip moves a wheel to its place when it is whole: what is there is never half a wheel.
  const options = [
    'download',
    '--no-deps',
    '--only-binary=:all:',
    '--python-version',
    '3.11',
    '--implementation',
    'cp',
    '--abi',
    'cp311',
    '--abi',
    'none',
    '--abi',
    'abi3',
  ];
  await run(
    [
      ...pip,
      ...options,
      ...platforms.flatMap((name) => ['--platform', name]),
      '--disable-pip-version-check',
      '--progress-bar',
      'off',
      '-d',
      folder,
      requirement,
    ],
    progress,
  );
  const wheel = await wheelFor(requirement, folder);
  if (wheel === undefined) throw new RunError(`pip has brought no wheel of ${requirement}`, folder, offlineRemedy);
  return wheel;
}

/** `tensorflow_cpu-2.21.0-...whl` for `tensorflow-cpu==2.21.0`; names compare as PEP 503 says. */
async function wheelFor(requirement: string, folder: string): Promise<string | undefined> {
  const project = normalised(/^[A-Za-z0-9._-]+/.exec(requirement)![0]);
  const names = await fs.readdir(folder);
  const name = names.find((file) => file.endsWith('.whl') && normalised(file.split('-')[0]!) === project);
  return name === undefined ? undefined : path.join(folder, name);
}

const normalised = (name: string) => name.toLowerCase().replace(/[-_.]+/g, '-');

function run([command, ...words]: readonly string[], progress: Progress): Promise<void> {
  return new Promise((resolve, reject) => {
    const started = performance.now();
    const process = spawn(command!, words, { stdio: ['ignore', 'pipe', 'pipe'] });
    let said = '';
    process.stderr.setEncoding('utf8').on('data', (text: string) => {
      said = (said + text).slice(-8000);
    });
    createInterface({ input: process.stdout }).on('line', (line) => {
      if (/^\s*Downloading/.test(line)) progress(line.trim().replace(/https?:\/\/\S*\//, ''));
    });
    const alive = setInterval(() => {
      progress(`still downloading (${Math.round((performance.now() - started) / 1000)} s)`);
    }, 5000);
    process.on('error', reject);
    process.on('close', (code) => {
      clearInterval(alive);
      if (code === 0) resolve();
      else reject(new RunError(`pip could not fetch TensorFlow: ${lastError(said)}`, undefined, offlineRemedy));
    });
  });
}

/** pip's own last ERROR line, else the last line. */
function lastError(text: string): string {
  const lines = text
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '' && !line.startsWith('[notice]'));
  return (lines.findLast((line) => line.startsWith('ERROR')) ?? lines.at(-1) ?? 'no reason given').replace(
    /^ERROR:\s*/,
    '',
  );
}
