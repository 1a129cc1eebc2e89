"""Statistics that travel: one round of EM against numpy's, the same bits for any split into files, and what is refused."""

import json
import os
import random
import unittest

import numpy as np
import tifffile
from PIL import Image
from scipy.linalg import eigh
from scipy.stats import multivariate_normal

from program import ProgramTest, model_of, photo

USAGE, BAD_INPUT, NOT_STRICT = 2, 4, 6


def one_round(model, points, floor):
    """Weights, means and covariances after an E- and an M-step, and the log-likelihood per point before them."""
    parts = np.stack([np.log(w) + multivariate_normal(mean, covariance).logpdf(points) for w, mean, covariance
                      in zip(model["weights"], model["means"], model["covariances"])], axis=1)
    totals = np.logaddexp.reduce(parts, axis=1)
    shares = np.exp(parts - totals[:, None])
    sums = shares.sum(0)
    means = shares.T @ points / sums[:, None]
    covariances = [clipped(np.cov(points.T, aweights=shares[:, k], bias=True), floor) for k in range(len(sums))]
    return sums / len(points), means, np.array(covariances), totals.mean()


def clipped(covariance, floor):
    """The eigenvalues in the floor's metric raised to 1."""
    if floor is None:
        return covariance
    values, vectors = eigh(covariance, floor)
    back = floor @ vectors
    return back @ np.diag(np.maximum(values, 1)) @ back.T


def expected_complete(model, other, points):
    """How much the expected log-likelihood of points and classes under `model` is higher under `other`."""
    def parts(of):
        return np.stack([np.log(w) + multivariate_normal(mean, covariance).logpdf(points) for w, mean, covariance
                         in zip(of["weights"], of["means"], of["covariances"])], axis=1)
    before = parts(model)
    shares = np.exp(before - np.logaddexp.reduce(before, axis=1)[:, None])
    return (shares * (parts(other) - before)).sum(1).mean()


def read_png(path):
    with Image.open(path) as image:
        return np.asarray(image)


class Stats(ProgramTest):
    def pictures(self, count=6, dtype=np.uint8):
        """Crops of a photograph, each a little brighter than the one before."""
        names = []
        for i in range(count):
            pixels = photo()[8 * i:8 * i + 24, 5 * i:5 * i + 40 + i].astype(float) + 3 * i
            if dtype == np.uint8:
                names.append(self.image(f"p{i}.png", np.clip(pixels, 0, 255).astype(np.uint8)))
            else:
                names.append(f"p{i}.tif")
                tifffile.imwrite(self.folder / names[-1], (pixels * (200 if dtype == np.uint16 else 1)).astype(dtype),
                                 photometric="rgb")
        return names

    def fit(self, image, *words, name="m"):
        self.succeed(image, "-k", 3, "--write", "model", "-o", name, *words)
        return f"{name}/{image.rsplit('.', 1)[0]}.gmm.json"

    def update(self, model, *words):
        """The new model's file."""
        self.succeed("update", model, *words, "-o", "new.gmm.json", "--overwrite")
        return (self.folder / "new.gmm.json").read_bytes()


