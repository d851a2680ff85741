/** Assigns a run's members to tasks of job arrays. Pure. */
import { nth, present } from '../machine/present.js';

export interface LaunchedMember {
  readonly id: string;
  /** Threads it computes with, and so the cores its task needs. */
  readonly threads: number;
  /** Floating-point operations of its training; 0 if unknown. */
  readonly flops: number;
}

/** What one task of an array trains, one member after another. */
export interface LaunchTask {
  /** Ids, longest first. */
  readonly members: readonly string[];
  readonly threads: number;
}

/** Tasks `offset` to `offset + count - 1`, which need the same number of cores, as all tasks of an array must. */
export interface TaskArray {
  readonly offset: number;
  readonly count: number;
  readonly threads: number;
}

/**
 * Packs at most `pack` members into a task, in as few tasks as possible. Members are dealt out longest first, back and forth, so that
 * tasks take about equally long. Longer tasks come first, and tasks with the same number of threads are grouped.
 */
export function packTasks(members: readonly LaunchedMember[], pack: number): LaunchTask[] {
  const threadCounts = [...new Set(longestFirst(members).map(({ threads }) => threads))];
  return threadCounts.flatMap((threads) => {
    const alike = longestFirst(members.filter((member) => member.threads === threads));
    const count = Math.ceil(alike.length / pack);
    const tasks = Array.from({ length: count }, () => ({ members: [] as string[], threads, flops: 0 }));
    for (const [i, { id, flops }] of alike.entries()) {
      const place = i % count;
      const task = nth(tasks, Math.floor(i / count) % 2 === 0 ? place : count - 1 - place);
      task.members.push(id);
      task.flops += flops;
    }
    return tasks.sort((a, b) => b.flops - a.flops).map(({ members: ids }) => ({ members: ids, threads }));
  });
}

function longestFirst(members: readonly LaunchedMember[]): LaunchedMember[] {
  return [...members].sort((a, b) => b.flops - a.flops);
}

/** As few arrays as possible: one for each number of threads, or more if one would exceed `most` tasks. */
export function arraysOf(tasks: readonly LaunchTask[], most: number): TaskArray[] {
  const arrays: TaskArray[] = [];
  for (const [offset, { threads }] of tasks.entries()) {
    const last = arrays.at(-1);
    if (last?.threads === threads && last.count < most) arrays[arrays.length - 1] = { ...last, count: last.count + 1 };
    else arrays.push({ offset, count: 1, threads });
  }
  return arrays;
}

/** The task of each member, by its id. */
export function taskOfMember(tasks: readonly LaunchTask[]): ReadonlyMap<string, number> {
  return new Map(tasks.flatMap(({ members }, task) => members.map((id) => [id, task] as const)));
}

/** A task's array, by position, and its index there. */
export function placeOfTask(
  arrays: readonly TaskArray[],
  task: number,
): { readonly array: number; readonly index: number } | undefined {
  const array = arrays.findIndex(({ offset, count }) => task >= offset && task < offset + count);
  return array < 0 ? undefined : { array, index: task - present(arrays[array]).offset };
}
