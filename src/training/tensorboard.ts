/** TensorBoard's event files, by tfjs-node's own writer. */
import { createRequire } from 'node:module';
import * as path from 'node:path';
import type { EpochRecord } from '../runs/record.js';

const require = createRequire(import.meta.url);

interface SummaryWriter {
  scalar(name: string, value: number, step: number): void;
  flush(): void;
}

export interface Summaries {
  write(epoch: EpochRecord): void;
}

/** A writer into `folder/member`, or one that does nothing where `folder` is null. The backend must be loaded. */
export function openSummaries(folder: string | null, member: string): Summaries {
  if (folder === null) return { write: () => undefined };
  const { summaryFileWriter } = require('@tensorflow/tfjs-node-gpu/dist/tensorboard.js') as {
    summaryFileWriter: (folder: string) => SummaryWriter;
  };
  const writer = summaryFileWriter(path.join(folder, member));
  return {
    write(epoch) {
      writer.scalar('train/loss', epoch.trainLoss, epoch.step);
      if (epoch.trainAccuracy !== null) writer.scalar('train/accuracy', epoch.trainAccuracy, epoch.step);
      writer.scalar('train/learning_rate', epoch.learningRate, epoch.step);
      writer.scalar('train/examples_per_second', epoch.examplesPerSecond, epoch.step);
      writer.flush();
    },
  };
}
