import { describe, expect, test } from 'vitest';
import type { Report, Table } from '../../../../src/report/document/blocks.js';
import { latexCell, latexTable, latexText } from '../../../../src/report/document/latex.js';
import { markdownOf } from '../../../../src/report/document/markdown.js';
import { csvText } from '../../../../src/report/tables/text-table.js';

const table: Table = {
  name: 'a-scores',
  caption: 'Scores, 95 % of them',
  columns: [
    { title: 'curve', align: 'left' },
    { title: 'emergence (Eq 1)', align: 'right' },
  ],
  rows: [
    ['squared_error | x', '60.6 [43.6, inf]'],
    ['c = 2e-5', '-0.23 [-0.25, -0.2]'],
  ],
  raw: {
    heading: ['a', 'b'],
    lines: [
      ['x, "y"', 1 / 3],
      [null, Infinity],
    ],
  },
};

describe('LaTeX', () => {
  test.each([
    ['60.6 [43.6, 99.1]', '60.6 [43.6, 99.1]'],
    ['11.1 [5.31, inf]', '11.1 [5.31, $\\infty$]'],
    ['-0.23 [-0.25, -0.2]', '$-0.23$ [$-0.25$, $-0.2$]'],
    ['-1.2e-7', '$-1.2 \\cdot 10^{-7}$'],
    ['3e8 [1e-5, 2]', '$3 \\cdot 10^{8}$ [$1 \\cdot 10^{-5}$, 2]'],
    ['10 000', '10 000'],
    ['-', '-'],
    ['cnn-w8-s0', 'cnn-w8-s0'],
    ['opt-2digit-addition', 'opt-2digit-addition'],
    ['c_1 & 5 % of {x}', 'c\\_1 \\& 5 \\% of \\{x\\}'],
  ])('%s', (text, expected) => {
    expect(latexCell(text)).toBe(expected);
  });

  test('every special character is escaped once', () => {
    expect(latexText('\\ { } $ & # % _ ^ ~')).toBe(
      '\\textbackslash{} \\{ \\} \\$ \\& \\# \\% \\_ \\textasciicircum{} \\textasciitilde{}',
    );
  });

  test('a whole table, in booktabs style', () => {
    expect(latexTable(table)).toMatchInlineSnapshot(`
      "% \\usepackage{booktabs}
      \\begin{table}
      \\centering
      \\caption{Scores, 95 \\% of them}
      \\label{tab:a-scores}
      \\begin{tabular}{lr}
      \\toprule
        curve & emergence (Eq 1) \\\\
      \\midrule
        squared\\_error \\textbar{} x & 60.6 [43.6, $\\infty$] \\\\
        c = 2e-5 & $-0.23$ [$-0.25$, $-0.2$] \\\\
      \\bottomrule
      \\end{tabular}
      \\end{table}
      "
    `);
  });
});

test('CSV: all digits, quotes where needed, empty for nothing', () => {
  expect(csvText(table.raw!.heading, table.raw!.lines)).toBe('a,b\n"x, ""y""",0.3333333333333333\n,Infinity\n');
});

test('Markdown: headings, tables with their files, figures with their commands', () => {
  const report: Report = {
    ...{ title: 'T', subtitle: 'S', summary: ['One.'] },
    sections: [
      {
        ...{ id: 's', title: 'Section', level: 2 },
        blocks: [
          { kind: 'list', items: ['a', 'b'] },
          { kind: 'table', table },
          {
            kind: 'figure',
            figure: {
              name: 'a-compare',
              alt: 'Alt',
              caption: 'Cap.',
              command: 'npm run compare -- a',
              formats: ['svg', 'png'],
            },
          },
        ],
      },
    ],
  };
  expect(markdownOf(report)).toMatchInlineSnapshot(`
    "# T

    S

    One.

    Explore thresholds, test sets, scales and single examples in [report.html](report.html): one file that opens from disk.

    ## Section

    - a
    - b

    | curve | emergence (Eq 1) |
    | --- | ---: |
    | squared_error \\| x | 60.6 [43.6, inf] |
    | c = 2e-5 | -0.23 [-0.25, -0.2] |

    *Scores, 95 % of them* Files: [csv](tables/a-scores.csv), [tex](tables/a-scores.tex).

    ![Alt](figures/a-compare.png)

    *Cap.* Files: [svg](figures/a-compare.svg), [png](figures/a-compare.png). Redraw with

        npm run compare -- a
    "
  `);
});
