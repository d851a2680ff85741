/**
 * Fewer are enough to know the ends of 95 % intervals to a fiftieth of their width; all draws of a curve are in memory at
 * once.
 */
export const mostDraws = 100_000;
