"""The fit against scikit-learn's GaussianMixture: same data, same start, same number of steps.

Held to: log-likelihood per sample within 1e-5 relative, means within 1e-3 of a standard deviation,
covariances within 1e-3 relative.
"""

import unittest
import warnings

import numpy as np
import tifffile
from sklearn.exceptions import ConvergenceWarning
from sklearn.mixture import GaussianMixture

from program import ProgramTest, model_of, photo

ITERATIONS = 25
SKLEARN_NAME = {"full": "full", "tied": "tied", "diagonal": "diag", "spherical": "spherical"}


def precisions(covariances, kind):
    inverses = np.linalg.inv(covariances)
    return {"full": inverses, "tied": inverses[0],
            "diagonal": np.einsum("kdd->kd", inverses), "spherical": inverses[:, 0, 0]}[kind]


def full_covariances(fitted, kind, shape):
    covariances = fitted.covariances_
    if kind == "tied":
        return np.broadcast_to(covariances, shape)
    if kind == "diagonal":
        return np.stack([np.diag(row) for row in covariances])
    if kind == "spherical":
        return np.stack([np.eye(shape[1]) * value for value in covariances])
    return covariances


def fit_sklearn(points, start, kind):
    mixture = GaussianMixture(
        n_components=start["k"], covariance_type=SKLEARN_NAME[kind], reg_covar=0, tol=0,
        max_iter=ITERATIONS, weights_init=start["weights"], means_init=start["means"],
        precisions_init=precisions(np.array(start["covariances"]), kind))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        return mixture.fit(points)


class AgainstSklearn(ProgramTest):
    def fit(self, out, *words):
        self.succeed(*words, "--floor", "off", "--write", "model", "-o", out)
        return model_of(next((self.folder / out).glob("*.gmm.json")))

    def compare(self, name, points, *words):
        for kind in SKLEARN_NAME:
            with self.subTest(kind):
                start = self.fit(f"start_{kind}", name, "-k", 4, "--covariance", kind, *words,
                                 "--max-iterations", 0)
                (start_file,) = (self.folder / f"start_{kind}").glob("*.gmm.json")
                ours = self.fit(kind, name, "--init-model", start_file, "--restarts", 1,
                                "--tolerance", 0, "--max-iterations", ITERATIONS)
                self.assertEqual(ours["iterations"], ITERATIONS)
                self.assert_equal_fits(ours, fit_sklearn(points, start, kind), points, kind)

    def assert_equal_fits(self, ours, theirs, points, kind):
        np.testing.assert_allclose(ours["log_likelihood_per_sample"], theirs.score(points),
                                   rtol=1e-5)
        covariances = np.array(ours["covariances"])
        order = np.lexsort(theirs.means_.T[::-1])
        deviations = np.sqrt(np.einsum("kdd->kd", covariances))
        errors = (np.array(ours["means"]) - theirs.means_[order]) / deviations
        self.assertLess(np.abs(errors).max(), 1e-3)
        expected = full_covariances(theirs, kind, covariances.shape)[order]
        scale = deviations[:, :, None] * deviations[:, None, :]
        self.assertLess(np.abs((covariances - expected) / scale).max(), 1e-3)
        np.testing.assert_allclose(ours["weights"], theirs.weights_[order], rtol=1e-3)

    def test_rgb_of_a_photograph(self):
        pixels = photo(160, 107)
        self.image("photo.png", pixels)
        self.compare("photo.png", pixels.reshape(-1, 3).astype(float), "--features", "rgb")

    def test_five_bands_of_a_tiff(self):
        rgb = photo(160, 107).astype(float)
        noise = np.random.default_rng(1).normal(0, 40, rgb.shape[:2] + (2,))
        bands = np.dstack([rgb * 16, rgb[..., :2] @ [[9, 3], [-4, 7]] + 2000 + noise])
        bands = bands.round().astype(np.uint16)
        tifffile.imwrite(self.folder / "scene.tif", bands, photometric="minisblack",
                         planarconfig="contig")
        self.compare("scene.tif", bands.reshape(-1, 5).astype(float), "--features", "raw")


if __name__ == "__main__":
    unittest.main()
