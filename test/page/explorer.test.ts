/** report.html as the reader sees it: opened from disk in a real Chromium, offline. */
import * as fs from 'node:fs';
import * as os from 'node:os';
import * as path from 'node:path';
import { pathToFileURL } from 'node:url';
import axe from 'axe-core';
import type { Browser, BrowserContextOptions, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { metrics } from '../../src/metrics/index.js';
import { readNaturalCurve } from '../../src/analysis/natural.js';
import { makeReport, writeReport } from '../../src/report/document/report.js';
import { openRunFolder } from '../../src/runs/open.js';
import { launch } from '../support/chromium.js';
import { inputOf, resolveExperiment } from '../../src/experiment/schema.js';
import { membersOf as runMembersOf, writeRunRecord } from '../../src/runs/run.js';
import { writeMember } from '../support/runs.js';
import { membersOf, outcomesOf, writeFamily, type FamilyShape, type Kind } from '../support/families.js';

const kinds: readonly Kind[] = ['cnn', 'autoencoder', 'transformer'];
const shape = (arch: Kind): FamilyShape => ({ arch, widths: [1, 2, 4, 8, 16], seeds: [0, 1], count: 400 });

let browser: Browser | undefined;
let root = '';
let file = '';
beforeAll(async () => {
  browser = await launch();
  root = fs.mkdtempSync(path.join(os.tmpdir(), 'emergence-page-'));
  const runs = [];
  for (const arch of kinds) {
    await writeFamily(path.join(root, arch), shape(arch));
    runs.push({ name: arch, curves: [await openRunFolder(path.join(root, arch))], induced: undefined });
  }
  await writeGrid(path.join(root, 'grid'));
  runs.push({ name: 'grid', curves: [await openRunFolder(path.join(root, 'grid'))], induced: undefined });
  const text = 'overlay:opt-2digit-addition';
  const natural = [{ curve: await readNaturalCurve(text), text, inFigures: true }];
  const folder = path.join(root, 'report');
  await writeReport(folder, await makeReport({ runs, natural, draws: 100 }));
  file = path.join(folder, 'report.html');
});
afterAll(async () => {
  await browser?.close();
  fs.rmSync(root, { recursive: true, force: true });
});

/** Three widths, two depths and two seeds, with moments after 100 and 1000 of 1404 steps. */
async function writeGrid(folder: string): Promise<void> {
  const grid = { ...shape('cnn'), widths: [1, 4, 16] };
  const record = await writeFamily(folder, grid);
  const experiment = resolveExperiment({ ...inputOf(record.experiment), depth: [1, 2], moments: '100,1000' });
  await writeRunRecord(folder, { ...record, experiment });
  const lateness = new Map([
    [100, 16],
    [1000, 2],
  ]);
  for (const key of runMembersOf(experiment)) {
    const of = (divisor: number) => outcomesOf(grid, (key.width * (key.factors?.depth ?? 1)) / divisor, key.seed);
    const moments = new Map([...lateness].map(([step, divisor]) => [step, of(divisor)]));
    await writeMember(folder, key, of(1), moments);
  }
}

/** A page that fails the test on any error, warning, violation of its policy or request. */
async function open(fragment = '', options: BrowserContextOptions = {}): Promise<Page> {
  const context = await browser!.newContext({ viewport: { width: 1200, height: 900 }, offline: true, ...options });
  const page = await context.newPage();
  const wrong: string[] = [];
  page.on('pageerror', (error) => wrong.push(String(error)));
  page.on('console', (message) => wrong.push(message.text()));
  page.on('request', (request) => {
    if (!/^(data:|file:.*report\.html)/.test(request.url())) wrong.push(`request of ${request.url()}`);
  });
  onTestFinished(async () => {
    await context.close();
    expect(wrong).toEqual([]);
  });
  await page.goto(`${pathToFileURL(file).href}${fragment}`);
  await settled(page);
  return page;
}

/** The page has settled: tables, examples and address match the state of the controls. */
async function settled(page: Page): Promise<void> {
  await page.locator('html[data-settled]:not([data-busy])').waitFor({ state: 'attached' });
}

const line = (page: Page, role: string) => page.locator(`#panels path.line.${role}`).first().getAttribute('d');
const slider = (page: Page, id: string) => page.locator(`#${id}`);

async function move(page: Page, id: string, place: number): Promise<void> {
  await slider(page, id).fill(String(place));
  await settled(page);
}

test('each slider moves its own curves and no others', async () => {
  const page = await open('#run=cnn&k=5');
  const before = { standard: await line(page, 'standard'), induced: await line(page, 'induced') };
  await move(page, 'threshold', 14);
  expect(await page.locator('#threshold-value').textContent()).toBe('K = 20');
  expect(await line(page, 'standard')).toBe(before.standard);
  expect(await line(page, 'induced')).not.toBe(before.induced);
  await move(page, 'size', 0);
  expect(await page.locator('#size-value').textContent()).toBe('100 images');
  expect(await line(page, 'standard')).not.toBe(before.standard);
});

test("the table shows the metric's values for the same outcomes", async () => {
  const page = await open('#run=cnn&k=10');
  await page.locator('#curves summary').click();
  const rows = await page.locator('#curve-table tbody tr').allInnerTexts();
  const shown = rows.map((row) => Number(row.split('\t')[5]!.split(' ')[0]));
  const metric = metrics['subset-accuracy'].with({ k: 10 });
  const expected = membersOf(shape('cnn')).map(({ outcomes }) => metric.measure(outcomes).value);
  // Four digits are shown.
  expect(shown).toBeAllClose(expected, { rtol: 5e-4 });
});

test.each(kinds)('%s: the view is in the address and is restored from it', async (arch) => {
  const page = await open(`#run=${arch}`);
  await move(page, 'threshold', 1);
  await move(page, 'size', 1);
  await page.locator('#widths-4').uncheck();
  await page.locator('#seeds-1').uncheck();
  await page.locator('#axis').selectOption('flops');
  await page.locator('#horizontal').selectOption('linear');
  await page.locator('#vertical').selectOption('fitted');
  await page.locator('#natural').selectOption('');
  await page.locator('#theme-dark').check();
  await settled(page);
  await page.locator('#turn-3').click();
  await settled(page);
  const drawn = [
    '#chart-standard',
    '#chart-induced',
    '#scores',
    '#reading',
    '#resolution',
    '#curve-table',
    '#turns',
    '#strips',
  ];
  const shown = (each: Page) => Promise.all(drawn.map((id) => each.locator(id).innerHTML()));
  const other = await open(new URL(page.url()).hash);
  expect(await shown(other)).toEqual(await shown(page));
  for (const id of ['threshold', 'size', 'axis', 'horizontal', 'vertical', 'natural'])
    expect(await other.locator(`#${id}`).inputValue()).toBe(await page.locator(`#${id}`).inputValue());
  expect(new URL(other.url()).hash).toBe(new URL(page.url()).hash);
  expect(await other.locator('html').getAttribute('data-theme')).toBe('dark');
});

test('choosing another axis rearranges the members, with a curve per value of a factor', async () => {
  const page = await open('#run=grid');
  const titles = () => page.locator('#chart-induced').getAttribute('aria-label');
  const keys = () => page.locator('#chart-induced').locator('xpath=../following-sibling::p').innerText();
  expect(await page.locator('#axis option').allInnerTexts()).toEqual([
    ...['trainable parameters', 'width', 'trainable parameters, of all sizes', 'depth'],
    ...['training FLOPs', 'training examples seen', 'training steps', 'test loss'],
  ]);
  // Three widths and two seeds at the largest depth, after the last step.
  expect(await page.locator('#chart-induced .member').count()).toBe(6);
  expect(await page.locator('#hold-depth').inputValue()).toBe('2');
  await page.locator('#per').selectOption('depth');
  await settled(page);
  expect(await page.locator('#chart-induced .member').count()).toBe(12);
  expect(await keys()).toMatch(/depth 1\s*depth 2/);
  expect(await page.locator('#hold-depth').count()).toBe(0);
  expect(await page.locator('#scores tbody tr').count()).toBe(5);
  await page.locator('#axis').selectOption('steps');
  await settled(page);
  expect(await titles()).toMatch(/against training steps/);
  // Two depths, two seeds and three moments at the largest width.
  expect(await page.locator('#chart-induced .member').count()).toBe(12);
  expect(await page.locator('#widths label').allInnerTexts()).toEqual(['100', '1k', '1.404k']);
  await page.locator('#axis').selectOption('flops');
  await settled(page);
  expect(await page.locator('#widths').innerText()).toMatch(/^Scales \(training FLOPs\)/);
  await page.locator('#axis').selectOption('loss');
  await settled(page);
  expect(await page.locator('#reading').innerText()).not.toMatch(/larger scales|\bat loss\b/);
  await page.locator('#axis').selectOption('depth');
  await page.locator('#at').selectOption('100');
  await page.locator('#hold-width').selectOption('4');
  await settled(page);
  expect(await page.locator('#chart-induced .member').count()).toBe(4);
  const first = await page.locator('#chart-induced .member').first().getAttribute('aria-label');
  expect(first).toMatch(/^width 4, depth 1, training steps 100, seed 0, /);
  // No depth is 1.5.
  expect(await page.locator('#chart-induced').innerHTML()).not.toContain('>1.5<');
  // Two depths have no bow, and nothing is said about one.
  const reading = await page.locator('#reading').innerText();
  expect(reading).toMatch(/has two scales, too few to say where it improves/);
  expect(reading).not.toMatch(/bow/);
  const other = await open(new URL(page.url()).hash);
  expect(new URL(other.url()).hash).toBe('#run=grid&x=depth&at=100&hold=width:4');
  for (const id of ['#chart-induced', '#scores', '#curve-table', '#turns'])
    expect(await other.locator(id).innerHTML()).toBe(await page.locator(id).innerHTML());
});

test('editing the fragment in place changes the view; a fragment of a section changes nothing', async () => {
  const page = await open('#run=cnn&k=5');
  await page.evaluate("location.hash = 'run=cnn&k=50'");
  await page.getByText('K = 50', { exact: true }).waitFor();
  await page.locator('.contents a').last().click();
  await settled(page);
  expect(await page.locator('#threshold-value').textContent()).toBe('K = 50');
});

test("switching runs keeps each run's threshold", async () => {
  const page = await open();
  // From 2, 5, 10, 20, 50, ...: the largest of which 400 images hold ten groups; the widest member gets it right often enough.
  expect(await page.locator('#threshold-value').textContent()).toBe('K = 20');
  await page.locator('#run').selectOption('transformer');
  await settled(page);
  expect(await page.locator('#threshold-value').textContent()).toBe('L = 4');
  expect(await page.locator('#about').textContent()).toMatch(/^transformer family on shapes/);
  await page.locator('#run').selectOption('autoencoder');
  await settled(page);
  expect(await page.locator('#threshold-value').textContent()).toMatch(/^c = /);
});

test('with a single scale left there is a sentence and no curve; reset restores everything', async () => {
  const page = await open('#run=cnn&without=1,2,4,8');
  expect(await page.locator('#reading').textContent()).toBe('A curve needs a seed and two scales: tick another.');
  expect(await page.locator('#panels figure:visible').count()).toBe(1);
  await page.locator('#reset').click();
  await settled(page);
  expect(await page.locator('#panels figure:visible').count()).toBe(3);
  expect(await page.locator('#widths input:checked').count()).toBe(5);
});

test('hovering a point shows its member', async () => {
  const page = await open('#run=cnn');
  await page.locator('#chart-standard .member').first().hover({ force: true });
  const label = page.locator('.point-label:visible');
  expect(await label.innerText()).toMatch(/^width 1, seed [01]\n100|^width 1, seed [01]\n/);
  await page.mouse.move(5, 5);
  expect(await label.count()).toBe(0);
});

test('an example shows what every member made of it', async () => {
  const page = await open('#run=transformer');
  const shares = await page.locator('.turn .turn-share').allTextContents();
  // Each is rounded to a tenth.
  expect(shares.reduce((sum, text) => sum + parseFloat(text), 0)).toBeAllClose(100, { atol: 0.4 });
  await page.locator('.picture').first().click();
  await settled(page);
  expect(await page.locator('.cells tbody td').count()).toBe(10);
  expect(
    await page.locator('.detail canvas').evaluate((canvas) => (canvas as unknown as { width: number }).width),
  ).toBe(4 * 28);
});

test('everything works by keyboard alone', async () => {
  const page = await open('#run=cnn');
  const focus = () => page.evaluate<string>('document.activeElement.id || document.activeElement.className');
  const tabTo = async (id: string) => {
    for (let i = 0; i < 120; i++) {
      await page.keyboard.press('Tab');
      if ((await focus()) === id) return;
    }
    throw new Error(`Tab never came to ${id}`);
  };
  await page.keyboard.press('Tab');
  expect(await focus()).toBe('skip');
  await page.keyboard.press('Enter');
  await tabTo('threshold');
  await page.keyboard.press('End');
  await settled(page);
  expect(await page.locator('#threshold-value').textContent()).toBe('K = 100');
  expect(await focus()).toBe('threshold');
  await tabTo('widths-2');
  await page.keyboard.press('Space');
  await settled(page);
  expect(await page.locator('#chart-induced .member').count()).toBe(8);
  await tabTo('axis');
  await page.keyboard.press('ArrowDown');
  await settled(page);
  expect(await page.locator('#chart-induced').getAttribute('aria-label')).toMatch(/against width/);
  await tabTo('chart-induced');
  await page.keyboard.press('ArrowRight');
  const active = await page.locator('#chart-induced').getAttribute('aria-activedescendant');
  expect(await page.locator(`#${active!}`).getAttribute('aria-label')).toMatch(
    /^width 1, seed 1, 100|^width 1, seed 1, /,
  );
  expect(await page.locator('.point-label:visible').count()).toBe(1);
  await page.keyboard.press('End');
  expect(await page.locator('#chart-induced [aria-selected=true]').getAttribute('aria-label')).toMatch(
    /^width 16, seed 1/,
  );
  await page.keyboard.press('Escape');
  expect(await page.locator('.point-label:visible').count()).toBe(0);
  // One stop, and arrow keys from there.
  while (!(await focus()).startsWith('turn-')) await page.keyboard.press('Tab');
  await page.keyboard.press('Home');
  expect(await focus()).toBe('turn-0');
  for (let i = 0; i < 3; i++) await page.keyboard.press('ArrowDown');
  await page.keyboard.press('Enter');
  await settled(page);
  expect(await focus()).toBe('turn-3');
  expect(await page.locator('#turn-3').getAttribute('aria-pressed')).toBe('true');
});

test('the contents are reached within 10 Tab stops, not counting every thumbnail', async () => {
  const page = await open('#run=cnn');
  const focus = () =>
    page.evaluate<string>('document.activeElement.getAttribute("href") ?? document.activeElement.tagName');
  const [first] = await page
    .locator('.contents a')
    .evaluateAll((links) => links.map((link) => link.getAttribute('href')));
  const stops: string[] = [];
  do {
    await page.keyboard.press('Tab');
    stops.push(await focus());
  } while (stops.at(-1) !== 'BODY' && stops.length < 200);
  expect(stops.indexOf(first!) + 1).toBeGreaterThan(0);
  expect(stops.indexOf(first!) + 1).toBeLessThanOrEqual(10);
  expect(await page.locator('.picture').count()).toBeGreaterThan(10);
  const ofExplorer = await page
    .locator('#explorer, #examples')
    .locator('[tabindex="0"], button:not([tabindex="-1"])')
    .count();
  expect(ofExplorer).toBeLessThan(15);
});

test('the thumbnails are a single Tab stop, and arrow keys move through their rows', async () => {
  const page = await open('#run=cnn');
  expect(await page.locator('.picture[tabindex="0"]').count()).toBe(1);
  const count = await page.locator('.picture').count();
  const place = () =>
    page.evaluate<number>('[...document.querySelectorAll(".picture")].indexOf(document.activeElement)');
  const top = () => page.evaluate<number>('document.activeElement.offsetTop');
  await page.locator('.picture').first().focus();
  await page.keyboard.press('ArrowRight');
  expect(await place()).toBe(1);
  await page.keyboard.press('End');
  expect(await place()).toBe(count - 1);
  await page.keyboard.press('ArrowRight');
  expect(await place()).toBe(count - 1);
  await page.keyboard.press('Home');
  const before = await top();
  await page.keyboard.press('ArrowDown');
  expect(await top()).toBeGreaterThan(before);
  const chosen = await place();
  await page.keyboard.press('Enter');
  await settled(page);
  // The chosen one keeps the focus, and is the Tab stop.
  expect(await place()).toBe(chosen);
  expect(await page.locator('.picture[aria-pressed="true"]').getAttribute('tabindex')).toBe('0');
});

test('at 390 pixels figures use one column, and only tables scroll sideways', async () => {
  const page = await open('#run=cnn', { viewport: { width: 390, height: 844 }, deviceScaleFactor: 2 });
  expect(await page.evaluate<number>('document.documentElement.scrollWidth')).toBe(390);
  const images = await page.locator('.plate img').evaluateAll((all) =>
    all.map((each) => {
      const { naturalWidth, clientWidth, parentElement } = each as unknown as HTMLImageElement;
      return { natural: naturalWidth, shown: clientWidth, room: parentElement!.parentElement!.clientWidth };
    }),
  );
  expect(images.length).toBeGreaterThan(5);
  for (const { natural, shown, room } of images) {
    // 3.25 inches at 192 pixels: text of 9.6 pixels in 312 is at least as large on the phone.
    expect(natural).toBe(624);
    expect(shown).toBeGreaterThanOrEqual(312);
    expect(shown).toBeLessThanOrEqual(room);
  }
});

test("a slider's effect is announced when it comes to rest", async () => {
  const page = await open('#run=cnn');
  const status = page.locator('#reading[role=status][aria-live=polite]');
  expect(await status.textContent()).toMatch(/^With subset accuracy, K = 20 on 400 images the curve goes from /);
  await move(page, 'threshold', 0);
  expect(await status.textContent()).toMatch(/^With subset accuracy, K = 1 /);
  expect(await slider(page, 'threshold').getAttribute('aria-valuetext')).toBe('K = 1');
});

test('the content policy blocks scripts, styles and images from elsewhere', async () => {
  const page = await (await browser!.newContext()).newPage();
  await page.goto(pathToFileURL(file).href);
  const violated = await page.evaluate<string[]>(`new Promise((resolve) => {
    const seen = new Set();
    // The scripts would have run before the last of the five is told; a kind that is not stopped leaves this waiting.
    document.addEventListener('securitypolicyviolation', ({ effectiveDirective }) => {
      if (seen.add(effectiveDirective).size === 5) resolve([...seen, String(window.got)]);
    });
    const script = document.createElement('script');
    script.textContent = 'window.got = true';
    document.body.append(script);
    document.body.insertAdjacentHTML('beforeend', '<p style="color:red">x</p><img src="https://example.org/a.png"><b onclick="window.got = true">x</b>');
    fetch('https://example.org/').catch(() => undefined);
    document.body.lastElementChild.click();
  })`);
  await page.context().close();
  expect(violated.sort()).toEqual([
    'connect-src',
    'img-src',
    'script-src-attr',
    'script-src-elem',
    'style-src-attr',
    'undefined',
  ]);
});

describe.each(['light', 'dark'] as const)('%s', (colorScheme) => {
  test.each(kinds)('%s: axe finds nothing serious', async (arch) => {
    const page = await open(`#run=${arch}&turn=2&example=1`, { colorScheme });
    await page.locator('#curves summary').click();
    await page.evaluate(axe.source);
    // The report's text and tables are the same whichever run is explored.
    const part = arch === 'cnn' ? 'document' : "{ include: [['#explorer'], ['#examples']] }";
    // The dark theme changes only colours.
    const rules = colorScheme === 'dark' ? "{ runOnly: ['color-contrast'] }" : '{}';
    const { violations, passes } = await page.evaluate<axe.AxeResults>(`axe.run(${part}, ${rules})`);
    expect(passes.length).toBeGreaterThan(0);
    const found = violations.map(
      ({ id, impact, nodes }) => `${impact ?? ''}: ${id}: ${nodes.map(({ html }) => html.slice(0, 90)).join(' ')}`,
    );
    expect(found).toEqual([]);
  });
});

test.each(['light', 'dark'] as const)(
  'colours follow the system, here %s, until others are chosen',
  async (colorScheme) => {
    const page = await open('', { colorScheme });
    const colours = () =>
      page.evaluate<[string, string]>(
        "[getComputedStyle(document.body).backgroundColor, getComputedStyle(document.querySelector('#chart-standard .line')).stroke]",
      );
    const system = await colours();
    const [ground] = system[0].match(/\d+/g)!.map(Number) as [number];
    expect(ground < 128).toBe(colorScheme === 'dark');
    await page.locator(`#theme-${colorScheme}`).check();
    expect(await colours()).toEqual(system);
    await page.locator(`#theme-${colorScheme === 'dark' ? 'light' : 'dark'}`).check();
    const [chosen, line] = await colours();
    expect(Number(/\d+/.exec(chosen)![0]) < 128).toBe(colorScheme === 'light');
    expect(line).not.toBe(system[1]);
  },
);

test.each([...kinds, 'grid&per=depth'])("%s: nothing is wider than a phone's screen", async (run) => {
  const page = await open(`#run=${run}&turn=2&example=1`, {
    viewport: { width: 360, height: 740 },
    hasTouch: true,
    isMobile: true,
  });
  await page.locator('#curves summary').click();
  const [scroll, inner] = await page.evaluate<[number, number]>('[document.documentElement.scrollWidth, innerWidth]');
  expect([scroll, inner]).toEqual([360, 360]);
});

test('without scripts the text, the tables and a note about what is missing are there', async () => {
  const page = await (await browser!.newContext({ javaScriptEnabled: false })).newPage();
  await page.goto(pathToFileURL(file).href);
  expect(await page.locator('noscript').innerText()).toMatch(/needs JavaScript/);
  expect(await page.locator('main table').count()).toBeGreaterThan(9);
  await page.context().close();
});
