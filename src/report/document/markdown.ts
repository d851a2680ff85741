/** A report as GitHub-flavoured Markdown, with the same text as the page. */
import { firstOf } from '../../machine/present.js';
import { linkPath, markdownText } from '../escape.js';
import type { Block, Report, Table } from './blocks.js';

export function markdownOf({ title, subtitle, summary, sections }: Report): string {
  const parts = [
    `# ${markdownText(title)}`,
    ...(subtitle === '' ? [] : [markdownText(subtitle)]),
    ...summary.map(markdownText),
    'Explore thresholds, test sets, scales and single examples in [report.html](report.html): one file that opens from disk.',
    ...sections.flatMap((section) => [
      `${'#'.repeat(section.level)} ${markdownText(section.title)}`,
      ...section.blocks.map(blockOf),
    ]),
  ];
  return `${parts.join('\n\n')}\n`;
}

function blockOf(block: Block): string {
  switch (block.kind) {
    case 'text':
      return markdownText(block.text);
    case 'list':
      return block.items.map((item) => `- ${markdownText(item)}`).join('\n');
    case 'code':
      return block.lines.map(codeLine).join('\n');
    case 'table':
      return [markdownTable(block.table), captionOf(block.table)].join('\n\n');
    case 'figure': {
      const { name, alt, caption, command, formats } = block.figure;
      const links = formats.map((format) => `[${format}](${linkPath(`figures/${name}.${format}`)})`).join(', ');
      const shown = formats.includes('png') ? 'png' : firstOf(formats);
      const picture = `![${markdownText(alt)}](${linkPath(`figures/${name}.${shown}`)})`;
      return [picture, `*${markdownText(caption)}* Files: ${links}. Redraw with`, codeLine(command)].join('\n\n');
    }
  }
}

function captionOf({ name, caption, raw }: Table): string {
  const [text, file] = [`*${markdownText(caption)}*`, linkPath(`tables/${name}`)];
  return raw === undefined ? text : `${text} Files: [csv](${file}.csv), [tex](${file}.tex).`;
}

function markdownTable({ columns, rows }: Pick<Table, 'columns' | 'rows'>): string {
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`;
  return [
    line(columns.map(({ title }) => markdownText(title))),
    line(columns.map(({ align }) => (align === 'right' ? '---:' : '---'))),
    ...rows.map((row) => line(row.map(markdownText))),
  ].join('\n');
}

function codeLine(line: string): string {
  return `    ${line.replaceAll(/[\r\n]+/g, ' ')}`;
}
