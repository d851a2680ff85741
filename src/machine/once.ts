/** What is made at the first call, at every call. What it is made from is then let go. */
export function once<T>(make: () => T): () => T {
  let made: { readonly value: T } | undefined;
  let maker: (() => T) | undefined = make;
  return () => {
    if (made === undefined) made = { value: maker!() };
    maker = undefined;
    return made.value;
  };
}
