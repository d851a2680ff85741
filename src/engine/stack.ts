/**
 * Several members at once: a traced step of one member becomes the step of several, each tensor with a leading axis of
 * members (what JAX calls vmap, with rules for TensorFlow's ops). Members have their own parameters, data order and
 * random numbers, and share the images; none sees another's numbers, so a member that diverges does not affect the
 * others.
 *
 * A convolution with a kernel per member becomes patches and one batched product: TensorFlow's only other form is
 * grouped convolutions, which take longer than one convolution after another (jax#26568).
 */
import * as tf from '@tensorflow/tfjs-core';
import { backend, dataTypes, type OpAttribute } from './backend.js';
import { imagePatches, type Patches } from './ops.js';
import { adam, applyAdam, applyMomentum, descend } from './update-ops.js';
import { traceStep, type StepExamples, type StepFunction } from './program.js';
import { TraceError, type Trace, type TracedOp, type TracedValue } from './trace.js';

/** An input of an op: stacked over members, [members, ...], or the same for each, [...]. */
interface Operand {
  readonly tensor: tf.Tensor;
  readonly isStacked: boolean;
}

/** One op for all members: its inputs, at least one of them stacked, and its outputs, all of them stacked. */
type Rule = (call: Call) => readonly tf.Tensor[];

/**
 * The traced function for several members at once. Inputs are as traced, those in `stacked` with a leading axis of
 * `members`, as are all outputs. It runs only ops and can itself be traced.
 *
 * @throws TraceError for an op that has no rule here
 */
function stackedFunction(
  traced: Trace,
  { members, stacked }: { readonly members: number; readonly stacked: ReadonlySet<number> },
): (inputs: readonly tf.Tensor[]) => tf.Tensor[] {
  return (inputs) => {
    const results = new Map<TracedOp, readonly Operand[]>();
    const operandOf = (value: TracedValue): Operand => {
      if (value.kind === 'input') return { tensor: inputs[value.index]!, isStacked: stacked.has(value.index) };
      if (value.kind === 'constant') return { tensor: literalOf(value), isStacked: false };
      return results.get(value.op)![value.output]!;
    };
    for (const op of traced.ops) {
      const operands = op.inputs.map(operandOf);
      const isStacked = operands.some((operand) => operand.isStacked);
      const outputs = isStacked
        ? ruleOf(op)(new Call(op, operands, members))
        : executed(
            op.name,
            op.attributes,
            operands.map(({ tensor }) => tensor),
            op.outputs.length,
          );
      results.set(
        op,
        outputs.map((tensor) => ({ tensor, isStacked })),
      );
    }
    return traced.outputs.map((value) => widened(operandOf(value), members));
  };
}

function ruleOf({ name }: TracedOp): Rule {
  const rule = rules[name];
  if (rule === undefined)
    throw new TraceError('no-graph-form', `${name} has no form for several members at once: train them one by one`);
  return rule;
}

function literalOf({ dtype, shape, bytes }: Extract<TracedValue, { kind: 'constant' }>): tf.Tensor {
  const { buffer } = Uint8Array.from(bytes);
  if (dtype === dataTypes.float32) return tf.tensor(new Float32Array(buffer), [...shape]);
  if (dtype === dataTypes.int32) return tf.tensor(new Int32Array(buffer), [...shape], 'int32');
  throw new TraceError('no-graph-form', `a literal of type ${dtype} has no form for several members at once`);
}

function executed(
  name: string,
  attributes: readonly OpAttribute[],
  inputs: readonly tf.Tensor[],
  count: number,
): tf.Tensor[] {
  return count === 1
    ? [backend().executeSingleOutput(name, [...attributes], [...inputs])]
    : backend().executeMultipleOutputs(name, [...attributes], [...inputs], count);
}

/** An operand that all members share, repeated for each. */
function widened({ tensor, isStacked }: Operand, members: number): tf.Tensor {
  if (isStacked) return tensor;
  return tf.tile(tf.expandDims(tensor, 0), [members, ...tensor.shape.map(() => 1)]);
}

/** An op with stacked inputs, and what rules need from it. */
class Call {
  constructor(
    readonly op: TracedOp,
    readonly operands: readonly Operand[],
    readonly members: number,
  ) {}

  isStacked(i: number): boolean {
    return this.operands[i]!.isStacked;
  }

  /** Stacked or not, as it is passed in. */
  input(i: number): tf.Tensor {
    return this.operands[i]!.tensor;
  }

  /** [members, ...] */
  wide(i: number): tf.Tensor {
    return widened(this.operands[i]!, this.members);
  }

  /** Members and examples on one axis: [members n, ...]. */
  folded(i: number): tf.Tensor {
    const wide = this.wide(i);
    const [members, n, ...rest] = wide.shape as [number, number];
    return tf.reshape(wide, [members * n, ...rest]);
  }

