/**
 * The small amount of linear algebra that curve fitting needs, for up to a dozen columns: least squares by
 * Householder's QR and singular values by one-sided Jacobi. Both work on the matrix itself and not on its square, which
 * keeps all digits when a curve's parameters are nearly exchangeable. Matrices are row-major in one array. Plain loops,
 * because most of the time is spent here.
 */

export interface Matrix {
  readonly rows: number;
  readonly columns: number;
  readonly data: Float64Array;
}

export function matrix(rows: number, columns: number): Matrix {
  return { rows, columns, data: new Float64Array(rows * columns) };
}

/** Euclidean length of a column. */
export function columnNorm({ rows, columns, data }: Matrix, column: number): number {
  let squares = 0;
  for (let i = 0; i < rows; i++) squares += data[i * columns + column]! ** 2;
  return Math.sqrt(squares);
}

/**
 * x that minimises |a x - b|, by Householder reflections (Golub and Van Loan, Matrix Computations, Alg. 5.3.2). 0 for a
 * column that depends on those before it.
 *
 * @param a `[rows, columns]`, rows at least columns; overwritten, as is `b`
 */
export function solveLeastSquares(a: Matrix, b: Float64Array): Float64Array {
  const { rows, columns, data } = a;
  const diagonal = new Float64Array(columns);
  const lengths = diagonal.map((_, j) => columnNorm(a, j));
  // A dependent column uses no row: the next one starts in its place.
  const pivots = new Int32Array(columns);
  for (let j = 0, pivot = 0; j < columns; j++) {
    let squares = 0;
    for (let i = pivot; i < rows; i++) squares += data[i * columns + j]! ** 2;
    const length = Math.sqrt(squares);
    // What is left of a dependent column is a rounding error.
    if (length <= 1e-14 * lengths[j]!) continue;
    const head = data[pivot * columns + j]!;
    diagonal[j] = head > 0 ? -length : length;
    data[pivot * columns + j] = head - diagonal[j]!;
    const norm = length * (length + Math.abs(head)); // |v|² / 2
    for (let k = j + 1; k < columns; k++) {
      let dot = 0;
      for (let i = pivot; i < rows; i++) dot += data[i * columns + j]! * data[i * columns + k]!;
      for (let i = pivot; i < rows; i++) data[i * columns + k]! -= (dot / norm) * data[i * columns + j]!;
    }
    let dot = 0;
    for (let i = pivot; i < rows; i++) dot += data[i * columns + j]! * b[i]!;
    for (let i = pivot; i < rows; i++) b[i]! -= (dot / norm) * data[i * columns + j]!;
    pivots[j] = pivot++;
  }
  return backSubstitute(a, { diagonal, pivots }, b);
}

/**
 * The same with every x inside its bounds. Exact: if the best x without bounds breaks some of them, the best x within
 * them is on at least one of these, as the sum of squares is convex; each is tried, and the rest solved again.
 *
 * @param a not overwritten here, nor is `b`
 */
export function solveBounded(a: Matrix, b: Float64Array, lower: Float64Array, upper: Float64Array): Float64Array {
  const x = solveLeastSquares({ ...a, data: a.data.slice() }, b.slice());
  let best: { readonly x: Float64Array; readonly sumOfSquares: number } | undefined;
  for (let j = 0; j < a.columns; j++) {
    if (!(x[j]! < lower[j]! || x[j]! > upper[j]!)) continue;
    const bound = x[j]! < lower[j]! ? lower[j]! : upper[j]!;
    const found = withFixed(a, b, { lower, upper }, { place: j, value: bound });
    const sumOfSquares = squaresLeft(a, b, found);
    if (best === undefined || sumOfSquares < best.sumOfSquares) best = { x: found, sumOfSquares };
  }
  return best?.x ?? x;
}

