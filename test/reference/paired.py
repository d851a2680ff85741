"""Coverage of the intervals of scores and of paired ratios and differences, and false alarms of the paired test, by another
implementation than the lab's: NumPy and SciPy, written from docs/emergence.md alone. Prints the tables that stand there.

    pip install numpy scipy
    python test/reference/paired.py            # all tables, about 15 minutes on a core of its own
    python test/reference/paired.py 100        # fewer families of each kind
    python test/reference/paired.py 100 lenet  # one of them: lenet, autoencoders, scores, alarms or power

A family's members share their test images; a seed moves its member's accuracy by a normal deviation.
"""
import sys
import numpy as np
from scipy.special import expit, gammaln, ndtr, ndtri
from scipy.stats import rankdata

DRAWS = 400
NODES = ndtri((np.arange(41) + 1) / 42)
NODES /= np.sqrt((NODES**2).mean())


def eq1(y):
    """[..., scales] -> Eq 1."""
    steps = np.diff(y, axis=-1)
    low, high = y.argmin(-1), y.argmax(-1)
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.sign(high - low) * np.ptp(y, axis=-1) / np.sqrt(np.median(steps**2, axis=-1))


def linearity(y):
    steps = np.diff(y, axis=-1)
    return np.sign(y.argmax(-1) - y.argmin(-1)) * np.ptp(y, axis=-1) / np.sqrt((steps**2).mean(-1))


def jump(y):
    return np.diff(y, axis=-1).max(-1) / np.ptp(y, axis=-1)


def bow_along(widths):
    t = 2 * np.log(widths / widths[0]) / np.log(widths[-1] / widths[0]) - 1
    weights = np.linalg.pinv(np.vander(t, 3))[0]
    return lambda y: (y @ weights) / np.ptp(y, axis=-1)


def subsets(k, n):
    """Share of right images -> chance that k drawn ones are all right, C(m, k) / C(n, k)."""
    m = np.arange(n + 1)
    with np.errstate(invalid="ignore"):
        logs = gammaln(m + 1) - gammaln(m - k + 1) - gammaln(n + 1) + gammaln(n - k + 1)
    table = np.where(m >= k, np.exp(np.where(m >= k, logs, 0)), 0)
    return lambda p: table[np.rint(p * n).astype(int)]


def percentiles(draws):
    # Between two infinities there is no line.
    with np.errstate(invalid="ignore"):
        ends = np.quantile(draws, [0.025, 0.975])
    nearest = np.quantile(draws, [0.025, 0.975], method="nearest")
    return np.where(np.isnan(ends), nearest, ends)


def hull(observed, draws):
    low, high = percentiles(draws)
    return min(low, 2 * observed - high), max(high, 2 * observed - low)


def together(one, draws):
    low, high = percentiles(draws)
    return min(one[0], low), max(one[1], high)


