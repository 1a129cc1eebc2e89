"""Density, anomalies, outliers and sampling, held against scikit-learn and scipy on the numbers of the model file."""

import csv
import io
import json
import os
import unittest

import numpy as np
import tifffile
from PIL import Image
from scipy.stats import chi2
from sklearn.mixture import GaussianMixture

from program import ProgramTest, labels_of, model_of, photo

KINDS = ("density", "anomalies", "outliers")


def mixture_of(model):
    """The model file as scikit-learn's mixture."""
    mixture = GaussianMixture(model["k"])
    mixture.weights_, mixture.means_ = np.array(model["weights"]), np.array(model["means"])
    mixture.covariances_ = np.array(model["covariances"])
    mixture.precisions_cholesky_ = np.linalg.cholesky(np.linalg.inv(mixture.covariances_))
    return mixture


def tails_of(model, points, labels):
    """P(chi2_D > d^2) of each point, d its Mahalanobis distance from its class, from 1."""
    residuals = points - np.array(model["means"])[labels - 1]
    precisions = np.linalg.inv(np.array(model["covariances"]))[labels - 1]
    return chi2.sf(np.einsum("ni,nij,nj->n", residuals, precisions, residuals), points.shape[1])


def noise(seed=1, height=80, width=100):
    """A grey-blue picture."""
    random = np.random.default_rng(seed)
    return np.clip(random.normal((90, 100, 140), 7, (height, width, 3)), 0, 255).astype(np.uint8)


