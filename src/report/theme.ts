/** How every figure looks: one typeface that we ship, colours that the colour-blind tell apart, and a shape and dash beside each. */
import type { Config } from 'vega-lite';

/** Drawn by resvg from the npm package's files; a browser without it takes the next one. */
export const fontFamily = 'DejaVu Sans, Verdana, sans-serif';

export interface SeriesStyle {
  readonly color: string;
  /** The same hue, at least 4.5 to 1 against the page's dark ground. */
  readonly onDark: string;
  readonly shape: 'circle' | 'square' | 'triangle-up' | 'diamond' | 'triangle-down' | 'cross';
  /** Lengths of stroke and gap in pixels; [1, 0] is a solid line. */
  readonly dash: readonly number[];
}

/** Okabe and Ito's palette (2008) without yellow, which is too pale for lines on white. */
const seriesStyles: readonly SeriesStyle[] = [
  { color: '#0072B2', onDark: '#5AB4E8', shape: 'circle', dash: [1, 0] },
  { color: '#D55E00', onDark: '#FF8A3D', shape: 'square', dash: [7, 4] },
  { color: '#009E73', onDark: '#2FCB9A', shape: 'triangle-up', dash: [2, 3] },
  { color: '#CC79A7', onDark: '#E39AC5', shape: 'diamond', dash: [10, 3, 2, 3] },
  { color: '#56B4E9', onDark: '#9AD3F5', shape: 'triangle-down', dash: [4, 2] },
  { color: '#E69F00', onDark: '#F5BC42', shape: 'cross', dash: [12, 4] },
];

/** The style of a figure's n-th series, from 0. */
export function seriesStyle(index: number): SeriesStyle {
  return seriesStyles[index % seriesStyles.length]!;
}

/** What others are held against: greys beside the series' colours. */
export const referenceStyles: Readonly<Record<'curve' | 'limit', SeriesStyle>> = {
  curve: { color: '#9a9a9a', onDark: '#9a9a9a', shape: 'circle', dash: [1, 0] },
  limit: { color: '#555555', onDark: '#b5b5b5', shape: 'circle', dash: [3, 3] },
};

export const theme: Config = {
  background: 'white',
  font: fontFamily,
  padding: 12,
  view: { stroke: null },
  axis: {
    labelFontSize: 11,
    titleFontSize: 12,
    titleFontWeight: 'normal',
    titlePadding: 8,
    labelColor: '#333333',
    titleColor: '#111111',
    domainColor: '#666666',
    tickColor: '#666666',
    gridColor: '#e4e4e4',
    gridWidth: 0.75,
  },
  title: {
    anchor: 'start',
    frame: 'group',
    fontSize: 14,
    fontWeight: 'bold',
    color: '#111111',
    subtitleFontSize: 11,
    subtitleColor: '#444444',
    subtitlePadding: 5,
    subtitleLineHeight: 15,
    offset: 12,
  },
};
