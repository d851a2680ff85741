/** Memory that is no longer in use, given back before it is needed elsewhere: V8 lets garbage grow to several times what is in use. */
import * as v8 from 'node:v8';
import * as vm from 'node:vm';

/** Less is not worth a collection, which takes a millisecond for each megabyte in use. */
const worthwhile = 64e6;

let collect: (() => void) | undefined;
let left = 0;

/** Collects garbage if this much has been allocated since the last time. For between the stages of what takes seconds. */
export function giveBackMemory(): void {
  if (inUse() - left < worthwhile) return;
  collect ??= collector();
  collect();
  left = inUse();
}

function inUse(): number {
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}

/** V8's own function, which only contexts have that are made after the flag was set. */
function collector(): () => void {
  v8.setFlagsFromString('--expose-gc');
  const gc = vm.runInNewContext('gc') as () => void;
  v8.setFlagsFromString('--no-expose-gc');
  return gc;
}