class Density(ProgramTest):
    def setUp(self):
        super().setUp()
        self.out = self.folder / "segmented"

    def read(self, name):
        return tifffile.imread(self.out / name)

    def check(self, name, pixels, model):
        """density and outliers of an image whose features are its bands."""
        labels = labels_of(self.out / f"{name}_labels.png")
        density, tails = self.read(f"{name}_density.tif"), self.read(f"{name}_outliers.tif")
        self.assertEqual((density.dtype, density.shape), (np.float32, labels.shape))
        np.testing.assert_array_equal(np.isnan(density), labels == 0)
        np.testing.assert_array_equal(np.isnan(tails), labels == 0)
        points = pixels[labels > 0].astype(float)
        np.testing.assert_allclose(density[labels > 0], mixture_of(model).score_samples(points), atol=1e-4)
        np.testing.assert_allclose(tails[labels > 0], tails_of(model, points, labels[labels > 0]), rtol=2e-4, atol=1e-7)

    def test_log_density_and_tails_are_those_of_scikit_learn_and_scipy(self):
        pixels = np.dstack([photo(), np.full(photo().shape[:2], 255, np.uint8)])
        pixels[3:9, 5:20, 3] = 0
        self.image("photo.png", pixels)
        for covariance in ("full", "tied", "diagonal", "spherical"):
            with self.subTest(covariance=covariance):
                self.succeed("photo.png", "-k", 4, "--features", "raw", "--covariance", covariance, "--write",
                             "labels,model,density,outliers", "--overwrite")
                self.check("photo", pixels[..., :3], model_of(self.out / "photo.gmm.json"))

    def test_bands_of_a_float_tiff(self):
        values = np.random.default_rng(3).normal(0, (1, 20, 1e-3, 5, 3), (40, 50, 5)).astype(np.float32)
        values[7, 3:11] = np.nan
        tifffile.imwrite(self.folder / "bands.tif", values, planarconfig="contig")
        self.succeed("bands.tif", "-k", 3, "--write", "labels,model,density,outliers")
        self.check("bands", values, model_of(self.out / "bands.gmm.json"))

    def test_with_position_the_place_is_part_of_the_density(self):
        self.image("photo.png", photo())
        self.succeed("photo.png", "-k", 3, "--features", "raw", "--position", 1, "--write",
                     "labels,model,density,outliers")
        y, x = np.mgrid[:photo().shape[0], :photo().shape[1]]
        self.check("photo", np.dstack([photo(), x, y]), model_of(self.out / "photo.gmm.json"))

    def test_the_tiff_tells_gdal_its_nodata_and_name(self):
        self.image("photo.png", photo())
        self.succeed("photo.png", "-k", 2, "--write", "density,outliers")
        for name, word in (("photo_density.tif", "log-density"), ("photo_outliers.tif", "outlier tail probability")):
            with tifffile.TiffFile(self.out / name) as tiff:
                self.assertEqual(tiff.pages[0].tags[42113].value, "nan")
                self.assertIn(f">{word}<", tiff.pages[0].tags[42112].value)

    def test_marks_are_those_of_the_two_thresholds(self):
        self.image("photo.png", photo())
        for rate, stored in ((0.01, True), (0.013, False), (0.07, True), (0.2, True)):
            with self.subTest(rate=rate):
                report = json.loads(self.succeed("photo.png", "-k", 4, "--write", ",".join((*KINDS, "model")),
                                                 "--anomaly-rate", rate, "--json", "--overwrite").stdout)["anomalies"]
                marks, density = labels_of(self.out / "photo_anomalies.png"), self.read("photo_density.tif")
                unlikely = density <= report["log_density_threshold"]
                outlier = self.read("photo_outliers.tif") < rate
                np.testing.assert_array_equal(marks, 1 + unlikely + 2 * outlier)
                self.assertAlmostEqual(report["log_density_threshold"], np.quantile(density, rate),
                                       delta=1e-4 if stored else 0.2)
                self.assertAlmostEqual(np.mean(unlikely), rate, delta=(0.02 if stored else 0.1) * rate)
                for word, pixels in (("unlikely", unlikely), ("outlier", outlier), ("both", unlikely & outlier)):
                    self.assertEqual(report[f"{word}_pixels"], pixels.sum())
                    self.assertAlmostEqual(report[f"{word}_share"], pixels.mean())

    def test_the_mask_is_indexed_and_no_data_is_transparent(self):
        pixels = np.dstack([photo(), np.full(photo().shape[:2], 255, np.uint8)])
        pixels[:4, :, 3] = 0
        self.image("photo.png", pixels)
        self.succeed("photo.png", "-k", 2, "--write", "anomalies")
        with Image.open(self.out / "photo_anomalies.png") as image:
            self.assertEqual((image.mode, image.info["transparency"]), ("P", 0))
            marks = np.asarray(image)
        np.testing.assert_array_equal(marks[:4], 0)
        self.assertTrue((marks[4:] > 0).all())

    def test_a_planted_square_is_found_and_little_else(self):
        planted = noise(2)
        planted[30:38, 40:48] = (220, 30, 30)
        self.image("clean.png", noise(1))
        self.image("planted.png", planted)
        self.succeed("clean.png", "-k", 2, "--write", "model")
        result = self.succeed("apply", "--model", "segmented/clean.gmm.json", "planted.png", "--write", "anomalies")
        marks = labels_of(self.out / "planted_anomalies.png")
        np.testing.assert_array_equal(marks[30:38, 40:48], 4)
        rest = np.ones(marks.shape, bool)
        rest[30:38, 40:48] = False
        self.assertLess(np.mean(marks[rest] > 1), 0.025)
        self.assertRegex(result.stdout, r"\d\.\d\d % unlikely, \d\.\d\d % outliers")
        self.assertEqual(result.stderr, "")

    def test_a_square_in_the_image_that_is_fitted_is_found(self):
        planted = noise(2)
        planted[30:36, 40:46] = (220, 30, 30)
        self.image("planted.png", planted)
        self.succeed("planted.png", "-k", 1, "--write", "anomalies")
        np.testing.assert_array_equal(labels_of(self.out / "planted_anomalies.png")[30:36, 40:46], 4)

    def test_applying_a_model_to_its_own_image_marks_the_same(self):
        self.image("photo.png", photo())
        for rate in (0.004, 0.01, 0.3):
            words = ["--write", ",".join(KINDS), "--anomaly-rate", rate, "--overwrite"]
            self.succeed("photo.png", "-k", 3, *words)
            self.succeed("photo.png", "-k", 3, "--write", "model", "-o", "m", "--overwrite")
            self.succeed("apply", "--model", "m/photo.gmm.json", "photo.png", "-o", "again", *words)
            for name in self.names("again"):
                self.assertEqual((self.folder / "again" / name).read_bytes(), (self.out / name).read_bytes(), name)

    def test_verbose_tells_the_counts(self):
        self.image("photo.png", photo())
        said = self.succeed("photo.png", "-k", 2, "--write", "anomalies", "-v").stderr
        self.assertRegex(said, r"anomalies at rate 0\.01: \d+ pixels unlikely .*, \d+ outliers, \d+ both")

    def test_an_image_without_data_has_none(self):
        self.image("empty.png", np.zeros((9, 8, 4), np.uint8))
        result = self.succeed("empty.png", "-k", 2, "--write", ",".join(KINDS), "--json")
        self.assertIsNone(json.loads(result.stdout)["anomalies"]["log_density_threshold"])
        self.assertTrue(np.isnan(self.read("empty_density.tif")).all())
        np.testing.assert_array_equal(labels_of(self.out / "empty_anomalies.png"), 0)


