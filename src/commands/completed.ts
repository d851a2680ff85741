/** What can follow where on a command line: taken from the commands, their options and the names of their values. */
import type { CommandUnknownOpts, Option } from '@commander-js/extra-typings';
import { listExperiments, listMetrics, listNaturalCurves } from '../library/lists.js';
import { scoreNames } from '../analysis/scores.js';
import { datasets } from '../datasets/index.js';
import { definitionsOf } from '../experiment/definitions.js';
import { executionSchema, factorKeys, inputSchema } from '../experiment/schema.js';
import { figureFormats, figureStyles } from '../report/figures/figure-options.js';
import { commandName } from './examples.js';
import { exportFormats } from './export.js';

/** What a shell looks up itself, in the current folder. */
export type Looked = 'files' | 'runs' | 'forecasts' | 'claims';

/** The possible values: words, or something to look up; undefined if unknown. */
export type Values = readonly string[] | Looked | undefined;

export interface CompletedCommand {
  /** `forecast seal`; empty for the program itself. */
  readonly path: string;
  readonly commands: readonly { readonly name: string; readonly description: string }[];
  readonly options: readonly {
    readonly flag: string;
    readonly description: string;
    readonly takesValue: boolean;
    readonly values: Values;
  }[];
  /** Values of its arguments. */
  readonly argument: Values;
}

/** The program and all commands below it. */
export async function completedCommands(program: CommandUnknownOpts): Promise<CompletedCommand[]> {
  const words = await knownWords();
  const help = program.createHelp();
  const of = (command: CommandUnknownOpts): CompletedCommand[] => {
    const path = command.parent === null ? '' : commandName(command);
    const parts = help.visibleCommands(command).filter((part) => part.name() !== 'help');
    return [
      {
        path,
        commands: parts.map((part) => ({ name: part.name(), description: part.description() })),
        options: help.visibleOptions(command).map((option) => ({
          flag: option.long ?? option.flags,
          description: option.description,
          takesValue: option.required || option.optional,
          values: completedValues(option, words),
        })),
        argument: argumentOf(command, path, words),
      },
      ...parts.flatMap(of),
    ];
  };
  return of(program);
}

/** By the option, or by the name of its value. */
async function knownWords(): Promise<ReadonlyMap<string, readonly string[]>> {
  const { curves } = await listNaturalCurves('overlay');
  const choices = [...definitionsOf(inputSchema), ...definitionsOf(executionSchema)].flatMap(({ flag, value }) =>
    value.kind === 'choice' ? [[flag, value.choices] as const] : [],
  );
  const experiments = (await listExperiments()).map(({ name }) => name);
  return new Map<string, readonly string[]>([
    ...choices,
    ['--experiment', experiments],
    ['--dataset', Object.keys(datasets)],
    ['<format>', exportFormats],
    ['--wide', ['correct', 'predicted']],
    ['--format', figureFormats],
    ['--style', figureStyles],
    ['--size', ['single', 'double', 'slide']],
    [
      '--axis',
      ['parameters', 'width', 'flops', 'examples', 'steps', 'loss', ...factorKeys.filter((key) => key !== 'steps')],
    ],
    ['--curve-per', ['width', ...factorKeys]],
    ['--title', ['none']],
    ['<metric>', (await listMetrics()).map(({ name }) => name)],
    ['<score>', scoreNames],
    ['<curve>', curves.map(({ name }) => `overlay:${name}`)],
  ]);
}

function completedValues({ long, flags, argChoices }: Option, words: ReadonlyMap<string, readonly string[]>): Values {
  const [placeholder = ''] = /<.*>/.exec(flags) ?? [];
  const known = argChoices ?? words.get(long ?? '') ?? words.get(placeholder);
  if (known !== undefined) return known;
  if (long === '--run') return 'runs';
  return ['<file>', '<folder>', '<stem>', '<what>'].includes(placeholder) ? 'files' : undefined;
}

function argumentOf(command: CommandUnknownOpts, path: string, words: ReadonlyMap<string, readonly string[]>): Values {
  const [argument] = command.registeredArguments;
  if (argument?.argChoices !== undefined) return argument.argChoices;
  if (path.startsWith('datasets ')) return argument === undefined ? undefined : words.get('--dataset');
  if (path === 'claim score') return 'claims';
  if (path === 'forecast score' || path === 'forecast verify') return 'forecasts';
  if (argument === undefined) return undefined;
  return ['run', 'runs', 'pilot', 'member'].includes(argument.name()) ? 'runs' : 'files';
}
