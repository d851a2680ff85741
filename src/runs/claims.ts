/**
 * Sealed claims: `checkpoints/<pilot>/claims/<name>.json` states what a run that has not started will show, with the choices
 * (widths, metric, K or cutoff) that were made on a pilot. A file ends in a digest (json.ts), as a forecast does; proving when it
 * was written takes a witness, such as a public commit.
 */
import * as path from 'node:path';
import * as z from 'zod';
import { probeNames } from '../datasets/probes.js';
import { experimentSchema, runNameSchema, type Experiment } from '../experiment/schema.js';
import { createFolder, writeFileAtomic } from '../machine/files.js';
import { readTextIfThere } from '../machine/inputs.js';
import { mostDraws } from '../statistics/most-draws.js';
import { RunError, UsageError } from '../terminal/errors.js';
import { jsonWithDigest, isUnchanged, parseJson } from './json.js';
import { runNames } from './locate.js';
import { coordinateSchema } from './imported.js';
import {
  digestOfRun,
  memberId,
  memberIdSchema,
  sha256,
  textSchema,
  type MemberRecord,
  type RunRecord,
} from './record.js';
import { membersOf } from './run.js';

const contentSchema = z.strictObject({
  /** 2 if the curves are chosen by an axis, held factors, a step or a probe. */
  format: z.literal([1, 2]),
  kind: z.literal('claim'),
  name: runNameSchema,
  /** UTC, by the machine's clock. */
  sealed: z.iso.datetime(),
  lab: textSchema,
  gitCommit: textSchema.nullable(),
  /** The run that the choices were made on: the SHA-256 of each member's outcomes.parquet, or of the probe's file. */
  pilot: z.strictObject({
    run: runNameSchema,
    evidence: z.array(z.strictObject({ member: memberIdSchema, outcomes: sha256 })),
  }),
  /** Which curves the claims are about; absent for those that are usual for the run, at the end of training. */
  view: z
    .strictObject({
      axis: coordinateSchema.optional(),
      where: z.record(coordinateSchema, z.number()).optional(),
      at: z.int().min(1).optional(),
      probe: z.enum(probeNames).optional(),
    })
    .optional(),
  /** The run that the claims are about. */
  run: runNameSchema,
  experiment: experimentSchema,
  /** As in its members' member.json. */
  experimentDigest: sha256,
  standard: textSchema,
  induced: textSchema,
  /** Bootstrap draws of the intervals. */
  draws: z.int().min(1).max(mostDraws),
  /** In the form that `parseClaim` reads. */
  claims: z.array(textSchema).min(1),
  /** Any text: one that is not a digest shows that the file was changed. */
  digest: textSchema,
});

const claimFileSchema = contentSchema.refine(({ format, view }) => format === (view === undefined ? 1 : 2), {
  path: ['format'],
  error: 'does not match the view beside it: with one it is 2, without 1',
});
export type ClaimFile = z.output<typeof claimFileSchema>;

export function claimsFolder(runFolder: string): string {
  return path.join(runFolder, 'claims');
}

/** Writes new claims. Throws UsageError if there are claims of this name. */
export async function writeClaims(
  runFolder: string,
  claim: Omit<ClaimFile, 'digest'>,
): Promise<{ readonly file: string; readonly digest: string }> {
  const file = path.join(claimsFolder(runFolder), `${claim.name}.json`);
  if ((await readTextIfThere(file)) !== undefined)
    throw new UsageError(`claim "${claim.name}" already exists`, '--name', 'give another name');
  const { text, digest } = jsonWithDigest(claim);
  claimFileSchema.parse(JSON.parse(text));
  await createFolder(claimsFolder(runFolder));
  await writeFileAtomic(file, text);
  return { file, digest };
}

export interface ReadClaims {
  readonly file: string;
  readonly claim: ClaimFile;
  /** Whether the digest shows it unchanged since it was sealed. */
  readonly unchanged: boolean;
}

/** The claims of a name, of any pilot below `root`, or of a file. Throws UsageError if there are none, or several. */
export async function locateClaims(text: string, root: string): Promise<ReadClaims> {
  const below = (await runNames(root)).map((run) => path.join(claimsFolder(path.join(root, run)), `${text}.json`));
  const found: string[] = [];
  for (const file of text.endsWith('.json') ? [text] : below)
    if ((await readTextIfThere(file)) !== undefined) found.push(file);
  const [file, ...others] = found;
  if (file === undefined)
    throw new UsageError(
      `there are no sealed claims "${text}" in ${root}`,
      'NAME',
      'give the name under which claim seal wrote them, or their file',
    );
  if (others.length > 0)
    throw new UsageError(`"${text}" is in several runs: ${found.join(', ')}`, 'NAME', 'give the file');
  return readClaims(file);
}

async function readClaims(file: string): Promise<ReadClaims> {
  const text = (await readTextIfThere(file)) ?? '';
  const claim = parseJson(claimFileSchema, text, file, 'restore it from a copy');
  if (path.basename(file) !== `${claim.name}.json`)
    throw new RunError(`contains the claims ${claim.name}`, file, 'give it that name, or move it elsewhere');
  return { file, claim, unchanged: isUnchanged(text) };
}

/**
 * Why a run cannot decide the claims: they were changed, the run differs from the one they are about, or a member started
 * before they were sealed. Empty if nothing stands in the way.
 */
export function whyClaimsVoid(
  { claim, unchanged }: ReadClaims,
  run: RunRecord,
  members: readonly Pick<MemberRecord, 'id' | 'begun'>[],
): string[] {
  const membersIn = (experiment: Experiment) => JSON.stringify(membersOf(experiment).map(memberId).sort());
  const { experiment } = run;
  const reasons = [
    ...(unchanged ? [] : ['the file was changed after it was sealed: its digest does not match']),
    ...(digestOfRun(run) === claim.experimentDigest
      ? digestOfRun({ ...run, experiment: claim.experiment }) === claim.experimentDigest
        ? []
        : ['the experiment in the file does not match its digest']
      : [`${run.name} has another experiment or other data`]),
    ...(membersIn(experiment) === membersIn(claim.experiment) ? [] : [`${run.name} has other members than the claims`]),
    ...members
      .filter(({ begun }) => begun <= claim.sealed)
      .map(({ id, begun }) => `${id} started ${begun}, but the claims were sealed ${claim.sealed}`),
  ];
  // Moments of a member have its beginning.
  return [...new Set(reasons)];
}
