/** What kernels throw if the system gives no memory for their columns, or a thread that sums them fails. */
export class OutOfMemory extends Error {
  constructor(what: string, options?: ErrorOptions) {
    super(what, options);
    this.name = 'OutOfMemory';
  }
}
