/** Plans the run in checkpoints/run for 64 cores, as if none of its members were trained, using only its record. */
import { planFamily } from '../../src/experiment/plan.js';
import { memberId } from '../../src/runs/record.js';
import { membersOf, readRunRecord } from '../../src/runs/run.js';

const record = await readRunRecord('checkpoints/run');
const members = membersOf(record!.experiment).map((key) => {
  const id = memberId(key);
  return { id, arch: record!.experiment.arch, flopsPerStep: record!.flops![id]! / 1404, steps: 1404 };
});
const started = performance.now();
planFamily({ members, cores: 64, device: 'cpu' });
console.log(`${((performance.now() - started) / 1000).toFixed(3)} s`);
