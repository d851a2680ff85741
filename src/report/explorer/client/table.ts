/** The data behind the curves. */
import { firstOf, nth } from '../../../machine/present.js';
import { formatNumber } from '../../../terminal/format.js';
import { unitsText } from '../data.js';
import { headOf, grouped, h } from './dom.js';
import { inducedTitle, numbersOf, signed, type View } from './view.js';

/** A row for each member; undefined if there is nothing to draw. */
export function curveTable(view: View): HTMLElement | undefined {
  const { run, state, curves } = view;
  const [first] = curves;
  if (first === undefined) return undefined;
  const shown = (value: number) => signed(formatNumber(value, 4));
  const rows = curves.flatMap(({ choice, explored: { standard, induced, predicted } }) =>
    choice.members.map((member, i) => {
      const measured = [nth(standard.members, i), nth(induced.members, i)];
      const [name, ...cells] = [
        ...numbersOf(view, member).map(([, text]) => text),
        ...measured.map(({ value, lower, upper }) => `${shown(value)} [${shown(lower)}, ${shown(upper)}]`),
        shown(nth(predicted.members, i)),
      ];
      return h('tr', {}, h('th', { scope: 'row' }, name), ...cells.map((text) => h('td', {}, text)));
    }),
  );
  const about = numbersOf(view, firstOf(first.choice.members)).map(([name]) => name);
  const heading = [...about, run.standard.title, inducedTitle(run, state), 'predicted'];
  return h(
    'table',
    {},
    h(
      'caption',
      {},
      `Every member on ${grouped(first.choice.size)} ${unitsText(run)}; in brackets, 95 % intervals over the sampling of the test set.`,
    ),
    headOf(heading),
    h('tbody', {}, ...rows),
  );
}
