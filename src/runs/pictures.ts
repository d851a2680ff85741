/** A member's reconstructions.png: some test images side by side, and below them the member's reconstructions. */
import type { ImageShape } from '../datasets/dataset.js';
import { Random } from '../statistics/random.js';
import type { FamilyMember } from './opened.js';
import type { RunRecord } from './record.js';
import { readMemberFile } from './run.js';

const kept = 20;

/** When the first picture is drawn or read: most workers have none, and loading it takes as long as starting Node. */
async function loadSharp() {
  return (await import('sharp')).default;
}

/** Test images whose reconstructions every member keeps: their indices in the test set as used, ascending. */
export function reconstructedImages(testCount: number): Int32Array {
  return Random.named(0, 'reconstructions').permutation(testCount).slice(0, kept).sort();
}

export interface Strips {
  readonly shape: ImageShape;
  /** `[count, height, width, channels]` each, bytes. */
  readonly originals: Uint8Array;
  readonly reconstructions: Uint8Array;
}

/** The file's bytes: two rows of images, unscaled, without gaps. */
export async function encodeStrips({ shape, originals, reconstructions }: Strips): Promise<Uint8Array> {
  const { height, width, channels } = shape;
  const count = originals.length / (height * width * channels);
  const raw = Buffer.concat([originals, reconstructions].map((images) => sideBySide(images, count, shape)));
  const about = { width: count * width, height: 2 * height, channels: channels === 1 ? 1 : 3 } as const;
  const sharp = await loadSharp();
  return sharp(raw, { raw: about }).png({ compressionLevel: 9 }).toBuffer();
}

/** Images one after the other -> one picture as wide as all of them. */
function sideBySide(images: Uint8Array, count: number, { height, width, channels }: ImageShape): Uint8Array {
  const strip = new Uint8Array(images.length);
  const row = width * channels;
  for (let i = 0; i < count; i++) {
    for (let y = 0; y < height; y++) {
      const from = (i * height + y) * row;
      strip.set(images.subarray(from, from + row), (y * count + i) * row);
    }
  }
  return strip;
}

const fileName = 'reconstructions.png';

/** The strips of one member. */
export interface MemberStrips {
  /** Its index in the requested list. */
  readonly member: number;
  readonly width: number;
  readonly png: Uint8Array;
}

/**
 * The strips of the first member of every width, in the members' order; `problems` names damaged ones, which are left out. Both are
 * empty for families without reconstructions.
 */
export async function readStrips(
  { dataset: { shape, testCount } }: Pick<RunRecord, 'dataset'>,
  members: readonly {
    readonly record: Pick<FamilyMember, 'id' | 'width' | 'files' | 'moment'>;
    readonly folder: string;
  }[],
): Promise<{ strips: MemberStrips[]; problems: string[] }> {
  const strips: MemberStrips[] = [];
  const problems: string[] = [];
  const size = `${Math.min(kept, testCount) * shape.width} x ${2 * shape.height}`;
  for (const [member, { record, folder }] of members.entries()) {
    // The picture shows the end of training.
    if (
      record.moment !== undefined ||
      !(fileName in record.files) ||
      strips.some(({ width }) => width === record.width)
    )
      continue;
    const png = await readMemberFile(folder, record, fileName);
    const problem = typeof png === 'string' ? png : await notOfSize(png, size);
    if (typeof png === 'string' || problem !== undefined)
      problems.push(`no reconstructions of ${record.id}: ${problem ?? ''}`);
    else strips.push({ member, width: record.width, png });
  }
  return { strips, problems };
}

/** Why a file is not a picture of this size. */
async function notOfSize(bytes: Uint8Array, size: string): Promise<string | undefined> {
  const sharp = await loadSharp();
  const found = await sharp(bytes)
    .metadata()
    .then(
      ({ format, width, height }) => (format === 'png' ? `${width} x ${height}` : undefined),
      () => undefined,
    );
  if (found === size) return undefined;
  return `${fileName} is ${found === undefined ? 'no PNG' : `of ${found} pixels, but ${size} are expected`}`;
}
