/** Names of the forms in which a member leaves the lab. By themselves: the library's types have them, without those of TensorFlow. */
export type MemberFormatName = 'onnx' | 'saved-model' | 'torch' | 'safetensors';
