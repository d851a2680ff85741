/** How much `npm run test:fuzz` does for each thing that `npm test` does: 1 within `npm test`. */
export const fuzzScale = Math.max(1, Number(process.env['FUZZ'] ?? 1));
