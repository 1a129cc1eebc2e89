"""Images that lack bands here and there: NaN, and nodata of the file.

The fit with gaps is held to the fit without them; what is filled in, to the conditional expectation
as numpy computes it from the model file.
"""

import unittest

import numpy as np
import tifffile
from scipy.ndimage import gaussian_filter

from program import ProgramTest, labels_of, model_of

GDAL_NODATA = 42113
MEANS = np.array([[10, 40, 25, 5], [60, 10, 30, 20], [30, 30, 80, 60]], float)
SHARES = [0.5, 0.3, 0.2]


def bands(height=300, width=300, seed=1):
    """Four correlated bands of three classes, height x width x 4."""
    random = np.random.default_rng(seed)
    classes = random.choice(3, size=(height, width), p=SHARES)
    mixing = random.normal(size=(3, 4, 4)) + 2 * np.eye(4)
    noise = random.normal(size=(height, width, 4))
    return (MEANS[classes] + np.einsum("hwij,hwj->hwi", mixing[classes], noise)).astype("f4")


def with_gaps(pixels, chance=0.2, seed=2):
    gaps = np.random.default_rng(seed).random(pixels.shape) < chance
    return np.where(gaps, np.float32("nan"), pixels)


def log_normal(x, mean, covariance):
    difference = x - mean
    return -0.5 * (difference @ np.linalg.solve(covariance, difference)
                   + np.linalg.slogdet(2 * np.pi * covariance)[1])


def imputed_by_numpy(pixel, model):
    known = np.isfinite(pixel)
    weights, means, covariances = (np.array(model[key]) for key in
                                   ("weights", "means", "covariances"))
    logs = np.array([np.log(w) + log_normal(pixel[known], m[known], c[np.ix_(known, known)])
                     for w, m, c in zip(weights, means, covariances)])
    posterior = np.exp(logs - logs.max())
    posterior /= posterior.sum()
    filled = sum(p * (m + c[:, known] @ np.linalg.solve(c[np.ix_(known, known)],
                                                        pixel[known] - m[known]))
                 for p, m, c in zip(posterior, means, covariances))
    return np.where(known, pixel, filled), logs.max() + np.log(np.exp(logs - logs.max()).sum())


