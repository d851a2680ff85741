/**
 * `emergence search`: which metric makes a run look most emergent, which least, and which continuous one predicts
 * another.
 */
import { Option, type CommandUnknownOpts } from '@commander-js/extra-typings';
import type { Search } from '../library/search.js';
import { examples } from './examples.js';
import { addViewOptions, by, drawCount, json, leastRange, metricFile, whole } from './options.js';
import { ofEach, printRuns } from './print.js';

export function registerSearch(program: CommandUnknownOpts): void {
  const command = program
    .command('search <runs...>')
    .description(
      'find the metrics that make a run look most and least emergent, and the best continuous surrogate of a thresholded one',
    )
    .addOption(by)
    .addOption(leastRange('a share', 1))
    .addOption(new Option('--top <n>', 'number of metrics to show at each end').argParser(whole('--top')).default(5))
    .option('--surrogate-of <metric>', "the all-or-nothing metric (default: the run's induced one)")
    .addOption(drawCount(500, 'bootstrap draws of the correlations'));
  addViewOptions(command)
    .addOption(metricFile)
    .addOption(json)
    .addHelpText('after', examples('search lenet-mnist --surrogate-of subset-accuracy:k=50'))
    .action(async (runs, { top, ...options }) => {
      const { search } = await import('../library/search.js');
      const { searchText } = await import('../report/tables/search.js');
      const found = await ofEach(runs, options, (run, listener) => search(run, { ...options, ...listener }));
      printRuns(
        found.map((each) => {
          const name = each.run.label;
          const { words } = each.run;
          return { run: name, words, text: searchText({ ...each, run: name, top, words }), json: plain(each) };
        }),
        options,
      );
    });
}

function plain({ run, by: score, looked, ranked, discoveries, causes, induced, surrogates }: Search) {
  const named = <T extends { readonly metric: { readonly id: string } }>({ metric, ...rest }: T) => {
    return { metric: metric.id, ...rest };
  };
  return {
    ...{ run: run.label, by: score, candidates: looked },
    ranked: ranked.map(({ metric, ...rest }) => ({ metric: metric.id, kind: metric.kind, ...rest })),
    discoveries,
    causes: causes.map(named),
    surrogateOf: induced.id,
    surrogates: surrogates.map(named),
  };
}
