/**
 * The message to a worker process: everything it needs to train one member. Plain JSON, as it is sent between
 * processes.
 */
import * as z from 'zod';
import { experimentSchema, factorKeys } from '../experiment/schema.js';
import type { MemberKey } from '../runs/record.js';
import type { JobMessage } from './events.js';

const workerJobSchema = z.strictObject({
  width: z.int().min(1),
  seed: z.int().min(0),
  /** As in its member.json. */
  factors: z.partialRecord(z.enum(factorKeys), z.number()).optional(),
  /** The member's own experiment. */
  experiment: experimentSchema,
  /** `experimentDigest` of it, for member.json. */
  digest: z.string(),
  /** Folder of the run, absolute. */
  runFolder: z.string(),
  /** Folder of downloaded datasets, absolute. */
  dataDir: z.string(),
  /** Compiled binding, absolute. */
  bindingPath: z.string(),
  /** Threads that the member computes with; the environment variables are set by the parent. */
  threads: z.int().min(1),
  /** Equal parts of a batch that are computed side by side. */
  branches: z.int().min(1),
  /** Its position in a stack that was started with this many members; null if it has its own program. */
  stack: z.strictObject({ size: z.int().min(1), place: z.int().min(0) }).nullable(),
  /** Op by op through tfjs instead of as one graph: slow, the reference. */
  eager: z.boolean(),
  /** Folder for TensorBoard's event files, or null. */
  tensorboardFolder: z.string().nullable(),
  /** Lock of the member, held by the parent: nothing is written once it is lost. Null if nobody else could write. */
  lock: z.strictObject({ file: z.string(), token: z.string() }).nullable(),
});
export type WorkerJob = z.output<typeof workerJobSchema>;

/** The member of a job. */
export function memberKeyOf({ width, seed, factors, experiment: { arch } }: WorkerJob): MemberKey {
  return { arch, width, seed, ...(factors === undefined ? {} : { factors }) };
}

/** Throws if one is malformed, with what is wrong in one line. */
export function readJobs({ jobs }: Pick<JobMessage, 'jobs'>): WorkerJob[] {
  return jobs.map(readJob);
}

function readJob(job: unknown): WorkerJob {
  const { success, data, error } = workerJobSchema.safeParse(job);
  if (success) return data;
  const faults = error.issues.map(({ path, message: fault }) => [path.join('.'), fault].filter(Boolean).join(': '));
  throw new Error(`the job is malformed: ${faults.join('; ')}`);
}
