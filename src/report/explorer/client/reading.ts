/** Describes in words what is drawn. */
import { firstOf, lastOf, nth } from '../../../machine/present.js';
import { capitalized, formatNumber } from '../../../terminal/format.js';
import { placeName, scaleText, type FamilyWords } from '../../../runs/words.js';
import { whereImproves } from '../../bows.js';
import { unitsText } from '../data.js';
import type { Explored, Scored } from '../family.js';
import { grouped } from './dom.js';
import { inducedTitle, signed, withInterval, type View, type ViewCurve } from './view.js';

/** What is drawn: a sentence for screen readers, and a summary for the page. */
export function readingOf(view: View): string {
  const { curves } = view;
  const mixed = view.view.mixed;
  const seeds =
    mixed.length === 0 ? '' : ` Members at one place that differ in ${mixed.join(' and ')} count as its seeds.`;
  if (curves.length === 0) return 'A curve needs a seed and two scales: tick another.';
  const texts = curves.length === 1 ? [readingOfOne(view, firstOf(curves))] : readingOfSeveral(view);
  return signed(`${texts.join(' ')}${seeds}`);
}

function readingOfOne({ run, state, view: { words } }: View, { explored, choice }: ViewCurve): string {
  const { standard, induced, paired } = explored;
  const [first, last] = [firstOf(induced.points), lastOf(induced.points)];
  const at = (place: number) => `${placeName(words)} ${scaleText(nth(explored.scales, place).width, words)}`;
  const shape = shapeOf(words, explored.scales);
  const isAtZero = induced.points.some(({ value }) => value === 0);
  const floor = isAtZero ? ' Where it is at 0, it may rise below what this test set can show.' : '';
  const difference = Number.isNaN(paired.bow.value) ? '' : `; the bows differ by ${withInterval(paired.bow, 2)}`;
  return (
    `With ${inducedTitle(run, state)} on ${grouped(choice.size)} ${unitsText(run)} the curve goes from ${formatNumber(first.value)} at ${at(0)} to ${formatNumber(last.value)} at ${at(-1)}. ` +
    `Eq 1 is ${withInterval(paired.ratio, 2)} times that of ${run.standard.title}, in the same draws (${withInterval(induced.scores.ramp, 2)} against ${withInterval(standard.scores.ramp, 2)} times a ramp's). ` +
    `The induced curve ${shape(induced.scores)}, the standard one ${shape(standard.scores)}${difference}.${floor}`
  );
}

function readingOfSeveral({ run, state, curves, view: { words } }: View): string[] {
  const size = firstOf(curves).choice.size;
  return [
    `With ${inducedTitle(run, state)} on ${grouped(size)} ${unitsText(run)}:`,
    ...curves.map(({ name, explored: { induced, paired, scales } }) => {
      const [first, last] = [firstOf(induced.points), lastOf(induced.points)];
      const more = `, ${withInterval(paired.bow, 2)} more than that of ${run.standard.title}`;
      const shape = shapeOf(words, scales)(induced.scores, Number.isNaN(paired.bow.value) ? '' : more);
      return `${capitalized(name)} goes from ${formatNumber(first.value)} to ${formatNumber(last.value)} and ${shape}.`;
    }),
  ];
}

type Shape = Readonly<Record<'emergence' | 'bow', Scored>>;

/** Where a curve improves, with its bow in brackets if it has one. */
function shapeOf(words: FamilyWords, scales: Explored['scales']): (scores: Shape, more?: string) => string {
  return ({ emergence, bow }, more = '') => {
    const where = whereImproves(
      { emergence: emergence.value, bow: { value: bow.value, interval: bow } },
      { scales: scales.map(({ width }) => width), words },
    );
    return Number.isNaN(bow.value) ? where : `${where} (bow ${withInterval(bow, 2)}${more})`;
  };
}
