"""Seconds per EM iteration on a hyperspectral image, `segment` beside scikit-learn, from one start.

Usage: many_features.py SEGMENT_PROGRAM

D = 200 bands, K = 16, 145 x 145 pixels, full covariances, one thread and two; the image is generated: 16 spectra, twelve ways in which
they vary, and noise.
"""

import json
import statistics
import subprocess
import sys
import tempfile
import time
import warnings
from pathlib import Path

try:
    import numpy as np
    import tifffile
    from sklearn.mixture import GaussianMixture
    from threadpoolctl import threadpool_info, threadpool_limits
except ImportError as error:
    sys.exit(print(f"many_features.py: not measured ({error})"))

BANDS, COMPONENTS, SIDE = 200, 16, 145
ITERATIONS, ROUNDS = 1, 3


def image():
    random = np.random.default_rng(0)
    spectra = np.cumsum(random.normal(size=(COMPONENTS, BANDS)), axis=1) / 2
    variations = np.cumsum(random.normal(size=(12, BANDS)), axis=1) / 10
    classes = random.integers(0, COMPONENTS, SIDE * SIDE)
    noise = 0.3 * random.normal(size=(SIDE * SIDE, BANDS))
    pixels = spectra[classes] + random.normal(size=(SIDE * SIDE, 12)) @ variations + noise
    return pixels.astype(np.float32)


def start_of(pixels):
    """Equal weights, some pixels as means, the covariance of all."""
    means = pixels[np.random.default_rng(1).choice(len(pixels), COMPONENTS, replace=False)].astype(float)
    return np.full(COMPONENTS, 1 / COMPONENTS), means, np.stack([np.cov(pixels.T)] * COMPONENTS)


class Segment:
    def __init__(self, program, folder, pixels, start):
        self.program, self.folder = program, folder
        tifffile.imwrite(folder / "image.tif", pixels.T.reshape(BANDS, SIDE, SIDE), photometric="minisblack",
                         planarconfig="separate")
        self.run("-k", COMPONENTS, "--restarts", 1, "--max-iterations", 0)
        with open(folder / "out" / "image.gmm.json", encoding="utf-8") as file:
            model = json.load(file)
        model.update(zip(("weights", "means", "covariances"), (values.tolist() for values in start)))
        with open(folder / "start.json", "w", encoding="utf-8") as file:
            json.dump(model, file)

    def run(self, *words):
        command = [self.program, "image.tif", "--features", "raw", "--write", "model", "-o", "out", "--overwrite", "--json",
                   "--tolerance", 0, "--floor", "off", *words]
        return json.loads(subprocess.check_output([str(word) for word in command], cwd=self.folder))

    def seconds(self, iterations, threads):
        report = self.run("--init-model", "start.json", "--max-iterations", iterations, "--threads", threads)
        return report["seconds"]["fit"]


class ScikitLearn:
    def __init__(self, pixels, start):
        self.pixels = pixels.astype(float)
        self.weights, self.means, covariances = start
        inverse = np.linalg.inv(covariances)
        self.precisions = (inverse + inverse.transpose(0, 2, 1)) / 2

    def seconds(self, iterations, threads):
        mixture = GaussianMixture(COMPONENTS, tol=0, reg_covar=1e-6, max_iter=iterations, init_params="random", random_state=0,
                                  weights_init=self.weights, means_init=self.means, precisions_init=self.precisions)
        with threadpool_limits(threads):
            start = time.perf_counter()
            mixture.fit(self.pixels)
            return time.perf_counter() - start


def per_iteration(contestant, threads):
    return (contestant.seconds(2 * ITERATIONS, threads) - contestant.seconds(ITERATIONS, threads)) / ITERATIONS


def main():
    warnings.simplefilter("ignore")  # scikit-learn warns that it did not converge, as it was told to
    pixels = image()
    with tempfile.TemporaryDirectory() as folder:
        start = start_of(pixels)
        ours = Segment(str(Path(sys.argv[1]).resolve()), Path(folder), pixels, start)
        theirs = ScikitLearn(pixels, start)
        blas = [library["internal_api"] for library in threadpool_info() if library["user_api"] == "blas"] or ["reference"]
        print(f"D = {BANDS}, K = {COMPONENTS}, {SIDE} x {SIDE} pixels, full covariances: seconds per iteration, medians of {ROUNDS}; "
              f"scikit-learn's BLAS: {blas[0]}\n\n| threads | segment | scikit-learn | ratio |\n|---|---|---|---|")
        for threads in (1, 2):
            rounds = [(per_iteration(ours, threads), per_iteration(theirs, threads)) for _ in range(ROUNDS)]
            own, other = (statistics.median(column) for column in zip(*rounds))
            print(f"| {threads} | {own:.2f} | {other:.2f} | {statistics.median(b / a for a, b in rounds):.1f} × |", flush=True)


main()
