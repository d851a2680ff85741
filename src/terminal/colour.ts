/** Whether and how a terminal shows colours. */

/** Only on a terminal that supports it, and unless the user opted out (https://no-color.org). */
export function usesColour(
  { isTTY }: { readonly isTTY?: boolean | undefined },
  environment: NodeJS.ProcessEnv = process.env,
): boolean {
  const { NO_COLOR: declined, TERM: terminal } = environment;
  return isTTY === true && (declined === undefined || declined === '') && terminal !== 'dumb';
}

/** Blue, yellow, green, magenta, cyan, red: the terminal's own colours, which its user has made legible. */
const seriesCodes = [34, 33, 32, 35, 36, 31] as const;

/** Text in the colour of the n-th series, from 0. */
export function inSeriesColour(text: string, series: number): string {
  return `\u001b[${seriesCodes[series % seriesCodes.length]!}m${text}\u001b[39m`;
}
