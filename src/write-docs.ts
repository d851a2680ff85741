/** Writes the parts of docs/ that are made from definitions: `npm run docs`. */
import * as fs from 'node:fs';
import { createProgram } from './cli.js';
import { commandsMarkdown, glossaryMarkdown, withMetricsTable } from './commands/document.js';
import { commandLine } from './machine/installation.js';

const file = (name: string) => new URL(`../docs/${name}`, import.meta.url);
fs.writeFileSync(file('commands.md'), await commandsMarkdown(createProgram((line) => commandLine(line, false))));
fs.writeFileSync(file('glossary.md'), await glossaryMarkdown());
fs.writeFileSync(file('metrics.md'), await withMetricsTable(fs.readFileSync(file('metrics.md'), 'utf8')));
