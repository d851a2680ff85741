import * as path from 'node:path';
import { expect, test } from 'vitest';
import { experimentJsonSchema } from '../../../src/experiment/json-schema.js';
import { formatJson } from '../../../src/runs/json.js';

// `npm run schema` runs this file with --update, which writes the schema instead of comparing it.
test('experiments/schema.json is current; else: npm run schema', async () => {
  const file = path.resolve(import.meta.dirname, '../../../experiments/schema.json');
  await expect(formatJson(experimentJsonSchema())).toMatchFileSnapshot(file);
});