class Family:
    """Draws of a family: of the bootstrap, and of its mean over all seeds there could be."""

    def __init__(self, units, rng, share=True, luck=1):
        """units: [scales, seeds, images], right or wrong or an error; the metric is a function of their mean; a lucky seed's is higher (1) or lower (-1)"""
        self.scales, self.seeds, self.images = units.shape
        self.share, self.rng, self.luck = share, rng, luck
        counts = rng.multinomial(self.images, np.full(self.images, 1 / self.images), size=DRAWS)
        drawn = units.reshape(-1, self.images) @ counts.T / self.images
        self.drawn = np.moveaxis(drawn.reshape(self.scales, self.seeds, DRAWS), -1, 0)
        # One seed fewer than there are.
        self.picks = rng.integers(0, self.seeds, (DRAWS, self.scales, self.seeds - 1))
        self.observed = units.mean(-1)

    def bootstrap(self, transform):
        return np.take_along_axis(transform(self.drawn), self.picks, axis=2).mean(-1)

    def expected(self, transforms):
        """Curves over all seeds there could be, [draws, scales], each transform of the same draws."""
        mean = self.observed
        if self.share:
            x, error = np.arcsin(np.sqrt(mean)), np.full(mean.shape, 0.5 / np.sqrt(self.images))
            back = lambda x: np.sin(np.clip(x, 0, np.pi / 2)) ** 2
            seen = ((mean > 0) & (mean < 1)).any(1)
        else:
            x, error, back, seen = np.log(mean), self.drawn.std(0) / mean, np.exp, np.full(self.scales, True)
        ranks = np.zeros_like(self.drawn)
        for j, s in np.ndindex(mean.shape):
            if np.ptp(self.drawn[:, j, s]) > 0:
                ranks[:, j, s] = ndtri(rankdata(self.drawn[:, j, s]) / (DRAWS + 1))
        total, explained = x.var(1, ddof=1), np.empty(self.scales)
        for j in range(self.scales):
            r = ranks[:, j] / np.sqrt((ranks[:, j] ** 2).mean(0) + 1e-300)
            shared = max(0, (r.T @ r / DRAWS)[np.triu_indices(self.seeds, 1)].mean())
            explained[j] = (1 - shared) * (error[j] ** 2).mean()
        part = np.eye(self.scales) + 0.5 * (np.eye(self.scales, k=1) + np.eye(self.scales, k=-1))
        weights = part * (self.seeds - 1) * seen
        sums = np.maximum(weights.sum(1), 1e-300)
        total, explained = weights @ total / sums, weights @ explained / sums
        degrees = np.maximum(sums**2 / np.maximum((part**2 * (self.seeds - 1) * seen).sum(1), 1e-300), 1e-9)
        chi = self.rng.chisquare(degrees, (DRAWS, self.scales))
        # A scale at which all seeds have nothing right shows nothing of how others differ: they are alike.
        variance = np.where(seen, np.maximum(0, total * degrees / np.maximum(chi, 1e-300) - explained), 0)
        centres = x.mean(1) + (ranks * error).mean(2)
        centres = centres + np.sqrt(variance / self.seeds) * self.luck * self.rng.standard_normal((DRAWS, self.scales))
        bases = back(centres[..., None] + np.sqrt(variance)[..., None] * NODES)
        return [transform(bases).mean(-1) for transform in transforms]


def share_of(x, y):
    with np.errstate(invalid="ignore"):
        share = np.where(np.isinf(y) & ~np.isinf(x), 1, y / (x + y))
    return np.where(np.isinf(x) & np.isinf(y), 0.5, np.where(y <= 0, 0, share))


def eq1_interval(observed, draws, expected):
    low, high = hull(1 / observed, 1 / draws)
    return together((1 / high, np.inf if low <= 0 else 1 / low), expected)


def inside(truth, interval):
    """-1 where the interval lies above the truth, 1 below it, 0 where it covers."""
    return -1 if truth < interval[0] else 1 if truth > interval[1] else 0


def show(title, results, names):
    results = np.array(results)
    cells = [f"{(results[:, i] == 0).mean():7.1%} ({(results[:, i] < 0).sum()}, {(results[:, i] > 0).sum()})" for i in range(len(names))]
    print(title.ljust(34), "  ".join(f"{name} {cell}" for name, cell in zip(names, cells)), flush=True)


def draw_right(p, deviation, seeds, images, rng):
    chances = np.clip(p[:, None] + np.asarray(deviation).reshape(-1, 1) * rng.standard_normal((len(p), seeds)), 0, 1)
    return (rng.random((len(p), seeds, images)) < chances[..., None]).astype(float)


def expected_truth(p, deviation, k):
    z = np.linspace(-6, 6, 4001)
    weights = np.exp(-z * z / 2)
    chances = np.clip(p[:, None] + np.broadcast_to(deviation, p.shape)[:, None] * z, 0, 1)
    return (chances**k @ weights) / weights.sum()


# Fig. 10 of docs/emergence.md: widths, mean accuracies and, roughly, how seeds scatter.
LENET = np.array([1, 2, 3, 4, 5, 6, 7, 8, 16, 96.0])
LENET_P = np.array([0.114, 0.12, 0.163, 0.206, 0.3145, 0.461, 0.516, 0.61, 0.843, 0.956])
LENET_SD = np.array([0.02, 0.03, 0.06, 0.04, 0.06, 0.06, 0.06, 0.05, 0.015, 0.003])


