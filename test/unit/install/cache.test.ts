import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import * as fsSync from 'node:fs';
import * as fs from 'node:fs/promises';
import * as path from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { publishFolder, writeCacheFile, type Publication } from '../../../src/install/cache.js';
import { RunError } from '../../../src/terminal/errors.js';
import { nextWords } from '../../support/processes.js';
import { temporaryFolder } from '../../support/runs.js';

const whole = (target: string) =>
  fs.access(path.join(target, 'last')).then(
    () => true,
    () => false,
  );

/** Publishes two files, collecting the messages in `said`; returns how often it was made. */
async function publish(target: string, changes: Partial<Publication> = {}): Promise<{ made: number; said: string[] }> {
  const result = { made: 0, said: [] as string[] };
  await publishFolder({
    target,
    isWhole: () => whole(target),
    progress: (line) => result.said.push(line),
    make: async (folder) => {
      result.made++;
      await fs.writeFile(path.join(folder, 'first'), 'here');
      await fs.writeFile(path.join(folder, 'last'), 'here');
    },
    ...changes,
  });
  return result;
}

/** A process that publishes, appends a line to `log` when it makes, and finishes once there is a file `LOG.done`. */
function maker(target: string, log: string): ChildProcess {
  const module = path.resolve(import.meta.dirname, '../../../src/install/cache.ts');
  const program = `
    import * as fs from 'node:fs';
    const { publishFolder } = await import(${JSON.stringify(module)});
    await publishFolder({
      target: ${JSON.stringify(target)},
      isWhole: () => Promise.resolve(fs.existsSync(${JSON.stringify(path.join(target, 'last'))})),
      progress: (line) => console.log(line),
      make: async (folder) => {
        fs.appendFileSync(${JSON.stringify(log)}, 'made\\n');
        fs.writeFileSync(folder + '/first', 'here');
        console.log('making');
        while (!fs.existsSync(${JSON.stringify(`${log}.done`)})) await new Promise((resolve) => setTimeout(resolve, 20));
        fs.writeFileSync(folder + '/last', 'here');
      },
    });
    console.log('there: ' + fs.readFileSync(${JSON.stringify(path.join(target, 'last'))}, 'utf8'));`;
  const child = spawn(process.execPath, ['--import', 'tsx', '--input-type=module', '-e', program], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  onTestFinished(() => void child.kill('SIGKILL'));
  child.stdout.setEncoding('utf8');
  return child;
}

/** All that a process prints until it ends. */
async function outputOf(child: ChildProcess): Promise<string> {
  let text = '';
  child.stdout!.on('data', (chunk: string) => (text += chunk));
  await once(child, 'close');
  return text;
}

test('a result appears whole and is made once', async () => {
  const target = path.join(await temporaryFolder(), 'deep', 'thing');
  expect(await publish(target)).toEqual({ made: 1, said: [] });
  expect((await fs.readdir(target)).sort()).toEqual(['first', 'last']);
  expect(await publish(target)).toEqual({ made: 0, said: [] });
  expect(await fs.readdir(path.dirname(target))).toEqual(['thing']);
});

test('a failing maker leaves nothing, and the next one makes it', async () => {
  const target = path.join(await temporaryFolder(), 'thing');
  const failing = async (folder: string): Promise<void> => {
    await fs.writeFile(path.join(folder, 'first'), 'half');
    throw new RunError('no network');
  };
  await expect(publish(target, { make: failing })).rejects.toThrow(new RunError('no network'));
  expect(await fs.readdir(path.dirname(target))).toEqual([]);
  expect(await publish(target)).toEqual({ made: 1, said: [] });
});

test('an incomplete folder is made again', async () => {
  const target = path.join(await temporaryFolder(), 'thing');
  await fs.mkdir(target);
  await fs.writeFile(path.join(target, 'stray'), '');
  expect(await publish(target)).toEqual({ made: 1, said: [] });
  expect((await fs.readdir(target)).sort()).toEqual(['first', 'last']);
});

test('of two concurrent processes one makes it; the other waits, says for whom, and uses it', async () => {
  const folder = await temporaryFolder();
  const [target, log] = [path.join(folder, 'cache', 'thing'), path.join(folder, 'log')];
  const children = [maker(target, log), maker(target, log)];
  for (const { stdout } of children)
    stdout!.on('data', (text: string) => {
      if (text.includes('waiting')) fsSync.writeFileSync(`${log}.done`, '');
    });
  const outputs = await Promise.all(children.map(outputOf));
  expect(children.map(({ exitCode }) => exitCode)).toEqual([0, 0]);
  expect(await fs.readFile(log, 'utf8')).toBe('made\n');
  for (const output of outputs) expect(output).toMatch(/there: here\n$/);
  const first = outputs.findIndex((output) => output.includes('making'));
  expect(outputs[1 - first]).toContain(`waiting for process ${children[first]!.pid!}, which is building ${target}\n`);
  expect(await fs.readdir(path.dirname(target))).toEqual(['thing']);
});

test('leftovers of a killed process are removed at once', async () => {
  const folder = await temporaryFolder();
  const [target, log] = [path.join(folder, 'cache', 'thing'), path.join(folder, 'log')];
  const child = maker(target, log);
  await nextWords(child);
  child.kill('SIGKILL');
  await once(child, 'exit');
  const left = await fs.readdir(path.dirname(target));
  expect(left.filter((name) => /^thing\.(lock|.*\.tmp)$/.test(name))).toHaveLength(2);

  // A lock judged only by its age would be waited for.
  expect(await publish(target)).toEqual({ made: 1, said: [] });
  expect(await fs.readdir(path.dirname(target))).toEqual(['thing']);
});

test.skipIf(process.platform !== 'linux')('a full disk is one error line', async () => {
  const target = path.join(await temporaryFolder(), 'thing');
  // Every write to this device fails as on a full disk.
  const make = () => fs.writeFile('/dev/full', 'x');
  await expect(publish(target, { make })).rejects.toThrow(
    new RunError('the disk is full', target, 'free some space, or set EMERGENCE_CACHE_DIR to a folder on another disk'),
  );
});

test('a file in place of the cache folder is one error line', async () => {
  const file = path.join(await temporaryFolder(), 'file');
  await fs.writeFile(file, '');
  const remedy = 'set EMERGENCE_CACHE_DIR to a folder that can be written';
  const target = path.join(file, 'runtime', 'thing');
  await expect(publish(target)).rejects.toThrow(
    new RunError('a part of the path is a file, not a folder', target, remedy),
  );
  const note = path.join(file, 'note.json');
  await expect(writeCacheFile(note, '{}')).rejects.toThrow(
    new RunError('a part of the path is a file, not a folder', note, remedy),
  );
});

test.skipIf(process.getuid?.() === 0)("another user's folder is one error line", async () => {
  const folder = await temporaryFolder();
  await fs.chmod(folder, 0o500);
  const target = path.join(folder, 'thing');
  await expect(publish(target)).rejects.toThrow(
    new RunError('no permission to write', target, 'set EMERGENCE_CACHE_DIR to a folder that can be written'),
  );
});

test('a small file is replaced whole', async () => {
  const file = path.join(await temporaryFolder(), 'a', 'note.json');
  await writeCacheFile(file, '1');
  await writeCacheFile(file, '2');
  expect(await fs.readFile(file, 'utf8')).toBe('2');
  expect(await fs.readdir(path.dirname(file))).toEqual(['note.json']);
});
