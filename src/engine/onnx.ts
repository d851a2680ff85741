/**
 * A traced function as an ONNX model with its weights inside. Each TensorFlow op that a forward pass calls becomes the
 * equivalent ONNX operators. ONNX convolves channels first: whatever follows a convolution stays channels first as long
 * as it can, and is transposed to channels last for everything else, so that all other ops are written as they were
 * traced. Field numbers are those of onnx.proto.
 */
import { dataTypes } from './backend.js';
import type { BoundNames } from './graph.js';
import { int32Of, open } from './open-batch.js';
import { bytesField, concat, stringField, varintField } from './protobuf.js';
import { TraceError, type Trace, type TracedOp, type TensorSpec, type TracedValue } from './trace.js';

/** The oldest versions with everything written here; all readers since 2020 support them. */
const versions = { ir: 7, operators: 13 } as const;

/** TensorProto.DataType by TensorFlow's number. */
const elementTypes: Readonly<Record<number, number>> = {
  [dataTypes.float32]: 1,
  [dataTypes.uint8]: 2,
  [dataTypes.int32]: 6,
  [dataTypes.int64]: 7,
};

/** Only whole numbers are written here. */
type Attribute = number | readonly number[];

/** The dimension that may have any size. */
const batchName = 'n';

export interface OnnxAbout {
  readonly name: string;
  readonly description: string;
  /** Shown by readers of the model as its properties. */
  readonly properties: Readonly<Record<string, string>>;
}

/**
 * @param traced for any batch (`openBatch`)
 * @throws TraceError for an op that has no translation here
 */
export function onnxModel(traced: Trace, names: BoundNames, { name, description, properties }: OnnxAbout): Uint8Array {
  const graph = new OnnxGraph(traced, names);
  const result = traced.outputs[0]!;
  graph.translate();
  const body = concat([
    ...graph.nodes.map((node) => bytesField(1, node)),
    stringField(2, name),
    ...[...graph.initializers.values()].map((tensor) => bytesField(5, tensor)),
    ...names.inputs.map((input, i) => bytesField(11, valueInfo(input, traced.inputs[i]!))),
    bytesField(12, valueInfo(graph.plain(result), traced.outputSpecs[0]!)),
  ]);
  return concat([
    varintField(1, versions.ir),
    stringField(2, 'vision emergence lab'),
    stringField(6, description),
    bytesField(7, body),
    bytesField(8, concat([stringField(1, ''), varintField(2, versions.operators)])),
    ...Object.entries(properties).map(([key, value]) =>
      bytesField(14, concat([stringField(1, key), stringField(2, value)])),
    ),
  ]);
}

/** Channels last to channels first, and back; a kernel [height, width, in, out] to [out, in, height, width]. */
const toFirst = [0, 3, 1, 2];
const toLast = [0, 2, 3, 1];
const kernelToFirst = [3, 2, 0, 1];

class OnnxGraph {
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

