import * as fs from 'node:fs';
import { expect, test } from 'vitest';
import { parse } from 'yaml';

const read = (name: string) => fs.readFileSync(new URL(`../../${name}`, import.meta.url), 'utf8');

test('CITATION.cff has the version, licence and paper of this repository', () => {
  const citation = parse(read('CITATION.cff')) as Record<string, unknown>;
  const { version, license } = JSON.parse(read('package.json')) as { version: string; license: string };
  expect(citation).toMatchObject({
    'cff-version': '1.2.0',
    type: 'software',
    title: 'Vision emergence lab',
    version,
    license,
    authors: [{ name: 'The authors of Vision emergence lab' }],
    references: [{ title: 'Are Emergent Abilities of Large Language Models a Mirage?', year: 2023 }],
  });
  // What the format requires of every file.
  for (const key of ['cff-version', 'message', 'title', 'authors']) expect(citation).toHaveProperty([key]);
  // The README's link to the paper.
  const [reference] = citation['references'] as { url: string }[];
  expect(read('README.md')).toContain(`](${reference!.url})`);
});
