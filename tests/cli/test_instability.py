"""Instability: the picture, the number, and who cannot have it."""

import json
import unittest

import numpy as np

from program import ProgramTest, labels_of, photo

USAGE = 2


def blobs(height=40, width=60):
    """Two colours far apart, with noise."""
    random = np.random.default_rng(4)
    middle = np.where((np.arange(width) < 25)[None, :, None], (200, 60, 40), (30, 80, 190))
    return np.clip(random.normal(middle, 6, (height, width, 3)), 0, 255).astype(np.uint8)


def noise(height=50, width=60):
    return np.random.default_rng(6).integers(0, 256, (height, width, 3)).astype(np.uint8)


class OneImage(ProgramTest):
    def measure(self, name, *words):
        """The picture's indices and what --json tells."""
        told = json.loads(self.succeed(name, "--write", "instability", "--json", "--overwrite", *words).stdout)
        return labels_of(self.folder / "segmented" / f"{name[:-4]}_instability.png"), told["instability"]

    def test_blobs_that_every_restart_finds(self):
        self.image("blobs.png", blobs())
        indices, told = self.measure("blobs.png", "-k", 2)
        np.testing.assert_array_equal(indices, 1)  # 0 on the scale of the uncertainty
        self.assertEqual(told, {"mean": 0, "restarts": 5})

    def test_noise_that_every_restart_divides_in_its_own_way(self):
        self.image("noise.png", np.dstack([noise(), np.full((50, 60), 255, np.uint8)]))
        for restarts, compared in ((10, 5), (5, 3)):
            indices, told = self.measure("noise.png", "-k", 5, "--features", "rgb", "--restarts", restarts)
            self.assertEqual(told["restarts"], compared)
            self.assertGreater(told["mean"], 0.1)
            # Multiples of 1 / restarts, as 1 … 255.
            values = (indices - 1) / 254 * compared
            np.testing.assert_allclose(values, np.round(values), atol=0.01 * compared)
            self.assertAlmostEqual(np.mean(np.round(values)) / compared, told["mean"], delta=1e-5)

    def test_strokes_that_all_restarts_leave_behind(self):
        """The start is pulled aside by the strokes; from every restart the fit ends in one place."""
        random = np.random.default_rng(2)
        side = np.arange(80)[None, :] < 40
        pixels = np.clip(random.normal(np.where(side, 90, 150), 20, (60, 80)), 0, 255).astype(np.uint8)
        self.image("grey.png", pixels)
        self.image("strokes.png", (pixels < 70).astype(np.uint8))
        _, told = self.measure("grey.png", "-k", 2, "--scribbles", "strokes.png")
        self.assertEqual(told["restarts"], 5)
        self.assertLess(told["mean"], 0.02)

    def test_no_data_is_index_0(self):
        pixels = np.dstack([photo(), np.full(photo().shape[:2], 255, np.uint8)])
        pixels[:5] = 0
        self.image("photo.png", pixels)
        indices, _ = self.measure("photo.png", "-k", 4)
        np.testing.assert_array_equal(indices == 0, np.arange(64)[:, None] < np.full(96, 5))

    def test_fewer_colours_than_classes_need_no_start(self):
        pixels = np.zeros((10, 10, 3), np.uint8)
        pixels[:5] = 255
        self.image("flat.png", pixels)
        indices, told = self.measure("flat.png", "-k", 4)
        np.testing.assert_array_equal(indices, 1)
        self.assertEqual(told, {"mean": 0, "restarts": 0})

    def test_the_line_and_the_details_tell_it(self):
        self.image("noise.png", noise())
        result = self.succeed("noise.png", "-k", 5, "--write", "instability", "-v")
        self.assertRegex(result.stdout, r", instability 0\.\d{4}, ")
        self.assertRegex(result.stderr, r"instability: 0\.\d{4}, .* one of 5 restarts")

    def test_the_same_bytes_for_any_number_of_threads(self):
        self.image("noise.png", noise())
        pictures = set()
        for threads in (1, 2):
            self.succeed("noise.png", "-k", 6, "--write", "instability", "--threads", threads, "--overwrite")
            pictures.add((self.folder / "segmented/noise_instability.png").read_bytes())
        self.assertEqual(len(pictures), 1)

    def test_asking_for_it_changes_nothing_else(self):
        self.image("photo.png", photo())
        self.succeed("photo.png", "-k", 4, "-o", "with", "--write", "labels,model,instability")
        self.succeed("photo.png", "-k", 4, "-o", "without", "--write", "labels,model")
        for name in self.names("without"):
            self.assertEqual((self.folder / "with" / name).read_bytes(), (self.folder / "without" / name).read_bytes())

    def test_who_cannot_have_it(self):
        self.image("photo.png", photo())
        self.succeed("photo.png", "-k", 2, "--write", "model")
        model = "segmented/photo.gmm.json"
        for words, reason in ((["-k", 2, "--restarts", 2], "at least 3"), (["--init-model", model], "start model"),
                              (["--model", model], "not fitted here")):
            self.fail(USAGE, "photo.png", *words, "-o", "out", "--write", "labels,instability",
                      says=["instability", reason])
            self.succeed("photo.png", *words, "-o", "out", "--write", "all", "--overwrite")
            self.assertNotIn("photo_instability.png", self.names("out"))


class Folders(ProgramTest):
    def setUp(self):
        super().setUp()
        (self.folder / "in").mkdir()
        self.image("in/a.png", photo(40, 30))
        self.image("in/b.png", photo(40, 30)[::-1])

    def test_a_fit_of_each_image_has_one(self):
        for words in (["--separate-models"], ["--match"]):
            lines = self.succeed("in", "-k", 3, "-o", "out", *words, "--write", "instability", "--json",
                                 "--overwrite").stdout.splitlines()
            self.assertEqual([json.loads(line)["instability"]["restarts"] for line in lines], [5, 5])
            self.assertIn("b_instability.png", self.names("out"))

    def test_a_shared_model_has_none(self):
        self.fail(USAGE, "in", "-k", 3, "-o", "out", "--write", "labels,instability",
                  says=["instability", "--separate-models"])
        self.succeed("in", "-k", 3, "-o", "out", "--write", "all")
        self.assertNotIn("a_instability.png", self.names("out"))
        self.assertIn("gmmseg-model_convergence.svg", self.names("out"))


if __name__ == "__main__":
    unittest.main()
