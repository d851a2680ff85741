/**
 * Downloads of published files. Data goes to `NAME.part`, from which a later attempt resumes; only a file with the
 * published size and SHA-256 gets the name NAME. A file that the user put there is checked in the same way.
 */
import * as fs from 'node:fs/promises';
import * as path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { diskError } from '../machine/disk-errors.js';
import { createFolder } from '../machine/files.js';
import { lockFileOf, tryLock } from '../machine/lock.js';
import { processText } from '../machine/owner.js';
import { codeOf, messageOf, RunError, UsageError } from '../terminal/errors.js';
import { formatBytes } from '../terminal/format.js';
import type { RemoteFile } from './dataset.js';
import { fileState } from './files/known.js';
import { parseDatasetName } from './index.js';

export interface DownloadOptions {
  readonly onProgress: (line: string) => void;
  readonly signal?: AbortSignal | undefined;
  /** Waits between attempts, in milliseconds. */
  readonly waits?: Waits | undefined;
}

/** `lost`: after an attempt that received data, which restarts this list; `none`: before any data was received. */
interface Waits {
  readonly lost: readonly number[];
  readonly none: readonly number[];
}

const defaultWaits: Waits = { lost: [1000, 3000, 10_000, 30_000, 60_000], none: [1000, 3000] };
/** A server that sends nothing for this long is treated as gone. */
const silenceMilliseconds = 60_000;
const sayAgainMilliseconds = 3000;

/** Downloads the files of some datasets to `dataDir`, a folder for each. All names are checked before anything is fetched. */
export async function fetchDatasets(
  names: readonly string[],
  dataDir: string,
  options: DownloadOptions,
): Promise<void> {
  const sources = names.map((name) => parseDatasetName(name, 'fetch').source);
  const own = sources.find(({ name }) => name.endsWith(':'));
  if (own !== undefined)
    throw new UsageError(`${own.name}PATH names your own files`, 'fetch', 'there is nothing to download');
  for (const { name, files } of sources) {
    if (files?.kind !== 'downloaded') options.onProgress(`${name}: included, nothing to download`);
    else for (const file of files.files) await download(file, path.join(dataDir, name), options);
  }
}

/**
 * Makes sure that a file is in `folder`, which is created if needed.
 *
 * @throws RunError, one line, if that fails: no network, a response that is not the file, another process downloading it, a full
 * disk, the signal
 */
export async function download(remote: RemoteFile, folder: string, options: DownloadOptions): Promise<void> {
  const file = path.join(folder, remote.name);
  await createFolder(folder);
  const unlock = await lock(file);
  try {
    const state = await fileState(file, remote);
    if (state === 'whole') {
      options.onProgress(`${remote.name}: already downloaded, SHA-256 verified`);
      return;
    }
    if (state !== 'missing') throw new RunError(state.fault, file, 'delete it, and run the same command again');
    await fetchAll({ remote, file, part: `${file}.part`, ...options });
  } finally {
    await unlock();
  }
}

async function lock(file: string): Promise<() => Promise<void>> {
  // If the lock is lost, the worst that two downloads of the same file can do to each other is a wrong hash at the end.
  const attempt = await tryLock(lockFileOf(file)).catch((error: unknown) => {
    throw diskError(error, file);
  });
  if ('held' in attempt) return attempt.held.release;
  throw new RunError(`is being downloaded by ${processText(attempt.busy)}`, file, 'wait until it has finished');
}

interface Fetching extends DownloadOptions {
  readonly remote: RemoteFile;
  readonly file: string;
  readonly part: string;
}

async function fetchAll(fetching: Fetching): Promise<void> {
  const { remote, file, part, signal, waits = defaultWaits } = fetching;
  let [failures, hasCome] = [0, false];
  while ((await sizeOf(part)) < remote.sizeBytes) {
    const before = await sizeOf(part);
    try {
      await fetchRest(fetching, before);
    } catch (error) {
      if (signal?.aborted === true) throw stopped(file);
      if (!(error instanceof Interruption)) throw error;
      if ((await sizeOf(part)) > before) [failures, hasCome] = [0, true];
      const wait = (hasCome ? waits.lost : waits.none)[failures++];
      if (wait === undefined) throw unreachable(fetching, error.message);
      fetching.onProgress(`${remote.name}: ${error.message}; retrying in ${wait / 1000} s`);
      await sleep(wait, undefined, { signal }).catch(() => {
        throw stopped(file);
      });
    }
  }
  await publish(fetching);
}

/** Failures that another attempt may not have. */
class Interruption extends Error {}

function stopped(file: string): RunError {
  return new RunError('is not completely downloaded', file, 'run the same command again to resume');
}

function unreachable({ remote, file }: Fetching, why: string): RunError {
  return new RunError(
    `can't be downloaded from ${remote.url} (${why})`,
    file,
    'run the command again later, or copy the file there yourself and run it again to verify it',
  );
}

async function sizeOf(file: string): Promise<number> {
  try {
    return (await fs.stat(file)).size;
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return 0;
    throw diskError(error, file);
  }
}

/** One request: appends what the part is missing, or writes it from the start if the server cannot resume. */
async function fetchRest(fetching: Fetching, from: number): Promise<void> {
  const { remote, part } = fetching;
  const watch = watchSilence(fetching.signal);
  try {
    const response = await request(remote.url, from, watch.signal);
    const begin = beginOf(fetching, response, from);
    const size = await store(fetching, begin, chunksOf(response, watch.heard));
    if (size > remote.sizeBytes) {
      await fs.rm(part, { force: true });
      throw wrongFile(fetching, `the server sent more than the published ${remote.sizeBytes} bytes`);
    }
    if (size < remote.sizeBytes) throw new Interruption('the connection ended early');
  } finally {
    watch.end();
  }
}

