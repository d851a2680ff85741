"""The autoencoders that `emergence train --arch autoencoder --dataset mnist` trains, by JAX as its best users write it.

    python jax_family.py MNIST_FOLDER WIDTHS SEEDS EPOCHS

One member after the other; each epoch is one jitted lax.scan over the shuffled images, with the state donated. Real MNIST,
784 - w - 784, batch 128, Adam 1e-3, squared error of the 10,000 test images. Prints one line a member. Needs jax and optax.
"""
import functools
import os
import sys

import jax
import jax.numpy as jnp
import numpy as np
import optax

folder, widths, seeds, epochs = sys.argv[1], *(list(map(int, a.split(","))) for a in sys.argv[2:4]), int(sys.argv[4])
batch = 128


def images(name):
    return np.fromfile(os.path.join(folder, name), "u1")[16:].reshape(-1, 784).astype("f4") / 255


train, test = jnp.asarray(images("train-images-idx3-ubyte")), jnp.asarray(images("t10k-images-idx3-ubyte"))
optimizer = optax.adam(1e-3)


def decode(p, x):
    return jax.nn.sigmoid(jax.nn.relu(x @ p["w1"] + p["b1"]) @ p["w2"] + p["b2"])


def loss(p, x):
    return jnp.mean((decode(p, x) - x) ** 2)


@functools.partial(jax.jit, donate_argnums=(0, 1))
def epoch(p, state, batches):
    def step(carry, rows):
        p, state = carry
        updates, state = optimizer.update(jax.grad(loss)(p, train[rows]), state)
        return (optax.apply_updates(p, updates), state), 0

    return jax.lax.scan(step, (p, state), batches)[0]


for w in widths:
    for seed in seeds:
        key1, key2, key = jax.random.split(jax.random.PRNGKey(seed), 3)
        p = {"w1": jax.random.normal(key1, (784, w)) * (2 / 784) ** 0.5, "b1": jnp.zeros(w),
             "w2": jax.random.normal(key2, (w, 784)) * (1 / w) ** 0.5, "b2": jnp.zeros(784)}
        state = optimizer.init(p)
        for _ in range(epochs):
            key, order = jax.random.split(key)
            steps = len(train) // batch
            rows = jax.random.permutation(order, len(train))[: steps * batch].reshape(steps, batch)
            p, state = epoch(p, state, rows)
        print(w, seed, float(jnp.mean(jax.vmap(lambda x: jnp.mean((decode(p, x) - x) ** 2))(test))), flush=True)
