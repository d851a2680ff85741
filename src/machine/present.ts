/**
 * Values that exist by construction, where the types cannot show it. A missing one is a bug of ours, and is thrown where it happens
 * instead of being read as `undefined` further on.
 */

/** The value, which may be null. Throws if it is undefined. */
export function present<T>(value: T | undefined): T {
  if (value === undefined) throw new Error('a value is missing that was thought to be there');
  return value;
}

/** The entry at an index; from the end if it is negative. Throws if there is none. */
export function nth<T>(list: ArrayLike<T>, place: number): T {
  const at = place < 0 ? list.length + place : place;
  if (!(at >= 0 && at < list.length)) throw new RangeError(`a list of ${list.length} has no entry ${place}`);
  return list[at] as T;
}

/** The first entry. Throws if there is none. */
export function firstOf<T>(list: ArrayLike<T>): T {
  return nth(list, 0);
}

/** The last entry. Throws if there is none. */
export function lastOf<T>(list: ArrayLike<T>): T {
  return nth(list, -1);
}

/** The entries at some indices. Throws if one is missing. */
export function allAt<T>(list: ArrayLike<T>, places: ArrayLike<number>): T[] {
  return Array.from(places, (place) => nth(list, place));
}

/** Pairs of the entries at equal indices. Throws unless the lists are equally long. */
export function zip<A, B>(a: ArrayLike<A>, b: ArrayLike<B>): [A, B][] {
  if (a.length !== b.length) throw new RangeError(`lists of ${a.length} and ${b.length} entries do not fit together`);
  return Array.from(a, (value, place) => [value, nth(b, place)]);
}
