"""segment apply: another image, the same classes."""

import json
import unittest

import numpy as np
import tifffile

from program import ProgramTest, labels_of, photo, probabilities_of


class Apply(ProgramTest):
    def setUp(self):
        super().setUp()
        self.image("photo.png", photo())
        self.succeed("photo.png", "-k", 3)
        self.model = "segmented/photo.gmm.json"

    def test_its_own_image_gets_the_same_files_byte_for_byte(self):
        self.succeed("apply", "--model", self.model, "photo.png", "-o", "again")
        self.assertEqual(self.names("again"),
                         [name for name in self.names() if not name.endswith(".json")])
        for name in self.names("again"):
            self.assertEqual((self.folder / "again" / name).read_bytes(),
                             (self.folder / "segmented" / name).read_bytes(), name)

    def test_pixels_of_another_image_get_the_label_their_color_had(self):
        self.image("mirror.png", photo()[:, ::-1])
        self.succeed("apply", "--model", self.model, "mirror.png")
        np.testing.assert_array_equal(
            labels_of(self.folder / "segmented" / "mirror_labels.png")[:, ::-1],
            labels_of(self.folder / "segmented" / "photo_labels.png"))

    def test_shares_are_those_of_the_image(self):
        dark = photo() // 8
        self.image("dark.png", dark)
        result = self.succeed("apply", "--model", self.model, "dark.png", "--json")
        report = json.loads(result.stdout)
        labels = labels_of(self.folder / "segmented" / "dark_labels.png")
        for entry in report["classes"]:
            self.assertAlmostEqual(entry["share"], np.mean(labels == entry["index"]))
        self.assertEqual(report["command"], "apply")

    def test_the_line_names_the_model(self):
        result = self.succeed("apply", "--model", self.model, "photo.png", "-o", "again")
        self.assertIn(f"photo.png: 3 classes of {self.model}, ", result.stdout)

    def test_a_model_is_written_only_when_asked_for(self):
        self.succeed("apply", "--model", self.model, "photo.png", "-o", "again", "--write", "model")
        self.assertEqual((self.folder / "again" / "photo.gmm.json").read_bytes(),
                         (self.folder / self.model).read_bytes())

    def test_overwriting_keeps_the_model_that_is_applied(self):
        # Called like an output that this run does not write, it would be stale were it not in use.
        (self.folder / self.model).rename(self.folder / "segmented" / "photo_uncertainty.png")
        self.succeed("apply", "--model", "segmented/photo_uncertainty.png", "photo.png",
                     "--overwrite", "--write", "labels")
        self.assertEqual(self.names(), ["photo_labels.png", "photo_uncertainty.png"])

    def test_an_image_of_another_kind_is_refused(self):
        self.succeed("photo.png", "-k", 3, "--features", "raw", "-o", "raw", "--write", "model")
        self.image("grey.png", photo()[..., 0])
        self.fail(2, "apply", "--model", "raw/photo.gmm.json", "grey.png", says=["model needs"])

    def test_an_image_absurdly_far_from_the_model_is_refused(self):
        values = np.random.default_rng(1).random((40, 50), dtype=np.float32)
        tifffile.imwrite(self.folder / "near.tif", values)
        self.succeed("near.tif", "-k", 2, "--write", "model")
        apply = ["apply", "--model", "segmented/near.gmm.json", "far.tif"]
        start = ["far.tif", "--init-model", "segmented/near.gmm.json", "--max-iterations"]
        for scale, says in [(1e12, "too far"), (1e20, "give a model of such data"),
                            (1e35, "give a model of such data")]:
            tifffile.imwrite(self.folder / "far.tif", values * np.float32(scale))
            # The floor of the far image widens a start that is iterated; far enough, no more.
            for words in (apply, [*start, 0]) + (([*start, 9],) if scale > 1e12 else ()):
                with self.subTest(scale=scale, words=words):
                    self.fail(2, *words, "-o", "out", says=[says])

    def test_an_image_far_from_the_model_gives_numbers(self):
        values = np.random.default_rng(1).random((40, 50), dtype=np.float32)
        tifffile.imwrite(self.folder / "near.tif", values)
        self.succeed("near.tif", "-k", 2, "--write", "model")
        tifffile.imwrite(self.folder / "far.tif", values * np.float32(1e4))
        result = self.succeed("apply", "--model", "segmented/near.gmm.json", "far.tif", "--json",
                              "--write", "all")
        self.assertTrue(np.isfinite(json.loads(result.stdout)["log_likelihood_per_pixel"]))
        self.assertTrue(np.isfinite(probabilities_of(
            self.folder / "segmented" / "far_probs.tif")).all())

    def test_a_file_called_apply_is_written_with_its_folder(self):
        self.image("apply.png", photo())
        (self.folder / "apply.png").rename(self.folder / "apply")
        self.succeed("./apply", "-k", 2, "--write", "labels", "-o", "out")
        self.assertEqual(self.names("out"), ["apply_labels.png"])


if __name__ == "__main__":
    unittest.main()
