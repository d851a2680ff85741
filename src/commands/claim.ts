/** `emergence claim`: what a run will show, sealed before it begins, and whether it did. */
import type { Command } from 'commander';
import type { ClaimFile } from '../runs/claims.js';
import { commandLine } from '../machine/installation.js';
import { RunError, UsageError } from '../terminal/errors.js';
import { examples } from './examples.js';
import {
  collect,
  jsonOf,
  nameOf,
  openNamed,
  type Raw,
  readRun,
  root,
  textOf,
  textsOf,
  trainedRecord,
  wholeNumber,
} from './runs.js';

export function registerClaim(program: Command): void {
  const group = program
    .command('claim')
    .description('say what a run will show before it is trained, and check it afterwards')
    .helpCommand(false)
    .addHelpText('after', examples('claim seal pilot --experiment lenet-mnist --induced subset-accuracy:k=20'));
  group
    .command('seal <pilot>')
    .description('write claims about a run that is not begun, made on a pilot run, to a tamper-evident file')
    .requiredOption('--experiment <file>', 'the experiment that will be trained: a file, or a name of `experiments`')
    .option('--run <name>', "the run's name (default: the experiment's)")
    .option('--standard <metric>', "the field's usual metric (default: the pilot's)")
    .option('--induced <metric>', 'the metric that induces emergence (default: as chosen on the pilot)')
    .option(
      '--claim <claim>',
      'such as "ratio.lower > 3" or "standard.first < 0.2"; may be given again (default: "ratio.lower > 3")',
      collect,
    )
    .option('--name <name>', "the claims' name (default: the run's)")
    .option('--draws <n>', 'bootstrap draws of the intervals (default: 2000)')
    .option('--json', 'the sealed file, as JSON on stdout')
    .addHelpText(
      'after',
      examples('claim seal pilot --experiment lenet-mnist --induced subset-accuracy:k=20 --claim "ratio.lower > 3"'),
    )
    .action(seal);
  group
    .command('score <name>')
    .description('check sealed claims against the run that was trained since')
    .option('--json', 'everything, as JSON on stdout')
    .addHelpText('after', examples('claim score lenet-mnist'))
    .action(score);
  group
    .command('quantities')
    .description('what a claim can be about')
    .addHelpText('after', examples('claim quantities'))
    .action(listQuantities);
}

async function seal(pilotName: string, raw: Raw): Promise<void> {
  const { claimText, parseClaim, usualClaims } = await import('../analysis/claims.js');
  const { defaultColumnsOf, defaultInduced, defaultMetrics } = await import('../analysis/defaults.js');
  const { loadDataset } = await import('../datasets/index.js');
  const { loadExperiment } = await import('../experiment/load.js');
  const { parseTrainOptions, runNameOf } = await import('../experiment/options.js');
  const { gitCommit, packageVersions } = await import('../machine/version.js');
  const { parseMetric } = await import('../metrics/index.js');
  const { writeClaims } = await import('../runs/claims.js');
  const { runNames } = await import('../runs/locate.js');
  const { digestOfRun, experimentDigest } = await import('../runs/record.js');
  const { readRunRecord, runFolder } = await import('../runs/run.js');

  const given = textsOf(raw, 'claim');
  const claims = (given.length === 0 ? usualClaims : given).map((text) => claimText(parseClaim(text)));
  const metricId = (key: 'standard' | 'induced') => {
    const text = textOf(raw, key);
    return text === undefined ? undefined : parseMetric(text, `--${key}`).id;
  };
  const [standardId, inducedId] = [metricId('standard'), metricId('induced')];
  const draws = wholeNumber(textOf(raw, 'draws'), '--draws', 2000, 100);
  const file = await loadExperiment(textOf(raw, 'experiment')!);
  const run = runNameOf({ run: textOf(raw, 'run') }, file)!;
  const name = await nameOf(textOf(raw, 'name') ?? run, '--name');
  const { experiment } = parseTrainOptions({}, { file });
  if ((await readRunRecord(runFolder(root, run))) !== undefined)
    throw new UsageError(`there is a run "${run}" already`, '--run', 'a claim is about a run that is not begun');
  const open = await openNamed(pilotName);
  const pilotRecord = await trainedRecord(open, pilotName, 'a claim is of a family that is trained');
  if (pilotRecord.experiment.arch !== experiment.arch)
    throw new UsageError(`is a pilot of ${pilotRecord.experiment.arch}, not of ${experiment.arch}`, pilotName);
  const known = experiment.seeds.filter((seed) => pilotRecord.experiment.seeds.includes(seed));
  if (known.length > 0)
    throw new UsageError(
      `seeds ${known.join(', ')} are the pilot's too`,
      file.path,
      'claims are about seeds that nobody has seen: give others',
    );
  const { fingerprint } = await loadDataset(experiment.dataset, experiment);
  const digest = experimentDigest({ experiment, fingerprint, eager: false });
  for (const other of await runNames(root)) {
    // A record that cannot be read is no reason to seal nothing.
    const record = await readRunRecord(runFolder(root, other)).catch(() => undefined);
    const seen = experiment.seeds.filter((seed) => record?.experiment.seeds.includes(seed));
    if (record !== undefined && digestOfRun(record) === digest && seen.length > 0)
      throw new UsageError(
        `the run ${other} is of the same experiment, with seeds ${seen.join(', ')}`,
        file.path,
        'claims are about seeds that nobody has seen: give others',
      );
  }
  const pilot = await readRun(open, defaultColumnsOf(open));
  const standard = standardId ?? defaultMetrics(pilot.record, pilot.members.at(-1)!.outcomes).standard.id;
  const induced = inducedId ?? defaultInduced(pilot.record, pilot.members).metric.id;
  if (standard === induced)
    throw new UsageError(`${induced} is the standard metric too`, '--induced', 'give two metrics');
  const content: Omit<ClaimFile, 'digest'> = {
    ...{ format: 1, kind: 'claim', name, sealed: new Date().toISOString() },
    ...{ lab: packageVersions().lab, gitCommit: gitCommit() },
    pilot: {
      run: pilot.record.name,
      evidence: pilot.members.map(({ record }) => ({ member: record.id, outcomes: record.files['outcomes.parquet']! })),
    },
    ...{ run, experiment, experimentDigest: digest },
    ...{ standard, induced, draws, claims },
  };
  const { file: written, digest: sealed } = await writeClaims(pilot.folder, content);
  if (raw['json'] === true) {
    console.log(jsonOf({ ...content, digest: sealed }));
    return;
  }
  const lines = [
    `${induced} against ${standard}, on ${run}: ${experiment.widths.length} widths, seeds ${experiment.seeds.join(',')}`,
    ...claims.map((claim) => `  ${claim}`),
    '',
    `sealed  ${written}`,
    `digest  ${sealed}`,
    'Publish the digest (a commit, a timestamping service), then train:',
    `        ${commandLine(`train --experiment ${textOf(raw, 'experiment')!} --run ${run}`)}`,
    `        ${commandLine(`claim score ${name}`)}`,
  ];
  console.log(lines.join('\n'));
}

