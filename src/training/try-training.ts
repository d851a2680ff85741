/**
 * Whether this machine can train: one step of a tiny member, by the same worker as every member, in a temporary folder.
 */
import * as fs from 'node:fs/promises';
import * as os from 'node:os';
import * as path from 'node:path';
import { runtimeEnvironment, type Runtime } from '../install/runtime.js';
import { resolveExperiment } from '../experiment/schema.js';
import { lastOf } from '../machine/present.js';
import { experimentDigest, memberId } from '../runs/record.js';
import { messageOf } from '../terminal/errors.js';
import { memberKeyOf, type WorkerJob } from './job.js';
import { runPool } from './pool.js';
import { workerFile } from './worker-file.js';

/** The training set is one batch, so that an epoch is one step. */
const experiment = resolveExperiment({
  arch: 'cnn',
  dataset: 'shapes',
  widths: [2],
  trainSize: 16,
  batchSize: 16,
  testSize: 16,
  epochs: 1,
});

/**
 * Loads, traces, compiles, takes a step, evaluates and writes the member's files; resolves to the reason for a failure,
 * or undefined.
 */
export async function tryTraining(runtime: Pick<Runtime, 'bindingPath' | 'device'>): Promise<string | undefined> {
  let folder: string | undefined;
  try {
    folder = await fs.mkdtemp(path.join(os.tmpdir(), 'emergence-trial-'));
    return await trainIn(folder, runtime);
  } catch (error) {
    return messageOf(error);
  } finally {
    if (folder !== undefined) await fs.rm(folder, { recursive: true, force: true });
  }
}

async function trainIn(folder: string, runtime: Pick<Runtime, 'bindingPath' | 'device'>): Promise<string | undefined> {
  let reason: string | undefined;
  const job: WorkerJob = {
    width: 2,
    seed: 0,
    experiment,
    digest: experimentDigest({ experiment, fingerprint: '', eager: false }),
    runFolder: folder,
    dataDir: folder,
    bindingPath: runtime.bindingPath,
    threads: 1,
    branches: 1,
    stack: null,
    eager: false,
    tensorboardFolder: null,
    lock: null,
  };
  await runPool({
    jobs: [
      {
        members: [{ id: memberId(memberKeyOf(job)), job }],
        threads: 1,
        environment: runtimeEnvironment({ runtime, threads: 1 }),
      },
    ],
    maxThreads: 1,
    workerFile,
    onEvent: (event) => {
      if (event.type === 'failed') reason = reasonOf(event.reason, event.lastWords);
    },
  });
  return reason;
}

/** A worker that crashed may have said why; one that could report the reason has already done so. */
function reasonOf(reason: string, lastWords: string): string {
  const last = lastOf(lastWords.split('\n'));
  return last === '' || lastWords.includes(reason) ? reason : `${reason}: ${last}`;
}
