"""Weight maps: what each pixel counts for."""

import unittest

import numpy as np
import tifffile
from PIL import Image

from program import ProgramTest, labels_of, model_of, photo


class WeightMaps(ProgramTest):
    def weights(self, name, values):
        tifffile.imwrite(self.folder / name, values.astype("f4"))
        return name

    def model(self, *words, out):
        self.succeed(*words, "--write", "model,labels", "-o", out)
        return model_of(next((self.folder / out).glob("*.gmm.json")))

    def assert_same_fit(self, one, other, tolerance=1e-4):
        for key in ("weights", "means", "covariances", "log_likelihood_per_sample"):
            np.testing.assert_allclose(one[key], other[key], rtol=tolerance, atol=tolerance)

    def test_an_integer_weight_is_as_many_pixels_and_0_is_none(self):
        pixels = photo(60, 40)
        counts = np.random.default_rng(1).integers(0, 4, pixels.shape[:2])
        self.image("photo.png", pixels)
        self.image("counts.png", counts.astype(np.uint8))
        repeated = np.repeat(pixels.reshape(-1, 3), counts.ravel(), axis=0)
        self.image("repeated.png", repeated[None])
        # From one start: draws of random ones differ.
        start = self.model("photo.png", "-k", 3, "--max-iterations", 0, out="start")
        self.assertEqual(start["k"], 3)
        words = ("--init-model", "start/photo.gmm.json", "--floor", "off")
        weighted = self.model("photo.png", "--weight-map", "counts.png", *words, out="weighted")
        expected = self.model("repeated.png", *words, out="expected")
        self.assert_same_fit(weighted, expected)
        self.assertEqual(weighted["samples"], counts.sum())
        for criterion in ("bic", "aic", "icl"):
            np.testing.assert_allclose(weighted[criterion], expected[criterion], rtol=1e-5)
        labels = labels_of(self.folder / "weighted/photo_labels.png")
        np.testing.assert_array_equal(labels == 0, counts == 0)
        np.testing.assert_array_equal(np.repeat(labels.ravel(), counts.ravel()),
                                      labels_of(self.folder / "expected/repeated_labels.png")[0])
        # Shares are of pixels, whatever they count for.
        shares = [(labels == k).sum() / (labels > 0).sum() for k in (1, 2, 3)]
        np.testing.assert_allclose([entry["share"] for entry in weighted["classes"]], shares)

    def test_weight_0_is_what_alpha_0_is(self):
        pixels = photo(60, 40)
        inside = np.zeros(pixels.shape[:2], np.uint8)
        inside[5:30, 10:50] = 1
        self.image("photo.png", pixels)
        self.image("map.png", inside)
        self.image("cut.png", np.dstack([pixels, 255 * inside]))
        weighted = self.model("photo.png", "-k", 3, "--weight-map", "map.png", out="map")
        cut = self.model("cut.png", "-k", 3, out="cut")
        self.assertEqual(weighted["means"], cut["means"])
        np.testing.assert_array_equal(labels_of(self.folder / "map/photo_labels.png"),
                                      labels_of(self.folder / "cut/cut_labels.png"))

    def test_the_scale_of_the_weights_is_free(self):
        pixels = photo(60, 40)
        self.image("photo.png", pixels)
        values = np.random.default_rng(2).random(pixels.shape[:2]) + 0.1
        self.weights("one.tif", values)
        one = self.model("photo.png", "-k", 3, "--weight-map", "one.tif", out="one")
        for scale in (2.0**-90, 2.0**90):
            self.weights("other.tif", values * scale)
            other = self.model("photo.png", "-k", 3, "--weight-map", "other.tif", out=f"at{scale}")
            self.assertEqual(one["means"], other["means"])
            np.testing.assert_allclose(other["samples"], one["samples"] * scale)

    def test_equal_weights_change_no_label_with_places_floats_or_a_choice_of_k(self):
        pixels = photo(60, 40)
        self.image("photo.png", pixels)
        tifffile.imwrite(self.folder / "float.tif", pixels.astype("f4") / 255, photometric="rgb")
        self.image("map.png", np.full(pixels.shape[:2], 128, np.uint8))
        for words in (("photo.png", "-k", 3, "--position", 1), ("float.tif", "-k", 3),
                      ("photo.png", "-k", "1:4"), ("photo.png", "-k", 3, "--write", "all")):
            with self.subTest(words):
                self.succeed(*words, "--overwrite")
                plain = labels_of(next((self.folder / "segmented").glob("*_labels.png")))
                result = self.succeed(*words, "--weight-map", "map.png", "--overwrite")
                same = labels_of(next((self.folder / "segmented").glob("*_labels.png")))
                np.testing.assert_array_equal(same, plain, result.stderr)
                for path in (self.folder / "segmented").iterdir():
                    path.unlink()

    def test_many_images_take_one_map_or_a_folder_of_maps(self):
        pixels = photo(60, 80)
        (self.folder / "in/sub").mkdir(parents=True)
        (self.folder / "maps/sub").mkdir(parents=True)
        random = np.random.default_rng(4)
        counts = random.integers(0, 3, (80, 60)).astype(np.uint8)
        self.image("in/a.png", pixels[:40])
        self.image("in/sub/b.png", pixels[40:])
        self.image("both.png", pixels)
        self.image("maps/a.tif", counts[:40])
        self.image("maps/sub/b.bmp", counts[40:])
        self.image("counts.png", counts)
        one = self.model("both.png", "-k", 3, "--weight-map", "counts.png", out="one")
        words = ("in", "-r", "-k", 3, "--weight-map", "maps", "-o", "many")
        self.succeed(*words)
        shared = model_of(self.folder / "many/gmmseg-model.gmm.json")
        self.assert_same_fit(shared, one, 0.02)
        self.assertEqual(shared["samples"], counts.sum())
        labels = np.vstack([labels_of(self.folder / "many/a_labels.png"),
                            labels_of(self.folder / "many/sub/b_labels.png")])
        np.testing.assert_array_equal(labels == 0, counts == 0)
        # A map that changed is an input that changed.
        again = self.succeed(*words, "--resume")
        self.assertIn("2 kept", again.stdout + again.stderr)
        self.image("maps/sub/b.bmp", np.ones((40, 60), np.uint8))
        again = self.succeed(*words, "--resume")
        self.assertIn("1 kept", again.stdout + again.stderr)
        self.assertTrue(labels_of(self.folder / "many/sub/b_labels.png").all())

    def test_maps_that_do_not_fit_are_refused(self):
        self.image("photo.png", photo(60, 40))
        self.image("small.png", np.ones((40, 59), np.uint8))
        self.image("color.png", photo(60, 40))
        bad = np.ones((40, 60))
        bad[2, 3] = -1
        self.weights("negative.tif", bad)
        bad[2, 3] = np.nan
        self.weights("nan.tif", bad)
        (self.folder / "maps").mkdir()
        refuse = lambda name, *says: self.fail(4, "photo.png", "-k", 2, "--weight-map", name,
                                               says=says)
        refuse("small.png", "59 x 40", "60 x 40")
        refuse("color.png", "3 bands", "one")
        refuse("negative.tif", "x = 3, y = 2", "-1", ">= 0")
        refuse("nan.tif", "x = 3, y = 2", "NaN")
        refuse("nothing.png", "nothing.png", "no such file")
        refuse("maps", "no weight map for photo.png")
        self.image("maps/photo.png", np.ones((40, 60), np.uint8))
        self.image("maps/photo.tif", np.ones((40, 60), np.uint8))
        refuse("maps", "photo.png", "photo.tif")
        self.succeed("photo.png", "-k", 2)
        self.fail(2, "apply", "--model", "segmented/photo.gmm.json", "photo.png", "--weight-map",
                  "small.png", "-o", "out")

    def test_a_run_that_goes_on_must_have_weights_where_the_first_had(self):
        (self.folder / "in").mkdir()
        for i in range(2):
            self.image(f"in/{i}.png", photo(60, 40)[::1 - 2 * i])
        self.image("map.png", np.arange(2400, dtype=np.uint16).reshape(40, 60).astype(np.uint8) % 7)
        self.succeed("in", "-k", 2, "-o", "out")
        result = self.segment("in", "-k", 2, "-o", "out", "--weight-map", "map.png", "--resume")
        self.assertEqual(result.returncode, 2, result.stderr)
        self.assertIn("weights=none there, weights=given here", result.stderr)
        self.assertIn("--refit", result.stderr)

    def test_a_map_is_never_replaced_by_an_output(self):
        self.image("photo.png", photo(60, 40))
        self.succeed("photo.png", "-k", 2, "--write", "masks", "-o", ".")
        self.fail(2, "photo.png", "-k", 3, "--weight-map", "photo_mask_2.png", "--write", "masks",
                  "-o", ".", "--overwrite", says=["photo_mask_2.png", "weight map", "output"])

    def test_weights_of_0_alone_are_no_data(self):
        self.image("photo.png", photo(60, 40))
        self.image("none.png", np.zeros((40, 60), np.uint8))
        self.succeed("photo.png", "-k", 2, "--weight-map", "none.png", "--write", "labels")
        self.assertFalse(labels_of(self.folder / "segmented/photo_labels.png").any())

    def test_a_map_is_no_output(self):
        self.image("photo.png", photo(60, 40))
        (self.folder / "segmented").mkdir()
        Image.fromarray(np.ones((40, 60), np.uint8)).save(
            self.folder / "segmented/photo_mask_9.png")
        self.succeed("photo.png", "-k", 2, "--weight-map", "segmented/photo_mask_9.png",
                     "--overwrite")
        self.assertIn("photo_mask_9.png", self.names())


if __name__ == "__main__":
    unittest.main()
