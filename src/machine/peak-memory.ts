/** The peak of this process's resident memory. */
import * as fs from 'node:fs';

/** From now on the peak is that since this call, where the system can forget (Linux: proc(5), clear_refs 5). */
export function resetPeakMemory(): void {
  try {
    fs.writeFileSync('/proc/self/clear_refs', '5');
  } catch {
    // Not Linux, or not allowed: the peak stays that of the whole process.
  }
}

/** Bytes, since `resetPeakMemory` or since the process began. */
export function peakMemory(): number {
  const highWater = /^VmHWM:\s+(\d+) kB$/m.exec(readStatus());
  return 1024 * (highWater === null ? process.resourceUsage().maxRSS : Number(highWater[1]));
}

function readStatus(): string {
  try {
    return fs.readFileSync('/proc/self/status', 'utf8');
  } catch {
    return '';
  }
}