  /** Back to [members, n, ...]. */
  unfolded(tensor: tf.Tensor): tf.Tensor {
    const [rows, ...rest] = tensor.shape as [number];
    return tf.reshape(tensor, [this.members, rows / this.members, ...rest]);
  }

  /** The numbers of an input that is a literal in the step: an axis, sizes, a constant of the optimiser. */
  literal(i: number): number[] {
    const value = this.op.inputs[i]!;
    if (value.kind !== 'constant')
      throw new TraceError('no-graph-form', `${this.op.name}: input ${i} has to be a literal of the step`);
    const { buffer } = Uint8Array.from(value.bytes);
    return [...(value.dtype === dataTypes.float32 ? new Float32Array(buffer) : new Int32Array(buffer))];
  }

  attribute(name: string): unknown {
    return this.op.attributes.find((each) => each.name === name)?.value;
  }

  /** The op itself on other inputs, with attributes replaced by name. */
  run(inputs: readonly tf.Tensor[], changed: Readonly<Record<string, unknown>> = {}): tf.Tensor[] {
    const attributes = this.op.attributes.map((each) =>
      each.name in changed ? { ...each, value: changed[each.name] } : each,
    );
    return executed(this.op.name, attributes, inputs, this.op.outputs.length);
  }

  /** Shape of one member's output. */
  shape(output = 0): readonly number[] {
    return this.op.outputs[output]!.shape;
  }
}

/** An axis of one member's tensor, as an axis of the stacked tensor. */
const shifted = (axis: number) => (axis < 0 ? axis : axis + 1);
const ints = (values: readonly number[]) => tf.tensor1d([...values], 'int32');

/** Element by element, with broadcasting: a member's axes are aligned at their ends, after the axis of members. */
const elementwise: Rule = (call) => {
  const rank = Math.max(...call.operands.map(({ tensor, isStacked }) => tensor.rank - (isStacked ? 1 : 0)));
  const aligned = call.operands.map(({ tensor, isStacked }) => {
    if (!isStacked || tensor.rank === rank + 1) return tensor;
    const [members, ...rest] = tensor.shape as [number];
    return tf.reshape(tensor, [members, ...Array.from({ length: rank - rest.length }, () => 1), ...rest]);
  });
  return call.run(aligned);
};

/** Element by element, all inputs of one shape. */
const alike: Rule = (call) => call.run(call.operands.map((_, i) => call.wide(i)));

/**
 * Each example by itself: members are just more examples. The first `count` inputs have examples, the others are
 * shared.
 */
const perExample =
  (count: number): Rule =>
  (call) =>
    call
      .run(call.operands.map((_, i) => (i < count ? call.folded(i) : call.input(i))))
      .map((tensor) => call.unfolded(tensor));

/** Over the axes given by the second input. */
const reduction: Rule = (call) => {
  const axes = call.literal(1).map(shifted);
  const given = call.op.inputSpecs[1]!.shape.length === 0 ? tf.scalar(axes[0]!, 'int32') : ints(axes);
  return call.run([call.input(0), given]);
};

function convolutionOf(call: Call, kernel: readonly number[]): Patches {
  return {
    size: kernel[0]!,
    stride: (call.attribute('strides') as readonly number[])[1]!,
    padding: call.attribute('padding') as string,
  };
}

/** Rows of patches of each member, [members, rows, size size channels]. */
function patchRows(call: Call, i: number, shape: Patches): tf.Tensor3D {
  const patches = imagePatches(call.folded(i), shape);
  return tf.reshape(patches, [call.members, -1, patches.shape[3]!]);
}

const conv2d: Rule = (call) => {
  const [, size, , from, to] = call.wide(1).shape as [number, number, number, number, number];
  const rows = patchRows(call, 0, convolutionOf(call, [size]));
  const product = tf.matMul(rows, tf.reshape(call.wide(1), [call.members, size * size * from, to]), false, false);
  return [tf.reshape(product, [call.members, ...call.shape()])];
};

const conv2dFilterGradient: Rule = (call) => {
  const kernel = call.shape();
  const slope = call.wide(2);
  const rows = patchRows(call, 0, convolutionOf(call, kernel));
  const product = tf.matMul(rows, tf.reshape(slope, [call.members, -1, kernel[3]!]), true, false);
  return [tf.reshape(product, [call.members, ...kernel])];
};

/**
 * A convolution of the gradient, spread by the stride and padded to the size of the images, with the kernel rotated by
 * 180 degrees.
 */
