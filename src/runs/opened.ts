/** A run once it is opened, and once columns of its outcomes are read. */
import { type AnyRun, type ImportedMember } from './imported.js';
import type { ProbeName } from '../datasets/probes.js';
import { type OutcomeName, type OutcomeTable } from './outcomes.js';
import { type MemberRecord } from './record.js';
import { type CurveName, type ViewOptions } from './view.js';
import { type FamilyWords } from './words.js';

export type { CurveName } from './view.js';

/**
 * A member in the form that curves use. If curves are drawn over a coordinate, `width` and `parameters` are both that coordinate, and
 * `seed` distinguishes members at one scale.
 */
export interface FamilyMember {
  readonly id: string;
  readonly width: number;
  readonly seed: number;
  /**
   * Every number that places it: `width`, further factors, `parameters`, `flops`, `examples`, `steps`; for an imported one its own.
   */
  readonly coordinates: Readonly<Record<string, number>>;
  readonly parameters: number;
  /** NaN if unknown. */
  readonly trainingFlops: number;
  /** SHA-256 by file name. */
  readonly files: Readonly<Record<string, string>>;
  /** Its folder. */
  readonly folder: string;
  /** The training step after which its outcomes were taken; undefined for the last. */
  readonly moment?: number | undefined;
  /** The id of the trained member that it is, whatever the moment; undefined for an imported one. */
  readonly training?: string | undefined;
  /** The probe whose outcomes are shown; undefined for those of the test set. */
  readonly probe?: ProbeName | undefined;
  /** Undefined for an imported member. */
  readonly trained: MemberRecord | undefined;
  /** Undefined for a trained one. */
  readonly imported: ImportedMember | undefined;
}

export interface LoadedMember {
  readonly record: FamilyMember;
  readonly folder: string;
  readonly outcomes: Partial<OutcomeTable>;
}

export interface LoadedRun {
  readonly folder: string;
  readonly record: AnyRun;
  /** The names of its scales and examples. */
  readonly words: FamilyWords;
  /** The complete ones, by width and seed. */
  readonly members: readonly LoadedMember[];
  /** `cnn-w8-s0 (2 of 5 epochs done)`: members that are not included, and why. */
  readonly absent: readonly string[];
  /** Rows of outcomes.parquet that are shown, if moments have only part of the test set; undefined for all. */
  readonly rows?: Int32Array | undefined;
  /** Columns that the outcomes have, read or not. */
  readonly columns: readonly OutcomeName[];
  /** Notes on the run's files and on what is shown of it, a line each. */
  readonly notes: readonly string[];
  /** The run's name, with the values of factors that distinguish its curves from others of the same run. */
  readonly label: string;
  /** Factors that are held, and their values. */
  readonly held: Readonly<Record<string, number>>;
  /** Which of a run's curves this is, if each value of a factor has its own. */
  readonly curve: CurveName | undefined;
}

/** An opened run: its record and columns are known, no outcome is read yet. */
export interface OpenRun extends Omit<LoadedRun, 'members'> {
  readonly complete: readonly FamilyMember[];
}

export interface OpenOptions extends ViewOptions {
  /** A factor whose values each have a separate curve. */
  readonly curvePer?: string | undefined;
}

/** Members that the analysis draws at once, at most: their columns are then in memory twice. */
export const membersAtOnce = 512;
