/**
 * timm's results tables as natural curves of vision: accuracy of pretrained models against their parameters. A family is a model's name
 * without its size (`convnext_tiny.fb_in1k` and `convnext_base.fb_in1k` belong to `convnext_N.fb_in1k`), at one image size: one
 * architecture, one recipe, one set of training images, as far as names show. Families of fewer than four models do not make curves.
 */
import { rollup } from 'd3-array';
import * as path from 'node:path';
import { UsageError } from '../terminal/errors.js';
import { counted } from '../terminal/format.js';

export interface TimmRow {
  /** `resnetN.tv_in1k/224` */
  readonly curve: string;
  readonly model: string;
  readonly params: number;
  /** Share of the images whose most probable class is right. */
  readonly value: number;
  readonly examples: number | undefined;
  readonly line: number;
}

export function isTimmTable(columns: readonly string[]): boolean {
  return ['model', 'img_size', 'top1', 'param_count'].every((name) => columns.includes(name));
}

const fewestModels = 4;

/** Test images of the tables, from timm's results/README.md; unknown for others. */
const testImages: Readonly<Record<string, number>> = {
  'timm-imagenet': 50_000,
  'results-imagenet': 50_000,
  'results-imagenetv2-matched-frequency': 10_000,
  'results-imagenet-a': 7500,
  'results-imagenet-r': 30_000,
};

const sizes = new Set(
  'zepto atto femto pico nano xxtiny xtiny tiny mini micro xxsmall xsmall small medium base large xlarge xxlarge huge giant gigantic xs s m l xl xxl'.split(
    ' ',
  ),
);

/** Rows of models that belong to a family. Throws UsageError with the line for an invalid row. */
export function timmRows(columns: readonly string[], lines: readonly (readonly string[])[], file: string): TimmRow[] {
  const examples = testImages[path.basename(file).replace(/\.csv$/, '')];
  const rows = lines.map((cells, i): TimmRow => {
    const line = i + 2;
    if (cells.length !== columns.length)
      throw new UsageError(
        `has ${counted(cells.length, 'cell')}, but the heading has ${columns.length}`,
        `${file}:${line}`,
      );
    const cell = (name: string) => cells[columns.indexOf(name)]!.trim();
    const number = (name: string) => {
      const value = Number(cell(name).replaceAll(',', ''));
      if (cell(name) === '' || !Number.isFinite(value) || value < 0)
        throw new UsageError(`${name} is "${cell(name)}"`, `${file}:${line}`, 'give a number of at least 0');
      return value;
    };
    const [model, size, top1] = [cell('model'), number('img_size'), number('top1')];
    if (top1 > 100) throw new UsageError(`top1 is ${top1}`, `${file}:${line}`, 'give percent');
    const params = Number((1e6 * number('param_count')).toFixed(0));
    // 91.144 over 100 as it is written.
    const value = Number((top1 / 100).toFixed(10));
    return { curve: `${familyOf(model, size)}/${size}`, model, params, value, examples, line };
  });
  const counts = rollup(
    rows,
    (own) => own.length,
    ({ curve }) => curve,
  );
  const kept = rows.filter(({ curve, params }) => params > 0 && counts.get(curve)! >= fewestModels);
  if (kept.length === 0) throw new UsageError(`has no family of ${fewestModels} models at one image size`, file);
  return kept;
}

/** A name with its size as N: size words, `b0` and `s12`, `002`, and the digits of `resnet50`; not a version or the image size. */
export function familyOf(model: string, imageSize: number): string {
  const [architecture = '', ...tag] = model.split('.');
  const parts = architecture.split('_').map((part, place) => {
    if (place === 0) return part.replace(/^([a-z]+)\d{2,}$/, '$1N');
    if (part === String(imageSize)) return part;
    return sizes.has(part) || /^([a-uw-z]\d{1,2}|\d{2,3})$/.test(part) ? 'N' : part;
  });
  return [parts.join('_'), ...tag].join('.');
}
