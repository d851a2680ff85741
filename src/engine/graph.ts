/**
 * A traced function as a TensorFlow GraphDef: straight (one call, one result) or as the body of a loop (one call, many
 * steps). How nodes are written: graph-def.ts; each op: graph-ops.ts.
 */
import { dataTypes, type DataTypeNumber } from './backend.js';
import { attribute, GraphBuilder, type Edge } from './graph-def.js';
import { addOp, attributesOf, type OpForm, type Precision } from './graph-ops.js';
import { TraceError, type TensorSpec, type Trace, type TracedOp, type TracedValue } from './trace.js';

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
  const { outputs } = emit(graph, traced, {
    inputs,
    variables: new Map(),
    control: [],
    form: { precision: 'float32' },
  });
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
    form: { precision },
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
 *
 * @param form with `xla`, the whole loop is one executable of XLA; its trace is made with `xlaForms`
 */
export function loopGraph(traced: Trace, stateCount: number, form: OpForm): CompiledGraph {
  const graph = new GraphBuilder();
  const begin = graph.placeholder('begin', counter);
  const end = graph.placeholder('end', counter);
  const carried = traced.inputs.slice(1).map((spec, i) => graph.placeholder(`carried${i}`, spec));
  const add = () => addLoop(graph, { traced, begin, end, carried, stateCount, form });
  const results =
    form.xla === true
      ? graph.compiled(() => add().map((edge, i) => ({ edge, dtype: traced.inputs[i + 1]!.dtype })))
      : add();
  return { savedModel: graph.toSavedModel(), feeds: [begin, end, ...carried].map(first), fetches: results.map(first) };
}

const counter: TensorSpec = { shape: [], dtype: dataTypes.int32 };

interface Loop {
  readonly traced: Trace;
  readonly begin: Edge;
  readonly end: Edge;
  readonly carried: readonly Edge[];
  readonly stateCount: number;
  readonly form: OpForm;
}

/** Adds the loop and returns the edges of its final state. */
function addLoop(graph: GraphBuilder, { traced, begin, end, carried, stateCount, form }: Loop): Edge[] {
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

  const { outputs, changes } = emit(graph, traced, { inputs, variables, control, form });
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
  return Array.from({ length: stateCount }, (_, k) => k + 1).map((i) => {
    const variable = variables.get(i);
    return variable === undefined ? exit(loose.indexOf(i)) : readVariable(graph, variable, done);
  });
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
  readonly form: OpForm;
}

interface Emitted {
  /** The trace's outputs; for a variable's next value, the node that changed it. */
  readonly outputs: readonly Edge[];
  /** Nodes that change variables. */
  readonly changes: readonly Edge[];
}

/** Adds the traced ops to the graph. */
function emit(graph: GraphBuilder, traced: Trace, { inputs, variables, control, form }: EmitOptions): Emitted {
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
    names.set(op, addOp(graph, op, edges, form));
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

const first = (edge: Edge) => `${edge}:0`;
const withIndex = (edge: Edge) => (edge.includes(':') ? edge : first(edge));

function int32Constant(value: number): Uint8Array {
  const bytes = Buffer.alloc(4);
  bytes.writeInt32LE(value);
  return bytes;
}
