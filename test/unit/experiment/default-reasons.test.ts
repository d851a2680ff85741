import { expect, test } from 'vitest';
import { ownDefaults, sharedDefaults } from '../../../src/experiment/architectures.js';
import { explainedDefaults, reasonOf } from '../../../src/experiment/default-reasons.js';
import { experimentJsonSchema } from '../../../src/experiment/json-schema.js';
import { inputSchema, optionOf, type ExperimentKey } from '../../../src/experiment/schema.js';
import { createProgram } from '../../../src/cli.js';

/** Keys with a default, for one architecture or for all, in the order of the schema. */
function keysWithDefault(): readonly ExperimentKey[] {
  return inputSchema.keyof().options.filter((key) => {
    if (Object.values(sharedDefaults).some((defaults) => Object.hasOwn(defaults, key))) return true;
    const own = Object.hasOwn(ownDefaults, key) ? Object.values(ownDefaults[key as keyof typeof ownDefaults]) : [];
    return own.some((value) => value !== undefined) || inputSchema.shape[key].safeParse(undefined).data !== undefined;
  });
}

test('every default of an experiment says why it is so and what to try', () => {
  expect(keysWithDefault()).toContain('widths'); // of the schema
  expect(keysWithDefault()).toContain('steps'); // of one architecture
  expect(keysWithDefault()).toContain('pairs'); // of one that has the option
  expect(keysWithDefault()).not.toContain('trainSize');
  for (const key of keysWithDefault()) {
    expect(reasonOf(key), key).toMatch(/\. (.*[,:] |)(Try|try|Add|Halve) /);
  }
});

test('reasons belong to existing options; help and the editor schema show them', () => {
  const flags = explainedDefaults().map(([flag]) => flag);
  expect(flags).toEqual(expect.arrayContaining(keysWithDefault().map((key) => `--${optionOf(key)}`)));
  const { properties } = JSON.parse(experimentJsonSchema()) as {
    properties: Record<string, { description: string }>;
  };
  expect(properties['pairs']?.description).toContain(reasonOf('pairs'));

  let help = '';
  const train = createProgram((line) => line).commands.find((command) => command.name() === 'train')!;
  train.configureOutput({ writeOut: (text) => void (help += text) }).outputHelp();
  for (const [flag, reason] of explainedDefaults()) {
    expect(help.replaceAll(/\s+/g, ' ')).toContain(`${flag} ${reason}`);
  }
});
