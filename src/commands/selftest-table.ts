/** The table of `emergence doctor --selftest`. */
import type { Selftest } from '../library/selftest.js';
import { textTable } from '../report/tables/text-table.js';
import { formatBytes, formatNumber, formatRate, withSpaces } from '../terminal/format.js';

/** A device's results, as text without a line break at the end. */
export function selftestTable({ members, faults }: Selftest): string {
  const beside = members.some(({ cpuLoss }) => cpuLoss !== undefined);
  const ofCpu = (loss: number | undefined) => (loss === undefined ? '-' : formatNumber(loss, 4));
  const table = textTable(
    ['member', 'device', 'parameters', 'rate', 'memory', 'loss', ...(beside ? ["the CPU's"] : []), 'same bits twice'],
    members.map(({ id, device, parameters, examplesPerSecond, peakMemoryBytes, loss, cpuLoss, sameBits }) => [
      ...[id, device.toUpperCase(), withSpaces(parameters), formatRate(examplesPerSecond)],
      ...[peakMemoryBytes === null ? '-' : formatBytes(peakMemoryBytes), formatNumber(loss, 4)],
      ...(beside ? [ofCpu(cpuLoss)] : []),
      sameBits ? 'yes' : 'NO',
    ]),
    ['member', 'device'],
  );
  return [table, ...(faults.length === 0 ? ['All checks passed.'] : faults)].join('\n');
}
