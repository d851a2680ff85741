import * as fs from 'node:fs/promises';
import * as path from 'node:path';
import { afterEach, expect, test, vi } from 'vitest';
import { downloadWheel, findPip } from '../../../src/install/pip.js';
import { RunError } from '../../../src/terminal/errors.js';
import { temporaryFolder } from '../../support/runs.js';

afterEach(() => {
  vi.unstubAllEnvs();
});

const orName = 'or name a TensorFlow on this machine with `npm run setup -- --tensorflow FOLDER`';
const source = { requirement: 'tensorflow-cpu==2.21.0', platforms: ['manylinux_2_27_x86_64'] };
const wheelName = 'tensorflow_cpu-2.21.0-cp311-cp311-manylinux_2_27_x86_64.whl';

async function download(said: string[] = []): Promise<string> {
  return downloadWheel(source, await temporaryFolder(), (line) => said.push(line));
}

/** Makes `script` the only pip: it is called as `pip download ... -d FOLDER REQUIREMENT`, and answers --version itself. */
async function pipIs(script: string, version = '23.2.1'): Promise<void> {
  const folder = await temporaryFolder();
  const text = `#!/bin/sh
if [ "$1" = --version ]; then echo "pip ${version} from /nowhere (python 3.11)"; exit; fi
all="$*"
while [ "$1" != -d ]; do shift; done
folder=$2
${script}
`;
  await fs.writeFile(path.join(folder, 'pip'), text, { mode: 0o755 });
  // Only the shell's own commands: no python3 -m pip.
  vi.stubEnv('PATH', folder);
}

test('no pip: what to install, or how to do without', async () => {
  vi.stubEnv('PATH', '');
  expect(findPip()).toBeUndefined();
  await expect(download()).rejects.toThrow(
    new RunError(
      'pip is needed to download TensorFlow, but was not found',
      undefined,
      `install it (Debian, Ubuntu: \`apt install python3-pip\`; Fedora: \`dnf install python3-pip\`; macOS: \`brew install python\`), ${orName}`,
    ),
  );
});

// pip 20.3 was the first to accept --platform more than once (20.2's help does not mention it).
test.each([
  ['20.2.4', true],
  ['9.0.3', true],
  ['20.3', false],
  ['20.3.4', false],
  ['23.2.1', false],
  ['26.0', false],
])('pip %s is too old: %s', async (version, isTooOld) => {
  await pipIs('', version);
  expect(findPip()).toEqual({ command: ['pip'], version, isTooOld });
});

test('a Python with a version in its name may be the only one; the newest is chosen', async () => {
  const folder = await temporaryFolder();
  const python = (version: string) => `#!/bin/sh\necho "pip 25.3 from /nowhere (python ${version})"\n`;
  for (const version of ['3.9', '3.13', '3.14'])
    await fs.writeFile(path.join(folder, `python${version}`), python(version), { mode: 0o755 });
  await fs.writeFile(path.join(folder, 'python3.14-config'), python('3.14'), { mode: 0o755 });
  vi.stubEnv('PATH', `/nonexistent:${path.join(folder, 'python3.9')}:${folder}`);
  expect(findPip()).toEqual({ command: ['python3.14', '-m', 'pip'], version: '25.3', isTooOld: false });
  // One without pip is skipped.
  await fs.writeFile(path.join(folder, 'python3.14'), '#!/bin/sh\nexit 1\n', { mode: 0o755 });
  expect(findPip()?.command).toEqual(['python3.13', '-m', 'pip']);
});

test('an old pip is not tried', async () => {
  await pipIs('exit 0', '20.0.2');
  await expect(download()).rejects.toThrow(
    new RunError(
      'pip 20.0.2 is too old to download TensorFlow (20.3 is needed)',
      'pip',
      `get a newer one with \`python3 -m pip install --user --upgrade pip\`, ${orName}`,
    ),
  );
});

test('a downloaded wheel appears under its own name, and nothing else does', async () => {
  await pipIs(`echo "  Downloading https://example.org/a/${wheelName} (260 MB)"; : > "$folder/${wheelName}"`);
  const folder = await temporaryFolder();
  const said: string[] = [];
  const wheel = await downloadWheel(source, folder, (line) => said.push(line));
  expect(wheel).toBe(path.join(folder, wheelName));
  expect(await fs.readdir(folder)).toEqual([wheelName]);
  expect(said).toEqual(['downloading tensorflow-cpu==2.21.0', `Downloading ${wheelName} (260 MB)`]);
  // The next time it is there, and pip is not needed.
  vi.stubEnv('PATH', '');
  expect(await downloadWheel(source, folder, () => undefined)).toBe(wheel);
});

/** In pip's words, whatever the reason. */
const noVersion = `ERROR: Could not find a version that satisfies the requirement (from versions: none)
ERROR: No matching distribution found for tensorflow-cpu==2.21.0`;

// A folder of wheels filled by a machine with Python 3.13: any Python's will do.
test('if there is no wheel for Python 3.11, one for another Python is chosen', async () => {
  const other = wheelName.replaceAll('cp311', 'cp313');
  await pipIs(`case "$all" in
*"--python-version 3.13 --implementation cp --abi cp313 "*) : > "$folder/${other}";;
*) printf '%s\\n' '${noVersion}' >&2; exit 1;;
esac`);
  expect(path.basename(await download())).toBe(other);
});

