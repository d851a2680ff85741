/** Command lines in help: as they are typed where they are read, or as `emergence ...` for docs/. */
import type { AddHelpTextContext, Command } from 'commander';
import { commandLine } from '../machine/installation.js';

/** Makes a line such as `train --arch cnn` one to copy. */
export type AsTyped = (line: string) => string;

const styles = new WeakMap<Command, AsTyped>();

/** Makes a whole program's help say its commands in one way. */
export function typeAs(program: Command, asTyped: AsTyped): Command {
  styles.set(program, asTyped);
  return program.configureHelp({
    commandUsage: (command) =>
      asTyped(command.parent === null ? 'COMMAND [options]' : `${nameOf(command)} ${command.usage()}`),
  });
}

/** For `addHelpText('after', ...)`. A line such as `train --arch cnn` each. */
export function examples(...lines: readonly string[]): (context: AddHelpTextContext) => string {
  return ({ command }) => {
    const asTyped = styles.get(rootOf(command)) ?? commandLine;
    return [`\nExample${lines.length > 1 ? 's' : ''}:`, ...lines.map((line) => `  $ ${asTyped(line)}`)].join('\n');
  };
}

/** `datasets list`. */
export function nameOf(command: Command): string {
  const { parent } = command;
  return parent?.parent ? `${nameOf(parent)} ${command.name()}` : command.name();
}

function rootOf(command: Command): Command {
  return command.parent === null ? command : rootOf(command.parent);
}
