/** `emergence forecast`: predictions of larger members, sealed before they are trained, and what they were worth. */
import type { Command } from 'commander';
import type { MetricForecast } from '../analysis/forecast/forecast.js';
import type { OpenRun } from '../runs/load.js';
import type { RunRecord } from '../runs/record.js';
import type { Seal } from '../runs/forecasts.js';
import { figureOptionsOf } from '../report/figures/print.js';
import { RunError, UsageError } from '../terminal/errors.js';
import {
  addMetricFile,
  axisOption,
  collect,
  furtherScales,
  jsonOf,
  metricsOf,
  nameOf,
  openNamed,
  pictureLines,
  printOptions,
  type Raw,
  readRun,
  refuseImpossible,
  registryOf,
  textOf,
  textsOf,
  trainedRecord,
  wholeNumber,
  wholeNumbers,
} from './runs.js';
import { commandLine } from '../machine/installation.js';
import { examples } from './examples.js';

const root = 'checkpoints';
const metricHelp =
  'a metric, such as subset-accuracy:k=10; may be given again (default: the standard and the induced one)';

export function registerForecast(program: Command): void {
  const group = program
    .command('forecast')
    .description('predictions of larger members, written down before these are trained, and what they were worth')
    .helpCommand(false)
    .addHelpText('after', examples('forecast seal lenet-mnist --widths 24,32 --metric accuracy'));
  addMetricFile(
    group
      .command('seal <run>')
      .description('predict untrained members and write the prediction to a tamper-evident file')
      .requiredOption('--widths <list>', 'widths to predict')
      .option('--seeds <list>', "their seeds (default: the run's)")
      .option('--metric <name>', metricHelp, collect),
  )
    .option('--name <name>', "the forecast's name (default: the run's with a number)")
    .option('--draws <n>', 'draws of each predictive distribution (default: 400)')
    .option('--json', 'the sealed file, as JSON on stdout')
    .addHelpText(
      'after',
      examples('forecast seal lenet-mnist --widths 24,32 --metric accuracy --metric subset-accuracy:k=20'),
    )
    .action(seal);
  addMetricFile(
    group
      .command('score <name>')
      .description('hold a sealed forecast against the members that were trained since; NAME, RUN/NAME or the file'),
  )
    .option('--output <stem>', "the picture's path without .svg and so on (default: beside the sealed file)")
    .option(...printOptions.size)
    .option(...printOptions.format)
    .option(...printOptions.title)
    .option('--json', 'everything, as JSON on stdout')
    .option('--csv', 'everything, as comma-separated values on stdout')
    .addHelpText('after', examples('forecast score lenet-mnist-1'))
    .action(score);
  group
    .command('verify [name]')
    .description(
      "check that sealed forecasts, their inputs and their order are unchanged; a forecast's name or a run's, or all",
    )
    .addHelpText('after', examples('forecast verify lenet-mnist'))
    .action(verify);
  group
    .command('list [run]')
    .description('sealed forecasts, of a run or of all')
    .option('--json', 'everything, as JSON on stdout')
    .addHelpText('after', examples('forecast list'))
    .action(list);
  addMetricFile(
    group
      .command('study <run>')
      .description('backtest: forecast the larger widths from every set of smaller ones')
      .option('--metric <name>', metricHelp, collect),
  )
    .option('--draws <n>', 'draws of each predictive distribution (default: 400)')
    .option(...axisOption)
    .option(
      '--output <stem>',
      "the picture's path without .svg and so on (default: forecast-study in the run's folder)",
    )
    .option(...printOptions.size)
    .option(...printOptions.format)
    .option(...printOptions.title)
    .option('--json', 'everything, as JSON on stdout')
    .option('--csv', 'everything, as comma-separated values on stdout')
    .addHelpText('after', examples('forecast study lenet-mnist --metric accuracy --metric subset-accuracy:k=20'))
    .action(study);
  group
    .command('methods')
    .description('how forecasts are made: formulas and sources')
    .addHelpText('after', examples('forecast methods'))
    .action(methods);
}