const conv2dInputGradient: Rule = (call) => {
  const [, size, , from, to] = call.wide(1).shape as [number, number, number, number, number];
  const { stride, padding } = convolutionOf(call, [size]);
  const [, height, width] = call.shape() as [number, number, number, number];
  const [, rows, columns] = call.op.inputSpecs[2]!.shape as [number, number, number, number];
  const spread = spreadOut(call.folded(2) as tf.Tensor4D, stride);
  const rim = (length: number, outputs: number): [number, number] => {
    const covered = (outputs - 1) * stride + 1;
    const before = padding === 'SAME' ? Math.floor(Math.max(0, covered - 1 + size - length) / 2) : 0;
    const first = size - 1 - before;
    return [first, length + size - 1 - covered - first];
  };
  const padded = tf.pad(spread, [[0, 0], rim(height, rows), rim(width, columns), [0, 0]]);
  const patches = imagePatches(padded, { size, stride: 1, padding: 'VALID' });
  const turned = tf.transpose(tf.reverse(call.wide(1), [1, 2]), [0, 1, 2, 4, 3]);
  const product = tf.matMul(
    tf.reshape(patches, [call.members, -1, size * size * to]),
    tf.reshape(turned, [call.members, size * size * to, from]),
    false,
    false,
  );
  return [tf.reshape(product, [call.members, ...call.shape()])];
};

/** Zeros between neighbours, `stride - 1` of them: [n, h, w, c] -> [n, (h - 1) stride + 1, (w - 1) stride + 1, c]. */
function spreadOut(x: tf.Tensor4D, stride: number): tf.Tensor4D {
  if (stride === 1) return x;
  const [n, height, width, channels] = x.shape;
  const padded = tf.pad(tf.reshape(x, [n, height, 1, width, 1, channels]), [
    [0, 0],
    [0, 0],
    [0, stride - 1],
    [0, 0],
    [0, stride - 1],
    [0, 0],
  ]);
  const whole = tf.reshape<tf.Rank.R4>(padded, [n, height * stride, width * stride, channels]);
  return tf.slice(whole, [0, 0, 0, 0], [n, (height - 1) * stride + 1, (width - 1) * stride + 1, channels]);
}

/** A table per member, or one that they share; and rows per member, or the same rows for all. */
const gather: Rule = (call) => {
  const [axis] = call.literal(2) as [number];
  const dims = call.attribute('batch_dims') as number;
  // Shared table, plain gather: one gather with all members' indices puts the axes of the indices where the axis was.
  if (!call.isStacked(0) && axis === 0 && dims === 0) return call.run([call.input(0), call.input(1), call.input(2)]);
  const at = tf.scalar(shifted(axis), 'int32');
  if (!call.isStacked(1) && dims === 0) return call.run([call.input(0), call.input(1), at]);
  return call.run([call.wide(0), call.wide(1), at], { batch_dims: dims + 1 });
};

/** Segments of all members in one table, each member's after those of the previous one. */
const segmentSum: Rule = (call) => {
  const [segments] = call.literal(2) as [number];
  const offsets = tf.reshape(ints(Array.from({ length: call.members }, (_, i) => i * segments)), [call.members, 1]);
  const own = tf.add(call.wide(1), offsets);
  const [sums] = call.run([call.folded(0), tf.reshape(own, [-1]), tf.scalar(call.members * segments, 'int32')]) as [
    tf.Tensor,
  ];
  return [call.unfolded(sums)];
};

/** The rate, shared or one per member, followed by `rank` axes. */
function adamRule(call: Call): readonly tf.Tensor[] {
  const [parameter, mean, square] = [0, 1, 2].map((i) => call.wide(i)) as [tf.Tensor, tf.Tensor, tf.Tensor];
  const [beta1, beta2, epsilon] = [6, 7, 8].map((i) => call.literal(i)[0]!) as [number, number, number];
  const step = { parameter, mean, square, gradient: call.wide(9), rate: rateOf(call, 5, parameter) };
  // TensorFlow's kernel takes one rate for everything that it changes.
  return (call.isStacked(5) ? adam : applyAdam)(step, { beta1, beta2, epsilon });
}

function momentumRule(call: Call): readonly tf.Tensor[] {
  const [parameter, velocity] = [call.wide(0), call.wide(1)];
  const step = { parameter, velocity, gradient: call.wide(3), rate: rateOf(call, 2, parameter) };
  return (call.isStacked(2) ? descend : applyMomentum)(step, call.literal(4)[0]!);
}

function rateOf(call: Call, i: number, parameter: tf.Tensor): tf.Scalar {
  const rate = call.input(i);
  if (!call.isStacked(i)) return rate as tf.Scalar;
  return tf.reshape(rate, [call.members, ...parameter.shape.slice(1).map(() => 1)]) as unknown as tf.Scalar;
}

