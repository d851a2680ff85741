/**
 * Smooth growth: curves that do not count as sharp. A straight line in log scale, a power law with offset, a saturating
 * exponential, or a logistic curve that is no steeper than a bound. Each is linear in its two levels once its shape is
 * given, so a fit is a search over one or two numbers with the best levels in closed form (Golub and Pereyra 1973, SIAM
 * J. Numer. Anal. 10, 413-432): a grid whose columns are made once for all curves at the same scales, then halving
 * steps around its best. It takes some 20 microseconds per curve, which matters because it is repeated in thousands of
 * draws.
 */
import { logistic } from '../statistics/logistic.js';
import { mean } from '../statistics/mean.js';

export const smoothNames = ['line', 'power law', 'saturating exponential', 'logistic'] as const;
export type SmoothName = (typeof smoothNames)[number];

/** The smallest share of the log range over which a logistic curve may go from 10 to 90 % of its height. */
const leastRise = 0.5;
/**
 * Largest exponent with which a power law approaches its offset; where it departs from it, the logistic's bound holds.
 */
const steepestPower = 2;

export interface SmoothFit {
  readonly name: SmoothName;
  /** Values at each scale. */
  readonly values: Float64Array;
  readonly sumOfSquares: number;
}

export interface SmoothFitter {
  /** The best fit of each family by least squares, in the order of `smoothNames`. */
  readonly fits: (values: ArrayLike<number>) => SmoothFit[];
  /** The best of all; the first in a tie. */
  readonly best: (values: ArrayLike<number>) => SmoothFit;
}

/** The first in a tie. */
export function bestOf(fits: readonly SmoothFit[]): SmoothFit {
  return fits.reduce((a, b) => (b.sumOfSquares < a.sumOfSquares ? b : a));
}

/** A column at the scales for each shape, and the shapes at which a search starts. */
interface SmoothFamily {
  readonly name: SmoothName;
  readonly column: (shape: readonly number[], into: Float64Array) => void;
  /** From, to and number of nodes of each number of the shape. */
  readonly axes: readonly { readonly from: number; readonly to: number; readonly nodes: number }[];
}

/**
 * For curves at these scales.
 *
 * @param scales ascending and positive, at least two
 * @param rise see `leastRise`
 * @param mostAlone see `groupsOf`
 */
export function smoothFitter(scales: readonly number[], rise = leastRise, mostAlone = mostSearched): SmoothFitter {
  const [first, last] = [scales[0]!, scales.at(-1)!];
  const groups = groupsOf(scales, mostAlone);
  const searched = familiesAt(groups.scales, { first, last, rise });
  const whole = familiesAt(scales, { first, last, rise });
  const families = searched.map((family, i) => ({
    family,
    grid: gridOf(family, groups.sizes),
    column: whole[i]!.column,
  }));
  const fits = (values: ArrayLike<number>) => {
    const searchedIn = groups.meansOf(values);
    return families.map(({ family, grid, column }) => {
      const shape = search(family, grid, searchedIn);
      return fitAt(family.name, { shape, column, values });
    });
  };
  return { fits, best: (values) => bestOf(fits(values)) };
}

/** More scales than this are searched in groups. */
const mostSearched = 256;
/** Groups of scales are this part of the log range wide. */
const groupWidth = 1 / 128;

interface Groups {
  /** The middle of each in log scale. */
  readonly scales: readonly number[];
  /** Scales in each, `[groups]`. */
  readonly sizes: readonly number[];
  /** Means of values at the scales, `[groups]`. */
  readonly meansOf: (values: ArrayLike<number>) => Float64Array;
}

/**
 * The points between which a shape is searched: the scales, or groups of neighbours if there are many. A smooth column
 * hardly changes within a group: what a fit leaves unexplained is at most a thousandth more than after a search at
 * every scale, as a test checks.
 *
 * @param mostAlone most scales that are not grouped
 */
