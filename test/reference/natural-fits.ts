/** Selects the published curves that `natural_fits.py` fits with SciPy: 160 of at least seven sizes, from a fixed seed. Prints JSON. */
import { readNaturalCurves, shippedFiles } from '../../src/analysis/natural.js';
import { Random } from '../../src/statistics/random.js';

const files = await Promise.all(
  (await shippedFiles()).map(async (file) => ({ file, ...(await readNaturalCurves(file)) })),
);
const curves = files
  // overlay.csv repeats curves of the others; the table of timm was added after the fits.
  .filter(({ file }) => file !== 'overlay' && file !== 'timm-imagenet')
  .flatMap(({ file, curves: each }) => each.map((curve) => ({ file, ...curve })))
  .filter(({ points }) => points.length >= 7 && new Set(points.map(({ value }) => value)).size > 1);
const random = Random.named(0, 'natural fits');
for (let i = 0; i < 160; i++) {
  const j = i + random.integer(curves.length - i);
  [curves[i], curves[j]] = [curves[j]!, curves[i]!];
}
const drawn = curves.slice(0, 160).map(({ file, name, unit, points }) => ({
  ...{ file, name, unit },
  scales: points.map(({ params }) => params),
  values: points.map(({ value }) => value),
}));
console.log(JSON.stringify(drawn));
