import * as fs from 'node:fs';
import { expect, test } from 'vitest';
import { experimentJsonSchema } from '../../../src/experiment/json-schema.js';

test('experiments/schema.json is current; else: npm run schema', () => {
  const file = new URL('../../../experiments/schema.json', import.meta.url);
  expect(fs.readFileSync(file, 'utf8')).toBe(experimentJsonSchema());
});
