"""--regions: connected regions in place of classes, and what is written of them."""

import csv
import json
import unittest

import numpy as np
import scipy.ndimage
import tifffile
from PIL import Image

from program import ProgramTest, labels_of, photo

ALL = ["photo_hierarchy.tif", "photo_labels.png", "photo_overlay.png", "photo_regions.csv",
       "photo_regions.geojson", "photo_regions.json"]


def shapes(gap=False):
    """A disc before two halves, with a little noise: height x width x 3, or with alpha."""
    y, x = np.mgrid[:90, :140]
    truth = np.where((x - 40) ** 2 + (y - 45) ** 2 < 20 ** 2, 2, (x >= 70).astype(int))
    noise = np.random.default_rng(3).integers(-4, 5, (90, 140, 3))
    pixels = (np.array([[70, 90, 150], [190, 170, 90], [60, 160, 70]])[truth] + noise)
    if gap:
        pixels = np.dstack([pixels, np.where(x < 100, 255, 0)])
    return pixels.astype(np.uint8), truth + 1


def neighbours_of(labels):
    """The pairs of labels > 0 that share a side of a pixel, both ways."""
    pairs = set()
    for a, b in ((labels[:, 1:], labels[:, :-1]), (labels[1:], labels[:-1])):
        differ = (a != b) & (a > 0) & (b > 0)
        pairs |= set(zip(a[differ], b[differ])) | set(zip(b[differ], a[differ]))
    return pairs


def filled(geometry, shape):
    """The pixels within a geometry, by the even-odd rule at their centres."""
    polygons = geometry["coordinates"]
    if geometry["type"] == "Polygon":
        polygons = [polygons]
    inside = np.zeros(shape, bool)
    for polygon in polygons:
        for ring in polygon:
            assert ring[0] == ring[-1]
            for (ax, ay), (bx, by) in zip(ring, ring[1:]):
                assert (ax == bx) != (ay == by)
                inside[min(ay, by):max(ay, by), ax:] ^= True
    return inside