/** Solves for the other columns, inside their bounds. */
function withFixed(
  { rows, columns, data }: Matrix,
  b: Float64Array,
  { lower, upper }: { readonly lower: Float64Array; readonly upper: Float64Array },
  { place, value }: { readonly place: number; readonly value: number },
): Float64Array {
  const rest = matrix(rows, columns - 1);
  const right = new Float64Array(rows);
  for (let i = 0; i < rows; i++) {
    right[i] = b[i]! - value * data[i * columns + place]!;
    for (let j = 0, c = 0; j < columns; j++)
      if (j !== place) rest.data[i * rest.columns + c++] = data[i * columns + j]!;
  }
  const others = (list: Float64Array) => list.filter((_, j) => j !== place);
  const found = solveBounded(rest, right, others(lower), others(upper));
  return Float64Array.of(...found.subarray(0, place), value, ...found.subarray(place));
}

function squaresLeft({ rows, columns, data }: Matrix, b: Float64Array, x: Float64Array): number {
  let sum = 0;
  for (let i = 0; i < rows; i++) {
    let residual = b[i]!;
    for (let j = 0; j < columns; j++) residual -= x[j]! * data[i * columns + j]!;
    sum += residual * residual;
  }
  return sum;
}

/** R x = b; R's diagonal is passed separately, with 0 for a column to ignore, and each other column has its row. */
function backSubstitute(
  { columns, data }: Matrix,
  { diagonal, pivots }: { readonly diagonal: Float64Array; readonly pivots: Int32Array },
  b: Float64Array,
): Float64Array {
  const x = new Float64Array(columns);
  for (let j = columns - 1; j >= 0; j--) {
    if (diagonal[j] === 0) continue;
    const row = pivots[j]!;
    let sum = b[row]!;
    for (let k = j + 1; k < columns; k++) sum -= data[row * columns + k]! * x[k]!;
    x[j] = sum / diagonal[j]!;
  }
  return x;
}

export interface Singular {
  /** In no order. `[columns]` */
  readonly values: Float64Array;
  /** Right singular vectors, one a column. `[columns, columns]` */
  readonly vectors: Matrix;
}

/**
 * Singular values and right singular vectors, by rotating pairs of columns until all are orthogonal (Hestenes 1958, J.
 * SIAM 6, 51-90; rotation as in Demmel and Veselic 1992). Small ones have small relative errors.
 *
 * @param a `[rows, columns]`, rows at least columns; overwritten
 */
export function singularValues(a: Matrix): Singular {
  const { columns } = a;
  const vectors = matrix(columns, columns);
  for (let j = 0; j < columns; j++) vectors.data[j * columns + j] = 1;
  // Quadratic convergence: a dozen columns need 6 to 10 sweeps.
  for (let sweep = 0; sweep < 40; sweep++) {
    let turned = false;
    for (let j = 0; j < columns - 1; j++) {
      for (let k = j + 1; k < columns; k++) turned = orthogonalise(a, vectors, j, k) || turned;
    }
    if (!turned) break;
  }
  return { values: Float64Array.from({ length: columns }, (_, j) => columnNorm(a, j)), vectors };
}

/** Rotates columns j and k of both; false if they were already orthogonal. */
function orthogonalise(a: Matrix, vectors: Matrix, j: number, k: number): boolean {
  const { rows, columns, data } = a;
  let [jj, kk, jk] = [0, 0, 0];
  for (let i = 0; i < rows; i++) {
    const [u, v] = [data[i * columns + j]!, data[i * columns + k]!];
    jj += u * u;
    kk += v * v;
    jk += u * v;
  }
  if (Math.abs(jk) <= 1e-15 * Math.sqrt(jj * kk)) return false;
  const zeta = (kk - jj) / (2 * jk);
  const tangent = (zeta < 0 ? -1 : 1) / (Math.abs(zeta) + Math.sqrt(1 + zeta * zeta));
  const cosine = 1 / Math.sqrt(1 + tangent * tangent);
  rotate(a, j, k, cosine, cosine * tangent);
  rotate(vectors, j, k, cosine, cosine * tangent);
  return true;
}

function rotate({ rows, columns, data }: Matrix, j: number, k: number, cosine: number, sine: number): void {
  for (let i = 0; i < rows; i++) {
    const [u, v] = [data[i * columns + j]!, data[i * columns + k]!];
    data[i * columns + j] = cosine * u - sine * v;
    data[i * columns + k] = sine * u + cosine * v;
  }
}
