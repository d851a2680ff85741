/** A member's scores during training, as one line. */
import { formatPercent } from './format.js';

/** `loss 0.1234  accuracy 96.10 %`; only the loss if there is no accuracy. */
export function scoresText(loss: number, accuracy: number | null): string {
  const digits = accuracy === null ? 5 : 4; // squared errors per pixel are small
  return [`loss ${loss.toFixed(digits)}`, ...(accuracy === null ? [] : [`accuracy ${formatPercent(accuracy)}`])].join(
    '  ',
  );
}

/** Scores after an epoch on data that is not trained on. */
interface HeldOut {
  readonly testLoss?: number | undefined;
  readonly testAccuracy?: number | null | undefined;
  readonly validationLoss?: number | undefined;
  readonly validationAccuracy?: number | null | undefined;
}

/** `test loss 0.1234  accuracy 96.10 %`, `validation ...`: for whatever was scored. */
export function heldOutTexts({ testLoss, testAccuracy, validationLoss, validationAccuracy }: HeldOut): string[] {
  return [
    ...(testLoss === undefined ? [] : [`test ${scoresText(testLoss, testAccuracy ?? null)}`]),
    ...(validationLoss === undefined ? [] : [`validation ${scoresText(validationLoss, validationAccuracy ?? null)}`]),
  ];
}
