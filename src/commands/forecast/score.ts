/** `emergence forecast score`: compares a sealed forecast with the members that were trained or imported since. */
import type { CommandUnknownOpts } from '@commander-js/extra-typings';
import { examples } from '../examples.js';
import { addPrintOptions, csv, json, metricFile, picture } from '../options.js';
import { print, pictureLines, printJson, terminal } from '../print.js';

export function registerScore(group: CommandUnknownOpts): void {
  const command = group
    .command('score <name>')
    .description('score a sealed forecast on the members trained or imported since; give NAME, RUN/NAME or the file')
    .addOption(metricFile)
    .addOption(picture('beside the sealed file'));
  addPrintOptions(command)
    .addOption(json)
    .addOption(csv)
    .addHelpText('after', examples('forecast score lenet-mnist-1'))
    .action(async (name, options) => {
      const path = await import('node:path');
      const { scoreForecast } = await import('../../library/forecast/score.js');
      const { plainMetric, scoreCsv, scoreTable } = await import('../../report/tables/forecast.js');
      const { scoreFigure } = await import('../../report/figures/forecast.js');
      const { figureOptionsOf } = await import('../../report/figures/figure-options.js');
      const { writeFigure } = await import('../../report/figures/files.js');
      const printed = figureOptionsOf(options);
      const { run, words, seal, file, scores, missing } = await scoreForecast(name, { ...options, ...terminal });
      if (options.json === true) {
        const metrics = scores.map(({ metric, ...rest }) => ({ ...plainMetric(metric), ...rest }));
        const { axis } = seal;
        printJson({
          forecast: seal.name,
          ...(axis === undefined ? {} : { axis }),
          sealed: seal.sealed,
          digest: seal.digest,
          missing,
          metrics,
        });
        return;
      }
      if (options.csv === true) {
        process.stdout.write(scoreCsv(seal.name, scores, words));
        return;
      }
      const about = { name: seal.name, run: `run ${run}`, sealed: seal.sealed.slice(0, 10) };
      const stem = options.output ?? path.join(path.dirname(file), seal.name);
      const figures = await writeFigure(stem, scoreFigure(about, scores, words), printed);
      const lines = [
        `${seal.name}: sealed ${seal.sealed}, from ${seal.evidence.length} members; unchanged, and every predicted member ${words.isImported ? 'was imported' : 'started'} later.`,
        ...(missing > 0
          ? [`${missing} of its ${words.isImported ? 'scales have no member yet' : 'members are not trained yet'}.`]
          : []),
        '',
        scoreTable(scores, words),
        '',
        ...pictureLines(figures),
      ];
      print(lines.join('\n'));
    });
}
