/** The first view of a report's page: that of its figures, over whatever axis. */
import * as fs from 'node:fs/promises';
import * as path from 'node:path';
import { describe, expect, test } from 'vitest';
import { defaultColumnsOf } from '../../../../src/analysis/defaults.js';
import { inputOf, resolveExperiment } from '../../../../src/experiment/schema.js';
import { report } from '../../../../src/library/report.js';
import { nth, present } from '../../../../src/machine/present.js';
import { placed, type PageView } from '../../../../src/report/explorer/places.js';
import { pagePoints, type PagePoints } from '../../../../src/report/explorer/points.js';
import { readColumns } from '../../../../src/runs/load.js';
import { openRunFolder } from '../../../../src/runs/open.js';
import type { LoadedRun } from '../../../../src/runs/opened.js';
import { atRows, encodeMoment, encodeOutcomes, probeFile } from '../../../../src/runs/outcomes.js';
import {
  memberFolder,
  membersOf,
  readMemberRecord,
  writeMemberRecord,
  writeRunRecord,
} from '../../../../src/runs/run.js';
import type { ViewOptions } from '../../../../src/runs/view.js';
import { outcomesOf, pairs, writeFamily, type Kind } from '../../../support/families.js';
import { temporaryFolder, writeMember } from '../../../support/runs.js';

/** Two widths of two seeds, with moments after 10 and 30 steps on every fourth row of the test set. */
async function written(arch: Kind, further: Record<string, unknown> = {}): Promise<string> {
  const folder = path.join(await temporaryFolder(), arch);
  const shape = { arch, widths: [2, 8], seeds: [0, 1], count: 80 };
  const record = await writeFamily(folder, shape);
  const experiment = resolveExperiment({ ...inputOf(record.experiment), moments: '10,30', ...further });
  await writeRunRecord(folder, { ...record, experiment });
  const length = arch === 'transformer' ? pairs : 1;
  const row = Int32Array.from({ length: 20 * length }, (_, i) => i + 7 * length);
  for (const key of membersOf(experiment)) {
    const of = (divisor: number) => outcomesOf(shape, key.width / divisor, key.seed);
    const moments = new Map([16, 2].map((divisor, i) => [nth([10, 30], i), { ...atRows(of(divisor), row), row }]));
    await writeMember(folder, key, of(1), moments, arch === 'transformer' ? probes(key.width) : {});
    const own = memberFolder(folder, key);
    const member = present(await readMemberRecord(own));
    await writeMemberRecord(own, { ...member, steps: key.factors?.steps ?? experiment.steps ?? member.steps });
  }
  return folder;
}

/** The last image of each of 80 sequences. */
function probes(width: number): Record<string, Uint8Array> {
  const sequence = Int32Array.from({ length: 80 }, (_, i) => i);
  const queries = { ...outcomesOf({ arch: 'cnn', widths: [], seeds: [], count: 80 }, width, 0), sequence };
  const columns = { ...queries, position: sequence.map(() => pairs - 1) };
  return {
    [probeFile('held-out')]: encodeOutcomes(columns),
    [probeFile('held-out', 10)]: encodeMoment(columns),
    [probeFile('held-out', 30)]: encodeMoment(columns),
  };
}

interface Opened {
  readonly loaded: LoadedRun;
  readonly page: PagePoints;
  readonly view: PageView;
}

async function opened(folder: string, options: ViewOptions): Promise<Opened> {
  const open = await openRunFolder(folder, options);
  const loaded = await readColumns(open, defaultColumnsOf(open));
  const page = await pagePoints([loaded]);
  const { record, words } = loaded;
  if ('kind' in record) throw new Error('not trained');
  const members = page.points.map((point) => point.record);
  const about = { members, experiment: record.experiment, words, count: 80, countAtMoments: 20 };
  return { loaded, page, view: placed(about, page.first) };
}

function idsOf({ page, view }: Opened): string[] {
  return nth(view.curves, 0).members.map(({ place }) => nth(page.points, place).record.id);
}

describe.each([
  ['cnn', {}, {}],
  ['autoencoder', {}, {}],
  ['transformer', { heldOutClasses: 3, probe: 'held-out' }, { probe: 'held-out' }],
] as const)('%s', (arch, experiment, options) => {
  test("over the loss: members and positions equal those of the figures, with the losses of the moments' rows", async () => {
    const all = await opened(await written(arch, experiment), { axis: 'loss', ...options });
    expect(all.page.first).toEqual({ axis: 'loss', per: '', at: undefined, where: {} });
    expect(idsOf(all)).toHaveLength(12);
    expect(idsOf(all)).toEqual(all.loaded.members.map(({ record }) => record.id));
    expect(nth(all.view.curves, 0).members.map(({ width }) => width)).toEqual(
      all.loaded.members.map(({ record }) => record.width),
    );
  });
});

test.each<readonly [ViewOptions, number | undefined, Record<string, number>]>([
  [{}, undefined, {}],
  [{ at: 64 }, 64, {}],
  [{ at: 1404 }, 1404, {}],
  [{ at: 10 }, 10, {}],
  [{ axis: 'flops' }, undefined, {}],
  [{ axis: 'flops', at: 1404 }, 1404, {}],
  [{ where: { steps: 64 } }, undefined, { steps: 64 }],
  [{ where: { steps: 64 }, axis: 'width' }, undefined, { steps: 64 }],
])('steps of the members drawn: %j', async (options, at, where) => {
  const folder = await written('cnn', { steps: [64, 1404] });
  const all = await opened(folder, options);
  expect(all.page.first).toMatchObject({ at, where });
  expect(idsOf(all).sort()).toEqual(all.loaded.members.map(({ record }) => record.id).sort());
});

test('the report of a probe calls the share right of its one image accuracy, on paper and in the page', async () => {
  const folder = await written('transformer', { heldOutClasses: 3, probe: 'held-out' });
  const output = path.join(path.dirname(folder), 'report');
  await report([folder], { probe: 'held-out', draws: 50, output });
  const text = await fs.readFile(path.join(output, 'report.md'), 'utf8');
  expect(text).toContain('Under accuracy per image it goes from');
  expect(await fs.readFile(path.join(output, 'report.html'), 'utf8')).toContain('"title":"accuracy per image"');
  expect(text).not.toContain('L = 1');
  const commands = text.split('\n').filter((line) => /npm run (compare|sweep) -- /.test(line));
  expect(commands.length).toBeGreaterThan(1);
  for (const command of commands) expect(command).toContain(' --probe held-out');
});