class Refusals(ProgramTest):
    def setUp(self):
        super().setUp()
        self.image("photo.png", photo())

    def test_rates_out_of_range(self):
        for rate in ("0", "1", "-0.1", "2", "nan", "1%", ""):
            self.fail(2, "photo.png", "-k", 2, "--write", "anomalies", "--anomaly-rate", rate,
                      says=["--anomaly-rate", "greater than 0 and less than 1"])

    def test_a_tempered_model(self):
        self.succeed("photo.png", "-k", 2, "--position", 2, "--write", "model")
        (self.folder / "in").mkdir()
        (self.folder / "photo.png").rename(self.folder / "in" / "photo.png")
        for kind in KINDS:
            for words in (["in/photo.png", "-k", 2, "--position", 2], ["in", "-k", 2, "--position", 2],
                          ["apply", "--model", "segmented/photo.gmm.json", "in/photo.png"],
                          ["apply", "--model", "segmented/photo.gmm.json", "in"],
                          ["in", "-k", 2, "--match", "--model", "segmented/photo.gmm.json"]):
                with self.subTest(words=words, kind=kind):
                    self.fail(2, *words, "--write", f"labels,{kind}", "-o", "out",
                              says=[kind, "position weight 2", "no density"])

    def test_all_is_what_a_tempered_model_can_give(self):
        self.succeed("photo.png", "-k", 2, "--position", 2, "--write", "all")
        self.assertIn("photo_probs.tif", self.names())
        self.assertNotIn("photo_density.tif", self.names())
        self.succeed("photo.png", "-k", 2, "--position", 1, "--write", "all", "--overwrite")
        self.assertIn("photo_density.tif", self.names())

    def test_a_rate_below_what_an_older_model_file_tells(self):
        self.succeed("photo.png", "-k", 2, "--write", "model")
        path = self.folder / "segmented" / "photo.gmm.json"
        model = model_of(path)
        training = model["training"]
        training["log_density_quantiles"] = [q for q in training["log_density_quantiles"]
                                             if q["probability"] in (0.01, 0.05, 0.25, 0.5, 0.75, 0.95, 0.99)]
        path.write_text(json.dumps(model), encoding="utf-8")
        words = ["apply", "--model", path, "photo.png", "-o", "out", "--write", "anomalies"]
        self.fail(2, *words, "--anomaly-rate", 0.001, says=["0.001", "fit it anew"])
        self.succeed(*words)


class Folders(ProgramTest):
    def test_every_image_is_held_against_the_shared_training(self):
        (self.folder / "in").mkdir()
        planted = noise(2)
        planted[30:36, 40:46] = (220, 30, 30)
        for name, pixels in (("a", noise(1)), ("b", planted), ("c", noise(3))):
            self.image(f"in/{name}.png", pixels)
        lines = self.succeed("in", "-k", 1, "--write", "density,anomalies,model", "-o", "out", "--json").stdout
        found = [json.loads(line)["anomalies"] for line in lines.splitlines()]
        self.assertEqual(len({each["log_density_threshold"] for each in found}), 1)
        density = np.concatenate([tifffile.imread(self.folder / "out" / f"{name}_density.tif") for name in "abc"])
        self.assertAlmostEqual(found[0]["log_density_threshold"], np.quantile(density, 0.01), delta=0.02)
        np.testing.assert_array_equal(labels_of(self.folder / "out" / "b_anomalies.png")[30:36, 40:46], 4)

    def test_another_rate_is_another_result_for_resume(self):
        (self.folder / "in").mkdir()
        self.image("in/a.png", noise(1))
        words = ["in", "-k", 1, "--write", "anomalies", "-o", "out", "--json"]
        self.succeed(*words)
        for rate, status in ((0.01, "kept"), (0.02, "done"), (0.02, "kept")):
            line = json.loads(self.succeed(*words, "--resume", "--anomaly-rate", rate).stdout)
            self.assertEqual(line["status"], status)


