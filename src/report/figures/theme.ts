/** The look of all figures: one typeface that we ship, and colours the colour-blind can distinguish, each with a shape and a dash. */
import type { Config } from 'vega-lite';
import { nth } from '../../machine/present.js';

/** Resvg and PDFs use the font files of the npm package; a browser without the font falls back to the next one. */
export const fontFamily = 'DejaVu Sans, Verdana, sans-serif';

export interface SeriesStyle {
  readonly color: string;
  /** Of the first six colours the same hue; with a contrast of at least 4.5:1 against the page's dark background. */
  readonly onDark: string;
  readonly shape: 'circle' | 'square' | 'triangle-up' | 'diamond' | 'triangle-down' | 'cross';
  /** Lengths of stroke and gap in pixels; [1, 0] is a solid line. */
  readonly dash: readonly number[];
  /** Pixels; default: the common one. */
  readonly width?: number;
  /** Of the line; default: 1. */
  readonly opacity?: number;
  /** Draws points as rings. */
  readonly isHollow?: true;
}

/**
 * Okabe and Ito's palette (2008), adjusted so that every pair is at least 19 apart in CIELAB, with normal vision and under protanopia,
 * deuteranopia and tritanopia (Machado et al. 2009). The original has pairs only 16 apart.
 */
const firstStyles: readonly SeriesStyle[] = [
  { color: '#0072B2', onDark: '#17A4FB', shape: 'circle', dash: [1, 0] },
  { color: '#D55E00', onDark: '#F47023', shape: 'square', dash: [7, 3] },
  { color: '#0AAD7D', onDark: '#4CE9A7', shape: 'triangle-up', dash: [2, 2] },
  { color: '#D592D6', onDark: '#E577BD', shape: 'diamond', dash: [8, 2, 2, 2] },
  { color: '#2E0D1A', onDark: '#E1EFF4', shape: 'triangle-down', dash: [4, 2] },
  { color: '#F39B0D', onDark: '#FEDF37', shape: 'cross', dash: [10, 3, 2, 2, 2, 3] },
];

/** For the seventh series to the twelfth: as far apart from the first six and from each other, on a dark ground 18. */
const furtherColors: readonly Pick<SeriesStyle, 'color' | 'onDark'>[] = [
  { color: '#6405A5', onDark: '#DF34C0' },
  { color: '#AD1101', onDark: '#AF7448' },
  { color: '#0301FD', onDark: '#AFFF90' },
  { color: '#71573F', onDark: '#6E886E' },
  { color: '#ED4CFF', onDark: '#FFB4FF' },
  { color: '#29455D', onDark: '#97C66D' },
];

const colors = [...firstStyles, ...furtherColors];

/** The style of a figure's n-th series, from 0: each six have other shapes and dashes, and every second six are rings. */
export function seriesStyle(index: number): SeriesStyle {
  const round = Math.floor(index / firstStyles.length);
  const at = (place: number) => nth(firstStyles, place % firstStyles.length);
  const { color, onDark } = nth(colors, index % colors.length);
  const style = { color, onDark, shape: at(index + round).shape, dash: at(index + 2 * round).dash };
  return round % 2 === 0 ? style : { ...style, isHollow: true };
}

/** Wide and pale, for a line below another: both are visible where they coincide, in grey print too. */
export function underlaid(style: SeriesStyle): SeriesStyle & { readonly width: number; readonly opacity: number } {
  return { ...style, dash: [1, 0], width: 4.5, opacity: 0.5 };
}

/** As many as there are colours. */
export const seriesStyles: readonly SeriesStyle[] = colors.map((_, index) => seriesStyle(index));

/** Greys for references that the series are compared with. */
export const referenceStyles: Readonly<Record<'curve' | 'limit', SeriesStyle>> = {
  curve: { color: '#9a9a9a', onDark: '#9a9a9a', shape: 'circle', dash: [1, 0] },
  limit: { color: '#555555', onDark: '#b5b5b5', shape: 'circle', dash: [3, 3] },
};

/** Classes of examples, from dark blue, easiest, to ochre, hardest: dark enough on white throughout. */
export const classColors: readonly Pick<SeriesStyle, 'color' | 'onDark'>[] = [
  { color: '#1f3b73', onDark: '#8ea6e6' },
  { color: '#0072B2', onDark: '#17A4FB' },
  { color: '#2a9d8f', onDark: '#4cc4b5' },
  { color: '#7a9a01', onDark: '#a9cc2c' },
  { color: '#c98a00', onDark: '#f0b429' },
  { color: '#b5471b', onDark: '#f08a5d' },
];

/** Greys beside the series' colours. */
export const greys = {
  /** Bars that are set apart. */
  bar: { color: '#a9bccb', onDark: '#5b6e7d' },
  /** An alternative to what is shown. */
  other: { color: '#777777', onDark: '#a0a0a0' },
  /** A total. */
  total: { color: '#000000', onDark: '#ffffff' },
} as const;

/** Colours of texts. */
export const inks = { text: '#222222', note: '#444444' } as const;

export const theme = {
  background: 'white',
  font: fontFamily,
  view: { stroke: null },
  axis: {
    labelColor: '#333333',
    domainColor: '#666666',
    tickColor: '#666666',
    gridColor: '#e4e4e4',
    gridWidth: 0.75,
  },
  legend: { labelColor: '#333333', gradientStrokeColor: '#e4e4e4' },
} as const satisfies Config;