/** Metrics that were asked for, else the run's standard and induced one, with the members and all columns that they take. */
async function openWithMetrics(name: string, raw: Raw) {
  const { defaultColumnsOf, defaultMetrics } = await import('../analysis/defaults.js');
  const { forecastNeeds } = await import('../analysis/forecast/forecast.js');
  const open = await openNamed(name, textOf(raw, 'axis'));
  const registry = await registryOf(raw, open);
  const asked = await metricsOf(textsOf(raw, 'metric'), registry);
  await refuseImpossible(open, asked, registry);
  if (asked.length > 0) return { metrics: asked, run: await readAll(open, asked.flatMap(forecastNeeds)) };
  const first = await readRun(open, defaultColumnsOf(open));
  const { standard, induced } = defaultMetrics(open.record, first.members.at(-1)!.outcomes);
  return { metrics: [standard, induced], run: await readAll(open, [standard, induced].flatMap(forecastNeeds)) };
}

async function readAll(open: OpenRun, needs: Parameters<typeof readRun>[1]) {
  // What a detour reads may be missing; the detour then says so.
  return readRun(
    open,
    needs.filter((column) => open.columns.includes(column)),
  );
}

async function seal(name: string, raw: Raw): Promise<void> {
  const { forecastDraws, forecastMetric, levels } = await import('../analysis/forecast/forecast.js');
  const { scalesOf } = await import('../analysis/curves.js');
  const { gitCommit, packageVersions } = await import('../machine/version.js');
  const { digestOfRun } = await import('../runs/record.js');
  const { endOfChain, readSeals, writeSeal } = await import('../runs/forecasts.js');
  const { sealedTable } = await import('../report/forecast.js');
  const { sizesOf } = await import('../training/sizes.js');
  const { stepsOfPart, withSteps } = await import('../terminal/steps.js');

  const widths = ascending(wholeNumbers(textOf(raw, 'widths') ?? '', '--widths'), '--widths');
  const draws = wholeNumber(textOf(raw, 'draws'), '--draws', forecastDraws, 100);
  const { metrics, run } = await openWithMetrics(name, raw);
  const { folder, members } = run;
  const record = await trainedRecord(
    run,
    name,
    'only members that the lab will train can be sealed; forecast study works on it',
  );
  const seedText = textOf(raw, 'seeds');
  const seeds =
    seedText === undefined ? record.experiment.seeds : ascending(wholeNumbers(seedText, '--seeds', 0), '--seeds');
  const scales = scalesOf(members);
  if (scales.length < 3)
    throw new UsageError(
      `has ${scales.length} complete widths, and a forecast needs 3`,
      name,
      'train more with --widths',
    );
  const targets = sizesOf(record, widths, '--widths');

  await refuseTrained({ folder, record }, widths, seeds);
  const widest = scales.at(-1)!;
  const known = targets.find(({ parameters }) => parameters <= widest.parameters);
  if (known !== undefined)
    throw new UsageError(
      `${known.width} is not above ${widest.width}, the widest that is known`,
      '--widths',
      'a forecast is of larger members',
    );
  const asked = textOf(raw, 'name');
  await endOfChain(folder);
  if (asked !== undefined) await nameOf(asked, '--name');
  const parameters = targets.map((target) => target.parameters);
  const forecasts = await withSteps('forecasts', (onStep) =>
    metrics.map((metric, i) =>
      forecastMetric(metric, members, {
        targets: parameters,
        draws,
        onStep: stepsOfPart(onStep, i, metrics.length),
      }),
    ),
  );
  for (const { metric, known: values } of forecasts) refuseInfinite(metric.id, values);

  // What holds the lock tidies up on a signal, and a computation would not let it: only then.
  const { lockRun } = await import('../runs/lock.js');
  const release = await lockRun(folder);
  try {
    await refuseTrained({ folder, record }, widths, seeds);
    const last = await endOfChain(folder);
    const { seals: earlier } = await readSeals(folder);
    const taken = earlier.map(({ seal: each }) => each.name);
    const sealName = asked ?? freeName(record.name, taken);
    const sealed: Omit<Seal, 'digest'> = {
      format: 1,
      name: sealName,
      run: record.name,
      number: (last?.number ?? 0) + 1,
      sealed: new Date().toISOString(),
      previous: last === undefined ? null : { name: last.name, digest: last.digest },
      lab: packageVersions().lab,
      gitCommit: gitCommit(),
      experiment: digestOfRun(record),
      fingerprint: record.dataset.fingerprint,
      evidence: members.map(({ record: { id, parameters: count, files } }) => {
        return { member: id, parameters: count, outcomes: files['outcomes.parquet']! };
      }),
      targets,
      seeds: [...seeds],
      metricFile: await hashOfMetricFile(raw),
      levels: [...levels],
      draws,
      metrics: forecasts.map(plainForecast),
    };
    const { file, digest } = await writeSeal(folder, sealed);
    if (raw['json'] === true) {
      console.log(jsonOf({ ...sealed, digest }));
      return;
    }
    console.log(
      [
        sealedTable(forecasts, targets),
        '',
        'Median [80 % interval] of a member.',
        `sealed  ${file}`,
        `        ${sealed.sealed}, number ${sealed.number} of this run`,
        `digest  ${digest}`,
        'Publish the digest (a commit, a timestamping service), then train:',
        `        ${commandLine(`train --run ${record.name} --widths ${widths.join(',')}${seedText === undefined ? '' : ` --seeds ${seeds.join(',')}`}`)}`,
        `        ${commandLine(`forecast score ${sealed.name}`)}`,
      ].join('\n'),
    );
  } finally {
    await release();
  }
}