const rules: Readonly<Partial<Record<string, Rule>>> = {
  ...named(
    ['Add', 'AddV2', 'Sub', 'Mul', 'RealDiv', 'Maximum', 'Minimum', 'Equal', 'Greater', 'GreaterEqual', 'Less'],
    elementwise,
  ),
  ...named(['Relu', 'Sigmoid', 'Tanh', 'Exp', 'Log', 'Neg', 'Sqrt', 'Rsqrt', 'Square', 'Sin', 'Cos'], elementwise),
  ...named(['Abs', 'Cast', 'Bitcast', 'Identity', 'ZerosLike', 'OnesLike', 'Softmax'], elementwise),
  ...named(['ReluGrad', 'SigmoidGrad', 'TanhGrad'], alike),
  ...named(['Sum', 'Mean', 'Max', 'Min', 'ArgMax'], reduction),
  MaxPool: perExample(1),
  MaxPoolGrad: perExample(3),
  LogSoftmax: perExample(1),
  SparseSoftmaxCrossEntropyWithLogits: perExample(2),
  ImageProjectiveTransformV3: perExample(2),
  OneHot: (call) => call.run([call.input(0), call.input(1), call.input(2), call.input(3)]),
  MatMul: (call) => [
    tf.matMul(
      ...([call.wide(0), call.wide(1)] as const),
      call.attribute('transpose_a') as boolean,
      call.attribute('transpose_b') as boolean,
    ),
  ],
  BatchMatMulV2: alike,
  BiasAdd: (call) => {
    const [members, channels] = call.wide(1).shape as [number, number];
    const between = call
      .shape()
      .slice(1)
      .map(() => 1);
    return [tf.add(call.wide(0), tf.reshape(call.wide(1), [members, ...between, channels]))];
  },
  BiasAddGrad: (call) => [tf.sum(tf.reshape(call.wide(0), [call.members, -1, call.shape()[0]!]), 1)],
  L2Loss: (call) => [tf.mul(tf.sum(tf.square(tf.reshape(call.wide(0), [call.members, -1])), 1), 0.5)],
  Conv2D: conv2d,
  Conv2DBackpropFilter: conv2dFilterGradient,
  Conv2DBackpropInput: conv2dInputGradient,
  GatherV2: gather,
  UnsortedSegmentSum: segmentSum,
  StatelessRandomUniform: (call) => [
    tf.stack(tf.unstack(call.wide(1)).map((seed) => call.run([call.input(0), seed])[0]!)),
  ],
  Reshape: (call) => [tf.reshape(call.wide(0), [call.members, ...call.shape()])],
  ExpandDims: (call) => [tf.reshape(call.wide(0), [call.members, ...call.shape()])],
  Transpose: (call) => call.run([call.wide(0), ints([0, ...call.literal(1).map(shifted)])]),
  Slice: (call) => call.run([call.wide(0), ints([0, ...call.literal(1)]), ints([call.members, ...call.literal(2)])]),
  PadV2: (call) => {
    const widths = [0, 0, ...call.literal(1)];
    return call.run([call.wide(0), tf.reshape(ints(widths), [-1, 2]), call.input(2)]);
  },
  ConcatV2: (call) => {
    const last = call.operands.length - 1;
    const parts = call.operands.slice(0, last).map((_, i) => call.wide(i));
    return call.run([...parts, tf.scalar(shifted(call.literal(last)[0]!), 'int32')]);
  },
  Pack: (call) =>
    call.run(
      call.operands.map((_, i) => call.wide(i)),
      { axis: shifted(call.attribute('axis') as number) },
    ),
  Unpack: (call) => call.run([call.wide(0)], { axis: shifted(call.attribute('axis') as number) }),
  SplitV: (call) => call.run([call.wide(0), call.input(1), tf.scalar(shifted(call.literal(2)[0]!), 'int32')]),
  ResourceApplyAdam: adamRule,
  ResourceApplyMomentum: momentumRule,
};

function named(names: readonly string[], rule: Rule): Record<string, Rule> {
  return Object.fromEntries(names.map((name) => [name, rule]));
}

/** The members' tensors, one list per member, stacked with the members as the first axis. */
export function stackTensors(lists: readonly (readonly tf.Tensor[])[]): tf.Tensor[] {
  return lists[0]!.map((_, i) => tf.stack(lists.map((list) => list[i]!)));
}

/**
 * A loop's step for several members at once. `examples` are those of one member. Constants whose indices are in
 * `shared` are the same for all members; the others, like all state, have members as their first axis.
 */
export function stackedStep(
  step: StepFunction,
  examples: StepExamples,
  { members, shared }: { readonly members: number; readonly shared: readonly number[] },
): StepFunction {
  const count = examples.state.length;
  const traced = traceStep(step, examples);
  const constants = examples.constants.map((_, i) => i).filter((i) => !shared.includes(i));
  const stacked = new Set([...examples.state.map((_, i) => 1 + i), ...constants.map((i) => 1 + count + i)]);
  const whole = stackedFunction(traced, { members, stacked });
  return (index, state, constants) => whole([index, ...state, ...constants]);
}
