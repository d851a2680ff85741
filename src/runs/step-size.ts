/** Which members have equally large training steps: what a precision is chosen for. */
import type { MemberKey } from './record.js';
import { architecture } from './view.js';

/** Factors that change how large a step is. */
const ofSteps: readonly string[] = [...architecture, 'classes', 'batchSize'];

/** The same text for members whose steps are equally large. */
export function sizeOfStep({ arch, width, factors }: MemberKey): string {
  const values: Readonly<Record<string, number | undefined>> = { ...factors, width };
  return JSON.stringify([arch, ...ofSteps.map((name) => values[name] ?? null)]);
}