class Regions(ProgramTest):
    def setUp(self):
        super().setUp()
        pixels, self.truth = shapes()
        self.image("photo.png", pixels)

    def labels(self, *words, out="segmented", name="photo"):
        self.succeed(*words, "-o", out)
        return labels_of(self.folder / out / f"{name}_labels.png")

    def test_finds_the_shapes(self):
        result = self.succeed("photo.png", "--regions", 3)
        self.assertRegex(result.stdout, r"^photo\.png: 3 regions at level [\d.]+, ")
        self.assertEqual(self.names(), ["photo_labels.png", "photo_overlay.png",
                                        "photo_regions.csv", "photo_regions.json"])
        labels = labels_of(self.folder / "segmented/photo_labels.png")
        for region in (1, 2, 3):
            of_truth = np.bincount(labels[self.truth == region])
            self.assertGreater(of_truth.max() / of_truth.sum(), 0.98)
            self.assertEqual(scipy.ndimage.label(labels == region)[1], 1)

    def test_the_number_may_be_left_out(self):
        at_level = self.labels("--regions", "photo.png", "--write", "labels")
        np.testing.assert_array_equal(
            self.labels("photo.png", "--regions", "--write", "labels", out="b"), at_level)
        np.testing.assert_array_equal(
            self.labels("photo.png", "--write", "labels", "--regions", "auto", out="c"), at_level)
        np.testing.assert_array_equal(
            self.labels("photo.png", "--write", "labels", "--regions", out="d"), at_level)
        self.assertEqual(self.labels("--regions=5", "photo.png", out="e").max(), 5)
        self.image("7.png", shapes()[0])
        self.succeed("-o", "f", "--write", "labels", "--regions", "--", "7.png")
        np.testing.assert_array_equal(labels_of(self.folder / "f/7_labels.png"), at_level)

    def test_a_higher_level_leaves_fewer_regions_of_the_same_hierarchy(self):
        counts = []
        finer = None
        for level in (0.05, 0.3, 1, 1000):
            labels = self.labels("photo.png", "--regions", "--level", level, "--write", "labels",
                                 out=f"level{level}")
            counts.append(labels.max())
            if finer is not None:
                for region in range(1, finer.max() + 1):
                    self.assertEqual(len(np.unique(labels[finer == region])), 1)
            finer = labels
        self.assertEqual(counts, sorted(counts, reverse=True))
        self.assertEqual(counts[-1], 1)
        self.assertGreater(counts[0], 3)

    def test_the_table_is_of_the_labels(self):
        result = self.succeed("photo.png", "--regions", 9, "--write", "labels,region-table",
                              "--json")
        labels = labels_of(self.folder / "segmented/photo_labels.png")
        pixels = np.asarray(Image.open(self.folder / "photo.png")).astype(float)
        with open(self.folder / "segmented/photo_regions.csv", encoding="utf-8", newline="") as file:
            rows = list(csv.DictReader(file))
        with open(self.folder / "segmented/photo_regions.json", encoding="utf-8") as file:
            table = json.load(file)
        self.assertEqual((table["format"], table["width"], table["height"], table["bands"]),
                         ("gmmseg-regions", 140, 90, ["red", "green", "blue"]))
        self.assertEqual(len(rows), 9)
        self.assertEqual(len(table["regions"]), 9)
        report = json.loads(result.stdout)["regions"]
        self.assertEqual((report["count"], report["level"]), (9, table["level"]))
        pairs = neighbours_of(labels)
        for row, entry in zip(rows, table["regions"]):
            region = int(row["region"])
            ys, xs = np.nonzero(labels == region)
            self.assertEqual(int(row["area"]), len(xs))
            np.testing.assert_allclose([float(row["x"]), float(row["y"])], [xs.mean(), ys.mean()])
            self.assertEqual([int(row[side]) for side in ("left", "top", "right", "bottom")],
                             [xs.min(), ys.min(), xs.max(), ys.max()])
            np.testing.assert_allclose(
                [float(row[f"mean_{band}"]) for band in table["bands"]],
                pixels[labels == region].mean(axis=0), rtol=1e-8)
            self.assertEqual({(region, int(n)) for n in row["neighbours"].split()},
                             {pair for pair in pairs if pair[0] == region})
            self.assertEqual((entry["region"], entry["area"]), (region, len(xs)))
            np.testing.assert_allclose(entry["centroid"], [xs.mean(), ys.mean()])
            self.assertEqual(" ".join(map(str, entry["neighbours"])), row["neighbours"])

    def test_the_level_that_is_told_makes_the_same_cut(self):
        for number in (2, 5, 9, 17):  # where no merges have one height
            result = self.succeed("photo.png", "--regions", number, "--write", "labels,region-table",
                                  "-o", f"n{number}")
            level = result.stdout.split(" at level ")[1].split(",")[0]
            self.assertLess(len(level), 12)
            np.testing.assert_array_equal(
                self.labels("photo.png", "--regions", "--level", level, "--write", "labels",
                            out=f"level{number}"),
                labels_of(self.folder / f"n{number}/photo_labels.png"))
            with open(self.folder / f"n{number}/photo_regions.json", encoding="utf-8") as file:
                table = json.load(file)
            self.assertEqual(table["level"], float(level))
            self.assertEqual(table["options"],
                             {"regions": number, "components": 40, "mixtures": 2, "seed": 0})

    def test_overwriting_removes_its_own_files_and_no_others(self):
        self.succeed("photo.png", "--regions", 4, "--write", "all", "-o", ".")
        (self.folder / "photo_regions.csv").write_text("region,crop\n1,wheat\n")
        self.succeed("photo.png", "-k", 2, "--write", "labels", "-o", ".", "--overwrite")
        self.assertEqual(self.names("."), ["photo.png", "photo_labels.png", "photo_regions.csv"])

    def test_strict_asks_for_the_number_of_regions(self):
        result = self.segment("photo.png", "--regions", 5000, "--strict", "--write", "labels")
        self.assertEqual(result.returncode, 6)
        self.assertRegex(result.stderr, "5000 regions were asked for, and [0-9]+ come back, the fin")
        self.succeed("photo.png", "--regions", 5, "--strict", "-o", "b")

    def test_the_hierarchy_holds_every_cut(self):
        self.succeed("photo.png", "--regions", "--write", "hierarchy")
        heights = tifffile.imread(self.folder / "segmented/photo_hierarchy.tif")
        self.assertEqual(heights.dtype, np.float32)
        for level in (0.1, 0.5, 1):
            labels = self.labels("photo.png", "--regions", "--level", level, "--write", "labels",
                                 out=f"cut{level}")
            border = np.zeros(labels.shape, bool)
            border[:, :-1] |= labels[:, 1:] != labels[:, :-1]
            border[:-1] |= labels[1:] != labels[:-1]
            np.testing.assert_array_equal(heights >= np.float32(level), border)

    def test_polygons_are_the_labels(self):
        labels = self.labels("photo.png", "--regions", 12, "--write", "labels,polygons")
        with open(self.folder / "segmented/photo_regions.geojson", encoding="utf-8") as file:
            collection = json.load(file)
        self.assertEqual(collection["type"], "FeatureCollection")
        self.assertEqual([f["properties"]["region"] for f in collection["features"]],
                         list(range(1, 13)))
        for feature in collection["features"]:
            region = feature["properties"]["region"]
            np.testing.assert_array_equal(filled(feature["geometry"], labels.shape),
                                          labels == region)
            self.assertEqual(feature["properties"]["area"], (labels == region).sum())

    def test_heatmaps_sum_to_one_and_masks_are_the_labels(self):
        labels = self.labels("photo.png", "--regions", 3, "--write", "labels,heatmaps,masks")
        heat = np.stack([labels_of(self.folder / f"segmented/photo_heat_{r}.png")
                         for r in (1, 2, 3)])
        self.assertLess(np.abs(((heat - 1) / 254).sum(axis=0) - 1).max(), 2 / 254)
        self.assertGreater((heat.argmax(axis=0) + 1 == labels).mean(), 0.97)
        for region in (1, 2, 3):
            mask = labels_of(self.folder / f"segmented/photo_mask_{region}.png")
            np.testing.assert_array_equal(mask, np.where(labels == region, 255, 0))

    def test_pixels_without_data_are_in_no_region(self):
        pixels, _ = shapes(gap=True)
        self.image("gap.png", pixels)
        labels = self.labels("gap.png", "--regions", 3, "--write", "all", name="gap")
        np.testing.assert_array_equal(labels == 0, pixels[:, :, 3] == 0)
        heights = tifffile.imread(self.folder / "segmented/gap_hierarchy.tif")
        np.testing.assert_array_equal(np.isnan(heights), labels == 0)
        heat = labels_of(self.folder / "segmented/gap_heat_1.png")
        np.testing.assert_array_equal(heat == 0, labels == 0)
        self.image("empty.png", np.zeros((8, 9, 4), np.uint8))
        result = self.succeed("empty.png", "--regions", "--write", "all", "-o", "empty")
        self.assertIn("no pixel with data", result.stdout)
        self.assertEqual(self.names("empty"), [name.replace("photo", "empty") for name in ALL])
        self.assertEqual(labels_of(self.folder / "empty/empty_labels.png").max(), 0)
        # More pieces than are asked for: a warning, not a lie.
        island = np.full((40, 41, 4), 255, np.uint8)
        island[:, 20, 3] = 0
        self.image("islands.png", island)
        result = self.succeed("islands.png", "--regions", 1, "-o", "islands")
        self.assertIn("1 region was asked for, and 2 come back", result.stderr)

    def test_more_than_255_regions_are_16_bits(self):
        labels = self.labels("photo.png", "--regions", 300, "--write", "labels,overlay")
        self.assertGreater(labels.max(), 255)
        with Image.open(self.folder / "segmented/photo_labels.png") as image:
            self.assertIn(image.mode, ("I", "I;16"))

    def test_components_and_seed_have_their_say(self):
        default = self.labels("photo.png", "--regions", 20, "--write", "labels", out="a")
        np.testing.assert_array_equal(
            self.labels("photo.png", "--regions", 20, "-k", 40, "--seed", 0, "--write", "labels",
                        out="b"), default)
        self.assertFalse(np.array_equal(
            self.labels("photo.png", "--regions", 20, "-k", 5, "--write", "labels", out="c"),
            default))
        self.assertFalse(np.array_equal(
            self.labels("photo.png", "--regions", 20, "--seed", 1, "--write", "labels", out="d"),
            default))

    def test_a_folder_of_images_and_going_on_with_it(self):
        (self.folder / "in").mkdir()
        for name in ("a.png", "b.png"):
            Image.fromarray(photo()).save(self.folder / "in" / name)
        result = self.succeed("in", "--regions", 6, "-o", "out")
        self.assertRegex(result.stdout, r"in/a\.png: 6 regions, [\d.]+ s\nin/b\.png: 6 regions, ")
        self.assertEqual(self.names("out"), ["a_labels.png", "a_overlay.png", "a_regions.csv",
                                             "a_regions.json", "b_labels.png", "b_overlay.png",
                                             "b_regions.csv", "b_regions.json",
                                             "gmmseg-manifest.jsonl"])
        again = self.succeed("in", "--regions", 6, "-o", "out", "--resume", "--json")
        for line in again.stdout.splitlines():
            self.assertEqual((json.loads(line)["status"], json.loads(line)["regions"]),
                             ("kept", {"count": 6}))
        other = self.succeed("in", "--regions", 7, "-o", "out", "--resume", "--json")
        for line in other.stdout.splitlines():
            self.assertEqual((json.loads(line)["status"], json.loads(line)["regions"]["count"]),
                             ("done", 7))
        plan = self.succeed("in", "--regions", 7, "-o", "other", "--dry-run")
        self.assertIn("about 9 files", plan.stderr)

    def test_refuses_what_has_no_meaning_for_regions(self):
        for words in (["--covariance", "tied"], ["--features", "lab"], ["--classes", 2],
                      ["--restarts", 3], ["--model", "m.gmm.json"], ["--separate-models"],
                      ["--depth", "u8"], ["--scribbles", "s.png"], ["--method", "kmeans"]):
            self.fail(2, "photo.png", "--regions", *words, says=[words[0], "--regions"])
        self.fail(2, "photo.png", "--regions", "-k", "2:4", says=["-k", "--regions"])
        self.fail(2, "photo.png", "--regions", 4, "--level", 2, says=["--level"])
        self.fail(2, "photo.png", "-k", 2, "--level", 2, says=["--level", "--regions"])
        self.fail(2, "photo.png", "--regions", "--level", 0, says=["--level 0", "> 0"])
        self.fail(2, "photo.png", "--regions", 0, says=["--regions 0", "65535", "auto"])
        self.fail(2, "photo.png", "--regions", "--write", "labels,model", says=["model"])
        self.fail(2, "photo.png", "-k", 2, "--write", "polygons", says=["polygons", "--regions"])
        self.fail(2, "apply", "--model", "m.gmm.json", "photo.png", "--regions",
                  says=["--regions"])
        self.fail(2, "--regions", 3, "apply", "photo.png", "--model", "m.gmm.json",
                  says=["--regions"])
        self.fail(2, "photo.png", "--regions", "--refit", says=["--refit"])
        self.fail(2, "photo.png", "--regions", "-k", 2000, says=["2000", "1 to 1024"])
        for word in ("2:8", "5.5", "-5", "+5", "5x", ""):
            self.fail(2, "--regions", word, "photo.png", says=["--regions", "whole number", "auto"])


if __name__ == "__main__":
    unittest.main()
