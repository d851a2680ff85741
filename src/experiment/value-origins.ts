/** Where a value of an experiment was given, for messages about it: as a flag, or on a line of an experiment file. */
import { UsageError } from '../terminal/errors.js';
import { ownDefaults, type Architecture, type OwnOption } from './architectures.js';
import { foreignKeys, optionOf, type ExperimentInput, type ExperimentKey } from './schema.js';

/** `experiments/lenet-mnist.yaml:5:9: epochs` for every key that an experiment file has. */
export type ValueOrigins = Readonly<Partial<Record<ExperimentKey, string>>>;

/** How a message refers to a key: by its place in a file, or by its flag if it has none. */
export function originOf(key: ExperimentKey, places: ValueOrigins = {}): string {
  return places[key] ?? `--${optionOf(key)}`;
}

/** Throws UsageError at the first key that the architecture does not have. */
export function refuseForeignKeys(
  values: Partial<ExperimentInput> & { readonly arch: Architecture },
  places: ValueOrigins = {},
): void {
  const [foreign] = foreignKeys(values);
  if (foreign === undefined) return;
  const owners = Object.keys(ownDefaults[foreign as OwnOption]).join(', ');
  throw new UsageError(
    `${values.arch} does not have this option, only ${owners}`,
    originOf(foreign, places),
    'leave it out',
  );
}

/** Throws UsageError if both `epochs` and `steps` are given. */
export function refuseTwoLengths(
  { epochs, steps }: Readonly<Record<string, unknown>>,
  places: ValueOrigins = {},
): void {
  if (epochs === undefined || steps === undefined) return;
  throw new UsageError(
    `contradicts ${places.epochs ?? '--epochs'}: both say how long to train`,
    originOf('steps', places),
    'give one of the two',
  );
}
