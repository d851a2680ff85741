/** A report as Markdown that GitHub shows: the same text as the page's. */
import type { Block, Report, Table } from './blocks.js';

export function markdownOf({ title, subtitle, summary, sections }: Report): string {
  const parts = [
    `# ${title}`,
    ...(subtitle === '' ? [] : [subtitle]),
    ...summary,
    'Explore thresholds, test sets, scales and single examples in [report.html](report.html): one file, opened from disk.',
    ...sections.flatMap((section) => [`${'#'.repeat(section.level)} ${section.title}`, ...section.blocks.map(blockOf)]),
  ];
  return `${parts.join('\n\n')}\n`;
}

function blockOf(block: Block): string {
  switch (block.kind) {
    case 'text':
      return block.text;
    case 'list':
      return block.items.map((item) => `- ${item}`).join('\n');
    case 'code':
      return block.lines.map((line) => `    ${line}`).join('\n');
    case 'table':
      return [markdownTable(block.table), captionOf(block.table)].join('\n\n');
    case 'figure': {
      const { name, alt, caption, command, formats } = block.figure;
      const links = formats.map((format) => `[${format}](figures/${name}.${format})`).join(', ');
      return [`![${alt}](figures/${name}.png)`, `*${caption}* Files: ${links}. Drawn again by`, `    ${command}`].join(
        '\n\n',
      );
    }
  }
}

function captionOf({ name, caption, raw }: Table): string {
  return raw === undefined
    ? `*${caption}*`
    : `*${caption}* Files: [csv](tables/${name}.csv), [tex](tables/${name}.tex).`;
}

export function markdownTable({ columns, rows }: Pick<Table, 'columns' | 'rows'>): string {
  const line = (cells: readonly string[]) => `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;
  return [
    line(columns.map(({ title }) => title)),
    line(columns.map(({ align }) => (align === 'right' ? '---:' : '---'))),
    ...rows.map(line),
  ].join('\n');
}
