/**
 * Nodes of a TensorFlow graph, and the SavedModel around them, as bytes. Field numbers are those of
 * tensorflow/core/framework/{graph,node_def,attr_value,tensor,tensor_shape}.proto.
 */
import { bytesField, concat, floatField, stringField, varintField } from './protobuf.js';
import type { TensorSpec } from './trace.js';

/** A name as node inputs write it: `node`, `node:1`, or `^node` for a control input. */
export type Edge = string;

/** A GraphDef version that TensorFlow 2.10 and later read and write (graph_def_versions.h: TF_GRAPH_DEF_VERSION). */
const graphDefProducer = 1766;

export const attribute = {
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

export class GraphBuilder {
  readonly #nodes: Uint8Array[] = [];
  #count = 0;
  /** Attributes that all nodes get which are added now. */
  #common: Readonly<Record<string, Uint8Array>> = {};

  /**
   * Adds nodes that XLA compiles into one executable, and returns the edges of their results. TensorFlow takes all nodes with
   * one `_xla_compile_id` out of the graph and puts an XlaLaunch in their place, where a loop of the original control flow
   * becomes one of XLA (EncapsulateXlaComputationsPass and FunctionalizeControlFlowForXlaPass, which tf.xla.experimental.compile
   * relies on). Results have to leave through XlaClusterOutput, a node that does not remain and so cannot be fetched.
   */
  compiled(add: () => readonly { readonly edge: Edge; readonly dtype: number }[]): Edge[] {
    this.#common = { _xla_compile_id: attribute.string('compiled') };
    const results = add();
    this.#common = {};
    return results.map(({ edge, dtype }) => {
      const T = attribute.type(dtype);
      return this.add('Identity', [this.add('XlaClusterOutput', [edge], { T })], { T });
    });
  }

  /** Adds a node and returns the edge of its first output. */
  add(
    op: string,
    inputs: readonly Edge[],
    attributes: Readonly<Record<string, Uint8Array>>,
    name = `${op}_${this.#count++}`,
  ): Edge {
    const attrs = Object.entries({ ...attributes, ...this.#common }).map(([key, value]) =>
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
