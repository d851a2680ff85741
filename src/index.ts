/**
 * The door of the library: what a command does, a caller can do, with options of the same names. Functions take a run by its name
 * below `checkpoints`, by its path, or as `openRun` gives it; what they throw is a UsageError or a RunError of one line, which names
 * the option as the command line has it. They write no text anywhere: `note` hears what a user should know, `track` how far a long
 * computation is. Nothing heavy is loaded before it is needed: TensorFlow by `train`, `exportMember` and `predict`, in processes of its
 * own, pictures by `report`.
 */

// Experiments, datasets and training.
export { listDatasets, listExperiments } from './library/lists.js';
export { train, type TrainOptions } from './library/train.js';
export { trainMember, type TrainMemberOptions } from './library/train-member.js';
export type { TrainMemberResult } from './training/train-member.js';
export type { TrainResult, TrainListener } from './training/train-family.js';
export type { TrainingEvent } from './training/events.js';

// Outcomes: runs that are here, of other tools, for other tools.
export { importOutcomes, type Imported, type ImportFormats, type ImportOptions } from './library/import.js';
export { listRuns } from './library/lists.js';
export { mergeRuns } from './library/merge-runs.js';
export type { Merge } from './runs/merge.js';
export {
  openCurves,
  openRun,
  type Listener,
  type MetricOptions,
  type RunLike,
  type RunOptions,
} from './library/run-and-metrics.js';
export { exportOutcomes, type ExportOptions } from './library/export.js';
export { exportMember, type ExportedMember, type ExportMemberOptions } from './library/export-member.js';
export {
  predict,
  type ClassChance,
  type ImagePrediction,
  type Predictions,
  type PredictOptions,
} from './library/predict.js';
export type { LoadedRun, OpenRun } from './runs/opened.js';
export { UsageError, RunError } from './terminal/errors.js';

// Metrics and curves.
export { listMetrics, listNaturalCurves } from './library/lists.js';
export { evaluate, evaluateCurves, type EvaluateOptions, type Evaluation } from './library/evaluate.js';
export { curvesOf, type CurveOptions, type FamilyCurves } from './library/curves.js';

// What curves say.
export { compare, type CompareOptions, type FamilyComparison } from './library/compare.js';
export { compareTuned, type TunedComparison } from './library/compare-tuned.js';
export { diff, diffCurves, type DiffOptions, type FamilyDifference } from './library/diff.js';
export { sweep, type FamilySweep, type SweepOptions } from './library/sweep.js';
export { search, type Search, type SearchOptions } from './library/search.js';
export { seeds, type FamilySeeds, type SeedsOptions } from './library/seeds.js';
export { quanta, type FamilyQuanta, type QuantaOptions } from './library/quanta.js';
export { theory, type FamilyTheory, type TheoryOptions } from './library/theory.js';
export { collapse, type CollapseOptions, type FamilyCollapse } from './library/collapse.js';
export { signal, type FamilySignal, type SignalOptions } from './library/signal.js';
export { scaling, type FamilyScaling, type ScalingOptions } from './library/scaling.js';

// What a family will show.
export { coordCheck, type CoordCheck, type CoordCheckOptions } from './library/coord-check.js';
export { power, type PlannedPower, type PowerOptions } from './library/power.js';
export { design, type DesignOptions, type ProposedDesign } from './library/design.js';
export { listClaimQuantities, scoreClaims, sealClaims, type ClaimOptions } from './library/claims.js';
export { sealForecast } from './library/forecast/seal.js';
export { scoreForecast } from './library/forecast/score.js';
export { listForecasts, verifyForecasts } from './library/forecast/verify.js';
export { listForecastMethods, studyForecasts } from './library/forecast/study.js';
export type { ForecastOptions } from './library/forecast/metrics.js';
export type { SealOptions } from './library/forecast/targets.js';

// All of it in a folder.
export { report, type ReportOptions, type WrittenReport } from './library/report.js';
