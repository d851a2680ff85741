/** Example by example: at which scale test examples turn, which ones those are, and what each member answered for one. */
import { coinFlips, expectedDistribution, type SolvedGrid, type Turns } from '../../../analysis/example-turns.js';
import { nth, present } from '../../../machine/present.js';
import { scaleText, type FamilyWords } from '../../../runs/words.js';
import { unitsText, type PageExample, type PagePictures, type PageRun } from '../data.js';
import type { Choice, PageFamily } from '../family.js';
import type { State } from '../state.js';
import { headOf, grouped, h, oneStop } from './dom.js';

/** Most pictures shown for one turn. */
const mostShown = 48;

export interface ExamplesView {
  readonly run: PageRun;
  readonly family: PageFamily;
  readonly state: State;
  readonly choice: Choice;
  /** What the scales are called. */
  readonly words: FamilyWords;
  /** What solved means here: `right`. */
  readonly solved: string;
}

export class Examples {
  readonly #bars: HTMLElement;
  readonly #pictures: HTMLElement;
  readonly #detail: HTMLElement;
  readonly #change: (part: Pick<State, 'turn' | 'example'>) => void;
  #sprite: { readonly uri: string; readonly image: HTMLImageElement } | undefined;

  constructor(element: HTMLElement, change: (part: Pick<State, 'turn' | 'example'>) => void) {
    this.#change = change;
    this.#bars = h('div', { class: 'turns', role: 'toolbar', 'aria-label': 'Scales at which examples turn' });
    this.#pictures = h('div', { class: 'pictures' });
    this.#detail = h('div', { class: 'detail' });
    element.replaceChildren(this.#bars, h('div', { class: 'beside' }, this.#pictures, this.#detail));
  }

  show(view: ExamplesView): void {
    const focused = document.activeElement?.id;
    const found = turnsOf(view);
    if (typeof found === 'string') {
      this.#bars.replaceChildren(h('p', { class: 'note' }, found));
      this.#pictures.replaceChildren();
      this.#detail.replaceChildren();
      return;
    }
    const { grid, turns } = found;
    const measured = shares(turns.median, grid.scales.length + 1);
    const expected = expectedDistribution(grid, turns, [coinFlips(grid)]).median;
    const turn = view.state.turn ?? fullest(measured);
    this.#showBars(view, grid, { measured, expected, turn });
    this.#showPictures(view, grid, turns, turn);
    // Redrawing keeps the focus.
    if (focused !== undefined && focused !== '') document.getElementById(focused)?.focus();
  }

  #showBars(
    { run, choice: { size }, words }: ExamplesView,
    grid: SolvedGrid,
    { measured, expected, turn }: Bars,
  ): void {
    const most = Math.max(...measured, ...expected);
    const rows = measured.map((share, place) => {
      const name = turnName(grid, place, words);
      const text = `${(100 * share).toFixed(1)} %`;
      const flips = `${(100 * nth(expected, place)).toFixed(1)} %`;
      const bar = h('span', { class: 'turn-bar' });
      bar.innerHTML = `<svg viewBox="0 0 100 14" preserveAspectRatio="none" aria-hidden="true"><rect class="bar" width="${((100 * share) / most).toFixed(2)}" height="14"/><rect class="flips" x="${Math.max(0, (100 * nth(expected, place)) / most - 0.6).toFixed(2)}" width="1.2" height="14"/></svg>`;
      const button = h(
        'button',
        { type: 'button', id: `turn-${place}`, class: 'turn', 'aria-pressed': String(place === turn) },
        h('span', { class: 'turn-name' }, name),
        bar,
        h('span', { class: 'turn-share' }, text),
        h('span', { class: 'sr' }, ` of the ${unitsText(run)}; with coin flips, ${flips}`),
      );
      button.addEventListener('click', () => {
        this.#change({ turn: place, example: undefined });
      });
      return button;
    });
    oneStop(rows, turn);
    const keys = h('p', { class: 'keys' });
    keys.innerHTML =
      '<span class="key"><svg width="22" height="10" aria-hidden="true"><rect class="bar" width="22" height="10"/></svg>measured</span>' +
      '<span class="key"><svg width="8" height="12" aria-hidden="true"><rect class="flips" x="3" width="2.5" height="12"/></svg>coin flips with each member\u2019s accuracy</span>';
    this.#bars.replaceChildren(
      h(
        'p',
        { class: 'note' },
        `Share of the ${grouped(size)} ${unitsText(run)} by the scale from which at least half of the seeds solve them at every larger scale:`,
      ),
      ...rows,
      keys,
    );
  }

  #showPictures(view: ExamplesView, grid: SolvedGrid, turns: Turns, turn: number): void {
    const { run, state, words, choice } = view;
    this.#detail.replaceChildren();
    if (typeof run.pictures === 'string') {
      this.#pictures.replaceChildren(h('p', { class: 'note' }, `No pictures: ${run.pictures}`));
      return;
    }
    const pictures = run.pictures;
    const fitting = pictures.examples.flatMap((example, i) =>
      example.unit < choice.size && turns.median[example.unit] === turn ? [{ example, i }] : [],
    );
    const shown = fitting.slice(0, mostShown);
    const title = h('h3', {}, turnName(grid, turn, words));
    const about = h(
      'p',
      { class: 'note' },
      shown.length === 0
        ? `None of the ${grouped(pictures.examples.length)} ${unitsText(run)} with pictures in this page.`
        : `${shown.length} of them, from the ${grouped(pictures.examples.length)} ${unitsText(run)} with pictures in this page. Choose one to see the result of every member.`,
    );
    const buttons = shown.map(({ example, i }) => {
      const button = h('button', {
        ...{ type: 'button', class: 'picture', id: `example-${i}`, 'aria-pressed': String(i === state.example) },
        'aria-label': `${example.name}, ${example.label}`,
      });
      button.append(this.#canvasOf(pictures, i));
      button.addEventListener('click', () => {
        this.#change({ turn, example: i });
      });
      return button;
    });
    const thumbnails = h('div', {
      class: 'grid',
      role: 'toolbar',
      'aria-label': 'Examples: use the arrow keys to move between them',
    });
    thumbnails.append(...buttons);
    this.#pictures.replaceChildren(title, about, thumbnails);
    oneStop(
      buttons,
      shown.findIndex(({ i }) => i === state.example),
    );
    const chosen = state.example === undefined ? undefined : pictures.examples[state.example];
    if (chosen !== undefined && chosen.unit < choice.size)
      this.#showDetail(view, chosen, pictures, present(state.example));
  }

  #showDetail(
    { family, state, choice, words, solved }: ExamplesView,
    example: PageExample,
    pictures: PagePictures,
    i: number,
  ): void {
    const widths = [...new Set(choice.members.map(({ width }) => width))];
    const seeds = [...new Set(choice.members.map(({ seed }) => seed))].sort((a, b) => a - b);
    const rows = seeds.map((seed) =>
      h(
        'tr',
        {},
        h('th', { scope: 'row' }, String(seed)),
        ...widths.map((width) => {
          const member = choice.members.find((each) => each.width === width && each.seed === seed);
          if (member === undefined) return h('td', {}, '\u2013');
          const is = family.isSolved(member.place, example.unit, state.threshold);
          return h(
            'td',
            { class: is ? 'solved' : 'failed' },
            h('span', { class: 'sr' }, is ? 'yes' : 'no'),
            h('span', { 'aria-hidden': 'true' }, is ? '\u25cf' : '\u25cb'),
          );
        }),
      ),
    );
    const picture = this.#canvasOf(pictures, i);
    picture.classList.add('large');
    this.#detail.replaceChildren(
      picture,
      h('h3', {}, example.name),
      h('p', { class: 'note' }, `${example.label}. Filled: ${solved}.`),
      h(
        'div',
        { class: 'scroll', tabindex: 0, role: 'group', 'aria-label': `${example.name} by seed and ${words.scale}` },
        h(
          'table',
          { class: 'cells' },
          h('caption', { class: 'sr' }, `Whether ${example.name} is ${solved}, by seed and ${words.scale}`),
          headOf(['seed', ...widths.map((width) => scaleText(width, words))]),
          h('tbody', {}, ...rows),
        ),
      ),
    );
  }

  /** An example's row of the sprite. */
  #canvasOf({ sprite, width, height, across }: PagePictures, i: number): HTMLCanvasElement {
    const canvas = h('canvas', { width: width * across, height, 'aria-hidden': 'true' });
    if (this.#sprite?.uri !== sprite) {
      const image = new Image();
      image.src = sprite;
      this.#sprite = { uri: sprite, image };
    }
    const { image } = this.#sprite;
    const draw = () =>
      canvas.getContext('2d')?.drawImage(image, 0, i * height, width * across, height, 0, 0, width * across, height);
    if (image.complete && image.naturalWidth > 0) draw();
    else image.addEventListener('load', draw);
    return canvas;
  }
}

interface Bars {
  readonly measured: readonly number[];
  readonly expected: readonly number[];
  readonly turn: number;
}

/** The turns, or a sentence on why there are none. */
function turnsOf({ family, choice }: ExamplesView): { grid: SolvedGrid; turns: Turns } | string {
  try {
    return family.turns(choice);
  } catch (error) {
    if (error instanceof RangeError) return `Turns cannot be determined: ${error.message}.`;
    throw error;
  }
}

function shares(places: Uint8Array, length: number): number[] {
  return Array.from({ length }, (_, place) => places.filter((each) => each === place).length / places.length);
}

/** The most common turn inside the range of scales. */
function fullest(measured: readonly number[]): number {
  const inside = measured.slice(1, -1);
  return inside.length === 0 ? 0 : 1 + inside.indexOf(Math.max(...inside));
}

function turnName({ scales }: SolvedGrid, place: number, words: FamilyWords): string {
  const at = (i: number) => `${words.scale} ${scaleText(nth(scales, i).width, words)}`;
  if (place === 0) return `from ${at(0)} on`;
  return place === scales.length ? `not by ${at(-1)}` : `by ${at(place)}`;
}
