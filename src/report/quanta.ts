/** The output of `emergence quanta`: tables, a CSV of every example's turn, a picture. */
import * as path from 'node:path';
import type { Quanta } from '../analysis/quanta.js';
import { passageSteps } from '../analysis/example-turns.js';
import { writeOutputs } from '../machine/files.js';
import { firstOf, nth, present, zip } from '../machine/present.js';
import { isImported, kindOf, makeOf } from '../runs/imported.js';
import type { LoadedRun } from '../runs/opened.js';
import type { OutcomeTable } from '../runs/outcomes.js';
import type { FamilyWords } from '../runs/words.js';
import { withSpaces } from '../terminal/format.js';
import { drawRunFigures, pathsOf, uniqueFiles } from './figures/files.js';
import { usualFigure, type FigureOptions } from './figures/figure-options.js';
import { quantaFigure } from './figures/quanta.js';
import { fitTables, sharpLines, turnTable } from './tables/quanta.js';
import { csvText } from './tables/text-table.js';

/** Tables for a terminal. */
export function quantaTables(quanta: Quanta, words: FamilyWords): string {
  const parts = [turnTable(quanta, words), sharpLines(quanta, words), fitTables(quanta, words)];
  return parts.filter((part) => part !== '').join('\n\n');
}

type FoundQuanta = Quanta & { readonly run: LoadedRun; readonly solved: string };

/** Writes quanta.csv and the pictures beside it into each run's folder; their paths. */
export async function writeQuanta(
  all: readonly FoundQuanta[],
  printed: FigureOptions = usualFigure,
): Promise<string[][]> {
  const tables = all.map((found) => {
    const { folder, members, words, curve } = found.run;
    const file = path.join(folder, `quanta${curve?.suffix ?? ''}.csv`);
    return { file, content: csvOf(found, firstOf(members).outcomes, words) };
  });
  const pictures = await drawRunFigures(all, {
    runOf: ({ run }) => run,
    figureOf: (found, run) => {
      const { record, words } = found.run;
      const units = kindOf(record) === 'sequences' ? 'images in sequences' : words.examples;
      const dataset = isImported(record) ? record.dataset.name : record.experiment.dataset;
      const testSet = `${withSpaces(found.grid.examples)} test ${units}`;
      return quantaFigure({ run, arch: makeOf(record), dataset, solved: found.solved, testSet, quanta: found, words });
    },
    ...{ name: 'quanta', printed, isApart: true },
  });
  await writeOutputs([...tables, ...uniqueFiles(pictures)]);
  return pathsOf(zip(tables, pictures).map(([table, files]) => [table, ...files]));
}

/** A row per example; `docs/quanta.md` describes the columns. */
function csvOf(
  { grid, turns }: Quanta,
  { example, sequence, position, label }: Partial<OutcomeTable>,
  { scale: name, isCoordinate: isForeign }: FamilyWords,
): string {
  const { scales, seeds, counts } = grid;
  const steps = passageSteps(turns, scales.length);
  const keys = Object.entries({ example, sequence, position, label }).filter(([, column]) => column !== undefined);
  const heading = [
    ...keys.map(([name]) => name),
    ...['turn', `after_${name}`, `by_${name}`, 'passage_steps', 'passage_decades', 'sharp'],
    ...scales.map(({ width }) => `solved_${isForeign ? '' : 'w'}${width}`),
    ...seeds.map((seed) => `by_${name}_s${seed}`),
  ];
  const widthAt = (t: number) => scales[t]?.width ?? '';
  const lines = Array.from({ length: grid.examples }, (_, i) => {
    const t = nth(turns.median, i);
    return [
      ...keys.map(([, column]) => nth(present(column), i)),
      ...[turnOf(t, turns.never[i] === 1, scales.length), widthAt(t - 1), widthAt(t)],
      ...(steps[i] === 0 ? ['', ''] : [nth(steps, i), decadesOf(grid, turns, i)]),
      Number(steps[i] === 1),
      ...scales.map(({ members }, s) => Number((nth(nth(counts, s), i) / members.length).toFixed(4))),
      ...turns.bySeed.map((bySeed) => widthAt(nth(bySeed, i))),
    ];
  });
  return csvText(heading, lines);
}

function turnOf(t: number, never: boolean, scales: number): string {
  if (never) return 'never';
  return t === 0 ? 'always' : t === scales ? 'later' : 'within';
}

/** From the last scale where all seeds fail to the first where all succeed, in powers of ten of parameters. */
function decadesOf({ scales }: Quanta['grid'], { failing, holding }: Quanta['turns'], i: number): number {
  const from = nth(scales, nth(failing, i) - 1).parameters;
  const to = nth(scales, scales.length - nth(holding, i)).parameters;
  return Number(Math.log10(to / from).toFixed(4));
}
