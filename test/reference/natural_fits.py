"""Least sums of squares that SciPy finds for curve models on published curves.

    node --import tsx test/reference/natural-fits.ts > curves.json
    python test/reference/natural_fits.py < curves.json > test/fixtures/natural-fits.csv

Every model inside the bounds that src/analysis/models.ts states: trust region reflective over the shape, from 60 of 1500 random
shapes and from around the best optimum so far, with the levels of each shape by linear least squares.
Made with SciPy 1.17.1 and NumPy 2; random numbers from a fixed seed.
"""

import csv
import json
import sys

import numpy as np
from scipy.optimize import least_squares, lsq_linear
from scipy.special import expit


def softplus(z):
    return np.maximum(z, 0) + np.log1p(np.exp(-np.abs(z)))


def power_law(p, x):
    return p[0] * np.exp(-p[1] * x) + p[2]


def sigmoid(p, x):
    return p[0] + (p[1] - p[0]) * expit(p[3] * (x - p[2]))


def two_sigmoids(p, x):
    return p[0] + p[1] * expit(p[3] * (x - p[2])) + p[4] * expit(p[6] * (x - p[5]))


def broken_power_law(p, x):
    u = x - p[4]
    return p[0] + p[1] * np.exp(np.clip(-p[2] * u - p[3] * p[5] * softplus(u / p[5]), -700, 700))


# Names, evaluation, places of the levels, places that are drawn on a log scale.
MODELS = {
    "power-law": (power_law, [0, 2], [1]),
    "sigmoid": (sigmoid, [0, 1], [3]),
    "two-sigmoids": (two_sigmoids, [0, 1, 4], [3, 6]),
    "broken-power-law": (broken_power_law, [0, 1], [5]),
}


def bounds_of(name, x, y, limits):
    first, last = x[0], x[-1]
    span = last - first
    gap = np.diff(x).min()
    low, high = y.min(), y.max()
    reach = high - low or abs(high) or 1
    lower = min(low, limits[0] if limits else low - 10 * reach)
    upper = max(high, limits[1] if limits else high + 10 * reach)
    middle = [first - 2 * span, last + 2 * span]
    slope = [0.1 / span, 50 / gap]
    steepest = min(10, 20 / gap)
    inf = np.inf
    return {
        "power-law": ([-inf, 0.01, lower], [inf, 10, upper]),
        "sigmoid": ([lower, lower, middle[0], slope[0]], [upper, upper, middle[1], slope[1]]),
        "two-sigmoids": (
            [lower, *2 * [lower - upper, middle[0], slope[0]]],
            [upper, *2 * [upper - lower, middle[1], slope[1]]],
        ),
        "broken-power-law": (
            [lower, -inf, -steepest, -2 * steepest, first - span / 2, gap / 50],
            [upper, inf, steepest, 2 * steepest, last + span / 2, span],
        ),
    }[name]


def with_levels(name, shape, x, y, lower, upper):
    """A shape's best levels inside their bounds, and the residuals."""
    model, levels, _ = MODELS[name]
    p = np.zeros(len(lower))
    p[[j for j in range(len(lower)) if j not in levels]] = shape
    columns = []
    for place in levels:
        q = p.copy()
        q[place] = 1
        columns.append(model(q, x) - model(p, x))
    a = np.stack(columns, 1)
    scale = np.linalg.norm(a, axis=0)
    if not np.isfinite(a).all() or (scale == 0).any():
        return np.full(len(x), 1e6)
    low, high = lower[levels] * scale, upper[levels] * scale
    solution = np.linalg.lstsq(a / scale, y, rcond=1e-13)[0]
    if (solution < low).any() or (solution > high).any():
        solution = lsq_linear(a / scale, y, (low, high), method="bvls", tol=1e-14).x
    return a / scale @ solution - y


def fit(name, x, y, limits, random, draws=1500, starts=60, hops=20):
    _, levels, logs = MODELS[name]
    magnitude = np.abs(y).max() or 1
    y = y / magnitude
    lower, upper = (np.array(b, float) for b in bounds_of(name, x, y, limits and [v / magnitude for v in limits]))
    places = [j for j in range(len(lower)) if j not in levels]
    low, high = lower[places], upper[places]
    span = x[-1] - x[0]

    def drawn():
        shape = []
        for j in places:
            if j in logs:
                shape.append(np.exp(random.uniform(np.log(lower[j]), np.log(upper[j]))))
            elif name == "broken-power-law" and j in (2, 3):
                shape.append(np.clip(random.normal() * 10 ** random.uniform(-1.5, 1), lower[j], upper[j]))
            else:
                shape.append(random.uniform(max(lower[j], x[0] - span / 2), min(upper[j], x[-1] + span / 2)))
        return np.array(shape)

    residuals = lambda shape: with_levels(name, shape, x, y, lower, upper)
    nodes = [drawn() for _ in range(draws)]
    sums = np.array([residuals(shape) @ residuals(shape) for shape in nodes])
    order = np.argsort(sums)
    # Half the best, half from all over the better half.
    chosen = [nodes[i] for i in order[: starts // 2]]
    chosen += [nodes[order[i]] for i in random.choice(draws // 2, starts - len(chosen), replace=False)]
    best, best_shape = sums[order[0]], nodes[order[0]]

    def descend(shape):
        nonlocal best, best_shape
        inside = np.clip(shape, low + 1e-9 * (high - low), high - 1e-9 * (high - low))
        result = least_squares(
            residuals, inside, bounds=(low, high), x_scale=np.maximum(np.abs(inside), 1e-2), ftol=1e-12, xtol=1e-12, gtol=1e-13, max_nfev=100
        )
        if 2 * result.cost < best:
            best, best_shape = 2 * result.cost, result.x

    for shape in chosen:
        descend(shape)
    for _ in range(hops):
        width = 10 ** random.uniform(-3, -0.3)
        moved = [v * np.exp(width * random.normal()) if j in logs else v + width * random.normal() for j, v in zip(places, best_shape)]
        descend(np.array(moved))
    return best * magnitude**2


def main():
    curves = json.load(sys.stdin)
    rows = csv.writer(sys.stdout, lineterminator="\n")
    rows.writerow(["file", "curve", *MODELS])
    for place, curve in enumerate(curves):
        x, y = np.log(curve["scales"]), np.array(curve["values"], float)
        limits = [0, 1] if curve["unit"] == "probability" else None
        sums = [fit(name, x, y, limits, np.random.default_rng([place, len(name)])) for name in MODELS]
        rows.writerow([curve["file"], curve["name"], *(f"{value:.10g}" for value in sums)])


main()
