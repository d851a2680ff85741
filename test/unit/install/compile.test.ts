import * as fs from 'node:fs/promises';
import * as path from 'node:path';
import { afterEach, expect, test, vi } from 'vitest';
import { bindingFingerprint, compileBinding, findCompiler, usableCompiler } from '../../../src/install/compile.js';
import { RunError } from '../../../src/terminal/errors.js';
import { temporaryFolder } from '../../support/runs.js';

afterEach(() => {
  vi.unstubAllEnvs();
});

/** A TensorFlow without headers. */
async function compile(): Promise<void> {
  const folder = await temporaryFolder();
  const files = { folder, library: 'libtensorflow_cc.so.2', framework: 'libtensorflow_framework.so.2' };
  await compileBinding(files, path.join(folder, 'out.node'), () => undefined);
}

test('no compiler: what to install', async () => {
  vi.stubEnv('PATH', '');
  vi.stubEnv('CXX', '');
  await expect(compile()).rejects.toThrow(
    new RunError(
      'a C++ compiler is needed to build the binding: none found',
      undefined,
      'install one (Debian, Ubuntu: `apt install g++`; Fedora: `dnf install gcc-c++`; macOS: `xcode-select --install`), or name one with $CXX',
    ),
  );
});

test('$CXX comes first, and may have arguments', async () => {
  const folder = await temporaryFolder();
  await fs.writeFile(path.join(folder, 'ccache'), '#!/bin/sh\n[ "$1" = g++ ] && [ "$2" = --version ]\n', {
    mode: 0o755,
  });
  const environment = { PATH: `${folder}:/bin:/usr/bin`, CXX: 'ccache g++' };
  expect(findCompiler(environment)).toEqual(['ccache', 'g++']);
  expect(findCompiler({ ...environment, CXX: 'no-such-compiler' })).toBeUndefined();
});

test('$CXX may be a path with a space in it', async () => {
  const folder = path.join(await temporaryFolder(), 'my compilers');
  await fs.mkdir(folder);
  const compiler = path.join(folder, 'g++');
  await fs.writeFile(compiler, '#!/bin/sh\n', { mode: 0o755 });
  expect(findCompiler({ PATH: '/bin', CXX: compiler })).toEqual([compiler]);
});

test('$CXX may have quotes, as in a shell', async () => {
  const folder = path.join(await temporaryFolder(), 'my compilers');
  await fs.mkdir(folder);
  const compiler = path.join(folder, 'g++');
  await fs.writeFile(compiler, '#!/bin/sh\n[ "$2" = --version ]\n', { mode: 0o755 });
  const words = [compiler, '-DWHAT=a b'];
  expect(findCompiler({ PATH: '/bin', CXX: `"${compiler}" -DWHAT='a b'` })).toEqual(words);
});

test('a compiler that cannot compile C++17 is named, with its first error', async () => {
  const folder = await temporaryFolder();
  const compiler = path.join(folder, 'c++');
  const refusal = async (script: string) => {
    await fs.writeFile(compiler, `#!/bin/sh\n[ "$1" = --version ] && exit\n${script}\n`, { mode: 0o755 });
    try {
      return usableCompiler({ PATH: '/bin:/usr/bin', CXX: compiler });
    } catch (error) {
      return String(error).replace(compiler, 'c++');
    }
  };
  const remedy = 'a compiler that supports C++17 is needed; choose one with $CXX';
  // As worded by g++ 4.8.
  expect(await refusal('echo "cc1plus: error: unrecognized command line option \'-std=c++17\'" >&2; exit 1')).toBe(
    `RunError: c++: does not compile C++17: cc1plus: error: unrecognized command line option '-std=c++17'; ${remedy}`,
  );
  // Such as CXX=echo.
  expect(await refusal('echo "$@"')).toBe(
    `RunError: c++: does not compile C++17: it ends without an error or a result; ${remedy}`,
  );
});

test.skipIf(findCompiler() === undefined)('the compiler of this machine is tried', () => {
  expect(usableCompiler()).toEqual(findCompiler());
});

test('a wrong $CXX is blamed, whether another compiler exists or not', async () => {
  const folder = await temporaryFolder();
  vi.stubEnv('PATH', folder);
  vi.stubEnv('CXX', '/nonexistent/g++');
  const what = "a C++ compiler is needed to build the binding: $CXX names one that can't be run: /nonexistent/g++";
  await expect(compile()).rejects.toThrow(`${what}; set CXX to one that works, or unset it and install one (`);
  await fs.writeFile(path.join(folder, 'g++'), '#!/bin/sh\n', { mode: 0o755 });
  await expect(compile()).rejects.toThrow(
    new RunError(`${what}; unset CXX to use g++, or set it to a compiler that can be run`),
  );
});

test.skipIf(findCompiler() === undefined)("the compiler's first error is shown", async () => {
  // Every compiler that we know ends this line the same way: `fatal error: tensorflow/c/c_api.h: No such file`, `'...' file not found`.
  await expect(compile()).rejects.toThrow(
    /^\S+: the binding could not be compiled: [^\n]*error: [^\n]*tensorflow\/[^\n]*; a compiler that supports C\+\+17 is needed; choose one with \$CXX$/,
  );
});

test('a compiler that fills the disk', async () => {
  const folder = await temporaryFolder();
  const script = [
    '#!/bin/sh',
    '[ "$1" = --version ] && exit',
    'case "$*" in *" -S "*) echo main:; exit;; esac',
    'echo "/usr/bin/ld: final link failed: No space left on device" >&2; exit 1',
  ].join('\n');
  await fs.writeFile(path.join(folder, 'c++'), script, { mode: 0o755 });
  vi.stubEnv('CXX', path.join(folder, 'c++'));
  await expect(compile()).rejects.toThrow(/out\.node: the disk is full; free some space/);
});

test('the fingerprint depends on this Node and these sources', () => {
  expect(bindingFingerprint()).toMatch(/^[0-9a-f]{12}$/);
  expect(bindingFingerprint()).toBe(bindingFingerprint());
});
