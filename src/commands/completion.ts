/** `emergence completion`: a script that completes command lines in a shell, made from the commands themselves. */
import { Argument, type CommandUnknownOpts } from '@commander-js/extra-typings';
import { examples } from './examples.js';

export function registerCompletion(program: CommandUnknownOpts): void {
  program
    .command('completion')
    .description('print a script that completes commands, options, runs and metrics in your shell')
    .addArgument(new Argument('<shell>', 'bash, zsh or fish').choices(['bash', 'zsh', 'fish']))
    .addHelpText('after', examples('completion bash'))
    .action(async (shell) => {
      const { bashScript, fishScript } = await import('./completion-scripts.js');
      const { completedCommands } = await import('./completed.js');
      const commands = await completedCommands(program);
      // zsh runs the script for bash.
      const zsh = 'autoload -Uz compinit bashcompinit && compinit && bashcompinit\n';
      process.stdout.write(
        shell === 'fish' ? fishScript(commands) : (shell === 'zsh' ? zsh : '') + bashScript(commands),
      );
    });
}
