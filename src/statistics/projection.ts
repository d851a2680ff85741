/** Least squares by an orthonormal basis, for many right-hand sides of the same columns. */

/** Orthonormal columns that span the given ones (Gram and Schmidt, twice over each, which is enough: Giraud et al. 2005); dependent ones are left out. */
export function orthonormal(columns: readonly Float64Array[]): Float64Array[] {
  const basis: Float64Array[] = [];
  for (const column of columns) {
    const rest = residualOf(basis, residualOf(basis, column));
    const length = Math.sqrt(dot(rest, rest));
    if (length > 1e-9 * Math.sqrt(dot(column, column))) basis.push(rest.map((value) => value / length));
  }
  return basis;
}

/** The part of a column that an orthonormal basis does not explain. */
export function residualOf(basis: readonly Float64Array[], column: Float64Array): Float64Array {
  const rest = Float64Array.from(column);
  for (const direction of basis) {
    const share = dot(direction, rest);
    for (let i = 0; i < rest.length; i++) rest[i]! -= share * direction[i]!;
  }
  return rest;
}

export function dot(a: Float64Array, b: Float64Array): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += a[i]! * b[i]!;
  return sum;
}
