import { spawn } from 'node:child_process';
import * as fs from 'node:fs';
import { createRequire } from 'node:module';
import * as os from 'node:os';
import * as path from 'node:path';
import { pathToFileURL } from 'node:url';
import { expect, test } from 'vitest';
import { isRunning, nextWords, until } from '../../support/processes.js';

test("a busy worker dies with its parent, and not from the terminal's Ctrl-C", async () => {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'emergence-orphan-'));
  const tsx = pathToFileURL(createRequire(import.meta.url).resolve('tsx')).href;
  const orphan = pathToFileURL(path.resolve(import.meta.dirname, '../../../src/training/orphan.ts')).href;
  const worker = path.join(folder, 'worker.mts');
  // Its event loop never gets a turn again, as in a long native call.
  fs.writeFileSync(
    worker,
    `import { endWithParent } from '${orphan}'; endWithParent(); console.log(process.pid); for (;;);`,
  );
  const parentSource = `
    const child = require('node:child_process').spawn(process.execPath, ['--import', '${tsx}', '${worker}'],
      { env: { ...process.env, EMERGENCE_PARENT: String(process.pid) }, stdio: ['ignore', 'inherit', 'inherit'] });
    setInterval(() => {}, 1000);`;
  const parent = spawn(process.execPath, ['-e', parentSource], { stdio: ['ignore', 'pipe', 'inherit'] });
  const pid = Number(await nextWords(parent));
  try {
    process.kill(pid, 'SIGINT');
    expect(await until(() => !isRunning(pid), 1200)).toBe(false);
    parent.kill('SIGKILL');
    expect(await until(() => !isRunning(pid), 30_000)).toBe(true);
  } finally {
    if (isRunning(pid)) process.kill(pid, 'SIGKILL');
    fs.rmSync(folder, { recursive: true, maxRetries: 10 });
  }
});