function refuseInfinite(id: string, known: MetricForecast['known']): void {
  for (const { width, values } of known) {
    const odd = values.find((value) => !Number.isFinite(value));
    if (odd !== undefined)
      throw new UsageError(`${id} is ${odd} at width ${width}`, '--metric', 'a forecast needs numbers');
  }
}

/** Numbers as JSON has them: six digits, and null for what is not finite. */
function plainForecast({ metric, known, methods: each, silent }: MetricForecast): Seal['metrics'][number] {
  const short = (value: number) => Number(value.toPrecision(6));
  const finite = (value: number) => (Number.isFinite(value) ? short(value) : null);
  return {
    metric: metric.id,
    better: metric.better,
    known: known.map(({ width, parameters, values }) => ({ width, parameters, values: values.map(short) })),
    methods: each.map(({ method, quantiles, fits }) => ({
      method,
      quantiles: quantiles.map((list) => list.map(short)),
      fits: fits.map(({ of, model, weight, converged, aicc, rms, parameters }) => ({
        ...{ of, model, weight: short(weight) },
        ...(parameters === undefined || aicc === undefined || rms === undefined || converged === undefined
          ? {}
          : {
              converged,
              aicc: finite(aicc),
              rms: finite(rms),
              parameters: parameters.map(({ lower, upper, value, ...rest }) => {
                return { ...rest, value: short(value), lower: finite(lower), upper: finite(upper) };
              }),
            }),
      })),
    })),
    silent: [...silent],
  };
}

/** What is trained or in training already can't be foretold. Throws UsageError. */
async function refuseTrained(
  { folder, record }: { readonly folder: string; readonly record: RunRecord },
  widths: readonly number[],
  seeds: readonly number[],
) {
  const { memberFolder, readMemberRecord } = await import('../runs/run.js');
  const { memberId } = await import('../runs/record.js');
  for (const width of widths) {
    for (const seed of seeds) {
      const key = { arch: record.experiment.arch, width, seed };
      const found = await readMemberRecord(memberFolder(folder, key));
      if (found === undefined) continue;
      const what = found.status === 'complete' ? 'is trained already' : 'is in training already';
      throw new UsageError(`${memberId(key)} ${what}`, '--widths', 'predict what is not');
    }
  }
}

/** The first of NAME-1, NAME-2, ... that is not taken. */
function freeName(run: string, taken: readonly string[]): string {
  for (let i = taken.length + 1; ; i++) if (!taken.includes(`${run}-${i}`)) return `${run}-${i}`;
}

function ascending(values: readonly number[], flag: string): number[] {
  const twice = values.find((value, i) => values.indexOf(value) < i);
  if (twice !== undefined) throw new UsageError(`${twice} is listed twice`, flag, 'list each once');
  return [...values].sort((a, b) => a - b);
}

async function hashOfMetricFile(raw: Raw): Promise<string | null> {
  const file = textOf(raw, 'metricFile');
  if (file === undefined) return null;
  const { sha256File } = await import('../machine/files.js');
  return sha256File(file);
}

