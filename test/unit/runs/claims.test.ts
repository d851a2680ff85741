import * as fs from 'node:fs';
import * as os from 'node:os';
import * as path from 'node:path';
import { expect, test } from 'vitest';
import { locateClaims } from '../../../src/runs/claims.js';

const folder = path.resolve(import.meta.dirname, '../../../docs/claims');

test.each(fs.readdirSync(folder).filter((name) => name.endsWith('.json')))(
  '%s of the documentation is unchanged since it was sealed',
  async (name) => {
    const file = path.join(folder, name);
    expect(await locateClaims(file, 'checkpoints')).toMatchObject({ unchanged: true });
    // A changed digit is reported.
    const copy = path.join(fs.mkdtempSync(path.join(os.tmpdir(), 'emergence-claims-')), name);
    fs.writeFileSync(copy, fs.readFileSync(file, 'utf8').replace('"draws": 2000', '"draws": 2001'));
    expect(await locateClaims(copy, 'checkpoints')).toMatchObject({ unchanged: false });
    fs.rmSync(path.dirname(copy), { recursive: true });
  },
);