function groupsOf(scales: readonly number[], mostAlone: number): Groups {
  if (scales.length <= mostAlone)
    return { scales, sizes: scales.map(() => 1), meansOf: (values) => Float64Array.from(values) };
  const [first, last] = [Math.log(scales[0]!), Math.log(scales.at(-1)!)];
  const cells = scales.map((scale) => Math.floor((Math.log(scale) - first) / (last - first) / groupWidth));
  const starts = cells.flatMap((cell, i) => (cell !== cells[i - 1] ? i : []));
  const ends = [...starts.slice(1), scales.length];
  const sizes = starts.map((start, g) => ends[g]! - start);
  const meansOf = (values: ArrayLike<number>) => {
    const means = new Float64Array(sizes.length);
    for (const [g, start] of starts.entries()) {
      for (let i = start; i < ends[g]!; i++) means[g]! += values[i]!;
      means[g]! /= sizes[g]!;
    }
    return means;
  };
  const middles = meansOf(scales.map(Math.log));
  return { scales: Array.from(middles, Math.exp), sizes, meansOf };
}

function familiesAt(
  scales: readonly number[],
  { first, last, rise }: { readonly first: number; readonly last: number; readonly rise: number },
): SmoothFamily[] {
  const span = Math.log(last / first);
  /** 0 at the first scale, 1 at the last. */
  const t = scales.map((scale) => Math.log(scale / first) / span);
  // From 10 to 90 % a logistic of slope k takes 2 ln 9 / k.
  const steepest = (2 * Math.log(9)) / rise;
  return [
    {
      name: 'line',
      axes: [],
      column: (_, into) => {
        into.set(t);
      },
    },
    {
      name: 'power law',
      axes: [{ from: -Math.max(steepestPower * span, steepest), to: steepest, nodes: 65 }],
      // e^(kt) from 0 to 1, which is the line if k is 0; with k below 0 it approaches its offset.
      column([k], into) {
        const height = Math.expm1(k!);
        for (let i = 0; i < into.length; i++) into[i] = Math.abs(k!) < 1e-6 ? t[i]! : Math.expm1(k! * t[i]!) / height;
      },
    },
    {
      name: 'saturating exponential',
      axes: [{ from: Math.log(first / 3), to: Math.log(3 * last), nodes: 49 }],
      column([size], into) {
        const constant = Math.exp(size!);
        for (let i = 0; i < into.length; i++) into[i] = -Math.expm1(-scales[i]! / constant);
      },
    },
    {
      name: 'logistic',
      axes: [
        { from: -0.5, to: 1.5, nodes: 33 },
        { from: steepest / 8, to: steepest, nodes: 8 },
      ],
      column([middle, slope], into) {
        for (let i = 0; i < into.length; i++) into[i] = logistic(slope! * (t[i]! - middle!));
      },
    },
  ];
}

interface Grid {
  readonly shapes: readonly (readonly number[])[];
  /** `[nodes x points]`, each node's column centred and of length 1. */
  readonly columns: Float64Array;
  /** Scales in each point, `[points]`. */
  readonly sizes: Float64Array;
}

function gridOf({ axes, column }: SmoothFamily, inPoints: readonly number[]): Grid {
  const points = inPoints.length;
  const sizes = Float64Array.from(inPoints);
  const shapes = axes.reduce<number[][]>(
    (all, { from, to, nodes }) =>
      all.flatMap((shape) =>
        Array.from({ length: nodes }, (_, i) => [...shape, from + ((to - from) * i) / (nodes - 1)]),
      ),
    [[]],
  );
  const columns = new Float64Array(shapes.length * points);
  for (const [i, shape] of shapes.entries()) {
    const values = columns.subarray(i * points, (i + 1) * points);
    column(shape, values);
    normalise(values, sizes);
  }
  return { shapes, columns, sizes };
}

