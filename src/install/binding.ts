/** The binding for one TensorFlow and one Node: compiled once, tested once, kept in the cache. */
import { existsSync, readFileSync, statSync } from 'node:fs';
import * as fs from 'node:fs/promises';
import * as path from 'node:path';
import * as z from 'zod';
import { sha256Of } from '../machine/inputs.js';
import { cacheFolder } from '../machine/folders.js';
import { RunError } from '../terminal/errors.js';
import { publishFolder, type ReportLine } from './cache.js';
import { bindingFingerprint, compileBinding } from './compile.js';
import { refuseDamage } from './integrity.js';
import { probeBinding } from './probe.js';
import type { Tensorflow } from './tensorflow.js';
import { commandLine } from '../machine/installation.js';

export interface BuiltBinding {
  readonly bindingPath: string;
  /** Version reported by TensorFlow when the binding was tested. */
  readonly tensorflowVersion: string;
}

const aboutSchema = z.object({ tensorflow: z.string(), sha256: z.string() });
const fileName = 'tfjs_binding.node';

/** The cached binding, or undefined if it is missing or incomplete. */
export function builtBinding(tensorflow: Tensorflow): BuiltBinding | undefined {
  const folder = bindingFolder(tensorflow);
  const bindingPath = path.join(folder, fileName);
  if (!existsSync(bindingPath)) return undefined;
  try {
    const about = aboutSchema.parse(JSON.parse(readFileSync(path.join(folder, 'about.json'), 'utf8')));
    // A damaged binding would crash every worker; hashing 2 MB takes 2 ms.
    return about.sha256 === sha256Of(readFileSync(bindingPath))
      ? { bindingPath, tensorflowVersion: about.tensorflow }
      : undefined;
  } catch {
    // Whatever happened to it, it can be rebuilt.
    return undefined;
  }
}

/** The binding, compiled and tested if it isn't cached. Throws RunError, also if TensorFlow's libraries are damaged. */
export async function ensureBinding(
  tensorflow: Tensorflow,
  progress: ReportLine,
  signal?: AbortSignal,
): Promise<BuiltBinding> {
  await refuseDamage(tensorflow, 'libraries');
  await publishFolder({
    target: bindingFolder(tensorflow),
    progress,
    signal,
    isWhole: () => Promise.resolve(builtBinding(tensorflow) !== undefined),
    make: (folder) =>
      make(tensorflow, folder, { progress, signal }).catch(async (error: unknown) => {
        signal?.throwIfAborted();
        // Neither the compiler nor the loader notices that a library has changed.
        await refuseDamage(tensorflow, 'everything');
        throw error;
      }),
  });
  const built = builtBinding(tensorflow);
  if (built === undefined)
    throw new RunError('was removed meanwhile', bindingFolder(tensorflow), 'run the command again');
  return built;
}

async function make(
  tensorflow: Tensorflow,
  folder: string,
  { progress, signal }: { readonly progress: ReportLine; readonly signal: AbortSignal | undefined },
): Promise<void> {
  const made = path.join(folder, fileName);
  await compileBinding(tensorflow, made, progress, signal);
  const answer = probeBinding(made, { CUDA_VISIBLE_DEVICES: '-1' });
  if ('failure' in answer)
    throw new RunError(
      `TensorFlow can't be loaded: ${answer.failure}`,
      tensorflow.folder,
      `\`${commandLine('doctor')}\` finds the cause`,
    );
  const about = { tensorflow: answer.version, folder: tensorflow.folder, sha256: sha256Of(readFileSync(made)) };
  await fs.writeFile(path.join(folder, 'about.json'), JSON.stringify(about));
}

function bindingFolder(tensorflow: Tensorflow): string {
  return path.join(cacheFolder(), 'binding', `${identityOf(tensorflow)}-${bindingFingerprint()}`);
}

/** Identifies the TensorFlow compiled against: its path, and its library's size and modification time. */
function identityOf({ folder, library }: Tensorflow): string {
  const { size, mtimeMs } = statSync(path.join(folder, library));
  return sha256Of(JSON.stringify([folder, size, mtimeMs])).slice(0, 12);
}
