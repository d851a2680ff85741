/**
 * Nodes, weights and names of an ONNX graph. ONNX convolves channels first: whatever follows a convolution stays channels first as long as
 * it can, and is transposed to channels last for everything else. Field numbers are those of onnx.proto.
 */
import { dataTypes } from './backend.js';
import type { BoundNames } from './graph.js';
import { int32Of } from './open-batch.js';
import { bytesField, concat, stringField, varintField } from './protobuf.js';
import type { Trace, TracedOp, TensorSpec, TracedValue } from './trace.js';

/** TensorProto.DataType by TensorFlow's number. */
export const elementTypes: Readonly<Record<number, number>> = {
  [dataTypes.float32]: 1,
  [dataTypes.uint8]: 2,
  [dataTypes.int32]: 6,
  [dataTypes.int64]: 7,
};

/** Only whole numbers are written here. */
type Attribute = number | readonly number[];

/** Channels last to channels first, and back; a kernel [height, width, in, out] to [out, in, height, width]. */
const toFirst = [0, 3, 1, 2];
const toLast = [0, 2, 3, 1];
const kernelToFirst = [3, 2, 0, 1];

/** The nodes and weights of an ONNX model while it is written: each value under its name with channels last, first or both. */
export class OnnxGraph {
  readonly nodes: Uint8Array[] = [];
  readonly initializers = new Map<string, Uint8Array>();
  /**
   * For each result, its name with channels last (or its only name, if it has no channels) and its name with channels
   * first.
   */
  readonly #plain = new Map<string, string>();
  readonly #first = new Map<string, string>();
  readonly #ids: Map<TracedOp, number>;
  readonly #uses = new Map<TracedOp, number>();
  readonly #constants = new Map<string, string>();
  #count = 0;

  constructor(
    private readonly traced: Trace,
    private readonly names: BoundNames,
  ) {
    this.#ids = new Map(traced.ops.map((op, i) => [op, i]));
    for (const value of [...traced.ops.flatMap(({ inputs }) => inputs), ...traced.outputs])
      if (value.kind === 'result') this.#uses.set(value.op, (this.#uses.get(value.op) ?? 0) + 1);
  }

  /** The name of a value with channels last. */
  plain(value: TracedValue): string {
    if (value.kind !== 'result') return this.#given(value);
    const key = this.#keyOf(value);
    const known = this.#plain.get(key);
    if (known !== undefined) return known;
    const [name] = this.node('Transpose', [this.#first.get(key)!], { perm: toLast }, [
      this.#nameOf(value.op, value.output),
    ]);
    this.#plain.set(key, name!);
    return name!;
  }

  /** The name of images with channels first. */
  channelsFirst(value: TracedValue): string {
    const key = this.#keyOf(value);
    const name = this.#first.get(key) ?? this.node('Transpose', [this.plain(value)], { perm: toFirst })[0]!;
    this.#first.set(key, name);
    return name;
  }

  /** Whether a value is channels first and has not been needed channels last. */
  isFirst(value: TracedValue): boolean {
    const key = this.#keyOf(value);
    return this.#first.has(key) && !this.#plain.has(key);
  }

  /** A convolution's kernel; weights are stored in ONNX's order. */
  kernel(value: TracedValue): string {
    const weight = this.#weightOf(value);
    if (weight === undefined) return this.node('Transpose', [this.plain(value)], { perm: kernelToFirst })[0]!;
    const { shape, dtype } = weight.spec;
    const [bytes, permuted] = permute(weight.bytes, shape, kernelToFirst);
    return this.#initializer(`${weight.name}.oihw`, { shape: permuted, dtype }, bytes);
  }

