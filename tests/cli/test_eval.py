"""segment eval: scores against scikit-learn's and SciPy's, how files find their truths, settings, and what is refused."""

import csv
import io
import json
import os
import unittest
from pathlib import Path

import numpy as np
import tifffile
from PIL import Image
from scipy.ndimage import binary_erosion, distance_transform_edt
from scipy.optimize import linear_sum_assignment
from sklearn.metrics import adjusted_rand_score, f1_score, jaccard_score, normalized_mutual_info_score, rand_score

from program import ProgramTest, labels_of, photo

USAGE, BAD_INPUT = 2, 4
MEASURES = ("covering", "pri", "voi", "ari", "nmi", "accuracy", "boundary_f", "dice", "jaccard", "hausdorff95")
# The validation part of BSDS500: images/, groundTruth/<id>_<n>.png, and reference/ with <id>.png and scores.json.
BSDS = Path(os.environ.get("GMMSEG_BSDS500", "/nonexistent"))


def contingency(prediction, truth):
    pairs, counts = np.unique(np.stack([prediction.ravel(), truth.ravel()]), axis=1, return_counts=True)
    rows, columns = (np.unique(side, return_inverse=True)[1] for side in pairs)
    table = np.zeros((rows.max() + 1, columns.max() + 1))
    table[rows, columns] = counts
    return table


def entropy(counts):
    shares = counts[counts > 0] / counts.sum()
    return -(shares * np.log2(shares)).sum()


def hausdorff95(a, b):
    a, b = (mask & ~binary_erosion(mask) for mask in (a, b))
    return max(np.percentile(distance_transform_edt(~to)[of], 95) for of, to in ((a, b), (b, a)))


def expected(prediction, truth):
    """The scores against one truth but the boundary's, classes by number."""
    table = contingency(prediction, truth)
    sizes, truths = table.sum(1, keepdims=True), table.sum(0)
    matched = linear_sum_assignment(-table)
    classes = [c for c in np.union1d(prediction, truth) if c > 0]
    flat = {"y_true": truth.ravel(), "y_pred": prediction.ravel(), "labels": classes, "average": "macro"}
    return {
        "covering": ((table / (sizes + truths - table)).max(0) * truths).sum() / truths.sum(),
        "pri": rand_score(truth.ravel(), prediction.ravel()),
        "voi": 2 * entropy(table) - entropy(sizes) - entropy(truths),
        "ari": adjusted_rand_score(truth.ravel(), prediction.ravel()),
        "nmi": normalized_mutual_info_score(truth.ravel(), prediction.ravel()),
        "accuracy": table[matched].sum() / table.sum(),
        "dice": f1_score(**flat, zero_division=0),
        "jaccard": jaccard_score(**flat, zero_division=0),
        "hausdorff95": np.mean([hausdorff95(prediction == c, truth == c) for c in classes
                                if (prediction == c).any() and (truth == c).any()]),
    }


class Eval(ProgramTest):
    def map(self, name, labels):
        (self.folder / name).parent.mkdir(exist_ok=True)
        if name.endswith(".tif"):
            tifffile.imwrite(self.folder / name, labels)
        else:
            Image.fromarray(labels).save(self.folder / name)
        return name

    def blobs(self, seed, dtype=np.uint8, classes=5):
        """Brightness of a photograph in steps, a little different with every seed; 0 is one of them."""
        grey = photo().mean(2) + np.random.default_rng(seed).normal(0, 6, photo().shape[:2])
        return np.clip(grey * classes / 256, 0, classes - 1).astype(dtype)

    def scores(self, *words):
        return json.loads(self.succeed("eval", *words, "--json").stdout)

    def check(self, scores, wanted):
        for measure, value in wanted.items():
            self.assertAlmostEqual(scores[measure], value, places=9, msg=measure)


