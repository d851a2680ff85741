/** report.html: one self-contained file that loads nothing else. */
import { createHash } from 'node:crypto';
import type { Block, Report, Section, Table } from '../document/blocks.js';
import { linkPath, markupText, scriptJson } from '../escape.js';
import { seriesStyle, seriesStyles, underlaid } from '../figures/theme.js';
import { pageAssets } from './assets.js';
import type { PageData } from './data.js';
import { blocks, draws } from './family.js';
import { allRoles, styleOf, type Role } from './roles.js';

/** A figure as data: URLs, for two-column and single-column pages. */
export interface PageImage {
  readonly wide: string;
  readonly narrow: string;
}

export interface PageRequest {
  readonly report: Report;
  readonly data: PageData;
  /** Figures by name, as data URIs; other figures are only linked. */
  readonly images: ReadonlyMap<string, PageImage>;
}

export async function pageOf({ report, data, images }: PageRequest): Promise<string> {
  const { script, style: rules } = await pageAssets();
  const style = `${colours()}${rules}`;
  const policy = [
    "default-src 'none'",
    `script-src '${hashOf(script)}'`,
    `style-src '${hashOf(style)}'`,
    'img-src data:',
    "base-uri 'none'",
    "form-action 'none'",
  ].join('; ');
  const { title, subtitle, summary, sections } = report;
  return [
    '<!doctype html>',
    '<html lang="en" data-theme="auto">',
    '<head>',
    '<meta charset="utf-8">',
    `<meta http-equiv="Content-Security-Policy" content="${policy}">`,
    '<meta name="viewport" content="width=device-width, initial-scale=1">',
    '<meta name="color-scheme" content="light dark">',
    `<title>${markupText(title)}</title>`,
    `<style>${style}</style>`,
    '</head>',
    '<body>',
    '<a class="skip" href="#explorer">Skip to the explorer</a>',
    header(title, subtitle),
    '<main>',
    `<section class="summary" aria-label="Summary">${summary.map((text) => `<p>${prose(text)}</p>`).join('')}</section>`,
    contents(sections),
    explorer,
    examples,
    reconstructions,
    ...sections.map((section) => sectionOf(section, images)),
    '</main>',
    `<footer><p>Made by vision-emergence-lab from stored outcomes only. After R. Schaeffer, B. Miranda, S. Koyejo, “Are Emergent Abilities of Large Language Models a Mirage?”, 2023, arXiv 2304.15004. This file makes no network requests; its links lead to files in the same folder.</p></footer>`,
    `<script type="application/json" id="data">${scriptJson(data)}</script>`,
    `<script>${script}</script>`,
    '</body>',
    '</html>',
    '',
  ].join('\n');
}

function hashOf(text: string): string {
  return `sha256-${createHash('sha256').update(text, 'utf8').digest('base64')}`;
}

/** The figures' palette as CSS variables, brighter in dark mode (see style.css), and how each line is drawn. */
function colours(): string {
  const palette = seriesStyles.map(
    ({ color, onDark }, i) => `--series-${i}:var(--light,${color}) var(--dark,${onDark});`,
  );
  const rules = allRoles.map((role) => {
    const style = styleOf(role);
    const colour = `var(--series-${style % seriesStyles.length})`;
    return `.line.${role}{stroke:${colour}${strokeOf(role)}}.${role}.member,.${role}.band{fill:${colour}}`;
  });
  return [`:root{${palette.join('')}}`, ...rules].join('\n');
}

/** As in the figures: dashes, or wide and pale for what is predicted. */
function strokeOf(role: Role): string {
  const style = styleOf(role);
  if (role !== 'predicted') return style === 0 ? '' : `;stroke-dasharray:${seriesStyle(style).dash.join(' ')}`;
  const { width, opacity } = underlaid(seriesStyle(style));
  return `;stroke-width:${width};opacity:${opacity}`;
}

function header(title: string, subtitle: string): string {
  const themes = [
    ['auto', 'as the system'],
    ['light', 'light'],
    ['dark', 'dark'],
  ] as const;
  const choices = themes.map(
    ([theme, text]) =>
      `<label><input type="radio" name="theme" id="theme-${theme}" value="${theme}"${theme === 'auto' ? ' checked' : ''}><span>${text}</span></label>`,
  );
  return (
    `<header><fieldset class="theme"><legend>Colours</legend>${choices.join('')}</fieldset>` +
    `<h1>${markupText(title)}</h1><p class="subtitle">${markupText(subtitle)}</p></header>`
  );
}

const explorer = `<section id="explorer" class="wide" aria-labelledby="explorer-title" tabindex="-1">
<h2 id="explorer-title">Explore: one family, any threshold</h2>
<p class="text">Nothing is trained here. This page holds the outcome of each member on each test example, and every control evaluates the same outcomes differently. The threshold defines the induced curve, the size of the test set its resolution; scales can be left out.</p>
<noscript><p class="text">The explorer needs JavaScript. The same numbers are in the tables below, and the pictures are in the folder “figures” next to this file.</p></noscript>
<p id="about" class="text about"></p>
<form id="controls" class="controls" aria-label="What is drawn"></form>
<p class="actions"><button type="button" id="reset">Reset</button> <button type="button" id="copy">Copy a link to this view</button> <span id="copied" role="status"></span></p>
<div id="panels" class="panels"></div>
<p id="reading" class="text reading" role="status" aria-live="polite"></p>
<div id="scores" class="scroll" tabindex="0" role="group" aria-label="Scores of what is drawn"></div>
<div class="text note">
<p>Points are members, lines means over seeds, bands 95 % intervals of that mean (Student's t over seeds, widened by the sampling of test examples). Scores are those of the means, oriented so that higher is better: a straight ramp has Eq 1 / ramp = 1 for any number of scales; a bow above 0 means that the curve improves late, below 0 early. Their intervals are computed in this page, by a bootstrap of ${draws} draws of ${blocks} random blocks of test examples (for sequences: of the images that they share), shared by all members, and of seeds, and by a model of seeds; the tables below have 2000 draws of single examples. Published curves have their own axis, and intervals from their standard errors only.</p>
<p id="resolution"></p>
</div>
<details id="curves"><summary>The members as a table</summary><div id="curve-table" class="scroll" tabindex="0" role="group" aria-label="The members as a table"></div></details>
</section>`;

