/** What a report says about a run's sealed forecasts: each with its outcome. */
import { columnsOf } from './blocks.js';
import { medianOf, type MethodScore, type MetricScore } from '../../analysis/forecast/scoring.js';
import type { ScoredSeal } from '../../analysis/forecast/sealed.js';
import { nth } from '../../machine/present.js';
import { counted, formatNumber } from '../../terminal/format.js';
import { wordsOfSeal } from '../../runs/forecasts.js';
import { scaleText } from '../../runs/words.js';
import { scoreCsvColumns, scoreCsvLines } from '../tables/forecast.js';
import type { Block, Table } from './blocks.js';
import type { AnalysedFamily } from './family.js';
import { commandLine } from '../../machine/installation.js';
import { mean } from '../../statistics/mean.js';

export function forecastBlocks({ forecasts, run }: AnalysedFamily): Block[] | undefined {
  if (forecasts.length === 0) return undefined;
  return forecasts.flatMap((forecast): Block[] => {
    const text: Block = { kind: 'text', text: sealText(forecast) };
    if (forecast.scores.length === 0) return [text];
    const command = commandLine(`forecast score ${run.record.name}/${forecast.seal.name}`);
    return [text, { kind: 'table', table: tableOf(forecast) }, { kind: 'code', lines: [command] }];
  });
}

function sealText({ seal, reasons, scores, missing }: ScoredSeal): string {
  const words = wordsOfSeal(seal);
  const scales = seal.targets.map(({ width }) => scaleText(width, words)).join(', ');
  const came = words.isImported ? 'imported' : 'trained';
  const what = words.isCoordinate || seal.targets.length === 1 ? words.scale : words.scales;
  const said = `${seal.name} predicted ${what} ${scales} from ${counted(seal.evidence.length, 'member')}, sealed ${seal.sealed} with SHA-256 ${seal.digest}.`;
  if (reasons.length > 0) return `${said} It is void: ${reasons.join('; ')}.`;
  if (scores.length === 0) return `${said} None of the predicted members is ${came} yet.`;
  const open =
    missing === 0
      ? ''
      : ` ${counted(missing, 'member')} of the predicted ones ${missing === 1 ? 'is' : 'are'} not ${came} yet.`;
  return `${said} The file is unchanged, and every predicted member ${words.isImported ? 'was imported' : 'started'} later.${open} ${scores.map(bestOf).join(' ')}`;
}

function bestOf({ metric, methods }: MetricScore): string {
  const by = (a: MethodScore, b: MethodScore) => a.crps - b.crps;
  const [best] = [...methods].sort(by);
  const [baseline] = methods.filter(({ kind }) => kind === 'baseline').sort(by);
  if (best === undefined || baseline === undefined) return '';
  const against =
    best.kind === 'baseline'
      ? 'no method beat that baseline'
      : `the best baseline, ${baseline.method}, has ${formatNumber(baseline.crps)}`;
  return `For ${metric.title} ${best.method} came closest (CRPS ${formatNumber(best.crps)}, ${nth(best.covered, 1)} of ${counted(best.members, 'member')} inside 80 %); ${against}.`;
}

function tableOf({ seal, scores }: ScoredSeal): Table {
  const words = wordsOfSeal(seal);
  return {
    name: `forecast-${seal.name}`,
    caption: `${seal.name}: medians and means over ${words.isImported ? 'models' : 'seeds'}, by ${words.scale}. Skill: CRPS divided by that of the best of last-value, line and power-law. In 80 %: members inside that interval.`,
    columns: columnsOf(['metric', 'method'], ['median', 'measured', 'CRPS', 'skill', 'in 80 %']),
    rows: scores.flatMap(({ metric, targets, methods }) =>
      methods.map((each, i) => [
        i === 0 ? metric.title : '',
        each.method,
        each.targets.map(({ quantiles }) => formatNumber(medianOf(quantiles))).join(', '),
        targets.map(({ truths }) => formatNumber(mean(truths))).join(', '),
        formatNumber(each.crps),
        formatNumber(each.skill, 2),
        `${nth(each.covered, 1)}/${each.members}`,
      ]),
    ),
    raw: { heading: scoreCsvColumns(words), lines: scoreCsvLines(seal.name, scores, words) },
  };
}
