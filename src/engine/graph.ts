/**
 * A traced function as a TensorFlow GraphDef: straight (one call, one result) or as the body of a loop (one call, many
 * steps). Field numbers are those of tensorflow/core/framework/{graph,node_def,attr_value,tensor,tensor_shape}.proto.
 */
import { attributeTypes, dataTypes, type DataTypeNumber, type OpAttribute } from './backend.js';
import { bytesField, concat, floatField, stringField, varintField } from './protobuf.js';
import { TraceError, type TensorSpec, type Trace, type TracedOp, type TracedValue } from './trace.js';

export type Precision = 'float32' | 'bfloat16';

/** A name as node inputs write it: `node`, `node:1`, or `^node` for a control input. */
type Edge = string;

/** A GraphDef version that TensorFlow 2.10 and later read and write (graph_def_versions.h: TF_GRAPH_DEF_VERSION). */
const graphDefProducer = 1766;

const attribute = {
  type: (dtype: number) => varintField(6, dtype),
  int: (value: number) => varintField(3, value),
  float: (value: number) => floatField(4, value),
  bool: (value: boolean) => varintField(5, value ? 1 : 0),
  string: (value: string) => stringField(2, value),
  shape: (shape: readonly number[]) => bytesField(7, shapeProto(shape)),
  tensor: (spec: TensorSpec, bytes: Uint8Array) =>
    bytesField(8, concat([varintField(1, spec.dtype), bytesField(2, shapeProto(spec.shape)), bytesField(4, bytes)])),
  ints: (values: readonly number[]) => bytesField(1, concat(values.map((value) => varintField(3, value)))),
  types: (values: readonly number[]) => bytesField(1, concat(values.map((value) => varintField(6, value)))),
  floats: (values: readonly number[]) => bytesField(1, concat(values.map((value) => floatField(4, value)))),
};

function shapeProto(shape: readonly number[]): Uint8Array {
  return concat(shape.map((size) => bytesField(2, varintField(1, size))));
}

class GraphBuilder {
  readonly #nodes: Uint8Array[] = [];
  #count = 0;

  /** Adds a node and returns the edge of its first output. */
  add(
    op: string,
    inputs: readonly Edge[],
    attributes: Readonly<Record<string, Uint8Array>>,
    name = `${op}_${this.#count++}`,
  ): Edge {
    const attrs = Object.entries(attributes).map(([key, value]) =>
      bytesField(5, concat([stringField(1, key), bytesField(2, value)])),
    );
    this.#nodes.push(
      concat([stringField(1, name), stringField(2, op), ...inputs.map((edge) => stringField(3, edge)), ...attrs]),
    );
    return name;
  }

  constant(spec: TensorSpec, bytes: Uint8Array, control: readonly Edge[] = [], name?: string): Edge {
    const attributes = { dtype: attribute.type(spec.dtype), value: attribute.tensor(spec, bytes) };
    return this.add('Const', control, attributes, name);
  }

  placeholder(name: string, spec: TensorSpec): Edge {
    return this.add('Placeholder', [], { dtype: attribute.type(spec.dtype), shape: attribute.shape(spec.shape) }, name);
  }

  /** A SavedModel (saved_model.proto) with this graph under the tag `serve`, and the signature that callers use. */
  toSavedModel(signature?: Signature): Uint8Array {
    const graph = concat([
      ...this.#nodes.map((node) => bytesField(1, node)),
      bytesField(4, varintField(1, graphDefProducer)),
    ]);
    const about = signature === undefined ? [] : [signatureField(signature)];
    const meta = concat([bytesField(1, stringField(4, 'serve')), bytesField(2, graph), ...about]);
    return concat([varintField(1, 1), bytesField(2, meta)]);
  }
}

/** A graph's inputs and outputs by name: each tensor's name in the graph, its shape and its type. */
interface Signature {
  readonly inputs: Readonly<Record<string, TensorSpec & { readonly edge: Edge }>>;
  readonly outputs: Signature['inputs'];
}

/** Under the name that TensorFlow uses when none is given (meta_graph.proto). */
function signatureField({ inputs, outputs }: Signature): Uint8Array {
  const tensors = (field: number, named: Signature['inputs']) =>
    Object.entries(named).map(([name, { edge, dtype, shape }]) =>
      bytesField(
        field,
        concat([
          stringField(1, name),
          bytesField(2, concat([stringField(1, edge), varintField(2, dtype), bytesField(3, shapeProto(shape))])),
        ]),
      ),
    );
  const method = stringField(3, 'tensorflow/serving/predict');
  const signature = concat([...tensors(1, inputs), ...tensors(2, outputs), method]);
  return bytesField(5, concat([stringField(1, 'serving_default'), bytesField(2, signature)]));
}

