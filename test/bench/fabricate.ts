/**
 * Runs as the lab writes them, but without training: run.json, and for each member member.json, weights, history and Parquet outcomes with
 * their hashes. The simulated family's accuracy grows with the width.
 */
import * as fs from 'node:fs';
import * as path from 'node:path';
import { momentsOf } from '../../src/experiment/moments.js';
import { sha256Of } from '../../src/machine/inputs.js';
import { encodeHistory } from '../../src/runs/history.js';
import { jsonWithDigest } from '../../src/runs/json.js';
import { encodeMoment, encodeOutcomes, momentFile } from '../../src/runs/outcomes.js';
import { digestOfRun, memberId, type MemberKey } from '../../src/runs/record.js';
import { memberFolder, membersOf, writeRunRecord } from '../../src/runs/run.js';
import { encodeSafetensors } from '../../src/runs/safetensors.js';
import { Random } from '../../src/statistics/random.js';
import { epochRecord, experiment, memberRecord, runRecord, syntheticOutcomes } from '../support/runs.js';

export interface Fabricated {
  readonly folder: string;
  readonly members: number;
  readonly examples: number;
  /** Per width; there are as many widths as the members need. */
  readonly seeds: number;
  /** In addition to the end of training. */
  readonly moments?: number;
}

/**
 * This many members have separate outcomes; further ones share a file by hard link, which takes no disk space. Each is read, hashed and
 * decoded like a separate file, and the ten seeds of a width have ten different ones.
 */
const mostFiles = 400;
const steps = 1404;

export async function fabricate({ folder, members, examples, seeds, moments = 0 }: Fabricated): Promise<void> {
  const widths = Array.from({ length: Math.ceil(members / seeds) }, (_, i) => i + 1);
  const base = runRecord();
  const run = runRecord({
    experiment: {
      ...experiment,
      widths,
      seeds: Array.from({ length: seeds }, (_, seed) => seed),
      ...(moments === 0 ? {} : { moments: `${moments}:log` }),
    },
    dataset: { ...base.dataset, testCount: examples },
  });
  const keys = membersOf(run.experiment);
  const ofEach = (value: (key: MemberKey) => number) =>
    Object.fromEntries(keys.map((key) => [memberId(key), value(key)]));
  await writeRunRecord(folder, {
    ...run,
    threads: ofEach(() => 1),
    flops: ofEach((key) => memberRecord(key).trainingFlops),
  });
  const digest = digestOfRun(run);
  const levels = Math.min(widths.length, Math.ceil(mostFiles / seeds));
  // The test set, and thus the labels, are the same for all.
  const labels = Int32Array.from(syntheticOutcomes(examples, 0.5, Random.named(0, 'labels'))['label']!);
  const drawn = new Map<string, { readonly file: string; readonly hash: string }>();
  for (const [place, key] of keys.entries()) {
    const within = memberFolder(folder, key);
    fs.mkdirSync(within, { recursive: true });
    const level = Math.floor((Math.floor(place / seeds) * levels) / widths.length);
    const kind = `${level} ${key.seed}`;
    const files: Record<string, string> = {};
    const write = (name: string, content: string | Uint8Array) => {
      fs.writeFileSync(path.join(within, name), content);
      files[name] = sha256Of(content);
    };
    write('weights.safetensors', weightsOf(key));
    write('history.jsonl', encodeHistory([1, 2, 3].map(epochRecord)));
    const known = drawn.get(kind);
    const file = path.join(within, 'outcomes.parquet');
    if (known === undefined || moments > 0) {
      const random = Random.named(key.seed, 'fabricated', level);
      const accuracy = 0.1 + 0.85 * ((level + 1) / (levels + 1)) ** 0.5;
      const columnsOf = (p: number) => {
        const columns = syntheticOutcomes(examples, p, random);
        const predicted = labels.map((value, i) => (value + 1 - columns['correct']![i]!) % 10);
        return { ...columns, label: labels, predicted };
      };
      write('outcomes.parquet', encodeOutcomes(columnsOf(accuracy)));
      drawn.set(kind, { file, hash: files['outcomes.parquet']! });
      for (const step of momentsOf(run.experiment.moments, steps))
        write(momentFile(step), encodeMoment(columnsOf(0.1 + (accuracy - 0.1) * (step / steps) ** 0.3)));
    } else {
      fs.linkSync(known.file, file);
      files['outcomes.parquet'] = known.hash;
    }
    const record = memberRecord(key, { experiment: digest, steps, files });
    fs.writeFileSync(path.join(within, 'member.json'), jsonWithDigest(record).text);
  }
}

function weightsOf(key: MemberKey): Uint8Array {
  const data = Float32Array.of(key.width, key.seed);
  return encodeSafetensors(new Map([['bias', { shape: [2], data }]]));
}
