/**
 * A member as a Python file for PyTorch: an ordinary module that loads its weights from a safetensors file beside it. Each architecture
 * is written here a second time, in Python; `npm run test:exports` compares it with what the lab stored.
 */
import { parseDatasetName } from '../datasets/index.js';
import type { Architecture } from '../experiment/architectures.js';
import { setting, type Task } from '../families/family.js';
import { attentionMultiplier, outputMultiplier } from '../families/parametrization.js';
import { firstOf, nth, present } from '../machine/present.js';
import type { MemberWithTask } from '../training/task.js';
import { classNamesOf, interfaceOf, memberTitle } from './about.js';

type ByArchitecture<T> = Readonly<Record<Architecture, T>>;

/** The text of the file. */
export function torchModule(member: MemberWithTask, weightsFile: string): string {
  const { takes, gives } = interfaceOf(member);
  const { arch } = member.experiment;
  return `"""${memberTitle(member)}, a ${arch} of the vision emergence lab, in PyTorch.

Takes ${takes}.
Gives ${gives}.

    model = load()
    ${calls[arch]}

Needs torch and numpy${arch === 'transformer' ? '' : ', and Pillow to be run on image files: python THIS_FILE IMAGE...'}
"""

import json
import sys
from pathlib import Path

import numpy as np
import torch
from torch import nn
from torch.nn import functional as F

WEIGHTS = Path(__file__).with_name(${text(weightsFile)})
CLASSES = ${list(classNamesOf(member))}


def read_weights(file=WEIGHTS):
    """The tensors of a safetensors file, as the lab stores them: kernels [height, width, in, out] and [in, out]."""
    data = Path(file).read_bytes()
    length = int.from_bytes(data[:8], "little")
    header = json.loads(data[8 : 8 + length])
    header.pop("__metadata__", None)
    content = data[8 + length :]
    return {
        name: torch.from_numpy(
            np.frombuffer(content[slice(*entry["data_offsets"])], dtype="<f4").reshape(entry["shape"]).copy()
        )
        for name, entry in header.items()
    }


${models[arch](member)}

def load(file=WEIGHTS):
    """The model with its weights, ready to predict."""
    weights = read_weights(file)
    model = Model()
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            parameter.copy_(of_torch(name, weights))
    return model.eval()


${loads[arch]}${arch === 'transformer' ? '' : onImages(member)}`;
}

const calls: ByArchitecture<string> = {
  cnn: 'logits = model(images)',
  autoencoder: 'reconstructions = model(images)',
  transformer: 'logits = model(images, labels)',
};

/** A Python string literal: JSON's strings are valid Python. */
const text = (value: string) => JSON.stringify(value);
const list = (values: readonly string[]) => JSON.stringify(values).replaceAll('","', '", "');

/** Torch's module weights from the lab's; `named_parameters` calls a kernel `weight`. */
const loads: ByArchitecture<string> = {
  cnn: `def of_torch(name, weights):
    layer, kind = name.split(".")
    if kind == "bias":
        return weights[name]
    kernel = weights[layer + ".kernel"]
    # [height, width, in, out] -> [out, in, height, width]; [in, out] -> [out, in]
    return kernel.permute(3, 2, 0, 1) if kernel.ndim == 4 else kernel.T
`,
  autoencoder: `def of_torch(name, weights):
    layer, kind = name.split(".")
    if kind == "bias":
        return weights[name]
    kernel = weights[layer + ".kernel"]
    # [in, out] -> [out, in]; the last layer's is stored that way
    return kernel if layer == "output" else kernel.T
`,
  transformer: `def of_torch(name, weights):
    if name in weights:
        return weights[name]
    layer, _, kind = name.rpartition(".")
    layer = layer.replace("blocks.", "block")
    if layer + ".gain" in weights:
        return weights[layer + (".gain" if kind == "weight" else ".bias")]
    kernel = weights[layer + ".kernel"]
    # [height, width, in, out] -> [out, in, height, width]; [in, out] -> [out, in]
    return kernel.permute(3, 2, 0, 1) if kernel.ndim == 4 else kernel.T
`,
};

const scaled = `        # 0..1, as in training: a product, as a quotient rounds differently
        `;

