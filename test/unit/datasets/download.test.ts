/** Downloads from a real server on this machine: one that serves ranges, one that does not, and ones that fail in every way. */
import { createHash } from 'node:crypto';
import { statSync } from 'node:fs';
import * as fs from 'node:fs/promises';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import * as path from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import type { RemoteFile } from '../../../src/datasets/dataset.js';
import { download, fetchDatasets } from '../../../src/datasets/download.js';
import { Random } from '../../../src/statistics/random.js';
import { mistakeOf } from '../../support/pictures.js';
import { until } from '../../support/processes.js';
import { temporaryFolder } from '../../support/runs.js';

const random = Random.named(0, 'download');
const content = Buffer.from(Uint8Array.from({ length: 300_000 }, () => random.integer(256)));

type Answer = (request: IncomingMessage, response: ServerResponse, count: number) => void;

/** Serves answers until the test ends; `ranges` are the requested ones, '' for the whole. */
async function serve(answer: Answer): Promise<{ url: string; ranges: string[] }> {
  const ranges: string[] = [];
  const server = createServer((request, response) => {
    ranges.push(request.headers.range ?? '');
    answer(request, response, ranges.length);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/a.bin`, ranges };
}

/** Like a good server; after `limit` bytes the connection breaks. */
function sendRange(request: IncomingMessage, response: ServerResponse, limit = Infinity): void {
  const begin = Number(/^bytes=(\d+)-$/.exec(request.headers.range ?? '')?.[1] ?? 0);
  const rest = content.subarray(begin);
  const range = { 'content-range': `bytes ${begin}-${content.length - 1}/${content.length}` };
  response.writeHead(begin === 0 ? 200 : 206, { 'content-length': rest.length, ...(begin === 0 ? {} : range) });
  if (limit >= rest.length) response.end(rest);
  else response.write(rest.subarray(0, limit), () => setTimeout(() => response.destroy(), 20));
}

function remoteAt(url: string, changes: Partial<RemoteFile> = {}): RemoteFile {
  const sha256 = createHash('sha256').update(content).digest('hex');
  return { name: 'a.bin', url, sizeBytes: content.length, sha256, ...changes };
}

const sizeOf = (file: string) => statSync(file, { throwIfNoEntry: false })?.size;

const waits = { lost: [1, 1, 1, 1], none: [1, 1] };

async function run(remote: RemoteFile, folder: string): Promise<{ error: string; lines: string[] }> {
  const lines: string[] = [];
  const error = await mistakeOf(download(remote, folder, { onProgress: (line) => lines.push(line), waits }));
  return { error: error.replaceAll(folder, 'FOLDER').replaceAll(remote.url, 'URL'), lines };
}

test('a file arrives whole, under its name, and alone; a second fetch makes no request', async () => {
  const folder = path.join(await temporaryFolder(), 'new', 'folder');
  const { url, ranges } = await serve((request, response) => {
    sendRange(request, response);
  });
  const { error, lines } = await run(remoteAt(url), folder);
  expect(error).toBe('accepted');
  expect(lines).toEqual([`a.bin: downloading 300 kB from ${url}`, 'a.bin: 300 kB, SHA-256 verified']);
  expect(await fs.readFile(path.join(folder, 'a.bin'))).toEqual(content);
  expect(await fs.readdir(folder)).toEqual(['a.bin']);
  expect((await run(remoteAt(url), folder)).lines).toEqual(['a.bin: already downloaded, SHA-256 verified']);
  expect(ranges).toEqual(['']);
});

describe('an existing file is used', () => {
  test('after each of two broken connections the download resumes where it stopped', async () => {
    const folder = await temporaryFolder();
    const { url, ranges } = await serve((request, response, count) => {
      sendRange(request, response, count < 3 ? 100_000 : Infinity);
    });
    const { error, lines } = await run(remoteAt(url), folder);
    expect(error).toBe('accepted');
    expect(ranges).toEqual(['', 'bytes=100000-', 'bytes=200000-']);
    expect(await fs.readFile(path.join(folder, 'a.bin'))).toEqual(content);
    expect(lines).toContain(`a.bin: resuming at 100 kB of 300 kB from ${url}`);
  });

  test('resumes the part that a killed process left', async () => {
    const folder = await temporaryFolder();
    await fs.writeFile(path.join(folder, 'a.bin.part'), content.subarray(0, 123_456));
    const { url, ranges } = await serve((request, response) => {
      sendRange(request, response);
    });
    expect((await run(remoteAt(url), folder)).error).toBe('accepted');
    expect(ranges).toEqual(['bytes=123456-']);
    expect(await fs.readFile(path.join(folder, 'a.bin'))).toEqual(content);
  });

  test('a complete part requests nothing', async () => {
    const folder = await temporaryFolder();
    await fs.writeFile(path.join(folder, 'a.bin.part'), content);
    expect((await run(remoteAt('http://127.0.0.1:9/'), folder)).error).toBe('accepted');
    expect(await fs.readdir(folder)).toEqual(['a.bin']);
  });

  test('a server without ranges sends the whole file again', async () => {
    const folder = await temporaryFolder();
    await fs.writeFile(path.join(folder, 'a.bin.part'), 'something of a former try');
    const { url, ranges } = await serve((_, response) => {
      response.end(content);
    });
    expect((await run(remoteAt(url), folder)).error).toBe('accepted');
    expect(ranges).toEqual(['bytes=25-']);
    expect(await fs.readFile(path.join(folder, 'a.bin'))).toEqual(content);
  });

  test('a file placed by the user is checked; a wrong one is named and left alone', async () => {
    const folder = await temporaryFolder();
    const file = path.join(folder, 'a.bin');
    await fs.writeFile(file, content);
    expect((await run(remoteAt('http://127.0.0.1:9/'), folder)).error).toBe('accepted');
    await fs.writeFile(file, content.with(7, content[7]! ^ 1));
    expect((await run(remoteAt('http://127.0.0.1:9/'), folder)).error).toMatch(
      /^RunError: FOLDER\/a\.bin: has the SHA-256 \w{12}\.\.\., but \w{12}\.\.\. is published; delete it, and run the same command again$/,
    );
    expect(await fs.readdir(folder)).toEqual(['a.bin']);
  });
});

describe('wrong content is never kept under the final name', () => {
  const byHand = 'if you have the file from elsewhere, copy it there and run the same command again to verify it';

  test('other bytes of the same size', async () => {
    const folder = await temporaryFolder();
    const { url } = await serve((_, response) => {
      response.end(Buffer.alloc(content.length));
    });
    expect((await run(remoteAt(url), folder)).error).toMatch(
      /^RunError: FOLDER\/a\.bin: the file downloaded from URL has the SHA-256 \w{12}\.\.\., but \w{12}\.\.\. is published; it was deleted; run the command again$/,
    );
    expect(await fs.readdir(folder)).toEqual([]);
  });

  test('another size, announced', async () => {
    const folder = await temporaryFolder();
    const { url } = await serve((_, response) => {
      response.writeHead(200, { 'content-length': 5 }).end('login');
    });
    expect((await run(remoteAt(url), folder)).error).toBe(
      `RunError: FOLDER/a.bin: can't be downloaded from URL: the server's file has 5 bytes, but the published size is 300000; ${byHand}`,
    );
    expect(await fs.readdir(folder)).toEqual([]);
  });

  test('too many bytes, unannounced', async () => {
    const folder = await temporaryFolder();
    const { url } = await serve((_, response) => {
      response.write(content);
      response.end('and more');
    });
    expect((await run(remoteAt(url), folder)).error).toBe(
      `RunError: FOLDER/a.bin: can't be downloaded from URL: the server sent more than the published 300000 bytes; ${byHand}`,
    );
    expect(await fs.readdir(folder)).toEqual([]);
  });

  test('a range other than the requested one', async () => {
    const folder = await temporaryFolder();
    await fs.writeFile(path.join(folder, 'a.bin.part'), content.subarray(0, 100));
    const { url } = await serve((_, response) => {
      response.writeHead(206, { 'content-range': `bytes 0-299999/300000` }).end(content);
    });
    expect((await run(remoteAt(url), folder)).error).toBe(
      `RunError: FOLDER/a.bin: can't be downloaded from URL: the server sends "bytes 0-299999/300000" of a file with 300000 bytes; ${byHand}`,
    );
  });

  test('404 fails at once, 503 after several tries', async () => {
    const folder = await temporaryFolder();
    const gone = await serve((_, response) => {
      response.writeHead(404).end();
    });
    expect((await run(remoteAt(gone.url), folder)).error).toBe(
      `RunError: FOLDER/a.bin: can't be downloaded from URL: the server answers 404 Not Found; ${byHand}`,
    );
    expect(gone.ranges).toHaveLength(1);
    const busy = await serve((request, response, count) => {
      if (count < 3) response.writeHead(503).end();
      else sendRange(request, response);
    });
    expect((await run(remoteAt(busy.url), folder)).error).toBe('accepted');
  });
});

