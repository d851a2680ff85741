/** `emergence search`: which metric makes a run look most emergent, which least, and which continuous one tells of another. */
import type { Command } from 'commander';
import type { Candidate } from '../analysis/search.js';
import type { MemberOutcomes } from '../metrics/curve.js';
import { UsageError } from '../terminal/errors.js';
import {
  assertSeveralWidths,
  addMetricFile,
  axisOption,
  jsonOf,
  leastRangeOf,
  metricsOf,
  openNamed,
  readRun,
  refuseImpossible,
  registryOf,
  scoreOf,
  textOf,
  wholeNumber,
  type Raw,
} from './runs.js';
import { examples } from './examples.js';

export function registerSearch(program: Command): void {
  addMetricFile(
    program
      .command('search <run>')
      .description(
        'which metric makes a run look most emergent, which least; and the best continuous surrogate of a thresholded one',
      ),
  )
    .option('--by <score>', 'the score: jump, ramp, emergence, linearity, steepness, bow (default: bow)')
    .option('--least-range <x>', 'smallest movement of a share whose score counts (default: 0.1)')
    .option('--top <n>', 'how many to show of each end (default: 5)')
    .option('--surrogate-of <metric>', "the all-or-nothing metric (default: the run's induced one)")
    .option('--draws <n>', 'bootstrap draws of the correlations (default: 500)')
    .option(...axisOption)
    .option('--json', 'everything, as JSON on stdout')
    .addHelpText('after', examples('search lenet-mnist --surrogate-of subset-accuracy:k=50'))
    .action(search);
}

async function search(name: string, raw: Raw): Promise<void> {
  const { defaultMetrics } = await import('../analysis/defaults.js');
  const analysis = await import('../analysis/search.js');
  const { discoveriesOf } = await import('../analysis/discoveries.js');
  const { searchText } = await import('../report/search.js');
  const { withSteps } = await import('../terminal/steps.js');
  const [by, leastRange] = [await scoreOf(raw), leastRangeOf(raw, 1)];
  const [draws, top] = [
    wholeNumber(textOf(raw, 'draws'), '--draws', 500, 100),
    wholeNumber(textOf(raw, 'top'), '--top', 5, 1),
  ];
  const open = await openNamed(name, textOf(raw, 'axis'));
  const registry = await registryOf(raw, open);
  const given = textOf(raw, 'surrogateOf');
  const [target] = await metricsOf(given === undefined ? [] : [given], registry, '--surrogate-of');
  if (target?.kind === 'continuous')
    throw new UsageError(`${target.id} is continuous`, '--surrogate-of', 'give a thresholded one');
  if (target !== undefined) await refuseImpossible(open, [target], registry, '--surrogate-of');
  const run = await readRun(open, open.columns);
  assertSeveralWidths(run, name);
  const candidates = analysis.candidatesFor(run.members, registry);
  const scored = analysis.scoreCandidates(candidates, run.members);
  const ranked = analysis.rankCandidates(scored, by, leastRange);
  const chosen = ranked.map(({ metric }) => metric);
  const discoveries = await withSteps('metrics against smooth growth', (onStep) =>
    discoveriesOf(chosen, run.members, by, { onStep }),
  );
  const induced = target ?? defaultMetrics(run.record, run.members.at(-1)!.outcomes).induced;
  const surrogates = await withSteps('surrogates', (onStep) =>
    analysis.surrogatesOf(induced, candidates, run.members, { draws, onStep }),
  );
  const causes = await causesOf(ranked, run.members);
  if (raw['json'] === true) {
    const plain = ({ metric, ...rest }: Candidate) => ({ metric: metric.id, kind: metric.kind, ...rest });
    console.log(
      jsonOf({
        run: run.record.name,
        by,
        candidates: scored.length,
        ranked: ranked.map(plain),
        discoveries,
        causes,
        surrogateOf: induced.id,
        surrogates: surrogates.map(({ metric, ...rest }) => ({ metric: metric.id, ...rest })),
      }),
    );
    return;
  }
  console.log(
    searchText({
      run: run.record.name,
      ranked,
      discoveries,
      looked: scored.length,
      by,
      top,
      induced,
      surrogates,
      causes,
      words: run.words,
    }),
  );
}

/** What resolution and sparsity do to the strongest and the weakest metric. */
async function causesOf(ranked: readonly Candidate[], members: readonly MemberOutcomes[]) {
  const { sweepScales, sweepTestSizes } = await import('../analysis/sweep.js');
  const ends = [...new Set([ranked[0], ranked.at(-1)])].filter((each) => each !== undefined);
  return ends.map(({ metric, values }) => {
    const { count } = metric.weighted(members[0]!.outcomes);
    const sizes = [Math.round(count / 100), Math.round(count / 10)].filter(
      (size) => size >= 2 && metric.refuses(size) === undefined,
    );
    const fewer = [Math.ceil(values.length / 2)].filter((size) => size >= 3);
    return {
      metric: metric.id,
      testSizes: sweepTestSizes({ metric, members, sizes, draws: 100 }),
      keptScales: sweepScales({ metric, members, sizes: fewer }),
    };
  });
}
