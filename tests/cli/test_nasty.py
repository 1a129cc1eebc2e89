"""Images and models that a fit may choke on: sound outputs, or one line that says what is wrong."""

import json
import unittest

import numpy as np
import tifffile

from program import ProgramTest, labels_of, model_of, photo, probabilities_of

SHAPES = [(1, 1), (1, 40), (40, 1), (9, 13), (24, 20)]
NUM_IMAGES = 64
OPTIONS = [("-k", 3), ("-k", 7, "--covariance", "tied", "--position", 1),
           ("-k", 2, "--covariance", "spherical", "--init", "random", "--floor", "off"),
           ("-k", 4, "--covariance", "diagonal", "--init", "hierarchical")]


def flat(_, shape):
    return np.full(shape, 0.3)


def two_valued(random, shape):
    return random.integers(0, 2, shape).astype(float)


def one_outlier(random, shape):
    values = 0.1 + 0.01 * random.random(shape)
    values.flat[0] = 1
    return values


def few_values(random, shape):
    return random.integers(0, 4, shape) / 3


def noise(random, shape):
    return random.random(shape)


def huge(random, shape):
    return random.normal(size=shape) * 10.0 ** random.integers(5, 30)


def tiny(random, shape):
    return random.normal(size=shape) * 10.0 ** -random.integers(5, 44)


def not_numbers(random, shape):
    return np.where(random.random(shape) < 0.4, np.nan, random.random(shape))


FAMILIES = [flat, two_valued, one_outlier, few_values, noise, huge, tiny, not_numbers]


def nasty_image(number):
    """Everything about the image is drawn from its number: rows x columns x bands."""
    random = np.random.default_rng(number)
    family = FAMILIES[number % len(FAMILIES)]
    shape = SHAPES[random.integers(len(SHAPES))] + (random.integers(1, 7),)
    values = family(random, shape)
    kind = random.choice([np.uint8, np.uint16, np.float32])
    if kind == np.float32:
        return values.astype(np.float32)
    top = np.iinfo(kind).max
    return np.clip(np.nan_to_num(values) * top, 0, top).astype(kind)


class NastyImages(ProgramTest):
    def check(self, name, pixels, k):
        model = (self.folder / "out" / f"{name}.gmm.json").read_text(encoding="utf-8")
        self.assertNotRegex(model.lower(), r"\bnan\b|\binf")
        labels = labels_of(self.folder / "out" / f"{name}_labels.png")
        np.testing.assert_array_equal(labels > 0, np.isfinite(pixels).all(axis=2))
        self.assertLessEqual(labels.max(), k)
        if labels.any():
            probabilities = probabilities_of(self.folder / "out" / f"{name}_probs.tif")
            sums = probabilities.reshape(-1, *labels.shape).sum(axis=0)
            np.testing.assert_allclose(sums[labels > 0], 1, atol=0.02)

    def test_labels_probabilities_and_models_are_sound(self):
        for number in range(NUM_IMAGES):
            name, pixels = f"image_{number}", nasty_image(number)
            words = OPTIONS[number // len(FAMILIES) % len(OPTIONS)]
            with self.subTest(f"{name} {words}"):
                bands = pixels[..., 0] if pixels.shape[2] == 1 else pixels
                tifffile.imwrite(self.folder / f"{name}.tif", bands, photometric="minisblack",
                                 planarconfig="contig" if bands.ndim == 3 else None)
                self.succeed(f"{name}.tif", *words, "--features", "raw", "--write",
                             "labels,probabilities,model", "-o", "out")
                self.check(name, pixels, words[1])


class LostComponents(ProgramTest):
    """A start with components far from every pixel."""

    def setUp(self):
        super().setUp()
        self.image("photo.png", photo())
        self.succeed("photo.png", "-k", 5, "--write", "model", "-o", "start")

    def fit_from(self, far):
        """Fits from the model with that many components moved away; the model and the run."""
        model = model_of(self.folder / "start" / "photo.gmm.json")
        for k in range(far):
            model["means"][k][1] = 5000.0 * (k + 1)
        (self.folder / "far.json").write_text(json.dumps(model), encoding="utf-8")
        result = self.succeed("photo.png", "--init-model", "far.json", "--write", "model,labels")
        return model_of(self.folder / "segmented" / "photo.gmm.json"), result

    def test_one_is_placed_anew(self):
        model, result = self.fit_from(1)
        self.assertEqual(result.stderr, "segment: warning: photo.png: a component that had lost its "
                                        "pixels was placed anew\n")
        self.assertEqual(model["k"], 5)
        self.assertEqual([rescue["dropped"] for rescue in model["rescues"]], [False])
        self.assertEqual(model["rescues"][0]["iteration"], 1)
        labels = labels_of(self.folder / "segmented" / "photo_labels.png")
        self.assertEqual(sorted(np.unique(labels)), [1, 2, 3, 4, 5])

    def test_of_three_one_is_placed_anew_and_two_are_dropped(self):
        model, result = self.fit_from(3)
        self.assertEqual(result.stderr.splitlines(), [
            "segment: warning: photo.png: 2 components lost every pixel and could not be saved; "
            "fewer classes come back",
            "segment: warning: photo.png: a component that had lost its pixels was placed anew"])
        self.assertIn("3 classes (5 asked for)", result.stdout)
        self.assertEqual(model["k"], 3)
        self.assertEqual(sorted(rescue["dropped"] for rescue in model["rescues"]),
                         [False, True, True])
        self.assertAlmostEqual(sum(model["weights"]), 1, places=12)


if __name__ == "__main__":
    unittest.main()
