"""What another program computes of exported members, against what the lab stored of them: `check.py TOOL MANIFEST`, for exports.test.ts.

The manifest is JSON: for each member its test images and labels as files of bytes, their shapes, its outcomes, and its export.
Prints, as JSON, for each member the largest differences.
"""

import importlib.util
import json
import os
import sys

os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
import numpy as np


def onnx(path):
    import onnx
    import onnxruntime

    onnx.checker.check_model(onnx.load(path), full_check=True)
    session = onnxruntime.InferenceSession(path)
    return lambda feed: session.run(None, feed)[0]


def saved_model(path):
    import tensorflow as tf

    signature = tf.saved_model.load(path).signatures["serving_default"]
    return lambda feed: next(iter(signature(**{name: tf.constant(value) for name, value in feed.items()}).values())).numpy()


def torch(path):
    import torch

    spec = importlib.util.spec_from_file_location("exported", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    model = module.load()

    def answer(feed):
        with torch.no_grad():
            return model(*(torch.from_numpy(value) for value in feed.values())).numpy()

    return answer


def safetensors(path):
    """Not a model: whether the library of that name reads the same numbers in both files."""
    from safetensors.numpy import load_file

    return load_file(path)


def differences(answer, images, labels, outcomes):
    """In double precision from the answers alone: what the lab computed in float32."""
    if "mse" in outcomes:
        error = answer.astype(np.float64) - images / 255
        return {"mse": np.abs((error**2).mean((1, 2, 3)) - outcomes["mse"]).max()}
    logits = answer.reshape(-1, answer.shape[-1]).astype(np.float64)
    largest = logits.max(1, keepdims=True)
    log_probabilities = logits - largest - np.log(np.exp(logits - largest).sum(1, keepdims=True))
    own = log_probabilities[np.arange(len(logits)), labels.ravel()]
    return {
        "predicted": int((logits.argmax(1) != outcomes["predicted"]).sum()),
        "log_probability": np.abs(own - outcomes["log_probability"]).max(),
        "confidence": np.abs(np.exp(log_probabilities.max(1)) - outcomes["confidence"]).max(),
    }


def check(tool, member):
    images = np.fromfile(member["images"], np.uint8).reshape(member["shape"])
    labels = np.fromfile(member["labels"], np.int32).reshape(member["shape"][:-3])
    outcomes = {name: np.array(values) for name, values in member["outcomes"].items()}
    if tool == "safetensors":
        ours, theirs = safetensors(member["exported"]), safetensors(member["weights"])
        assert ours.keys() == theirs.keys()
        return {"weights": max(float(np.abs(ours[name] - theirs[name]).max()) for name in ours)}
    run = {"onnx": onnx, "saved-model": saved_model, "torch": torch}[tool](member["exported"])
    feed = {"images": images, **({"labels": labels} if images.ndim == 5 else {})}
    # The last batch is smaller: a model takes any number.
    parts = [run({name: value[at : at + 96] for name, value in feed.items()}) for at in range(0, len(images), 96)]
    return differences(np.concatenate(parts), images, labels, outcomes)


if __name__ == "__main__":
    tool, manifest = sys.argv[1:]
    with open(manifest) as file:
        members = json.load(file)
    print(json.dumps({member["id"]: {name: float(value) for name, value in check(tool, member).items()} for member in members}))
