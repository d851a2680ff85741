/** The options that commands share: one wording and one parser each. Values are checked when they are parsed. */
import { Option, type Command, type OptionValues } from '@commander-js/extra-typings';
import { probeNames } from '../datasets/probes.js';
import { scoreNames } from '../analysis/scores.js';
import { decimal } from '../experiment/option-values.js';
import { keyOfOption } from '../experiment/schema.js';
import { refuseNoFolder } from '../machine/files.js';
import { refuseNoName } from '../report/figures/figure-options.js';
import { mostDraws } from '../statistics/most-draws.js';
import { UsageError } from '../terminal/errors.js';

const collect = (text: string, earlier: string[] | undefined): string[] => [...(earlier ?? []), text];

/** Without leading zeros, which mean octal elsewhere. */
const unsigned = /^(0|[1-9]\d*)$/;

/** A parser for a whole number. */
export function whole(flag: string, least = 1, most = Number.MAX_SAFE_INTEGER) {
  return (text: string): number => {
    const value = Number(text);
    if (!unsigned.test(text) || value < least)
      throw new UsageError(`"${text}" is not a whole number of at least ${least}`, flag);
    if (value > most) throw new UsageError(`${value} is more than ${most}`, flag);
    return value;
  };
}

/** A parser for comma-separated whole numbers: `1,2,5`. */
export function wholes(flag: string, least = 1, most = Number.MAX_SAFE_INTEGER) {
  return (text: string): number[] => {
    const values = text.split(',').map((part) => {
      const value = Number(part);
      if (value > most) throw new UsageError(`${value} is more than ${most}`, flag);
      if (unsigned.test(part.trim()) && value >= least) return value;
      throw new UsageError(
        `"${part}" is not a whole number of at least ${least}`,
        flag,
        `give for example ${flag} 10,100`,
      );
    });
    const twice = values.find((value, i) => values.indexOf(value) < i);
    if (twice !== undefined) throw new UsageError(`${twice} is listed twice`, flag, 'list each once');
    return values;
  };
}

export interface NumberLimits {
  readonly fits: (value: number) => boolean;
  /** ` between 0 and 1`: follows `is not a number`. */
  readonly wanted: string;
}

/** A parser for a finite number within limits. */
export function number(flag: string, { fits, wanted }: NumberLimits) {
  return (text: string): number => {
    const value = decimal.test(text.trim()) ? Number(text) : NaN;
    if (Number.isFinite(value) && fits(value)) return value;
    throw new UsageError(`"${text}" is not a number${wanted}`, flag);
  };
}

/** Number of bootstrap draws, with this default. */
export function drawCount(usual: number, what = 'bootstrap draws', least = 100) {
  return new Option('--draws <n>', what).argParser(whole('--draws', least, mostDraws)).default(usual);
}

/** A metric that may be given again. */
export function metricNames(usual: string) {
  return new Option(
    '--metric <metric>',
    `a metric, such as subset-accuracy:k=5; may be given again (default: ${usual})`,
  ).argParser(collect);
}

/** One of the two metrics to compare. */
export function standard(usual: string) {
  return new Option('--standard <metric>', `the field's usual metric (default: ${usual})`);
}
export function induced(usual: string) {
  return new Option('--induced <metric>', `the metric that induces emergence (default: ${usual})`);
}

/** Where a picture goes. */
export function picture(usual: string) {
  return new Option('--output <stem>', `the picture's path without its extension (default: ${usual})`).argParser(
    (text: string) => {
      refuseNoName(text);
      const [extension] = /\.(svg|png|pdf)$/i.exec(text) ?? [];
      if (extension === undefined) {
        // Before any work is done.
        refuseNoFolder(text, '--output');
        return text;
      }
      const format = extension.slice(1).toLowerCase();
      throw new UsageError(
        `"${text}" ends in ${extension}, and each picture gets its own extension`,
        '--output',
        `give the path without it, and --format ${format} for that one alone`,
      );
    },
  );
}

