/** Colours as they are seen: by the colour-blind, and how far apart. */

export type Rgb = readonly [red: number, green: number, blue: number];

/** Machado, Oliveira and Fernandes 2009 (IEEE TVCG 15, 1291-1298), severity 1, for linear light. */
export const sights: Readonly<Record<string, readonly Rgb[]>> = {
  normal: [
    [1, 0, 0],
    [0, 1, 0],
    [0, 0, 1],
  ],
  protanopia: [
    [0.152286, 1.052583, -0.204868],
    [0.114503, 0.786281, 0.099216],
    [-0.003882, -0.048116, 1.051998],
  ],
  deuteranopia: [
    [0.367322, 0.860646, -0.227968],
    [0.280085, 0.672501, 0.047413],
    [-0.01182, 0.04294, 0.968881],
  ],
  tritanopia: [
    [1.255528, -0.076749, -0.178779],
    [-0.078411, 0.930809, 0.147602],
    [0.004733, 0.691367, 0.3039],
  ],
};

export const times = (matrix: readonly Rgb[], [r, g, b]: Rgb) =>
  matrix.map((row) => row[0] * r + row[1] * g + row[2] * b) as unknown as Rgb;

/** Linear light, 0 to 1 (IEC 61966-2-1). */
export function linear(hex: string): Rgb {
  return [1, 3, 5].map((at) => {
    const value = Number.parseInt(hex.slice(at, at + 2), 16) / 255;
    return value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
  }) as unknown as Rgb;
}

/** CIELAB under D65. */
export function labOf(light: Rgb): Rgb {
  const xyz = times(
    [
      [0.4124564, 0.3575761, 0.1804375],
      [0.2126729, 0.7151522, 0.072175],
      [0.0193339, 0.119192, 0.9503041],
    ],
    light.map((each) => Math.min(1, Math.max(0, each))) as unknown as Rgb,
  );
  const f = (t: number) => (t > 216 / 24389 ? Math.cbrt(t) : ((24389 / 27) * t + 16) / 116);
  const [x, y, z] = [f(xyz[0] / 0.95047), f(xyz[1]), f(xyz[2] / 1.08883)];
  return [116 * y - 16, 500 * (x - y), 200 * (y - z)];
}

export function leastDistance(colours: readonly string[], sight: readonly Rgb[]): number {
  const labs = colours.map((colour) => labOf(times(sight, linear(colour))));
  return Math.min(
    ...labs.flatMap((a, i) => labs.slice(i + 1).map((b) => Math.hypot(...a.map((each, k) => each - b[k]!)))),
  );
}

export function contrast(first: string, second: string): number {
  const [low, high] = [first, second]
    .map((each) => times(sights['normal']!, linear(each)))
    .map(([r, g, b]) => 0.2126 * r + 0.7152 * g + 0.0722 * b + 0.05)
    .toSorted((a, b) => a - b) as [number, number];
  return high / low;
}