const examples = `<section id="examples" class="wide" aria-labelledby="examples-title">
<h2 id="examples-title">Which examples turn, and where</h2>
<p class="text">A curve is made of single test examples. Here an example is solved if it is <strong id="solved">right</strong>. For one seed, it turns at the smallest scale from which it is solved at every larger scale; shown is the median over seeds. The marks show where turns would be if all examples were alike: independent coin flips with each member’s accuracy.</p>
<p id="turns-note" class="text note"></p>
<div id="turns" class="turns-and-pictures"></div>
</section>`;

const reconstructions = `<section id="reconstructions" class="wide" aria-labelledby="reconstructions-title" hidden>
<h2 id="reconstructions-title">Reconstructions</h2>
<p class="text">Twenty test images and their reconstructions by the first seed of each width. Images with a squared error per pixel at or above the cutoff are pale; the count of those below is on the right.</p>
<div class="scroll" tabindex="0" role="group" aria-label="Reconstructions by width"><div id="strips" class="strips"></div></div>
</section>`;

function contents(sections: readonly Section[]): string {
  const items = sections.map(({ id, title }) => `<li><a href="#${fileLink(id)}">${markupText(title)}</a></li>`);
  return `<nav class="contents" aria-labelledby="contents-title"><h2 id="contents-title">The report</h2><ol>${items.join('')}</ol></nav>`;
}

function sectionOf({ id, title, level, blocks }: Section, images: PageRequest['images']): string {
  const anchor = markupText(id);
  const heading = `<h${level} id="${anchor}-title">${markupText(title)}</h${level}>`;
  return `<section id="${anchor}" aria-labelledby="${anchor}-title">${heading}${blocks.map((block) => blockOf(block, images)).join('\n')}</section>`;
}

function blockOf(block: Block, images: PageRequest['images']): string {
  switch (block.kind) {
    case 'text':
      return `<p>${prose(block.text)}</p>`;
    case 'list':
      return `<ul>${block.items.map((item) => `<li>${prose(item)}</li>`).join('')}</ul>`;
    case 'code':
      return code(block.lines);
    case 'table':
      return tableOf(block.table);
    case 'figure': {
      const { name, alt, caption, command, formats } = block.figure;
      const image = images.get(name);
      const links = formats
        .map((format) => `<a href="${fileLink(`figures/${name}.${format}`)}">${format}</a>`)
        .join(', ');
      const picture =
        image === undefined
          ? ''
          : `<div class="plate scroll" tabindex="0" role="group" aria-label="${markupText(alt)}"><picture><source media="(max-width: 44rem)" srcset="${image.narrow}"><img src="${image.wide}" alt="${markupText(alt)}"></picture></div>`;
      return `<figure class="static">${picture}<figcaption>${markupText(caption)} ${image === undefined ? 'Not shown on this page; files' : 'Files'}: ${links}. Redraw with</figcaption>${code([command])}</figure>`;
    }
  }
}

/** Lines break between words but not after a hyphen, so that copied commands run. */
function code(lines: readonly string[]): string {
  const words = (line: string) => line.split(' ').map((word) => `<span>${markupText(word)}</span>`);
  return `<pre tabindex="0"><code>${lines.map((line) => words(line).join(' ')).join('\n')}</code></pre>`;
}

function tableOf({ name, caption, columns, rows, raw }: Table): string {
  const files =
    raw === undefined
      ? ''
      : ` <span class="files">Files: <a href="${fileLink(`tables/${name}.csv`)}">csv</a>, <a href="${fileLink(`tables/${name}.tex`)}">tex</a>.</span>`;
  const cell = (text: string, i: number) => {
    const kind = columns[i]!.align === 'left' ? ' class="left"' : '';
    const shown = markupText(text)
      .replaceAll(/(^|[[ ])-(?=[\d.]|inf)/g, '$1\u2212')
      .replaceAll('inf', '∞');
    return i === 0
      ? `<th scope="row"${kind}>${markupText(text)}</th>`
      : `<td${kind}>${columns[i]!.align === 'left' ? markupText(text) : shown}</td>`;
  };
  const heading = columns.map(
    ({ title, align }) => `<th scope="col"${align === 'left' ? ' class="left"' : ''}>${markupText(title)}</th>`,
  );
  const body = rows.map((row) => `<tr>${row.map(cell).join('')}</tr>`);
  return `<div class="scroll" tabindex="0" role="group" aria-label="${markupText(caption)}"><table><caption>${markupText(caption)}${files}</caption><thead><tr>${heading.join('')}</tr></thead><tbody>${body.join('')}</tbody></table></div>`;
}

/** The URL of a file beside the page, or of a part of it, in quotes. */
function fileLink(path: string): string {
  return markupText(linkPath(path));
}

/** Prose: minus signs before numbers, and no line that starts with a per cent sign. */
function prose(text: string): string {
  return markupText(text)
    .replaceAll(/(^|[[( ])-(?=\d)/g, '$1\u2212')
    .replaceAll(/(?<=\d) %/g, '\u00a0%');
}
