/** The columns `import table` knows: data only, as the help text is made from it too. */

/** The roles of columns: the option that names one, and the names recognized if the option is not given. */
export const tableColumns = {
  model: { names: ['model'], description: 'name of the model (default: model, else the name of the file)' },
  seed: { names: ['seed'], description: 'distinguishes models that differ only in their seed (default: seed)' },
  example: {
    names: ['example', 'example_id', 'id', 'doc_id'],
    description: 'id of the example (default: example, example_id, id or doc_id)',
  },
  correct: { names: ['correct'], description: '0 or 1, true or false (default: correct)' },
  label: { names: ['label'], description: 'the true class (default: label)' },
  predicted: { names: ['predicted'], description: 'the predicted class (default: predicted)' },
  logProbability: {
    names: ['log_probability'],
    description: 'natural logarithm of the probability of the true class (default: log_probability)',
  },
  probability: { names: ['probability'], description: 'probability of the true class (default: probability)' },
  brier: { names: ['brier'], description: 'Brier score, summed over the classes (default: brier)' },
  confidence: { names: ['confidence'], description: 'probability of the predicted class (default: confidence)' },
  margin: {
    names: ['margin'],
    description: "true class's probability minus the largest other (default: margin)",
  },
  rank: { names: ['rank'], description: 'place of the true class, 1 for the first (default: rank)' },
  score: { names: ['score'], description: 'any number for which higher is better (default: score)' },
  group: { names: ['group'], description: 'who or what the example comes from (default: group)' },
} as const satisfies Readonly<Record<string, { readonly names: readonly string[]; readonly description: string }>>;
export type TableColumn = keyof typeof tableColumns;

/** Columns taken as the model's coordinates by default, if present. */
export const usualCoordinates = ['parameters', 'flops', 'tokens', 'data', 'width', 'depth', 'steps', 'loss'] as const;
