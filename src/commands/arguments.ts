/** What the words after a command's name are: in its help, and in the error if one is missing. */
import type { CommandUnknownOpts, Option } from '@commander-js/extra-typings';
import { present } from '../machine/present.js';
import { commandName, type AsTyped } from './examples.js';

/** Describes the arguments of all commands below one; `asTyped` writes the commands that list what can be given. */
export function describeArguments(program: CommandUnknownOpts, asTyped: AsTyped): void {
  const meanings = meaningsOf(asTyped);
  for (const command of program.commands) {
    for (const argument of command.registeredArguments) {
      const name = argument.name();
      // Those with choices describe themselves.
      argument.description ||= present(meanings[`${commandName(command)} ${name}`] ?? meanings[name]);
    }
    explainMissing(command);
    describeArguments(command, asTyped);
  }
}

/** By argument, or by command and argument where the command matters. */
function meaningsOf(asTyped: AsTyped): Readonly<Record<string, string>> {
  const run = `a run: its name, listed by \`${asTyped('runs')}\`, or its folder`;
  const member = `listed by \`${asTyped('runs --json')}\``;
  const dataset = `listed by \`${asTyped('datasets list')}\``;
  const forecast = `a sealed forecast: its name, listed by \`${asTyped('forecast list')}\`, RUN/NAME, or its file`;
  return {
    run,
    other: 'another run: its name or its folder',
    runs: `one or more runs: their names, listed by \`${asTyped('runs')}\`, or their folders`,
    pilot: run,
    'predict member': `a trained member, such as lenet-mnist/cnn-w16-s0, ${member}`,
    'predict images': 'image files, such as digit.png',
    'train-member member': `one of its members, such as cnn-w8-s0, ${member}`,
    'export run': `${run}; or a member, such as lenet-mnist/cnn-w16-s0, ${member}`,
    'forecast list run': `${run} (default: all)`,
    'forecast score name': forecast,
    'forecast verify name': `${run}; or ${forecast} (default: all)`,
    'claim score name': 'sealed claims: the name under which claim seal wrote them, or their file',
    'datasets fetch names': `one or more datasets, ${dataset}`,
    'datasets preview name': `a dataset, ${dataset}, or files of your own: images:PATH, idx:PATH`,
    'natural list file': 'a shipped file (listed without one), a CSV file, or BIG-bench records',
    'import table files': 'tables, such as outcomes.csv',
    'import timm files': 'tables that inference.py wrote, such as results/*.csv',
    'import logits files': 'matrices of logits, such as resnet18.npy',
    'import lm-eval paths': 'folders of results, such as results/',
    'import helm paths': 'run folders, such as benchmark_output/runs/latest',
    'import inspect paths': 'logs or folders of them, such as logs/',
    'import every-eval-ever paths': '.jsonl files or folders of them, such as data/',
  };
}

/**
 * Replaces methods of commander's that its types leave out: by itself it only names the first word that is missing, and does not say what
 * that is.
 */
function explainMissing(command: CommandUnknownOpts): void {
  const missing = (code: string) => {
    const words = command.registeredArguments
      .filter(({ required }, i) => required && command.args[i] === undefined)
      .map((argument) => `required argument '${argument.name()}' (${argument.description})`);
    const options = command.options
      .filter((option) => option.mandatory && command.getOptionValue(option.attributeName()) === undefined)
      .map(({ flags, description }) => `required option '${flags}' (${description})`);
    command.error(`error: missing ${[...words, ...options].join(' and ')}`, { code });
  };
  Object.assign(command, {
    missingArgument: () => {
      missing('commander.missingArgument');
    },
    optionMissingArgument: ({ flags, description }: Option) =>
      command.error(`error: option '${flags}' argument missing; it is: ${description}`, {
        code: 'commander.optionMissingArgument',
      }),
    missingMandatoryOptionValue: () => {
      missing('commander.missingMandatoryOptionValue');
    },
  });
}