async function score(name: string, raw: Raw): Promise<void> {
  const path = await import('node:path');
  const { outcomeOf } = await import('../analysis/forecast/sealed.js');
  const { parseMetric } = await import('../metrics/index.js');
  const { scoreFigure } = await import('../report/figures/forecast.js');
  const { scoreCsv, scoreTable } = await import('../report/forecast.js');
  const printed = figureOptionsOf(raw);
  const { locateSeal } = await import('../runs/forecasts.js');
  const { writeFigure } = await import('../report/files.js');
  if (raw['json'] === true && raw['csv'] === true) throw new UsageError('JSON and CSV at once', '--json', 'give one');
  const { runFolder, read } = await locateSeal(name, root);
  const { seal: sealed } = read;
  const open = await openNamed(runFolder);
  if (read.unchanged && sealed.metricFile !== (await hashOfMetricFile(raw)))
    throw new UsageError(
      sealed.metricFile === null
        ? 'the forecast was sealed without one'
        : 'the forecast was sealed with another file, or an earlier version of it',
      '--metric-file',
      sealed.metricFile === null ? 'leave it out' : 'give that one',
    );
  const registry = await registryOf(raw, open);
  const { reasons, scores, missing } = await outcomeOf(open, read, (id) => parseMetric(id, sealed.name, registry));
  if (reasons.length > 0) throw new RunError(`void, and not scored: ${reasons.join('; ')}`, sealed.name);
  if (scores.length === 0)
    throw new UsageError(
      'none of its members is trained yet',
      sealed.name,
      commandLine(`train --run ${open.record.name} --widths ${sealed.targets.map(({ width }) => width).join(',')}`),
    );
  if (raw['json'] === true) {
    const { plainMetric } = await import('../report/forecast.js');
    const plain = scores.map(({ metric, ...rest }) => ({ ...plainMetric(metric), ...rest }));
    console.log(
      jsonOf({ forecast: sealed.name, sealed: sealed.sealed, digest: sealed.digest, missing, metrics: plain }),
    );
    return;
  }
  if (raw['csv'] === true) {
    process.stdout.write(scoreCsv(sealed.name, scores));
    return;
  }
  const about = { name: sealed.name, run: `run ${open.record.name}`, sealed: sealed.sealed.slice(0, 10) };
  const stem = textOf(raw, 'output') ?? path.join(path.dirname(read.file), sealed.name);
  const files = await writeFigure(stem, scoreFigure(about, scores), printed);
  console.log(
    [
      `${sealed.name}: sealed ${sealed.sealed}, from ${sealed.evidence.length} members; unchanged, and all that it predicts began later.`,
      ...(missing > 0 ? [`${missing} of its members are not trained yet.`] : []),
      '',
      scoreTable(scores),
      '',
      ...pictureLines(files),
    ].join('\n'),
  );
}

async function verify(name: string | undefined): Promise<void> {
  const { whyVoid } = await import('../runs/forecasts.js');
  let broken = 0;
  let count = 0;
  for (const { folder, record, seals, unreadable } of await sealsOf(name)) {
    for (const line of unreadable) {
      count++;
      broken++;
      console.log(`✗ unreadable  ${line}`);
    }
    for (const read of seals) {
      count++;
      const reasons = await whyVoid(folder, record, read);
      if (reasons.length > 0) broken++;
      console.log(
        reasons.length === 0
          ? `✓ ok    ${read.seal.name}  ${read.seal.digest}`
          : `✗ void  ${read.seal.name}  ${reasons.join('; ')}`,
      );
    }
  }
  if (count === 0) console.log('no forecast is sealed');
  if (broken > 0) throw new RunError(`${broken} of ${count} forecasts are void, or can't be read`);
}