class Scores(Eval):
    def test_they_are_those_of_scikit_learn_and_scipy(self):
        for name, dtype in (("p.png", np.uint8), ("q.tif", np.uint16)):
            prediction, truths = self.blobs(1, dtype), [self.blobs(2), self.blobs(3, classes=4)]
            self.map(name, prediction)
            names = [self.map(f"t{i}.png", truth) for i, truth in enumerate(truths)]
            report = self.scores(name, "--truth", *names)
            image = report["settings"][0]["images"][0]
            wanted = [expected(prediction, truth) for truth in truths]
            for truth, one in zip(image["truths"], wanted):
                self.check(truth["scores"], one)
            self.check(image["scores"], {measure: np.mean([one[measure] for one in wanted]) for measure in wanted[0]})
            self.assertEqual([truth["truth"] for truth in image["truths"]], names)

    def test_an_ignored_label_is_left_out(self):
        prediction, truth = self.blobs(1), self.blobs(2)
        self.map("p.png", prediction)
        self.map("t.png", truth)
        kept = truth != 2
        scores = self.scores("p.png", "--truth", "t.png", "--ignore-label", 2)["ods"]
        self.assertAlmostEqual(scores["ari"], adjusted_rand_score(truth[kept], prediction[kept]))
        self.assertAlmostEqual(scores["nmi"], normalized_mutual_info_score(truth[kept], prediction[kept]))
        self.fail(USAGE, "eval", "p.png", "--truth", self.map("two.png", np.full_like(truth, 2)), "--ignore-label", 2,
                  says=["p.png", "ignored"])

    def test_classes_by_overlap_do_not_depend_on_their_numbers(self):
        prediction, truth = self.blobs(1), self.blobs(2)
        self.map("p.png", prediction)
        self.map("renamed.png", np.array([3, 9, 0, 200, 4], np.uint8)[prediction])
        self.map("t.png", truth)
        by_number = self.scores("p.png", "--truth", "t.png")["ods"]
        for name in ("p.png", "renamed.png"):
            by_overlap = self.scores(name, "--truth", "t.png", "--match-classes", "overlap")["ods"]
            self.check(by_overlap, {m: by_number[m] for m in MEASURES})
        self.assertLess(self.scores("renamed.png", "--truth", "t.png")["ods"]["dice"], 0.2)
        none = self.scores("p.png", "--truth", "t.png", "--match-classes", "none")
        self.assertEqual([none["ods"][m] for m in ("dice", "jaccard", "hausdorff95")], [None] * 3)
        self.assertEqual(none["settings"][0]["images"][0]["truths"][0]["classes"], [])

    def test_a_boundary_one_pixel_off_is_within_the_tolerance_and_not_without_one(self):
        here, there = (np.where(np.arange(200) < x, 1, 2).astype(np.uint8) * np.ones((100, 1), np.uint8) for x in (80, 81))
        self.map("p.png", here)
        self.map("t.png", there)
        self.assertEqual(self.scores("p.png", "--truth", "t.png")["ods"]["boundary_f"], 1)
        self.assertEqual(self.scores("p.png", "--truth", "t.png", "--boundary-tolerance", 0)["ods"]["boundary_f"], 0)

    def test_they_do_not_depend_on_threads(self):
        for i in range(6):
            self.map(f"p/{i}.png", self.blobs(i))
            self.map(f"t/{i}.png", self.blobs(i + 10))
        reports = [self.scores("p", "--truth", "t", "--threads", n) for n in (1, 2, 5)]
        for report in reports:
            del report["seconds"]
        self.assertEqual(reports[0], reports[1])
        self.assertEqual(reports[0], reports[2])

    @unittest.skipUnless(BSDS.is_dir(), "GMMSEG_BSDS500 names no folder")
    def test_they_are_those_of_the_reference_evaluator(self):
        report = self.scores(BSDS / "reference", "--truth", BSDS / "groundTruth", "--match-classes", "none")
        wanted = json.loads((BSDS / "reference/scores.json").read_text(encoding="utf-8"))
        self.assertEqual(report["num_images"], wanted["images"])
        for image in report["settings"][0]["images"]:
            for measure in ("covering", "pri", "voi"):
                self.assertAlmostEqual(image["scores"][measure], wanted["per_image"][image["image"]][measure][0], delta=1e-5)
        for measure in ("covering", "pri", "voi"):
            self.assertAlmostEqual(report["ods"][measure], wanted[measure]["ods"], delta=1e-9)
            self.assertAlmostEqual(report["ois"][measure], wanted[measure]["ois"], delta=1e-9)
        self.assertAlmostEqual(report["best_covering"], wanted["covering"]["best"], delta=1e-9)


