/**
 * TensorBoard's event files: records framed as TFRecord, each an `Event` of tensorflow/core/util/event.proto, with scalars and what the
 * hparams plugin reads (tensorboard/plugins/hparams/plugin_data.proto). Field numbers are those of the .proto files.
 */
import * as fs from 'node:fs';
import * as os from 'node:os';
import * as path from 'node:path';
import { bytesField, concat, doubleField, floatField, stringField, varintField } from '../engine/protobuf.js';

/** Numbers of a member that have columns in the HPARAMS tab. */
export type Hparams = Readonly<Record<string, number>>;

/** The content of the tab: columns of the members, and their scalars by tag. */
export interface HparamsExperiment {
  readonly hparams: readonly string[];
  readonly metrics: readonly { readonly tag: string; readonly title: string }[];
}

/** A file being written: every record is on disk when its call returns. */
export class EventFile {
  readonly #file: number;

  /** A new file in a folder, which is created if necessary; the name contains its time, machine and process. */
  constructor(folder: string, now = Date.now()) {
    fs.mkdirSync(folder, { recursive: true });
    const name = `events.out.tfevents.${Math.floor(now / 1000)}.${os.hostname()}.${process.pid}.v2`;
    this.#file = fs.openSync(path.join(folder, name), 'a');
    this.#append(versionEvent(now));
  }

  scalars(values: Readonly<Record<string, number>>, step: number, now = Date.now()): void {
    const summary = concat(Object.entries(values).map(([tag, value]) => bytesField(1, scalar(tag, value))));
    this.#append(concat([doubleField(1, now / 1000), varintField(2, step), bytesField(5, summary)]));
  }

  /** The session's hyperparameters, at its start. */
  started(hparams: Hparams, now = Date.now()): void {
    const values = Object.entries(hparams).map(([name, value]) =>
      bytesField(1, concat([stringField(1, name), bytesField(2, doubleField(2, value))])),
    );
    const session = concat([...values, doubleField(5, now / 1000)]);
    this.#append(pluginEvent('session_start_info', bytesField(3, session), now));
  }

  succeeded(now = Date.now()): void {
    const session = concat([varintField(1, 1), doubleField(2, now / 1000)]);
    this.#append(pluginEvent('session_end_info', bytesField(4, session), now));
  }

  close(): void {
    fs.closeSync(this.#file);
  }

  #append(event: Uint8Array): void {
    fs.writeSync(this.#file, framed(event));
  }
}

/** A whole file for the folder above those of the members. */
export function experimentFile({ hparams, metrics }: HparamsExperiment, now = Date.now()): Uint8Array {
  const columns = hparams.map((name) => bytesField(4, concat([stringField(1, name), varintField(4, 3)])));
  const shown = metrics.map(({ tag, title }) =>
    bytesField(5, concat([bytesField(1, stringField(2, tag)), stringField(3, title)])),
  );
  const experiment = concat([doubleField(3, now / 1000), ...columns, ...shown]);
  return concat([framed(versionEvent(now)), framed(pluginEvent('experiment', bytesField(2, experiment), now))]);
}

function versionEvent(now: number): Uint8Array {
  return concat([doubleField(1, now / 1000), stringField(3, 'brain.Event:2')]);
}

function scalar(tag: string, value: number): Uint8Array {
  return concat([stringField(1, tag), floatField(2, value)]);
}

/** A summary whose metadata contains everything: its tensor has no elements. */
function pluginEvent(name: string, data: Uint8Array, now: number): Uint8Array {
  const plugin = concat([stringField(1, 'hparams'), bytesField(2, data)]);
  const none = concat([varintField(1, 1), bytesField(2, bytesField(2, new Uint8Array(0)))]);
  const value = concat([
    stringField(1, `_hparams_/${name}`),
    bytesField(8, none),
    bytesField(9, bytesField(1, plugin)),
  ]);
  return concat([doubleField(1, now / 1000), bytesField(5, bytesField(1, value))]);
}

/** TFRecord: length, its check, the record, its check. */
function framed(record: Uint8Array): Uint8Array {
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(record.length));
  return concat([length, maskedCheck(length), record, maskedCheck(record)]);
}

function maskedCheck(bytes: Uint8Array): Uint8Array {
  const check = crc32c(bytes);
  const masked = Buffer.alloc(4);
  masked.writeUInt32LE((((check >>> 15) | (check << 17)) + 0xa282ead8) >>> 0);
  return masked;
}

const table = Uint32Array.from({ length: 256 }, (_, byte) => {
  let rest = byte;
  for (let bit = 0; bit < 8; bit++) rest = (rest & 1) === 1 ? (rest >>> 1) ^ 0x82f63b78 : rest >>> 1;
  return rest;
});

/** Castagnoli's (RFC 3720, appendix B.4). */
export function crc32c(bytes: Uint8Array): number {
  let check = 0xffffffff;
  for (const byte of bytes) check = table[(check ^ byte) & 255]! ^ (check >>> 8);
  return ~check >>> 0;
}
