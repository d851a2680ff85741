import { spawnSync } from 'node:child_process';
import { csvParseRows } from 'd3-dsv';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { latexTable, latexText } from '../../../src/report/document/latex.js';
import { linkPath, markdownText, markupText, scriptJson } from '../../../src/report/escape.js';
import { shellWord } from '../../../src/terminal/shell.js';
import { toPng, toSvg } from '../../../src/report/figures/render.js';
import { csvText, textTable } from '../../../src/report/tables/text-table.js';

/** Names with special meaning in some format. */
const hostile = [
  '<script>alert(1)</script>',
  '" onmouseover="alert(1)',
  "' onmouseover='alert(1)",
  '</script><b>',
  '&lt;',
  '\\input{/etc/passwd}',
  '[x](javascript:alert(1))',
  '![x](https://example.org/spy.png)',
  '../../../deep/X',
  '=HYPERLINK("https://example.org")',
  '$(touch escaped)',
  "'; touch escaped; '",
  'a\u0000b\u001b]0;title\u0007',
  'two\nlines',
  '| a | b |',
  '\u202egnp.exe',
];

test.each(hostile)('HTML and SVG: %j opens no element, closes no attribute', (name) => {
  expect(markupText(name)).not.toMatch(/[<>"']|[^\P{Cc}\n]|&(?!#\d+;)/u);
});

test('text escaped for HTML reads back unchanged, except what no file can hold', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme' }), (text) => {
      const readBack = markupText(text).replaceAll(/&#(\d+);/g, (_, code: string) =>
        String.fromCodePoint(Number(code)),
      );
      expect(readBack).toBe(text.replaceAll(/[^\P{Cc}\t\n]/gu, '\ufffd'));
    }),
  );
});

test.each(hostile)('a link to a file named %j stays in its folder and its attribute', (name) => {
  const link = linkPath(`figures/${name.replaceAll('/', '-')}.png`);
  expect(link).toMatch(/^figures\/[\w.%~-]+$/);
  expect(decodeURIComponent(link)).toBe(`figures/${name.replaceAll('/', '-')}.png`);
});

describe('Markdown', () => {
  // As CommonMark 0.31 reads them: sections 2.4, 4.2, 4.9, 5.2, 6.2, 6.3, 6.6.
  test.each([
    ['[x](https://example.org)', '\\[x\\](https://example.org)'],
    ['see [x](y)', 'see [x\\](y)'],
    ['![x](y)', '\\![x\\](y)'],
    ['<b>&amp;', '\\<b>\\&amp;'],
    ['# no heading', '\\# no heading'],
    ['- no list', '\\- no list'],
    ['1. no list', '1\\. no list'],
    ['---', '\\---'],
    ['*a* `b` _c_ snake_case', '\\*a\\* \\`b\\` \\_c\\_ snake_case'],
    ['two\n\n# lines', 'two # lines'],
    ['a | b', 'a \\| b'],
    ['60.6 [43.6, inf]', '60.6 [43.6, inf]'],
    ['-0.23 [-0.25, -0.2]', '-0.23 [-0.25, -0.2]'],
  ])('%j', (text, expected) => {
    expect(markdownText(text)).toBe(expected);
  });
});

test.each(hostile)('LaTeX: %j is not a command, ends no argument and begins no paragraph', (name) => {
  // The output of escaping; the rest has no character with a meaning.
  const known = /\\text(backslash|asciicircum|asciitilde|less|greater|bar)\{\}|\\[{}$&#%_]|\$\^2\$|\$\\times\$/g;
  expect(latexText(name).replaceAll(known, '')).not.toMatch(/[\\{}$&#%_^~\n\p{Cc}]/u);
});

test('LaTeX: a row that begins with a bracket is not an argument of the preceding line break; labels are plain', () => {
  const column = { title: 'a', align: 'left' } as const;
  const text = latexTable({ name: 'x}\\input{y', caption: 'c', columns: [column], rows: [['[2em]'], ['*']] });
  expect(text).toContain('\\label{tab:x--input-y}');
  expect(text.split('\n').slice(9, 11)).toEqual(['  {}[2em] \\\\', '  {}* \\\\']);
});

describe('CSV', () => {
  // OWASP, "CSV Injection": spreadsheets read cells that begin with one of these as formulas.
  test.each(['=1+1', '+1+1', '-1+1', '@SUM(A1)', '\t=1', '\r=1', ' =1', '\uff1d1', "-cmd|' /C calc'!A0"])(
    '%j is text',
    (text) => {
      expect(csvParseRows(csvText(['a'], [[text]]))[1]).toEqual([`'${text}`]);
    },
  );
  test.each(['-1', '-0.5e-7', '+3', '-inf', '-', 'cnn-w8-s0', 'a=b'])('%j stays', (text) => {
    expect(csvText(['a'], [[text]])).toBe(`a\n${text}\n`);
  });
  test("numbers stay numbers; another country's separator does not separate", () => {
    expect(csvText(['a', 'b', 'c'], [[-1.5, -Infinity, 'x;=1']])).toBe('a,b,c\n-1.5,-Infinity,"x;=1"\n');
  });
});

test.each(hostile)('JSON in a script element: %j does not end it and reads back', (name) => {
  expect(scriptJson({ name })).not.toContain('<');
  expect(JSON.parse(scriptJson({ name }))).toEqual({ name });
});

test.each(hostile.filter((name) => !name.includes('\0')))('a shell reads %j as one word', (name) => {
  const { stdout } = spawnSync('sh', ['-c', `printf %s ${shellWord(name)}`], { encoding: 'utf8' });
  expect(stdout).toBe(name);
});

test.each(hostile)('a figure titled %j is drawn', async (name) => {
  const spec = {
    title: name,
    data: { values: [{ x: 1, label: name }] },
    mark: 'point',
    encoding: { color: { field: 'label' } },
  };
  const svg = await toSvg(spec as Parameters<typeof toSvg>[0]);
  expect(svg).not.toMatch(/<script|<b>|[^\P{Cc}\n]/u);
  expect((await toPng(svg)).length).toBeGreaterThan(100);
});

test.each(hostile)('a table with %j has a line for it', (name) => {
  expect(textTable(['name'], [[name], ['last']]).split('\n')).toHaveLength(3);
});
