"""Rasters that are read part by part: the same maps as at once, within the memory that is named."""

import json
import os
import re
import unittest

import numpy as np
from osgeo import gdal

from program import start, model_of
from test_maps import MapTest, TRANSFORM, scene

USAGE, BAD_INPUT, TOO_LITTLE = 2, 4, 5
WIDTH, HEIGHT = 2990, 2720
MAPS = "labels,uncertainty,probabilities,density,model"


class SceneTest(MapTest):
    def make(self, name="scene.tif", bands=3, dtype=np.uint8, options=("TILED=YES",), scale=1, seed=3):
        """Ground and noise, and a corner without data."""
        values = np.tile(scene(170, 230, bands, seed=seed), (1, 16, 13)).astype(np.float64) * scale
        values += np.random.default_rng(seed).integers(-2, 3, values.shape)
        values = np.clip(values, 1, None).astype(dtype)
        values[:, :300, :700] = 0
        self.raster(name, values, no_data=0, options=["COMPRESS=DEFLATE", "ZLEVEL=1", *options])

    def least(self, *words):
        """The smallest memory that the program says suffices, in MB."""
        result = self.segment(*words, "--memory", "30M", "-o", "least")
        self.assertEqual(result.returncode, TOO_LITTLE, result.stderr)
        return int(re.search(r"give at least (\d+)M", result.stderr).group(1))

    def arrays(self, folder, names=("labels", "uncertainty", "probs", "density")):
        return [gdal.Open(str(self.folder / folder / f"scene_{name}.tif")).ReadAsArray() for name in names]


class AsAtOnce(SceneTest):
    def test_maps_and_model_are_those_of_the_whole(self):
        self.make()
        self.succeed("scene.tif", "-k", 3, "--write", MAPS, "-o", "whole")
        whole, model = self.arrays("whole"), model_of(self.folder / "whole/scene.gmm.json")
        least = self.least("scene.tif", "-k", 3, "--write", MAPS)
        for memory, threads in ((least, 1), (least, 2), (least + 60, 2)):
            with self.subTest(memory=memory, threads=threads):
                told = json.loads(self.succeed("scene.tif", "-k", 3, "--write", MAPS, "--memory", f"{memory}M", "--json",
                                               "--threads", threads, "-o", "parts", "--overwrite").stdout)
                self.assertTrue(told["scene"]["exact"])
                self.assertEqual(told["scene"]["passes"], 2)
                parts = self.arrays("parts")
                np.testing.assert_array_equal(parts[0], whole[0])
                for mine, theirs, most in zip(parts[1:], whole[1:], (1, 1e-4, 1e-4)):
                    np.testing.assert_allclose(mine.astype(float), theirs.astype(float), atol=most)
                mine = model_of(self.folder / "parts/scene.gmm.json")
                self.assertEqual(mine["means"], model["means"])
                self.assertEqual(mine["training"], model["training"])
                self.assertEqual(gdal.Open(str(self.folder / "parts/scene_labels.tif")).GetGeoTransform(), TRANSFORM)
                counts = np.bincount(parts[0].ravel(), minlength=4)
                self.assertEqual(told["pixels_with_data"] if "pixels_with_data" in told else counts[1:].sum(), counts[1:].sum())
                np.testing.assert_allclose([c["share"] for c in told["classes"]], counts[1:] / counts[1:].sum(), atol=1e-12)

    def test_a_model_is_applied_part_by_part(self):
        self.make()
        self.succeed("scene.tif", "-k", 3, "--write", "model,labels", "-o", "whole")
        least = self.least("apply", "--model", "whole/scene.gmm.json", "scene.tif")
        self.succeed("apply", "--model", "whole/scene.gmm.json", "scene.tif", "--memory", f"{least}M", "-o", "parts")
        np.testing.assert_array_equal(*(self.arrays(folder, ("labels",))[0] for folder in ("whole", "parts")))
        self.assertFalse((self.folder / "parts/scene.gmm.json").exists())
        self.make(seed=8)
        told = [json.loads(self.succeed("apply", "--model", "whole/scene.gmm.json", "scene.tif", "--json", "--write", "labels",
                                        "-o", folder, *words).stdout)["drift"]
                for folder, words in (("w", ()), ("p", ("--memory", f"{least}M")))]
        for name in ("unlikely_pixels", "share_distance"):
            self.assertAlmostEqual(told[0][name], told[1][name], places=6)

    def test_extent_bands_and_channels(self):
        self.make(bands=3)
        self.make("other.tif", bands=3, seed=3, options=("TILED=NO",))
        words = ("scene.tif", "--channels", "other.tif", "--select-bands", "5,1", "--extent", "100,50,2700,2500", "-k", 3)
        self.succeed(*words, "--write", "labels", "-o", "whole")
        least = self.least(*words, "--write", "labels")
        self.succeed(*words, "--write", "labels", "-o", "parts", "--memory", f"{least}M")
        whole, parts = (self.arrays(folder, ("labels",))[0] for folder in ("whole", "parts"))
        self.assertEqual(parts.shape, (2500, 2700))
        np.testing.assert_array_equal(parts == 0, whole == 0)
        self.assertGreater((parts == whole).mean(), 0.999)