/** ` * 0.125` under muP, which scales the last layer down as the width grows. */
function multiplied({ experiment, record }: MemberWithTask): string {
  const multiplier = outputMultiplier(record.width, experiment);
  return multiplier === 1 ? '' : ` * ${multiplier}`;
}

/** The head's logits; with attributes, a combination's logit is the sum of those of its values. */
function answers({ attributes }: Task, multiplier: string): string {
  const head = `self.head(F.relu(self.hidden(x))${multiplier})`;
  if (attributes === undefined) return `        return ${head}\n`;
  return `        first, *others = ${head}.split([${attributes.join(', ')}], 1)
        for part in others:  # the last attribute's values first
            first = (first.unsqueeze(2) + part.unsqueeze(1)).flatten(1)
        return first
`;
}

const models: ByArchitecture<(member: MemberWithTask) => string> = {
  cnn(member) {
    const { experiment, record, task, weights } = member;
    const { width: w } = record;
    const depth = setting(experiment, 'depth');
    const further = Array.from({ length: Math.max(0, depth - 2) }, (_, i) => i + 3);
    const flat = firstOf(present(weights.get('hidden.kernel')).shape);
    const lines = [
      `        self.conv1 = nn.Conv2d(${task.channels}, ${w}, 5)`,
      ...(depth > 1 ? [`        self.conv2 = nn.Conv2d(${w}, ${2 * w}, 5)`] : []),
      ...further.map((i) => `        self.conv${i} = nn.Conv2d(${2 * w}, ${2 * w}, 3, padding=1)`),
      `        self.hidden = nn.Linear(${flat}, ${8 * w})`,
      `        self.head = nn.Linear(${8 * w}, ${firstOf(present(weights.get('head.bias')).shape)})`,
    ];
    return `class Model(nn.Module):
    def __init__(self):
        super().__init__()
${lines.join('\n')}

    def forward(self, images):
${scaled}x = images.float() * (1 / 255)
        x = x.permute(0, 3, 1, 2)  # channels first
        x = F.relu(F.max_pool2d(self.conv1(x), 2))
${depth > 1 ? '        x = F.relu(F.max_pool2d(self.conv2(x), 2))\n' : ''}${further.map((i) => `        x = F.relu(self.conv${i}(x))\n`).join('')}        # Flattened row by row with the channels last: the order of the hidden layer's weights.
        x = x.permute(0, 2, 3, 1).flatten(1)
${answers(task, multiplied(member))}`;
  },
  autoencoder(member) {
    const { experiment, task, weights } = member;
    const hidden = [...weights].filter(([name]) => /^dense\d+\.kernel$/.test(name));
    const activation = setting(experiment, 'activation');
    const { height, width, channels, meanPixel } = task;
    const layers = hidden.map(([name, { shape }]) => ({
      name: name.replace('.kernel', ''),
      from: firstOf(shape),
      to: nth(shape, 1),
    }));
    const [pixels, last] = present(weights.get('output.kernel')).shape as [number, number];
    return `class Model(nn.Module):
    def __init__(self):
        super().__init__()
${layers.map(({ name, from, to }) => `        self.${name} = nn.Linear(${from}, ${to})`).join('\n')}
        self.output = nn.Linear(${last}, ${pixels})

    def forward(self, images):
${scaled}x = images.float() * (1 / 255)
        # Flattened row by row with the channels last; the mean of all training pixels is subtracted.
        x = x.flatten(1) - ${meanPixel}
${layers.map(({ name }) => `        x = torch.${activation}(self.${name}(x))`).join('\n')}
        return torch.sigmoid(self.output(x${multiplied(member)})).reshape(-1, ${height}, ${width}, ${channels})
`;
  },
  transformer(member) {
    const { experiment, record, task, weights } = member;
    const { width: w } = record;
    const [pairs, blocks, heads] = (['pairs', 'blocks', 'heads'] as const).map((key) => setting(experiment, key));
    const flat = firstOf(present(weights.get('image.kernel')).shape);
    const size = w / setting(experiment, 'heads');
    const attention = attentionMultiplier(size, w, experiment);
    const scaledBy = attention === 1 / Math.sqrt(size) ? '' : `, scale=${attention}`;
    return `PAIRS = ${pairs}
HEADS = ${heads}


def half(conv, x):
    """A 3 x 3 convolution of stride 2 that leaves half of each side: an odd row of zeros is added below and to the right."""
    missing = [max(0, 2 * ((size - 1) // 2) + 3 - size) for size in x.shape[2:]]
    top, left = (each // 2 for each in missing)
    return conv(F.pad(x, (left, missing[1] - left, top, missing[0] - top)))


class Block(nn.Module):
    def __init__(self, w):
        super().__init__()
        self.norm1 = nn.LayerNorm(w, eps=1e-5)
        self.qkv = nn.Linear(w, 3 * w, bias=False)
        self.attended = nn.Linear(w, w, bias=False)
        self.norm2 = nn.LayerNorm(w, eps=1e-5)
        self.up = nn.Linear(w, 4 * w, bias=False)
        self.down = nn.Linear(4 * w, w, bias=False)

    def forward(self, x):
        n, length, w = x.shape
        by_head = (part.reshape(n, length, HEADS, -1).transpose(1, 2) for part in self.qkv(self.norm1(x)).chunk(3, -1))
        mixed = F.scaled_dot_product_attention(*by_head, is_causal=True${scaledBy})
        x = x + self.attended(mixed.transpose(1, 2).reshape(n, length, w))
        raised = self.up(self.norm2(x))
        return x + self.down(raised * torch.sigmoid(1.702 * raised))


class Model(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv1 = nn.Conv2d(${task.channels}, 16, 3, stride=2, bias=False)
        self.conv2 = nn.Conv2d(16, 32, 3, stride=2, bias=False)
        self.image = nn.Linear(${flat}, ${w}, bias=False)
        self.label = nn.Parameter(torch.empty(${task.classes}, ${w}))
        self.position = nn.Parameter(torch.empty(2 * PAIRS, ${w}))
        self.blocks = nn.ModuleList(Block(${w}) for _ in range(${blocks}))
        self.head = nn.Linear(${w}, ${task.classes}, bias=False)

    def forward(self, images, labels):
        n = len(images)
${scaled}x = images.float() * (1 / 255)
        x = x.flatten(0, 1).permute(0, 3, 1, 2)  # channels first
        x = F.relu(half(self.conv2, F.relu(half(self.conv1, x))))
        # Flattened row by row with the channels last: the order of the next layer's weights.
        embedded = self.image(x.permute(0, 2, 3, 1).flatten(1)).reshape(n, PAIRS, -1)
        # Image, its label, the next image, ...; the class is predicted at the image, which does not see its label.
        x = torch.stack([embedded, self.label[labels.long()]], 2).reshape(n, 2 * PAIRS, -1) + self.position
        for block in self.blocks:
            x = block(x)
        return self.head(x[:, ::2]${multiplied(member)})
`;
  },
};