def lenet(families):
    print("Coverage, LeNets of Fig. 10, 1500 images (in brackets: intervals above and below the truth)")
    bow = bow_along(LENET)
    for k in (5, 10, 20):
        truth = [expected_truth(LENET_P, LENET_SD, power) for power in (1, k)]
        for seeds in (2, 3, 6):
            results = []
            for family in range(families):
                rng = np.random.default_rng([1, k, seeds, family])
                drawn = Family(draw_right(LENET_P, LENET_SD, seeds, 1500, rng), rng)
                same, power = (lambda p: p), subsets(k, 1500)
                observed = [same(drawn.observed).mean(1), power(drawn.observed).mean(1)]
                boot = [drawn.bootstrap(same), drawn.bootstrap(power)]
                model = drawn.expected([same, power])
                shares = [share_of(eq1(x), eq1(y)) for x, y in (observed, boot, model, truth)]
                ratio = together(hull(shares[0], shares[1]), shares[2])
                without = hull(shares[0], shares[1])
                bows = [bow(y) - bow(x) for x, y in (observed, boot, model, truth)]
                own = eq1_interval(eq1(observed[1]), eq1(boot[1]), eq1(model[1]))
                results.append([
                    inside(shares[3], without),
                    inside(shares[3], ratio),
                    inside(bows[3], together(hull(bows[0], bows[1]), bows[2])),
                    inside(eq1(truth[1]), own),
                ])
            names = ["ratio, bootstrap alone", "ratio", "bows' difference", "Eq 1 induced"]
            show(f"K = {k}, {seeds} seeds, ratio {eq1(truth[1]) / eq1(truth[0]):.4g}", results, names)


def autoencoders(families):
    print("Coverage, autoencoders with lognormal errors, 2000 images, squared error against the share below 0.012")
    widths = np.array([1, 2, 3, 4, 6, 8, 12, 16, 24, 32, 64.0])
    bow, cutoff, same = bow_along(widths), 0.012, lambda p: p
    for deviation in (0.06, 0.3):
        level = np.log(0.1) - 0.5 * np.log(widths)
        variance = 0.5**2 + 0.15**2 + deviation**2
        truth = [-np.exp(level + variance / 2), ndtr((np.log(cutoff) - level) / np.sqrt(variance))]
        for seeds in (2, 4):
            results = []
            for family in range(families):
                rng = np.random.default_rng([4, seeds, family])
                hard = 0.5 * rng.standard_normal(2000)
                seed = level[:, None] + deviation * rng.standard_normal((len(widths), seeds))
                errors = np.exp(seed[..., None] + hard + 0.15 * rng.standard_normal((*seed.shape, 2000)))
                state = rng.bit_generator.state
                curves = []
                for units, share in ((errors, False), ((errors < cutoff).astype(float), True)):
                    again = np.random.default_rng()
                    again.bit_generator.state = state
                    sign = 1 if share else -1
                    # Errors and shares of a seed go together: a lucky one is better under both.
                    drawn = Family(units, again, share, sign)
                    curves.append([sign * each for each in (drawn.observed.mean(1), drawn.bootstrap(same), drawn.expected([same])[0])])
                pairs = [*zip(*curves), truth]
                shares = [share_of(eq1(x), eq1(y)) for x, y in pairs]
                bows = [bow(y) - bow(x) for x, y in pairs]
                results.append([
                    inside(shares[3], together(hull(shares[0], shares[1]), shares[2])),
                    inside(bows[3], together(hull(bows[0], bows[1]), bows[2])),
                ])
            title = f"seeds' deviation {deviation}, {seeds} seeds, ratio {eq1(truth[1]) / eq1(truth[0]):.3g}"
            show(title, results, ["ratio", "bows' difference"])


