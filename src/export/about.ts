/** What an exported member says about itself, whatever the format. */
import { setting } from '../families/family.js';
import { attentionMultiplier, outputMultiplier } from '../families/parametrization.js';
import type { TrainedMember } from '../runs/member.js';
import type { MemberWithTask } from '../training/task.js';
import { packageJson } from '../machine/installation.js';

/** `lenet-mnist/cnn-w16-s0`. */
export function memberTitle({ run, id }: Pick<TrainedMember, 'run' | 'id'>): string {
  return `${run.name}/${id}`;
}

/** Names of its classes, or their numbers if they have no names. */
export function classNamesOf({ run, task }: Pick<MemberWithTask, 'run' | 'task'>): readonly string[] {
  return Array.from({ length: task.classes }, (_, i) => run.dataset.classNames?.[i] ?? String(i));
}

/** Its inputs and outputs, one line each. */
export function interfaceOf(member: MemberWithTask): { takes: string; gives: string } {
  const { task, experiment } = member;
  const sides = [task.height, task.width, task.channels].join(', ');
  const bytes = 'bytes 0..255, row by row, channels last; preprocessing is part of the model';
  const { classes } = task;
  if (experiment.arch === 'transformer') {
    const pairs = setting(experiment, 'pairs');
    return {
      takes: `images [n, ${pairs}, ${sides}], ${bytes}; labels [n, ${pairs}], int32, the class of each image`,
      gives: `logits [n, ${pairs}, ${classes}]: of each image, from the pairs before it and the image itself; its own label is not seen`,
    };
  }
  const takes = `images [n, ${sides}], ${bytes}`;
  if (experiment.arch === 'autoencoder') return { takes, gives: `reconstructions [n, ${sides}], 0..1` };
  return { takes, gives: `logits [n, ${classes}]; their softmax is the chance of each class` };
}

function multipliersOf({ experiment, record }: TrainedMember): Record<string, string> {
  if (experiment.parametrization !== 'mup') return {};
  const { width } = record;
  const heads = experiment.arch === 'transformer' ? setting(experiment, 'heads') : undefined;
  return {
    parametrization: experiment.parametrization,
    baseWidth: String(setting(experiment, 'baseWidth')),
    outputMultiplier: String(outputMultiplier(width, experiment)),
    ...(heads === undefined
      ? {}
      : { attentionMultiplier: String(attentionMultiplier(width / heads, width, experiment)) }),
  };
}

/** Named texts, for formats that store some beside the weights. */
export function propertiesOf(member: MemberWithTask): Record<string, string> {
  const { run, record, experiment, task } = member;
  const { takes, gives } = interfaceOf(member);
  return {
    member: memberTitle(member),
    architecture: experiment.arch,
    width: String(record.width),
    seed: String(record.seed),
    ...Object.fromEntries(Object.entries(record.factors ?? {}).map(([key, value]) => [key, String(value)])),
    // Factors that are not weights: without them the weights give different answers.
    ...multipliersOf(member),
    takes,
    gives,
    dataset: run.dataset.name,
    datasetFingerprint: run.dataset.fingerprint,
    classes: JSON.stringify(classNamesOf(member)),
    meanPixel: String(task.meanPixel),
    lab: packageJson().version,
  };
}
