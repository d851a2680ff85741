/** Members that are moments of trainings. */
import { group } from 'd3-array';
import { nth, present } from '../machine/present.js';
import type { LoadedMember } from './opened.js';

/** The step after which a trained member's outcomes were taken. */
export function stepOf({ record }: Pick<LoadedMember, 'record'>): number {
  return present(record.coordinates['steps']);
}

/** The members of each training, which share its folder, by their indices in the list; in the order of their steps. */
export function trainingsOf(members: readonly LoadedMember[]): number[][] {
  const stepAt = (place: number) => stepOf(nth(members, place));
  const trainings = group(members.keys(), (place) => nth(members, place).folder);
  return [...trainings.values()].map((places) => places.sort((a, b) => stepAt(a) - stepAt(b)));
}
