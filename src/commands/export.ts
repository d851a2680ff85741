/** `emergence export`: all outcomes of a run as one table, or one of its members as a model, for other programs. */
import { Option, type CommandUnknownOpts } from '@commander-js/extra-typings';
import { memberFormatSummaries, type MemberFormatName } from '../export/names.js';
import { counted } from '../terminal/format.js';
import { printable } from '../terminal/printable.js';
import { UsageError } from '../terminal/errors.js';
import { suggestion } from '../terminal/nearest.js';
import { examples } from './examples.js';
import { force, json, probe } from './options.js';
import { printJson, terminal } from './print.js';

const tableFormats = ['parquet', 'csv'] as const;
type TableFormat = (typeof tableFormats)[number];

/** For a run, then for a member. */
export const exportFormats: readonly (TableFormat | MemberFormatName)[] = [
  ...tableFormats,
  ...(Object.keys(memberFormatSummaries) as MemberFormatName[]),
];

function formatOf(text: string): TableFormat | MemberFormatName {
  const format = exportFormats.find((name) => name === text);
  if (format !== undefined) return format;
  throw new UsageError(`"${text}" is not a format`, '--to', suggestion(text, exportFormats));
}

/** The format that the file's extension names; a Python file is torch's. */
function formatAsEnds(file = ''): TableFormat | MemberFormatName | undefined {
  const ending = file.toLowerCase();
  return ending.endsWith('.py') ? 'torch' : exportFormats.find((name) => ending.endsWith(`.${name}`));
}

/** Says what was written, without interrupting it: a table may go to stdout. */
function say(line: string, file: string): void {
  const isStdout = /^\/(dev\/stdout|dev\/fd\/1|proc\/self\/fd\/1)$/.test(file);
  (isStdout ? console.error : console.log)(printable(line));
}

function isOfMember(format: TableFormat | MemberFormatName): format is MemberFormatName {
  return Object.hasOwn(memberFormatSummaries, format);
}

const ofMember = Object.entries(memberFormatSummaries).map(([name, summary]) => `${name}: ${summary}`);

export function registerExport(program: CommandUnknownOpts): void {
  program
    .command('export <run>')
    .description(
      'export all outcomes of a run as one tidy table, with a row per member and example; or a member, RUN/MEMBER, as a model for other programs',
    )
    .addOption(
      new Option(
        '--to <format>',
        `for a run: parquet or csv; for a member: ${ofMember.join('; ')} (default: by the extension of --output, else parquet; docs/export.md)`,
      ).argParser(formatOf),
    )
    .option(
      '--output <file>',
      'the file to write (default: RUN.parquet or RUN.csv in this folder; for a member RUN-MEMBER with an extension)',
    )
    .addOption(probe)
    .option('--moments', 'for a run: include the outcomes of every moment of training, with a column step')
    .addOption(force)
    .addOption(json)
    .addHelpText(
      'after',
      examples(
        'export lenet-mnist',
        'export lenet-mnist --to csv --output outcomes.csv',
        'export lenet-mnist/cnn-w16-s0 --to onnx',
      ),
    )
    .action(async (name, options) => {
      const to = options.to ?? formatAsEnds(options.output) ?? 'parquet';
      if (isOfMember(to)) {
        if (options.moments === true)
          throw new UsageError(`${to} exports a member with its final weights`, '--moments', 'leave it out');
        if (options.probe !== undefined)
          throw new UsageError('a model has no outcomes', '--probe', 'leave it out, or export the run as a table');
        const { exportMember } = await import('../library/export-member.js');
        const exported = await exportMember(name, { ...options, to, note: terminal.note });
        if (options.json === true) printJson(exported);
        else for (const file of exported.files) say(`${to}  ${file}`, file);
        return;
      }
      const { exportOutcomes } = await import('../library/export.js');
      const { file, run } = await exportOutcomes(name, { ...options, to, ...terminal });
      const { size: members } = new Set(run.members.map(({ record: { id, trained } }) => trained?.id ?? id));
      if (options.json === true) printJson({ run: run.record.name, file, members });
      else say(`table  ${file}, ${counted(members, 'member')}`, file);
    });
}
