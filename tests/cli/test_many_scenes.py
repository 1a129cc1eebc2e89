"""Folders of scenes, and cubes without a place on the earth, that memory does not hold."""

import json
import re
import time
import unittest

import numpy as np
from osgeo import gdal
from PIL import Image

from program import model_of, start
from test_maps import TRANSFORM, scene
from test_scenes import HEIGHT, WIDTH, SceneTest


class ManyScenes(SceneTest):
    """Folders of scenes that memory does not hold: one model, read cell by cell."""

    def setUp(self):
        super().setUp()
        self.make("north.tif")
        self.make("south.tif", options=("BLOCKYSIZE=16",), seed=4)
        self.words = (".", "-k", 3, "--write", "labels,model")

    def labels(self, folder, name):
        return gdal.Open(str(self.folder / folder / f"{name}_labels.tif")).ReadAsArray()

    def test_share_a_model(self):
        self.succeed(*self.words, "-o", "whole")
        told = self.succeed(*self.words, "--memory", "230M", "-o", "parts")
        self.assertIn("3 classes of one model", told.stderr)
        model = model_of(self.folder / "parts/gmmseg-model.gmm.json")
        self.assertEqual([i["name"] for i in model["training"]["inputs"]], ["north.tif", "south.tif"])
        for name in ("north", "south"):
            self.assertGreater((self.labels("parts", name) == self.labels("whole", name)).mean(), 0.999)
            self.assertEqual(gdal.Open(str(self.folder / f"parts/{name}_labels.tif")).GetGeoTransform(), TRANSFORM)
        self.succeed(*self.words, "--memory", "230M", "--threads", 1, "-o", "one")
        np.testing.assert_array_equal(self.labels("one", "south"), self.labels("parts", "south"))
        self.assertEqual(model_of(self.folder / "one/gmmseg-model.gmm.json"), model)

    def test_pictures_are_left_out_with_a_word(self):
        told = self.succeed("north.tif", "south.tif", "-k", 3, "--memory", "230M", "-o", "out")
        self.assertEqual(len(re.findall("read part by part, without overlay, heatmaps, report", told.stderr)), 2)
        self.assertIn("north_uncertainty.tif", self.names("out"))
        self.assertIn("report.html", self.names("out"))

    def test_too_little_memory_is_told_before_anything_is_done(self):
        self.succeed(*self.words, "--memory", "230M", "-o", "out")
        before = self.tree()
        for more in ((), ("--dry-run",)):
            result = self.segment(*self.words, "--memory", "90M", "-o", "out", "--overwrite", *more)
            self.assertEqual(result.returncode, 5, result.stderr)
            self.assertRegex(result.stderr, r"give at least \d+M")
            self.assertEqual(self.tree(), before)
        result = self.segment(".", "-k", 3, "--write", "overlay", "--memory", "230M", "-o", "pictures")
        self.assertEqual(result.returncode, 2, result.stderr)
        self.assertIn("overlay: need the whole image", result.stderr)
        self.assertFalse((self.folder / "pictures").exists())

    def test_a_killed_run_goes_on_with_its_model(self):
        with start(*self.words, "--memory", "230M", "-o", "out", "-q", cwd=self.folder) as process:
            model = self.folder / "out/gmmseg-model.gmm.json"
            until = time.monotonic() + 60
            while not (self.folder / "out/north_labels.tif").exists() and process.poll() is None and time.monotonic() < until:
                time.sleep(0.002)
            process.kill()
        content = model.read_bytes()
        self.assertTrue((self.folder / "out/north_labels.tif").exists())
        told = self.succeed(*self.words, "--memory", "230M", "-o", "out", "--resume")
        self.assertIn("the earlier run's model", told.stderr)
        self.assertEqual(model.read_bytes(), content)
        self.assertEqual([name for name in self.names("out") if name.startswith(".")], [])
        for name in ("north", "south"):
            self.assertEqual(self.labels("out", name).shape, (HEIGHT, WIDTH))

    def test_a_killed_run_goes_on_within_a_scene(self):
        self.succeed(*self.words, "--memory", "230M", "-o", "whole")
        with start(*self.words, "--memory", "230M", "-o", "out", "-q", cwd=self.folder) as process:
            journal = self.folder / "out/.south.gmmseg-resume"
            until = time.monotonic() + 60
            while not (journal.exists() and journal.stat().st_size > 5 << 20) and process.poll() is None and time.monotonic() < until:
                time.sleep(0.001)
            process.kill()
        told = [json.loads(line) for line in
                self.succeed(*self.words, "--memory", "230M", "-o", "out", "--resume", "--json").stdout.splitlines()]
        self.assertEqual([line["status"] for line in told], ["kept", "done"])
        self.assertGreater(told[1]["scene"]["cells_resumed"], 5)
        self.assertFalse(journal.exists())
        for path in (self.folder / "whole").glob("*_labels.*"):
            self.assertTrue((self.folder / "out" / path.name).read_bytes() == path.read_bytes(), path.name)

    def test_a_damaged_scene_fails_alone(self):
        self.damage("north.tif", 4, 5)
        result = self.segment(*self.words, "--memory", "230M", "-o", "out")
        self.assertEqual(result.returncode, 3, result.stderr)
        self.assertRegex(result.stderr, "north.tif: [^\n]*rows 1280 to 1535")
        self.assertFalse((self.folder / "out/north_labels.tif").exists())
        self.assertGreater(self.labels("out", "south").max(), 1)


class WithoutAPlace(SceneTest):
    def test_a_cube_is_read_part_by_part(self):
        values = np.tile(scene(170, 230, 6, np.uint16), (1, 12, 12)) + np.random.default_rng(1).integers(0, 9, (6, 2040, 2760), np.uint16)
        self.raster("cube.img", values, driver="ENVI", located=False)
        least = self.least("cube.img", "-k", 3, "--pca", 3, "--write", "labels,model")
        told = json.loads(self.succeed("cube.img", "-k", 3, "--pca", 3, "--write", "labels,model", "--memory", f"{least}M", "--json",
                                       "-o", "parts").stdout)
        self.assertLessEqual(told["scene"]["peak_bytes"], least << 20)
        self.succeed("cube.img", "-k", 3, "--pca", 3, "--write", "labels,model", "-o", "whole")
        with Image.open(self.folder / "whole/cube_labels.png") as image:
            whole = np.asarray(image)
        parts = gdal.Open(str(self.folder / "parts/cube_labels.tif")).ReadAsArray()
        self.assertGreater((whole == parts).mean(), 0.999)
        mine, theirs = (np.array(model_of(self.folder / f"{each}/cube.gmm.json")["feature_spec"]["principal_components"]["rows"])
                        for each in ("parts", "whole"))
        np.testing.assert_allclose(mine, theirs, rtol=1e-6, atol=1e-9)


if __name__ == "__main__":
    unittest.main()