async function score(name: string, raw: Raw): Promise<void> {
  const { claimText, judge, parseClaim } = await import('../analysis/claims.js');
  const { predictionNeeds } = await import('../analysis/independence.js');
  const { compareSharpness } = await import('../analysis/sharpness.js');
  const { parseMetric } = await import('../metrics/index.js');
  const { formatNumber } = await import('../terminal/format.js');
  const { textTable } = await import('../report/text-table.js');
  const { locateClaims, whyClaimsVoid } = await import('../runs/claims.js');
  const { membersOf, readRunRecord, runFolder } = await import('../runs/run.js');

  const read = await locateClaims(name, root);
  const { claim } = read;
  if ((await readRunRecord(runFolder(root, claim.run))) === undefined)
    throw new UsageError(`the run ${claim.run} is not trained yet`, claim.name, 'train it, then score');
  const open = await openNamed(runFolder(root, claim.run));
  const record = await trainedRecord(open, claim.run, 'a claim is of a family that is trained');
  const reasons = whyClaimsVoid(
    read,
    record,
    open.complete.flatMap(({ trained }) => trained ?? []),
  );
  if (reasons.length > 0) throw new RunError(`void, and not judged: ${reasons.join('; ')}`, claim.name);
  const [standard, induced] = [parseMetric(claim.standard, name), parseMetric(claim.induced, name)];
  const run = await readRun(open, [...standard.needs, ...induced.needs, ...(predictionNeeds(induced) ?? [])]);
  const wanted = membersOf(record.experiment).length;
  if (run.members.length < wanted)
    throw new UsageError(
      `${wanted - run.members.length} of ${wanted} members of ${claim.run} are missing`,
      claim.name,
      commandLine(`train --run ${claim.run}`),
    );
  const options = { standard: { metric: standard }, induced: { metric: induced }, members: run.members };
  const sharpness = compareSharpness({ ...options, draws: claim.draws });
  const judged = claim.claims.map((text) => judge(parseClaim(text, claim.name), sharpness));
  if (raw['json'] === true) {
    console.log(
      jsonOf({ claims: claim.name, sealed: claim.sealed, digest: claim.digest, run: claim.run, judged, sharpness }),
    );
    return;
  }
  const rows = judged.map((each) => [
    claimText(each),
    formatNumber(each.measured),
    each.holds ? 'holds' : 'does not hold',
  ]);
  console.log(
    [
      textTable(['claim', 'measured', 'verdict'], rows, ['claim', 'verdict']),
      '',
      `Sealed ${claim.sealed}, digest ${claim.digest}.`,
    ].join('\n'),
  );
}

async function listQuantities(): Promise<void> {
  const { quantities } = await import('../analysis/claims.js');
  const width = Math.max(...Object.keys(quantities).map((key) => key.length));
  for (const [key, what] of Object.entries(quantities)) console.log(`${key.padEnd(width)}  ${what}`);
  console.log('\nScores (all but .first and .last) have .lower and .upper too, the ends of their 95 % intervals.');
}
