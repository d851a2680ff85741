/** Which version of the lab this is. */
import { execFileSync } from 'node:child_process';
import * as fs from 'node:fs';
import * as path from 'node:path';
import { builtFolder, isCheckout, labFolder, packageJson } from './installation.js';
import { present } from './present.js';

/** Of the lab and of TensorFlow.js, as package.json has them. */
export function packageVersions(): { lab: string; tfjs: string } {
  const { version, devDependencies } = packageJson();
  return { lab: version, tfjs: present(devDependencies['@tensorflow/tfjs-core']) };
}

/** Holds the commit that a package was built from: the folder that it is installed in may be another repository's. */
export const commitFile = path.join(builtFolder, 'commit.json');

/** The lab's own commit, '+' behind it where files differ from it; null if it is unknown. */
export function gitCommit(): string | null {
  if (!isCheckout) return JSON.parse(fs.readFileSync(commitFile, 'utf8')) as string | null;
  const git = (...words: string[]) =>
    execFileSync('git', words, { cwd: labFolder, encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }).trim();
  try {
    return git('rev-parse', 'HEAD') + (git('status', '--porcelain', '--untracked-files=no') === '' ? '' : '+');
  } catch {
    return null;
  }
}