class OwnOutputs(Eval):
    PERFECT = dict.fromkeys(MEASURES, 1.0) | {"voi": 0.0, "hausdorff95": 0.0}

    def test_labels_against_themselves_are_perfect(self):
        self.image("x.png", photo())
        self.succeed("x.png", "-k", 4)
        for words in (["segmented/x_labels.png", "--truth", "segmented/x_labels.png"], ["segmented", "--truth", "segmented"]):
            for classes in ("number", "overlap"):
                report = self.scores(*words, "--match-classes", classes)
                self.assertEqual(report["settings"][0]["images"][0]["image"], "x")
                self.check(report["ods"], self.PERFECT)

    def test_more_than_255_classes_too(self):
        self.image("x.png", photo())
        self.succeed("x.png", "-k", 300, "--write", "labels", "--restarts", 1, "--max-iterations", 1)
        self.assertGreater(labels_of(self.folder / "segmented/x_labels.png").max(), 255)
        self.check(self.scores("segmented", "--truth", "segmented")["ods"], self.PERFECT)

    def test_what_was_written_for_a_folder_finds_its_truths(self):
        for name in ("a", "b"):
            self.map(f"photos/{name}.png", photo())
            self.map(f"truths/{name}_1.png", self.blobs(1))
            self.map(f"truths/{name}_2.png", self.blobs(2))
        self.succeed("photos", "-k", 3, "-o", "out")
        report = self.scores("out", "--truth", "truths")
        images = report["settings"][0]["images"]
        self.assertEqual([image["prediction"] for image in images], ["out/a_labels.png", "out/b_labels.png"])
        self.assertEqual([truth["truth"] for truth in images[1]["truths"]], ["truths/b_1.png", "truths/b_2.png"])


class Truths(Eval):
    def found(self, *words):
        return {image["image"]: [truth["truth"] for truth in image["truths"]]
                for image in self.scores(*words)["settings"][0]["images"]}

    def test_of_one_prediction_files_may_have_any_name(self):
        for name in ("p.png", "x.png", "y.tif"):
            self.map(name, self.blobs(1))
        self.assertEqual(self.found("p.png", "--truth", "y.tif", "x.png"), {"p": ["y.tif", "x.png"]})

    def test_the_same_name_comes_before_numbers_and_numbers_count(self):
        for name in ("p/a.png", "p/a_1.png", "p/b.png", "t/a.png", "t/a_1.png", "t/b_2.tif", "t/b_10.png", "t/b_1.png", "t/c.png"):
            self.map(name, self.blobs(1))
        self.assertEqual(self.found("p", "--truth", "t"), {"a": ["t/a.png"], "a_1": ["t/a_1.png"],
                                                           "b": ["t/b_1.png", "t/b_2.tif", "t/b_10.png"]})
        self.assertEqual(self.found("p/b.png", "--truth", "t")["b"][2], "t/b_10.png")
        self.assertEqual(self.found("p/a.png", "p/b.png", "--truth", "t/a.png", "t/b_1.png"),
                         {"a": ["t/a.png"], "b": ["t/b_1.png"]})

    def test_truths_without_a_prediction_are_told(self):
        for name in ("p/a.png", "t/a.png", "t/b_1.png", "t/b_2.png"):
            self.map(name, self.blobs(1))
        self.assertRegex(self.succeed("eval", "p", "--truth", "t").stderr,
                         r"warning: 2 truths have no prediction, .*: t/b_1\.png and others\n")
        self.map("p/b.png", self.blobs(1))
        self.assertNotIn("warning", self.succeed("eval", "p", "--truth", "t").stderr)

    def test_several_folders_are_several_truths(self):
        for name in ("p/a.png", "anna/a.png", "ben/a.png"):
            self.map(name, self.blobs(1))
        self.assertEqual(self.found("p", "--truth", "anna", "ben"), {"a": ["anna/a.png", "ben/a.png"]})

    def test_a_configuration_file_can_name_them(self):
        for name in ("p/a.png", "anna/a.png", "ben/a.png"):
            self.map(name, self.blobs(1))
        settings = self.succeed("eval", "p", "--truth", "anna", "ben", "--match-classes", "none", "--dump-config").stdout
        (self.folder / "eval.toml").write_text(settings, encoding="utf-8")
        self.assertEqual(self.found("p", "--config", "eval.toml"), {"a": ["anna/a.png", "ben/a.png"]})


