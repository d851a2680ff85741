/** The formats a member can be exported to. */
import * as path from 'node:path';
import { encodeSafetensors } from '../runs/safetensors.js';
import type { Question } from '../training/question.js';
import type { MemberWithTask } from '../training/task.js';
import type { MemberFormatName } from './names.js';
import { interfaceOf, propertiesOf, memberTitle } from './about.js';
import { torchModule } from './torch.js';

export interface MemberFormat {
  /** The default file name, from a stem such as `lenet-mnist-cnn-w16-s0`. */
  readonly nameOf: (stem: string) => string;
  /** Why this name is not allowed, and what would be; undefined if it is allowed. */
  readonly refusal?: (output: string) => readonly [what: string, remedy: string] | undefined;
  /** The files written at `output`: `output` itself, unless it is a folder. */
  readonly filesAt: (output: string) => readonly string[];
  /** Their contents in that order. TensorFlow is loaded if they are made from the graph; its download is reported to `note`. */
  readonly contents: (member: MemberWithTask, output: string, note: Note) => Promise<readonly (Uint8Array | string)[]>;
}

type Note = (line: string) => void;

async function graphOf(question: Extract<Question, { want: 'onnx' | 'saved-model' }>, note: Note): Promise<Uint8Array> {
  const { ask } = await import('../training/ask.js');
  return (await ask(question, note)) as Uint8Array;
}

/** `lenet.py` -> `lenet.safetensors`. */
function weightsBeside(output: string): string {
  const { dir, name } = path.parse(output);
  return path.join(dir, `${name}.safetensors`);
}

const itself = (output: string): readonly string[] => [output];

export const memberFormats = {
  onnx: {
    nameOf: (stem) => `${stem}.onnx`,
    filesAt: itself,
    async contents(member, _, note) {
      const { takes, gives } = interfaceOf(member);
      const description = `${memberTitle(member)}. Takes ${takes}. Gives ${gives}.`;
      const about = { name: member.id, description, properties: propertiesOf(member) };
      return [await graphOf({ member, want: 'onnx', about }, note)];
    },
  },
  'saved-model': {
    nameOf: (stem) => stem,
    filesAt: (output) => [path.join(output, 'saved_model.pb')],
    contents: async (member, _, note) => [await graphOf({ member, want: 'saved-model' }, note)],
  },
  torch: {
    // A module can only be imported if its name has no hyphens or dots.
    nameOf: (stem) => `${stem.replace(/[^A-Za-z0-9]+/g, '_')}.py`,
    refusal: (output) =>
      /^[A-Za-z_]\w*\.py$/.test(path.basename(output))
        ? undefined
        : [`${output} is not a name that Python can import`, 'end it in .py, with letters, digits and _ before'],
    filesAt: (output) => [weightsBeside(output), output],
    contents: (member, output) =>
      Promise.resolve([
        encodeSafetensors(member.weights, propertiesOf(member)),
        torchModule(member, path.basename(weightsBeside(output))),
      ]),
  },
  safetensors: {
    nameOf: (stem) => `${stem}.safetensors`,
    filesAt: itself,
    contents: (member) => Promise.resolve([encodeSafetensors(member.weights, propertiesOf(member))]),
  },
} as const satisfies Readonly<Record<MemberFormatName, MemberFormat>>;
