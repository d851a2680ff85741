/**
 * The explorer: its state is in the URL, controls change it, and everything is drawn from it. What a slider moves is redrawn in the
 * next frame; anything slow or too frequent (tables, examples, announcements, the URL) once it rests.
 */
import { unitsText, type PageData } from '../data.js';
import { PageFamily } from '../family.js';
import { formatState, parseState, replaced, runOf, themes, viewIn, type State } from '../state.js';
import { controlsOf, symbolOf } from './controls.js';
import { byId, grouped } from './dom.js';
import { Examples } from './examples.js';
import { Panels } from './panels.js';
import { readingOf } from './reading.js';
import { curveTable } from './table.js';
import { exploredCurves, type View } from './view.js';
import { Reconstructions } from './reconstructions.js';
import { formatNumber } from '../../../terminal/format.js';

/** Milliseconds without a change after which a slider counts as at rest. */
const rest = 180;

const data = JSON.parse(byId('data').textContent) as PageData;
const families = new Map<string, PageFamily>();
const panels = new Panels(byId('panels'), byId('scores'));
const examples = new Examples(byId('turns'), change);
let reconstructions: { readonly run: string; readonly strips: Reconstructions } | undefined;
let state = parseState(location.hash, data);
let timer: ReturnType<typeof setTimeout> | undefined;
let frame: number | undefined;

function change(part: Partial<State>): void {
  const isOther = part.run !== undefined && part.run !== state.run;
  const isPlaced = placing.some((key) => key in part);
  // Another run has its own thresholds, members and pictures.
  if (isOther) state = ofRun(part.run);
  else state = isPlaced ? replaced(runOf(data, state.run), state, part) : { ...state, ...part };
  if (isOther || isPlaced) showControls();
  request();
}

/** State that changes the positions of members. */
const placing = ['axis', 'per', 'at', 'where'] as const satisfies readonly (keyof State)[];

/** Another run, on the same axis if it has it. */
function ofRun(name: string): State {
  const { axis, horizontal, vertical, natural, theme } = state;
  const query = new URLSearchParams({ run: name, x: axis });
  return { ...parseState(query.toString(), data), horizontal, vertical, natural, theme };
}

function request(): void {
  document.documentElement.dataset['busy'] = '';
  frame ??= requestAnimationFrame(() => {
    frame = undefined;
    draw();
  });
}

function familyOf(name: string): PageFamily {
  const known = families.get(name) ?? new PageFamily(runOf(data, name));
  families.set(name, known);
  return known;
}

function viewOf(): View & { readonly family: PageFamily } {
  const family = familyOf(state.run);
  const { run } = family;
  const view = viewIn(run, state);
  const natural = data.natural.find(({ name }) => name === state.natural);
  return { run, state, view, curves: exploredCurves(family, view, state), natural, family };
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

function settle({ family, ...view }: ReturnType<typeof viewOf>): void {
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
  const last = view.curves.at(-1);
  byId('turns-note').textContent =
    last === undefined ? 'Turns need two scales.' : last.name === '' ? '' : `Of ${last.name}, the last of the curves.`;
  if (last !== undefined) examples.show({ run, family, state, choice: last.choice, words: view.view.words, solved });
  showReconstructions(view, family);
  showAddress();
  document.documentElement.dataset['settled'] = '';
  delete document.documentElement.dataset['busy'];
}

function resolutionOf({ run }: View, family: PageFamily): string {
  const least = formatNumber(family.resolution(state));
  const part =
    run.count < run.total
      ? ` The page has ${grouped(run.count)} of the ${grouped(run.total)} test ${unitsText(run)}, drawn at random.`
      : '';
  return `Smallest value above 0 that this test set can show: ${least}.${part}`;
}

function showReconstructions({ run }: View, family: PageFamily): void {
  const section = byId('reconstructions');
  section.hidden = run.reconstructions === null;
  if (run.reconstructions === null) return;
  if (reconstructions?.run !== run.name) {
    reconstructions = { run: run.name, strips: new Reconstructions(byId('strips'), run.reconstructions) };
  }
  reconstructions.strips.show(family, state);
}

function showControls(): void {
  const run = runOf(data, state.run);
  const focused = document.activeElement?.id;
  byId('controls').replaceChildren(controlsOf(data, run, state, change));
  byId('about').textContent = data.runs.length < 2 ? '' : run.about;
  if (focused !== undefined && focused !== '') document.getElementById(focused)?.focus();
}

/** `#caveats` links to a part of the page and does not describe a view. */
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
  // Without a clipboard, as in some browsers for local files, the link is in the address bar.
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
