/** Writes docs/commands.md: `npm run docs`. */
import * as fs from 'node:fs';
import { createProgram } from './cli.js';
import { commandsMarkdown } from './commands/document.js';

fs.writeFileSync(new URL('../docs/commands.md', import.meta.url), commandsMarkdown(createProgram()));
