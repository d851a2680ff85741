// What a run's members say: node curves.mjs RUN_FOLDER [REFERENCE_FOLDER]  -> one JSON line per member
import fs from 'node:fs';
import path from 'node:path';
const [run, reference] = process.argv.slice(2);
const read = (f) => {
  try {
    return fs.readFileSync(f, 'utf8');
  } catch {
    return undefined;
  }
};
const member = (root, id) => {
  const folder = path.join(root, 'members', id);
  const about = read(path.join(folder, 'member.json'));
  if (about === undefined) return undefined;
  const history = (read(path.join(folder, 'history.jsonl')) ?? '')
    .split('\n')
    .filter(Boolean)
    .map((l) => JSON.parse(l));
  return { about: JSON.parse(about), history };
};
const settings = (root) => {
  const r = JSON.parse(read(path.join(root, 'run.json')) ?? '{}');
  return { batch: r.experiment?.batchSize, device: r.device, threads: r.threads, precision: r.experiment?.precision };
};
const brief = (h) => {
  const last = h.at(-1) ?? {};
  return Object.fromEntries(
    Object.entries(last)
      .filter(([, v]) => typeof v === 'number')
      .map(([k, v]) => [k, Math.round(v * 1e6) / 1e6]),
  );
};
let ids = [];
try {
  ids = fs.readdirSync(path.join(run, 'members')).sort();
} catch {
  /* nothing trained */
}
for (const id of ids) {
  const m = member(run, id);
  if (m === undefined) continue;
  const s = settings(run);
  const { steps, trainingSeconds, evaluationSeconds, peakMemoryBytes, parameters, status, files } = m.about;
  const out = {
    run: path.basename(run),
    id,
    status,
    device: s.device?.kind,
    precision: s.precision,
    parameters,
    steps,
    trainingSeconds,
    evaluationSeconds,
    peakMiB: Math.round((peakMemoryBytes ?? 0) / 2 ** 20),
    batchesPerSecond: Math.round((steps / trainingSeconds) * 10) / 10,
    examplesPerSecond: Math.round((steps * (s.batch ?? 0)) / trainingSeconds),
    weights: files?.['weights.safetensors']?.slice(0, 12),
    outcomes: files?.['outcomes.parquet']?.slice(0, 12),
    last: brief(m.history),
    rates: m.history.map((h) => Math.round(h.examplesPerSecond)),
  };
  const r = reference === undefined ? undefined : member(reference, id);
  if (r !== undefined) {
    out.reference = brief(r.history);
    out.sameWeights = r.about.files?.['weights.safetensors'] === files?.['weights.safetensors'];
    out.speedup = Math.round((r.about.trainingSeconds / trainingSeconds) * 100) / 100;
  }
  console.log(JSON.stringify(out));
}
if (ids.length === 0) console.log(JSON.stringify({ run: path.basename(run), status: 'nothing' }));
