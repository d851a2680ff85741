/** The user's folders, shared by all checkouts: what can be made again, and what was downloaded. */
import * as os from 'node:os';
import * as path from 'node:path';

const lab = 'vision-emergence-lab';

/** EMERGENCE_CACHE_DIR, or a folder of ours in the platform's cache folder. Everything in it can be made again. */
export function cacheFolder(environment: NodeJS.ProcessEnv = process.env): string {
  const { EMERGENCE_CACHE_DIR: own, XDG_CACHE_HOME: xdg } = environment;
  if (own !== undefined && own !== '') return path.resolve(own);
  const home = os.homedir();
  const system = process.platform === 'darwin' ? path.join(home, 'Library', 'Caches') : path.join(home, '.cache');
  return path.join(xdg !== undefined && path.isAbsolute(xdg) ? xdg : system, lab);
}

/** EMERGENCE_DATA_DIR, or a folder of ours in XDG_DATA_HOME: downloaded datasets, a folder each. */
export function dataFolder(environment: NodeJS.ProcessEnv = process.env): string {
  const { EMERGENCE_DATA_DIR: own, XDG_DATA_HOME: xdg } = environment;
  if (own !== undefined && own !== '') return path.resolve(own);
  const system = path.join(os.homedir(), '.local', 'share');
  return path.join(xdg !== undefined && path.isAbsolute(xdg) ? xdg : system, lab, 'datasets');
}