/** A function whose last inputs are fixed: the names of the other inputs and of the output, and the fixed values. */
export interface BoundNames {
  readonly inputs: readonly string[];
  readonly output: string;
  /** The fixed inputs, which follow `inputs`, in order; bytes are little-endian. */
  readonly bound: readonly { readonly name: string; readonly bytes: Uint8Array }[];
}

/**
 * A SavedModel of the function with its weights inside, for other programs: `serving_default` has named inputs and
 * outputs.
 */
export function servingModel(traced: Trace, { inputs: names, output, bound }: BoundNames): Uint8Array {
  const graph = new GraphBuilder();
  const placeholders = names.map((name, i) => graph.placeholder(name, traced.inputs[i]!));
  const constants = bound.map(({ name, bytes }, i) =>
    graph.constant(traced.inputs[names.length + i]!, bytes, [], `weights/${name}`),
  );
  const inputs = new Map([...placeholders, ...constants].entries());
  const { outputs } = emit(graph, traced, { inputs, variables: new Map(), control: [], precision: 'float32' });
  const [result] = traced.outputSpecs;
  return graph.toSavedModel({
    inputs: Object.fromEntries(names.map((name, i) => [name, { ...traced.inputs[i]!, edge: first(placeholders[i]!) }])),
    outputs: { [output]: { ...result!, edge: withIndex(outputs[0]!) } },
  });
}

/** A graph ready to load, with the names to feed and fetch, in the order of the function's inputs and outputs. */
export interface CompiledGraph {
  readonly savedModel: Uint8Array;
  readonly feeds: readonly string[];
  readonly fetches: readonly string[];
}

/** The function without a loop: inputs are fed, outputs fetched. */
export function straightGraph(traced: Trace, precision: Precision): CompiledGraph {
  const changing = traced.ops.find(changesInPlace);
  if (changing !== undefined)
    throw new TraceError(
      'no-graph-form',
      `${changing.name} changes its inputs in place: it is for the steps of a loop`,
    );
  const graph = new GraphBuilder();
  const inputs = traced.inputs.map((spec, i) => graph.placeholder(`input${i}`, spec));
  const { outputs } = emit(graph, traced, {
    inputs: new Map(inputs.entries()),
    variables: new Map(),
    control: [],
    precision,
  });
  return { savedModel: graph.toSavedModel(), feeds: inputs.map(first), fetches: outputs.map(withIndex) };
}

/**
 * A loop `for (i = begin; i < end; i++) state = body(i, ...state, ...constants)`. Traced inputs are `[i, ...state,
 * ...constants]`, traced outputs the new state. The graph is fed `[begin, end, ...state, ...constants]` and returns the
 * final state.
 *
 * It uses TensorFlow's original control flow (Enter, Merge, Switch, Exit, NextIteration; "Implementation of Control
 * Flow in TensorFlow", 2017), not a While op with functions: one flat graph that Grappler and oneDNN's rewrite see
 * whole.
 *
 * Everything that a step reads comes through one IdentityN, constants too. oneDNN's pass visits nodes depth first and
 * rewrites MaxPoolGrad only if it has already visited the matching MaxPool; through a loop's back edges it can reach
 * the gradient first, and then the slow kernel stays (ten times slower, 2 of 6.5 ms of a step at width 8). A single
 * entry point prevents that.
 */