export const size = new Option(
  '--size <size>',
  'printed size of the picture: single, double, slide, or WxH in inches (default: double)',
);
const format = new Option(
  '--format <list>',
  'picture formats: svg, png, pdf; comma-separated or given again (default: svg,png)',
).argParser(collect);
export const title = new Option('--title <text>', 'title of the picture; "none" removes it and the lines below it');

export const style = new Option('--style <style>', 'ground of the picture: light or dark (default: light)');

/** Adds how pictures are printed, for every command that draws one; read by `figureOptionsOf`. */
export function addPrintOptions<Args extends unknown[], Given extends OptionValues>(command: Command<Args, Given>) {
  return command.addOption(size).addOption(format).addOption(title).addOption(style);
}

/** Collects the values of an option that may be given again. */
export function repeatable<Flags extends string>(flags: Flags, description: string) {
  return new Option(flags, description).argParser(collect);
}

export const json = new Option('--json', 'print the results as one JSON object on stdout');
export const csv = new Option('--csv', 'print the results as comma-separated values on stdout').conflicts('json');
export const force = new Option('--force', 'overwrite an existing file');
export const axis = new Option(
  '--axis <name>',
  "the horizontal axis: a factor in which members differ, parameters, flops, examples, steps or loss; for imported members any coordinate (default: parameters, or the run's own)",
);
export const where = new Option(
  '--where <factor=value>',
  'hold a factor at a value, such as depth=2; may be given again (default: the largest value of each factor that is not on the axis)',
).argParser((text: string, earlier: Record<string, number> | undefined) => {
  const [, key = '', digits = ''] = /^([A-Za-z][A-Za-z-]*)=(.+)$/.exec(text.trim()) ?? [];
  const value = decimal.test(digits.trim()) ? Number(digits) : NaN;
  if (key === '' || !Number.isFinite(value))
    throw new UsageError(`"${text}" is not FACTOR=VALUE`, '--where', 'give for example --where depth=2');
  const name = keyOfOption(key);
  if (earlier !== undefined && name in earlier)
    throw new UsageError(`${name} is given twice`, '--where', 'give it once');
  return { ...earlier, [name]: value };
});
export const at = new Option(
  '--at <step>',
  'use the outcomes after this training step, for a run with --moments (default: the last)',
).argParser(whole('--at'));
export const probe = new Option(
  '--probe <name>',
  `use the outcomes of a probe that the run was trained with: ${probeNames.join(', ')} (default: those of the test set)`,
);
const curvePer = new Option('--curve-per <factor>', 'a curve, or a result, for each value of this factor').argParser(
  keyOfOption,
);

/** Adds which outcomes of which members are on a curve; read by `ofEach`. */
export function addMemberOptions<Args extends unknown[], Given extends OptionValues>(command: Command<Args, Given>) {
  return command.addOption(where).addOption(at).addOption(probe).addOption(curvePer);
}

/** The same with the axis of the curve. */
export function addViewOptions<Args extends unknown[], Given extends OptionValues>(command: Command<Args, Given>) {
  return addMemberOptions(command.addOption(axis));
}

export const metricFile = new Option(
  '--metric-file <file>',
  'a JavaScript or TypeScript file that defines your own metric (docs/metrics.md)',
);
export const natural = new Option(
  '--natural <curve>',
  'a published curve, FILE:CURVE such as overlay:opt-2digit-addition; may be given again',
).argParser(collect);
export const by = new Option('--by <score>', `the score that ranks curves by emergence: ${scoreNames.join(', ')}`)
  .argParser((text) => {
    const score = scoreNames.find((name) => name === text);
    if (score !== undefined) return score;
    throw new UsageError(`"${text}" is not a score`, '--by', `known: ${scoreNames.join(', ')}`);
  })
  .default('bow' as const, 'bow');

/** Smallest change of a curve that counts. */
export function leastRange(of: string, most = Infinity) {
  const wanted = most === Infinity ? ' of at least 0' : ` from 0 to ${most}`;
  return new Option('--least-range <x>', `smallest change of ${of} for its score to count`)
    .argParser(number('--least-range', { fits: (x) => x >= 0 && x <= most, wanted }))
    .default(0.1);
}
