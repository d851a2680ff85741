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
  for (const name of ['show', 'evaluate', 'compare', 'sweep', 'seeds', 'quanta', 'theory', 'scaling'])
    expect(names).toContain(name);
  for (const name of ['forecast study', 'forecast seal']) expect(names).toContain(name);
});

test.each(found)('$name accepts all of the options', ({ name, command }) => {
  const flags = flagsOf(command);
  const missing = wanted.filter((flag) => !flags.includes(flag));
  expect(missing).toEqual(Object.keys(without[name] ?? {}));
});

/** Commands that plan a run from another: about one curve, which they seal or propose. */
test.each([
  ['claim seal', ['--axis', '--where', '--at', '--probe']],
  ['design', ['--axis', '--where', '--probe']],
])('%s says which curve', (name, flags) => {
  const command = leavesOf(createProgram()).find((each) => each.name === name)?.command;
  expect(command && flagsOf(command)).toEqual(expect.arrayContaining(flags));
});