class Sample(ProgramTest):
    def setUp(self):
        super().setUp()
        self.image("photo.png", photo())
        self.succeed("photo.png", "-k", 3, "--features", "raw", "--write", "model")
        self.model = "segmented/photo.gmm.json"

    def rows(self, text):
        rows = list(csv.reader(io.StringIO(text)))
        return rows[0], np.array(rows[1:], float)

    def test_points_are_those_of_the_mixture(self):
        model = model_of(self.folder / self.model)
        header, rows = self.rows(self.succeed("sample", self.model, "-n", 30000).stdout)
        self.assertEqual(header, ["component", *(feature["name"] for feature in model["features"])])
        self.assertEqual(len(rows), 30000)
        self.assertTrue((np.diff(rows[:, 0]) >= 0).all())
        for k in range(3):
            points = rows[rows[:, 0] == k + 1, 1:]
            weight, mean, covariance = model["weights"][k], model["means"][k], np.array(model["covariances"][k])
            self.assertLess(abs(len(points) / 30000 - weight), 5 * np.sqrt(weight * (1 - weight) / 30000))
            errors = np.sqrt(np.diag(covariance) / len(points))
            self.assertTrue((abs(points.mean(0) - mean) < 5 * errors).all())
            np.testing.assert_allclose(np.cov(points.T), covariance, atol=0.1 * covariance.max())

    def test_the_same_seed_gives_the_same_bytes_on_stdout_and_in_a_file(self):
        first = self.succeed("sample", self.model, "-n", 500, "--seed", 7)
        self.succeed("sample", self.model, "-n", 500, "--seed", 7, "-o", "new/points.csv")
        self.assertEqual((self.folder / "new" / "points.csv").read_text(encoding="utf-8"), first.stdout)
        self.assertEqual(self.names("new"), ["points.csv"])
        self.assertNotEqual(self.succeed("sample", self.model, "-n", 500, "--seed", 8).stdout, first.stdout)
        self.assertEqual(first.stderr, "")

    def test_a_thousand_are_the_default_and_none_are_a_header(self):
        self.assertEqual(len(self.rows(self.succeed("sample", self.model).stdout)[1]), 1000)
        self.assertEqual(self.succeed("sample", self.model, "-n", 0).stdout.count("\n"), 1)

    def test_variables_and_files_give_its_options_but_its_output(self):
        (self.folder / "run.toml").write_text('seed = 7\ncomponents = 4\noutput = "masks"\n', encoding="utf-8")
        wanted = self.succeed("sample", self.model, "--seed", 7).stdout
        self.assertEqual(self.succeed("sample", self.model, "--config", "run.toml").stdout, wanted)
        self.assertEqual(self.succeed("sample", self.model, env={"GMMSEG_SEED": "7", "GMMSEG_OUTPUT": "x"}).stdout,
                         wanted)
        self.assertIn("points = 1000", self.succeed("sample", self.model, "--dump-config").stdout)

    def test_what_is_wrong_is_said(self):
        (self.folder / "points.csv").write_text("mine", encoding="utf-8")
        self.fail(2, "sample", self.model, "-o", "points.csv", says=["exists", "--overwrite"])
        self.fail(2, "sample", self.model, "-o", "a/b/points.csv", says=["parent"])
        self.fail(2, "sample", self.model, "-o", self.model, "--overwrite", says=["is the model"])
        self.fail(2, "sample", self.model, "-o", "", says=["name a file"])
        os.mkfifo(self.folder / "pipe")
        result = self.segment("sample", self.model, "-o", "pipe", "--overwrite")
        self.assertEqual(result.returncode, 2)
        self.assertIn("no regular file", result.stderr)
        self.assertTrue((self.folder / "pipe").is_fifo())
        (self.folder / "pipe").unlink()
        self.fail(2, "sample", self.model, "-n", -1, says=["--points"])
        self.fail(2, "sample", says=["takes one model"])
        self.fail(2, "sample", self.model, self.model, says=["takes one model"])
        self.fail(2, "photo.png", "sample", self.model, says=["photo.png stands before the word sample"])
        self.fail(2, "-o", "x", "sample", self.model, says=["before the word sample"])
        self.fail(4, "sample", "missing.json", says=["missing.json"])
        self.succeed("sample", self.model, "-n", 1, "-o", "points.csv", "--overwrite")

    def test_a_tempered_model_is_refused(self):
        self.succeed("photo.png", "-k", 2, "--position", 2, "--write", "model", "--overwrite")
        self.fail(2, "sample", self.model, says=["no density", "position weight"])
        self.fail(2, "sample", self.model, "-o", "points.csv", says=["no density"])


if __name__ == "__main__":
    unittest.main()
