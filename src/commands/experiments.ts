/** `emergence experiments`: those that come with the lab, which `train` takes by name. */
import type { Command } from 'commander';
import { commandLine } from '../machine/installation.js';
import { examples } from './examples.js';

export function registerExperiments(program: Command): void {
  program
    .command('experiments')
    .description('list the experiments that come with the lab: what each shows, and how long it takes')
    .option('--json', 'as one JSON array on stdout')
    .addHelpText('after', examples('experiments'))
    .action(list);
}

async function list({ json }: { json?: true }): Promise<void> {
  const { styleText } = await import('node:util');
  const experiments = await Promise.all((await shipped()).map(described));
  if (json === true) {
    console.log(JSON.stringify(experiments, undefined, 2));
    return;
  }
  const paragraphs = experiments.map(({ name, what, arch, dataset, widths, seeds, takes, shows, fetch }) =>
    [
      styleText('bold', name),
      `    ${what}`,
      `    ${arch} on ${dataset}, ${counted(widths.length, 'width')}, ${counted(seeds.length, 'seed')}`,
      ...(fetch === null ? [] : [`    needs  ${fetch}`]),
      `    takes  ${takes}`,
      `    shows  ${shows}`,
    ].join('\n'),
  );
  console.log(`${paragraphs.join('\n\n')}\n\ntrain one: ${commandLine('train --experiment NAME')}`);
}

async function shipped(): Promise<{ name: string; file: string }[]> {
  const { shippedFile, shippedNames } = await import('../experiment/shipped.js');
  const names = await shippedNames();
  return Promise.all(names.map(async (name) => ({ name, file: (await shippedFile(name))! })));
}

async function described({ name, file }: { name: string; file: string }) {
  const fs = await import('node:fs/promises');
  const { parseExperiment } = await import('../experiment/load.js');
  const { resolveExperiment } = await import('../experiment/schema.js');
  const { headerOf } = await import('../experiment/shipped.js');
  const text = await fs.readFile(file, 'utf8');
  const { arch, dataset, widths, seeds } = resolveExperiment(parseExperiment(text, file).values);
  return { name, file, arch, dataset, widths, seeds, ...headerOf(text), fetch: await fetchCommandOf(dataset) };
}

/** What has to be typed first, where the dataset is to be downloaded; null for one that comes with the lab. */
async function fetchCommandOf(dataset: string): Promise<string | null> {
  const { parseDatasetName } = await import('../datasets/index.js');
  const { fetchCommand } = await import('../datasets/files/known.js');
  const { dataFolder } = await import('../machine/folders.js');
  return parseDatasetName(dataset).source.files?.kind === 'downloaded' ? fetchCommand(dataset, dataFolder()) : null;
}

function counted(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`;
}
