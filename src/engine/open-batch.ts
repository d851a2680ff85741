/**
 * A trace has one batch size, which its reshapes and slices contain as numbers. Tracing a function with two sizes shows
 * which numbers those are, so that its graph can be written for batches of any size.
 */
import { dataTypes } from './backend.js';
import { TraceError, type Trace, type TracedOp, type TensorSpec, type TracedValue } from './trace.js';

/** Batch sizes to trace with. */
export const batchProbes = [2, 3] as const;

/**
 * In a shape: any size. TensorFlow and ONNX read it so in a Reshape; TensorFlow's Slice reads it as everything that is
 * left.
 */
export const open = -1;

/**
 * The trace with the sizes that both traces have, and `open` where they depend on the batch.
 *
 * @param traces of one function, with batches of `probes`
 * @throws TraceError if the two differ in anything else
 */
export function openBatch([first, second]: readonly [Trace, Trace]): Trace {
  const differs = (what: string) =>
    new TraceError('no-graph-form', `${what} depends on the size of the batch in another way than in proportion to it`);
  const sizesOf = (a: ArrayLike<number>, b: ArrayLike<number>, what: string): number[] => {
    if (a.length !== b.length) throw differs(what);
    return Array.from(a, (size, i) => {
      if (size === b[i]) return size;
      if (size / batchProbes[0] === b[i]! / batchProbes[1]) return open;
      throw differs(what);
    });
  };
  const specOf = (a: TensorSpec, b: TensorSpec, what: string): TensorSpec => ({
    dtype: a.dtype,
    shape: sizesOf(a.shape, b.shape, what),
  });
  const specsOf = (a: readonly TensorSpec[], b: readonly TensorSpec[], what: string) =>
    a.map((spec, i) => specOf(spec, b[i]!, what));

  const opened = new Map<TracedOp, TracedOp>();
  const valueOf = (a: TracedValue, b: TracedValue | undefined, what: string): TracedValue => {
    if (a.kind === 'result') return { ...a, op: opened.get(a.op)! };
    if (a.kind === 'input') return a;
    if (b?.kind !== 'constant' || Buffer.compare(a.bytes, b.bytes) === 0) return a;
    if (a.dtype !== dataTypes.int32) throw differs(what);
    const sizes = sizesOf(int32Of(a.bytes), int32Of(b.bytes), what);
    return { ...a, bytes: new Uint8Array(Int32Array.from(sizes).buffer) };
  };
  const ops = first.ops.map((op, i) => {
    const other = second.ops[i];
    if (other?.name !== op.name || JSON.stringify(other.attributes) !== JSON.stringify(op.attributes))
      throw differs(op.name);
    const result = {
      ...op,
      inputs: op.inputs.map((value, k) => valueOf(value, other.inputs[k], op.name)),
      inputSpecs: specsOf(op.inputSpecs, other.inputSpecs, op.name),
      outputs: specsOf(op.outputs, other.outputs, op.name),
    };
    opened.set(op, result);
    return result;
  });
  return {
    inputs: specsOf(first.inputs, second.inputs, 'an input'),
    ops,
    outputs: first.outputs.map((value, i) => valueOf(value, second.outputs[i], 'the result')),
    outputSpecs: specsOf(first.outputSpecs, second.outputSpecs, 'the result'),
  };
}

/** A copy, because a constant's bytes may not be aligned for int32. */
export function int32Of(bytes: Uint8Array): Int32Array {
  return new Int32Array(Uint8Array.from(bytes).buffer);
}
