/** The Python of every architecture is valid Python; that it gives what the lab stored is checked by `npm run test:exports`. */
import { spawnSync } from 'node:child_process';
import { expect, test } from 'vitest';
import { resolveExperiment, type ExperimentInput } from '../../../src/experiment/schema.js';
import { torchModule } from '../../../src/export/torch.js';
import { memberRecord, runRecord } from '../../support/runs.js';

const ones = (...shape: number[]) => ({ shape, data: new Float32Array(shape.reduce((a, b) => a * b, 1)) });

const cases: readonly [input: ExperimentInput, weights: Record<string, ReturnType<typeof ones>>][] = [
  [
    { arch: 'cnn', depth: 1 },
    { 'hidden.kernel': ones(48, 32), 'head.bias': ones(4) },
  ],
  [
    { arch: 'cnn', depth: 4 },
    { 'hidden.kernel': ones(8, 32), 'head.bias': ones(4) },
  ],
  [
    { arch: 'autoencoder', depth: 2, activation: 'tanh' },
    {
      'dense1.kernel': ones(64, 8),
      'dense2.kernel': ones(8, 4),
      'dense3.kernel': ones(4, 8),
      'output.kernel': ones(64, 8),
    },
  ],
  [{ arch: 'transformer', pairs: 3 }, { 'image.kernel': ones(128, 4) }],
];

test('each example is Python, with class names unchanged', () => {
  const classNames = ['a"b', "it's", 'a","b', 'ü\\n'];
  const task = { height: 8, width: 8, channels: 1, classes: 4, meanPixel: 0.25 };
  const dataset = { ...runRecord().dataset, classes: 4, classNames };
  const modules = cases.map(([input, weights]) =>
    torchModule(
      {
        ...{ id: 'a', folder: '', run: runRecord({ dataset }), task, weights: new Map(Object.entries(weights)) },
        ...{ record: memberRecord({ arch: input.arch, width: 4, seed: 0 }), experiment: resolveExperiment(input) },
      },
      'weights.safetensors',
    ),
  );
  // Parsed, not run: torch is not needed. The value of CLASSES is returned.
  const script = `import ast, json, sys
for text in json.load(sys.stdin):
    classes = next(node.value for node in ast.parse(text).body if isinstance(node, ast.Assign) and node.targets[0].id == "CLASSES")
    print(json.dumps(ast.literal_eval(classes)))`;
  const { stdout, stderr } = spawnSync('python3', ['-c', script], { input: JSON.stringify(modules), encoding: 'utf8' });
  expect(stderr).toBe('');
  expect(
    stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as unknown),
  ).toEqual(cases.map(() => classNames));
});
