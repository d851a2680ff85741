/** Writes experiments/schema.json: `npm run schema`. */
import * as fs from 'node:fs';
import { experimentJsonSchema } from './json-schema.js';

fs.writeFileSync(new URL('../../experiments/schema.json', import.meta.url), experimentJsonSchema());
