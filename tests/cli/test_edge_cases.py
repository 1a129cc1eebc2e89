"""Odd images that are no errors."""

import unittest
from pathlib import Path

import numpy as np
import tifffile
from PIL import Image

from program import ProgramTest, labels_of, model_of, photo, probabilities_of


class EdgeCases(ProgramTest):
    def run_all(self, name, k, *words):
        """Everything that can be written for the image: its labels, its probabilities, the run."""
        # One page is about one image: each run here has the folder for itself, but for that.
        (self.folder / "segmented" / "report.html").unlink(missing_ok=True)
        result = self.succeed(name, "-k", k, "--write", "all", *words)
        stem = self.folder / "segmented" / name.rsplit(".", 1)[0]
        labels = labels_of(f"{stem}_labels.png")
        probabilities = None
        if labels.any():
            probabilities = probabilities_of(f"{stem}_probs.tif")
            self.assertTrue(np.isfinite(probabilities).all())
        self.assertNotIn("nan", Path(f"{stem}.gmm.json").read_text(encoding="utf-8").lower())
        return labels, probabilities, result

    def model(self, stem):
        return model_of(self.folder / "segmented" / f"{stem}.gmm.json")

    def test_one_pixel(self):
        for name, pixel in [("grey.png", np.full((1, 1), 7, np.uint8)),
                            ("color.png", np.full((1, 1, 3), 7, np.uint8))]:
            self.image(name, pixel)
            labels, _, _ = self.run_all(name, 3)
            self.assertEqual(labels.tolist(), [[1]])

    def test_one_row_and_one_column(self):
        for name, shape in [("row.png", (1, 50)), ("column.png", (50, 1))]:
            self.image(name, np.arange(50, dtype=np.uint8).reshape(shape))
            labels, _, _ = self.run_all(name, 2)
            self.assertEqual(labels.shape, shape)
            self.assertEqual(sorted(np.unique(labels)), [1, 2])

    def test_one_flat_color(self):
        self.image("flat.png", np.full((20, 30, 3), [200, 10, 10], np.uint8))
        for features in ("lab", "rgb", "hsv", "luv", "ycrcb", "gray", "raw"):
            labels, _, result = self.run_all("flat.png", 4, "--features", features, "--overwrite")
            self.assertTrue((labels == 1).all())
            self.assertEqual(self.model("flat")["k"], 1)
            self.assertRegex(result.stderr, r"warning: .*4 classes.*1 distinct")

    def test_two_colors_with_five_classes(self):
        pixels = np.zeros((20, 30, 3), np.uint8)
        pixels[:, 10:] = 255
        self.image("two.png", pixels)
        labels, _, result = self.run_all("two.png", 5)
        self.assertTrue((labels[:, :10] == 1).all() and (labels[:, 10:] == 2).all())
        self.assertEqual(self.model("two")["k"], 2)
        self.assertRegex(result.stderr, r"\Asegment: warning: .*5 classes.*2 distinct.*\n\Z")
        self.assertIn("2 classes (5 asked for)", result.stdout)

    def test_all_transparent(self):
        self.image("clear.png", np.zeros((20, 30, 4), np.uint8))
        labels, _, result = self.run_all("clear.png", 3)
        self.assertTrue((labels == 0).all())
        self.assertRegex(result.stderr, r"\Asegment: warning: .*no pixel has data.*\n\Z")
        self.assertEqual(self.names(), ["clear.gmm.json", "clear_anomalies.png", "clear_convergence.svg", "clear_density.tif",
                                        "clear_instability.png", "clear_labels.png", "clear_outliers.tif",
                                        "clear_overlay.png", "clear_uncertainty.png", "report.html"])
        # Its model says so when it is asked to label something.
        self.image("photo.png", photo())
        self.fail(4, "apply", "--model", "segmented/clear.gmm.json", "photo.png",
                  says=["clear.gmm.json", "\"k\" = 0"])
        self.fail(4, "photo.png", "--init-model", "segmented/clear.gmm.json",
                  says=["clear.gmm.json", "\"k\" = 0"])

    def test_transparent_pixels_are_label_0_and_transparent(self):
        rgba = np.dstack([photo(), np.full((64, 96), 255, np.uint8)])
        rgba[20:40, 30:60, 3] = 0
        self.image("hole.png", rgba)
        labels, _, result = self.run_all("hole.png", 3)
        np.testing.assert_array_equal(labels == 0, rgba[..., 3] == 0)
        with Image.open(self.folder / "segmented" / "hole_labels.png") as image:
            alpha = np.asarray(image.convert("RGBA"))[..., 3]
        np.testing.assert_array_equal(alpha == 0, labels == 0)
        self.assertEqual(result.stderr, "")

    def test_nan_and_infinity_are_label_0(self):
        pixels = np.random.default_rng(1).normal(0.5, 0.2, (30, 40)).astype(np.float32)
        pixels[3, 4], pixels[5, 6], pixels[7, 8] = np.nan, np.inf, -np.inf
        tifffile.imwrite(self.folder / "float.tif", pixels)
        labels, _, _ = self.run_all("float.tif", 2)
        np.testing.assert_array_equal(labels == 0, ~np.isfinite(pixels))

    def test_all_nan(self):
        tifffile.imwrite(self.folder / "void.tif", np.full((8, 8), np.nan, np.float32))
        labels, _, result = self.run_all("void.tif", 2)
        self.assertTrue((labels == 0).all())
        self.assertIn("no pixel has data", result.stderr)

    def test_12_bits_in_16(self):
        dark = np.random.default_rng(1).normal(800, 60, (40, 20))
        light = np.random.default_rng(2).normal(3000, 60, (40, 40))
        pixels = np.hstack([dark, light]).astype(np.uint16)
        self.image("deep.png", pixels)
        labels, _, _ = self.run_all("deep.png", 2)
        self.assertTrue((labels[:, :20] == 1).all() and (labels[:, 20:] == 2).all())

    def test_position_alone_can_tell_equal_colors_apart(self):
        noise = np.random.default_rng(1).integers(100, 140, (60, 60, 3), dtype=np.uint8)
        self.image("noise.png", noise)
        labels, _, _ = self.run_all("noise.png", 4, "--position", 4)
        same = np.mean(labels[:, 1:] == labels[:, :-1])
        self.assertGreater(same, 0.9)  # colour alone would give about a quarter to a half

    def test_every_input_format(self):
        for suffix in ("png", "jpg", "tif", "bmp", "webp", "ppm"):
            self.image(f"{suffix}.{suffix}", photo())
            labels, _, _ = self.run_all(f"{suffix}.{suffix}", 2)
            self.assertEqual(sorted(np.unique(labels)), [1, 2], suffix)


if __name__ == "__main__":
    unittest.main()
