/** Tables as LaTeX, using the packages booktabs and, for wide tables, graphicx. */
import { present } from '../../machine/present.js';
import { writable } from '../escape.js';
import type { Table } from './blocks.js';

const escapes: Readonly<Record<string, string>> = {
  '\\': '\\textbackslash{}',
  '{': '\\{',
  '}': '\\}',
  $: '\\$',
  '&': '\\&',
  '#': '\\#',
  '%': '\\%',
  _: '\\_',
  '^': '\\textasciicircum{}',
  '~': '\\textasciitilde{}',
  '<': '\\textless{}',
  '>': '\\textgreater{}',
  '|': '\\textbar{}',
  '²': '$^2$',
  '×': '$\\times$',
};

/** Text escaped for LaTeX: one paragraph without commands. */
export function latexText(text: string): string {
  return writable(text)
    .replaceAll(/\s+/g, ' ')
    .replace(/[\\{}$&#%_^~<>|²×]/g, (character) => present(escapes[character]));
}

/** A number, or one with its interval, in math mode if it has a sign or an exponent or is infinite; else as text. */
export function latexCell(text: string): string {
  if (!/^[-\d[\], .einf]*\d[-\d[\], .einf]*$/.test(text)) return latexText(text);
  return text
    .replace(/-?\binf\b/g, (word) => (word.startsWith('-') ? '$-\\infty$' : '$\\infty$'))
    .replace(/(-?\d+(?:\.\d+)?)e(-?\d+)/g, '$$$1 \\cdot 10^{$2}$$')
    .replace(/(?<![\w$.{])-\d+(?:\.\d+)?(?!\S*\$)/g, '$$$&$$');
}

export function latexTable({ name, caption, columns, rows }: Table): string {
  const line = (cells: readonly string[]) => `  ${cells.join(' & ')} \\\\`;
  return [
    '% \\usepackage{booktabs}',
    '\\begin{table}',
    '\\centering',
    `\\caption{${latexText(caption)}}`,
    `\\label{tab:${name.replaceAll(/[^\w.-]/g, '-')}}`,
    `\\begin{tabular}{${columns.map(({ align }) => (align === 'right' ? 'r' : 'l')).join('')}}`,
    '\\toprule',
    line(columns.map(({ title }) => latexText(title))),
    '\\midrule',
    ...rows.map((row) => line(row.map(latexCell)).replace(/^ *(?=[[*])/, '  {}')),
    '\\bottomrule',
    '\\end{tabular}',
    '\\end{table}',
    '',
  ].join('\n');
}
