import { createHash } from 'node:crypto';
import { beforeAll, describe, expect, test } from 'vitest';
import { resolveExperiment } from '../../../../src/experiment/schema.js';
import type { Report } from '../../../../src/report/document/blocks.js';
import { compact } from '../../../../src/report/explorer/compact.js';
import type { PageData } from '../../../../src/report/explorer/data.js';
import { pageOf } from '../../../../src/report/explorer/html.js';
import { membersOf, type Kind } from '../../../support/families.js';

const report: Report = {
  title: 'A <b> & "title"',
  subtitle: '',
  summary: ['goes down to -0.5 [-1, -0.2]'],
  sections: [
    {
      ...{ id: 'one', title: 'One', level: 2 },
      blocks: [
        { kind: 'text', text: 'x < y & </script>' },
        { kind: 'list', items: ['an item'] },
        { kind: 'code', lines: ['npm run train -- --run a'] },
        {
          kind: 'table',
          table: {
            name: 't',
            caption: 'c',
            columns: [
              { title: 'a', align: 'left' },
              { title: 'b', align: 'right' },
            ],
            rows: [['x', '-inf']],
            raw: { heading: [], lines: [] },
          },
        },
        {
          kind: 'figure',
          figure: {
            name: 'f',
            alt: 'an alt',
            caption: 'a caption',
            command: 'npm run compare -- a',
            formats: ['svg', 'png'],
          },
        },
      ],
    },
  ],
};

/** 14 widths and 40 members, the largest size promised for a page; `strips` and pictures at their largest. */
function largest(arch: Kind): PageData {
  const widths = Array.from({ length: 20 }, (_, i) => i + 1);
  const members = membersOf({ arch, widths, seeds: [0, 1], count: 10_000 });
  const record = {
    name: 'a',
    experiment: resolveExperiment({ arch, dataset: 'mnist', ...(arch === 'transformer' ? { pairs: 4 } : {}) }),
  };
  const { run } = compact({ record: record, members });
  // The limit that pictures.ts sets for a sprite, and strips of 20 MNIST images, 16 kB each; in Base64.
  const sprite = 'A'.repeat(400_000);
  const strips = widths.map((_, member) => ({ member, name: '', png: 'A'.repeat(22_000) }));
  const pictures = { sprite, width: 28, height: 28, across: 1, examples: [] };
  const reconstructions = arch === 'autoencoder' ? { width: 28, height: 28, units: [], strips } : null;
  return { runs: [{ ...run, about: '', pictures, reconstructions }], natural: [] };
}

describe('the page', () => {
  let page = '';
  beforeAll(async () => {
    page = await pageOf({
      report,
      data: { runs: [], natural: [] },
      images: new Map([['f', { wide: 'data:image/png;base64,AA==', narrow: 'data:image/png;base64,AB==' }]]),
    });
  });

  test('its policy allows its own script and style, images in it, and nothing else', () => {
    const policy = /http-equiv="Content-Security-Policy" content="([^"]*)"/.exec(page)![1]!;
    const hash = (tag: string) => {
      const text = new RegExp(`<${tag}>([\\s\\S]*?)</${tag}>`).exec(page)![1]!;
      return `'sha256-${createHash('sha256').update(text).digest('base64')}'`;
    };
    expect(policy.split('; ')).toEqual([
      "default-src 'none'",
      `script-src ${hash('script')}`,
      `style-src ${hash('style')}`,
      'img-src data:',
      "base-uri 'none'",
      "form-action 'none'",
    ]);
  });

  test('text is escaped, and numbers have minus signs', () => {
    expect(page).toContain('<h1>A &#60;b&#62; &#38; &#34;title&#34;</h1>');
    expect(page).toContain('x &#60; y &#38; &#60;/script&#62;');
    expect(page).toContain('goes down to \u22120.5 [\u22121, \u22120.2]');
    expect(page).toContain('<td>\u2212∞</td>');
  });

  test('no style attribute, no handler, no address to load from', () => {
    const markup = page.replaceAll(/<(script|style)[\s\S]*?<\/\1>/g, '');
    expect(markup).not.toMatch(/<[^>]*\s(style|on[a-z]+)=/);
    expect(markup).not.toMatch(/\s(src|href)="(https?:)?\/\//);
    expect(page).not.toMatch(/url\(|@import/);
  });

  test('data cannot end their block', async () => {
    const evil = {
      ...largest('cnn'),
      natural: [{ name: '</script><script>alert(1)</script>' }],
    } as unknown as PageData;
    const made = await pageOf({ report, data: evil, images: new Map() });
    expect(made).not.toContain('alert(1)</script>');
    const text = /<script type="application\/json" id="data">([\s\S]*?)<\/script>/.exec(made)![1]!;
    expect(JSON.parse(text)).toEqual(evil);
  });
});

test.each<Kind>(['cnn', 'autoencoder', 'transformer'])(
  '%s: 40 members with 10 000 examples make a page below 3 MB',
  async (arch) => {
    // Three figures as large as the largest of the shipped experiments.
    const images = new Map(
      ['f', 'g', 'h'].map((name) => [name, { wide: 'A'.repeat(110_000), narrow: 'A'.repeat(70_000) }]),
    );
    const figures = ['f', 'g', 'h'].map(
      (name) => ({ kind: 'figure', figure: { name, alt: '', caption: '', command: '', formats: [] } }) as const,
    );
    const sections = [{ id: 's', title: '', level: 2, blocks: figures } as const];
    const page = await pageOf({ report: { ...report, sections }, data: largest(arch), images });
    expect(Buffer.byteLength(page)).toBeLessThan(3_000_000);
  },
);
