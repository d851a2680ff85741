/** Claims about a run in words, and as a table once they are judged. */
import { claimText, type JudgedClaim } from '../../analysis/claims.js';
import type { ClaimFile } from '../../runs/claims.js';
import { counted, formatNumber } from '../../terminal/format.js';
import { textTable } from './text-table.js';

/** `3 widths`, `over depth at width 8`. */
export function claimedScales({ experiment, view }: Pick<ClaimFile, 'experiment' | 'view'>): string {
  if (view === undefined && experiment.grid === undefined) return counted(experiment.widths.length, 'width');
  const { axis: over, where: held = {}, at: step, probe: of }: NonNullable<typeof view> = view ?? {};
  const places = Object.entries({ ...held, ...(step === undefined ? {} : { step }) }).map(
    ([key, at]) => `${key} ${at}`,
  );
  return [
    over === undefined ? 'over the usual axis' : `over ${over}`,
    ...(places.length === 0 ? [] : [`at ${places.join(' and ')}`]),
    ...(of === undefined ? [] : [`for the probe ${of}`]),
  ].join(' ');
}

export function judgedText(judged: readonly JudgedClaim[], claim: ClaimFile): string {
  const { sealed, digest, view } = claim;
  const rows = judged.map((each) => [
    claimText(each),
    formatNumber(each.measured),
    each.holds ? 'holds' : 'does not hold',
  ]);
  return [
    textTable(['claim', 'measured', 'verdict'], rows, ['claim', 'verdict']),
    '',
    `${view === undefined ? '' : `Curves ${claimedScales(claim)}. `}Sealed ${sealed}, digest ${digest}.`,
  ].join('\n');
}
