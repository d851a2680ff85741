/** `emergence watch` as the user sees it: a run is written epoch by epoch while a living process holds its lock. */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import * as fs from 'node:fs/promises';
import * as path from 'node:path';
import { beforeEach, expect, onTestFinished, test } from 'vitest';
import { encodeHistory } from '../../src/runs/history.js';
import { memberFolder, readMemberRecord, writeMemberRecord } from '../../src/runs/run.js';
import { holdLock, killHolder } from '../support/holders.js';
import { epochRecord, memberRecord, runRecord, temporaryFolder, writeSyntheticRun } from '../support/runs.js';
import { program } from '../support/program.js';

const key = { arch: 'cnn', width: 2, seed: 0 };

let root = '';
let folder = '';
beforeEach(async () => {
  root = await temporaryFolder();
  folder = path.join(root, 'checkpoints', 'lenet');
  const record = { dataset: { ...runRecord().dataset, testCount: 20 } };
  await writeSyntheticRun({ folder, record, widths: [1, 2], seeds: [0], accuracy: () => 0.5 });
});

/** Takes a member back to its first epoch; the returned function completes it again. */
async function unfinish(): Promise<() => Promise<void>> {
  const member = memberFolder(folder, key);
  const complete = (await readMemberRecord(member))!;
  const history = await fs.readFile(path.join(member, 'history.jsonl'));
  await writeEpochs(1);
  return async () => {
    await fs.writeFile(path.join(member, 'history.jsonl'), history);
    await writeMemberRecord(member, complete);
  };
}

async function writeEpochs(count: number): Promise<void> {
  const member = memberFolder(folder, key);
  const history = Array.from({ length: count }, (_, i) => epochRecord(i + 1));
  await fs.writeFile(path.join(member, 'history.jsonl'), encodeHistory(history));
  await writeMemberRecord(member, memberRecord(key, { status: 'training', epochsDone: count }));
}

interface Watcher {
  readonly child: ChildProcess;
  /** What has been written so far. */
  readonly output: { stdout: string; stderr: string };
  /** Resolves once the output matches. */
  readonly until: (pattern: RegExp) => Promise<RegExpExecArray>;
  readonly ended: Promise<number | null>;
}

function watch(...words: string[]): Watcher {
  return start(process.execPath, [program, 'watch', ...words]);
}

