/** What was imported, for a terminal: the models, what is known of each outcome, and which metrics that rules out. */
import { firstOf, present } from '../../machine/present.js';
import { metrics, type RegisteredMetric } from '../../metrics/index.js';
import { commandLine } from '../../machine/installation.js';
import { importedColumns, type ImportedRun } from '../../runs/imported.js';
import type { OutcomeColumns } from '../../runs/outcomes.js';
import { importedWords, scaleText } from '../../runs/words.js';
import { counted, countedWithSpaces, formatShare } from '../../terminal/format.js';
import { printable } from '../../terminal/printable.js';
import { textTable } from './text-table.js';
import { mean } from '../../statistics/mean.js';

interface Imported {
  readonly name: string;
  readonly seed: number | null;
  readonly coordinates: Readonly<Record<string, number>>;
  readonly columns: OutcomeColumns;
}

/** Most models listed; if there are more, only the first and the last ones. */
const mostListed = 24;

/** Describes the imported members. Without a line break at the end. */
export function importedText(
  folder: string,
  { name, axis, dataset, members: all }: ImportedRun,
  members: readonly Imported[],
): string {
  if (members.length === 0) return `${name}: nothing new; the run is unchanged`;
  const words = importedWords(axis);
  const sorted = members.toSorted((a, b) => present(a.coordinates[axis]) - present(b.coordinates[axis]));
  const lines = sorted.map(({ name: model, seed, coordinates, columns }) => [
    printable(seed === null ? model : `${model}, seed ${seed}`),
    scaleText(present(coordinates[axis]), words),
    formatShare(mean(present(columns['correct']))),
  ]);
  const shown =
    lines.length <= mostListed
      ? lines
      : [...lines.slice(0, mostListed / 2), ['...', '', ''], ...lines.slice(-mostListed / 2)];
  const columns = Object.keys(firstOf(members).columns);
  return [
    textTable(['model', axis, 'accuracy'], shown, ['model']),
    printable(
      `${name}: ${counted(members.length, 'model')}${members.length < all.length ? ` added, ${all.length} in all,` : ''} on the same ${countedWithSpaces(dataset.testCount, 'example')} of ${dataset.name}, over ${axis}`,
    ),
    `outcome columns: ${columns.join(', ')}`,
    ...missingLine(columns),
    '',
    `run   ${folder}`,
    `next  ${commandLine(`show ${name}`)}`,
  ].join('\n');
}

/** Metrics that need further columns, of those that imported outcomes can have. */
function missingLine(columns: readonly string[]): string[] {
  const missing = (Object.values(metrics) as RegisteredMetric[]).flatMap(({ name, units, needs }) => {
    if (units !== 'images' || typeof needs === 'function') return [];
    const canBe = needs.every((each) => (importedColumns as readonly string[]).includes(each));
    const absent = needs.filter((each) => !columns.includes(each));
    return canBe && absent.length > 0 ? [`${name} (${absent.join(', ')})`] : [];
  });
  return missing.length === 0 ? [] : [`metrics that need more columns: ${missing.join(', ')}`];
}
