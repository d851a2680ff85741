/** Figures on a dark ground, for slides and dark pages: drawn on white, then each colour replaced by its counterpart. */
import { classColors, greys, inks, referenceStyles, seriesStyles, theme } from './theme.js';

/** The ground of the report's page in dark mode (explorer/client/style/base.css). */
export const darkGround = '#16171a';

const counterparts: Readonly<Record<string, string>> = {
  white: darkGround,
  [inks.text]: '#ecebe6',
  [inks.note]: '#b3b1a9',
  [theme.axis.labelColor]: '#d6d4cd',
  [theme.axis.domainColor]: '#84868c',
  [theme.axis.gridColor]: '#2a2c31',
  ...Object.fromEntries(
    [...seriesStyles, ...Object.values(referenceStyles), ...classColors, ...Object.values(greys)].map(
      ({ color, onDark }) => [color, onDark],
    ),
  ),
};

/** The SVG of a figure, on a dark ground. Colours of heat maps, which are light and dark on either ground, stay. */
export function darkened(svg: string): string {
  return svg.replaceAll(/\b(fill|stroke)="([^"]+)"/g, (whole, name: string, color: string) => {
    const other = counterparts[color];
    return other === undefined ? whole : `${name}="${other}"`;
  });
}