async function list(name: string | undefined, raw: Raw): Promise<void> {
  const { textTable } = await import('../report/text-table.js');
  const found = await sealsOf(name);
  for (const line of found.flatMap(({ unreadable }) => unreadable)) console.error(`not listed: ${line}`);
  const read = found.flatMap(({ seals: each }) => each);
  for (const { seal: changed } of read.filter(({ unchanged }) => !unchanged))
    console.error(`changed after it was sealed, so void: ${changed.name}`);
  const seals = read.map(({ seal: one }) => one);
  if (raw['json'] === true) {
    console.log(jsonOf(seals));
    return;
  }
  if (seals.length === 0) {
    console.log('no forecast is sealed');
    return;
  }
  const lines = seals.map((each) => [
    ...[each.name, each.run, each.sealed, each.targets.map(({ width }) => width).join(',')],
    each.metrics.map(({ metric }) => metric).join(', '),
  ]);
  const heading = ['forecast', 'run', 'sealed', 'widths', 'metrics'];
  console.log(textTable(heading, lines, heading));
}

/** Of a run, of the run of a forecast, or of every run. */
async function sealsOf(name: string | undefined) {
  const fs = await import('node:fs/promises');
  const path = await import('node:path');
  const { locateSeal, readSeals } = await import('../runs/forecasts.js');
  const { locateRun } = await import('../runs/locate.js');
  const { isImported } = await import('../runs/imported.js');
  const { readAnyRun } = await import('../runs/run.js');
  const ofRun = async (folder: string) => {
    const record = await readAnyRun(folder);
    return record === undefined || isImported(record) ? [] : [{ folder, record, ...(await readSeals(folder)) }];
  };
  if (name === undefined) {
    const entries = await fs.readdir(root, { withFileTypes: true }).catch(() => []);
    const folders = entries.filter((entry) => entry.isDirectory()).map((entry) => path.join(root, entry.name));
    return (await Promise.all(folders.map(ofRun))).flat();
  }
  let folder: string | undefined;
  try {
    folder = await locateRun(name, root);
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
  }
  if (folder !== undefined) return ofRun(folder);
  const { runFolder, read } = await locateSeal(name, root);
  return (await ofRun(runFolder)).map((each) => ({ ...each, seals: [read], unreadable: [] }));
}

async function study(name: string, raw: Raw): Promise<void> {
  const path = await import('node:path');
  const { scalesOf } = await import('../analysis/curves.js');
  const { forecastDraws } = await import('../analysis/forecast/forecast.js');
  const { fewestKnown, studyMetric } = await import('../analysis/forecast/study.js');
  const { studyFigure } = await import('../report/figures/forecast.js');
  const { plainMetric, studyCsv, studyTable } = await import('../report/forecast.js');
  const printed = figureOptionsOf(raw);
  const { writeFigure } = await import('../report/files.js');
  const { stepsOfPart, withSteps } = await import('../terminal/steps.js');
  if (raw['json'] === true && raw['csv'] === true) throw new UsageError('JSON and CSV at once', '--json', 'give one');
  const draws = wholeNumber(textOf(raw, 'draws'), '--draws', forecastDraws, 100);
  const { metrics, run } = await openWithMetrics(name, raw);
  const scales = scalesOf(run.members);
  if (scales.length <= fewestKnown)
    throw new UsageError(
      `has ${scales.length} complete ${run.words.scales}, and a study needs ${fewestKnown + 1}`,
      name,
      run.words.isImported ? furtherScales(run.words) : 'train more with --widths',
    );
  const studies = await withSteps('forecasts', (onStep) =>
    metrics.map((metric, i) =>
      studyMetric(metric, run.members, { draws, onStep: stepsOfPart(onStep, i, metrics.length) }),
    ),
  );
  if (raw['json'] === true)
    console.log(
      jsonOf(
        studies.map(({ metric, ...rest }) => ({ run: run.record.name, ...plainMetric(metric), ...rest })),
        { words: run.words },
      ),
    );
  else if (raw['csv'] === true) process.stdout.write(studyCsv(run.record.name, studies, run.words));
  else {
    const stem = textOf(raw, 'output') ?? path.join(run.folder, 'forecast-study');
    const files = await writeFigure(stem, studyFigure(run.record.name, studies, run.words), printed);
    console.log([studyTable(studies, run.words), '', ...pictureLines(files)].join('\n'));
  }
}

async function methods(): Promise<void> {
  const { forecastMethods } = await import('../analysis/forecast/methods.js');
  for (const { name, kind, formula, source } of forecastMethods)
    console.log(`${name} (${kind})\n    ${formula}\n    ${source}`);
}
