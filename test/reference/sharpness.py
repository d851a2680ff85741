"""Error rates and power of the tests of sharpness, by another implementation than the lab's: NumPy, written from
docs/emergence.md alone. Prints the tables that stand there.

    pip install numpy
    python test/reference/sharpness.py            # all tables, about 10 minutes on a core of its own
    python test/reference/sharpness.py 200        # fewer families of each kind
    python test/reference/sharpness.py 200 smooth # one of them: smooth, smooth-power, metric or metric-power

Families are of 7 widths (1 to 64), 3 seeds each, tested on 1000 images; a seed moves its member's accuracy by a normal deviation.
"""
import sys
import numpy as np

SCORES = ["Eq 1", "linearity", "largest step", "steepest", "bow"]
WIDTHS = 2.0 ** np.arange(7)
SEEDS, IMAGES, DRAWS = 3, 1000, 199
T = np.log(WIDTHS) / np.log(WIDTHS[-1])


def scores(y):
    """[curves, scales] -> [curves, 5], Eq 1 as r / (1 + r) of its ratio r to a ramp."""
    n = y.shape[1]
    steps = np.diff(y, axis=1)
    low, high = y.argmin(1), y.argmax(1)
    signed = np.sign(high - low) * (y.max(1) - y.min(1))
    size = np.abs(signed)
    with np.errstate(divide="ignore", invalid="ignore"):
        ramp = signed / np.sqrt(np.median(steps**2, axis=1)) / (n - 1)
        eq1 = np.where(np.isfinite(ramp), ramp / (1 + np.abs(ramp)), np.sign(ramp))
        linearity = signed / np.sqrt((steps**2).mean(1))
        jump = steps.max(1) / size
        slopes = steps / np.diff(np.log(WIDTHS))
        steepest = slopes.max(1) * np.log(WIDTHS[-1] / WIDTHS[0]) / size
        # the sag of the least-squares parabola, t from -1 to 1
        t = 2 * T - 1
        bow = (y @ np.linalg.pinv(np.vander(t, 3)).T)[:, 0] / size
    return np.stack([eq1, linearity, jump, steepest, bow], axis=1)


def grid():
    """Columns of each family of smooth curves, centred and of unit length: a grid so fine that no search is needed."""
    steepest = 2 * np.log(9) / 0.5
    span = np.log(WIDTHS[-1] / WIDTHS[0])
    k = np.linspace(-max(2 * span, steepest), steepest, 150)
    k = k[np.abs(k) > 1e-3]
    size = np.geomspace(WIDTHS[0] / 3, 3 * WIDTHS[-1], 100)
    middle, slope = np.meshgrid(np.linspace(-0.5, 1.5, 121), np.linspace(steepest / 8, steepest, 12))
    families = [
        T[None],
        np.expm1(k[:, None] * T) / np.expm1(k[:, None]),
        -np.expm1(-WIDTHS / size[:, None]),
        1 / (1 + np.exp(-slope.ravel()[:, None] * (T - middle.ravel()[:, None]))),
    ]
    result = []
    for columns in families:
        columns = columns - columns.mean(1, keepdims=True)
        length = np.linalg.norm(columns, axis=1, keepdims=True)
        result.append(columns[length[:, 0] > 1e-9] / length[length[:, 0] > 1e-9])
    return result


GRID = grid()
ALL = np.concatenate(GRID).astype(np.float32)


def best_fit(y, columns):
    mean = y.mean(1, keepdims=True)
    along = (y - mean).astype(np.float32) @ columns.T
    place = (along**2).argmax(1)
    unit = columns[place].astype(float)
    height = ((y - mean) * unit).sum(1, keepdims=True)
    return mean + height * unit


def seed_spread(accuracy):
    """Variance between seeds beyond the binomial's: factor, degrees of freedom and exponent of p (1 - p), as moments."""
    p = accuracy.mean(1)
    level = p * (1 - p)
    observed = accuracy.var(1, ddof=1)
    explained = (accuracy * (1 - accuracy)).mean(1) / IMAGES
    best = None
    for exponent in (0, 1, 2):
        size = level**exponent
        factor = max(0.0, (observed - explained).sum()) / size.sum()
        expected = factor * size + explained
        ok = expected > 0
        deviance = (np.log(expected[ok]) + observed[ok] / expected[ok]).sum()
        if best is None or deviance < best[0] - 1e-12:
            best = (deviance, exponent, size.sum())
    return observed.sum(), explained.sum(), best[1], best[2], (SEEDS - 1) * len(WIDTHS)


def draw_family(rng, truth, spread, count):
    """Accuracies of `count` families around a truth, [count, widths, seeds]."""
    total, explained, exponent, size, df = spread
    factor = np.maximum(0, total * df / rng.chisquare(df, count) - explained) / size
    truth = np.clip(truth, 0, 1)
    sd = np.sqrt(factor[:, None] * (truth * (1 - truth)) ** exponent)
    p = np.clip(truth[None, :, None] + sd[:, :, None] * rng.standard_normal((count, len(WIDTHS), SEEDS)), 0, 1)
    return rng.binomial(IMAGES, p) / IMAGES


def subset(p, k):
    """C(m, k) / C(n, k) of n images of which n p are right."""
    if k == 1:
        return p
    i = np.arange(k)
    m = np.rint(p * IMAGES)
    return np.prod(np.maximum(0, m[..., None] - i) / (IMAGES - i), axis=-1)


