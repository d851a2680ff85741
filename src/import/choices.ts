/** What logits of some choices say of the true one: the columns that a trained classifier's outcomes have. */

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
 * Log-likelihoods serve as logits: only their differences count. Of equals the first is predicted, as NumPy's argmax does; a rank counts
 * the choices that are strictly better. -Infinity is a choice with no chance.
 *
 * @param logits of each choice, not NaN, at least one of them above -Infinity
 * @param label place of the true one
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