function start(file: string, words: readonly string[]): Watcher {
  const env = { ...process.env, TERM: 'xterm', NO_COLOR: '1' };
  const child = spawn(file, words, { cwd: root, env, stdio: ['ignore', 'pipe', 'pipe'] });
  onTestFinished(() => void child.kill('SIGKILL'));
  const output = { stdout: '', stderr: '' };
  child.stdout.setEncoding('utf8').on('data', (text: string) => (output.stdout += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => (output.stderr += text));
  const ended = once(child, 'close').then(() => child.exitCode);
  let isClosed = false;
  child.on('close', () => (isClosed = true));
  const until = async (pattern: RegExp) => {
    for (;;) {
      const found = pattern.exec(output.stdout);
      if (found !== null) return found;
      if (isClosed) throw new Error(`ended without ${pattern.source}: ${JSON.stringify(output)}`);
      await Promise.race([once(child.stdout, 'data'), ended]);
    }
  };
  return { child, output, until, ended };
}

test('prints a line per epoch until the run is complete', async () => {
  const complete = await unfinish();
  const trainer = await holdLock(folder);
  const { until, ended, output } = watch('lenet');
  await until(/^lenet: cnn on mnist, 1 of 2 members complete, training now, about /);
  await until(/cnn-w2-s0 {2}epoch 1\/\d+ {2}loss 1\.0000 {2}accuracy 50\.00 % {2}12\.3k ex\/s {2}ETA /);
  await writeEpochs(2);
  await until(/cnn-w2-s0 {2}epoch 2\/\d+ {2}loss 0\.5000 /);
  await complete();
  await until(/cnn-w2-s0 .* complete\n/);
  await killHolder(trainer);
  expect(await ended).toBe(0);
  expect(output.stderr).toBe('');
  expect(output.stdout).toMatch(/lenet: cnn on mnist, 2 of 2 members complete, the run is complete\n$/);
});

test.each<string[]>([[], ['--json'], ['--page']])(
  'a damaged run that nothing trains ends it with an error %j',
  async (...words) => {
    await fs.rm(path.join(memberFolder(folder, key), 'outcomes.parquet'));
    const { ended, output } = watch('lenet', ...words);
    expect(await ended).toBe(1);
    expect(output.stderr).toBe(
      'error: lenet: cnn-w2-s0 is damaged, and nothing is training the run; npm run train -- --run lenet trains what is missing, or says what to restore or delete\n',
    );
    expect(output.stdout).toMatch(
      words.includes('--json') ? /"status":"damaged"/ : /damaged: npm run runs shows where\n/,
    );
  },
);

test.each([
  ['SIGINT', 130],
  ['SIGTERM', 143],
] as const)('%s ends it with exit code %i and leaves the run unchanged', async (signal, exitCode) => {
  await unfinish();
  const before = await fs.readdir(folder, { recursive: true });
  const { child, until, ended, output } = watch('lenet');
  await until(/stopped: no process is training it\n.*epoch 1/s);
  child.kill(signal);
  expect(await ended).toBe(exitCode);
  expect(output.stderr).toBe('');
  expect(await fs.readdir(folder, { recursive: true })).toEqual(before);
});

test('on a terminal the view is redrawn in place, and the cursor comes back', async () => {
  await unfinish();
  // Python's pty, as Node has none.
  const script = 'import pty, sys; sys.exit(pty.spawn(sys.argv[1:]) >> 8)';
  const complete = start('python3', ['-c', script, process.execPath, program, 'watch', 'lenet']);
  await complete.until(
    /\u001b\[\?25l\r\u001b\[Jlenet: .*cnn-w1-s0 █{20} .*cnn-w2-s0 █*░+ epoch 1.*\u001b\[3A\r\u001b\[J/s,
  );
  await fs.rm(folder, { recursive: true });
  expect(await complete.ended).toBe(1);
  expect(complete.output.stdout).toMatch(
    /\u001b\[\?25herror: .*there is no longer a run here: run\.json is missing\r\n$/,
  );
});

test('--page listens on loopback with a token and sends events until the run is complete', async () => {
  const complete = await unfinish();
  const { until, ended, output } = watch('lenet', '--page');
  const [, url] = await until(
    /^open (http:\/\/127\.0\.0\.1:\d+\/[\w-]{32}\/) in a browser on this machine; Ctrl-C stops it\n/,
  );
  expect((await fetch(url!)).status).toBe(200);
  expect((await fetch(new URL('/', url))).status).toBe(403);
  const events = await fetch(new URL('events', url));
  let heard = '';
  for await (const chunk of events.body!.pipeThrough(new TextDecoderStream())) {
    // The run is completed once the page knows that it is not, and then the stream ends by itself.
    const isFirst = !/^data: /m.test(heard);
    heard += chunk;
    if (isFirst && /^data: /m.test(heard)) await complete();
  }
  expect(await ended).toBe(0);
  const messages = [...heard.matchAll(/^data: (.+)$/gm)].map(([, data]) => JSON.parse(data!) as object);
  expect(messages[0]).toMatchObject({ run: 'lenet', complete: 1, status: 'stopped' });
  expect(messages.at(-2)).toMatchObject({ complete: 2, status: 'complete' });
  expect(heard).toMatch(/event: end\ndata: \{\}\n\n$/);
  expect(output.stderr).toBe('');
});

test('a run that is already complete is shown once, and no page is opened', async () => {
  const { ended, output } = watch('lenet', '--page');
  expect(await ended).toBe(0);
  expect(output.stdout).toMatch(/^lenet: cnn on mnist, 2 of 2 members complete, the run is complete\n/);
  expect(output.stdout).not.toContain('http');
});

test.each([
  [['lenett'], /^error: RUN: "lenett" is neither a run in checkpoints nor .*; did you mean lenet\?\n$/],
  [[], /^error: missing required argument 'run' \(a run: its name, listed by `npm run runs`, or its folder\)\n$/],
  [['lenet', '--port', '80'], /^error: --port: needs --page; add --page\n$/],
  [['lenet', '--page', '--port', '99999'], /^error: --port: 99999 is more than 65535\n$/],
  [['lenet', '--page', '--port', 'x'], /^error: --port: "x" is not a whole number/],
])('bad input is one line with exit code 2: %j', async (words, line) => {
  const { ended, output } = watch(...words);
  expect([await ended, output.stdout]).toEqual([2, '']);
  expect(output.stderr).toMatch(line);
});
