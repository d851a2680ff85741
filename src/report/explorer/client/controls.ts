/** The controls: native inputs, each with a label and its value in words. They change the state; drawing is left to whoever listens. */
import { nth } from '../../../machine/present.js';
import { formatNumber } from '../../../terminal/format.js';
import { scaleText } from '../../../runs/words.js';
import { unitsText, type PageData, type PageRun } from '../data.js';
import { testSizes } from '../sizes.js';
import { axes, horizontals, verticals, type State } from '../state.js';
import { axisTitles } from '../../titles.js';
import { grouped, h } from './dom.js';

export type Change = (part: Partial<State>) => void;

const horizontalNames = { log: 'logarithmic', linear: 'linear' } as const;
const verticalNames = {
  whole: 'whole: shares from 0 to 1',
  fitted: 'fitted to the curve',
  log: 'logarithmic',
} as const;

/** All controls of a run as they stand. */
export function controlsOf(data: PageData, run: PageRun, state: State, change: Change): HTMLElement {
  const { induced } = run;
  const widths = [...new Set(run.members.map(({ width }) => width))];
  const seeds = [...new Set(run.members.map(({ seed }) => seed))].sort((a, b) => a - b);
  const sizes = testSizes(run.count);
  const sliders = h(
    'div',
    { class: 'sliders' },
    data.runs.length < 2
      ? undefined
      : choice('run', 'Run', {
          options: data.runs.map(({ name }) => [name, name]),
          value: state.run,
          change: (name) => {
            change({ run: name });
          },
        }),
    slider('threshold', `Threshold: ${induced.label}`, {
      options: induced.options,
      value: state.threshold,
      text: (value) => `${symbolOf(induced.key)} = ${formatNumber(value, 4)}`,
      change: (threshold) => {
        change({ threshold });
      },
    }),
    slider('size', `Test set: ${unitsText(run)}, drawn at random`, {
      options: sizes,
      value: state.size,
      text: (value) => `${grouped(value)} ${unitsText(run)}`,
      change: (size) => {
        change({ size });
      },
    }),
  );
  const selects = h(
    'div',
    { class: 'selects' },
    // Imported members are placed by one coordinate.
    run.words.isCoordinate
      ? undefined
      : choice('axis', 'Horizontal axis', {
          options: axes.map((axis) => [axis, axisTitles[axis]]),
          value: state.axis,
          change: (axis) => {
            change({ axis });
          },
        }),
    choice('horizontal', 'Horizontal spacing', {
      options: horizontals.map((each) => [each, horizontalNames[each]]),
      value: state.horizontal,
      change: (horizontal) => {
        change({ horizontal });
      },
    }),
    choice('vertical', 'Vertical axes', {
      options: verticals.map((each) => [each, verticalNames[each]]),
      value: state.vertical,
      change: (vertical) => {
        change({ vertical });
      },
    }),
    choice('natural', 'Natural curve', {
      options: [...data.natural.map(({ name }) => [name, name] as const), ['', 'none'] as const],
      value: state.natural,
      change: (natural) => {
        change({ natural });
      },
    }),
  );
  const boxes = h(
    'div',
    { class: 'boxes' },
    checkBoxes('widths', `Scales (${run.words.scale})`, {
      values: widths,
      text: (width) => scaleText(width, run.words),
      without: state.withoutWidths,
      change: (withoutWidths) => {
        change({ withoutWidths });
      },
    }),
    checkBoxes('seeds', 'Seeds', {
      values: seeds,
      text: String,
      without: state.withoutSeeds,
      change: (withoutSeeds) => {
        change({ withoutSeeds });
      },
    }),
  );
  return h('div', { class: 'all-controls' }, sliders, boxes, selects);
}

/** `K` for subsets, `c` for cutoffs, `L` for sequences. */
export function symbolOf(key: PageRun['induced']['key']): string {
  return key === 'c' ? key : key.toUpperCase();
}

interface Slider {
  readonly options: readonly number[];
  readonly value: number;
  readonly text: (value: number) => string;
  readonly change: (value: number) => void;
}

/** A range over the options' places; the option itself is shown and read out. */
function slider(id: string, label: string, { options, value, text, change }: Slider): HTMLElement {
  const output = h('output', { for: id, id: `${id}-value` }, text(value));
  const input = h('input', {
    ...{ type: 'range', id, min: 0, max: Math.max(0, options.length - 1), step: 1 },
    ...{ value: options.indexOf(value), 'aria-valuetext': text(value), disabled: options.length < 2 },
  });
  input.value = String(options.indexOf(value));
  input.addEventListener('input', () => {
    const chosen = nth(options, Number(input.value));
    output.textContent = text(chosen);
    input.setAttribute('aria-valuetext', text(chosen));
    change(chosen);
  });
  return h(
    'div',
    { class: 'control slider' },
    h('div', { class: 'named' }, h('label', { for: id }, label), output),
    input,
  );
}

interface Choice<T extends string> {
  readonly options: readonly (readonly [value: T, text: string])[];
  readonly value: T;
  readonly change: (value: T) => void;
}

function choice<T extends string>(id: string, label: string, { options, value, change }: Choice<T>): HTMLElement {
  const select = h(
    'select',
    { id },
    ...options.map(([each, text]) => h('option', { value: each, selected: each === value }, text)),
  );
  select.value = value;
  select.addEventListener('change', () => {
    change(select.value as T);
  });
  return h('div', { class: 'control' }, h('label', { for: id }, label), select);
}

interface Boxes {
  readonly values: readonly number[];
  readonly text: (value: number) => string;
  readonly without: readonly number[];
  readonly change: (without: readonly number[]) => void;
}

function checkBoxes(id: string, legend: string, { values, text, without, change }: Boxes): HTMLElement {
  const inputs = values.map((value) => {
    const input = h('input', { type: 'checkbox', id: `${id}-${value}`, value, checked: !without.includes(value) });
    input.addEventListener('change', () => {
      change(inputs.filter((each) => !each.checked).map((each) => Number(each.value)));
    });
    return input;
  });
  return h(
    'fieldset',
    { id },
    h('legend', {}, legend),
    ...inputs.map((input, i) => h('label', { class: 'box' }, input, h('span', {}, text(nth(values, i))))),
  );
}
