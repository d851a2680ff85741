"""Coverage of the intervals for test sequences that share images, and for images in groups.

An implementation of its own, from the description in docs/metrics.md and nothing else, of what
src/statistics/shared-clusters.ts computes; and simulations of test sets whose truth is known. The figures in docs/metrics.md
("How often they hold the truth") are this script's output. NumPy and SciPy alone:

    pip install numpy scipy
    python test/reference/shared_images.py             # everything; about half an hour on one core
    python test/reference/shared_images.py --reps 200  # a look
    python test/reference/shared_images.py --example   # the numbers in test/unit/statistics/shared-clusters.test.ts
"""

import argparse

import numpy as np
from scipy import optimize, stats

Z = stats.norm.ppf(0.975)


# ---- The estimate -----------------------------------------------------------------------------------------------------------


def terms(values, images, rows=None):
    """What each image and each sequence adds to the mean's error when it is drawn once more.

    values [s]: one number of each sequence; images [s, l]: which images it hangs on; rows [s, l]: right or wrong, image by image.
    """
    count, length = images.shape
    number = images.max() + 1
    errors = values - values.mean()
    effect = np.zeros((count, length))
    if rows is not None and count > length:
        centred = rows - rows.mean(0)
        slopes = np.linalg.lstsq(centred, errors, rcond=1e-12)[0]
        effect = centred * slopes

    def by_image(z):
        """Sums over images, and the squared sums over the rows that a sequence has of an image."""
        sums = np.bincount(images.ravel(), weights=z.ravel(), minlength=number)
        key = np.repeat(np.arange(count), length) * number + images.ravel()
        _, place = np.unique(key, return_inverse=True)
        return sums, (np.bincount(place, weights=z.ravel()) ** 2).sum()

    own, own_noise = by_image(effect)
    shared, shared_noise = by_image(np.repeat(errors[:, None], length, 1))
    noise = (errors**2).sum()
    left = max(0.0, noise - own_noise)
    variance = max((own**2).sum() + left, noise + max(0.0, (shared**2).sum() - shared_noise))
    others = shared - own
    part = 0.0
    if variance - left > (own**2).sum() and (others**2).sum() > 0:
        wanted = lambda w: ((own + w * others) ** 2).sum() - (variance - left)
        part = optimize.brentq(wanted, 0, 1) if wanted(1) > 0 else 1.0
    ofimages = own + part * others
    rest = max(left, variance - (ofimages**2).sum())
    sizes = np.bincount(images.ravel(), minlength=number)
    effective = images.size**2 / (sizes.astype(float) ** 2).sum()
    scale = np.sqrt(effective / (effective - 1)) * stats.t.ppf(0.975, np.floor(effective - 1)) / Z / count
    ofsequences = errors * np.sqrt(rest / noise) if noise > 0 else errors
    return scale * ofimages, scale * ofsequences


def variance_of(pair):
    return (pair[0] ** 2).sum() + (pair[1] ** 2).sum()


def wilson(p, n):
    centre = (p + Z**2 / (2 * n)) / (1 + Z**2 / n)
    half = Z / (1 + Z**2 / n) * np.sqrt(p * (1 - p) / n + Z**2 / (4 * n**2))
    return (0.0 if p == 0 else centre - half), (1.0 if p == 1 else centre + half)


def interval(values, images, rows, share, all_of):
    pair = terms(values, images, rows)
    mean, variance = values.mean(), variance_of(pair)
    if not share:
        return mean - Z * np.sqrt(variance), mean + Z * np.sqrt(variance)
    if 0 < mean < 1:
        return wilson(mean, mean * (1 - mean) / variance)
    sizes = np.bincount(images.ravel()).astype(float)
    units = len(values) / ((sizes**2).sum() / sizes.sum())
    one = units if all_of else units * images.shape[1]
    return wilson(mean, len(values) if mean == 0 and all_of and images.shape[1] > 1 else one)


def naive(values, share):
    """What takes sequences for independent."""
    mean, error = values.mean(), values.std() / np.sqrt(len(values))
    if share and set(np.unique(values)) <= {0.0, 1.0}:
        return wilson(mean, len(values))
    return mean - Z * error, mean + Z * error


# ---- Test sets ----------------------------------------------------------------------------------------------------------------

LENGTH = 8
IMAGES = 968


def margins(rng, difficulty, confusing, images, level, sequence, context):
    """Above 0: right. An image's difficulty, what its sequence has in common, images before it that confuse, and noise."""
    eta = level + difficulty[images] + sequence * rng.standard_normal((len(images), 1))
    if context > 0:
        c = confusing[images]
        before = np.arange(images.shape[1])
        eta = eta + context * (np.cumsum(c, 1) - c) / np.sqrt(np.maximum(before, 1))
    return eta + rng.logistic(size=images.shape)


