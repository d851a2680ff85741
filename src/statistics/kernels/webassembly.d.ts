/** What of WebAssembly's JavaScript interface is used here; TypeScript has it among the DOM's types alone. */
declare namespace WebAssembly {
  class Module {
    constructor(bytes: Uint8Array);
    readonly #brand: never;
  }
  class Memory {
    constructor(size: { readonly initial: number });
    readonly buffer: ArrayBuffer;
  }
  class Instance {
    constructor(module: Module, imports: Readonly<Record<string, Readonly<Record<string, Memory>>>>);
    readonly exports: unknown;
  }
}
