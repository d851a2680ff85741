/** The data of the mixture: how many examples there are of each kind that its likelihood can distinguish. */

/** The part of a run that the models use. */
export interface SolvedTable {
  /** Natural logarithms of the parameters, ascending, at least two. */
  readonly logParameters: readonly number[];
  /** Number of members at each scale. */
  readonly trials: readonly number[];
  /** Number of members that solve an example, `[scale][example]`. */
  readonly counts: readonly ArrayLike<number>[];
}

export interface Data {
  readonly table: SolvedTable;
  readonly examples: number;
  /** Position of each scale between the smallest, 0, and the largest, 1. */
  readonly place: Float64Array;
  readonly trials: Float64Array;
  readonly floor: number;
  /** Parameters besides those of a model: 1 if there is a choice of a floor. */
  readonly choices: number;
  /** Examples by the number of members that solve them. */
  readonly totals: Float64Array;
  /** Sum of place over all solved trials. */
  readonly placedSum: number;
  /** The sufficient statistics for a common slope. */
  readonly commonRows: ExampleRows;
  readonly rows: ExampleRows;
  /** Largest slope: 10 to 90 % within a fifth of the distance of the two closest scales, which looks like a step. */
  readonly steepest: number;
}

/**
 * Distinct examples with their counts. Without a floor they are identified by their number of solved trials and the sum of these
 * trials' places, with a common slope by the first alone; with a floor, by their solved trials at each scale.
 */
export interface ExampleRows {
  /** `[features][rows]` */
  readonly features: readonly Float64Array[];
  readonly examples: Float64Array;
}

export function prepare(table: SolvedTable, { floor, choices }: Pick<Data, 'floor' | 'choices'>): Data {
  const { logParameters, trials, counts } = table;
  const [first, last] = [logParameters[0]!, logParameters.at(-1)!];
  const place = Float64Array.from(logParameters, (x) => (x - first) / (last - first));
  const gaps = Array.from(place.subarray(1), (t, s) => t - place[s]!);
  const examples = counts[0]!.length;
  const totals = new Float64Array(trials.reduce((sum, n) => sum + n, 0) + 1);
  const sums = [new Float64Array(examples), new Float64Array(examples)] as const;
  for (let i = 0; i < examples; i++) {
    for (let s = 0; s < counts.length; s++) {
      sums[0][i]! += counts[s]![i]!;
      sums[1][i]! += counts[s]![i]! * place[s]!;
    }
    totals[sums[0][i]!]!++;
  }
  const rows = floor === 0 ? distinct(sums, examples) : distinct(counts, examples);
  return {
    ...{ table, examples, place, totals, floor, choices, rows },
    commonRows: floor === 0 ? distinct([sums[0]], examples) : rows,
    placedSum: sums[1].reduce((sum, value) => sum + value, 0),
    trials: Float64Array.from(trials),
    steepest: (10 * Math.log(9)) / Math.min(...gaps),
  };
}

function distinct(columns: readonly ArrayLike<number>[], examples: number): ExampleRows {
  const found = new Map<string, { first: number; examples: number }>();
  for (let i = 0; i < examples; i++) {
    const key = columns.map((column) => column[i]!).join();
    const row = found.get(key);
    if (row === undefined) found.set(key, { first: i, examples: 1 });
    else row.examples++;
  }
  const list = [...found.values()];
  return {
    features: columns.map((column) => Float64Array.from(list, ({ first }) => column[first]!)),
    examples: Float64Array.from(list, (row) => row.examples),
  };
}