def ranks(column):
    """Share of all that are at least as large."""
    ascending = np.sort(column)
    return (len(column) - np.searchsorted(ascending, column, side="left")) / len(column)


def step_down(observed, null):
    """Westfall and Young's minP: raw and adjusted p of each statistic."""
    columns = np.stack([ranks(np.nan_to_num(np.r_[o, n], nan=-np.inf)) for o, n in zip(observed, null.T)], axis=1)
    raw = columns[0]
    order = np.argsort(raw, kind="stable")
    adjusted, running = np.empty(len(raw)), 0.0
    for place, j in enumerate(order):
        least = columns[:, order[place:]].min(1)
        running = max(running, (least <= raw[j]).mean())
        adjusted[j] = running
    return raw, adjusted


def largest(rng, accuracy, statistics, base, back):
    """Of each score the largest p: its excess over a smooth curve by each family's best fit as a truth, itself by the best of all."""
    observed = statistics(accuracy[None])
    spread = seed_spread(accuracy)
    p, adjusted = np.zeros(5), np.zeros(5)
    fits = [best_fit(base, columns)[0] for columns in GRID]
    left = [((base[0] - fit) ** 2).sum() for fit in fits]
    for fit, squares in zip(fits, left):
        drawn = statistics(draw_family(rng, back(fit), spread, DRAWS))
        for one, null in list(zip(observed, drawn))[0 if squares == min(left) else 1 :]:
            a, b = step_down(one[0], null)
            p, adjusted = np.maximum(p, a), np.maximum(adjusted, b)
    return p, adjusted


def against_smooth(rng, accuracy, k=1):
    def statistics(families):
        curves = subset(families, k).mean(2)
        own = scores(curves)
        return own, own - scores(best_fit(curves, ALL))

    base = subset(accuracy, k).mean(1)[None]
    return largest(rng, accuracy, statistics, base, lambda curve: np.clip(curve, 0, 1) ** (1 / k))


def against_pushed(rng, accuracy, k):
    """The metric of accuracy's smooth fit, refitted in each draw."""
    def statistics(families):
        own = scores(subset(families, k).mean(2))
        return own, own - scores(np.clip(best_fit(families.mean(2), ALL), 0, 1) ** k)

    return largest(rng, accuracy, statistics, accuracy.mean(1)[None], lambda curve: curve)


def logistic(k, middle):
    return 1 / (1 + np.exp(-k * (T - middle)))


BOUND = 2 * np.log(9) / 0.5
SMOOTH = {
    "flat": 0.5 + 0 * T,
    "line": 0.2 + 0.6 * T,
    "line, hardly above its noise": 0.4 + 0.05 * T,
    "power law, N^-0.3": 0.95 - 0.75 * WIDTHS**-0.3,
    "power law, N^-0.75": 0.95 - 0.75 * WIDTHS**-0.75,
    "saturating exponential": 0.1 + 0.8 * -np.expm1(-WIDTHS / 12),
    "logistic at the bound": 0.1 + 0.8 * logistic(BOUND, 0.5),
    "the same, late": 0.05 + 0.9 * logistic(BOUND, 0.8),
    "logistic, gentler": 0.1 + 0.85 * logistic(5, 0.45),
}
SHARP = {
    f"one step of {height}, {place}": 0.5 - height / 2 + height * (WIDTHS >= at)
    for height in (0.1, 0.2, 0.4, 0.7)
    for place, at in (("in the middle", 8), ("at the end", 64))
}

# Where 20 images at once are right often enough to see: from 0.97 - height to 0.97.
STEPS_OF_K = {
    f"one step from {0.97 - height:.2f} to 0.97, {place}": 0.97 - height * (WIDTHS < at)
    for height in (0.02, 0.05, 0.1, 0.3)
    for place, at in (("in the middle", 8), ("at the end", 64))
}


def simulate(kind, truths, families, deviations, test, k=1):
    print(f"\n{kind}: share of {families} families with p <= 0.05")
    print("| truth | seeds' sd | " + " | ".join(SCORES) + " | any, adjusted |")
    print("| --- | --- |" + " --- |" * 6)
    for name, truth in truths.items():
        for deviation in deviations:
            rng = np.random.default_rng([families, *name.encode()])
            found, any_found = np.zeros(5), 0
            for _ in range(families):
                p = np.clip(truth[:, None] + deviation * rng.standard_normal((len(WIDTHS), SEEDS)), 0, 1)
                raw, adjusted = test(rng, rng.binomial(IMAGES, p) / IMAGES, k)
                found += raw <= 0.05
                any_found += (adjusted <= 0.05).any()
            cells = " | ".join(f"{100 * x / families:.1f} %" for x in [*found, any_found])
            print(f"| {name} | {deviation} | {cells} |", flush=True)


TABLES = {
    "smooth": lambda n: simulate("Smooth growth, false alarms", SMOOTH, n, [0.005, 0.02], against_smooth),
    "smooth-power": lambda n: simulate("Smooth growth, power for one step", SHARP, n, [0.02], against_smooth),
    "metric": lambda n: simulate("K = 20 of a smooth family, false alarms", SMOOTH, n, [0.005, 0.02], against_pushed, 20),
    "metric-power": lambda n: simulate("K = 20 of one step, power", STEPS_OF_K, n, [0.005], against_pushed, 20),
}

if __name__ == "__main__":
    families = int(sys.argv[1]) if len(sys.argv) > 1 else 400
    for name in sys.argv[2:] or TABLES:
        TABLES[name](families)
