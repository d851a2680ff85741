/** Writes src/statistics/kernels/binary.ts from kernels.wat beside it: `npm run kernels`. */
import * as fs from 'node:fs';
import wabt from 'wabt';

const file = (name: string) => new URL(`statistics/kernels/${name}`, import.meta.url);

const tools = await wabt();
const { buffer } = tools.parseWat('kernels.wat', fs.readFileSync(file('kernels.wat')), { simd: true }).toBinary({});
fs.writeFileSync(
  file('binary.ts'),
  `/** Made from kernels.wat by \`npm run kernels\`. */\nexport const binary =\n  '${Buffer.from(buffer).toString('base64')}';\n`,
);
