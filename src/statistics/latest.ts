/**
 * The latest of what is large and takes long to make, for computations in a row that have it in common. A process that lives on, as that
 * of a library's caller, does not carry it along: it is let go when it has not been used for a while.
 */
export interface Latest<T> {
  /** Undefined if there is none, or none any more. */
  get: () => T | undefined;
  set: (value: T) => void;
}

/** From one step of a command to the next, which may read files in between. */
export const idleMilliseconds = 10_000;

export function latest<T>(): Latest<T> {
  let value: T | undefined;
  let used = 0;
  let isWatched = false;
  const use = () => (used = performance.now());
  // No process waits for it.
  const watch = (milliseconds: number) => setTimeout(lookAgain, milliseconds).unref();
  const lookAgain = () => {
    const left = used + idleMilliseconds - performance.now();
    if (left > 0) {
      watch(left);
      return;
    }
    value = undefined;
    isWatched = false;
  };
  return {
    get() {
      use();
      return value;
    },
    set(next) {
      use();
      value = next;
      if (!isWatched) watch(idleMilliseconds);
      isWatched = true;
    },
  };
}
