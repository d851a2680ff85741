/** Test images and seeds needed to detect an effect, as text. */
import { mostImages, type PlannedPower } from '../../analysis/diff/power.js';
import { scaleText } from '../../runs/words.js';
import { counted, formatNumber, withSpaces } from '../../terminal/format.js';
import { textTable } from './text-table.js';

/** Without a line break at the end. */
export function powerTable(planned: PlannedPower): string {
  const { rows, images, power, one, source } = planned;
  const there = images === undefined ? [] : [`power at ${withSpaces(images)}`];
  const isSimulated = rows.some(({ simulated }) => simulated !== undefined);
  return [
    assumedText(planned),
    '',
    textTable(
      [
        ...(one ? [] : ['seeds of each run']),
        `images for power ${formatNumber(power)}`,
        ...there,
        ...(isSimulated ? ['simulated'] : []),
        ...(images === undefined || one ? [] : [`smallest effect at ${withSpaces(images)}`]),
      ],
      rows.map(({ seeds, imagesNeeded, powerThere, simulated, detectable }) => [
        ...(one ? [] : [String(seeds)]),
        imagesNeeded === undefined ? `more than ${withSpaces(mostImages)}` : withSpaces(imagesNeeded),
        ...(images === undefined ? [] : [shareText(powerThere)]),
        ...(isSimulated ? [shareText(simulated)] : []),
        ...(images === undefined || one ? [] : [detectable === undefined ? '-' : formatNumber(detectable, 2)]),
      ]),
    ),
    ...(one ? ["Test: Wilson's interval of the share excludes the fixed value."] : notesOf(planned)),
    ...(source !== undefined && source.seeds < 2 && !one
      ? ['The run has one seed at this scale: the spread of seeds is taken from the options, or as zero.']
      : []),
  ].join('\n');
}

function shareText(share: number | undefined): string {
  return share === undefined ? '-' : formatNumber(share, 2);
}

function assumedText(planned: PlannedPower): string {
  const { share, deviation, effect, alpha, one, correlation, seedCorrelation, seedDeviation, source } = planned;
  const what =
    share === undefined ? `standard deviation ${formatNumber(deviation ?? NaN)}` : `share ${formatNumber(share)}`;
  const from =
    source === undefined
      ? ''
      : ` (${source.metric.title} of ${source.run.label} at ${source.run.words.scale} ${scaleText(source.scale, source.run.words)}, ${counted(source.seeds, 'seed')})`;
  const asked = `effect ${formatNumber(effect)}, two-sided at ${formatNumber(alpha)}`;
  if (one) return `One share against ${formatNumber(share ?? NaN)}${from}: ${asked}`;
  return [
    `Two runs: ${what}${from}, ${asked}`,
    `Correlation on an image: ${formatNumber(correlation)} between the runs, ${formatNumber(seedCorrelation)} between seeds; standard deviation of seeds ${formatNumber(seedDeviation)}`,
  ].join('\n');
}

function notesOf({ rows, share }: PlannedPower): string[] {
  const counts = rows.map(({ seeds }) => seeds);
  return [
    ...(counts.includes(1)
      ? [
          `1 seed: ${share === undefined ? 'a paired t' : "McNemar's"} test of two particular members, whose other seeds may differ by more or less.`,
        ]
      : []),
    ...(counts.some((count) => count > 1) ? ["More: Welch's t over seeds and images, as in `diff`."] : []),
  ];
}
