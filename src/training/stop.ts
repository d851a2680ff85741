/**
 * A worker's polite end. While steps are taken, a signal is heeded at the next boundary between calls into TensorFlow: what was done of
 * the epoch is saved first. At any other time it ends the process at once, as it does every process.
 */

const signals = ['SIGTERM', 'SIGHUP'] as const;

/** Thrown where a training is stopped; what there was to be saved is saved. */
export class Stopped extends Error {
  constructor() {
    super('stopped');
    this.name = 'Stopped';
  }
}

export class StopSignal {
  #came = false;
  /** How many of a stack's members listen. */
  #listening = 0;
  readonly #note = () => {
    this.#came = true;
  };

  /** Whether one has come since `hear`. */
  get came(): boolean {
    return this.#came;
  }

  /** From now on a signal is noted and no more. */
  hear(): void {
    if (this.#listening++ === 0) for (const name of signals) process.on(name, this.#note);
  }

  /** Gives signals back to Node. */
  release(): void {
    if (--this.#listening === 0) for (const name of signals) process.off(name, this.#note);
  }
}
