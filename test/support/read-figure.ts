/** Reads numbers off a drawn figure as a person would: from the positions of marks, by the numbers at the axes. */

export type Place = readonly [x: number, y: number];

export interface ReadMark {
  readonly colour: string;
  /** Corners of a line, an area or a rectangle; a point has one. In the units of the axes. */
  readonly places: readonly Place[];
}

export interface ReadPanel {
  readonly points: readonly ReadMark[];
  readonly lines: readonly ReadMark[];
  readonly areas: readonly ReadMark[];
  readonly rectangles: readonly ReadMark[];
}

const letters: Readonly<Record<string, number>> = { k: 1e3, M: 1e6, B: 1e9, T: 1e12, '%': 0.01 };

/** `20k`, `1.5B`, `20 %`; NaN for anything that is not a number. */
function numberOf(text: string): number {
  const [, digits, letter = ''] = /^(-?[\d.]+(?:e-?\d+)?) ?([kMBT%]?)$/.exec(text) ?? [];
  return Number(digits ?? NaN) * (letters[letter] ?? 1);
}

interface AxisTick {
  readonly at: number;
  readonly value: number;
}

/** From pixels to numbers, by an axis's ticks: linear or logarithmic, whichever they are. */
function axisOf(ticks: readonly AxisTick[]): (pixels: number) => number {
  const [first, last] = [ticks[0]!, ticks.at(-1)!];
  const through = (f: (value: number) => number, back: (value: number) => number) => {
    const slope = (f(last.value) - f(first.value)) / (last.at - first.at);
    return (pixels: number) => back(f(first.value) + slope * (pixels - first.at));
  };
  const isOn = (read: (pixels: number) => number) =>
    ticks.every(
      ({ at, value }) =>
        Math.abs(read(at) - value) <= 1e-3 * Math.max(Math.abs(value), Math.abs(last.value - first.value)),
    );
  const straight = through(
    (value) => value,
    (value) => value,
  );
  return isOn(straight) && ticks.length > 2 ? straight : first.value > 0 ? through(Math.log, Math.exp) : straight;
}

function cornersOf(path: string): Place[] {
  const rectangle = /^M([-\d.e]+),([-\d.e]+)h([-\d.e]+)v([-\d.e]+)/.exec(path);
  if (rectangle !== null) {
    const [x, y, width, height] = rectangle.slice(1).map(Number) as [number, number, number, number];
    return [
      [x, y],
      [x + width, y + height],
    ];
  }
  return [...path.matchAll(/[ML]([-\d.e]+),([-\d.e]+)/g)].map(([, x, y]) => [Number(x), Number(y)]);
}

/** Panels in order, each with its own axes; ticks without a number (names of classes) are left out. */
export function readPanels(svg: string): ReadPanel[] {
  return svg
    .split(/(?=<g class="mark-group role-scope concat_\d+_group")/)
    .slice(1)
    .map((panel) => {
      const ticks = { middle: [] as AxisTick[], end: [] as AxisTick[] };
      for (const [, group] of panel.matchAll(/<g class="mark-text role-axis-label"[^>]*>(.*?)<\/g>/g))
        for (const [, anchor, x, y, text] of group!.matchAll(
          /<text text-anchor="(middle|end)" transform="translate\(([-\d.e]+),([-\d.e]+)\)"[^>]*>([^<]*)</g,
        )) {
          const value = numberOf(text!);
          const isX = anchor === 'middle';
          // The middle of a label, its tick, is 3 pixels above its baseline.
          if (!Number.isNaN(value))
            ticks[anchor as 'middle' | 'end'].push({ at: isX ? Number(x) : Number(y) - 3, value });
        }
      const [across, up] = [axisOf(ticks.middle), axisOf(ticks.end)];
      const marksOf = (kind: string, placesOf: (attributes: string) => Place[]) =>
        [...panel.matchAll(new RegExp(`<path aria-label="[^"]*"[^>]*aria-roledescription="${kind}"([^>]*)>`, 'g'))].map(
          ([, attributes]): ReadMark => ({
            colour: /(?:stroke|fill)="([^"]*)"/.exec(attributes!)![1]!,
            places: placesOf(attributes!).map(([x, y]) => [across(x), up(y)]),
          }),
        );
      const path = (attributes: string) => cornersOf(/ d="([^"]*)"/.exec(attributes)![1]!);
      return {
        points: marksOf('point', (attributes) => {
          const [, x, y] = /translate\(([-\d.e]+),([-\d.e]+)\)/.exec(attributes)!;
          return [[Number(x), Number(y)]];
        }),
        lines: marksOf('line mark', path),
        areas: marksOf('area mark', path),
        rectangles: marksOf('rect mark', path),
      };
    });
}
