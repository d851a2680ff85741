/** The user's options for Slurm. They go into a script read by a shell and by Slurm, so the form of each value is checked here. */
import * as z from 'zod';
import { optionOf } from '../experiment/schema.js';
import { UsageError } from '../terminal/errors.js';

/** Names of partitions, accounts and resources, and lists of them: no characters special to a shell or a script's directives. */
const nameSchema = z
  .string()
  .regex(
    /^[A-Za-z0-9_][A-Za-z0-9_.,:=@+*()/-]{0,199}$/,
    'is not a name that Slurm knows: letters, digits and _ . , : = @ + * ( ) / - only',
  );

const timeForms = 'minutes, minutes:seconds, hours:minutes:seconds, days-hours, days-hours:minutes:seconds';

const timeSchema = z.string().refine((text) => (secondsOf(text) ?? 0) > 0, {
  error: `is not a time above 0: give ${timeForms}`,
});

const wholeSchema = z.int('is not a whole number').min(1, 'is less than 1').max(1_000_000, 'is more than 1000000');

const slurmSchema = z.strictObject({
  partition: nameSchema.optional(),
  time: timeSchema.optional(),
  account: nameSchema.optional(),
  gres: nameSchema.optional(),
  arrayLimit: wholeSchema.optional(),
  pack: wholeSchema.default(1),
});

/** Options left out default to the cluster's settings. */
export type SlurmOptions = z.output<typeof slurmSchema>;
export type SlurmInput = z.input<typeof slurmSchema>;

/** @throws UsageError, one line, for the first mistake */
export function parseSlurmOptions(input: SlurmInput): SlurmOptions {
  const { data, error } = slurmSchema.safeParse(input);
  if (error === undefined) return data;
  const [issue] = error.issues;
  const key = String(issue?.path[0] ?? '');
  const value = (input as Readonly<Record<string, unknown>>)[key];
  throw new UsageError(`${JSON.stringify(value)} ${issue?.message ?? 'is not valid'}`, `--${optionOf(key)}`);
}

/** Seconds of a time in Slurm's format; undefined if it is not one. */
export function secondsOf(text: string): number | undefined {
  const [, days, rest = ''] = /^(?:(\d{1,6})-)?(\d{1,8}(?::\d{1,2}){0,2})$/.exec(text) ?? [];
  if (rest === '') return undefined;
  const parts = rest.split(':').map(Number);
  if (parts.slice(1).some((part) => part > 59)) return undefined;
  // The first number is hours if it follows days or there are three numbers; else minutes.
  const [first = 0, second = 0, third = 0] = days === undefined && parts.length < 3 ? [0, ...parts] : parts;
  return Number(days ?? 0) * 86_400 + first * 3600 + second * 60 + third;
}
