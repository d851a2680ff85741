/**
 * Stops a worker gracefully. While steps are taken, a signal is handled at the next boundary between calls into TensorFlow: progress in
 * the epoch is saved first. At any other time it ends the process at once, as it does every process.
 */

const signals = ['SIGTERM', 'SIGHUP'] as const;

/** Thrown when a training is stopped; everything that could be saved is saved. */
export class Stopped extends Error {
  constructor() {
    super('stopped');
    this.name = 'Stopped';
  }
}

export class StopSignal {
  #came = false;
  /** How many of a stack's members are listening. */
  #listening = 0;
  readonly #note = () => {
    this.#came = true;
  };

  /** Whether a signal was received since `hear`. */
  get came(): boolean {
    return this.#came;
  }

  /** From now on a signal is only noted. */
  hear(): void {
    if (this.#listening++ === 0) for (const name of signals) process.on(name, this.#note);
  }

  /** Restores Node's handling of signals. */
  release(): void {
    if (--this.#listening === 0) for (const name of signals) process.off(name, this.#note);
  }
}