/** Minus its mean, scaled to length 1; a constant column becomes 0. */
function normalise(column: Float64Array, sizes: Float64Array): void {
  let n = 0;
  for (let i = 0; i < sizes.length; i++) n += sizes[i]!; // eslint-disable-line @typescript-eslint/prefer-for-of
  let centre = 0;
  for (let i = 0; i < column.length; i++) centre += (sizes[i]! * column[i]!) / n;
  let squares = 0;
  for (let i = 0; i < column.length; i++) {
    column[i]! -= centre;
    squares += sizes[i]! * column[i]! ** 2;
  }
  const length = Math.sqrt(squares);
  for (let i = 0; i < column.length; i++) column[i] = length > 1e-12 ? column[i]! / length : 0;
}

/** How many times a step of the grid is halved: to less than a hundredth of it. */
const halvings = 7;

/** The shape whose column explains most of the values, `[points]`. */
function search(
  { axes, column }: SmoothFamily,
  { shapes, columns, sizes }: Grid,
  values: Float64Array,
): readonly number[] {
  const n = values.length;
  const y = values.map((value, i) => sizes[i]! * value);
  const products = new Float64Array(shapes.length);
  alongAll(columns, y, products);
  let [place, most] = [0, -1];
  for (let i = 0; i < products.length; i++) {
    const explained = products[i]! ** 2;
    if (explained > most) [place, most] = [i, explained];
  }
  const shape = [...shapes[place]!];
  const trial = new Float64Array(n);
  const steps = axes.map(({ from, to, nodes }) => (to - from) / (nodes - 1));
  for (let k = 0; k < halvings * axes.length; k++) {
    const axis = k % axes.length;
    const { from, to } = axes[axis]!;
    const step = (steps[axis]! /= 2);
    const was = shape[axis]!;
    for (let side = -1; side <= 1; side += 2) {
      shape[axis] = Math.min(to, Math.max(from, was + side * step));
      column(shape, trial);
      normalise(trial, sizes);
      const explained = along(trial, 0, y) ** 2;
      if (explained > most) {
        most = explained;
        break;
      }
      shape[axis] = was;
    }
  }
  return shape;
}

/** With the best levels for a shape, at all scales. */
function fitAt(
  name: SmoothName,
  {
    shape,
    column,
    values,
  }: { readonly shape: readonly number[]; readonly column: SmoothFamily['column']; readonly values: ArrayLike<number> },
): SmoothFit {
  const y = Float64Array.from(values);
  const n = y.length;
  const unit = new Float64Array(n);
  column(shape, unit);
  normalise(unit, new Float64Array(n).fill(1));
  const centre = mean(y);
  const height = along(unit, 0, y);
  let sumOfSquares = 0;
  const fitted = new Float64Array(n);
  for (let i = 0; i < n; i++) {
    fitted[i] = centre + height * unit[i]!;
    sumOfSquares += (y[i]! - fitted[i]!) ** 2;
  }
  return { name, values: fitted, sumOfSquares };
}

/**
 * Product with the column that starts at an index; its square is the part of y's squares about the mean that the column
 * explains.
 */
function along(columns: Float64Array, start: number, y: Float64Array): number {
  let sum = 0;
  for (let i = 0; i < y.length; i++) sum += columns[start + i]! * y[i]!;
  return sum;
}

/**
 * `along` of each column. Four at a time, as an addition waits for the one before it: the same sums in a third of the
 * time.
 */
function alongAll(columns: Float64Array, y: Float64Array, products: Float64Array): void {
  const n = y.length;
  let place = 0;
  for (; place + 4 <= products.length; place += 4) {
    const a = place * n;
    const [b, c, d] = [a + n, a + 2 * n, a + 3 * n];
    let [p, q, r, s] = [0, 0, 0, 0];
    for (let i = 0; i < n; i++) {
      const value = y[i]!;
      p += columns[a + i]! * value;
      q += columns[b + i]! * value;
      r += columns[c + i]! * value;
      s += columns[d + i]! * value;
    }
    products.set([p, q, r, s], place);
  }
  for (; place < products.length; place++) products[place] = along(columns, place * n, y);
}
