/** A trained member's predictions for image files. */
import * as path from 'node:path';
import { readPictures } from '../datasets/pictures.js';
import { classNamesOf } from '../export/about.js';
import { setting } from '../families/family.js';
import { assertOutputFolder, createFolder, refuseExisting, writeOutput } from '../machine/files.js';
import { firstOf, nth, zip } from '../machine/present.js';
import { checkpoints } from '../runs/locate.js';
import { readTrainedMember, type TrainedMember } from '../runs/member.js';
import { UsageError } from '../terminal/errors.js';
import { counted } from '../terminal/format.js';
import { nearest } from '../terminal/nearest.js';
import { ask } from '../training/ask.js';
import type { AskedExamples } from '../training/question.js';
import { withTask, type MemberWithTask } from '../training/task.js';
import type { RunOptions } from './run-and-metrics.js';

export interface PredictOptions extends Pick<RunOptions, 'root' | 'note'> {
  /** Read images as negatives: a black digit on white for a member that was trained on white on black. */
  readonly invert?: boolean | undefined;
  /** For a transformer: the class of each image except the last, by name or number. */
  readonly labels?: readonly string[] | undefined;
  /** Number of classes for each image, most probable first; default: all. An autoencoder has none. */
  readonly top?: number | undefined;
  /** For an autoencoder: a folder for the reconstructions, one PNG each. */
  readonly output?: string | undefined;
  /** Overwrite existing files. */
  readonly force?: boolean | undefined;
}

export interface ClassChance {
  readonly class: number;
  readonly name: string;
  /** 0 to 1; those of all classes add up to 1. */
  readonly chance: number;
}

/**
 * For one image: the classes, most probable first; or how far its reconstruction is from it, per pixel value of 0..1.
 */
export type ImagePrediction = { readonly image: string } & (
  | { readonly classes: readonly ClassChance[]; /** The label that was given. */ readonly label?: string | undefined }
  | { readonly mse: number; readonly psnr: number; readonly file?: string | undefined }
);

export interface Predictions {
  readonly run: string;
  readonly member: string;
  readonly images: readonly ImagePrediction[];
}

/**
 * Classes and probabilities of image files for a cnn, or how well an autoencoder reconstructs them; a transformer takes
 * them as one sequence. Files are cropped to their middle square and resized, as `images:` datasets are. TensorFlow
 * runs in a process of its own.
 *
 * @example
 *     const { images } = await predict('quick/cnn-w8-s0', ['digit.png']);
 *     images[0];
 *
 * @throws UsageError if there is no such member, or a file is not an image; RunError if the member is not complete
 */
export async function predict(
  memberName: string,
  files: readonly string[],
  options: PredictOptions = {},
): Promise<Predictions> {
  const { root = checkpoints, note = () => undefined, invert = false } = options;
  const trained = await readTrainedMember(memberName, root);
  refuseOthersOptions(trained, options);
  const member = await withTask(trained);
  const { run, task, experiment } = member;
  const labels = experiment.arch === 'transformer' ? labelsOf(member, files, options.labels ?? []) : [];
  const outputs = options.output === undefined ? undefined : outputFiles(files, options.output);
  if (outputs !== undefined && options.force !== true) await refuseExisting(outputs);
  if (options.output !== undefined) await assertOutputFolder(options.output, '--output');
  const read = await readPictures(files, {
    dataset: run.dataset.name,
    shape: task,
    levels: run.dataset.levels ?? {},
    invert,
  });
  for (const line of [...read.notes, ...negativeNotes(files, read.images, { member, invert })]) note(`note: ${line}`);
  const shown = { count: files.length, images: read.images };
  const examples = experiment.arch === 'transformer' ? oneSequence(member, shown, labels) : shown;
  const answer = await ask({ member, want: 'answers', examples }, note);
  const each = (i: number, size: number) => answer.subarray(i * size, (i + 1) * size) as Float32Array;
  if (experiment.arch === 'autoencoder') {
    const { imageFile } = await import('../export/image-file.js');
    const size = task.height * task.width * task.channels;
    if (options.output !== undefined) await createFolder(options.output);
    const images: ImagePrediction[] = [];
    for (const [i, image] of files.entries()) {
      const file = outputs?.[i];
      if (file !== undefined) await writeOutput(file, await imageFile(each(i, size), task));
      images.push({ image, ...errorOf(each(i, size), read.images.subarray(i * size, (i + 1) * size)), file });
    }
    return { run: run.name, member: member.id, images };
  }
  const names = classNamesOf(member);
  return {
    run: run.name,
    member: member.id,
    images: files.map((image, i) => {
      const label = labels[i];
      return {
        image,
        classes: chancesOf(each(i, task.classes), names).slice(0, options.top),
        ...(label === undefined ? {} : { label: names[label] }),
      };
    }),
  };
}

