import { expect, test } from 'vitest';
import { withoutInformation } from '../../../src/install/log.js';

test('removes what TensorFlow 2.21 prints on every start and keeps warnings and errors', () => {
  const said = `WARNING: All log messages before absl::InitializeLog() is called are written to STDERR
I0000 00:00:1795399747.898444   23012 port.cc:153] oneDNN custom operations are on. You may see slightly different numerical results due to floating-point round-off errors from different computation orders. To turn them off, set the environment variable \`TF_ENABLE_ONEDNN_OPTS=0\`.
W0000 00:00:1795399750.000001   23012 gpu_device.cc:2342] Cannot dlopen some GPU libraries.
Illegal instruction`;
  expect(withoutInformation(said)).toBe(
    'W0000 00:00:1795399750.000001   23012 gpu_device.cc:2342] Cannot dlopen some GPU libraries.\nIllegal instruction',
  );
});

test('other text is unchanged', () => {
  for (const text of ['', '\n', 'Index 3 is out of range\nI00 is a name', 'INFO'])
    expect(withoutInformation(text)).toBe(text);
});