/** Prints the model's output for image files, which are read the way the lab reads them. */
function onImages({ experiment, task, run }: MemberWithTask): string {
  const { height, width, channels } = task;
  if (height !== width || (channels !== 1 && channels !== 3)) return '';
  const isNegative = parseDatasetName(run.dataset.name).source.readsNegatives === true;
  const shown =
    experiment.arch === 'cnn'
      ? `        chances = model(image).softmax(1)[0]
        best = chances.argsort(descending=True)[:3]
        print(name, ", ".join(f"{CLASSES[i]} {chances[i]:.1%}" for i in best))`
      : `        error = (model(image) - image.float() * (1 / 255)).square().mean()
        print(name, f"mse {error:.4g}")`;
  return `

def read_image(file):
    """The middle square of an image file at the size of the training images, [1, ${height}, ${width}, ${channels}].

    If the file has another size, bytes may differ by one from those that the lab reads.
    """
    from PIL import Image, ImageOps

    image = ImageOps.exif_transpose(Image.open(file)).convert("RGBA")
    image = Image.alpha_composite(Image.new("RGBA", image.size, "white"), image).convert("RGB")
    image = ImageOps.fit(image, (${width}, ${height}), Image.Resampling.BILINEAR)${channels === 1 ? '.convert("L")' : ''}
    pixels = np.asarray(image).reshape(1, ${height}, ${width}, ${channels})
    return torch.from_numpy(${isNegative ? '255 - pixels' : 'pixels.copy()'})


if __name__ == "__main__":
    model = load()
    for name in sys.argv[1:]:
        with torch.no_grad():
            image = read_image(name)
${shown.replaceAll(/^ {8}/gm, '            ')}
`;
}
