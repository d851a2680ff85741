import { expect, test } from 'vitest';
import { explainedDefaults, keysWithDefault, reasonOf } from '../../../src/experiment/default-reasons.js';
import { experimentJsonSchema } from '../../../src/experiment/json-schema.js';
import { optionOf } from '../../../src/experiment/schema.js';
import { createProgram } from '../../../src/cli.js';

test('every default of an experiment says why it is so and what to try', () => {
  expect(keysWithDefault()).toContain('widths'); // of the schema
  expect(keysWithDefault()).toContain('steps'); // of one architecture
  expect(keysWithDefault()).toContain('pairs'); // of one that has the option
  expect(keysWithDefault()).not.toContain('trainSize');
  for (const key of keysWithDefault()) {
    expect(reasonOf(key), key).toMatch(/\. (.*[,:] |)(Try|try|Add|Halve) /);
  }
});

test('reasons are for options that exist; help and the schema for editors show them', () => {
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
