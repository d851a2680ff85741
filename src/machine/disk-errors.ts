/** One-line messages for errors of disks and files. */
import { RunError, codeOf, messageOf } from '../terminal/errors.js';

const again = 'then run the same command again';
const causes: Readonly<Record<string, readonly [what: string, remedy: string]>> = {
  ENOSPC: ["can't be written, the disk is full", `free some space, ${again}`],
  EDQUOT: ["can't be written, the disk quota is used up", `free some space, ${again}`],
  EROFS: ["can't be written, the file system is read-only", 'work in a folder that can be written'],
  EACCES: ['no permission', 'change the permissions, or work in another folder'],
  EPERM: ['no permission', 'change the permissions, or work in another folder'],
  ENOENT: ['was removed, or its folder was', 'leave the folder of a run in place while it trains'],
  ENOTDIR: ['a part of the path is a file, not a folder', 'rename that file'],
  EEXIST: ['is a file, not a folder', 'rename that file'],
  EISDIR: ['is a folder, not a file', 'rename that folder'],
  ENAMETOOLONG: ['the name is too long', 'give a shorter one'],
  ELOOP: ['is a circular link', 'remove the link'],
  EMFILE: ['too many files are open', 'raise the limit (ulimit -n)'],
  ENFILE: ['too many files are open on this machine', 'try again later'],
  ENXIO: ['is a device or a socket that cannot be opened', 'name a file'],
  ERR_INVALID_ARG_VALUE: ['no path can hold a NUL character', 'give another one'],
  EIO: ['the disk reports an input/output error', 'check the disk'],
};

/** What went wrong, in a few words; undefined for anything that is not known. */
export function diskCause(error: unknown): string | undefined {
  return causes[codeOf(error) ?? '']?.[0];
}

/** A RunError for a disk error, anything else unchanged. */
export function diskError(error: unknown, file: string): unknown {
  const [what, remedy] = causes[codeOf(error) ?? ''] ?? [];
  if (what !== undefined) return new RunError(what, file, remedy, { cause: error });
  return isSystemError(error) ? new RunError(`the system reports ${messageOf(error)}`, file) : error;
}

/** An error of a system call, such as `open`. */
export function isSystemError(error: unknown): error is NodeJS.ErrnoException {
  return error instanceof Error && 'syscall' in error && codeOf(error) !== undefined;
}
