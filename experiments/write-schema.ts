/** Writes schema.json beside this file: `npm run schema`. */
import * as fs from 'node:fs';
import { experimentJsonSchema } from '../src/experiment/schema.js';

fs.writeFileSync(new URL('schema.json', import.meta.url), `${JSON.stringify(experimentJsonSchema(), undefined, 2)}\n`);
