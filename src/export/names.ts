/**
 * The formats a member can be exported to, by name, with their descriptions for help and documentation. They are in a file of their own
 * so that `--help` need not load the formats, nor the library's types those of TensorFlow.
 */
export const memberFormatSummaries = {
  onnx: 'an ONNX model, weights and preprocessing inside',
  'saved-model': 'a folder with a TensorFlow SavedModel, weights and preprocessing inside',
  torch: 'a Python module for PyTorch, with the weights in a file next to it',
  safetensors: 'the weights alone, described in the metadata',
} as const;

export type MemberFormatName = keyof typeof memberFormatSummaries;
