/** What intervals are over the sampling of, in words. */
import { datasets, parseDatasetName } from '../../datasets/index.js';
import { clustersOf, fewestGroups } from '../../metrics/clusters.js';
import type { OutcomeTable } from '../../runs/outcomes.js';
import type { ImportedRun } from '../../runs/imported.js';
import type { RunRecord } from '../../runs/record.js';
import { countedWithSpaces, withSpaces } from '../../terminal/format.js';

export interface Sampling {
  /** `test images`, `writers` */
  readonly of: string;
  /** `10 000 test images`, `968 test images in 1 000 sequences`, `57 writers` */
  readonly text: string;
  /** A sentence on what the intervals ignore: groups too few to resample. Undefined if no groups are known. */
  readonly note: string | undefined;
}

/** The parts of a run's record needed here. */
type Sampled = Pick<RunRecord, 'dataset'> | Pick<ImportedRun, 'kind' | 'dataset'>;

/** @param outcomes those of any member, since they all share the test set */
export function samplingOf(record: Sampled, outcomes: Partial<OutcomeTable>): Sampling {
  const noun = 'kind' in record ? 'example' : 'image';
  const { sequence } = outcomes;
  const groups = groupsOf(record);
  const clusters = clustersOf(outcomes, sequence === undefined ? 'images' : 'sequences');
  if (clusters?.by === 'groups') {
    const of = groups?.noun ?? 'groups';
    return { of, text: `${withSpaces(clusters.count)} ${of}, resampled as whole groups of ${noun}s`, note: undefined };
  }
  const rows = Object.values(outcomes)[0]?.length ?? 0;
  const text =
    clusters === undefined || sequence === undefined
      ? countedWithSpaces(rows, `test ${noun}`)
      : `${countedWithSpaces(clusters.count, 'test image')} in ${countedWithSpaces((sequence.at(-1) ?? -1) + 1, 'sequence')}`;
  return { of: `test ${noun}s`, text, note: groups && givenThese(groups, `${noun}s`) };
}

interface Groups {
  readonly noun: string;
  readonly count: number;
}

function givenThese({ noun, count }: Groups, examples: string): string {
  const why = count < fewestGroups ? 'too few' : 'too unequal';
  return `The test ${examples} come from ${withSpaces(count)} ${noun}, ${why} to resample: intervals are for these ${noun}; others may lie outside.`;
}

/** As recorded; for runs from before groups were recorded, taken from the dataset. */
function groupsOf(record: Sampled): Groups | undefined {
  const { dataset } = record;
  if (dataset.groups !== undefined || 'kind' in record) return dataset.groups;
  return Object.hasOwn(datasets, dataset.name) ? parseDatasetName(dataset.name).source.contents?.groups : undefined;
}
