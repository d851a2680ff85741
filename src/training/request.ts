/** The request for a training, apart from how it is done: the library exports its types, and no other types of training. */
import type { Execution, ExperimentInput } from '../experiment/schema.js';

/** The part that a plan depends on. */
export interface PlanRequest {
  /** The user's input. */
  readonly given: Partial<ExperimentInput>;
  readonly execution: Execution;
  readonly eager: boolean;
  readonly tensorboard: boolean;
}
