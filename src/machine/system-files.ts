import { readFileSync } from 'node:fs';

/** What the kernel says in a file such as those in /proc; '' where there is none, as on macOS, or none for this process, as in a container. */
export function readSystemFile(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return '';
  }
}