class MissingValues(ProgramTest):
    def tiff(self, name, pixels, **tags):
        tifffile.imwrite(self.folder / name, np.moveaxis(pixels, 2, 0), photometric="minisblack",
                         planarconfig="separate", **tags)
        return name

    def nodata_tiff(self, name, pixels, value):
        return self.tiff(name, pixels, extratags=[(GDAL_NODATA, "s", 0, str(value), True)])

    def model(self, *words, out):
        self.succeed(*words, "-o", out)
        return model_of(next((self.folder / out).glob("*.gmm.json")))

    def test_a_fifth_missing_leaves_the_fit_where_it_was(self):
        pixels = bands()
        self.tiff("whole.tif", pixels)
        self.tiff("gaps.tif", with_gaps(pixels))
        whole = self.model("whole.tif", "-k", 3, "--write", "model", out="whole")
        start = self.model("gaps.tif", "-k", 3, "--missing", "marginal", "--max-iterations", 0,
                           "--write", "model", out="start")
        self.assertEqual(start["feature_spec"]["missing"], "marginal")
        gaps = self.model("gaps.tif", "--init-model", "start/gaps.gmm.json", "--write", "model",
                          out="gaps")
        self.assertEqual(gaps["samples"], 90000 - np.isnan(with_gaps(pixels)).all(2).sum())
        deviations = np.sqrt(np.einsum("kdd->kd", np.array(whole["covariances"])))
        means = (np.array(gaps["means"]) - whole["means"]) / deviations
        self.assertLess(np.abs(means).max(), 0.03)
        np.testing.assert_allclose(gaps["weights"], whole["weights"], rtol=0.03)
        covariances = (np.array(gaps["covariances"]) - whole["covariances"]) / (
            deviations[:, :, None] * deviations[:, None])
        self.assertLess(np.abs(covariances).max(), 0.03)

    def test_what_is_filled_in_and_the_density_are_those_of_the_model_file(self):
        pixels = with_gaps(bands(30, 40), 0.4)
        pixels[3, 5] = np.nan
        self.tiff("gaps.tif", pixels)
        model = self.model("gaps.tif", "-k", 3, "--missing", "marginal", "--write",
                           "model,imputed,density,labels", out="out")
        imputed = np.moveaxis(tifffile.imread(self.folder / "out/gaps_imputed.tif"), 0, 2)
        density = tifffile.imread(self.folder / "out/gaps_density.tif")
        labels = labels_of(self.folder / "out/gaps_labels.png")
        for y, x in np.ndindex(30, 40):
            if not np.isfinite(pixels[y, x]).any():
                self.assertTrue(np.isnan(imputed[y, x]).all() and np.isnan(density[y, x]))
                self.assertEqual(labels[y, x], 0)
                continue
            filled, log_density = imputed_by_numpy(pixels[y, x].astype(float), model)
            np.testing.assert_allclose(imputed[y, x], filled, rtol=1e-3, atol=1e-3)
            self.assertAlmostEqual(density[y, x], log_density, delta=1e-3)
            self.assertGreater(labels[y, x], 0)

    def test_filling_in_beats_the_mean_of_the_band(self):
        pixels = bands(120, 120)
        gaps = with_gaps(pixels)
        self.tiff("gaps.tif", gaps)
        self.succeed("gaps.tif", "-k", 3, "--missing", "marginal", "--write", "imputed", "-o", "out")
        imputed = np.moveaxis(tifffile.imread(self.folder / "out/gaps_imputed.tif"), 0, 2)
        missing = np.isnan(gaps) & ~np.isnan(gaps).all(2, keepdims=True)
        error = (imputed - pixels)[missing].std()
        plain = (np.nanmean(gaps, (0, 1)) - pixels)[missing].std()
        self.assertLess(error, 0.5 * plain)
        np.testing.assert_array_equal(imputed[~np.isnan(gaps)], pixels[~np.isnan(gaps)])

    def test_skip_gives_label_0_to_what_lacks_a_band_and_marginal_to_what_lacks_all(self):
        pixels = np.round(bands(40, 50) * 10 + 2000).astype("u2")
        random = np.random.default_rng(3)
        pixels[random.random(pixels.shape) < 0.2] = 7
        pixels[10, 10] = 7
        self.nodata_tiff("scene.tif", pixels, 7)
        for rule, no_data in (("skip", (pixels == 7).any(2)), ("marginal", (pixels == 7).all(2))):
            with self.subTest(rule):
                model = self.model("scene.tif", "-k", 3, "--missing", rule, "--write",
                                   "labels,model", out=rule)
                labels = labels_of(self.folder / rule / "scene_labels.png")
                np.testing.assert_array_equal(labels == 0, no_data)
                self.assertEqual(model["samples"], (~no_data).sum())

    def test_a_model_is_applied_by_its_own_rule(self):
        pixels = with_gaps(bands(30, 40), 0.3)
        self.tiff("one.tif", pixels)
        self.tiff("other.tif", pixels[::-1])
        self.succeed("one.tif", "-k", 3, "--missing", "marginal", "-o", "out")
        self.succeed("apply", "--model", "out/one.gmm.json", "other.tif", "-o", "applied")
        np.testing.assert_array_equal(labels_of(self.folder / "applied/other_labels.png"),
                                      labels_of(self.folder / "out/one_labels.png")[::-1])

    def test_a_folder_shares_a_model_of_images_with_gaps(self):
        (self.folder / "in").mkdir()
        pixels = with_gaps(bands(90, 60), 0.3)
        for i in range(3):
            self.tiff(f"in/part{i}.tif", pixels[30 * i:30 * (i + 1)])
        self.tiff("all.tif", pixels)
        together = self.model("all.tif", "-k", 3, "--missing", "marginal", out="one")
        self.succeed("in", "-k", 3, "--missing", "marginal", "-o", "many")
        shared = model_of(self.folder / "many/gmmseg-model.gmm.json")
        np.testing.assert_allclose(shared["means"], together["means"], rtol=1e-2)
        labels = np.vstack([labels_of(self.folder / f"many/part{i}_labels.png") for i in range(3)])
        same = labels == labels_of(self.folder / "one/all_labels.png")
        self.assertGreater(same.mean(), 0.99)

    def test_threads_change_no_bit(self):
        self.tiff("gaps.tif", with_gaps(bands(150, 150), 0.3))
        for threads in (1, 2):
            self.succeed("gaps.tif", "-k", 4, "--missing", "marginal", "--write",
                         "model,imputed,probabilities", "--threads", threads, "-o", f"t{threads}")
        for path in (self.folder / "t1").iterdir():
            self.assertEqual(path.read_bytes(), (self.folder / "t2" / path.name).read_bytes())

    def test_the_number_of_classes_and_everything_else_can_be_had(self):
        self.tiff("gaps.tif", with_gaps(bands(60, 60), 0.2))
        self.succeed("gaps.tif", "-k", "1:4", "--missing", "marginal", "--write", "all", "-o", "out")
        model = model_of(self.folder / "out/gaps.gmm.json")
        self.assertEqual(model["k"], 3)
        self.assertIn("gaps_imputed.tif", self.names("out"))

    def test_features_that_mix_bands_are_refused_with_the_reason(self):
        self.image("photo.png", np.random.default_rng(1).integers(0, 255, (20, 20, 3), np.uint8))
        self.fail(2, "photo.png", "-k", 2, "--missing", "marginal", says=["lab", "mix", "raw"])
        self.fail(2, "photo.png", "-k", 2, "--write", "imputed", says=["imputed", "marginal"])
        self.succeed("photo.png", "-k", 2, "--missing", "marginal", "--features", "raw")

    def test_lines_lost_band_by_band_leave_the_pixels_as_correlated_as_they_are(self):
        # No pixel is whole: every row lacks one band or another.
        smooth = gaussian_filter(np.random.default_rng(8).normal(size=(80, 80, 4)), (2, 2, 0))
        pixels = (smooth / smooth.std() * 5 + [10, 40, 25, 5]).astype("f4")
        self.tiff("whole.tif", pixels)
        for y in range(80):
            pixels[y, :, y // 2 % 4] = np.nan
        self.tiff("gaps.tif", pixels)
        effective = [self.model(f"{name}.tif", "-k", "1:1", "--missing", "marginal", "--write",
                                "model", out=name)["candidates"][0]["effective_samples"]
                     for name in ("whole", "gaps")]
        self.assertLess(effective[0], 0.1 * 6400)
        np.testing.assert_allclose(effective[1], effective[0], rtol=0.1)

    def test_starts_and_anomalies_keep_to_whole_pixels(self):
        random = np.random.default_rng(9)
        colors = np.array([[10, 20], [10, 90], [70, 20]], "f4")
        pixels = colors[random.integers(0, 3, (40, 40))]
        pixels[random.random((40, 40)) < 0.3, 1] = np.nan
        self.tiff("flat.tif", pixels)
        model = self.model("flat.tif", "-k", 6, "--missing", "marginal", "--write",
                           "model,anomalies", out="out")
        self.assertEqual(model["k"], 3)
        np.testing.assert_allclose(sorted(model["means"]), sorted(colors.tolist()), atol=1e-3)
        marks = labels_of(self.folder / "out/flat_anomalies.png")
        self.assertFalse(np.isin(marks[np.isnan(pixels).any(2)], (2, 4)).any())

    def test_a_band_without_a_value_is_refused(self):
        pixels = bands(20, 20)
        pixels[:, :, 2] = np.nan
        self.tiff("dead.tif", pixels)
        self.fail(2, "dead.tif", "-k", 2, "--missing", "marginal", says=["feature 3", "missing"])

    def test_a_reference_with_another_rule_is_refused(self):
        self.tiff("one.tif", with_gaps(bands(30, 40), 0.2))
        self.succeed("one.tif", "-k", 2, "--missing", "marginal")
        self.fail(2, "one.tif", "--match", "--model", "segmented/one.gmm.json", "--missing", "skip",
                  "-o", "other", says=["--missing skip", "marginal"])

    def test_nothing_at_all_is_no_data(self):
        self.tiff("empty.tif", np.full((10, 10, 3), np.nan, "f4"))
        self.succeed("empty.tif", "-k", 2, "--missing", "marginal", "--write", "labels,imputed")
        self.assertFalse(labels_of(self.folder / "segmented/empty_labels.png").any())


if __name__ == "__main__":
    unittest.main()
