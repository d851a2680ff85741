import * as os from 'node:os';
import * as path from 'node:path';
import { expect, test } from 'vitest';
import { cacheFolder, dataFolder, homeFolder } from '../../../src/machine/folders.js';
import { UsageError } from '../../../src/terminal/errors.js';

test('EMERGENCE_CACHE_DIR comes first, then an absolute XDG_CACHE_HOME', () => {
  expect(cacheFolder({ EMERGENCE_CACHE_DIR: '/a/b', XDG_CACHE_HOME: '/c' })).toBe('/a/b');
  expect(cacheFolder({ EMERGENCE_CACHE_DIR: '', XDG_CACHE_HOME: '/c' })).toBe('/c/vision-emergence-lab');
  // The specification: a relative path is to be ignored.
  expect(cacheFolder({ XDG_CACHE_HOME: 'c' })).toBe(cacheFolder({}));
  expect(path.basename(cacheFolder({}))).toBe('vision-emergence-lab');
});

test('EMERGENCE_DATA_DIR comes first, then an absolute XDG_DATA_HOME', () => {
  expect(dataFolder({ EMERGENCE_DATA_DIR: '/a/b', XDG_DATA_HOME: '/c' })).toBe('/a/b');
  expect(dataFolder({ EMERGENCE_DATA_DIR: '', XDG_DATA_HOME: '/c' })).toBe('/c/vision-emergence-lab/datasets');
  expect(dataFolder({ XDG_DATA_HOME: 'c' })).toBe(dataFolder({}));
  expect(dataFolder({})).toMatch(/\/\.local\/share\/vision-emergence-lab\/datasets$/);
});

// A relative one would mean another cache in each folder in which a command runs.
test.each(['', 'home'])('with HOME=%j, the home folder comes from the system', (home) => {
  const known = os.userInfo().homedir;
  expect(path.relative(known, cacheFolder({ HOME: home }))).toMatch(
    /^(\.cache|Library\/Caches)\/vision-emergence-lab$/,
  );
  expect(path.relative(known, dataFolder({ HOME: home }))).toBe('.local/share/vision-emergence-lab/datasets');
  expect(cacheFolder({ HOME: home, XDG_CACHE_HOME: '/c' })).toBe('/c/vision-emergence-lab');
});

test('if no home folder is known, the message says what to set', () => {
  // Like userInfo for a user without an entry, in a container started with --user.
  const unknown = () => {
    throw new Error('uv_os_get_passwd returned ENOENT');
  };
  const error = new UsageError('does not name a folder', 'HOME', 'set it, or EMERGENCE_CACHE_DIR, to a folder');
  expect(() => homeFolder({ HOME: '' }, 'EMERGENCE_CACHE_DIR', unknown)).toThrow(error);
  expect(homeFolder({ HOME: '/h' }, 'EMERGENCE_CACHE_DIR', unknown)).toBe('/h');
});
