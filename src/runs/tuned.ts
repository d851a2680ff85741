/** What `--tune` chose for the members of a run, in words. */
import { optionOf } from '../experiment/schema.js';
import { firstOf, lastOf } from '../machine/present.js';
import { counted } from '../terminal/format.js';
import type { MemberRecord } from './record.js';
import type { TunableKey } from '../experiment/tunable.js';

export interface TunedWords {
  readonly factor: TunableKey;
  /** `learning rate tuned, from 0.001 to 0.01 on the validation split` */
  readonly text: string;
  /** How many chose the smallest or largest value of the grid: ` (1 of 4 members at an end of the grid)`; empty for none. */
  readonly edge: string;
}

/** Undefined if nothing was tuned. Moments of one member count once. */
export function tunedWordsOf(
  members: readonly { readonly trained: Pick<MemberRecord, 'id' | 'tuned'> | undefined }[],
): TunedWords | undefined {
  const chosen = new Map(members.flatMap(({ trained }) => (trained?.tuned ? [[trained.id, trained.tuned]] : [])));
  if (chosen.size === 0) return undefined;
  const all = [...chosen.values()].sort((a, b) => a.value - b.value);
  const [{ factor, value: least }, { value: most }] = [firstOf(all), lastOf(all)];
  const range = least === most ? `tuned to ${least}` : `tuned, from ${least} to ${most}`;
  const edges = all.filter(({ atEdge }) => atEdge).length;
  return {
    factor,
    text: `${optionOf(factor).replaceAll('-', ' ')} ${range} on the validation split`,
    edge: edges === 0 ? '' : ` (${edges} of ${counted(all.length, 'member')} at an end of the grid)`,
  };
}
