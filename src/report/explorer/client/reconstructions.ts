/** Reconstructions by autoencoders of each width; images not below the cutoff are shown pale. */
import type { PageReconstructions } from '../data.js';
import type { PageFamily } from '../family.js';
import type { State } from '../state.js';
import { h } from './dom.js';

interface Strip {
  readonly member: number;
  readonly name: string;
  readonly canvas: HTMLCanvasElement;
  readonly label: HTMLElement;
  readonly image: HTMLImageElement;
}

/** Those of one run; `show` redraws what the cutoff changes. */
export class Reconstructions {
  readonly #given: PageReconstructions;
  readonly #strips: readonly Strip[];
  readonly #originals: HTMLCanvasElement;
  #shown: { readonly family: PageFamily; readonly threshold: number } | undefined;

  constructor(element: HTMLElement, given: PageReconstructions) {
    this.#given = given;
    const canvasOf = () => h('canvas', { width: given.width * given.units.length, height: given.height, role: 'img' });
    this.#originals = canvasOf();
    this.#originals.setAttribute('aria-label', `${given.units.length} test images`);
    this.#strips = given.strips.map(({ member, name, png }) => {
      const image = new Image();
      image.src = png;
      image.addEventListener('load', () => {
        this.#draw();
      });
      return { member, name, canvas: canvasOf(), label: h('span', { class: 'strip-share' }), image };
    });
    const rows = this.#strips.map(({ name, canvas, label }) =>
      h('div', { class: 'strip' }, h('span', { class: 'strip-name' }, name), canvas, label),
    );
    const first = h(
      'div',
      { class: 'strip' },
      h('span', { class: 'strip-name' }, 'original'),
      this.#originals,
      h('span', { class: 'strip-share' }),
    );
    element.replaceChildren(first, ...rows);
  }

  show(family: PageFamily, { threshold }: Pick<State, 'threshold'>): void {
    this.#shown = { family, threshold };
    this.#draw();
  }

  #draw(): void {
    const { width, height, units } = this.#given;
    if (this.#shown === undefined) return;
    const { family, threshold } = this.#shown;
    this.#strips.forEach(({ member, canvas, label, image }, row) => {
      const context = canvas.getContext('2d');
      if (context === null || !image.complete || image.naturalWidth === 0) return;
      if (row === 0) this.#originals.getContext('2d')?.drawImage(image, 0, 0);
      context.clearRect(0, 0, canvas.width, canvas.height);
      let below = 0;
      units.forEach((unit, i) => {
        const is = unit >= 0 && family.isSolved(member, unit, threshold);
        below += Number(is);
        context.globalAlpha = is ? 1 : 0.32;
        context.drawImage(image, i * width, height, width, height, i * width, 0, width, height);
      });
      label.textContent = `${below} of ${units.length}`;
      canvas.setAttribute('aria-label', `${below} of ${units.length} images are below the cutoff`);
    });
  }
}