// pip 23.2 and 26.3 with PIP_RETRIES=0: the terminal shows only `noVersion`, the log this line.
test.each([
  [
    "connection error: HTTPSConnectionPool(host='index.example', port=443): Max retries exceeded with url: /simple/tensorflow-cpu/ (Caused by ProxyError('Cannot connect to proxy.', NewConnectionError('...: Failed to establish a new connection: [Errno 111] Connection refused')))",
    `pip could not reach its package index to download TensorFlow: the proxy does not respond; correct or unset HTTPS_PROXY, HTTP_PROXY or PIP_PROXY, ${orName}`,
  ],
  [
    'proxy connection error: (Unable to connect to proxy, NewConnectionError("HTTPSConnection(host=127.0.0.1, port=9): Failed to establish a new connection: [Errno 111] Connection refused"))',
    `pip could not reach its package index to download TensorFlow: the proxy does not respond; correct or unset HTTPS_PROXY, HTTP_PROXY or PIP_PROXY, ${orName}`,
  ],
  [
    "connection error: HTTPSConnectionPool(host='index.example', port=443): Read timed out. (read timeout=15)",
    `pip could not reach its package index to download TensorFlow; connect to the network and run the command again, ${orName}`,
  ],
  [
    'There was a problem confirming the ssl certificate: [SSL: CERTIFICATE_VERIFY_FAILED] certificate verify failed: unable to get local issuer certificate (_ssl.c:1006)',
    `pip does not trust the certificate of its package index; give a certificate file with PIP_CERT, ${orName}`,
  ],
  [
    '404 Client Error: Not Found for url: https://example.org/simple/tensorflow-cpu/',
    `pip could not download TensorFlow: No matching distribution found for tensorflow-cpu==2.21.0; fix that, ${orName}`,
  ],
])('pip that gives no reason and logs %j', async (reason, message) => {
  const line = `2026-01-02T03:04:05,678 Could not fetch URL https://index.example/simple/tensorflow-cpu/: ${reason} - skipping`;
  const text = line.replaceAll("'", '');
  await pipIs(`while [ "$1" != --log ]; do shift; done
printf '%s\\n' '${text}' > "$2"; printf '%s\\n' '${noVersion}' >&2; exit 1`);
  await expect(download()).rejects.toThrow(new RunError(message));
});

test("another project's wheel is not mistaken for it", async () => {
  await pipIs(`: > "$folder/${wheelName}"`);
  const folder = await temporaryFolder();
  await fs.writeFile(path.join(folder, 'tensorflow-2.21.0-cp311-cp311-manylinux_2_27_x86_64.whl'), '');
  expect(await downloadWheel(source, folder, () => undefined)).toBe(path.join(folder, wheelName));
});

test.each([
  [
    'ERROR: Could not install packages due to an OSError: [Errno 28] No space left on device',
    'FOLDER: the disk is full; free some space, or set EMERGENCE_CACHE_DIR to a folder on another disk',
  ],
  [
    'WARNING: Looking\nERROR: Could not find a version (from versions: none)\nERROR: No matching distribution found for tensorflow-cpu==2.21.0\n[notice] A new release of pip is available',
    `pip could not download TensorFlow: No matching distribution found for tensorflow-cpu==2.21.0; fix that, ${orName}`,
  ],
  ['', `pip could not download TensorFlow: no reason given; fix that, ${orName}`],
])('pip that fails with %j', async (said, message) => {
  // printf is built into the shell.
  await pipIs(`printf '%s\\n' '${said}' >&2; exit 1`);
  const folder = await temporaryFolder();
  const error: unknown = await downloadWheel(source, folder, () => undefined).catch((reason: unknown) => reason);
  expect(error).toBeInstanceOf(RunError);
  expect((error as Error).message.replace(folder, 'FOLDER')).toBe(message);
  expect(await fs.readdir(folder)).toEqual([]);
});

test('pip is killed', async () => {
  await pipIs('kill -9 $$');
  await expect(download()).rejects.toThrow(
    new RunError('pip was killed by SIGKILL while downloading TensorFlow', undefined, 'run the command again'),
  );
});

test('leftovers of a killed pip are removed by the next download', async () => {
  await pipIs(`: > "$folder/${wheelName}"`);
  const folder = await temporaryFolder();
  await fs.mkdir(path.join(folder, 'incoming', 'x', 'pip-unpack-1'), { recursive: true });
  await downloadWheel(source, folder, () => undefined);
  expect(await fs.readdir(folder)).toEqual([wheelName]);
});

// The real pip, with a port on which nothing listens; without a second try it gives no reason on the terminal.
test.skipIf(findPip() === undefined).each(['0', '1'])('offline, tried again %s times', async (retries) => {
  vi.stubEnv('PIP_INDEX_URL', 'http://127.0.0.1:9/simple');
  vi.stubEnv('PIP_EXTRA_INDEX_URL', '');
  vi.stubEnv('PIP_FIND_LINKS', '');
  vi.stubEnv('PIP_CONFIG_FILE', '/dev/null');
  vi.stubEnv('PIP_RETRIES', retries);
  for (const name of ['http_proxy', 'HTTP_PROXY', 'all_proxy', 'ALL_PROXY']) vi.stubEnv(name, '');
  await expect(download()).rejects.toThrow(
    new RunError(
      'pip could not reach its package index to download TensorFlow',
      undefined,
      `connect to the network and run the command again, ${orName}`,
    ),
  );
});
