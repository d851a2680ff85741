import { createHash } from 'node:crypto';
import * as fs from 'node:fs/promises';
import { expect, test } from 'vitest';
import { encodeSafetensors, encodeWithDigest, matchesDigest } from '../../../src/runs/safetensors.js';
import { loadCheckpoint, MemberFiles } from '../../../src/training/checkpoint.js';
import { epochRecord, memberRecord, temporaryFolder } from '../../support/runs.js';

const names = ['bias', 'kernel'];
const state = new Map([
  ['bias', { shape: [2], data: Float32Array.of(1, 2) }],
  ['kernel', { shape: [1, 3], data: Float32Array.of(3, 4, 5) }],
]);
const history = [1, 2].map(epochRecord);
const begun = '2026-01-01T12:00:00.000Z';
const files = async () => new MemberFiles(await temporaryFolder(), { arch: 'cnn', width: 8, seed: 0 });
const file = 'training.safetensors';
const { experiment } = memberRecord({ arch: 'cnn', width: 8, seed: 0 });
const wanted = { names, experiment };

test('a checkpoint reads back as written; a change of the start time, or of any other byte, is noticed', async () => {
  const member = await files();
  await member.checkpoint({ ...memberRecord({ arch: 'cnn', width: 8, seed: 0 }), begun }, { state, history });
  expect(await loadCheckpoint(member, wanted)).toEqual({ state, history, begun });
  const bytes = await fs.readFile(member.path(file));
  for (let at = 0; at < bytes.length; at++) {
    const changed = Buffer.from(bytes);
    changed[at]! ^= 1;
    await fs.writeFile(member.path(file), changed);
    await expect(loadCheckpoint(member, wanted)).rejects.toThrow(/training\.safetensors: /);
  }
});

test('one that is empty, or has no history, is refused with what to do', async () => {
  const member = await files();
  await fs.mkdir(member.folder, { recursive: true });
  const forged = encodeWithDigest(state, { begun, history: '{"epochs": 2}' });
  for (const [bytes, why] of [
    [new Uint8Array(), 'is not a complete safetensors file: 0 bytes are too few for a header'],
    [forged, 'is damaged: '],
  ] as const) {
    await fs.writeFile(member.path(file), bytes);
    await expect(loadCheckpoint(member, wanted)).rejects.toMatchObject({
      name: 'RunError',
      message: expect.stringMatching(`^${member.path(file)}: ${why}.*; delete the file to train this member`) as string,
    });
  }
});

test('one of format 1 is resumed, and checked by the hash it has', async () => {
  const member = await files();
  await fs.mkdir(member.folder, { recursive: true });
  const text = JSON.stringify(history);
  // As that format defines it: history, then each tensor's name and shape as JSON, and its bytes.
  const hash = createHash('sha256').update(text);
  for (const [name, { shape, data }] of state)
    hash.update(JSON.stringify([name, shape])).update(Buffer.from(data.buffer));
  const written = encodeSafetensors(state, { begun, history: text, sha256: hash.digest('hex') });
  expect(matchesDigest(written)).toBeUndefined();
  await fs.writeFile(member.path(file), written);
  expect(await loadCheckpoint(member, wanted)).toEqual({ state, history, begun });
  written[written.length - 1]! ^= 1;
  await fs.writeFile(member.path(file), written);
  await expect(loadCheckpoint(member, wanted)).rejects.toThrow('its content does not match its hash');
});

test('of a finished epoch and one stopped within, the further one counts', async () => {
  const member = await files();
  const progress = { ...memberRecord({ arch: 'cnn', width: 8, seed: 0 }), begun };
  const [one = epochRecord(1), two = epochRecord(2)] = history;
  const within = { step: 7, seconds: 0.5 };
  await member.stopped(experiment, { state, history: [], begun, within });
  expect(await loadCheckpoint(member, wanted)).toEqual({ state, history: [], begun, within });
  await member.checkpoint(progress, { state, history: [one] });
  expect(await loadCheckpoint(member, wanted)).toEqual({ state, history: [one], begun });
  await member.stopped(experiment, { state, history: [one], begun, within });
  const left = await fs.readFile(member.path('stopped.safetensors'));
  expect(await loadCheckpoint(member, wanted)).toEqual({ state, history: [one], begun, within });
  await member.checkpoint(progress, { state, history: [one, two] });
  // As left by a kill between the checkpoint and its removal.
  await fs.writeFile(member.path('stopped.safetensors'), left);
  expect(await loadCheckpoint(member, wanted)).toEqual({ state, history, begun });
  left[left.length - 1]! ^= 1;
  await fs.writeFile(member.path('stopped.safetensors'), left);
  await expect(loadCheckpoint(member, wanted)).rejects.toThrow(
    /stopped\.safetensors: is damaged: its content does not/,
  );
});

test('one of another member, or of another experiment, is not resumed', async () => {
  const member = await files();
  await member.stopped(experiment, { state, history: [], begun, within: { step: 7, seconds: 0.5 } });
  const stopped = await fs.readFile(member.path('stopped.safetensors'));
  await expect(loadCheckpoint(member, { names, experiment: '0'.repeat(64) })).rejects.toThrow(
    /stopped\.safetensors: belongs to another experiment; delete the file/,
  );
  const other = new MemberFiles(await temporaryFolder(), { arch: 'cnn', width: 8, seed: 1 });
  await fs.mkdir(other.folder, { recursive: true });
  await fs.writeFile(other.path('stopped.safetensors'), stopped);
  await expect(loadCheckpoint(other, wanted)).rejects.toThrow(/belongs to the member cnn-w8-s0/);
});