  translate(): void {
    for (const op of this.traced.ops) {
      const write = translations[op.name];
      if (write === undefined) throw new TraceError('no-graph-form', `${op.name} has no translation to ONNX here`);
      write(this, op);
    }
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

type Translation = (graph: OnnxGraph, op: TracedOp) => void;

/** The same operator, under the same name or another. */
function plainly(type: string): Translation {
  return (graph, op) => {
    graph.result(
      op,
      type,
      op.inputs.map((value) => graph.plain(value)),
    );
  };
}

/** Applied to each number separately: the order of channels stays. */
function elementwise(type: string): Translation {
  return (graph, op) => {
    const [x] = op.inputs;
    if (graph.isFirst(x!)) graph.firstResult(op, type, [graph.channelsFirst(x!)]);
    else graph.result(op, type, [graph.plain(x!)]);
  };
}

const translations: Readonly<Record<string, Translation>> = {
  Add: plainly('Add'),
  AddV2: plainly('Add'),
  Sub: plainly('Sub'),
  Mul: plainly('Mul'),
  Relu: elementwise('Relu'),
  Sigmoid: elementwise('Sigmoid'),
  Tanh: elementwise('Tanh'),
  Square(graph, op) {
    const x = graph.plain(op.inputs[0]!);
    graph.result(op, 'Mul', [x, x]);
  },
  Rsqrt(graph, op) {
    graph.result(op, 'Reciprocal', graph.node('Sqrt', [graph.plain(op.inputs[0]!)]));
  },
  Cast(graph, op) {
    const to = op.outputs[0]!.dtype;
    if (op.inputSpecs[0]!.dtype === to) graph.same(op, op.inputs[0]!);
    else graph.result(op, 'Cast', [graph.plain(op.inputs[0]!)], { to: elementTypes[to]! });
  },
  Conv2D(graph, op) {
    const [images, kernel] = op.inputs;
    const [height, width] = op.inputSpecs[1]!.shape as [number, number];
    const strides = integersOf(op, 'strides').slice(1, 3);
    const bias = graph.biasOf(op);
    graph.firstResult(
      bias ?? op,
      'Conv',
      [
        graph.channelsFirst(images!),
        graph.kernel(kernel!),
        ...(bias === undefined ? [] : [graph.plain(bias.inputs[1]!)]),
      ],
      { kernel_shape: [height, width], strides, pads: padsOf(op, [height, width], strides) },
    );
  },
  BiasAdd(graph, op) {
    if (!graph.isDone(op)) plainly('Add')(graph, op);
  },
  MaxPool(graph, op) {
    const size = integersOf(op, 'ksize').slice(1, 3);
    const strides = integersOf(op, 'strides').slice(1, 3);
    const pads = padsOf(op, size, strides);
    graph.firstResult(op, 'MaxPool', [graph.channelsFirst(op.inputs[0]!)], { kernel_shape: size, strides, pads });
  },
  MatMul(graph, op) {
    const transA = Number(attributeOf(op, 'transpose_a'));
    const transB = Number(attributeOf(op, 'transpose_b'));
    graph.result(
      op,
      'Gemm',
      op.inputs.map((value) => graph.plain(value)),
      { transA, transB },
    );
  },
  BatchMatMulV2(graph, op) {
    const names = ['adj_x', 'adj_y'].map((name, i) => {
      const factor = graph.plain(op.inputs[i]!);
      const rank = op.inputSpecs[i]!.shape.length;
      const perm = [...Array.from({ length: rank - 2 }, (_, axis) => axis), rank - 1, rank - 2];
      return attributeOf(op, name) === true ? graph.node('Transpose', [factor], { perm })[0]! : factor;
    });
    graph.result(op, 'MatMul', names);
  },
  Softmax(graph, op) {
    graph.result(op, 'Softmax', [graph.plain(op.inputs[0]!)], { axis: -1 });
  },
  Sum(graph, op) {
    const axes = graph.integers(constantOf(op, 1));
    graph.result(op, 'ReduceSum', [graph.plain(op.inputs[0]!), axes], {
      keepdims: Number(attributeOf(op, 'keep_dims')),
    });
  },
  Mean(graph, op) {
    const keepdims = Number(attributeOf(op, 'keep_dims'));
    graph.result(op, 'ReduceMean', [graph.plain(op.inputs[0]!)], { axes: constantOf(op, 1), keepdims });
  },
  Reshape(graph, op) {
    graph.result(op, 'Reshape', [graph.plain(op.inputs[0]!), graph.integers(constantOf(op, 1))]);
  },
  ExpandDims(graph, op) {
    graph.result(op, 'Unsqueeze', [graph.plain(op.inputs[0]!), graph.integers(constantOf(op, 1))]);
  },
  Transpose(graph, op) {
    graph.result(op, 'Transpose', [graph.plain(op.inputs[0]!)], { perm: constantOf(op, 1) });
  },
  Slice(graph, op) {
    const [from, size] = [constantOf(op, 1), constantOf(op, 2)];
    const to = size.map((length, axis) => (length === open ? Number.MAX_SAFE_INTEGER : from[axis]! + length));
    graph.result(op, 'Slice', [graph.plain(op.inputs[0]!), graph.integers(from), graph.integers(to)]);
  },
  SplitV(graph, op) {
    const [sizes, [axis]] = [constantOf(op, 1), constantOf(op, 2)];
    graph.result(op, 'Split', [graph.plain(op.inputs[0]!), graph.integers(sizes)], { axis: axis! });
  },
  Pack(graph, op) {
    const axis = Number(attributeOf(op, 'axis'));
    const each = op.inputs.map((value) => graph.node('Unsqueeze', [graph.plain(value), graph.integers([axis])])[0]!);
    graph.result(op, 'Concat', each, { axis });
  },
  GatherV2(graph, op) {
    const [axis] = constantOf(op, 2);
    if (attributeOf(op, 'batch_dims') !== 0)
      throw new TraceError('no-graph-form', 'GatherV2 in batches has no translation to ONNX here');
    graph.result(op, 'Gather', [graph.plain(op.inputs[0]!), graph.plain(op.inputs[1]!)], { axis: axis! });
  },
};

/** What is cut off or padded, [top, left, bottom, right]: TensorFlow's SAME puts the odd row at the bottom. */
function padsOf(op: TracedOp, size: readonly number[], strides: readonly number[]): number[] {
  const from = op.inputSpecs[0]!.shape.slice(1, 3);
  const to = op.outputs[0]!.shape.slice(1, 3);
  const total = to.map((places, i) => Math.max(0, (places - 1) * strides[i]! + size[i]! - from[i]!));
  const before = total.map((each) => Math.floor(each / 2));
  return [...before, ...total.map((each, i) => each - before[i]!)];
}

function attributeOf(op: TracedOp, name: string): unknown {
  return op.attributes.find((each) => each.name === name)?.value;
}

function integersOf(op: TracedOp, name: string): number[] {
  return attributeOf(op, name) as number[];
}

/** Whole numbers that were passed to an op as an input. */
function constantOf(op: TracedOp, input: number): number[] {
  const value = op.inputs[input];
  if (value?.kind === 'constant') return [...int32Of(value.bytes)];
  throw new TraceError('no-graph-form', `${op.name} with sizes that are computed has no translation to ONNX here`);
}

function attributeProto(name: string, value: Attribute): Uint8Array {
  const kind = (number: number) => varintField(20, number);
  if (typeof value === 'number') return concat([stringField(1, name), varintField(3, value), kind(2)]);
  return concat([stringField(1, name), ...value.map((each) => varintField(8, each)), kind(7)]);
}

function valueInfo(name: string, { shape, dtype }: TensorSpec): Uint8Array {
  const dims = shape.map((size) => bytesField(1, size === open ? stringField(2, batchName) : varintField(1, size)));
  const tensor = concat([varintField(1, elementTypes[dtype]!), bytesField(2, concat(dims))]);
  return concat([stringField(1, name), bytesField(2, bytesField(1, tensor))]);
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
