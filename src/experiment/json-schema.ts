/** The JSON Schema of experiment files, which editors use to complete and check them. `npm run schema` writes it. */
import * as z from 'zod';
import { architectures, hasOption, sharedDefaults, type Architecture } from './architectures.js';
import { reasonOf } from './default-reasons.js';
import { inputSchema } from './schema.js';

/** As text. Draft 7, which every editor's YAML support understands. */
export function experimentJsonSchema(): string {
  const { $schema, ...rest } = z.toJSONSchema(inputSchema, { io: 'input', target: 'draft-7' });
  for (const [key, property] of Object.entries(rest.properties ?? {})) {
    const reason = reasonOf(key);
    if (reason !== undefined && typeof property === 'object')
      property.description = `${property.description ?? ''}. Default: ${reason}`;
  }
  const schema = {
    $schema,
    title: 'Experiment',
    description:
      'What to train: a family of models of one architecture that differ in width, seed and any further options that are given as lists.',
    ...rest,
    allOf: architectures.map((arch) => ({
      if: { properties: { arch: { const: arch } }, required: ['arch'] },
      then: { properties: peculiarities(arch) },
    })),
  };
  return `${JSON.stringify(schema, undefined, 2)}\n`;
}

/** Options that an architecture does not have, and defaults of its own. */
function peculiarities(arch: Architecture): Record<string, unknown> {
  const foreign = inputSchema.keyof().options.filter((key) => !hasOption(arch, key));
  const defaults = Object.entries(sharedDefaults[arch] ?? {});
  const entries: [string, unknown][] = [
    ...foreign.map((key): [string, unknown] => [key, false]),
    ...defaults.map(([key, value]): [string, unknown] => [key, { default: value }]),
  ];
  return Object.fromEntries(entries);
}