def scores(families):
    print("Coverage of scores of accuracy, 8 scales, 300 images, seeds' standard deviation 0.02")
    widths = 2.0 ** np.arange(8)
    t = np.linspace(0, 1, 8)
    bow = bow_along(widths)
    truths = {
        "ramp, 0.1 to 0.9": 0.1 + 0.8 * t,
        "ramp, 0.45 to 0.52": 0.45 + 0.07 * t,
        "sigmoid": expit(10 * (t - 0.55)),
        "saturating": 0.9 - 0.8 * np.exp(-5 * t),
    }
    for name, p in truths.items():
        for seeds in (2, 4):
            results = []
            for family in range(families):
                rng = np.random.default_rng([2, seeds, family])
                drawn = Family(draw_right(p, np.full(8, 0.02), seeds, 300, rng), rng)
                observed, boot = drawn.observed.mean(1), drawn.bootstrap(lambda p: p)
                (model,) = drawn.expected([lambda p: p])
                row = [inside(eq1(p), eq1_interval(eq1(observed), eq1(boot), eq1(model)))]
                for score in (linearity, jump, bow):
                    row.append(inside(score(p), together(hull(score(observed), score(boot)), score(model))))
                results.append(row)
            show(f"{name}, {seeds} seeds", results, ["Eq 1", "linearity", "largest step", "bow"])


def alarms(families):
    print("Two metrics that are equally sharp and share half of their outcomes: share of families in which one is called higher (p <= 0.05)")
    widths = 2.0 ** np.arange(6)
    p = expit(1.5 * (np.log2(widths) - 2.5))
    bow = bow_along(widths)
    for seeds in (2, 3, 6):
        count = np.zeros(2)
        for family in range(families):
            rng = np.random.default_rng([3, seeds, family])
            chances = np.clip(p[:, None] + 0.02 * rng.standard_normal((6, seeds)), 0, 1)[..., None]
            first = rng.random((6, seeds, 300)) < chances
            second = np.where(rng.random(first.shape) < 0.5, first, rng.random(first.shape) < chances)
            state = rng.bit_generator.state
            both = []
            for right in (first, second):
                # The same draws of images, seeds and variances; seeds deviate alike.
                again = np.random.default_rng()
                again.bit_generator.state = state
                drawn = Family(right.astype(float), again)
                both.append((drawn.observed.mean(1), drawn.bootstrap(lambda p: p), drawn.expected([lambda p: p])[0]))
            for i, contrast in enumerate((lambda x, y: share_of(eq1(x), eq1(y)) - 0.5, lambda x, y: bow(y) - bow(x))):
                at, draws, model = (contrast(x, y) for x, y in zip(*both))
                tails = [(draws - at >= at).sum(), (at - draws >= at).sum(), (at - model >= at).sum()]
                count[i] += (1 + max(tails)) / (1 + DRAWS) <= 0.05
        print(f"{seeds} seeds: ratio of Eq 1 {count[0] / families:.3f}, bow {count[1] / families:.3f}", flush=True)


def power(families):
    print("Share of families whose ratio's interval lies above R: accuracy against K = 10, 400 images, 3 seeds (docs/design.md)")
    widths = np.array([2, 5, 7, 10, 14, 20, 32, 64.0])
    same, tenth = (lambda p: p), subsets(10, 400)
    lower = []
    for family in range(families):
        rng = np.random.default_rng([5, family])
        # Images differ in difficulty, which members share; seeds differ in skill.
        skill = 1.1 * np.log(widths / 8)[:, None] + 0.12 * rng.standard_normal((8, 3))
        right = skill[..., None] + 0.7 * rng.standard_normal((8, 3, 400)) > rng.standard_normal(400)
        drawn = Family(right.astype(float), rng)
        observed = [transform(drawn.observed).mean(1) for transform in (same, tenth)]
        boot = [drawn.bootstrap(same), drawn.bootstrap(tenth)]
        model = drawn.expected([same, tenth])
        shares = [share_of(eq1(x), eq1(y)) for x, y in (observed, boot, model)]
        share = together(hull(shares[0], shares[1]), shares[2])[0]
        lower.append(share / (1 - share))
    print("  ".join(f"R = {ratio} {(np.array(lower) > ratio).mean():.2f}" for ratio in (1, 1.5, 2, 3)))


if __name__ == "__main__":
    number = int(sys.argv[1]) if len(sys.argv) > 1 else 400
    tables = {"lenet": lenet, "autoencoders": autoencoders, "scores": scores, "alarms": alarms, "power": power}
    for name in sys.argv[2:] or tables:
        tables[name](number)