export function loopGraph(traced: Trace, stateCount: number, precision: Precision): CompiledGraph {
  const graph = new GraphBuilder();
  const counter: TensorSpec = { shape: [], dtype: dataTypes.int32 };
  const begin = graph.placeholder('begin', counter);
  const end = graph.placeholder('end', counter);
  const carried = traced.inputs.slice(1).map((spec, i) => graph.placeholder(`carried${i}`, spec));
  const residents = residentsOf(traced, stateCount);
  const variables = new Map([...residents].map((i) => [i, addVariable(graph, carried[i - 1]!, traced.inputs[i]!, i)]));

  /** Inputs of a step that the loop carries as tensors. */
  const loose = traced.inputs.map((_, i) => i).filter((i) => !residents.has(i));
  const types = loose.map((i) => traced.inputs[i]!.dtype);
  const merges = loose.map((i, at) => enterVariable(graph, i === 0 ? begin : carried[i - 1]!, types[at]!, at));
  const less = graph.add('Less', [merges[0]!, enter(graph, end, counter.dtype, true)], {
    T: attribute.type(counter.dtype),
  });
  const condition = graph.add('LoopCond', [less], {});
  const switches = merges.map((merge, i) => graph.add('Switch', [merge, condition], { T: attribute.type(types[i]!) }));
  const gate = graph.add(
    'IdentityN',
    switches.map((edge) => `${edge}:1`),
    { T: attribute.types(types) },
  );
  const inputs = new Map(loose.map((i, at) => [i, at === 0 ? gate : `${gate}:${at}`]));
  // A node without an input from the loop would run before it, outside its frame, so literals wait for the gate.
  const control = [`^${gate}`];

  const { outputs, changes } = emit(graph, traced, { inputs, variables, control, precision });
  const one = graph.constant(counter, int32Constant(1), control);
  // The next step starts, and reads variables, when its counter arrives: all changes must have been made by then. The
  // counter bypasses the gate: on a GPU the gate puts all of its outputs into device memory, but int32 is added in host
  // memory.
  const increment = graph.add('AddV2', [`${switches[0]!}:1`, one, ...changes.map((edge) => `^${edge}`)], {
    T: attribute.type(counter.dtype),
  });
  const nextOf = (i: number) => (i === 0 ? increment : i <= stateCount ? outputs[i - 1]! : inputs.get(i)!);
  loose.forEach((i, at) => {
    graph.add('NextIteration', [nextOf(i)], { T: attribute.type(types[at]!) }, nextName(at));
  });
  const exit = (at: number) => graph.add('Exit', [switches[at]!], { T: attribute.type(types[at]!) });
  const done = exit(0);
  const results = Array.from({ length: stateCount }, (_, k) => k + 1).map((i) => {
    const variable = variables.get(i);
    return variable === undefined ? exit(loose.indexOf(i)) : readVariable(graph, variable, done);
  });
  return { savedModel: graph.toSavedModel(), feeds: [begin, end, ...carried].map(first), fetches: results.map(first) };
}

const nextName = (i: number) => `next${i}`;

function enter(
  graph: GraphBuilder,
  edge: Edge,
  dtype: DataTypeNumber,
  constant: boolean,
  control: readonly Edge[] = [],
): Edge {
  return graph.add('Enter', [edge, ...control], {
    T: attribute.type(dtype),
    frame_name: attribute.string('steps'),
    is_constant: attribute.bool(constant),
    parallel_iterations: attribute.int(1),
  });
}

/** The Merge of a loop variable: first its initial value, then whatever its NextIteration passes on. */
function enterVariable(graph: GraphBuilder, initial: Edge, dtype: DataTypeNumber, i: number): Edge {
  const entered = enter(graph, initial, dtype, false);
  return graph.add('Merge', [entered, nextName(i)], { T: attribute.type(dtype), N: attribute.int(2) });
}

function changesInPlace({ name }: Pick<TracedOp, 'name'>): boolean {
  return name.startsWith('ResourceApply');
}

/**
 * Inputs of a step that ops change in place: they live in variables, not in tensors that the loop passes on. Throws
 * TraceError if such an op does not lead from a state's value to the next value of the same state.
 */
function residentsOf(traced: Trace, stateCount: number): Set<number> {
  const residents = new Set<number>();
  for (const op of traced.ops.filter(changesInPlace)) {
    op.outputs.forEach((_, k) => {
      const value = op.inputs[k]!;
      const next = value.kind === 'input' ? traced.outputs[value.index - 1] : undefined;
      const isState = value.kind === 'input' && value.index >= 1 && value.index <= stateCount;
      if (!isState || next?.kind !== 'result' || next.op !== op || next.output !== k || residents.has(value.index)) {
        throw new TraceError(
          'no-graph-form',
          `${op.name}: input ${k} is changed in place, so it has to be state of the loop`,
        );
      }
      residents.add(value.index);
    });
  }
  return residents;
}

