"""scikit-learn's row for the table that bench_em prints.

Usage: bench_em PHOTO | sklearn_pass.py PHOTO

Copies its input, and prints the same measure for sklearn.mixture.GaussianMixture, with the ratio to
gmmseg's row of the table for full covariances.
"""

import re
import statistics
import sys
import time
import warnings

try:
    import numpy as np
    from PIL import Image
    from sklearn.mixture import GaussianMixture
    from threadpoolctl import threadpool_limits
except ImportError as error:
    GaussianMixture = None
    MISSING = error

COMPONENTS = 4
PIXELS = 100_000
ITERATIONS = 2
REPEATS = 3


def read_points(path):
    pixels = np.asarray(Image.open(path).convert("RGB"), dtype=np.float64).reshape(-1, 3)
    return np.resize(pixels, (PIXELS, 3))


def seconds(points, iterations):
    """One fit from the start that bench_em uses."""
    order = np.argsort(points.sum(axis=1), kind="stable")
    middles = (2 * np.arange(COMPONENTS) + 1) * len(points) // (2 * COMPONENTS)
    precision = np.linalg.inv(np.cov(points.T, bias=True))
    mixture = GaussianMixture(
        COMPONENTS, tol=0, reg_covar=0, max_iter=iterations, init_params="random", random_state=0,
        weights_init=np.full(COMPONENTS, 1 / COMPONENTS), means_init=points[order[middles]],
        precisions_init=np.stack([precision] * COMPONENTS))
    start = time.perf_counter()
    mixture.fit(points)
    return time.perf_counter() - start


def nanoseconds(points, threads):
    with threadpool_limits(threads):
        differences = [seconds(points, 2 * ITERATIONS) - seconds(points, ITERATIONS)
                       for _ in range(REPEATS)]
    return 1e9 * statistics.median(differences) / (len(points) * COMPONENTS * ITERATIONS)


def main():
    table = sys.stdin.read()
    print(table)
    if GaussianMixture is None:
        print(f"scikit-learn: not measured ({MISSING})")
        return
    warnings.simplefilter("ignore")  # it warns that it did not converge, as it was told to
    ours = [float(t) for t in re.search(r"\| gmmseg \| ([\d.]+) .*?\| .*?\| ([\d.]+) ", table).groups()]
    points = read_points(sys.argv[1])
    cells = [f"{ns:.1f} | {ns / own:.1f} ×"
             for ns, own in zip([nanoseconds(points, threads) for threads in (1, 2)], ours)]
    print("| scikit-learn GaussianMixture, full covariances | " + " | ".join(cells) + " | |")


if __name__ == "__main__":
    main()
