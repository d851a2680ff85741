/** Which members are trained as one program. */
import { group } from 'd3-array';
import { memberId, type MemberKey, type RunRecord } from '../runs/record.js';

/**
 * The missing members, each in one list: together with those that a run's record has in the same stack; alone if the record says so;
 * and others with those that differ only in seed and learning rate, at most `size`.
 *
 * @param missing in the run's order
 */
export function stacksOf(
  missing: readonly MemberKey[],
  record: Pick<RunRecord, 'stacks' | 'threads'> | undefined,
  size: number,
): MemberKey[][] {
  const recorded = new Map((record?.stacks ?? []).flatMap((ids, i) => ids.map((id) => [id, i] as const)));
  const begun = (key: MemberKey) => record?.threads[memberId(key)] !== undefined;
  const together = group(
    missing.filter((key) => recorded.has(memberId(key))),
    (key) => recorded.get(memberId(key)),
  );
  const single = missing.filter((key) => !recorded.has(memberId(key)) && begun(key));
  const alike = group(
    missing.filter((key) => !begun(key)),
    alikeExceptSeedAndRate,
  );
  return [
    ...together.values(),
    ...single.map((key) => [key]),
    ...[...alike.values()].flatMap((keys) => chunksOf(keys, size)),
  ];
}

/** The same text for members that differ only in those. */
function alikeExceptSeedAndRate({ arch, width, factors = {} }: MemberKey): string {
  const others = Object.entries(factors).filter(([name]) => name !== 'learningRate');
  return JSON.stringify([arch, width, others.sort(([a], [b]) => (a < b ? -1 : 1))]);
}

/** As evenly as possible: 10 by at most 4 are 4, 3 and 3. */
function chunksOf<T>(list: readonly T[], size: number): T[][] {
  const count = Math.ceil(list.length / size);
  const start = (i: number) => Math.ceil((i * list.length) / count);
  return Array.from({ length: count }, (_, i) => list.slice(start(i), start(i + 1)));
}