class Samples(SceneTest):
    def test_whatever_the_files_blocks_and_the_threads_the_maps_are_the_same_bytes(self):
        found = {}
        words = ("-k", 3, "--write", "labels,probabilities,model", "--depth", "u8")
        for name, options in (("tiles", ("TILED=YES", "BLOCKXSIZE=256", "BLOCKYSIZE=128")), ("rows", ("TILED=NO",)),
                              ("one", ("TILED=YES", "BLOCKXSIZE=1024", "BLOCKYSIZE=1024"))):
            self.make(bands=4, dtype=np.uint16, options=options, scale=150)
            for threads in (1, 2):
                told = json.loads(self.succeed("scene.tif", *words, "--memory", "400M", "--threads", threads, "--json",
                                               "-o", f"{name}{threads}").stdout)
                self.assertFalse(told["scene"]["exact"])
                self.assertGreater(told["scene"]["sampled_pixels"], 10000)
                found[name, threads] = {p.name: p.read_bytes() for p in (self.folder / f"{name}{threads}").iterdir()
                                        if not p.name.endswith("json")}
        first = found.pop(("tiles", 1))
        for case, files in found.items():
            for name, content in files.items():
                with self.subTest(case=case, name=name):
                    self.assertEqual(content == first[name], True)

    def test_passes_over_all_pixels(self):
        self.make(bands=2, dtype=np.float32)
        least = self.least("scene.tif", "-k", 3, "--write", "labels,model")
        words = ("scene.tif", "-k", 3, "--write", "labels,model", "--memory", f"{least}M", "--json", "--overwrite")
        none = json.loads(self.succeed(*words, "--full-passes", 0).stdout)
        some = json.loads(self.succeed(*words).stdout)
        self.assertEqual(none["scene"]["passes"], 2)
        self.assertGreater(some["scene"]["passes"], 2)
        self.assertLessEqual(some["scene"]["passes"], 6)
        self.assertGreaterEqual(some["log_likelihood_per_sample"] if "log_likelihood_per_sample" in some else 0,
                                none["log_likelihood_per_sample"] - 1e-6 if "log_likelihood_per_sample" in none else 0)
        labels = self.arrays("segmented", ("labels",))[0]
        truth = (np.arange(WIDTH) % 230 * 3 // 230)[None, :].repeat(HEIGHT, 0)
        for ground in range(3):
            share = np.bincount(labels[(truth == ground) & (labels > 0)]) / ((truth == ground) & (labels > 0)).sum()
            self.assertGreater(share.max(), 0.99)


    def test_frozen_classes_stay(self):
        self.make(bands=2, dtype=np.float32)
        self.succeed("scene.tif", "-k", 3, "--extent", "800,400,200,200", "--write", "model", "-o", "start")
        start = model_of(self.folder / "start/scene.gmm.json")
        words = ("scene.tif", "--init-model", "start/scene.gmm.json", "--freeze", "--write", "labels,model")
        self.succeed(*words, "--memory", f"{self.least(*words)}M")
        model = model_of(self.folder / "segmented/scene.gmm.json")
        np.testing.assert_allclose(model["means"], start["means"], rtol=1e-5)
        np.testing.assert_allclose(model["covariances"], start["covariances"], rtol=1e-4)


class Budget(SceneTest):
    def test_the_peak_stays_within(self):
        self.make(bands=3)
        least = self.least("scene.tif", "-k", 4)
        for memory in (least, least + 40):
            with start("scene.tif", "-k", 4, "--memory", f"{memory}M", "-o", "out", "--overwrite", "--json", cwd=self.folder) as process:
                out = process.stdout.read()
                process.stderr.read()
                _, status, usage = os.wait4(process.pid, 0)
                process.returncode = os.waitstatus_to_exitcode(status)
            self.assertEqual(process.returncode, 0)
            told = json.loads(out)["scene"]
            self.assertLessEqual(usage.ru_maxrss * 1024, memory << 20)
            self.assertEqual(told["planned_bytes"], memory << 20)
            self.assertLess(abs(told["peak_bytes"] - usage.ru_maxrss * 1024), 20 << 20)

    def test_the_plan_is_said_before_the_work(self):
        self.make()
        least = self.least("scene.tif", "-k", 3)
        told = self.succeed("scene.tif", "-k", 3, "--memory", f"{least}M").stderr
        for words in (f"{WIDTH} x {HEIGHT} pixels of 3 bands", "36 cells", f"at most {least} MB", "1 pass for the colours"):
            self.assertIn(words, told)

    def test_what_needs_the_whole_is_refused(self):
        self.make()
        least = self.least("scene.tif", "-k", 3)
        for words in (("--position", 1), ("--features", "lab,texture"), ("--write", "overlay")):
            with self.subTest(words[0]):
                self.fail(USAGE, "scene.tif", "-k", 3, "--memory", f"{least}M", "-o", "x", "-q", *words, says=("whole raster",))

    def test_a_damaged_block_leaves_nothing(self):
        self.make()
        least = self.least("scene.tif", "-k", 3, "--write", "labels")
        self.damage("scene.tif", 4, 5)
        result = self.segment("scene.tif", "-k", 3, "--write", "labels", "--memory", f"{least}M", "-o", "out", "-q")
        self.assertEqual(result.returncode, BAD_INPUT)
        self.assertRegex(result.stderr, r"\Asegment: scene.tif: [^\n]*rows 1280 to 1535[^\n]*\n\Z")
        self.assertFalse((self.folder / "out").exists())

    def test_no_pixel_with_data(self):
        self.raster("scene.tif", np.zeros((3, HEIGHT, WIDTH), np.uint8), no_data=0, options=["COMPRESS=DEFLATE"])
        least = self.least("scene.tif", "-k", 3, "--write", "labels")
        self.succeed("scene.tif", "-k", 3, "--write", "labels", "--memory", f"{least}M")
        self.assertEqual(self.arrays("segmented", ("labels",))[0].max(), 0)


if __name__ == "__main__":
    unittest.main()
