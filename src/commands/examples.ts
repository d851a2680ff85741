/** Command lines in help: as they are typed on this machine, or as `emergence ...` for docs/. */
import type { CommandUnknownOpts } from '@commander-js/extra-typings';
import { commandLine } from '../machine/installation.js';

/** Turns a line such as `train --arch cnn` into one to copy. */
export type AsTyped = (line: string) => string;

const styles = new WeakMap<CommandUnknownOpts, AsTyped>();

/** Makes the help of a whole program show its commands in one way. */
export function typeAs<Program extends CommandUnknownOpts>(program: Program, asTyped: AsTyped): Program {
  styles.set(program, asTyped);
  program.configureHelp({
    commandUsage: (command) =>
      asTyped(command.parent === null ? 'COMMAND [options]' : `${commandName(command)} ${command.usage()}`),
  });
  return program;
}

/** For `addHelpText('after', ...)`. Each line is one such as `train --arch cnn`. */
export function examples(...lines: readonly string[]): (context: { readonly command: CommandUnknownOpts }) => string {
  return ({ command }) => {
    const asTyped = styles.get(rootOf(command)) ?? commandLine;
    return [`\nExample${lines.length > 1 ? 's' : ''}:`, ...lines.map((line) => `  $ ${asTyped(line)}`)].join('\n');
  };
}

/** `datasets list`. */
export function commandName(command: CommandUnknownOpts): string {
  const { parent } = command;
  return parent?.parent ? `${commandName(parent)} ${command.name()}` : command.name();
}

function rootOf(command: CommandUnknownOpts): CommandUnknownOpts {
  return command.parent === null ? command : rootOf(command.parent);
}
