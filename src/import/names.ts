/** Collections of names and values whose number is not known in advance. */
import { nth } from '../machine/present.js';

/** Numbers names in order of first use. */
export class Names {
  readonly #numbers = new Map<string, number>();
  readonly #names: string[] = [];

  numberOf(name: string): number {
    let number = this.#numbers.get(name);
    if (number === undefined) {
      number = this.#names.length;
      this.#numbers.set(name, number);
      this.#names.push(name);
    }
    return number;
  }

  find(name: string): number | undefined {
    return this.#numbers.get(name);
  }

  nameOf(number: number): string {
    return nth(this.#names, number);
  }

  get all(): readonly string[] {
    return this.#names;
  }

  get count(): number {
    return this.#names.length;
  }
}

/** A typed array that grows; entries not yet set have its initial value. */
export class Growing<T extends Int32Array | Float64Array | Uint8Array> {
  #values: T;

  constructor(
    readonly type: new (length: number) => T,
    readonly unset: number,
  ) {
    this.#values = new type(1024).fill(unset) as T;
  }

  at(place: number): number {
    return this.#values[place] ?? this.unset;
  }

  set(place: number, value: number): void {
    if (place >= this.#values.length) {
      const larger = new this.type(Math.max(2 * this.#values.length, place + 1)).fill(this.unset) as T;
      larger.set(this.#values);
      this.#values = larger;
    }
    this.#values[place] = value;
  }
}
