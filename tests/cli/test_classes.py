"""Components merged to classes: --classes.

The reference is the definition of Baudry, Raftery, Celeux, Lo and Gottardo (2010), evaluated by numpy on the
posteriors that the same fit writes without --classes.
"""

import json
import unittest

import numpy as np

from program import ProgramTest, labels_of, model_of, photo, probabilities_of

USAGE = 2


def entropy(posteriors):
    return -np.sum(posteriors * np.log(np.maximum(posteriors, 1e-300)), axis=0)


def merged(posteriors):
    """The levels, each a list of sets of components, and their entropies."""
    rows = {frozenset([k]): row for k, row in enumerate(posteriors)}
    levels = [(set(rows), entropy(posteriors).mean())]
    while len(rows) > 1:
        pairs = [(a, b) for a in rows for b in rows if min(a) < min(b)]
        gains = [np.mean(entropy(np.array([rows[a], rows[b]])) - entropy((rows[a] + rows[b])[None])) for a, b in pairs]
        first, second = pairs[int(np.argmax(gains))]
        rows[first | second] = rows.pop(first) + rows.pop(second)
        levels.append((set(rows), entropy(np.array(list(rows.values()))).mean()))
    return levels


def grouped(class_of):
    """Sets of components, from 0, in the order of their classes."""
    return [frozenset(k for k, each in enumerate(class_of) if each == c + 1) for c in range(max(class_of))]


