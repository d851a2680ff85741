/** Trains a family. */
import { completeExperiment, runNameOf } from '../experiment/options.js';
import { executionSchema, inputSchema, type Execution, type ExperimentInput } from '../experiment/schema.js';
import type { ValueOrigins } from '../experiment/value-origins.js';
import { readRunRecord, runFolder } from '../runs/run.js';
import { checkpoints } from '../runs/locate.js';
import { UsageError } from '../terminal/errors.js';
import { whatIsWrong } from '../terminal/schema-errors.js';
import { IdleWorkers } from '../training/worker-process.js';
import type { TrainListener, TrainResult } from '../training/train-family.js';
import { workerFile } from '../training/worker-file.js';

/** The options of `emergence train`, by their names in camel case; default: from the file, the run, the defaults. */
export interface TrainOptions extends Partial<ExperimentInput>, Partial<Execution> {
  /** A file, or the name of a shipped experiment; other options override it. */
  readonly experiment?: string | undefined;
  /** Write logs for TensorBoard next to each member. */
  readonly tensorboard?: boolean | undefined;
  /** Op by op instead of compiled. */
  readonly eager?: boolean | undefined;
  /** Plans the run, writes its run.json and trains nothing: for `trainMember`, on this machine or others. */
  readonly planOnly?: boolean | undefined;
  /** The folder of all runs; default: `checkpoints`. */
  readonly root?: string | undefined;
  /** Stops training; the same call resumes it. */
  readonly signal?: AbortSignal | undefined;
  /** How messages name options that were typed under another flag. */
  readonly typedAs?: ValueOrigins | undefined;
  /** Called with each event. */
  readonly listener?: Partial<TrainListener> | undefined;
}

/**
 * Trains the members that a run is missing, in worker processes. TensorFlow is downloaded if necessary.
 *
 * @example
 *     const { folder, trained } = await train({ arch: 'cnn', widths: [8, 16], seeds: [0], epochs: 1, run: 'quick' });
 *     trained.length;
 *
 * @throws UsageError if the options contradict each other, the dataset or the run; RunError if the machine fails
 */
export async function train(options: TrainOptions): Promise<TrainResult> {
  // It loads its program while this process loads its own and plans the run.
  const idle = new IdleWorkers();
  if (options.planOnly !== true) idle.startAhead({ workerFile });
  try {
    return await trainWith(options, idle);
  } finally {
    idle.dismiss();
  }
}

async function trainWith(options: TrainOptions, idle: IdleWorkers): Promise<TrainResult> {
  const { tensorboard = false, eager = false, planOnly = false, root = checkpoints } = options;
  const { signal, listener = {}, typedAs } = options;
  const { trainFamily } = await import('../training/train-family.js');
  const { typed, execution, file, run } = await readOptions(options);
  // Omitted options are taken from the run, if there is one.
  const recorded = (await readRunRecord(runFolder(root, run)))?.experiment;
  const completed = completeExperiment(typed, { file, recorded, typedAs }, execution.run);
  return trainFamily(
    {
      ...{ root, ...completed, execution: { ...execution, run }, eager, tensorboard, planOnly, idle },
      ...(signal === undefined ? {} : { signal }),
    },
    { note: () => undefined, planned: () => undefined, event: () => undefined, ...listener },
  );
}

/** The run that is trained with these options. Throws UsageError at the first mistake. */
export async function runNameFor(options: TrainOptions): Promise<string> {
  return (await readOptions(options)).run;
}

/** Options that say how to run `train`, not what it trains. */
const callKeys = ['experiment', 'tensorboard', 'eager', 'planOnly', 'root', 'signal', 'listener', 'typedAs'];

async function readOptions(options: TrainOptions) {
  const { defaultRunName } = await import('../training/train-family.js');
  const isExecution = (key: string) => Object.hasOwn(executionSchema.shape, key);
  const said = Object.entries(options).filter(([key, value]) => value !== undefined && !callKeys.includes(key));
  const values = Object.fromEntries(said);
  const typed = Object.fromEntries(said.filter(([key]) => !isExecution(key)));
  const { data: execution, error } = executionSchema.safeParse(
    Object.fromEntries(said.filter(([key]) => isExecution(key))),
  );
  if (error !== undefined) throw new UsageError(whatIsWrong(error, values), 'train');
  const wrong = inputSchema.partial().safeParse(typed).error;
  if (wrong !== undefined) throw new UsageError(whatIsWrong(wrong, typed), 'train');
  const file = options.experiment === undefined ? undefined : await readExperiment(options.experiment);
  const run = runNameOf({ run: execution.run }, file) ?? defaultRunName(completeExperiment(typed, {}).experiment);
  return { typed, execution, file, run };
}

/** Without a file its parser is not loaded. */
async function readExperiment(name: string) {
  const { loadExperiment } = await import('../experiment/load.js');
  return loadExperiment(name);
}
