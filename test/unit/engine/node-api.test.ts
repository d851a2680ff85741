/** Which functions of Node, removed or deprecated since, the compute packages still call; and that they find them. */
import * as fs from 'node:fs';
import { createRequire } from 'node:module';
import * as path from 'node:path';
import { expect, test } from 'vitest';
import { restoreNodeApi } from '../../../src/engine/node-api.js';

const require = createRequire(import.meta.url);
const modules = path.resolve(import.meta.dirname, '../../../node_modules');

/** All of tfjs-node-gpu except its tests, and everything it loads: from each package the file that Node picks. */
function sources(): string[] {
  const tfjs = path.join(modules, '@tensorflow');
  const node = path.join(tfjs, 'tfjs-node-gpu', 'dist');
  const own = fs
    .readdirSync(node, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.js') && !/_test\.js$|run_tests\.js$/.test(name))
    .map((name) => path.join(node, name));
  const others = ['tfjs', 'tfjs/gradients.js', 'tfjs-core'].map((name) => require.resolve(`@tensorflow/${name}`));
  return [...own, ...others, require.resolve('google-protobuf')];
}

/** Deprecated in Node 20 or removed since (nodejs.org/api/deprecations.html); of `util` everything that is neither a type nor a tool. */
const goingUtil =
  /^(_extend|inherits|is[A-Z]\w*|log|debug|error|print|puts|pump|exec|toUSVString|getCallSite|types\.isWebAssemblyCompiledModule)$/;
const kept = /^(isDeepStrictEqual)$/;
const going: Readonly<Record<string, RegExp>> = {
  'Buffer()': /(?:new |[^\w.$'`])Buffer\([^)]/g,
  SlowBuffer: /\bSlowBuffer\b/g,
  'process.binding': /\bprocess\.(?:binding|assert)\(/g,
  'fs.exists': /\bfs(?:_1)?\.(?:exists|lchmod|lchown)\(/g,
  'fs.rmdir recursive': /\brmdir(?:Sync)?\([^)]*recursive/g,
  'old modules': /require\(["'](?:node:)?(?:punycode|domain|sys|constants|_\w+)["']\)/g,
  'url.parse': /\burl(?:_1)?\.(?:parse|resolve)\(/g,
};

function findings(file: string): string[] {
  // Comments mention tf.util and URLs.
  const text = fs.readFileSync(file, 'utf8').replace(/\/\*[\s\S]*?\*\/|^\s*\/\/.*$|\/\/# sourceMappingURL=.*/gm, '');
  const name = path.relative(path.join(modules, '@tensorflow'), file);
  const util = [...text.matchAll(/([\w.]+) = require\(["'](?:node:)?util["']\)/g)].flatMap(([, variable]) =>
    [...text.matchAll(new RegExp(`(?<![\\w.])${variable!.replaceAll('.', '\\.')}\\.([\\w.]+)`, 'g'))]
      .map(([, member]) => member!)
      .filter((member) => goingUtil.test(member) && !kept.test(member))
      .map((member) => `${name}: util.${member}`),
  );
  const others = Object.entries(going).flatMap(([what, pattern]) =>
    [...text.matchAll(pattern)].map(() => `${name}: ${what}`),
  );
  return [...new Set([...util, ...others])];
}

test('the functions called are those the engine provides', () => {
  expect(sources().length).toBeGreaterThan(150); // it has one file for each of some 150 kernels
  expect(sources().flatMap(findings).sort()).toEqual([
    'tfjs-node-gpu/dist/kernels/TopK.js: util.isNullOrUndefined',
    'tfjs-node-gpu/dist/nodejs_kernel_backend.js: util.isArray',
    'tfjs-node-gpu/dist/nodejs_kernel_backend.js: util.isNullOrUndefined',
  ]);
});

test('polyfilled functions answer as Node documented them', () => {
  restoreNodeApi();
  const util = require('util') as Record<'isNullOrUndefined' | 'isArray', (value: unknown) => boolean>;
  expect([undefined, null, 0, '', false, NaN, []].map(util.isNullOrUndefined)).toEqual([
    ...[true, true, false, false, false, false, false],
  ]);
  expect([[], new Array(2), new Float32Array(1), { length: 0 }, null].map(util.isArray)).toEqual([
    ...[true, true, false, false, false],
  ]);
});