function refuseOthersOptions({ experiment: { arch } }: TrainedMember, { labels, output, top }: PredictOptions): void {
  if (top !== undefined && arch === 'autoencoder')
    throw new UsageError(
      `the member is of architecture ${arch}, which returns images, not classes`,
      '--top',
      'leave it out',
    );
  if (labels !== undefined && arch !== 'transformer')
    throw new UsageError(`the member is of architecture ${arch}, which takes no labels`, '--labels', 'leave it out');
  if (output !== undefined && arch !== 'autoencoder')
    throw new UsageError(
      `the member is of architecture ${arch}, which does not return images`,
      '--output',
      'leave it out',
    );
}

/** Numbers of the given classes. Throws UsageError if they are not those of all images but the last. */
function labelsOf(member: MemberWithTask, files: readonly string[], labels: readonly string[]): number[] {
  const pairs = setting(member.experiment, 'pairs');
  if (files.length > pairs)
    throw new UsageError(
      `${files.length} images make a longer sequence than the ${pairs} that the member was trained on`,
      'IMAGE',
      `give at most ${pairs}`,
    );
  if (labels.length !== files.length - 1 && labels.length !== files.length)
    throw new UsageError(
      `${counted(labels.length, 'label')} for a sequence of ${counted(files.length, 'image')}`,
      '--labels',
      `a transformer predicts from the preceding (image, label) pairs: give the classes of the first ${files.length - 1}`,
    );
  const names = classNamesOf(member);
  return labels.map((text) => {
    const number = /^\d+$/.test(text) && Number(text) < names.length ? Number(text) : -1;
    const named = names.indexOf(text);
    const label = named >= 0 ? named : number;
    if (label < 0) throw new UsageError(`"${text}" is not a class`, '--labels', meant(text, names));
    return label;
  });
}

function meant(text: string, names: readonly string[]): string {
  const near = nearest(text, names);
  const known = `${names.slice(0, 3).join(', ')}${names.length > 3 ? ', ...' : ''}`;
  return near === undefined ? `known: ${known}` : `did you mean ${near}?`;
}

/** Padded to the length that the member knows: it does not see what follows the images. */
function oneSequence(
  { experiment }: MemberWithTask,
  { images, count }: AskedExamples,
  labels: readonly number[],
): AskedExamples {
  const pairs = setting(experiment, 'pairs');
  const all = new Uint8Array((images.length / count) * pairs);
  all.set(images);
  return { count: 1, images: all, labels: Int32Array.from({ length: pairs }, (_, i) => labels[i] ?? 0) };
}

/** Softmax, most probable first. */
function chancesOf(logits: Float32Array, names: readonly string[]): ClassChance[] {
  const most = Math.max(...logits);
  const weights = Array.from(logits, (logit) => Math.exp(logit - most));
  const sum = weights.reduce((total, weight) => total + weight, 0);
  return zip(weights, names)
    .map(([weight, name], i) => ({ class: i, name, chance: weight / sum }))
    .sort((a, b) => b.chance - a.chance || a.class - b.class);
}

/** As in the metrics of the same names. */
function errorOf(reconstruction: Float32Array, image: Uint8Array): { mse: number; psnr: number } {
  const mse = reconstruction.reduce((sum, value, i) => sum + (value - nth(image, i) / 255) ** 2, 0) / image.length;
  return { mse, psnr: -10 * Math.log10(mse) };
}

/** `digits/7.jpg` -> `OUTPUT/7-reconstruction.png`. Throws UsageError if two images would have the same one. */
function outputFiles(files: readonly string[], folder: string): string[] {
  const names = files.map((file) => path.join(folder, `${path.parse(file).name}-reconstruction.png`));
  const twice = names.findIndex((name, i) => names.indexOf(name) < i);
  if (twice < 0) return names;
  const name = nth(names, twice);
  const [one, other] = [nth(files, names.indexOf(name)), nth(files, twice)];
  throw new UsageError(`${name} would show both ${one} and ${other}`, '--output', 'predict them separately');
}

/** Images that would be closer to the training images as negatives: a dark digit on a bright page. */
function negativeNotes(
  files: readonly string[],
  images: Uint8Array,
  { member: { task }, invert }: { readonly member: MemberWithTask; readonly invert: boolean },
): string[] {
  const size = images.length / files.length;
  const means = files.map(
    (_, i) => images.subarray(i * size, (i + 1) * size).reduce((sum, byte) => sum + byte, 0) / size / 255,
  );
  const isOdd = (mean: number) => Math.abs(mean - task.meanPixel) - Math.abs(1 - mean - task.meanPixel) > 0.25;
  const odd = zip(files, means).filter(([, mean]) => isOdd(mean));
  if (odd.length === 0) return [];
  const [first, mean] = firstOf(odd);
  const others = odd.length === 1 ? '' : ` (and ${odd.length - 1} more)`;
  const remedy = invert ? 'leave out --invert to read it as it is' : 'give --invert to read it as a negative';
  return [
    `${first}${others}: its mean pixel is ${mean.toFixed(2)}, that of the training images ${task.meanPixel.toFixed(2)}; ${remedy}`,
  ];
}
