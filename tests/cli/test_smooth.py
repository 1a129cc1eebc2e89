"""Classes that take their neighbours into account: --smooth and --min-size.

Pieces are found by scipy.ndimage.label, scores by scikit-learn; what the outputs say is held against each other.
"""

import json
import unittest

import numpy as np
import tifffile
from PIL import Image
from scipy import ndimage

from program import ProgramTest, labels_of, model_of, photo, probabilities_of

USAGE = 2
METHODS = ("auto", "guided", "potts", "1.5")
OUTPUTS = "labels,probabilities,uncertainty,heatmaps,masks,model,density"


def piece_sizes(labels):
    """Sizes of the connected pieces of all classes, by 4-neighbours."""
    sizes = []
    for label in np.unique(labels[labels > 0]):
        pieces, count = ndimage.label(labels == label)
        sizes.extend(np.bincount(pieces.ravel(), minlength=count + 1)[1:])
    return np.array(sizes)


def two_tones(height=60, width=80, noise=40):
    """Grey 100 on the left and 160 on the right, with much noise."""
    random = np.random.default_rng(5)
    tones = np.where(np.arange(width) < width // 2, 100, 160) + noise * random.standard_normal((height, width))
    return np.clip(tones.round(), 0, 255).astype(np.uint8)


class OneImage(ProgramTest):
    def setUp(self):
        super().setUp()
        self.image("photo.png", photo())

    def run_photo(self, *words, name="photo.png", write=OUTPUTS, k=4, out="out"):
        told = json.loads(self.succeed(name, "-k", k, "--json", "--overwrite", "-o", out, "--write", write, *words).stdout)
        return told, self.folder / out

    def test_outputs_agree(self):
        for method in METHODS:
            with self.subTest(method):
                told, out = self.run_photo("--smooth", method)
                p = probabilities_of(out / "photo_probs.tif").astype(float)
                labels = labels_of(out / "photo_labels.png")
                np.testing.assert_allclose(p.sum(0), 1, atol=1e-5)
                np.testing.assert_array_equal(labels, p.argmax(0) + 1)
                shares = [(labels == k + 1).mean() for k in range(4)]
                np.testing.assert_allclose([each["share"] for each in told["classes"]], shares, atol=1e-9)
                entropy = -np.sum(p * np.log(np.maximum(p, 1e-30)), 0) / np.log(4)
                uncertainty = labels_of(out / "photo_uncertainty.png")
                self.assertGreater(np.corrcoef(uncertainty.ravel(), entropy.ravel())[0, 1], 0.99)
                for k in range(4):
                    heat = labels_of(out / f"photo_heat_{k + 1}.png")
                    self.assertLess(np.ptp(heat[p[k] > 0.999]) if (p[k] > 0.999).any() else 0, 3)
                    order = np.argsort(p[k], axis=None)
                    self.assertTrue((np.diff(heat.ravel()[order]) >= 0).all())
                    with Image.open(out / f"photo_mask_{k + 1}.png") as mask:
                        np.testing.assert_array_equal(np.asarray(mask) == 255, labels == k + 1)

    def test_smoothing_smooths_and_the_model_knows_nothing_of_it(self):
        _, plain = self.run_photo(out="plain")
        before = len(piece_sizes(labels_of(plain / "photo_labels.png")))
        for method in METHODS:
            _, out = self.run_photo("--smooth", method)
            self.assertLess(len(piece_sizes(labels_of(out / "photo_labels.png"))), 0.8 * before)
            self.assertEqual((out / "photo.gmm.json").read_bytes(), (plain / "photo.gmm.json").read_bytes())
            self.assertEqual((out / "photo_density.tif").read_bytes(), (plain / "photo_density.tif").read_bytes())

    def test_off_is_the_default(self):
        _, plain = self.run_photo(out="plain")
        told, off = self.run_photo("--smooth", "off", "--min-size", 1, out="off")
        self.assertEqual(told["smoothing"]["method"], "off")
        for path in plain.iterdir():
            self.assertEqual(path.read_bytes(), (off / path.name).read_bytes(), path.name)

    def test_what_was_done_is_told(self):
        told, _ = self.run_photo("--smooth", "potts")
        done = told["smoothing"]
        self.assertEqual(done["method"], "potts")
        self.assertGreater(done["beta"], 0)
        self.assertTrue(0 < done["temper"] <= 1)
        self.assertEqual(len(done["energies_per_pixel"]), done["sweeps"] + 1)
        self.assertTrue((np.diff(done["energies_per_pixel"]) <= 1e-6).all())
        self.assertEqual(self.run_photo("--smooth", "1.5")[0]["smoothing"]["beta"], 1.5)
        self.assertEqual(self.run_photo("--smooth", "auto")[0]["smoothing"]["method"], "guided")
        words = self.succeed("photo.png", "-k", 4, "--smooth", "2", "--min-size", 50, "-v", "-o", "told").stderr
        self.assertIn("smoothing: Potts, beta 2, ", words)
        self.assertRegex(words, r"small pieces: \d+ pieces? of \d+ pixels? given to neighbours")
        self.assertIn("smoothing: guided filter", self.succeed("photo.png", "-k", 4, "--smooth", "guided", "-v", "-o",
                                                               "guided").stderr)

    def test_noise_goes_and_the_edge_stays(self):
        self.image("tones.png", two_tones())
        truth = np.where(np.arange(80) < 40, 1, 2)[None].repeat(60, 0)
        _, plain = self.run_photo(name="tones.png", k=2, write="labels", out="plain")
        _, smooth = self.run_photo("--smooth", "potts", name="tones.png", k=2, write="labels", out="smooth")
        wrong = [(labels_of(out / "tones_labels.png") != truth).mean() for out in (plain, smooth)]
        self.assertGreater(wrong[0], 0.15)
        self.assertLess(wrong[1], 0.05)

    def test_the_report_shows_smooth_classes_and_the_settings(self):
        def page():
            return (self.folder / "out" / "report.html").read_text()
        self.run_photo("--smooth", "potts", "--min-size", 40, write="report")
        smooth = page()
        self.assertIn("smoothing", smooth)
        self.assertIn("pixels of the smallest piece", smooth)
        self.run_photo(write="report")
        self.assertNotIn("pixels of the smallest piece", page())

    def test_threads_change_nothing(self):
        for method in METHODS:
            _, one = self.run_photo("--smooth", method, "--min-size", 30, "--threads", 1, out="one")
            _, two = self.run_photo("--smooth", method, "--min-size", 30, "--threads", 2, out="two")
            for path in one.iterdir():
                self.assertEqual(path.read_bytes(), (two / path.name).read_bytes(), path.name)

    def test_merged_classes_are_smoothed(self):
        for method in ("guided", "potts"):
            _, out = self.run_photo("--classes", 3, "--smooth", method, k=6)
            p = probabilities_of(out / "photo_probs.tif").astype(float)
            self.assertEqual(p.shape[0], 3)
            np.testing.assert_allclose(p.sum(0), 1, atol=1e-5)
            np.testing.assert_array_equal(labels_of(out / "photo_labels.png"), p.argmax(0) + 1)

    def test_kmeans_texture_position_and_one_class(self):
        for words in (("--method", "kmeans"), ("--features", "lab,texture"), ("--position", 1), ("--features", "raw")):
            with self.subTest(words):
                before = len(piece_sizes(labels_of(self.run_photo(*words, write="labels")[1] / "photo_labels.png")))
                for method in ("guided", "potts"):
                    _, out = self.run_photo(*words, "--smooth", method, write="labels")
                    self.assertLess(len(piece_sizes(labels_of(out / "photo_labels.png"))), before)
        told, out = self.run_photo("--smooth", "auto", "--min-size", 9, k=1, write="labels")
        self.assertEqual(told["smoothing"]["method"], "off")
        self.assertTrue((labels_of(out / "photo_labels.png") == 1).all())


class SmallPieces(ProgramTest):
    def setUp(self):
        super().setUp()
        self.image("photo.png", photo())

    def test_none_is_left_with_and_without_smoothing(self):
        for words in ((), ("--smooth", "guided"), ("--smooth", "potts")):
            told = json.loads(self.succeed("photo.png", "-k", 5, *words, "--min-size", 60, "--json", "--overwrite",
                                           "--write", "labels").stdout)
            labels = labels_of(self.folder / "segmented" / "photo_labels.png")
            self.assertGreaterEqual(piece_sizes(labels).min(), 60)
            np.testing.assert_allclose([each["share"] for each in told["classes"]],
                                       [(labels == k + 1).mean() for k in range(5)], atol=1e-9)

    def test_probabilities_stay_and_moved_pixels_are_counted(self):
        def run(out, *words):
            told = json.loads(self.succeed("photo.png", "-k", 5, "--json", "--write", "labels,probabilities", "-o", out,
                                           *words).stdout)
            return told["smoothing"], self.folder / out
        _, plain = run("plain")
        done, moved = run("moved", "--min-size", 40)
        self.assertEqual((plain / "photo_probs.tif").read_bytes(), (moved / "photo_probs.tif").read_bytes())
        before, after = (labels_of(out / "photo_labels.png") for out in (plain, moved))
        self.assertEqual(done["pixels_moved"], (before != after).sum())
        self.assertGreater(done["pieces_moved"], 0)
        # Only pixels of small pieces moved.
        large = np.zeros(before.shape, bool)
        for label in range(1, 6):
            pieces, count = ndimage.label(before == label)
            large |= (np.bincount(pieces.ravel(), minlength=count + 1) >= 40)[pieces] & (before == label)
        np.testing.assert_array_equal(before[large], after[large])

    def test_a_piece_alone_among_no_data_stays(self):
        alpha = np.full((64, 96), 255, np.uint8)
        alpha[:10, :10] = 0
        alpha[3:6, 3:6] = 255
        self.image("cut.png", np.dstack([photo(), alpha]))
        self.succeed("cut.png", "-k", 4, "--min-size", 50, "--write", "labels")
        labels = labels_of(self.folder / "segmented" / "cut_labels.png")
        self.assertTrue((labels[3:6, 3:6] > 0).all())
        self.assertEqual(len(np.unique(labels[3:6, 3:6])), 1)
        labels[3:6, 3:6] = 0
        self.assertGreaterEqual(piece_sizes(labels).min(), 50)


class NoData(ProgramTest):
    def test_pixels_without_data_take_no_part(self):
        alpha = np.full((64, 96), 255, np.uint8)
        alpha[20:30, 30:60] = 0
        wild = photo().copy()
        wild[20:30, 30:60] = 255 - wild[20:30, 30:60]
        self.image("a.png", np.dstack([photo(), alpha]))
        self.image("b.png", np.dstack([wild, alpha]))
        for method in ("guided", "potts"):
            for name in ("a", "b"):
                self.succeed(f"{name}.png", "-k", 4, "--smooth", method, "--min-size", 20, "--overwrite", "--write",
                             "labels,probabilities,uncertainty")
            out = self.folder / "segmented"
            labels = labels_of(out / "a_labels.png")
            np.testing.assert_array_equal(labels == 0, alpha == 0)
            # In an indexed picture 0 is no data.
            np.testing.assert_array_equal(labels_of(out / "a_uncertainty.png") == 0, alpha == 0)
            p = probabilities_of(out / "a_probs.tif")
            np.testing.assert_allclose(p.sum(0)[alpha > 0], 1, atol=1e-5)
            self.assertEqual((out / "a_labels.png").read_bytes(), (out / "b_labels.png").read_bytes())
            np.testing.assert_array_equal(p, probabilities_of(out / "b_probs.tif"))

    def test_pixels_that_lack_a_band_take_part(self):
        bands = photo().astype(np.float32)
        bands[10:20, 10:40, 1] = np.nan
        bands[30:34] = np.nan
        tifffile.imwrite(self.folder / "gaps.tif", np.moveaxis(bands, 2, 0), photometric="minisblack",
                         planarconfig="separate")
        for method in ("guided", "potts"):
            self.succeed("gaps.tif", "-k", 3, "--features", "raw", "--missing", "marginal", "--smooth", method,
                         "--overwrite", "--write", "labels,probabilities")
            labels = labels_of(self.folder / "segmented" / "gaps_labels.png")
            p = probabilities_of(self.folder / "segmented" / "gaps_probs.tif")
            self.assertTrue((labels[30:34] == 0).all())
            self.assertTrue((labels[:30] > 0).all())
            np.testing.assert_array_equal(labels[:30], p[:, :30].argmax(0) + 1)

    def test_an_image_without_data(self):
        self.image("none.png", np.zeros((8, 8, 4), np.uint8))
        told = json.loads(self.succeed("none.png", "-k", 2, "--smooth", "auto", "--min-size", 5, "--json").stdout)
        self.assertEqual(told["smoothing"]["method"], "off")
        self.assertTrue((labels_of(self.folder / "segmented" / "none_labels.png") == 0).all())


class ManyImages(ProgramTest):
    def setUp(self):
        super().setUp()
        (self.folder / "in").mkdir()
        for name, pixels in (("a.png", photo()), ("b.png", photo()[::-1].copy())):
            self.image(f"in/{name}", pixels)

    def labels(self, out, name="a"):
        return labels_of(self.folder / out / f"{name}_labels.png")

    def test_a_shared_model_an_applied_one_and_folders_smooth_alike(self):
        words = ("--smooth", "potts", "--min-size", 25)
        self.succeed("in", "-k", 4, *words, "--write", "labels,probabilities", "-o", "shared")
        model = next((self.folder / "shared").glob("*.gmm.json"))
        self.succeed("apply", "--model", model, "in/a.png", *words, "--write", "labels,probabilities", "-o", "applied")
        self.succeed("--model", model, "in", *words, "--write", "labels,probabilities", "-o", "given")
        self.succeed("--model", model, "in", "--write", "labels", "-o", "rough")
        for out in ("applied", "given"):
            np.testing.assert_array_equal(self.labels("shared"), self.labels(out))
        self.assertEqual((self.folder / "shared" / "a_probs.tif").read_bytes(),
                         (self.folder / "applied" / "a_probs.tif").read_bytes())
        self.assertGreaterEqual(piece_sizes(self.labels("shared")).min(), 25)
        self.assertLess(piece_sizes(self.labels("rough")).min(), 25)

    def test_separate_and_matched_models_smooth(self):
        for source in ("--separate-models", "--match"):
            self.succeed("in", "-k", 4, source, "--smooth", "guided", "--min-size", 30, "--write", "labels", "-o", source[2:])
            for name in "ab":
                self.assertGreaterEqual(piece_sizes(self.labels(source[2:], name)).min(), 30)

    def test_a_run_that_goes_on_with_other_smoothing_does_the_images_anew(self):
        def run(*words):
            self.succeed("in", "-k", 4, "--write", "labels", "-o", "out", *words)
            return self.labels("out")
        rough = run()
        model = next((self.folder / "out").glob("*.gmm.json")).read_bytes()
        smooth = run("--resume", "--smooth", "auto")
        self.assertGreater((rough != smooth).sum(), 0)
        pieces = run("--resume", "--smooth", "auto", "--min-size", 30)
        self.assertGreater((pieces != smooth).sum(), 0)
        again = self.succeed("in", "-k", 4, "--write", "labels", "-o", "out", "--resume", "--smooth", "auto",
                             "--min-size", 30, "--json").stdout
        self.assertEqual([json.loads(line)["status"] for line in again.splitlines()], ["kept", "kept"])
        np.testing.assert_array_equal(run("--resume"), rough)
        self.assertEqual(next((self.folder / "out").glob("*.gmm.json")).read_bytes(), model)

    def test_a_model_merged_to_classes_is_applied_smoothly(self):
        self.succeed("in/a.png", "-k", 6, "--classes", 3, "--write", "model", "-o", "model")
        self.succeed("apply", "--model", "model/a.gmm.json", "in/b.png", "--smooth", "auto", "--write",
                     "labels,probabilities", "-o", "out")
        p = probabilities_of(self.folder / "out" / "b_probs.tif")
        self.assertEqual(p.shape[0], 3)
        np.testing.assert_array_equal(labels_of(self.folder / "out" / "b_labels.png"), p.argmax(0) + 1)
        self.assertEqual(len(model_of(self.folder / "model" / "a.gmm.json")["classes"]), 3)


class Refused(ProgramTest):
    def test_words_and_numbers_out_of_range(self):
        self.image("photo.png", photo())
        for word in ("0", "-1", "nan", "inf", "strong", ""):
            self.fail(USAGE, "photo.png", "-k", 3, "--smooth", word, says=["--smooth", word])
        for word in ("-1", "1.5", "many"):
            self.fail(USAGE, "photo.png", "-k", 3, "--min-size", word, says=["--min-size", word])

    def test_commands_that_have_no_labels(self):
        self.image("photo.png", photo())
        self.succeed("photo.png", "-k", 3, "--write", "model", "-o", ".")
        for words in (("sample", "photo.gmm.json"), ("stats", "--model", "photo.gmm.json", "photo.png", "-o", "a.stats"),
                      ("update", "photo.gmm.json", "photo.png", "-o", "b.gmm.json")):
            self.fail(USAGE, *words, "--smooth", "auto", says=["--smooth"])


class EvalOfPieces(ProgramTest):
    def test_regions_are_the_pieces_of_scipy(self):
        random = np.random.default_rng(3)
        prediction = random.integers(0, 3, (30, 40)).astype(np.uint8)
        truth = (np.arange(40)[None] // 10 + 4 * (np.arange(30)[:, None] // 15) + 1).astype(np.uint8)
        pieces = np.zeros((30, 40), np.uint16)
        for label in range(3):
            found, _ = ndimage.label(prediction == label)
            pieces[found > 0] = found[found > 0] + pieces.max()
        for name, labels in (("prediction", prediction), ("pieces", pieces), ("truth", truth)):
            Image.fromarray(labels).save(self.folder / f"{name}.png")

        def scores(name, *words):
            out = self.succeed("eval", f"{name}.png", "--truth", "truth.png", "--json", *words).stdout
            return json.loads(out)
        ours, theirs = scores("prediction", "--pieces"), scores("pieces")
        plain = scores("prediction")
        self.assertEqual((ours["options"]["pieces"], plain["options"]["pieces"]), (True, False))

        def find(document):
            return document["settings"][0]["images"][0]["scores"]
        for measure in ("covering", "pri", "voi", "ari", "nmi", "accuracy"):
            self.assertAlmostEqual(find(ours)[measure], find(theirs)[measure], places=12)
            self.assertNotAlmostEqual(find(ours)[measure], find(plain)[measure], places=3)
        for measure in ("boundary_f", "dice", "jaccard", "hausdorff95"):
            self.assertEqual(find(ours)[measure], find(plain)[measure])


if __name__ == "__main__":
    unittest.main()
