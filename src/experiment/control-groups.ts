/**
 * What Linux's control groups, of version 2 or 1, limit this process to: the limits of its own group and of the groups
 * that contain it.
 */
import * as path from 'node:path';
import { readSystemFile } from '../machine/system-files.js';

/** The folders of the groups that this process is in under a controller, outermost first. */
export interface GroupFolders {
  readonly v2: readonly string[];
  readonly v1: readonly string[];
}

/** `root` is the root of the file system (tests have a small one). */
export function groupFolders(controller: 'cpu' | 'memory', root = '/'): GroupFolders {
  const [v2, v1]: [string[], string[]] = [[], []];
  for (const line of readSystemFile(path.join(root, 'proc/self/cgroup')).split('\n')) {
    const [, controllers, group] = /^\d+:([^:]*):(.*)$/.exec(line) ?? [];
    if (group === undefined || controllers === undefined) continue;
    if (controllers === '') v2.push(...withParents(group).map((each) => path.join(root, 'sys/fs/cgroup', each)));
    else if (controllers.split(',').includes(controller))
      v1.push(...withParents(group).map((each) => path.join(root, 'sys/fs/cgroup', controller, each)));
  }
  return { v2, v1 };
}

function withParents(group: string): string[] {
  const parts = group.split('/').filter((part) => part !== '');
  return [...parts.keys(), parts.length].map((count) => parts.slice(0, count).join('/'));
}
