"""--smooth and --min-size of rasters that are read part by part: as of the whole, and no seam."""

import json
import unittest

import numpy as np
from osgeo import gdal
from scipy.ndimage import label  # four neighbours

from test_scenes import HEIGHT, MAPS, WIDTH, SceneTest


class Smoothed(SceneTest):
    def noisy(self, name="scene.tif", options=("TILED=YES",)):
        """Blobs of three tones whose noise makes specks."""
        random = np.random.default_rng(11)
        tone = np.kron(random.integers(0, 3, (34, 38)), np.ones((80, 80), int))[:HEIGHT, :WIDTH]
        values = 60 + 40 * tone + random.normal(0, 17, (3, HEIGHT, WIDTH))
        values = np.clip(values.round(), 1, 255).astype(np.uint8)
        values[:, 400:600, 900:1300] = 0
        self.raster(name, values, no_data=0, options=["COMPRESS=DEFLATE", "ZLEVEL=1", *options])
        return tone + 1

    def labels(self, folder, name="scene"):
        return gdal.Open(str(self.folder / folder / f"{name}_labels.tif")).ReadAsArray()

    def parts(self, *words, name="scene.tif", out="parts", more=0):
        """Labels, and what the program tells, within the least memory and so many MB more."""
        words = (words[0], name, *words[1:]) if words[0] == "apply" else (name, *words)
        memory = self.least(*words) + more
        told = json.loads(self.succeed(*words, "--memory", f"{memory}M", "-o", out, "--json", "--overwrite").stdout)
        self.assertLessEqual(told["scene"]["peak_bytes"], memory << 20)
        return self.labels(out, name[:-4]), told

    def test_as_the_whole_is(self):
        tone = self.noisy()
        base = ("-k", 3, "--seed", 1, "--write", "labels,model")
        plain = self.parts(*base)[0]
        right = (plain == tone)[plain > 0].mean()
        for words, least in ((("--smooth", "guided"), 0.99999), (("--min-size", 12, "--smooth", "guided"), 0.99999),
                             (("--smooth", "potts"), 0.998)):
            with self.subTest(words):
                self.succeed("scene.tif", *base, *words, "-o", "whole", "--overwrite")
                whole = self.labels("whole")
                parts, told = self.parts(*base, *words)
                self.assertGreaterEqual((parts == whole).mean(), least)
                self.assertGreater((parts == tone)[plain > 0].mean(), right + 0.02)
                self.assertEqual(told["smoothing"]["method"], words[-1])
                np.testing.assert_array_equal(parts == 0, plain == 0)
                counts = np.bincount(parts.ravel(), minlength=4)[1:]
                np.testing.assert_allclose([c["share"] for c in told["classes"]], counts / counts.sum(), atol=1e-12)

    def test_no_small_piece_stays(self):
        self.noisy()
        labels, told = self.parts("-k", 3, "--smooth", "guided", "--min-size", 40, "--write", "labels")
        sizes = np.concatenate([np.bincount(label(labels == k)[0].ravel())[1:] for k in (1, 2, 3)])
        self.assertGreaterEqual(sizes.min(), 40)
        self.assertGreater(told["smoothing"]["pieces_moved"], 100)
        said = self.succeed("scene.tif", "-k", 3, "--smooth", 1.5, "--write", "labels", "--memory", "300M", "-o", "v", "-v").stderr
        self.assertIn("smoothing: Potts, beta 1.5", said)
        self.assertIn("10 sweeps", said)
        self.assertEqual([p.name for p in (self.folder / "parts").iterdir() if "scratch" in p.name], [])

    def test_the_same_for_any_blocks_memory_and_threads(self):
        self.noisy()
        self.noisy("rows.tif", options=("BLOCKYSIZE=7",))
        self.succeed("scene.tif", "-k", 3, "--write", "model", "--memory", "300M", "-o", "fit")
        for words in (("--smooth", "guided", "--min-size", 30), ("--smooth", "potts", "--min-size", 30)):
            with self.subTest(words):
                told = ("apply", "--model", "fit/scene.gmm.json", *words, "--write", "labels,uncertainty")
                first = self.parts(*told)[0]
                np.testing.assert_array_equal(self.parts(*told, "--threads", 1, name="rows.tif", more=50)[0], first)

    def test_other_maps_are_of_smoothed_classes(self):
        self.noisy()
        self.succeed("scene.tif", "-k", 3, "--smooth", "auto", "--write", MAPS, "-o", "whole")
        self.parts("apply", "--model", "whole/scene.gmm.json", "--smooth", "auto", "--write", MAPS.removesuffix(",model"))
        for mine, theirs, most in zip(self.arrays("parts"), self.arrays("whole"), (0, 1, 1e-3, 1e-4)):
            difference = np.abs(mine.astype(float) - theirs)
            self.assertGreater((difference[np.isfinite(difference)] <= most).mean(), 0.9999)

    def test_a_thin_piece_that_crosses_cells_is_seen_whole(self):
        values = np.full((3, HEIGHT, WIDTH), 60, np.uint8)
        values[:, 2000:2300] = 120
        for row, length in ((500, 300), (1010, 450)):  # from here right over two borders, or one, and down over one
            values[:, row, 380:380 + length - 40] = values[:, row:row + 41, 380 + length - 41] = 120
        self.raster("scene.tif", values, options=["COMPRESS=DEFLATE"])
        labels, told = self.parts("-k", 2, "--min-size", 400, "--write", "labels")
        expected = (values[0] > 100) + 1
        expected[500:541, :700] = 1
        np.testing.assert_array_equal(labels, expected)
        self.assertEqual((told["smoothing"]["pieces_moved"], told["smoothing"]["pixels_moved"]), (1, 300))
        self.assertEqual(told["warnings"], [])
        told = self.parts("-k", 2, "--min-size", 514, "--write", "labels", "--threads", 1)[1]
        self.assertEqual(len(told["warnings"]), 1)
        self.assertIn("within 512 pixels", told["warnings"][0])


if __name__ == "__main__":
    unittest.main()
