"""Log-likelihood of `segment` at its default settings beside scikit-learn's best of ten restarts.

Usage: fit_quality.py SEGMENT_PROGRAM IMAGE... [--classes 4,8] [--cache FILE]

Both fit full covariances to R, G, B in 0…255 and are held above the covariance of rounding, 1/12: `segment` by its floor,
scikit-learn by reg_covar. Both models are scored by one function on all pixels of the image, which recomputes the density from
means, covariances and weights alone. One line per image, then the share of images on which `segment` is at least as good.
"""

import argparse
import json
import subprocess
import tempfile
import time
import warnings
from pathlib import Path

import numpy as np
from PIL import Image
from scipy.linalg import solve_triangular
from scipy.special import logsumexp
from sklearn.mixture import GaussianMixture

TOLERANCE = 1e-4  # per pixel


def score(points, weights, means, covariances):
    """Mean log-density of the points, natural logarithm."""
    parts = []
    for weight, mean, covariance in zip(weights, means, covariances):
        factor = np.linalg.cholesky(covariance)
        z = solve_triangular(factor, (points - mean).T, lower=True)
        parts.append(np.log(weight) - np.log(np.diag(factor)).sum() - 0.5 * (z * z).sum(0))
    return float(logsumexp(parts, axis=0).mean() - 0.5 * points.shape[1] * np.log(2 * np.pi))


def ours(program, image, classes):
    with tempfile.TemporaryDirectory() as folder:
        start = time.perf_counter()
        subprocess.run([program, image, "-k", str(classes), "--features", "rgb", "--write", "model", "-o", folder, "-q"],
                       check=True)
        seconds = time.perf_counter() - start
        with open(next(Path(folder).glob("*.gmm.json")), encoding="utf-8") as file:
            model = json.load(file)
    return [np.array(model[key]) for key in ("weights", "means", "covariances")], seconds


def theirs(points, classes):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        start = time.perf_counter()
        model = GaussianMixture(classes, n_init=10, reg_covar=1 / 12, random_state=0).fit(points)
    return [model.weights_, model.means_, model.covariances_], time.perf_counter() - start


class Cache:
    """scikit-learn's scores, which take minutes, kept from run to run."""

    def __init__(self, path):
        self.path = path
        self.values = json.loads(path.read_text()) if path and path.exists() else {}

    def score(self, points, name, classes):
        key = f"{name}:{classes}"
        if key not in self.values:
            model, seconds = theirs(points, classes)
            self.values[key] = [score(points, *model), seconds]
            if self.path:
                self.path.write_text(json.dumps(self.values))
        return self.values[key]


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("program")
    parser.add_argument("images", nargs="+")
    parser.add_argument("--classes", default="4,8")
    parser.add_argument("--cache", type=Path)
    words = parser.parse_args()
    cache = Cache(words.cache)
    for classes in map(int, words.classes.split(",")):
        differences = []
        for image in words.images:
            with Image.open(image) as opened:
                points = np.asarray(opened.convert("RGB"), float).reshape(-1, 3)
            reference, their_seconds = cache.score(points, Path(image).name, classes)
            model, seconds = ours(words.program, image, classes)
            differences.append(score(points, *model) - reference)
            print(f"{Path(image).name} K={classes} {differences[-1]:+.5f} per pixel; {seconds:.2f} s, "
                  f"scikit-learn {their_seconds:.1f} s", flush=True)
        good = sum(d >= -TOLERANCE for d in differences)
        print(f"K={classes}: at least as good on {good} of {len(differences)}; "
              f"median difference {np.median(differences):+.5f}, lowest {min(differences):+.5f}", flush=True)


main()