class Settings(Eval):
    def setUp(self):
        super().setUp()
        self.predictions = {(setting, name): self.blobs(10 * s + i, classes=classes)
                            for s, (setting, classes) in enumerate((("k2", 2), ("k5", 5)))
                            for i, name in enumerate("abc")}
        self.truths = {"a": [self.blobs(31)], "b": [self.blobs(32, classes=3), self.blobs(33, classes=2)],
                       "c": [np.where(self.blobs(34, classes=2) > 0, 1, 0).astype(np.uint8)]}
        for (setting, name), labels in self.predictions.items():
            self.map(f"{setting}/{name}.png", labels)
        for name, labels in self.truths.items():
            for n, truth in enumerate(labels):
                self.map(f"t/{name}_{n + 1}.png", truth)

    def means(self, measure):
        """setting x image"""
        return np.array([[np.mean([expected(self.predictions[s, name], truth)[measure] for truth in self.truths[name]])
                          for name in "abc"] for s in ("k2", "k5")])

    def test_ods_is_the_best_settings_and_ois_the_best_of_each_image(self):
        report = self.scores("k2/", "k5", "--truth", "t")
        for measure, best in (("pri", np.max), ("ari", np.max), ("nmi", np.max), ("accuracy", np.max), ("voi", np.min)):
            means = self.means(measure)
            self.assertAlmostEqual(report["ods"][measure], best(means.mean(1)), msg=measure)
            self.assertAlmostEqual(report["ois"][measure], best(means, axis=0).mean(), msg=measure)
            self.assertEqual(report["ods_setting"][measure], ("k2", "k5")[int(means.mean(1)[1] == best(means.mean(1)))])
        covering, weights = self.means("covering"), np.array([1, 2, 1])  # every truth counts
        self.assertAlmostEqual(report["ods"]["covering"], np.max(covering @ weights) / 4)
        self.assertAlmostEqual(report["ois"]["covering"], np.max(covering, axis=0) @ weights / 4)
        self.assertGreaterEqual(report["best_covering"], report["ois"]["covering"])

    def test_the_table_has_a_line_for_each(self):
        lines = self.succeed("eval", "k2", "k5", "--truth", "t").stdout.splitlines()
        self.assertEqual([line.split()[0] for line in lines], ["setting", "k2", "k5", "ODS", "OIS", "best"])
        lines = self.succeed("eval", "k2", "--truth", "t", "--match-classes", "none").stdout.splitlines()
        self.assertEqual([line.split()[0] for line in lines], ["image", "a", "b", "c", "all"])
        self.assertNotIn("Dice", lines[0])
        self.assertEqual(len({len(line) for line in lines}), 1)
        self.assertEqual(self.succeed("eval", "k2", "--truth", "t", "-q").stdout, "")

    def test_files_hold_what_is_printed(self):
        printed = self.scores("k2", "k5", "--truth", "t", "-o", "scores.json")
        del printed["seconds"]
        self.assertEqual(json.loads((self.folder / "scores.json").read_text(encoding="utf-8")), printed)
        self.succeed("eval", "k2", "k5", "--truth", "t", "-o", "scores.csv", "-q")
        rows = list(csv.DictReader(io.StringIO((self.folder / "scores.csv").read_text(encoding="utf-8"))))
        self.assertEqual([(row["setting"], row["image"]) for row in rows], [(s, i) for s in ("k2", "k5") for i in "abc"])
        for row, image in zip(rows, [image for setting in printed["settings"] for image in setting["images"]]):
            self.assertEqual(int(row["truths"]), len(image["truths"]))
            self.check({measure: float(row[measure]) for measure in MEASURES}, image["scores"])
        self.fail(USAGE, "eval", "k2", "--truth", "t", "-o", "scores.csv", says=["scores.csv", "--overwrite"])

    def test_they_must_label_the_same_images(self):
        (self.folder / "k5/b.png").unlink()
        for words in (["k2", "k5"], ["k5", "k2"]):
            self.fail(BAD_INPUT, "eval", *words, "--truth", "t", says=["k5: holds no label map of b"])


