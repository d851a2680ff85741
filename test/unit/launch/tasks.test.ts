import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { arraysOf, packTasks, placeOfTask, taskOfMember, type LaunchedMember } from '../../../src/launch/tasks.js';

const member = (id: string, flops: number, threads = 1): LaunchedMember => ({ id, flops, threads });

describe('tasks', () => {
  test('one member each: the longest first', () => {
    expect(packTasks([member('a', 1), member('b', 3), member('c', 2)], 1)).toEqual(
      ['b', 'c', 'a'].map((id) => ({ members: [id], threads: 1 })),
    );
  });

  test('several per task are dealt back and forth: 6 + 1, 5 + 2, 4 + 3 are equally long', () => {
    const members = [1, 2, 3, 4, 5, 6].map((flops) => member(`m${flops}`, flops));
    expect(packTasks(members, 2).map((task) => task.members.join(' '))).toEqual(['m6 m1', 'm5 m2', 'm4 m3']);
  });

  const families = fc.array(fc.record({ flops: fc.nat(1000), threads: fc.integer({ min: 1, max: 3 }) }), {
    minLength: 1,
    maxLength: 40,
  });

  test('for any family: each member once, no task too full, as few tasks as possible, arrays of equal tasks', () => {
    fc.assert(
      fc.property(families, fc.integer({ min: 1, max: 9 }), fc.integer({ min: 1, max: 7 }), (family, pack, most) => {
        const members = family.map(({ flops, threads }, i) => member(`m${i}`, flops, threads));
        const tasks = packTasks(members, pack);
        expect(tasks.flatMap((task) => task.members).sort()).toEqual(members.map(({ id }) => id).sort());
        const threadsOf = new Map(members.map(({ id, threads }) => [id, threads]));
        for (const task of tasks) {
          expect(task.members.length).toBeLessThanOrEqual(pack);
          expect(new Set(task.members.map((id) => threadsOf.get(id)))).toEqual(new Set([task.threads]));
        }
        for (const threads of new Set(threadsOf.values())) {
          const alike = members.filter((each) => each.threads === threads).length;
          expect(tasks.filter((task) => task.threads === threads)).toHaveLength(Math.ceil(alike / pack));
        }
        const arrays = arraysOf(tasks, most);
        // Laid end to end they form the list of tasks.
        expect(arrays.flatMap(({ offset, count }) => Array.from({ length: count }, (_, i) => offset + i))).toEqual([
          ...tasks.keys(),
        ]);
        for (const { offset, count, threads } of arrays) {
          expect(count).toBeLessThanOrEqual(most);
          expect(tasks.slice(offset, offset + count).every((task) => task.threads === threads)).toBe(true);
        }
        for (const [id, task] of taskOfMember(tasks)) {
          expect(tasks[task]!.members).toContain(id);
          const place = placeOfTask(arrays, task)!;
          expect(arrays[place.array]!.offset + place.index).toBe(task);
        }
      }),
    );
  });

  test('a task that was not submitted is in no array', () => {
    expect(placeOfTask([{ offset: 0, count: 2, threads: 1 }], 2)).toBeUndefined();
  });

  test('ten thousand members in arrays of Slurm’s usual size', () => {
    const members = Array.from({ length: 10_000 }, (_, i) => member(`m${i}`, i % 7));
    const arrays = arraysOf(packTasks(members, 1), 1001);
    expect(arrays.map(({ count }) => count)).toEqual([...Array.from({ length: 9 }, () => 1001), 991]);
  });
});
