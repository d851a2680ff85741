/** What the logits of a set of choices say about the true one: the outcome columns of a trained classifier. */

export interface ChoiceOutcomes {
  readonly predicted: number;
  readonly correct: 0 | 1;
  /** Natural logarithm of the true choice's probability, by a softmax over the choices. */
  readonly log_probability: number;
  /** Sum over the choices of (p - t)². */
  readonly brier: number;
  readonly confidence: number;
  readonly margin: number;
  readonly rank: number;
}

/**
 * Log-likelihoods serve as logits: only their differences matter. Ties go to the first choice, as in NumPy's argmax; a rank counts the
 * choices that are strictly better. -Infinity means probability 0.
 *
 * @param logits one for each choice, not NaN, at least one of them above -Infinity
 * @param label index of the true choice
 */
export function outcomesOfChoices(logits: ArrayLike<number>, label: number): ChoiceOutcomes {
  const n = logits.length;
  let predicted = 0;
  for (let i = 1; i < n; i++) if (logits[i]! > logits[predicted]!) predicted = i;
  const most = logits[predicted]!;
  let sum = 0;
  let rank = 1;
  for (let i = 0; i < n; i++) {
    sum += Math.exp(logits[i]! - most);
    if (logits[i]! > logits[label]!) rank++;
  }
  const logSum = Math.log(sum);
  let brier = 0;
  let other = 0;
  for (let i = 0; i < n; i++) {
    const p = Math.exp(logits[i]! - most - logSum);
    brier += (p - (i === label ? 1 : 0)) ** 2;
    if (i !== label && p > other) other = p;
  }
  const log_probability = logits[label]! - most - logSum;
  return {
    predicted,
    correct: predicted === label ? 1 : 0,
    log_probability,
    brier,
    confidence: Math.exp(-logSum),
    margin: Math.exp(log_probability) - other,
    rank,
  };
}
