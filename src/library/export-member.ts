/** A trained member as a model for other programs. */
import * as fs from 'node:fs/promises';
import * as path from 'node:path';
import type { MemberFormat } from '../export/formats.js';
import type { MemberFormatName } from '../export/names.js';
import { assertOutput, refuseExisting, writeOutputs } from '../machine/files.js';
import { refuseForeignFolder, writeFolder } from '../machine/folder-swap.js';
import { zip } from '../machine/present.js';
import { checkpoints } from '../runs/locate.js';
import { UsageError } from '../terminal/errors.js';
import type { RunOptions } from './run-and-metrics.js';

export interface ExportMemberOptions extends Pick<RunOptions, 'root' | 'note'> {
  readonly to: MemberFormatName;
  /** Where to write; default: RUN-MEMBER with the format's extension, in the current folder. */
  readonly output?: string | undefined;
  /** Overwrite existing files. */
  readonly force?: boolean | undefined;
}

export interface ExportedMember {
  readonly run: string;
  readonly member: string;
  readonly format: MemberFormatName;
  readonly files: readonly string[];
}

/**
 * One member, `RUN/MEMBER`, with its weights and its preprocessing, as a model that other programs load. TensorFlow is
 * loaded if the format is made from its graph.
 *
 * @example
 *     const { files } = await exportMember('lenet-mnist/cnn-w16-s0', { to: 'safetensors' });
 *     files[0];
 *
 * @throws UsageError if there is no such member, a file is there already, or a folder with other files in it; RunError if the
 * member is not complete
 */
export async function exportMember(member: string, options: ExportMemberOptions): Promise<ExportedMember> {
  const { to, root = checkpoints, note = () => undefined, force = false } = options;
  const { memberFormats } = await import('../export/formats.js');
  const { readTrainedMember } = await import('../runs/member.js');
  const { withTask } = await import('../training/task.js');
  const format: MemberFormat = memberFormats[to];
  const read = await readTrainedMember(member, root);
  const output = options.output ?? format.nameOf(`${read.run.name}-${read.id}`);
  const files = format.filesAt(output);
  const refusal = format.refusal?.(output);
  if (refusal !== undefined) throw new UsageError(refusal[0], '--output', refusal[1]);
  const isFolder = !files.includes(output);
  if (isFolder) await refuseForeignFolder(output, earlierExport(files), '--output');
  if (!force) await refuseExisting(files);
  if (!isFolder) for (const file of files) await assertOutput(file, '--output');
  const contents = await format.contents(await withTask(read), output, note);
  if (isFolder)
    await writeFolder(
      output,
      new Map(zip(files, contents).map(([file, content]) => [path.relative(output, file), content])),
    );
  else await writeOutputs(zip(files, contents).map(([file, content]) => ({ file, content })));
  return { run: read.run.name, member: read.id, format: to, files };
}

/** A folder with all of `files`, and nothing else, is one that this command wrote. */
function earlierExport(files: readonly string[]) {
  return async (folder: string): Promise<readonly string[] | undefined> => {
    for (const file of files) if ((await fs.stat(file).catch(() => undefined)) === undefined) return undefined;
    return files.map((file) => path.relative(folder, file));
  };
}