  /** Writes the op's result, channels last or first. */
  result(op: TracedOp, type: string, inputs: readonly string[], attributes: Record<string, Attribute> = {}): void {
    const names = op.outputs.map((_, k) => this.#nameOf(op, k));
    this.node(type, inputs, attributes, names);
    names.forEach((name, k) => this.#plain.set(this.#key(op, k), name));
  }

  firstResult(op: TracedOp, type: string, inputs: readonly string[], attributes: Record<string, Attribute> = {}): void {
    this.#first.set(this.#key(op, 0), this.node(type, inputs, attributes)[0]!);
  }

  /** Makes the op's result another name for an existing value. */
  same(op: TracedOp, value: TracedValue): void {
    this.#plain.set(this.#key(op, 0), this.plain(value));
  }

  /** Adds a node and returns the names of its outputs. */
  node(
    type: string,
    inputs: readonly string[],
    attributes: Record<string, Attribute> = {},
    outputs: readonly string[] = [`${type}_${this.#count++}`],
  ): readonly string[] {
    this.nodes.push(
      concat([
        ...inputs.map((name) => stringField(1, name)),
        ...outputs.map((name) => stringField(2, name)),
        stringField(3, `${type}:${outputs[0]!}`),
        stringField(4, type),
        ...Object.entries(attributes).map(([key, value]) => bytesField(5, attributeProto(key, value))),
      ]),
    );
    return outputs;
  }

  /** Whole numbers as an input; ONNX wants them as int64. */
  integers(values: readonly number[]): string {
    const bytes = new Uint8Array(BigInt64Array.from(values, BigInt).buffer);
    return this.#initializer(`integers_${values.join('_')}`, { shape: [values.length], dtype: dataTypes.int64 }, bytes);
  }

  /**
   * The bias that is added to a convolution's result, if nothing else uses that result: ONNX adds it in the same node.
   */
  biasOf(op: TracedOp): TracedOp | undefined {
    if (this.#uses.get(op) !== 1) return undefined;
    return this.traced.ops.find(({ name, inputs: [x] }) => name === 'BiasAdd' && x?.kind === 'result' && x.op === op);
  }

  /** Whether a bias has already been added by its convolution. */
  isDone(op: TracedOp): boolean {
    return this.#first.has(this.#key(op, 0));
  }

  #given(value: Exclude<TracedValue, { kind: 'result' }>): string {
    if (value.kind === 'constant') {
      const key = `${value.dtype}|${value.shape.join()}|${Buffer.from(value.bytes).toString('latin1')}`;
      const known = this.#constants.get(key) ?? `constant_${this.#constants.size}`;
      this.#constants.set(key, known);
      return this.#initializer(known, value, value.bytes);
    }
    const weight = this.#weightOf(value);
    return weight === undefined
      ? this.names.inputs[value.index]!
      : this.#initializer(weight.name, weight.spec, weight.bytes);
  }

  #weightOf(value: TracedValue) {
    if (value.kind !== 'input') return undefined;
    const weight = this.names.bound[value.index - this.names.inputs.length];
    return weight === undefined ? undefined : { ...weight, spec: this.traced.inputs[value.index]! };
  }

  #initializer(name: string, { shape, dtype }: TensorSpec, bytes: Uint8Array): string {
    const dims = shape.map((size) => varintField(1, size));
    const type = varintField(2, elementTypes[dtype]!);
    this.initializers.set(name, concat([...dims, type, stringField(8, name), bytesField(9, bytes)]));
    return name;
  }

  /** The function's result keeps its own name. */
  #nameOf(op: TracedOp, output: number): string {
    const [result] = this.traced.outputs;
    const isResult = result?.kind === 'result' && result.op === op && result.output === output;
    return isResult ? this.names.output : `${op.name}_${this.#ids.get(op)!}${output === 0 ? '' : `_${output}`}`;
  }

  #key(op: TracedOp, output: number): string {
    return `${this.#ids.get(op)!}:${output}`;
  }

  #keyOf(value: TracedValue): string {
    return value.kind === 'result' ? this.#key(value.op, value.output) : this.#given(value);
  }
}

function attributeProto(name: string, value: Attribute): Uint8Array {
  const kind = (number: number) => varintField(20, number);
  if (typeof value === 'number') return concat([stringField(1, name), varintField(3, value), kind(2)]);
  return concat([stringField(1, name), ...value.map((each) => varintField(8, each)), kind(7)]);
}

/** Four-byte numbers with their axes in another order: axis i of the result is axis `order[i]`. */
function permute(bytes: Uint8Array, shape: readonly number[], order: readonly number[]): [Uint8Array, number[]] {
  const from = int32Of(bytes);
  const strides = shape.map((_, axis) => shape.slice(axis + 1).reduce((a, b) => a * b, 1));
  const permuted = order.map((axis) => shape[axis]!);
  const to = Int32Array.from(from, (_, at) => {
    let [rest, place] = [at, 0];
    for (let i = order.length - 1; i >= 0; i--) {
      place += (rest % permuted[i]!) * strides[order[i]!]!;
      rest = Math.floor(rest / permuted[i]!);
    }
    return from[place]!;
  });
  return [new Uint8Array(to.buffer), permuted];
}