/** A signal that also fires if no data arrives for too long. */
function watchSilence(signal: AbortSignal | undefined) {
  const silence = new AbortController();
  const timer = setTimeout(() => {
    silence.abort(new Interruption(`nothing was received for ${silenceMilliseconds / 1000} s`));
  }, silenceMilliseconds);
  return {
    signal: AbortSignal.any([silence.signal, ...(signal === undefined ? [] : [signal])]),
    heard: () => {
      timer.refresh();
    },
    end: () => {
      clearTimeout(timer);
    },
  };
}

async function request(url: string, from: number, signal: AbortSignal): Promise<Response> {
  const range: Record<string, string> = from === 0 ? {} : { range: `bytes=${from}-` };
  try {
    // A compressed response would be unpacked by fetch, and its size and hash would differ.
    return await fetch(url, { headers: { 'accept-encoding': 'identity', ...range }, signal });
  } catch (error) {
    throw interruptionOf(error);
  }
}

function interruptionOf(error: unknown): Interruption {
  if (error instanceof Interruption) return error;
  // fetch only says "fetch failed"; the reason is in its cause.
  const cause = error instanceof Error && error.cause !== undefined ? error.cause : error;
  const code = codeOf(cause);
  if (code === 'ENOTFOUND' || code === 'EAI_AGAIN')
    return new Interruption(`its host was not found; is the network up? ${code}`);
  return new Interruption(
    code === undefined || messageOf(cause).includes(code) ? messageOf(cause) : `${messageOf(cause)} ${code}`.trim(),
  );
}

/** Offset in the file of the response's first byte. Throws RunError for a response that is not the file. */
function beginOf(fetching: Fetching, response: Response, from: number): number {
  const { status, statusText, headers } = response;
  const announced = Number(headers.get('content-length') ?? NaN);
  const { sizeBytes } = fetching.remote;
  if (status === 206) {
    const [, begin, size] = /^bytes (\d+)-\d+\/(\d+|\*)$/.exec(headers.get('content-range') ?? '') ?? [];
    if (Number(begin) === from && (size === '*' || Number(size) === sizeBytes)) return from;
    throw wrongFile(
      fetching,
      `the server sends "${headers.get('content-range') ?? 'no range'}" of a file with ${sizeBytes} bytes`,
    );
  }
  if (status === 200) {
    if (Number.isNaN(announced) || announced === sizeBytes) return 0;
    throw wrongFile(fetching, `the server's file has ${announced} bytes, but the published size is ${sizeBytes}`);
  }
  const answer = `the server answers ${status} ${statusText}`.trim();
  if (status === 429 || status >= 500) throw new Interruption(answer);
  throw wrongFile(fetching, answer);
}

function wrongFile({ remote, file }: Fetching, why: string): RunError {
  return new RunError(
    `can't be downloaded from ${remote.url}: ${why}`,
    file,
    'if you have the file from elsewhere, copy it there and run the same command again to verify it',
  );
}

async function* chunksOf(response: Response, heard: () => void): AsyncGenerator<Uint8Array> {
  if (response.body === null) return;
  try {
    for await (const chunk of response.body as AsyncIterable<Uint8Array>) {
      heard();
      yield chunk;
    }
  } catch (error) {
    throw interruptionOf(error);
  }
}

/** Appends to the part, or overwrites it if `begin` is 0. Resolves to the part's size. */
async function store(fetching: Fetching, begin: number, chunks: AsyncIterable<Uint8Array>): Promise<number> {
  const { part, remote } = fetching;
  const say = progressMeter(fetching, begin);
  let size = begin;
  const handle = await onDisk(part, fs.open(part, begin === 0 ? 'w' : 'a'));
  try {
    for await (const chunk of chunks) {
      await onDisk(part, handle.writeFile(chunk));
      size += chunk.length;
      if (size > remote.sizeBytes) break;
      say(size);
    }
  } finally {
    await handle.close();
  }
  return size;
}

async function onDisk<T>(file: string, work: Promise<T>): Promise<T> {
  return work.catch((error: unknown) => {
    throw diskError(error, file);
  });
}

/** `NAME: 45 MB of 170 MB, 5.2 MB/s`, at intervals. */
function progressMeter({ remote, onProgress }: Fetching, begin: number): (size: number) => void {
  const started = performance.now();
  let said = started;
  onProgress(
    `${remote.name}: ${begin === 0 ? 'downloading' : `resuming at ${formatBytes(begin)} of`} ${formatBytes(remote.sizeBytes)} from ${remote.url}`,
  );
  return (size) => {
    const now = performance.now();
    if (now - said < sayAgainMilliseconds) return;
    said = now;
    const perSecond = Math.round(((size - begin) / (now - started)) * 1000);
    onProgress(`${remote.name}: ${formatBytes(size)} of ${formatBytes(remote.sizeBytes)}, ${formatBytes(perSecond)}/s`);
  };
}

/** Renames the part to the file, or deletes it if it is not what was published. */
async function publish({ remote, file, part, onProgress }: Fetching): Promise<void> {
  const state = await fileState(part, remote);
  if (state !== 'whole') {
    await fs.rm(part, { force: true });
    const fault = state === 'missing' ? 'is gone' : state.fault;
    throw new RunError(
      `the file downloaded from ${remote.url} ${fault}; it was deleted`,
      file,
      'run the command again',
    );
  }
  const handle = await onDisk(part, fs.open(part, 'r+'));
  await onDisk(part, handle.sync()).finally(() => handle.close());
  await onDisk(file, fs.rename(part, file));
  onProgress(`${remote.name}: ${formatBytes(remote.sizeBytes)}, SHA-256 verified`);
}
