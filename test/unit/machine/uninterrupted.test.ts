import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createRequire } from 'node:module';
import * as path from 'node:path';
import { text } from 'node:stream/consumers';
import { pathToFileURL } from 'node:url';
import { expect, test } from 'vitest';

const tsx = pathToFileURL(createRequire(import.meta.url).resolve('tsx')).href;
const source = pathToFileURL(path.resolve(import.meta.dirname, '../../../src/machine/uninterrupted.ts')).href;

/** A process that writes, and says so; `writes` resolves after a line on its standard input. */
async function writing(before = '') {
  const script = `
    import { once } from 'node:events';
    import { cleanedUp, uninterrupted } from '${source}';
    ${before}
    await uninterrupted(async () => {
      await uninterrupted(async () => { console.log('begun'); await once(process.stdin, 'data'); });
      console.log('written');
    });
    await new Promise((resolve) => setTimeout(resolve, 20));
    console.log('ends');
    process.exit(0);`;
  const words = ['--import', tsx, '--input-type=module', '-e', script];
  const child = spawn(process.execPath, words, { stdio: ['pipe', 'pipe', 'inherit'] });
  const ended = Promise.all([text(child.stdout), once(child, 'close')]);
  await once(child.stdout, 'data', { signal: AbortSignal.timeout(60_000) });
  return {
    child,
    end: async () => {
      const [told] = await ended;
      return { told: told.replaceAll('\n', ' '), code: child.exitCode, signal: child.signalCode };
    },
  };
}

test('a signal ends the program only after a write, and all that encloses it, has finished', async () => {
  const { child, end } = await writing();
  child.kill('SIGINT');
  child.stdin.end('on\n');
  expect(await end()).toEqual({ told: expect.stringMatching(/written $/) as string, code: null, signal: 'SIGINT' });
});

test('without a signal the program continues', async () => {
  const { child, end } = await writing();
  child.stdin.end('on\n');
  expect(await end()).toMatchObject({ told: expect.stringMatching(/written ends $/) as string, code: 0 });
});

test('a second signal ends a hanging write; a command that handles signals itself gets only its own', async () => {
  const hanging = await writing();
  // Two that arrive before it is told of the first count as one.
  const knocking = setInterval(() => hanging.child.kill('SIGTERM'), 20);
  const ended = await hanging.end();
  clearInterval(knocking);
  expect(ended).toMatchObject({ code: null, signal: 'SIGTERM' });
  const stopping = await writing("let heard = 0; process.on('SIGINT', () => console.log('heard', ++heard));");
  stopping.child.kill('SIGINT');
  await once(stopping.child.stdout, 'data');
  stopping.child.stdin.end('on\n');
  expect(await stopping.end()).toMatchObject({
    told: expect.stringMatching(/heard 1 written ends $/) as string,
    code: 0,
  });
});

test('a signal releases what is held, but not what was already released', async () => {
  const held = await writing("cleanedUp(() => console.log('let go')); cleanedUp(() => console.log('never'))();");
  held.child.kill('SIGHUP');
  held.child.stdin.end('on\n');
  expect(await held.end()).toEqual({
    told: expect.stringMatching(/written let go $/) as string,
    code: null,
    signal: 'SIGHUP',
  });
});
