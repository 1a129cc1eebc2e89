"""--pca, --log and --shrinkage: images of many bands, beside scikit-learn's principal components."""

import json
import unittest

import numpy as np
import tifffile
from scipy.optimize import linear_sum_assignment
from sklearn.decomposition import PCA

from program import ProgramTest, labels_of, model_of

BANDS = 40


def cube(height=60, width=80, bands=BANDS, seed=2, noise=0.01):
    """Four kinds of ground in stripes, as smooth spectra with light of their own; and which is which."""
    random = np.random.default_rng(seed)
    wavelength = np.linspace(0, 1, bands)
    spectra = np.array([0.4 + 0.12 * np.sin(2 * np.pi * (wavelength * (1 + k / 3) + k / 4)) for k in range(4)])
    truth = np.broadcast_to(np.arange(width) * 4 // width, (height, width))
    light = 1 + 0.1 * random.normal(size=(height, width, 1))
    values = spectra[truth] * light + random.normal(0, noise, (height, width, bands))
    return values.transpose(2, 0, 1).astype(np.float32), truth


def agreement(labels, truth):
    counts = np.zeros((labels.max() + 1, truth.max() + 1))
    np.add.at(counts, (labels.ravel(), truth.ravel()), 1)
    return counts[linear_sum_assignment(-counts)].sum() / truth.size


class Bands(ProgramTest):
    def write(self, name, values):
        tifffile.imwrite(self.folder / name, values, planarconfig="separate", photometric="minisblack")
        return name

    def model(self, folder):
        return model_of(next((self.folder / folder).glob("*.gmm.json")))

    def labels(self, folder, name="cube"):
        return labels_of(self.folder / folder / f"{name}_labels.png")


class Components(Bands):
    def test_are_scikit_learns_whitened(self):
        values, truth = cube()
        self.write("cube.tif", values)
        self.succeed("cube.tif", "-k", 4, "--pca", 5, "--write", "labels,model", "-o", "out")
        model = self.model("out")
        self.assertEqual([f["name"] for f in model["features"]], [f"component {d}" for d in range(1, 6)])
        stored = model["feature_spec"]["principal_components"]
        pixels = values.reshape(BANDS, -1).T.astype(float)
        theirs = PCA(5, svd_solver="full").fit(pixels)
        np.testing.assert_allclose(stored["mean"], theirs.mean_, rtol=1e-9)
        expected = theirs.components_ / np.sqrt(theirs.explained_variance_ * (len(pixels) - 1) / len(pixels))[:, None]
        for mine, row in zip(np.array(stored["rows"]), expected):
            np.testing.assert_allclose(mine * np.sign(mine @ row), row, atol=1e-5 * abs(row).max())
        self.assertGreater(agreement(self.labels("out"), truth), 0.99)

    def test_travel_with_the_model(self):
        values, _ = cube()
        self.write("cube.tif", values)
        self.succeed("cube.tif", "-k", 4, "--pca", 3, "--log", "--write", "labels,model", "-o", "fit")
        file = "fit/cube.gmm.json"
        for words in (("apply", "cube.tif", "--model", file),
                      ("cube.tif", "--init-model", file, "--max-iterations", 0),
                      ("cube.tif", "--init-model", file, "--max-iterations", 0, "--pca", 3, "--log")):
            self.succeed(*words, "--write", "labels", "-o", "again", "--overwrite")
            np.testing.assert_array_equal(self.labels("again"), self.labels("fit"))
        other, _ = cube(seed=5)
        self.write("other.tif", other[:, :30])
        self.succeed("apply", "other.tif", "--model", file, "--write", "model,labels", "-o", "other")
        self.write("few.tif", values[:10])
        self.fail(2, "apply", "few.tif", "--model", file, "-o", "x", says=("10 bands", f"{BANDS} bands"))
        self.fail(2, "cube.tif", "--init-model", file, "--pca", 4, "-o", "x", says=("--pca", "pca:3"))

    def test_of_a_folder_are_of_all_its_images(self):
        (self.folder / "cubes").mkdir()
        parts = [cube(seed=seed)[0] for seed in (2, 7)]
        for i, values in enumerate(parts):
            self.write(f"cubes/{i}.tif", values)
        self.write("cubes/less.tif", parts[0][:9])
        result = self.segment("cubes", "-k", 4, "--pca", 3, "--write", "labels,model", "-o", "out")
        self.assertEqual(result.returncode, 3, result.stderr)
        self.assertIn("less.tif", result.stderr)
        stored = self.model("out")["feature_spec"]["principal_components"]
        mean = np.concatenate([p.reshape(BANDS, -1) for p in parts], axis=1).astype(float).mean(axis=1)
        np.testing.assert_allclose(stored["mean"], mean, rtol=1e-9)

    def test_are_matched_to_those_of_a_reference(self):
        self.write("cube.tif", cube()[0])
        self.write("other.tif", cube(seed=3)[0])
        self.succeed("cube.tif", "-k", 4, "--pca", 3, "--write", "model", "-o", "fit")
        for words in ((), ("--pca", 3)):
            self.succeed("other.tif", "-k", 4, "--match", "--model", "fit/cube.gmm.json", *words, "--write", "model", "-o", "out",
                         "--overwrite")
            self.assertEqual(model_of(self.folder / "out/other.gmm.json")["feature_spec"], self.model("fit")["feature_spec"])

    def test_refuse_what_they_are_not_of(self):
        self.write("cube.tif", cube()[0][:6])
        self.fail(2, "cube.tif", "-k", 2, "--pca", 7, "-o", "x", says=("7", "6 bands"))
        self.fail(2, "cube.tif", "-k", 2, "--pca", 0, "-o", "x", says=("--pca",))
        self.fail(2, "cube.tif", "-k", 2, "--pca", 2, "--missing", "marginal", "-o", "x", says=("marginal",))
        self.fail(2, "cube.tif", "-k", 2, "--log", "--features", "lab", "-o", "x", says=("raw",))


class Logarithms(Bands):
    def test_are_those_of_the_numbers(self):
        values, _ = cube(bands=6)
        integers = (values * 3000).astype(np.uint16)
        self.write("cube.tif", integers)
        self.write("logs.tif", np.log1p(integers).astype(np.float32))
        self.write("floats.tif", integers.astype(np.float32) + 1)
        words = ("-k", 4, "--floor", "off", "--write", "labels,model", "-o", "out", "--overwrite")
        self.succeed("logs.tif", *words, "--features", "raw")
        expected = self.model("out")["means"]
        for name in ("cube.tif", "floats.tif"):
            self.succeed(name, *words, "--log")
            (self.folder / "out/logs.gmm.json").unlink(missing_ok=True)
            np.testing.assert_allclose(model_of(self.folder / f"out/{name[:-4]}.gmm.json")["means"], expected, rtol=1e-4)
            np.testing.assert_array_equal(self.labels("out", name[:-4]), self.labels("out", "logs"))

    def test_of_integers_and_of_floats_are_not_mixed_up(self):
        values = (cube(bands=6)[0] * 3000).astype(np.uint16)
        self.write("cube.tif", values)
        self.write("floats.tif", values.astype(np.float32))
        self.succeed("cube.tif", "-k", 3, "--log", "--write", "model", "-o", "fit")
        self.fail(2, "apply", "floats.tif", "--model", "fit/cube.gmm.json", "-o", "x", says=("ln(1 + band 1)",))

    def test_what_is_not_positive_is_no_data(self):
        values, _ = cube(bands=6)
        values[2, 5, 7] = 0
        values[3, 6, 8] = -1
        self.write("cube.tif", values)
        told = json.loads(self.succeed("cube.tif", "-k", 3, "--log", "--write", "labels", "--json", "-o", "out").stdout)
        self.assertEqual(told["pixels"], 4800)
        np.testing.assert_array_equal(np.argwhere(self.labels("out") == 0), [[5, 7], [6, 8]])


class Shrinkage(Bands):
    def test_finds_classes_of_many_bands_and_few_pixels(self):
        values, truth = cube(24, 32, noise=0.08)
        self.write("cube.tif", values)
        found = {}
        for shrinkage in ("off", "auto", "0.3"):
            self.succeed("cube.tif", "-k", 4, "--shrinkage", shrinkage, "--write", "labels,model", "-o", shrinkage)
            found[shrinkage] = agreement(self.labels(shrinkage), truth)
            model = self.model(shrinkage)
            self.assertEqual("prior" in model, shrinkage != "off")
            self.assertTrue((np.diff(model["history"]) >= -1e-5).all())
        self.assertGreater(found["auto"], found["off"] + 0.1)

    def test_what_it_says_and_refuses(self):
        self.write("cube.tif", cube(bands=6)[0])
        told = self.succeed("cube.tif", "-k", 4, "--shrinkage", 0.2, "-v", "-o", "out").stderr
        self.assertIn("shrinkage: 0.2", told)
        for word in ("1", "-0.1", "much"):
            self.fail(2, "cube.tif", "-k", 4, "--shrinkage", word, "-o", "x", says=("--shrinkage", "auto"))
        self.fail(2, "cube.tif", "-k", 4, "--shrinkage", "auto", "--method", "kmeans", "-o", "x", says=("k-means",))

    def test_a_file_that_is_wrong_is_refused(self):
        self.write("cube.tif", cube(bands=3)[0])
        self.succeed("cube.tif", "-k", 2, "--shrinkage", 0.5, "--write", "model", "-o", "out")
        right = self.model("out")
        for change in ({"share": 1e308}, {"share": 0}, {"covariance": [[-1, 0, 0], [0, 1, 0], [0, 0, 1]]},
                       {"covariance": [[1, 9, 0], [0, 1, 0], [0, 0, 1]]}, {"covariance": [[1]]}):
            with self.subTest(change):
                (self.folder / "wrong.gmm.json").write_text(json.dumps({**right, "prior": {**right["prior"], **change}}))
                self.fail(4, "apply", "cube.tif", "--model", "wrong.gmm.json", "-o", "x", says=("prior.",))

    def test_goes_on_in_a_step_from_statistics(self):
        self.write("cube.tif", cube(bands=6)[0])
        self.succeed("cube.tif", "-k", 3, "--shrinkage", 0.5, "--write", "model", "-o", "out")
        self.succeed("update", "out/cube.gmm.json", "cube.tif", "-o", "next.gmm.json")
        before, after = (model_of(self.folder / name) for name in ("out/cube.gmm.json", "next.gmm.json"))
        np.testing.assert_allclose(before["prior"]["covariance"], after["prior"]["covariance"], rtol=1e-12)
        for one, other in zip(before["covariances"], after["covariances"]):
            np.testing.assert_allclose(one, other, atol=0.02 * np.abs(one).max())


if __name__ == "__main__":
    unittest.main()
