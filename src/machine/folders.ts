/** The user's folders, shared by all checkouts: files that can be made again, and downloads. */
import * as os from 'node:os';
import * as path from 'node:path';
import { UsageError } from '../terminal/errors.js';

const lab = 'vision-emergence-lab';

/** EMERGENCE_CACHE_DIR, or a folder of ours in the platform's cache folder. Everything in it can be made again. */
export function cacheFolder(environment: NodeJS.ProcessEnv = process.env): string {
  const { EMERGENCE_CACHE_DIR: own, XDG_CACHE_HOME: xdg } = environment;
  if (own !== undefined && own !== '') return path.resolve(own);
  if (xdg !== undefined && path.isAbsolute(xdg)) return path.join(xdg, lab);
  const home = homeFolder(environment, 'EMERGENCE_CACHE_DIR');
  return path.join(home, ...(process.platform === 'darwin' ? ['Library', 'Caches'] : ['.cache']), lab);
}

/** EMERGENCE_DATA_DIR, or a folder of ours in XDG_DATA_HOME: downloaded datasets, a folder each. */
export function dataFolder(environment: NodeJS.ProcessEnv = process.env): string {
  const { EMERGENCE_DATA_DIR: own, XDG_DATA_HOME: xdg } = environment;
  if (own !== undefined && own !== '') return path.resolve(own);
  if (xdg !== undefined && path.isAbsolute(xdg)) return path.join(xdg, lab, 'datasets');
  return path.join(homeFolder(environment, 'EMERGENCE_DATA_DIR'), '.local', 'share', lab, 'datasets');
}

/**
 * HOME, or the system's record of the user if HOME is empty or relative: a cache in the current folder would be made again in each.
 *
 * @throws UsageError if neither names a folder, naming the variable that helps
 */
export function homeFolder(
  { HOME: home }: NodeJS.ProcessEnv,
  instead: string,
  ofSystem = () => os.userInfo().homedir,
): string {
  for (const candidate of [() => home ?? '', ofSystem]) {
    try {
      const folder = candidate();
      if (path.isAbsolute(folder)) return folder;
    } catch {
      // userInfo throws for a user that the system does not know, as in a container started with --user.
    }
  }
  throw new UsageError('does not name a folder', 'HOME', `set it, or ${instead}, to a folder`);
}
