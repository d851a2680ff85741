/** A traced op as nodes of a graph, in float32 or, if it is a product, in bfloat16. */
import { attributeTypes, dataTypes, type DataTypeNumber, type OpAttribute } from './backend.js';
import { attribute, type Edge, type GraphBuilder } from './graph-def.js';
import { TraceError, type TracedOp } from './trace.js';
import { addUniform } from './xla.js';

export type Precision = 'float32' | 'bfloat16';

export interface OpForm {
  readonly precision: Precision;
  /** For XLA to compile. */
  readonly xla?: boolean | undefined;
}

/** Adds the op and returns the edge of its first output. */
export function addOp(graph: GraphBuilder, op: TracedOp, inputs: readonly Edge[], { precision, xla }: OpForm): Edge {
  if (xla === true && op.name === 'StatelessRandomUniform') return addUniform(graph, inputs as [Edge, Edge]);
  return precision === 'bfloat16' && isProduct(op)
    ? addInBfloat16(graph, op, inputs)
    : graph.add(op.name, inputs, attributesOf(op));
}

/**
 * Attributes that kernels leave to type inference in eager mode; a graph must state them. By op: attribute -> input
 * that has the type.
 */
const inferredTypes: Readonly<Record<string, Readonly<Record<string, number>>>> = {
  ExpandDims: { T: 0, Tdim: 1 },
  Squeeze: { T: 0 },
  Softmax: { T: 0 },
  LogSoftmax: { T: 0 },
  MatrixBandPart: { T: 0, Tindex: 1 },
  OneHot: { T: 2, TI: 0 },
  ZerosLike: { T: 0 },
  OnesLike: { T: 0 },
};

export function attributesOf(op: TracedOp): Record<string, Uint8Array> {
  const said = Object.fromEntries(op.attributes.map((given) => [given.name, encode(given, op.name)]));
  const inferred = Object.entries(inferredTypes[op.name] ?? {})
    .filter(([name, input]) => !(name in said) && op.inputSpecs[input] !== undefined)
    .map(([name, input]) => [name, attribute.type(op.inputSpecs[input]!.dtype)] as const);
  return { ...said, ...Object.fromEntries(inferred) };
}

function encode({ name, type, value }: OpAttribute, op: string): Uint8Array {
  if (type === attributeTypes.shape && isNumbers(value)) return attribute.shape(value);
  if (type === attributeTypes.int && isNumbers(value)) return attribute.ints(value);
  if (type === attributeTypes.float && isNumbers(value)) return attribute.floats(value);
  if (type === attributeTypes.type && typeof value === 'number') return attribute.type(value);
  if (type === attributeTypes.int && typeof value === 'number') return attribute.int(value);
  if (type === attributeTypes.float && typeof value === 'number') return attribute.float(value);
  if (type === attributeTypes.bool && typeof value === 'boolean') return attribute.bool(value);
  if (type === attributeTypes.string && typeof value === 'string') return attribute.string(value);
  throw new TraceError('no-graph-form', `${op}: attribute ${name} has no graph form here`);
}

function isNumbers(value: unknown): value is number[] {
  return Array.isArray(value) && (value as unknown[]).every((item) => typeof item === 'number');
}

/** Products worth computing in lower precision, with the inputs that hold numbers (the others are sizes). */
const products: Readonly<Record<string, readonly number[]>> = {
  Conv2D: [0, 1],
  Conv2DBackpropFilter: [0, 2],
  Conv2DBackpropInput: [1, 2],
  MatMul: [0, 1],
  BatchMatMulV2: [0, 1],
};

function isProduct(op: TracedOp): boolean {
  return op.name in products && op.outputs[0]?.dtype === dataTypes.float32;
}

/** The op with its inputs cast to bfloat16 and its result cast back; oneDNN and cuDNN accumulate in float32. */
function addInBfloat16(graph: GraphBuilder, op: TracedOp, inputs: readonly Edge[]): Edge {
  const numbers = products[op.name]!;
  const lowered = inputs.map((edge, i) =>
    numbers.includes(i) ? cast(graph, edge, dataTypes.float32, dataTypes.bfloat16) : edge,
  );
  const product = graph.add(op.name, lowered, { ...attributesOf(op), T: attribute.type(dataTypes.bfloat16) });
  return cast(graph, product, dataTypes.bfloat16, dataTypes.float32);
}

function cast(graph: GraphBuilder, edge: Edge, from: DataTypeNumber, to: DataTypeNumber): Edge {
  return graph.add('Cast', [edge], {
    SrcT: attribute.type(from),
    DstT: attribute.type(to),
    Truncate: attribute.bool(false),
  });
}