class Refusals(Eval):
    def setUp(self):
        super().setUp()
        for name in ("p.png", "t.png", "folder/p.png"):
            self.map(name, self.blobs(1))

    def test_words_that_lack_something(self):
        self.fail(USAGE, "eval", says=["no prediction"])
        self.fail(USAGE, "eval", "p.png", says=["no truth"])
        self.fail(USAGE, "eval", "--truth", "t.png", "p.png", says=["before --truth"])
        self.fail(USAGE, "eval", "p.png", "--truth", "t.png", "-o", "scores.txt", says=["scores.txt", ".csv or .json"])
        self.fail(USAGE, "eval", "p.png", "folder", "--truth", "t.png", says=["p.png", "folders alone"])
        self.fail(USAGE, "eval", "p.png", "--truth", "t.png", "--match-classes", "names", says=["names", "overlap"])
        self.fail(USAGE, "eval", "p.png", "--truth", "t.png", "--boundary-tolerance", 2, says=["0 to 1"])
        self.fail(USAGE, "-k", 3, "eval", "p.png", "--truth", "t.png", says=["-k", "eval"])

    def test_files_that_are_not_there(self):
        self.fail(BAD_INPUT, "eval", "q.png", "--truth", "t.png", says=["q.png", "no such file"])
        self.fail(BAD_INPUT, "eval", "p.png", "--truth", "u.png", says=["u.png", "no such file"])
        (self.folder / "empty").mkdir()
        self.fail(BAD_INPUT, "eval", "empty", "--truth", "t.png", says=["empty: holds no label map"])
        self.fail(BAD_INPUT, "eval", "p.png", "--truth", "empty", says=["empty: holds no label map"])

    def test_a_prediction_without_truth(self):
        self.map("truths/q.png", self.blobs(1))
        self.fail(BAD_INPUT, "eval", "folder", "--truth", "truths", says=["folder/p.png", "no truth in truths", "p_1.png"])

    def test_files_of_one_name(self):
        self.map("folder/p.tif", self.blobs(1))
        self.fail(BAD_INPUT, "eval", "folder", "--truth", "t.png", says=["folder/p.png and folder/p.tif"])
        self.fail(BAD_INPUT, "eval", "p.png", "--truth", "folder", says=["folder/p.png and folder/p.tif"])

    def test_maps_that_do_not_suit_each_other(self):
        self.map("small.png", self.blobs(1)[:-1])
        self.fail(BAD_INPUT, "eval", "p.png", "--truth", "small.png", says=["p.png: is 96 x 64", "small.png 96 x 63"])

    def test_files_that_are_no_label_maps(self):
        self.image("photo.png", photo())
        self.fail(BAD_INPUT, "eval", "photo.png", "--truth", "t.png", says=["photo.png", "colours"])
        self.fail(BAD_INPUT, "eval", "p.png", "--truth", "photo.png", says=["photo.png", "colours"])
        self.map("half.tif", np.full((64, 96), 0.5, np.float32))
        self.fail(BAD_INPUT, "eval", "half.tif", "--truth", "t.png", says=["half.tif", "0.5"])
        (self.folder / "text.png").write_text("no image")
        self.fail(BAD_INPUT, "eval", "p.png", "--truth", "text.png", says=["text.png"])


if __name__ == "__main__":
    unittest.main()
