/** Coordinates of models from a separate table, and the choice of the one that curves are drawn over. */
import { firstOf, zip } from '../machine/present.js';
import { coordinateName } from '../runs/imported.js';
import { UsageError } from '../terminal/errors.js';
import { condensed } from '../terminal/format.js';
import { nearest, suggestion } from '../terminal/nearest.js';
import type { Collector, PlacedCoordinates } from './collector.js';
import { placeIn, readRows } from './rows.js';
import { isBlank, Misread, readFinite, readName, readNumber } from './values.js';

type Coordinates = Readonly<Record<string, number>>;

/** Coordinates of each model in a table with a column `model`; every other numeric column is one. Throws UsageError. */
async function readScale(file: string): Promise<ReadonlyMap<string, PlacedCoordinates>> {
  const models = new Map<string, PlacedCoordinates>();
  for await (const { rows, lines } of readRows(file)) {
    for (const [row, line] of zip(rows, lines)) {
      const where = placeIn(file, line);
      if (!('model' in row)) throw new UsageError('has no column model', where, 'name the models as the outcomes do');
      const name = readName(row['model']);
      if (name instanceof Misread) throw new UsageError(`model ${name.what}`, where);
      if (isOfTimm(row)) {
        models.set(name, { coordinates: { parameters: timmParameters(row, where) }, where });
        continue;
      }
      if (models.has(name)) throw new UsageError(`has ${name} twice`, where, 'give each model once');
      models.set(name, { coordinates: coordinatesIn(row, where), where });
    }
  }
  return models;
}

/** Whether a table is one of timm's results: models, some at several image sizes, with millions of parameters that have commas. */
function isOfTimm(row: Readonly<Record<string, unknown>>): boolean {
  return 'param_count' in row && 'img_size' in row;
}

/** Throws UsageError if it is not a number. */
function timmParameters(row: Readonly<Record<string, unknown>>, where: string): number {
  const millions = readFinite(String(row['param_count']).replaceAll(',', ''));
  if (millions instanceof Misread) throw new UsageError(`param_count ${millions.what}`, where);
  return Number((1e6 * millions).toFixed(0));
}

function coordinatesIn(row: Readonly<Record<string, unknown>>, where: string): Coordinates {
  const coordinates: Record<string, number> = {};
  for (const [name, value] of Object.entries(row)) {
    if (name === 'model' || isBlank(value)) continue;
    const number = readNumber(value);
    // Columns that are not numbers, such as family or licence, are not coordinates.
    if (number instanceof Misread) continue;
    if (!coordinateName.test(name))
      throw new UsageError(
        `${JSON.stringify(name)} cannot be the name of a coordinate`,
        where,
        'letters, digits, _ and -',
      );
    if (!Number.isFinite(number)) throw new UsageError(`${name} is ${number}`, where, 'give a finite number');
    coordinates[name] = number;
  }
  return coordinates;
}

/** Gives the collected models the coordinates in a table. Throws UsageError if a model is not in it. */
export async function placeModels(collector: Collector, file: string): Promise<void> {
  const known = await readScale(file);
  const without = collector.place((model) => known.get(model));
  const [first] = without;
  if (first === undefined) return;
  const meant = nearest(first, [...known.keys()]);
  throw new UsageError(
    `has no line for ${condensed(without)}`,
    file,
    meant === undefined ? 'add one' : `${JSON.stringify(meant)} may be meant: names must match`,
  );
}

/**
 * The coordinate that curves are drawn over: the one asked for, else parameters, else the first that differs between models.
 *
 * @throws UsageError if some model has none, or it is not above 0
 */
export function axisOf(models: Collector['models'], asked: string | undefined, flag = '--axis'): string {
  const known = [...new Set(models.flatMap(({ coordinates }) => Object.keys(coordinates)))];
  if (asked !== undefined && !known.includes(asked))
    throw new UsageError(
      known.length === 0 ? `no model has a coordinate` : `no model has a coordinate ${asked}`,
      flag,
      known.length === 0 ? howToPlace : suggestion(asked, known),
    );
  const complete = known.filter((name) => models.every(({ coordinates }) => coordinates[name] !== undefined));
  const varies = (name: string) => new Set(models.map(({ coordinates }) => coordinates[name])).size > 1;
  const axis = asked ?? (complete.includes('parameters') ? 'parameters' : (complete.find(varies) ?? complete[0]));
  if (axis === undefined) {
    const unplaced = models.find(({ coordinates }) => Object.keys(coordinates).length === 0) ?? firstOf(models);
    throw new UsageError(`the size of ${unplaced.name} is unknown`, undefined, howToPlace);
  }
  const wrong = models.find(({ coordinates }) => !((coordinates[axis] ?? 0) > 0));
  if (wrong === undefined) return axis;
  const value = wrong.coordinates[axis];
  throw new UsageError(
    value === undefined ? `${wrong.name} has no ${axis}` : `${axis} of ${wrong.name} is ${value}, not above 0`,
    wrong.placedAt ?? (asked === undefined ? undefined : flag),
    value === undefined ? howToPlace : 'correct it, or draw the curves over another coordinate: --axis NAME',
  );
}

const howToPlace = 'give --scale FILE, a table with the columns model and parameters (or flops, tokens, ...)';
