import * as path from 'node:path';
import { expect, test } from 'vitest';
import { cacheFolder, dataFolder } from '../../../src/machine/folders.js';

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
