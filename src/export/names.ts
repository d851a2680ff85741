/**
 * The forms in which a member leaves the lab, by name, with what is written for help and documentation. By themselves: `--help` reads them
 * without the forms, and the library's types have them without those of TensorFlow.
 */
export const memberFormatSummaries = {
  onnx: 'an ONNX model, weights and preprocessing inside',
  'saved-model': 'a folder with a TensorFlow SavedModel, weights and preprocessing inside',
  torch: 'a Python module for PyTorch, with the weights in a file next to it',
  safetensors: 'the weights alone, described in the metadata',
} as const;

export type MemberFormatName = keyof typeof memberFormatSummaries;
