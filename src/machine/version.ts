/** Which version of the lab this is. */
import { execFileSync } from 'node:child_process';
import { createRequire } from 'node:module';
import * as path from 'node:path';
import { fileURLToPath } from 'node:url';

/** Of the lab and of TensorFlow.js, as package.json has them. */
export function packageVersions(): { lab: string; tfjs: string } {
  const { version, dependencies } = createRequire(import.meta.url)('../../package.json') as {
    version: string;
    dependencies: Record<string, string>;
  };
  return { lab: version, tfjs: dependencies['@tensorflow/tfjs-core']! };
}

/** The lab's own commit, '+' behind it where files differ from it; null where it is no checkout. */
export function gitCommit(): string | null {
  const git = (...words: string[]) =>
    execFileSync('git', words, {
      cwd: path.dirname(fileURLToPath(import.meta.url)),
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    }).trim();
  try {
    return git('rev-parse', 'HEAD') + (git('status', '--porcelain', '--untracked-files=no') === '' ? '' : '+');
  } catch {
    return null;
  }
}
