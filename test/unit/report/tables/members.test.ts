import { expect, test } from 'vitest';
import { membersTable, printed } from '../../../../src/report/tables/members.js';
import { importedWords } from '../../../../src/runs/words.js';

const share = { title: 'accuracy', unit: 'probability' };
const loss = { title: 'cross-entropy', unit: 'nats' };

test('a share has four decimals and any other number four digits, with its interval if it has one', () => {
  const rows = [{ id: 'cnn-w8-s0', width: 8, parameters: 20522, seconds: 1 }];
  const values = [{ value: 0.98316, lower: 0.97, upper: 0.99 }];
  const table = membersTable(rows, [
    { metric: share, values },
    { metric: loss, values: [{ value: 2.30258 }] },
    { metric: share, values: [{ value: NaN, lower: NaN, upper: NaN }] },
  ]);
  expect(table.heading).toEqual(['member', 'parameters', 'accuracy', 'cross-entropy (nats)', 'accuracy', 'seconds']);
  expect(table.lines).toEqual([['cnn-w8-s0', '20 522', '0.9832 [0.9700, 0.9900]', '2.303', '-', '1.0']]);
});

test('a scale shows its number, its parameters and its seeds; imported members only their coordinate', () => {
  const rows = [{ width: 1.4e9, parameters: 1.4e9, seeds: 3 }];
  const columns = [{ metric: share, values: [{ value: 2e-7 }] }];
  expect(membersTable([{ width: 8, parameters: 20522, seeds: 3 }], columns).lines).toEqual([
    ['8', '20 522', '3', '2e-7'],
  ]);
  expect(printed(membersTable(rows, columns, importedWords('params')))).toBe(
    'params  seeds  accuracy\n  1.4B      3      2e-7',
  );
});