class OneRound(Stats):
    def compare(self, new, expected):
        weights, means, covariances, log_likelihood = expected
        np.testing.assert_allclose(new["weights"], weights, atol=1e-5)
        np.testing.assert_allclose(new["means"], means, rtol=1e-5)
        np.testing.assert_allclose(new["covariances"], covariances, rtol=1e-5, atol=1e-5 * np.max(covariances))
        self.assertAlmostEqual(new["initial_log_likelihood"], log_likelihood, delta=1e-5)

    def test_is_that_of_numpy(self):
        for dtype, ending in ((np.uint8, "png"), (np.uint16, "tif"), (np.float32, "tif")):
            with self.subTest(dtype=dtype):
                names = self.pictures(3, dtype)
                model = self.fit(f"p0.{ending}", "--features", "raw", "--overwrite")
                self.update(model, *names, "--floor", "off")
                read = tifffile.imread if ending == "tif" else read_png
                points = np.concatenate([read(self.folder / name).reshape(-1, 3) for name in names]).astype(float)
                self.compare(model_of(self.folder / "new.gmm.json"),
                             one_round(model_of(self.folder / model), points, None))

    def test_the_floor_is_the_mean_of_the_images_by_their_pixels(self):
        fine, coarse = photo()[:40].copy(), 4 * (photo()[:20, :70] // 4)
        fine[:12, :30] = (30, 40, 50)
        coarse[0, :2] = [[0], [252]]  # of a step in all of its range
        self.image("fine.png", fine)
        self.image("coarse.png", coarse)
        model = self.fit("fine.png", "--features", "raw")
        self.update(model, "fine.png", "coarse.png")
        points = np.concatenate([image.reshape(-1, 3) for image in (fine, coarse)]).astype(float)
        floor = (1 * fine.size + 16 * coarse.size) / (fine.size + coarse.size) / 12 * np.eye(3)
        new = model_of(self.folder / "new.gmm.json")
        self.compare(new, one_round(model_of(self.folder / model), points, floor))
        self.assertIn(True, new["at_floor"])

    def test_the_gain_is_that_of_the_expected_likelihood_and_bounds_the_likelihoods(self):
        names = self.pictures(3)
        model = self.fit(names[0], "--features", "raw")
        points = np.concatenate([read_png(self.folder / name).reshape(-1, 3) for name in names]).astype(float)
        last = None
        for _ in range(4):
            report = json.loads(self.succeed("update", model, *names, "-o", "new.gmm.json", "--overwrite", "--json").stdout)
            if last:
                self.assertGreater(report["log_likelihood_per_pixel"] - last["log_likelihood_per_pixel"],
                                   last["gain_per_pixel"] - 1e-6)
            expected = expected_complete(model_of(self.folder / model), model_of(self.folder / "new.gmm.json"), points)
            self.assertAlmostEqual(report["gain_per_pixel"], expected, delta=1e-5 * (1 + expected))
            (self.folder / "new.gmm.json").rename(self.folder / "old.gmm.json")
            last, model = report, "old.gmm.json"


class Splits(Stats):
    def merge_at_random(self, files, rng):
        """Merges files, a few at a time, until one is left."""
        files, step = list(files), 0
        while len(files) > 1:
            rng.shuffle(files)
            count, step = rng.randint(2, len(files)), step + 1
            taken, files = files[:count], files[count:]
            merged = f"merged{step}.stats"
            self.succeed("merge", *taken, "-o", merged, "--overwrite")
            files.append(merged)
        return files[0]

    def check(self, names, *words):
        model = self.fit(names[0], *words, "--overwrite")
        wanted = self.update(model, *names)
        self.succeed("stats", "--model", model, *names, "-o", "all.stats", "--overwrite")
        statistics = (self.folder / "all.stats").read_bytes()
        for seed in range(3):
            rng = random.Random(seed)
            shuffled, files = rng.sample(names, len(names)), []
            while shuffled:
                count = rng.randint(1, 3)
                part, shuffled = shuffled[:count], shuffled[count:]
                files.append(f"part{len(files)}.stats")
                self.succeed("stats", "--model", model, *part, "-o", files[-1], "--overwrite",
                             "--threads", 1 + seed % 2)
            self.assertEqual(self.update(model, *files), wanted)
            merged = self.merge_at_random(files, rng)
            self.assertEqual((self.folder / merged).read_bytes(), statistics)
            self.assertEqual(self.update(model, merged, "--threads", 1 + seed % 2), wanted)

    def test_of_8_bits(self):
        self.check(self.pictures(7))

    def test_of_16_bits_with_position(self):
        self.check(self.pictures(6, np.uint16), "--position", 2, "--covariance", "tied")

    def test_of_floats(self):
        self.check(self.pictures(6, np.float32), "--covariance", "spherical", "--features", "raw")

    def test_statistics_and_images_mix_and_folders_name_no_image(self):
        names = self.pictures(4)
        model = self.fit(names[0])
        wanted = self.update(model, *names)
        (self.folder / "sub").mkdir()
        (self.folder / names[3]).rename(self.folder / "sub" / names[3])
        self.succeed("stats", "--model", model, names[0], names[1], "-o", "new/two.stats")
        self.assertEqual(self.update(model, names[2], "new/two.stats", "sub"), wanted)

    def test_an_image_without_data_adds_its_name_alone(self):
        names = self.pictures(2)
        self.image("empty.png", np.zeros((5, 6, 4), np.uint8))
        model = self.fit(names[0])
        self.update(model, *names, "empty.png")
        new = model_of(self.folder / "new.gmm.json")
        self.assertEqual([each["name"] for each in new["training"]["inputs"]], ["empty.png", *names])
        self.update(model, *names)
        self.assertEqual(model_of(self.folder / "new.gmm.json")["means"], new["means"])
        self.fail(USAGE, "update", model, "empty.png", "-o", "x.gmm.json", says=["no pixel has data"])


class NewModel(Stats):
    def test_keeps_the_classes_and_knows_no_more_than_it_can(self):
        names = self.pictures(3)
        (self.folder / "names.csv").write_text("class,name,color\n2,sky,#102030\n", encoding="utf-8")
        model = self.fit(names[0], "--class-names", "names.csv")
        self.update(model, *names)
        old, new = model_of(self.folder / model), model_of(self.folder / "new.gmm.json")
        for key in ("k", "features", "blocks", "covariance_type", "seed"):
            self.assertEqual(new[key], old[key])
        self.assertEqual([(c["index"], c["name"], c["color"]) for c in new["classes"]],
                         [(c["index"], c["name"], c["color"]) for c in old["classes"]])
        self.assertEqual([c["weight"] for c in new["classes"]], new["weights"])
        self.assertEqual({c["share"] for c in new["classes"]}, {None})
        for key in ("log_likelihood_per_sample", "bic", "aic", "icl"):
            self.assertIsNone(new[key])
        self.assertEqual((new["history"], new["iterations"], new["training"]["log_density_quantiles"]), ([], 1, []))
        self.assertNotIn("candidates", new)
        self.assertEqual([each["name"] for each in new["training"]["inputs"]], names)
        self.assertIn("reference", new["order"])

    def test_serves_every_command(self):
        names = self.pictures(3)
        self.update(self.fit(names[0]), *names)
        for i, words in enumerate((["apply", "--model", "new.gmm.json", names[0], "--write", "labels,report,density"],
                                   ["apply", "--model", "new.gmm.json", *names, "-v"],
                                   [*names, "--match", "--model", "new.gmm.json"],
                                   [names[0], "--init-model", "new.gmm.json"])):
            result = self.succeed(*words, "-o", f"out{i}")
            self.assertNotIn("nan", result.stdout + result.stderr)
        self.succeed("sample", "new.gmm.json", "-n", 3)
        self.update("new.gmm.json", *names)
        self.fail(USAGE, "apply", "--model", "new.gmm.json", names[0], "--write", "anomalies", "-o", "x",
                  says=["does not tell how likely"])
        result = self.succeed("apply", "--model", "new.gmm.json", names[0], "--write", "all", "-o", "everything", "-v")
        written = {path.name for path in (self.folder / "everything").iterdir()}
        self.assertIn("p0_outliers.tif", written)
        self.assertNotIn("p0_anomalies.png", written)
        self.assertNotIn("unlikely", result.stdout + result.stderr)

    def test_a_class_without_pixels_stays_at_its_place(self):
        self.image("three.png", np.repeat(np.repeat([[[20] * 3, [120] * 3, [220] * 3]], 9, axis=0), 9, axis=1)
                   .astype(np.uint8))
        self.image("two.png", np.repeat(np.repeat([[[20] * 3, [220] * 3]], 9, axis=0), 9, axis=1).astype(np.uint8))
        model = self.fit("three.png", "--features", "rgb")
        result = self.segment("update", model, "two.png", "-o", "new.gmm.json", "--strict")
        self.assertEqual(result.returncode, NOT_STRICT)
        self.assertIn("class 2 holds no pixel any more", result.stderr)
        old, new = model_of(self.folder / model), model_of(self.folder / "new.gmm.json")
        self.assertEqual(new["weights"], [0.5, 0, 0.5])
        self.assertEqual(new["means"][1], old["means"][1])
        self.assertEqual(self.succeed("update", "new.gmm.json", "two.png", "-o", "again.gmm.json").stderr, "")

    def test_a_loop_ends_where_a_fit_does(self):
        names = self.pictures(2)
        model, code = self.fit(names[0], "--features", "raw"), NOT_STRICT
        (self.folder / model).rename(self.folder / "loop.gmm.json")
        self.succeed(*names, "--init-model", "loop.gmm.json", "--write", "model", "--features", "raw", "-o", "fit",
                     "--tolerance", 1e-7, "--max-iterations", 2000)
        rounds = 0
        while code == NOT_STRICT and rounds < 200:
            rounds += 1
            for name in names:
                self.succeed("stats", "--model", "loop.gmm.json", name, "-o", f"{name}.stats", "--overwrite")
            code = self.segment("update", "loop.gmm.json", *(f"{name}.stats" for name in names), "-o", "loop.gmm.json",
                                "--overwrite", "--strict", "--tolerance", 1e-4).returncode
        self.assertEqual(code, 0)
        self.assertGreater(rounds, 3)
        ended, fitted = (model_of(self.folder / path) for path in ("loop.gmm.json", "fit/gmmseg-model.gmm.json"))
        self.assertTrue(ended["converged"])
        self.assertAlmostEqual(ended["initial_log_likelihood"], fitted["log_likelihood_per_sample"], delta=5e-3)


class Words(Stats):
    def setUp(self):
        super().setUp()
        self.names = self.pictures(3)
        self.model = self.fit(self.names[0])
        self.succeed("stats", "--model", self.model, *self.names[:2], "-o", "a.stats")
        self.succeed("stats", "--model", self.model, self.names[2], "-o", "b.stats")

    def test_lines_and_documents(self):
        line = self.succeed("stats", "--model", self.model, *self.names, "-o", "c.stats").stdout
        self.assertRegex(line, r"\A3 images, \d+ pixels with data, log-likelihood -\d+\.\d{4} per pixel, "
                               r"\d+\.\d\d s -> c\.stats\n\Z")
        line = self.succeed("merge", "a.stats", "b.stats", "-o", "d.stats").stdout
        self.assertRegex(line, r"\A3 images, \d+ pixels with data, \d+\.\d\d s -> d\.stats\n\Z")
        line = self.succeed("update", self.model, "d.stats", "-o", "e.gmm.json").stdout
        self.assertRegex(line, r"\A3 images, .* per pixel before the step, \S+ or more higher after it "
                               r"\(not converged\), \d+\.\d\d s -> e\.gmm\.json\n\Z")
        report = json.loads(self.succeed("update", self.model, "d.stats", "-o", "f.gmm.json", "--json",
                                         "--tolerance", 100).stdout)
        self.assertEqual((report["command"], report["images"], report["converged"], report["classes_lost"]),
                         ("update", 3, True, []))
        self.assertEqual(json.loads(self.succeed("merge", "d.stats", "-o", "g.stats", "--json").stdout)["images"], 3)
        self.assertEqual(self.succeed("merge", "d.stats", "-o", "h.stats", "-q").stdout, "")

    def test_python_reads_the_sums(self):
        document = json.loads((self.folder / "a.stats").read_text(encoding="utf-8"))
        sums = [int.from_bytes(bytes.fromhex(text), "big", signed=True) / 2**60 for text in document["sums"]]
        self.assertEqual(sums[0], 24 * 40 + 24 * 41)
        self.assertAlmostEqual(sum(sums[2:5]), sums[0], delta=1e-2)

    def test_folders_lists_and_settings(self):
        (self.folder / "in").mkdir()
        self.image("in/x.png", photo(30, 20))
        (self.folder / "in" / "notes.txt").write_text("none", encoding="utf-8")
        result = self.succeed("stats", "in", "-o", "in.stats", env={"GMMSEG_MODEL": self.model})
        self.assertIn("left out: 1 file that is no image", result.stderr)
        (self.folder / "list.txt").write_text("in/x.png\n", encoding="utf-8")
        (self.folder / "run.toml").write_text('floor = "off"\ntolerance = 1000\n', encoding="utf-8")
        self.succeed("update", self.model, "@list.txt", "a.stats", "--config", "run.toml", "-o", "x.gmm.json", "--strict")
        self.assertIn("tolerance = 1e-5", self.succeed("update", "--dump-config").stdout)

    def test_what_cannot_be_is_refused(self):
        other = self.fit(self.names[1], name="other")
        self.succeed("stats", "--model", other, self.names[2], "-o", "other.stats")
        self.image("grey.png", photo()[..., 0])
        (self.folder / "copy.png").write_bytes((self.folder / self.names[0]).read_bytes())
        whole = (self.folder / "a.stats").read_bytes()
        (self.folder / "cut.stats").write_bytes(whole[:len(whole) // 2])
        (self.folder / "bent.stats").write_bytes(whole.replace(b'"0000', b'"0001', 1))
        newer = json.loads(whole)
        newer["version"] = 2
        (self.folder / "newer.stats").write_text(json.dumps(newer), encoding="utf-8")
        (self.folder / "damaged.png").write_bytes((self.folder / self.names[2]).read_bytes()[:200])
        end = ["-o", "x.stats"]
        for code, words, says in (
                (USAGE, ["merge", "a.stats", "a.stats"], ["a.stats", "p0.png is counted already"]),
                (USAGE, ["merge", "a.stats", "other.stats"], ["other.stats", "others at", "one model"]),
                (USAGE, ["update", other, "a.stats"], ["a.stats", "another model", "again"]),
                (USAGE, ["update", self.model, "a.stats", self.names[1]], ["p1.png is counted already"]),
                (USAGE, ["update", self.model, "a.stats", "copy.png"], ["p0.png and copy.png", "same content"]),
                (USAGE, ["stats", "--model", self.model, self.names[0], "copy.png"], ["same content"]),
                (USAGE, ["merge", "a.stats", "-o", "y.stats"], ["more than once"]),
                (BAD_INPUT, ["stats", "--model", self.model, "damaged.png"], ["damaged.png"]),
                (BAD_INPUT, ["stats", "--model", self.model, self.names[0], "damaged.png"], ["damaged.png"]),
                (BAD_INPUT, ["stats", "--model", self.model, "missing.png"], ["missing.png"]),
                (BAD_INPUT, ["stats", "--model", self.model, "a.stats"], ["a.stats"]),
                (BAD_INPUT, ["merge", "cut.stats", "b.stats"], ["cut.stats", "truncated"]),
                (BAD_INPUT, ["merge", "bent.stats"], ["bent.stats", "checksum"]),
                (BAD_INPUT, ["merge", "newer.stats"], ["format version 2", "update gmmseg"]),
                (BAD_INPUT, ["merge", self.model], [self.model, "is not a gmmseg statistics file"]),
                (BAD_INPUT, ["merge", self.names[0]], ["p0.png"]),
                (BAD_INPUT, ["update", self.model, "cut.stats"], ["cut.stats"]),
                (BAD_INPUT, ["update", "a.stats", "b.stats"], ["a.stats", "is not a gmmseg model"]),
                (USAGE, ["merge", "a.stats", "--smoothness", "3"], ["--smoothness", "see segment merge --help"]),
                (USAGE, ["merge"], ["no input"]),
                (USAGE, ["update", self.model], ["no input"]),
                (USAGE, ["stats", self.names[0]], ["no model"])):
            with self.subTest(words=words):
                self.fail(code, *words, *end, says=says)

    def test_bands_that_do_not_match(self):
        tifffile.imwrite(self.folder / "five.tif", np.zeros((8, 9, 5), np.uint8), planarconfig="contig")
        self.fail(USAGE, "stats", "--model", self.model, "five.tif", "-o", "x.stats", says=["five.tif"])

    def test_outputs_stay_whole(self):
        self.fail(USAGE, "stats", "--model", self.model, self.names[0], says=["no output"])
        self.fail(USAGE, "merge", "a.stats", "-o", "b.stats", says=["b.stats", "exists", "--overwrite"])
        self.fail(USAGE, "merge", "a.stats", "-o", "no/such/b.stats", says=["parent"])
        for words in (["stats", "--model", self.model, self.names[0], "-o", self.names[0]],
                      ["stats", "--model", self.model, self.names[0], "-o", self.model],
                      ["update", self.model, "a.stats", "-o", "a.stats"],
                      ["update", self.model, self.names[0], "-o", self.names[0]]):
            self.fail(USAGE, *words, "--overwrite", says=["is an input"])
        self.fail(USAGE, "-o", "x", "merge", "a.stats", says=["before the word merge"])
        self.fail(USAGE, "a.stats", "merge", "b.stats", "-o", "x", says=["before the word merge"])
        self.succeed("merge", "a.stats", "b.stats", "-o", "a.stats", "--overwrite")
        self.succeed("update", self.model, "a.stats", "-o", self.model, "--overwrite")

    def test_a_folder_that_cannot_be_listed_is_an_error(self):
        os.mkfifo(self.folder / "pipe.png")
        result = self.segment("stats", "--model", self.model, "pipe.png", self.names[0], "-o", "x.stats")
        self.assertEqual(result.returncode, BAD_INPUT)
        self.assertIn("no regular file", result.stderr)
        self.assertFalse((self.folder / "x.stats").exists())


if __name__ == "__main__":
    unittest.main()
