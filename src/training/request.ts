/** What is asked of a training, apart from how it is done: the library hands on its types, and no more of the training's. */
import type { Execution, ExperimentInput } from '../experiment/schema.js';

/** As far as a plan goes by it. */
export interface PlanRequest {
  /** What the user said. */
  readonly given: Partial<ExperimentInput>;
  readonly execution: Execution;
  readonly eager: boolean;
  readonly tensorboard: boolean;
}
