import * as fs from 'node:fs';
import * as path from 'node:path';
import { expect, test } from 'vitest';
import { crc32c, EventFile, experimentFile } from '../../../src/training/event-file.js';
import { temporaryFolder } from '../../support/runs.js';

test("the check is Castagnoli's: the examples of RFC 3720, appendix B.4, and of 123456789", () => {
  expect(crc32c(new Uint8Array(32))).toBe(0x8a9136aa);
  expect(crc32c(new Uint8Array(32).fill(255))).toBe(0x62a8ab43);
  expect(crc32c(Buffer.from('123456789'))).toBe(0xe3069283);
});

// Written by TensorBoard 2.21's own RecordWriter from its own messages, at 1.5 s.
const member = Buffer.from(
  'GAAAAAAAAACjf0siCQAAAAAAAPg/Gg1icmFpbi5FdmVudDoyKihkbGEAAAAAAAAAAI+QZAkAAAAAAAD4PypWClQKHF9ocGFyYW1z' +
    'Xy9zZXNzaW9uX3N0YXJ0X2luZm9CBggBEgISAEosCioKB2hwYXJhbXMSHxodChIKBXdpZHRoEgkRAAAAAAAAIEApAAAAAAAA+D8+' +
    'kAoyMwAAAAAAAAAMpyBWCQAAAAAAAPg/EKwCKiUKEQoKdHJhaW4vbG9zcxUAAIA+ChAKCXRlc3QvbG9zcxUAAAA/0i3qdk0AAAAA' +
    'AAAAPWPUpgkAAAAAAAD4PypCCkAKGl9ocGFyYW1zXy9zZXNzaW9uX2VuZF9pbmZvQgYIARICEgBKGgoYCgdocGFyYW1zEg0iCwgB' +
    'EQAAAAAAAPg/Jp/F1A==',
  'base64',
);
const columns = Buffer.from(
  'GAAAAAAAAACjf0siCQAAAAAAAPg/Gg1icmFpbi5FdmVudDoyKihkbHYAAAAAAAAATkPwfQkAAAAAAAD4PyprCmkKFF9ocGFyYW1z' +
    'Xy9leHBlcmltZW50QgYIARICEgBKSQpHCgdocGFyYW1zEjwSOhkAAAAAAAD4PyIJCgV3aWR0aCADIgkKBWRlcHRoIAMqGQoMEgpm' +
    'aW5hbC9sb3NzGgl0ZXN0IGxvc3MF7oqR',
  'base64',
);

test("files match TensorBoard's byte for byte", async () => {
  const folder = path.join(await temporaryFolder(), 'a', 'b');
  const file = new EventFile(folder, 1500);
  file.started({ width: 8 }, 1500);
  file.scalars({ 'train/loss': 0.25, 'test/loss': 0.5 }, 300, 1500);
  file.succeeded(1500);
  file.close();
  const [name] = fs.readdirSync(folder);
  expect(name).toMatch(/^events\.out\.tfevents\.1\./);
  expect(fs.readFileSync(path.join(folder, name!)).equals(member)).toBe(true);
  const metrics = [{ tag: 'final/loss', title: 'test loss' }];
  expect(Buffer.from(experimentFile({ hparams: ['width', 'depth'], metrics }, 1500)).equals(columns)).toBe(true);
});