test('no server answers: one line with the address, the folder, and what to do without a network', async () => {
  const folder = await temporaryFolder();
  // Port 9 (discard) is closed here.
  const { error } = await run(remoteAt('http://127.0.0.1:9/a.bin'), folder);
  expect(error).toMatch(
    /^RunError: FOLDER\/a\.bin: can't be downloaded from URL \(.+\); run the command again later, or copy the file there yourself and run it again to verify it$/,
  );
  expect(await fs.readdir(folder)).toEqual([]);
});

test('after too many broken connections it gives up and keeps the part for the next time', async () => {
  const folder = await temporaryFolder();
  const { url, ranges } = await serve((request, response, count) => {
    sendRange(request, response, count === 1 ? 1000 : 0);
  });
  const { error } = await run(remoteAt(url), folder);
  expect(error).toMatch(/can't be downloaded from URL \(.+\); run the command again later/);
  expect(ranges).toHaveLength(5);
  expect(await fs.readFile(path.join(folder, 'a.bin.part'))).toEqual(content.subarray(0, 1000));
});

test('Ctrl-C leaves the part and no lock', async () => {
  const folder = await temporaryFolder();
  const controller = new AbortController();
  const { url } = await serve((_, response) => {
    response.writeHead(200, { 'content-length': content.length });
    response.write(content.subarray(0, 50_000));
    const arrived = () => sizeOf(path.join(folder, 'a.bin.part')) === 50_000;
    void until(arrived, 60_000).then(() => {
      controller.abort();
    });
  });
  const work = download(remoteAt(url), folder, { onProgress: () => undefined, signal: controller.signal, waits });
  expect(await mistakeOf(work)).toBe(
    `RunError: ${folder}/a.bin: is not completely downloaded; run the same command again to resume`,
  );
  expect(await fs.readdir(folder)).toEqual(['a.bin.part']);
  expect(await fs.readFile(path.join(folder, 'a.bin.part'))).toEqual(content.subarray(0, 50_000));
});

test('of two concurrent fetches one downloads, and the other says so', async () => {
  const folder = await temporaryFolder();
  // The answer arrives once one of them has given up.
  const answers: (() => void)[] = [];
  const { url, ranges } = await serve((request, response) => {
    answers.push(() => {
      sendRange(request, response);
    });
  });
  const both = [run(remoteAt(url), folder), run(remoteAt(url), folder)] as const;
  await Promise.race(both);
  expect(await until(() => answers.length > 0, 60_000)).toBe(true);
  for (const answer of answers) answer();
  const [first, second] = await Promise.all(both);
  expect([first.error, second.error].sort()).toEqual([
    `RunError: FOLDER/a.bin: is being downloaded by process ${process.pid}; wait until it has finished`,
    'accepted',
  ]);
  expect(ranges).toHaveLength(1);
});

describe('by name', () => {
  test('what ships with the program needs no fetching', async () => {
    const lines: string[] = [];
    await fetchDatasets(['mnist', 'shapes'], '/nowhere', { onProgress: (line) => lines.push(line) });
    expect(lines).toEqual(['mnist: included, nothing to download', 'shapes: included, nothing to download']);
  });

  test('all names are checked first', async () => {
    const fetchAll = (...names: string[]) =>
      mistakeOf(fetchDatasets(names, '/nowhere', { onProgress: () => undefined }));
    expect(await fetchAll('cifar10', 'cifar11')).toMatch(
      /^UsageError: fetch: "cifar11" is not a dataset; did you mean cifar10\?/,
    );
    expect(await fetchAll('images:x')).toBe(
      'UsageError: fetch: images:PATH names your own files; there is nothing to download',
    );
  });
});
