/** Nodes of a SavedModel's graph, read from its bytes (protobuf; field numbers of saved_model, graph, node_def, attr_value). */

export interface Node {
  readonly name: string;
  readonly op: string;
  readonly inputs: readonly string[];
  /** TensorFlow's number for the attribute `T`, 0 without it. */
  readonly type: number;
}

/** Field number -> its values, in order: bytes of length-delimited fields, or a number. */
type Message = ReadonlyMap<number, readonly (Uint8Array | number)[]>;

export function nodesOf(savedModel: Uint8Array): Node[] {
  const meta = parse(bytes(parse(savedModel), 2)[0]!);
  return bytes(parse(bytes(meta, 2)[0]!), 1)
    .map(parse)
    .map((node) => ({
      name: text(bytes(node, 1)[0]!),
      op: text(bytes(node, 2)[0]!),
      inputs: bytes(node, 3).map(text),
      type: typeOf(node),
    }));
}

function typeOf(node: Message): number {
  const attribute = bytes(node, 5)
    .map(parse)
    .find((each) => text(bytes(each, 1)[0]!) === 'T');
  const [type] = attribute === undefined ? [] : (parse(bytes(attribute, 2)[0]!).get(6) ?? []);
  return typeof type === 'number' ? type : 0;
}

const bytes = (message: Message, field: number) =>
  (message.get(field) ?? []).filter((value) => value instanceof Uint8Array);
const text = (value: Uint8Array) => new TextDecoder().decode(value);

function parse(data: Uint8Array): Message {
  const fields = new Map<number, (Uint8Array | number)[]>();
  let at = 0;
  const varint = (): number => {
    let value = 0;
    for (let shift = 1; ; shift *= 128) {
      const byte = data[at++]!;
      value += (byte & 127) * shift;
      if (byte < 128) return value;
    }
  };
  const take = (length: number): Uint8Array => data.subarray(at, (at += length));
  while (at < data.length) {
    const tag = varint();
    const wire = tag % 8;
    const value = wire === 0 ? varint() : take(wire === 2 ? varint() : wire === 5 ? 4 : 8);
    fields.set(Math.floor(tag / 8), [...(fields.get(Math.floor(tag / 8)) ?? []), value]);
  }
  return fields;
}

/** Tensors by their names in a SavedModel's only signature (meta_graph.proto). */
export function signatureOf(savedModel: Uint8Array): Record<'inputs' | 'outputs', Record<string, string>> {
  const meta = parse(bytes(parse(savedModel), 2)[0]!);
  const signature = parse(bytes(parse(bytes(meta, 5)[0]!), 2)[0]!);
  const named = (field: number) =>
    Object.fromEntries(
      bytes(signature, field)
        .map(parse)
        .map((entry) => [text(bytes(entry, 1)[0]!), text(bytes(parse(bytes(entry, 2)[0]!), 1)[0]!)]),
    );
  return { inputs: named(1), outputs: named(2) };
}

/** An ONNX model's nodes and names (onnx.proto). */
export function onnxOf(model: Uint8Array) {
  const graph = parse(bytes(parse(model), 7)[0]!);
  const names = (field: number, at: number) => bytes(graph, field).map((each) => text(bytes(parse(each), at)[0]!));
  const nodes = bytes(graph, 1).map((node) => {
    const message = parse(node);
    return {
      inputs: bytes(message, 1).map(text),
      outputs: bytes(message, 2).map(text),
      op: text(bytes(message, 4)[0]!),
    };
  });
  return { nodes, initializers: names(5, 8), inputs: names(11, 1), outputs: names(12, 1) };
}
