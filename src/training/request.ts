/**
 * What is requested from training, without how it is done: the library exports these types, and no others of training.
 */
import type { Execution, ExperimentInput } from '../experiment/schema.js';

/** The part that a plan depends on. */
export interface PlanRequest {
  /** The user's input. */
  readonly given: Partial<ExperimentInput>;
  readonly execution: Execution;
  readonly eager: boolean;
  readonly tensorboard: boolean;
}
