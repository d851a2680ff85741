/** The controls: native inputs, each with a label and its value in words. They change the state; drawing is left to listeners. */
import { nth } from '../../../machine/present.js';
import { formatCount, formatNumber } from '../../../terminal/format.js';
import { axisTitle } from '../../../runs/view.js';
import { placeName, scaleText } from '../../../runs/words.js';
import { unitsText, type PageData, type PageRun } from '../data.js';
import { haveLogarithms } from '../../../analysis/scales.js';
import { axesOf, axisIn, factorsBeside, isAlong, momentSteps, placed, type PageView } from '../places.js';
import { testSizes } from '../sizes.js';
import { horizontals, verticals, type State } from '../state.js';
import { grouped, h } from './dom.js';

export type Change = (part: Partial<State>) => void;

const horizontalNames = { log: 'logarithmic', linear: 'linear' } as const;
const verticalNames = {
  whole: 'shares from 0 to 1',
  fitted: 'fitted to the curve',
  log: 'logarithmic',
} as const;

/** Most checkboxes: if every member has its own position, as over the loss, a box for each would be too many. */
const mostBoxes = 30;

/** All controls of a run in their current state. */
export function controlsOf(data: PageData, run: PageRun, state: State, change: Change): HTMLElement {
  const { induced } = run;
  const { slider, choice, checkBoxes } = controlsFor(change);
  const view = placed(run, state);
  // A scale of 0, such as no dropout, can't be shown on a logarithmic axis.
  const isLogAxis = haveLogarithms(view.scales);
  const sliders = h(
    'div',
    { class: 'sliders' },
    data.runs.length < 2
      ? undefined
      : choice('run', 'Run', {
          options: data.runs.map(({ name }) => [name, name]),
          value: state.run,
          part: (name) => ({ run: name }),
        }),
    induced.options.length < 2
      ? undefined
      : slider('threshold', `Threshold: ${induced.label}`, {
          options: induced.options,
          value: state.threshold,
          text: (value) => `${symbolOf(induced.key)} = ${formatNumber(value, 4)}`,
          part: (threshold) => ({ threshold }),
        }),
    slider('size', `Test set: ${unitsText(run)}, drawn at random`, {
      options: testSizes(view.units),
      value: state.size,
      text: (value) => `${grouped(value)} ${unitsText(run)}`,
      part: (size) => ({ size }),
    }),
  );
  const selects = h(
    'div',
    { class: 'selects' },
    ...placingControls(run, state, { view, choice }),
    choice('horizontal', 'Horizontal spacing', {
      options: horizontals
        .filter((each) => isLogAxis || each === 'linear')
        .map((each) => [each, horizontalNames[each]]),
      value: isLogAxis ? state.horizontal : 'linear',
      part: (horizontal) => ({ horizontal }),
    }),
    choice('vertical', 'Vertical axes', {
      options: verticals.map((each) => [each, verticalNames[each]]),
      value: state.vertical,
      part: (vertical) => ({ vertical }),
    }),
    choice('natural', 'Natural curve', {
      options: [...data.natural.map(({ name }) => [name, name] as const), ['', 'none'] as const],
      value: state.natural,
      part: (natural) => ({ natural }),
    }),
  );
  const boxes = h(
    'div',
    { class: 'boxes' },
    view.scales.length > mostBoxes
      ? undefined
      : checkBoxes('widths', `Scales (${placeName(view.words)})`, {
          values: view.scales,
          text: (width) => scaleText(width, view.words),
          without: state.withoutWidths,
          part: (withoutWidths) => ({ withoutWidths }),
        }),
    view.seeds.length < 2
      ? undefined
      : checkBoxes('seeds', 'Seeds', {
          values: view.seeds,
          text: String,
          without: state.withoutSeeds,
          part: (withoutSeeds) => ({ withoutSeeds }),
        }),
  );
  return h('div', { class: 'all-controls' }, sliders, boxes, selects);
}

