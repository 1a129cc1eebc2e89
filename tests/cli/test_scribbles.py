"""Scribbles: strokes that start, and with --freeze hold, the classes."""

import unittest

import numpy as np
import tifffile
from PIL import Image

from program import ProgramTest, labels_of, model_of, photo


class Scribbles(ProgramTest):
    def setUp(self):
        super().setUp()
        self.pixels = photo(60, 40)
        self.image("photo.png", self.pixels)

    def strokes(self, name, labels):
        return self.image(name, labels.astype(np.uint8))

    def two_strokes(self, name="strokes.png", bright=1, dark=2):
        """Of bright and of dark pixels, so that the numbers are not those of a fit by itself."""
        grey = self.pixels.mean(2)
        labels = np.zeros(grey.shape, np.uint8)
        labels[grey >= np.quantile(grey, 0.9)] = bright
        labels[grey <= np.quantile(grey, 0.3)] = dark
        self.strokes(name, labels)
        return labels

    def model(self, *words, out, image="photo"):
        self.succeed(*words, "--write", "model,labels", "-o", out)
        return model_of(self.folder / out / f"{image}.gmm.json")

    def assert_starts_as(self, model, labels, weights=None):
        """Means and covariances are numpy's, of the strokes' pixels (one sample per unit of weight)."""
        for number in np.unique(labels[labels > 0]):
            chosen = labels == number
            values = self.pixels[chosen].astype(float)
            counts = None if weights is None else weights[chosen]
            mean = np.average(values, axis=0, weights=counts)
            covariance = np.cov(values.T, aweights=counts, bias=True)
            np.testing.assert_allclose(model["means"][number - 1], mean, rtol=1e-5)
            np.testing.assert_allclose(model["covariances"][number - 1], covariance, rtol=1e-5,
                                       atol=1e-5 * np.abs(covariance).max())

    START = ("--features", "rgb", "--max-iterations", 0, "--floor", "off")

    def test_classes_start_as_the_mean_and_the_covariance_of_their_strokes(self):
        labels = self.two_strokes()
        model = self.model("photo.png", "--scribbles", "strokes.png", *self.START, out="start")
        self.assertEqual(model["k"], 2)
        self.assert_starts_as(model, labels)
        three = self.model("photo.png", "--scribbles", "strokes.png", "-k", 3, *self.START,
                           out="three")
        self.assertEqual(three["k"], 3)
        self.assert_starts_as(three, labels)

    def test_weights_count(self):
        labels = self.two_strokes()
        weights = np.random.default_rng(1).integers(0, 4, labels.shape)
        self.strokes("weights.png", weights)
        model = self.model("photo.png", "--scribbles", "strokes.png", "--weight-map",
                           "weights.png", *self.START, out="start")
        self.assert_starts_as(model, labels, weights)

    def test_all_pixels_then_have_their_say_and_the_numbers_stay(self):
        self.two_strokes(bright=1, dark=3)
        start = self.model("photo.png", "--scribbles", "strokes.png", "-k", 3, *self.START,
                           out="start")
        fitted = self.model("photo.png", "--scribbles", "strokes.png", "-k", 3, "--features",
                            "rgb", out="fitted")
        self.assertNotEqual(start["means"], fitted["means"])
        self.assertGreater(fitted["log_likelihood_per_sample"], start["log_likelihood_per_sample"])
        got, grey = labels_of(self.folder / "fitted/photo_labels.png"), self.pixels.mean(2)
        self.assertGreater(grey[got == 1].mean(), grey[got == 2].mean())
        self.assertGreater(grey[got == 2].mean(), grey[got == 3].mean())

    def test_frozen_classes_keep_every_bit_and_the_others_move(self):
        self.two_strokes()
        words = ("photo.png", "--scribbles", "strokes.png", "-k", 4, "--freeze")
        start = self.model(*words, "--max-iterations", 0, out="start")
        frozen = self.model(*words, out="frozen")
        for key in ("means", "covariances"):
            self.assertEqual(start[key][:2], frozen[key][:2])
            self.assertNotEqual(start[key][2:], frozen[key][2:])
        self.assertNotEqual(start["weights"], frozen["weights"])
        again = self.model(*words, "--threads", 1, out="again")
        self.assertEqual(again["means"], frozen["means"])

    def test_a_frozen_start_model_gets_other_weights_alone(self):
        self.image("dark.png", (self.pixels * 0.8).astype(np.uint8))
        self.model("photo.png", "-k", 3, out="one")
        start = model_of(self.folder / "one/photo.gmm.json")
        held = self.model("dark.png", "--init-model", "one/photo.gmm.json", "--freeze", out="held",
                          image="dark")
        np.testing.assert_allclose(held["means"], start["means"], rtol=1e-12)
        np.testing.assert_allclose(held["covariances"], start["covariances"], rtol=1e-9)
        self.assertGreater(np.abs(np.subtract(held["weights"], start["weights"])).max(), 1e-3)

    def test_labels_painted_over_are_scribbles(self):
        self.succeed("photo.png", "-k", 3, "--features", "rgb")
        with Image.open(self.folder / "segmented/photo_labels.png") as mask:
            self.assertEqual(mask.mode, "P")
            painted = np.asarray(mask).copy()
            painted[:, :30] = 0
            mask.putdata(painted.ravel())
            mask.save(self.folder / "painted.png")
        model = self.model("photo.png", "--scribbles", "painted.png", *self.START, out="start")
        self.assert_starts_as(model, painted)

    def test_kinds_of_files(self):
        labels = self.two_strokes()
        expected = self.model("photo.png", "--scribbles", "strokes.png", *self.START, out="png")
        tifffile.imwrite(self.folder / "deep.tif", labels.astype("u2"))
        self.image("deep.png", labels.astype(np.uint16))
        self.image("plain.pgm", labels)
        self.image("plain.bmp", labels)
        palette = Image.fromarray(labels, "P")
        palette.putpalette([0, 0, 0, 9, 9, 9, 7, 7, 7, 5, 5, 5])
        palette.save(self.folder / "bits2.png", bits=2)
        alpha = Image.fromarray(np.dstack([labels + 1, np.where(labels > 0, 255, 0)])
                                .astype(np.uint8), "LA")
        alpha.save(self.folder / "alpha.png")
        for name in ("deep.tif", "deep.png", "plain.pgm", "plain.bmp", "bits2.png"):
            with self.subTest(name):
                got = self.model("photo.png", "--scribbles", name, *self.START, out=name + ".out")
                self.assertEqual(got["means"], expected["means"])
        moved = self.model("photo.png", "--scribbles", "alpha.png", *self.START, "-k", 3,
                           out="alpha")
        self.assertEqual(moved["means"][1:], expected["means"])

    def test_a_stroke_of_one_pixel_is_enough(self):
        labels = np.zeros((40, 60), np.uint8)
        labels[3, 4], labels[30, 50] = 1, 2
        self.strokes("strokes.png", labels)
        for words in ((), ("--freeze",), ("--floor", "off"), ("--position", 1)):
            self.succeed("photo.png", "--scribbles", "strokes.png", "--overwrite", *words)
            self.assertEqual(set(np.unique(labels_of(
                self.folder / "segmented/photo_labels.png"))) - {1, 2}, set(), words)

    def test_strokes_on_some_images_start_a_shared_model(self):
        (self.folder / "in/sub").mkdir(parents=True)
        (self.folder / "strokes/sub").mkdir(parents=True)
        (self.folder / "ones/sub").mkdir(parents=True)
        labels = self.two_strokes()
        for folder, rows in (("", slice(0, 20)), ("sub/", slice(20, 40))):
            self.image(f"in/{folder}a.png", self.pixels[rows])
            self.strokes(f"strokes/{folder}a.png", labels[rows])
            self.strokes(f"ones/{folder}a.png", np.ones((20, 60)))
        words = ("in", "-r", "--scribbles", "strokes", "-k", 3)
        self.succeed(*words, *self.START, "-o", "start")
        self.assert_starts_as(model_of(self.folder / "start/gmmseg-model.gmm.json"), labels)
        # Held, also where pixels are sampled and the model then sees all of them.
        for more in ((), ("--weight-map", "ones"), ("--position", 0.5)):
            self.succeed(*words, "--freeze", *more, "--max-iterations", 0, "-o", "from",
                         "--overwrite")
            self.succeed(*words, "--freeze", *more, "-o", "held", "--overwrite")
            before = model_of(self.folder / "from/gmmseg-model.gmm.json")
            after = model_of(self.folder / "held/gmmseg-model.gmm.json")
            self.assertEqual(before["means"][:2], after["means"][:2], more)
            self.assertNotEqual(before["weights"], after["weights"], more)
        # Strokes that changed are an input that changed; without those of one image the others do.
        self.succeed(*words, "-o", "many")
        self.assertIn("2 kept", self.segment(*words, "-o", "many", "--resume").stderr)
        (self.folder / "strokes/sub/a.png").unlink()
        self.assertIn("1 kept", self.segment(*words, "-o", "many", "--resume").stderr)
        self.succeed(*words, "-o", "some")
        self.fail(4, *words, "--separate-models", "-o", "each", says=("no scribbles for sub/a.png",))
        self.fail(2, *words, "--match", "-o", "each", says=("--match",))
        # Without -k, as many as the strokes of all images have.
        self.succeed("in", "-r", "--scribbles", "strokes", "-o", "two")
        self.assertEqual(model_of(self.folder / "two/gmmseg-model.gmm.json")["k"], 2)
        # Settings of the shared model know of them.
        other = self.segment("in", "-r", "-k", 3, "-o", "many", "--resume")
        self.assertEqual(other.returncode, 2)
        self.assertIn("scribbles=on there", other.stderr)

    def test_scribbles_that_do_not_fit_are_refused(self):
        labels = self.two_strokes(dark=5)
        words = ("photo.png", "--scribbles")
        self.fail(2, *words, "strokes.png", "-k", 4, says=("class 5", "4"))
        self.strokes("small.png", labels[:, 1:])
        self.fail(4, *words, "small.png", "-k", 5, says=("59 x 40", "60 x 40"))
        self.image("colour.png", self.pixels)
        self.fail(4, *words, "colour.png", "-k", 3, says=("colours", "indexed"))
        tifffile.imwrite(self.folder / "half.tif", np.full((40, 60), 1.5, "f4"))
        self.fail(4, *words, "half.tif", "-k", 3, says=("1.5", "whole"))
        self.strokes("none.png", np.zeros((40, 60)))
        self.fail(2, *words, "none.png", "-k", 3, says=("no stroke",))
        self.fail(2, *words, "none.png", says=("no stroke",))
        self.fail(4, *words, "nothing.png", says=("nothing.png",))
        (self.folder / "empty").mkdir()
        self.fail(4, *words, "empty", says=("no scribbles for photo.png",))
        self.fail(2, *words, "strokes.png", "-k", "2:5", says=("-k", "--scribbles"))
        self.fail(2, *words, "strokes.png", "-k", 6, "--freeze", "--covariance", "tied",
                  says=("tied",))
        self.fail(2, "photo.png", "--freeze", "-k", 3, says=("--scribbles", "--init-model"))
        self.image("cut.png", np.dstack([self.pixels, np.where(labels == 5, 0, 255)])
                   .astype(np.uint8))
        self.fail(2, "cut.png", "--scribbles", "strokes.png", "-k", 5, says=("class 5", "without data"))
        self.succeed("photo.png", "-k", 2, "-o", "model")
        self.fail(2, *words, "strokes.png", "--init-model", "model/photo.gmm.json",
                  says=("--init-model",))
        self.fail(2, "apply", "--model", "model/photo.gmm.json", *words, "strokes.png", "-o", "out")

    def test_scribbles_are_not_overwritten(self):
        self.succeed("photo.png", "-k", 2, "--write", "labels", "-o", "out")
        before = (self.folder / "out/photo_labels.png").read_bytes()
        self.fail(2, "photo.png", "--scribbles", "out/photo_labels.png", "--write", "labels", "-o", "out",
                  "--overwrite", says=["is the scribbles, and an output"])
        self.assertEqual((self.folder / "out/photo_labels.png").read_bytes(), before)

    def test_numbers_that_are_surely_no_classes(self):
        self.two_strokes(bright=255, dark=0)
        self.fail(2, "photo.png", "--scribbles", "strokes.png", says=["255", "only 1 number has", "-k"])
        Image.fromarray(np.full(self.pixels.shape[:2], 2, np.uint8)).save(self.folder / "strokes.jpg")
        self.fail(4, "photo.png", "--scribbles", "strokes.jpg", says=["is a JPEG", "PNG or TIFF"])

    def test_frozen_classes_keep_their_names(self):
        (self.folder / "names.csv").write_text("class,name,color\n1,shade,#112233\n2,light,#445566\n")
        self.model("photo.png", "-k", 2, "--class-names", "names.csv", out="named")
        model = self.model("photo.png", "--init-model", "named/photo.gmm.json", "--freeze", out="frozen")
        self.assertEqual([(each["name"], each["color"]) for each in model["classes"]],
                         [("shade", "#112233"), ("light", "#445566")])

    def test_one_bad_file_of_scribbles_spoils_its_own_image_alone(self):
        (self.folder / "in").mkdir()
        (self.folder / "strokes").mkdir()
        for name in ("a", "b"):
            self.image(f"in/{name}.png", self.pixels)
            self.two_strokes(f"strokes/{name}.png")
        self.image("strokes/b.png", self.pixels)
        result = self.segment("in", "--scribbles", "strokes", "--separate-models", "--write", "labels", "-o", "out")
        self.assertEqual(result.returncode, 3, result.stderr)
        self.assertIn("b.png: holds colours", result.stderr)
        self.assertEqual(set(np.unique(labels_of(self.folder / "out/a_labels.png"))), {1, 2})

    def test_strokes_are_no_output_and_names_go_with_them(self):
        self.two_strokes()
        (self.folder / "segmented").mkdir()
        (self.folder / "strokes.png").rename(self.folder / "segmented/photo_mask_9.png")
        (self.folder / "names.csv").write_text("class,name\n1,sky\n2,ground\n", encoding="utf-8")
        self.succeed("photo.png", "--scribbles", "segmented/photo_mask_9.png", "--class-names",
                     "names.csv", "--overwrite")
        self.assertIn("photo_mask_9.png", self.names())
        model = model_of(self.folder / "segmented/photo.gmm.json")
        self.assertEqual([entry["name"] for entry in model["classes"]], ["sky", "ground"])


if __name__ == "__main__":
    unittest.main()