interface Variable {
  readonly spec: TensorSpec;
  /** Outside the loop; `entered` is the same inside it. */
  readonly handle: Edge;
  readonly entered: Edge;
  /** The node that sets it. */
  readonly set: Edge;
}

/** A variable that is set to `initial` before the loop begins. */
function addVariable(graph: GraphBuilder, initial: Edge, spec: TensorSpec, i: number): Variable {
  const handle = graph.add('VarHandleOp', [], {
    dtype: attribute.type(spec.dtype),
    shape: attribute.shape(spec.shape),
    container: attribute.string(''),
    shared_name: attribute.string(`state${i}`),
  });
  const set = graph.add('AssignVariableOp', [handle, initial], { dtype: attribute.type(spec.dtype) });
  return { spec, handle, set, entered: enter(graph, handle, dataTypes.resource, true, [`^${set}`]) };
}

/** Read after the loop; if the loop ran no steps, this is the initial value. */
function readVariable(graph: GraphBuilder, { handle, set, spec }: Variable, done: Edge): Edge {
  return graph.add('ReadVariableOp', [handle, `^${set}`, `^${done}`], { dtype: attribute.type(spec.dtype) });
}

interface EmitOptions {
  readonly inputs: ReadonlyMap<number, Edge>;
  /** Inputs that live in variables. */
  readonly variables: ReadonlyMap<number, Variable>;
  readonly control: readonly Edge[];
  readonly precision: Precision;
}

interface Emitted {
  /** The trace's outputs; for a variable's next value, the node that changed it. */
  readonly outputs: readonly Edge[];
  /** Nodes that change variables. */
  readonly changes: readonly Edge[];
}

/** Adds the traced ops to the graph. */
function emit(graph: GraphBuilder, traced: Trace, { inputs, variables, control, precision }: EmitOptions): Emitted {
  const names = new Map<TracedOp, Edge>();
  const constants = new Map<string, Edge>();
  const reads = new Map<number, Edge>();
  const changes: Edge[] = [];
  const readOf = (i: number): Edge => {
    const { entered, spec } = variables.get(i)!;
    const edge =
      reads.get(i) ?? graph.add('ReadVariableOp', [entered, ...control], { dtype: attribute.type(spec.dtype) });
    reads.set(i, edge);
    return edge;
  };
  const edgeOf = (value: TracedValue): Edge => {
    if (value.kind === 'input') return inputs.get(value.index) ?? readOf(value.index);
    if (value.kind === 'result')
      return value.output === 0 ? names.get(value.op)! : `${names.get(value.op)!}:${value.output}`;
    const key = `${value.dtype}|${value.shape.join()}|${Buffer.from(value.bytes).toString('latin1')}`;
    let edge = constants.get(key);
    if (edge === undefined) constants.set(key, (edge = graph.constant(value, value.bytes, control)));
    return edge;
  };
  const changed: TracedOp[] = [];
  for (const op of traced.ops) {
    if (changesInPlace(op)) {
      changed.push(op);
      continue;
    }
    const edges = op.inputs.map(edgeOf);
    names.set(
      op,
      precision === 'bfloat16' && isProduct(op) ? addInBfloat16(graph, op, edges) : addOp(graph, op, edges),
    );
  }
  // Done last, once every read of a variable is known, because changes wait for the reads.
  for (const op of changed) {
    const indices = op.outputs.map((_, k) => (op.inputs[k] as Extract<TracedValue, { kind: 'input' }>).index);
    const handles = indices.map((i) => variables.get(i)!.entered);
    const rest = op.inputs.slice(handles.length).map(edgeOf);
    const readers = indices.flatMap((i) => (reads.has(i) ? [`^${reads.get(i)!}`] : []));
    const edge = graph.add(op.name, [...handles, ...rest, ...readers], attributesOf(op));
    names.set(op, edge);
    changes.push(edge);
  }
  return { outputs: traced.outputs.map(edgeOf), changes };
}

function addOp(graph: GraphBuilder, op: TracedOp, inputs: readonly Edge[]): Edge {
  return graph.add(op.name, inputs, attributesOf(op));
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

function attributesOf(op: TracedOp): Record<string, Uint8Array> {
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

const first = (edge: Edge) => `${edge}:0`;
const withIndex = (edge: Edge) => (edge.includes(':') ? edge : first(edge));

function int32Constant(value: number): Uint8Array {
  const bytes = Buffer.alloc(4);
  bytes.writeInt32LE(value);
  return bytes;
}
