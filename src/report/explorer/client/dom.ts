/** Creates elements in one line. No style attributes or inline handlers: the page's content security policy allows neither. */
import { nth } from '../../../machine/present.js';
import { withSpaces } from '../../../terminal/format.js';

type Child = Node | string | undefined;
type Attributes = Readonly<Record<string, string | number | boolean | undefined>>;

/** An element; attributes that are false or undefined are left out, true becomes an empty attribute. */
export function h<Name extends keyof HTMLElementTagNameMap>(
  name: Name,
  attributes: Attributes = {},
  ...children: readonly Child[]
): HTMLElementTagNameMap[Name] {
  const element = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (value !== undefined && value !== false) element.setAttribute(key, value === true ? '' : String(value));
  }
  element.append(...children.filter((child) => child !== undefined));
  return element;
}

/** The head of a table. */
export function headOf(names: readonly string[]): HTMLElement {
  return h('thead', {}, h('tr', {}, ...names.map((name) => h('th', { scope: 'col' }, name))));
}

/**
 * Makes elements a single Tab stop: the chosen one, or else the first. Arrow keys, Home and End move between them; in a grid, up and
 * down move to the element above or below.
 */
export function oneStop(items: readonly HTMLElement[], chosen: number): void {
  const stop = Math.max(0, chosen);
  items.forEach((item, i) => {
    item.tabIndex = i === stop ? 0 : -1;
    item.addEventListener('keydown', (event) => {
      const next = stepFrom(items, i, event.key);
      if (next === undefined) return;
      event.preventDefault();
      item.tabIndex = -1;
      nth(items, next).tabIndex = 0;
      nth(items, next).focus();
    });
  });
}

function stepFrom(items: readonly HTMLElement[], i: number, key: string): number | undefined {
  const last = items.length - 1;
  const row = items.filter(({ offsetTop }) => offsetTop === nth(items, i).offsetTop).length;
  // The last row may be shorter: its last element then counts as the one below.
  const below = i + row <= last ? i + row : nth(items, last).offsetTop > nth(items, i).offsetTop ? last : i;
  const steps: Readonly<Record<string, number>> = {
    ...{ ArrowRight: Math.min(last, i + 1), ArrowLeft: Math.max(0, i - 1), Home: 0, End: last },
    ...{ ArrowDown: below, ArrowUp: i - row >= 0 ? i - row : i },
  };
  return steps[key];
}

/** An element that the page always has. */
export function byId(id: string): HTMLElement {
  const element = document.getElementById(id);
  if (element === null) throw new Error(`the page has no #${id}`);
  return element;
}

export function escaped(text: string): string {
  return text.replace(/[&<>"]/g, (character) => `&#${character.charCodeAt(0)};`);
}

/** 1234567 as 1 234 567, with non-breaking spaces. */
export function grouped(value: number): string {
  return withSpaces(value, '\u202f');
}