def levenshtein(a, b):
    """Of each row."""
    count, n = a.shape
    last = np.tile(np.arange(n + 1.0), (count, 1))
    for i in range(1, n + 1):
        row = np.empty_like(last)
        row[:, 0] = i
        for j in range(1, n + 1):
            row[:, j] = np.minimum(last[:, j - 1] + (a[:, i - 1] != b[:, j - 1]), np.minimum(last[:, j], row[:, j - 1]) + 1)
        last = row
    return last[:, n]


def measure(kind, m, l, rng):
    """Values of the sequences, and their rows."""
    if kind == 'accuracy':
        rows = (m > 0).astype(float)
        return rows.mean(1), rows
    if kind == 'all right':
        rows = (m[:, :l] > 0).astype(float)
        return rows.prod(1), rows
    if kind == 'cross-entropy':
        rows = np.log1p(np.exp(-m))
        return rows.mean(1), rows
    label = rng.integers(242, size=m.shape)
    other = rng.integers(242, size=m.shape)
    other[:, 1:] = np.where(rng.random((len(m), m.shape[1] - 1)) < 0.5, label[:, :-1], other[:, 1:])
    predicted = np.where(m > 0, label, other)
    return levenshtein(label, predicted), (label != predicted).astype(float)


def population(rng, number, spread):
    return spread * rng.standard_normal(number), rng.standard_normal(number)


def truth(kind, l, level, model, count=250_000, times=4, seed=1):
    """Every sequence of images of its own."""
    rng = np.random.default_rng(seed)
    total = 0.0
    for _ in range(times):
        difficulty, confusing = population(rng, count * LENGTH, model['image'])
        images = np.arange(count * LENGTH).reshape(count, LENGTH)
        total += measure(kind, margins(rng, difficulty, confusing, images, level, model['sequence'], model['context']), l, rng)[0].mean()
    return total / times


def level_for(wanted, kind, l, model):
    low, high = -14.0, 16.0
    for _ in range(16):
        middle = (low + high) / 2
        low, high = (middle, high) if truth(kind, l, middle, model, 30_000, 1) < wanted else (low, middle)
    return (low + high) / 2


MODELS = {
    'difficult images': dict(image=2.0, sequence=0.0, context=0.0),
    'and sequences': dict(image=2.0, sequence=1.0, context=0.0),
    'and confusing images': dict(image=2.0, sequence=0.0, context=1.0),
    'nothing shared': dict(image=0.0, sequence=0.0, context=0.0),
}


def coverage(kind, l, level, target, model, reuse, reps, seed=7):
    """Share of test sets whose interval holds the truth: ours, and with sequences for independent."""
    share = kind in ('accuracy', 'all right')
    rng = np.random.default_rng(seed)
    hits = np.zeros(2)
    for _ in range(reps):
        difficulty, confusing = population(rng, IMAGES, model['image'])
        images = rng.integers(IMAGES, size=(round(IMAGES * reuse / LENGTH), LENGTH))
        values, rows = measure(kind, margins(rng, difficulty, confusing, images, level, model['sequence'], model['context']), l, rng)
        used = images[:, :l] if kind == 'all right' else images
        for which, (low, high) in enumerate((interval(values, used, rows, share, kind == 'all right'), naive(values, share))):
            hits[which] += low <= target <= high
    return 100 * hits / reps


def paired(level, model, reuse, reps, agreement, seed=11):
    """Two members on the same test set: coverage of the difference of accuracies, of all 8 right, and of standard less induced."""
    rng = np.random.default_rng(seed)
    levels = [level, level + 0.7]
    truths = [[truth(kind, LENGTH, each, model) for kind in ('accuracy', 'all right')] for each in levels]
    wanted = [truths[1][0] - truths[0][0], truths[1][1] - truths[0][1], truths[1][0] - truths[1][1]]
    hits = np.zeros(3)
    width = np.zeros(3)
    seen = [[], [], []]
    for _ in range(reps):
        common, confusing = rng.standard_normal(IMAGES), rng.standard_normal(IMAGES)
        images = rng.integers(IMAGES, size=(round(IMAGES * reuse / LENGTH), LENGTH))
        means, pairs = [], []
        for each in levels:
            own = np.sqrt(agreement) * common + np.sqrt(1 - agreement) * rng.standard_normal(IMAGES)
            m = margins(rng, model['image'] * own, confusing, images, each, model['sequence'], model['context'])
            of = [measure(kind, m, LENGTH, rng) for kind in ('accuracy', 'all right')]
            means.append([values.mean() for values, _ in of])
            pairs.append([terms(values, images, rows) for values, rows in of])
        contrasts = [
            (means[1][0] - means[0][0], pairs[1][0], pairs[0][0]),
            (means[1][1] - means[0][1], pairs[1][1], pairs[0][1]),
            (means[1][0] - means[1][1], pairs[1][0], pairs[1][1]),
        ]
        for i, (value, a, b) in enumerate(contrasts):
            error = np.sqrt(((a[0] - b[0]) ** 2).sum() + ((a[1] - b[1]) ** 2).sum())
            hits[i] += abs(value - wanted[i]) <= Z * error
            width[i] += error / reps
            seen[i].append(value)
    return 100 * hits / reps, width / [np.std(each) for each in seen]


