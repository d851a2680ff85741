/**
 * The explorer: state in the address, controls that change it, and everything drawn from it. What a slider moves is drawn in the
 * next frame; what takes longer, or would chatter (tables, examples, what is read out, the address), when it rests.
 */
import { nth } from '../../../machine/present.js';
import { unitsText, type PageData } from '../data.js';
import { Family, type Choice } from '../family.js';
import { formatState, membersIn, parseState, runOf, themes, type State } from '../state.js';
import { controlsOf, symbolOf } from './controls.js';
import { byId, grouped } from './dom.js';
import { Examples } from './examples.js';
import { curveTable, Panels, readingOf, type View } from './panels.js';
import { Reconstructions } from './reconstructions.js';
import { formatNumber } from '../../../terminal/format.js';

/** Milliseconds without a change that count as rest. */
const rest = 180;

const data = JSON.parse(byId('data').textContent) as PageData;
const families = new Map<string, Family>();
const panels = new Panels(byId('panels'), byId('scores'));
const examples = new Examples(byId('turns'), change);
let reconstructions: { readonly run: string; readonly strips: Reconstructions } | undefined;
let state = parseState(location.hash, data);
let controls: { readonly run: string; readonly element: HTMLElement } | undefined;
let timer: ReturnType<typeof setTimeout> | undefined;
let frame: number | undefined;

function change(part: Partial<State>): void {
  const isOther = part.run !== undefined && part.run !== state.run;
  // Another run has thresholds, members and pictures of its own.
  state = isOther
    ? { ...parseState(`run=${encodeURIComponent(part.run)}`, data), ...shared(state) }
    : { ...state, ...part };
  if (isOther) showControls();
  request();
}

/** What stays as it is when the run changes. */
function shared({ axis, horizontal, vertical, natural, theme }: State): Partial<State> {
  return { axis, horizontal, vertical, natural, theme };
}

function request(): void {
  document.documentElement.dataset['busy'] = '';
  frame ??= requestAnimationFrame(() => {
    frame = undefined;
    draw();
  });
}

function familyOf(name: string): Family {
  const known = families.get(name) ?? new Family(runOf(data, name));
  families.set(name, known);
  return known;
}

function viewOf(): View & { readonly family: Family; readonly choice: Choice } {
  const family = familyOf(state.run);
  const { run } = family;
  const members = membersIn(run, state);
  const choice: Choice = { threshold: state.threshold, size: state.size, members, axis: state.axis };
  const scales = new Set(members.map((i) => nth(run.members, i).width)).size;
  const explored = scales < 2 ? undefined : family.explore(choice);
  const natural = data.natural.find(({ name }) => name === state.natural);
  return { run, state, members, explored, natural, family, choice };
}

function draw(): void {
  const start = performance.now();
  const view = viewOf();
  panels.show(view);
  performance.measure('redraw', { start, end: performance.now() });
  clearTimeout(timer);
  timer = setTimeout(() => {
    settle(view);
  }, rest);
}

function settle({ family, choice, ...view }: ReturnType<typeof viewOf>): void {
  const { run } = view;
  const table = curveTable(view);
  byId('curve-table').replaceChildren(...(table === undefined ? [] : [table]));
  byId('reading').textContent = readingOf(view);
  byId('resolution').textContent = resolutionOf(view, family);
  const key = symbolOf(run.induced.key);
  const solved =
    run.induced.key === 'c'
      ? `below c = ${formatNumber(state.threshold, 4)}`
      : run.induced.key === 'l'
        ? `right in its first ${key} = ${state.threshold} images`
        : 'right';
  byId('solved').textContent = solved;
  if (view.explored === undefined) byId('turns-note').textContent = 'Turns need two scales.';
  else {
    byId('turns-note').textContent = '';
    examples.show({ run, family, state, choice, solved });
  }
  showReconstructions(view, family);
  showAddress();
  document.documentElement.dataset['settled'] = '';
  delete document.documentElement.dataset['busy'];
}

function resolutionOf({ run }: View, family: Family): string {
  const least = formatNumber(family.resolution(state));
  const part =
    run.count < run.total
      ? ` The page has ${grouped(run.count)} of the ${grouped(run.total)} test ${unitsText(run)}, drawn at random.`
      : '';
  return `Smallest value above 0 that this test set can show: ${least}.${part}`;
}

function showReconstructions({ run }: View, family: Family): void {
  const section = byId('reconstructions');
  section.hidden = run.reconstructions === null;
  if (run.reconstructions === null) return;
  if (reconstructions?.run !== run.name) {
    reconstructions = { run: run.name, strips: new Reconstructions(byId('strips'), run, run.reconstructions) };
  }
  reconstructions.strips.show(family, state);
}

function showControls(): void {
  const run = runOf(data, state.run);
  const focused = document.activeElement?.id;
  controls = { run: run.name, element: controlsOf(data, run, state, change) };
  byId('controls').replaceChildren(controls.element);
  byId('about').textContent = data.runs.length < 2 ? '' : run.about;
  if (focused !== undefined && focused !== '') document.getElementById(focused)?.focus();
}

/** `#caveats` leads to a part of the page and says nothing of the view. */
function isAnchor(): boolean {
  return location.hash.length > 1 && !location.hash.includes('=');
}

function showAddress(): void {
  const fragment = formatState(state, data);
  if (fragment === '' && isAnchor()) return;
  if (fragment === location.hash.replace(/^#/, '')) return;
  history.replaceState(null, '', `${location.pathname}${location.search}${fragment === '' ? '' : `#${fragment}`}`);
}

function showTheme(): void {
  document.documentElement.dataset['theme'] = state.theme;
  for (const theme of themes) (byId(`theme-${theme}`) as HTMLInputElement).checked = theme === state.theme;
}

for (const theme of themes) {
  byId(`theme-${theme}`).addEventListener('change', () => {
    change({ theme });
    showTheme();
  });
}
byId('reset').addEventListener('click', () => {
  state = { ...parseState(`run=${encodeURIComponent(state.run)}`, data), theme: state.theme };
  showControls();
  request();
});
byId('copy').addEventListener('click', () => {
  showAddress();
  // Where there is no clipboard, as in some browsers for files, the address bar has the link.
  const said = (text: string) => (byId('copied').textContent = text);
  if (!('clipboard' in navigator)) said('The link is in the address bar.');
  else {
    navigator.clipboard.writeText(location.href).then(
      () => said('Copied.'),
      () => said('The link is in the address bar.'),
    );
  }
});
addEventListener('hashchange', () => {
  if (isAnchor()) return;
  state = parseState(location.hash, data);
  showTheme();
  showControls();
  request();
});
showTheme();
showControls();
draw();
