/** Commands that draw or score a run name the axis, the values of a factor and the step in the same words. */
import type { CommandUnknownOpts } from '@commander-js/extra-typings';
import { expect, test } from 'vitest';
import { createProgram } from '../../../src/cli.js';

const wanted = ['--axis', '--where', '--at', '--curve-per', '--probe'];

/** Options that a command omits, and why. */
const without: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  collapse: { '--axis': 'it is over the loss' },
  signal: { '--axis': 'it is over checkpoints' },
};

/** Only for runs of widths, at their end. */
const ofWidths = ['claim make', 'claim check', 'forecast seal', 'forecast score', 'design', 'power'];

function leavesOf(
  command: CommandUnknownOpts,
  path: readonly string[] = [],
): { name: string; command: CommandUnknownOpts }[] {
  return command.commands.length === 0
    ? [{ name: path.join(' '), command }]
    : command.commands.flatMap((each) => leavesOf(each, [...path, each.name()]));
}

const flagsOf = (command: CommandUnknownOpts) => command.options.map(({ long }) => long ?? '');

/** Takes a run, and draws a picture or evaluates a metric. */
function isOfCurves(command: CommandUnknownOpts): boolean {
  const takesRun = command.registeredArguments.some((argument) => ['run', 'runs'].includes(argument.name()));
  const flags = flagsOf(command);
  return takesRun && ['--metric', '--metric-file', '--induced', '--size', '--by'].some((flag) => flags.includes(flag));
}

const found = leavesOf(createProgram()).filter(({ command }) => isOfCurves(command));

test('the commands that draw curves are found', () => {
  const names = found.map(({ name }) => name);
  for (const name of ['show', 'evaluate', 'compare', 'sweep', 'seeds', 'quanta', 'theory', 'scaling', 'forecast study'])
    expect(names).toContain(name);
});

test.each(found.filter(({ name }) => !ofWidths.includes(name)))(
  '$name accepts all of the options',
  ({ name, command }) => {
    const flags = flagsOf(command);
    const missing = wanted.filter((flag) => !flags.includes(flag));
    expect(missing).toEqual(Object.keys(without[name] ?? {}));
  },
);
