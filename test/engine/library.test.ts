/** The example of the library that trains. */
import { expect, test } from 'vitest';
import { examples, run } from '../support/examples.js';
import { temporaryFolder } from '../support/runs.js';

test('the example of train: two members', async () => {
  const example = examples().find(({ of }) => of === 'train')!;
  expect(await run(example, await temporaryFolder())).toBe(2);
});
