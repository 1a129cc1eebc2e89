"""--features lab,texture: what a pixel's neighbourhood is like joins its colour, in every mode."""

import unittest

import numpy as np
import tifffile

from program import ProgramTest, labels_of, model_of


def half_rough():
    """Grey of one mean; pixels differ from it by up to 10 levels, right of the middle by up to 30."""
    noise = np.random.default_rng(5).integers(-30, 31, (80, 120))
    noise[:, :60] //= 3
    return np.repeat((128 + noise).astype(np.uint8)[:, :, None], 3, axis=2)


def share_right(labels):
    """Of the pixels, those that their half's most frequent label has."""
    left, right = labels[:, :60], labels[:, 60:]
    agreed = sum((half == np.bincount(half.ravel()).argmax()).sum() for half in (left, right))
    return agreed / labels.size


class Texture(ProgramTest):
    def setUp(self):
        super().setUp()
        self.image("halves.png", half_rough())

    def labels(self, out, *words):
        self.succeed(*words, "-o", out)
        return labels_of(self.folder / out / "halves_labels.png")

    def test_tells_rough_from_smooth_where_colour_cannot(self):
        arguments = ("halves.png", "-k", 2, "--write", "labels")
        self.assertLess(share_right(self.labels("colour", *arguments, "--features", "lab")), 0.9)
        self.assertGreater(
            share_right(self.labels("texture", *arguments, "--features", "lab,texture")), 0.95)

    def test_a_model_keeps_it_and_applies_it(self):
        fitted = self.labels("fit", "halves.png", "-k", 2, "--features", "texture",
                             "--write", "labels,model")
        (file,) = (self.folder / "fit").glob("*.gmm.json")
        self.assertEqual(model_of(file)["feature_spec"]["texture"], "on")
        self.assertEqual([f["source"] for f in model_of(file)["features"]],
                         ["lab"] * 3 + ["texture"] * 2)
        applied = self.labels("applied", "apply", "--model", file, "halves.png",
                              "--write", "labels")
        np.testing.assert_array_equal(applied, fitted)
        again = self.labels("again", "halves.png", "--init-model", file, "--max-iterations", 0,
                            "--write", "labels")
        np.testing.assert_array_equal(again, fitted)
        self.fail(2, "halves.png", "--init-model", file, "--features", "lab", "-o", "other",
                  says=["--features", "lab,texture"])

    def test_refuses_bands_without_lightness(self):
        tifffile.imwrite(self.folder / "bands.tif", np.zeros((5, 20, 30), np.uint16),
                         planarconfig="separate", photometric="minisblack")
        self.fail(2, "bands.tif", "-k", 2, "--features", "raw,texture", "-o", "out",
                  says=["texture", "lightness"])

    def test_a_shared_model_of_a_folder_has_it(self):
        (self.folder / "many").mkdir()
        for name in ("a.png", "b.png"):
            self.image(f"many/{name}", half_rough())
        self.succeed("many", "-k", 2, "--features", "lab,texture", "--write", "labels",
                     "--shared-model", "-o", "shared")
        for name in ("a", "b"):
            labels = labels_of(self.folder / "shared" / f"{name}_labels.png")
            self.assertGreater(share_right(labels), 0.95)


if __name__ == "__main__":
    unittest.main()
