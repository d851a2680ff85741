/** How much `npm run test:fuzz` does per case of `npm test`: 1 within `npm test`. */
export const fuzzScale = Math.max(1, Number(process.env['FUZZ'] ?? 1));