/** What the curves are over and which ones there are: controls for whatever the run has several of. */
function placingControls(
  run: PageRun,
  state: State,
  { view, choice }: { readonly view: PageView } & Pick<ReturnType<typeof controlsFor>, 'choice'>,
): (HTMLElement | undefined)[] {
  const axes = axesOf(run);
  const axis = axisIn(run, state);
  const factors = factorsBeside(run, axis);
  const moments = momentSteps(run);
  return [
    axes.length < 2
      ? undefined
      : choice('axis', 'Horizontal axis', {
          options: axes.map(({ key, title }) => [key, title]),
          value: axis.key,
          part: (key) => ({ axis: key }),
        }),
    factors.length === 0
      ? undefined
      : choice('per', 'A curve for each', {
          options: [['', 'none: one curve'], ...factors.map((key) => [key, axisTitle(key)] as const)],
          value: factors.includes(state.per) ? state.per : '',
          part: (per) => ({ per }),
        }),
    moments.length === 0
      ? undefined
      : choice('at', 'Moment of training', {
          options: [
            ['', isAlong(axis) ? 'all moments' : 'the end'],
            ...moments.map((step) => [String(step), `after step ${grouped(step)}`] as const),
          ],
          value: state.at === undefined ? '' : String(state.at),
          part: (step) => ({ at: step === '' ? undefined : Number(step) }),
        }),
    ...view.holds.map(({ key, values, value, isFree }) =>
      choice(`hold-${key}`, `Held: ${axisTitle(key)}`, {
        options: [
          ...(isFree ? [['', 'not held'] as const] : []),
          ...values.map((each) => [String(each), formatCount(each, 5)] as const),
        ],
        value: value === undefined ? '' : String(value),
        part: (text) => {
          const others = Object.entries(state.where).filter(([other]) => other !== key);
          return { where: Object.fromEntries(text === '' ? others : [...others, [key, Number(text)]]) };
        },
      }),
    ),
  ];
}

/** `K` for subsets, `c` for cutoffs, `L` for sequences. */
export function symbolOf(key: PageRun['induced']['key']): string {
  return key === 'c' ? key : key.toUpperCase();
}

interface Slider {
  readonly options: readonly number[];
  readonly value: number;
  readonly text: (value: number) => string;
  /** What it changes. */
  readonly part: (value: number) => Partial<State>;
}

interface Choice<T extends string> {
  readonly options: readonly (readonly [value: T, text: string])[];
  readonly value: T;
  readonly part: (value: T) => Partial<State>;
}

interface Boxes {
  readonly values: readonly number[];
  readonly text: (value: number) => string;
  readonly without: readonly number[];
  readonly part: (without: readonly number[]) => Partial<State>;
}

/** Makes controls that change the state. */
function controlsFor(change: Change) {
  /** A range input over the options' indices; the option itself is shown and read out. */
  function slider(id: string, label: string, { options, value, text, part }: Slider): HTMLElement {
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
      change(part(chosen));
    });
    return h(
      'div',
      { class: 'control slider' },
      h('div', { class: 'named' }, h('label', { for: id }, label), output),
      input,
    );
  }

  function choice<T extends string>(id: string, label: string, { options, value, part }: Choice<T>): HTMLElement {
    const select = h(
      'select',
      { id },
      ...options.map(([each, text]) => h('option', { value: each, selected: each === value }, text)),
    );
    select.value = value;
    select.addEventListener('change', () => {
      change(part(select.value as T));
    });
    return h('div', { class: 'control' }, h('label', { for: id }, label), select);
  }

  function checkBoxes(id: string, legend: string, { values, text, without, part }: Boxes): HTMLElement {
    const inputs = values.map((value) => {
      const input = h('input', { type: 'checkbox', id: `${id}-${value}`, value, checked: !without.includes(value) });
      input.addEventListener('change', () => {
        change(part(inputs.filter((each) => !each.checked).map((each) => Number(each.value))));
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

  return { slider, choice, checkBoxes };
}
