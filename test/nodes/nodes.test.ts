/**
 * The lab on the oldest Node it supports and on the newest of each line since, in processes as a user starts them: every architecture
 * trains to the bits of the Node that runs the tests, and doctor finds no problem. npm provides the Nodes.
 */
import { execFileSync, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import * as fs from 'node:fs';
import * as os from 'node:os';
import * as path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Finding } from '../../src/install/diagnosis.js';
import { architectures } from '../../src/experiment/architectures.js';
import packageJson from '../../package.json' with { type: 'json' };

const root = path.resolve(import.meta.dirname, '../..');
const program = path.join(root, 'bin', 'emergence.js');

/** The oldest is the one in package.json. */
const versions = ['20.12.0', '22.23.3', '24.21.0', '26.10.0'];

/** Kept until the next `npm ci`. */
const shelf = path.join(root, 'node_modules', '.cache', 'nodes');

/** The binary from npm's package for this platform, the one that npm's package `node` would choose. */
function nodeOf(version: string): string {
  const folder = path.join(shelf, version);
  const project = `node-${process.platform}-${process.arch}`;
  const node = path.join(folder, 'node_modules', project, 'bin', 'node');
  if (!fs.existsSync(node)) {
    fs.mkdirSync(folder, { recursive: true });
    const words = ['install', '--prefix', folder, '--ignore-scripts', '--no-audit', '--no-fund', '--no-package-lock'];
    execFileSync('npm', [...words, `${project}@${version}`], { stdio: ['ignore', 'ignore', 'inherit'] });
  }
  return node;
}

let folder = '';
beforeAll(() => {
  folder = fs.mkdtempSync(path.join(os.tmpdir(), 'emergence-nodes-'));
});
afterAll(() => {
  fs.rmSync(folder, { recursive: true });
});

/** What a Node has announced to remove is found here while it still works. */
const strict = '--throw-deprecation --pending-deprecation';

/** Trains in a folder of this name, with every kernel in a graph, and returns the SHA-256 of each file. */
function trained(node: string, name: string, arch: string): Record<string, string> {
  const cwd = path.join(folder, name);
  fs.mkdirSync(cwd, { recursive: true });
  const size = ['--widths', '4', '--train-size', '512', '--test-size', '100', '--epochs', '2', '--threads', '1'];
  // A learning rate for each step and a rotation for each image use JavaScript's cosine and TensorFlow's.
  const more = ['--schedule', 'cosine', '--augment-rotation', '10', '--tensorboard'];
  const words = ['train', '--arch', arch, '--dataset', 'shapes', ...size, ...more, '--run', arch];
  const { status, stderr } = spawnSync(node, [program, ...words], {
    cwd,
    encoding: 'utf8',
    env: { ...process.env, NODE_OPTIONS: strict },
  });
  expect({ status, stderr: status === 0 ? '' : stderr }).toEqual({ status: 0, stderr: '' });
  const member = path.join(cwd, 'checkpoints', arch, 'members', `${arch}-w4-s0`);
  return Object.fromEntries(
    ['weights.safetensors', 'outcomes.parquet'].map((file) => [
      file,
      createHash('sha256')
        .update(fs.readFileSync(path.join(member, file)))
        .digest('hex'),
    ]),
  );
}

test('the oldest Node tested is the oldest that package.json names', () => {
  expect(packageJson.engines.node).toBe(`>=${versions[0]!.replace(/\.0$/, '')}`);
});

const reference = new Map<string, Record<string, string>>();

describe.each(versions)('Node %s', (version) => {
  let node = '';
  beforeAll(() => {
    node = nodeOf(version);
  });

  test('runs the requested version', () => {
    expect(execFileSync(node, ['--version'], { encoding: 'utf8' }).trim()).toBe(`v${version}`);
  });

  test.each(architectures)('%s: the same bits as under the Node that runs the tests', (arch) => {
    const expected = reference.get(arch) ?? trained(process.execPath, 'reference', arch);
    reference.set(arch, expected);
    expect(trained(node, version, arch)).toEqual(expected);
  });

  test('doctor finds no problem, after a training step', () => {
    const { status, stdout } = spawnSync(node, [program, 'doctor', '--json'], { cwd: folder, encoding: 'utf8' });
    const { findings } = JSON.parse(stdout) as { findings: Finding[] };
    expect(findings.filter((each) => each.status === 'problem')).toEqual([]);
    expect(findings.find(({ subject }) => subject === 'training')?.status).toBe('ok');
    expect(status).toBe(0);
  });
});