def in_groups(number, spread, sizes, p, reps, seed=3):
    """Images of groups that differ by `spread` on the logit; sizes log-normal. Coverage, and the effective number of groups."""
    rng = np.random.default_rng(seed)
    effects = spread * np.random.default_rng(0).standard_normal(400_000)
    level = optimize.brentq(lambda m: (1 / (1 + np.exp(-(m + effects)))).mean() - p, -12, 12)
    hits, effective = 0, 0.0
    for _ in range(reps):
        weights = np.exp(sizes * rng.standard_normal(number))
        counts = 1 + rng.multinomial(2000 - number, weights / weights.sum())
        group = np.repeat(np.arange(number), counts)
        chance = 1 / (1 + np.exp(-(level + spread * rng.standard_normal(number))))
        right = (rng.random(len(group)) < chance[group]).astype(float)
        low, high = interval(right, group[:, None], right[:, None], True, False)
        hits += low <= p <= high
        effective += len(group) ** 2 / (counts.astype(float) ** 2).sum() / reps
    return 100 * hits / reps, effective


def example():
    """A small sample that can be made anywhere: 12 sequences of 3 of 7 images by a linear congruence."""
    state = 1
    draws = []
    for _ in range(12 * 3 * 2):
        state = (16807 * state) % 2147483647
        draws.append(state)
    images = (np.array(draws[:36]) % 7).reshape(12, 3)
    right = ((np.array(draws[36:]) % 10) < 6 + (images.ravel() % 3)).astype(float).reshape(12, 3)
    for name, values, used, rows in [
        ('mean', right.mean(1), images, right),
        ('all 3', right.prod(1), images, right),
        ('first 2', right[:, :2].prod(1), images[:, :2], right[:, :2]),
        ('no rows', right.prod(1), images, None),
    ]:
        pair = terms(values, used, rows)
        print(name, 'mean', repr(float(values.mean())), 'variance', repr(float(variance_of(pair))), 'images', [round(float(v), 12) for v in pair[0]])


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument('--reps', type=int, default=1000)
    parser.add_argument('--example', action='store_true')
    options = parser.parse_args()
    if options.example:
        return example()
    reps = options.reps
    print(f'standard error of a coverage of 95 %: {100 * np.sqrt(0.95 * 0.05 / reps):.2f} points')
    cells = [('accuracy', 8, p) for p in (0.02, 0.5, 0.98)]
    cells += [('all right', l, p) for l in (1, 2, 4, 8) for p in (0.02, 0.5, 0.98)]
    cells += [('cross-entropy', 8, None), ('edit distance', 8, None)]
    for name, model in MODELS.items():
        for kind, l, p in cells:
            level = 0.5 if p is None else level_for(p, kind, l, model)
            target = truth(kind, l, level, model)
            line = [coverage(kind, l, level, target, model, reuse, reps) for reuse in (1, 4, 8.26, 16)]
            print(f'{name:22s} {kind:14s} l={l} p={p}', ' '.join(f'{a:5.1f} ({b:4.1f})' for a, b in line), flush=True)
    print('near the ends, difficult images')
    model = MODELS['difficult images']
    for kind, l in (('accuracy', 8), ('all right', 8), ('all right', 1)):
        for p in (0.002, 0.005, 0.995, 0.998):
            level = level_for(p, kind, l, model)
            target = truth(kind, l, level, model)
            line = [coverage(kind, l, level, target, model, reuse, reps) for reuse in (1, 8.26, 16)]
            print(f'{kind:14s} l={l} p={p}', ' '.join(f'{a:5.1f} ({b:4.1f})' for a, b in line), flush=True)
    print('paired differences: accuracy, all 8 right, accuracy less all 8 right; widths over what they should be')
    for name, model in MODELS.items():
        for agreement in (0.0, 0.5, 1.0):
            for reuse in (1, 8.26):
                held, width = paired(2.0, model, reuse, reps, agreement)
                print(f'{name:22s} agreement {agreement} reuse {reuse}', held.round(1), width.round(2), flush=True)
    print('images in groups: coverage (effective number of groups)')
    for p in (0.5, 0.9, 0.98):
        for sizes in (0.0, 0.5, 1.0):
            line = [in_groups(number, 1.0, sizes, p, reps) for number in (5, 10, 20, 30, 45, 60, 100)]
            print(f'p={p} sizes {sizes}', ' '.join(f'{a:5.1f} ({g:.0f})' for a, g in line), flush=True)


if __name__ == '__main__':
    main()
