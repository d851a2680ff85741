/**
 * A traced function as an ONNX model with its weights inside. Each TensorFlow op that a forward pass calls becomes the
 * equivalent ONNX operators (`OnnxGraph` takes care of the order of channels). Field numbers are those of onnx.proto.
 */
import type { BoundNames } from './graph.js';
import { int32Of, open } from './open-batch.js';
import { bytesField, concat, stringField, varintField } from './protobuf.js';
import { elementTypes, OnnxGraph } from './onnx-graph.js';
import { TraceError, type Trace, type TracedOp, type TensorSpec } from './trace.js';

/** The oldest versions with everything written here; all readers since 2020 support them. */
const versions = { ir: 7, operators: 13 } as const;

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
  for (const op of traced.ops) {
    const write = translations[op.name];
    if (write === undefined) throw new TraceError('no-graph-form', `${op.name} has no translation to ONNX here`);
    write(graph, op);
  }
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

function valueInfo(name: string, { shape, dtype }: TensorSpec): Uint8Array {
  const dims = shape.map((size) => bytesField(1, size === open ? stringField(2, batchName) : varintField(1, size)));
  const tensor = concat([varintField(1, elementTypes[dtype]!), bytesField(2, concat(dims))]);
  return concat([stringField(1, name), bytesField(2, bytesField(1, tensor))]);
}
