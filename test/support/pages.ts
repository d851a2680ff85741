/** The data embedded in a written report.html. */
import * as fs from 'node:fs/promises';
import { nth } from '../../src/machine/present.js';
import type { PageData, PageRun } from '../../src/report/explorer/data.js';

/** The first of its runs. */
export async function pageRun(file: string): Promise<PageRun> {
  const text = await fs.readFile(file, 'utf8');
  const found = /<script type="application\/json" id="data">([\s\S]*?)<\/script>/.exec(text);
  return nth((JSON.parse(nth(found ?? [], 1)) as PageData).runs, 0);
}