class OneImage(ProgramTest):
    def setUp(self):
        super().setUp()
        self.image("photo.png", photo())
        self.succeed("photo.png", "-k", 7, "--write", "probabilities,model", "-o", "plain")
        self.plain = probabilities_of(self.folder / "plain" / "photo_probs.tif").astype(float).reshape(7, -1)

    def merge(self, *words, k=7, write="labels,probabilities,model,uncertainty"):
        told = json.loads(self.succeed("photo.png", "-k", k, "--json", "--overwrite", "-o", "out", "--write", write,
                                       *words).stdout)
        return told, model_of(self.folder / "out" / "photo.gmm.json")

    def test_the_levels_are_those_of_the_definition(self):
        told, model = self.merge("--classes", 3)
        levels = merged(self.plain)
        self.assertEqual([level["classes"] for level in model["class_levels"]], [7, 6, 5, 4, 3, 2, 1])
        np.testing.assert_allclose([level["entropy_per_sample"] for level in model["class_levels"]],
                                   [value for _, value in levels], atol=2e-4)
        self.assertEqual(set(grouped(model["class_of"])), levels[4][0])
        self.assertEqual(told["fit"]["class_of"], model["class_of"])
        self.assertEqual(told["fit"]["class_levels"], model["class_levels"])

    def test_outputs_are_of_classes(self):
        told, model = self.merge("--classes", 3)
        groups = grouped(model["class_of"])
        sums = np.array([self.plain[list(group)].sum(axis=0) for group in groups])
        probabilities = probabilities_of(self.folder / "out" / "photo_probs.tif").reshape(3, -1)
        np.testing.assert_allclose(probabilities, sums, atol=1e-5)
        labels = labels_of(self.folder / "out" / "photo_labels.png").reshape(-1)
        np.testing.assert_array_equal(labels, probabilities.argmax(axis=0) + 1)
        self.assertEqual((told["components"], len(told["classes"]), model["k"]), (7, 3, 7))
        weights, means = np.array(model["weights"]), np.array(model["means"])
        for entry, group in zip(model["classes"], groups):
            chosen = list(group)
            self.assertAlmostEqual(entry["weight"], weights[chosen].sum())
            np.testing.assert_allclose(entry["mean"], np.average(means[chosen], axis=0, weights=weights[chosen]))
            self.assertAlmostEqual(entry["share"], np.mean(labels == entry["index"]))
        lightness = [entry["mean"][0] for entry in model["classes"]]
        self.assertEqual(lightness, sorted(lightness))

    def test_the_mixture_is_the_same_one(self):
        _, model = self.merge("--classes", 3)
        plain = model_of(self.folder / "plain" / "photo.gmm.json")
        for key in ("weights", "means", "covariances", "bic", "aic", "icl", "requested_k"):
            self.assertEqual(model[key], plain[key], key)
        self.assertNotIn("class_of", plain)

    def test_any_number_of_threads(self):
        self.merge("--classes", 3, "--threads", 1)
        once = (self.folder / "out" / "photo.gmm.json").read_bytes()
        self.merge("--classes", 3, "--threads", 2)
        self.assertEqual(once, (self.folder / "out" / "photo.gmm.json").read_bytes())

    def test_the_line_and_the_details(self):
        result = self.succeed("photo.png", "-k", 7, "--classes", 2, "-v")
        self.assertIn("2 classes of 7 components", result.stdout)
        self.assertRegex(result.stderr, r"6 classes: entropy 0\.\d{5} per pixel, the classes of components \d and \d being one")

    def test_a_range_of_components(self):
        told, _ = self.merge("--classes", 2, k="5:6")
        self.assertIn(told["components"], (5, 6))
        self.assertEqual(len(told["classes"]), 2)

    def test_one_class_is_certain(self):
        _, model = self.merge("--classes", 1)
        self.assertEqual(len(model["classes"]), 1)
        self.assertEqual(model["class_levels"][-1]["entropy_per_sample"], 0)

    def test_the_model_is_applied_matched_and_updated_with_its_classes(self):
        self.merge("--classes", 3)
        self.succeed("apply", "--model", "out/photo.gmm.json", "photo.png", "-o", "applied")
        for name in ("photo_labels.png", "photo_uncertainty.png"):
            self.assertEqual((self.folder / "applied" / name).read_bytes(), (self.folder / "out" / name).read_bytes())
        told = json.loads(self.succeed("photo.png", "-k", 7, "--match", "--model", "out/photo.gmm.json", "--json",
                                       "--write", "labels", "-o", "matched").stdout)
        self.assertGreater(told["match_confidence"], 0.999)
        np.testing.assert_array_equal(labels_of(self.folder / "matched" / "photo_labels.png"),
                                      labels_of(self.folder / "out" / "photo_labels.png"))
        self.succeed("update", "out/photo.gmm.json", "photo.png", "-o", "new.gmm.json")
        new, old = model_of(self.folder / "new.gmm.json"), model_of(self.folder / "out" / "photo.gmm.json")
        self.assertEqual(new["class_of"], old["class_of"])
        self.assertAlmostEqual(sum(entry["weight"] for entry in new["classes"]), 1)
        np.testing.assert_allclose([entry["mean"] for entry in new["classes"]],
                                   [entry["mean"] for entry in old["classes"]], atol=0.2)

    def test_names_are_of_classes(self):
        (self.folder / "names.csv").write_text("class,name\n3,sky\n")
        _, model = self.merge("--classes", 3, "--class-names", "names.csv")
        self.assertEqual([entry["name"] for entry in model["classes"]], ["class 1", "class 2", "sky"])
        self.fail(USAGE, "photo.png", "-k", 7, "--classes", 2, "--class-names", "names.csv",
                  says=["class 3", "classes 1 to 2"])

    def test_what_cannot_be_merged(self):
        self.fail(USAGE, "photo.png", "-k", 4, "--classes", 5, says=["= 5", "1 to 4"])
        self.fail(USAGE, "photo.png", "-k", 4, "--classes", 0, says=["--classes 0"])
        self.fail(USAGE, "photo.png", "-k", 2000, "--classes", 3, says=["2000", "1024"])
        self.fail(USAGE, "photo.png", "-k", 4, "--classes", 2, "--method", "kmeans", says=["k-means"])
        self.fail(USAGE, "photo.png", "--init-model", "plain/photo.gmm.json", "--freeze", "--classes", 2, says=["frozen"])
        self.fail(USAGE, "photo.png", "-k", 7, "--match", "--model", "plain/photo.gmm.json", "--classes", 2,
                  says=["--classes", "--match"])
        self.fail(USAGE, "apply", "--model", "plain/photo.gmm.json", "photo.png", "--classes", 2, says=["--classes"])


class Folders(ProgramTest):
    def setUp(self):
        super().setUp()
        (self.folder / "in").mkdir()
        for name, gain in (("a", 1), ("b", 0.8), ("c", 0.9)):
            self.image(f"in/{name}.png", (photo() * gain).astype(np.uint8))

    def labels(self, name, *words):
        self.succeed("in", "-k", 5, "--classes", 2, "-o", "out", "--write", "labels,masks", *words)
        self.assertFalse((self.folder / "out" / f"{name}_mask_3.png").exists())
        return labels_of(self.folder / "out" / f"{name}_labels.png")

    def test_a_shared_model_an_own_one_and_a_matched_one_have_two_classes(self):
        for words in ((), ("--separate-models",), ("--match",)):
            with self.subTest(words=words):
                labels = self.labels("b", *words, *(["--overwrite"] if words else []))
                self.assertEqual(set(np.unique(labels)), {1, 2})

    def test_going_on_with_another_number_starts_over(self):
        self.labels("a")
        result = self.segment("in", "-k", 5, "--classes", 3, "-o", "out", "--write", "labels,masks", "--resume")
        self.assertEqual(result.returncode, USAGE)
        self.assertIn("classes=2 there, classes=3 here", result.stderr)


if __name__ == "__main__":
    unittest.main()
