"""Choosing the number of classes: the criteria against scikit-learn's, pictures whose number is known, and refusals."""

import json
import unittest

import numpy as np
import tifffile
from scipy.ndimage import gaussian_filter
from sklearn.mixture import GaussianMixture

from program import ProgramTest, model_of, photo

USAGE = 2
CRITERIA = ("bic", "aic", "icl", "bic_effective", "icl_effective")


def noise(seed, shape, blur):
    """White or, with blur > 0, correlated, of deviation 8."""
    values = np.random.default_rng(seed).normal(size=shape)
    if blur:
        values = gaussian_filter(values, (blur, blur, 0))
    return 8 * values / values.std()


def areas(num_classes, seed, shape):
    """Blobs, numbered from 0: the largest of as many smooth random fields."""
    random = np.random.default_rng(seed)
    return np.argmax([gaussian_filter(random.normal(size=shape), 12) for _ in range(num_classes)], axis=0)


COLORS = np.array([[60, 60, 60], [190, 70, 60], [70, 180, 70], [70, 80, 190], [190, 180, 60], [200, 200, 200]])


def picture(num_classes, blur, seed=1, shape=(120, 160)):
    pixels = COLORS[areas(num_classes, seed, shape)] + noise(seed, (*shape, 3), blur)
    return np.clip(np.round(pixels), 0, 255).astype(np.uint8)


class ChooseK(ProgramTest):
    def choose(self, name, *words):
        """The model file, and what was said."""
        result = self.succeed(name, *words, "--write", "model", "--overwrite")
        return model_of(self.folder / "segmented" / (name.rsplit(".", 1)[0] + ".gmm.json")), result.stderr


# Of R 4.2.2's mclust 6.0.0 on the points below: -Mclust(x, G, modelNames)$bic, and what its icl() would be with the
# entropy, 2 Σ -p ln p, in the place of its own 2 Σ -ln max p. It stops at a gain of 1e-5 relative.
MCLUST = {"full": {1: (42410.25, 42410.25), 3: (34978.84, 35173.50), 4: (33285.32, 33304.25)},
          "tied": {1: (42410.25, 42410.25), 4: (37333.86, 37562.45)},
          "diagonal": {1: (44073.18, 44073.18), 3: (37922.46, 38224.90), 4: (35858.72, 35924.85)},
          "spherical": {1: (44289.87, 44289.87), 3: (39404.10, 40343.39), 4: (37271.17, 37575.52)}}


def four_clusters():
    random = np.random.default_rng(5)
    means = np.array([[0, 0, 0], [5, 1, -2], [-3, 4, 4], [2, -4, 5]], float)
    classes = random.choice(4, 3000, p=[.4, .3, .2, .1])
    mixing = random.normal(size=(4, 3, 3)) * 0.5 + np.eye(3) * 1.1
    return (means[classes] + np.einsum("nij,nj->ni", mixing[classes], random.normal(size=(3000, 3)))).astype("f4")


class AgainstMclust(ChooseK):
    def test_bic_and_icl_of_the_same_points(self):
        tifffile.imwrite(self.folder / "x.tif", np.moveaxis(four_clusters().reshape(50, 60, 3), 2, 0).copy(),
                         photometric="minisblack", planarconfig="separate")
        for kind, expected in MCLUST.items():
            model, _ = self.choose("x.tif", "-k", "1:4", "--covariance", kind, "--floor", "off")
            for candidate in model["candidates"]:
                if candidate["requested_k"] not in expected:
                    continue
                bic, icl = expected[candidate["requested_k"]]
                with self.subTest(kind=kind, k=candidate["k"]):
                    np.testing.assert_allclose(candidate["bic"], bic, rtol=1e-5)
                    np.testing.assert_allclose(candidate["icl"], icl, rtol=2e-4)


class Found(ChooseK):
    def test_the_number_of_classes_without_being_told(self):
        for blur in (0, 1, 2):
            for num_classes in range(1, 7):
                with self.subTest(blur=blur, num_classes=num_classes):
                    self.image("areas.png", picture(num_classes, blur))
                    model, _ = self.choose("areas.png", "--features", "rgb", "--restarts", 5)
                    self.assertEqual(model["k"], num_classes)
                    self.assertEqual(model["requested_k"], num_classes)

    def test_white_noise_counts_in_full_and_correlated_noise_for_less(self):
        shares = []
        for blur in (0, 1, 2):
            self.image("noise.png", picture(1, blur))
            first = self.choose("noise.png", "-k", "1:2", "--features", "rgb")[0]["candidates"][0]
            shares.append(first["effective_samples"] / (120 * 160))
        self.assertGreater(shares[0], 0.97)
        # What a Gaussian of deviation s leaves of white noise, along two axes: (2 sqrt(pi) s)^-2.
        np.testing.assert_allclose(shares[1:], [1 / (4 * np.pi), 1 / (16 * np.pi)], rtol=0.15)


class Criteria(ChooseK):
    def test_they_are_those_of_scikit_learn_for_the_same_models(self):
        pixels = photo(160, 107)
        self.image("photo.png", pixels)
        rows = pixels.reshape(-1, 3).astype(float)
        for kind, theirs in (("full", "full"), ("diagonal", "diag"), ("spherical", "spherical")):
            model, _ = self.choose("photo.png", "-k", "1:4", "--features", "rgb", "--covariance", kind)
            self.assertEqual([each["requested_k"] for each in model["candidates"]], [1, 2, 3, 4])
            for each in model["candidates"]:
                with self.subTest(kind, k=each["k"]):
                    fixed, _ = self.choose("photo.png", "-k", each["requested_k"], "--features", "rgb", "--covariance", kind)
                    self.compare(each, fixed, theirs, rows)

    def compare(self, ours, fixed, kind, rows):
        mixture = GaussianMixture(ours["k"], covariance_type=kind)
        covariances = np.array(fixed["covariances"])
        mixture.weights_, mixture.means_ = np.array(fixed["weights"]), np.array(fixed["means"])
        mixture.covariances_ = {"full": covariances, "diag": np.einsum("kdd->kd", covariances),
                                "spherical": covariances[:, 0, 0]}[kind]
        mixture.precisions_cholesky_ = {
            "full": np.linalg.inv(np.linalg.cholesky(covariances)).transpose(0, 2, 1)
        }.get(kind, 1 / np.sqrt(mixture.covariances_))
        posteriors = mixture.predict_proba(rows)
        entropy = -np.sum(posteriors * np.log(np.maximum(posteriors, 1e-300)))
        n, n_eff = len(rows), ours["effective_samples"]
        parameters = (mixture.bic(rows) - mixture.aic(rows)) / (np.log(n) - 2)
        self.assertAlmostEqual(ours["parameters"], parameters, places=5)
        np.testing.assert_allclose(
            [ours[name] for name in CRITERIA],
            [mixture.bic(rows), mixture.aic(rows), mixture.bic(rows) + 2 * entropy,
             -2 * n_eff * mixture.score(rows) + parameters * np.log(n_eff),
             -2 * n_eff * mixture.score(rows) + parameters * np.log(n_eff) + 2 * n_eff * entropy / n], rtol=1e-5)
        for name in ("bic", "aic", "icl"):
            self.assertAlmostEqual(ours[name] / fixed[name], 1, places=9)


class Said(ChooseK):
    def setUp(self):
        super().setUp()
        self.image("areas.png", picture(3, 0))

    def test_a_table_marks_the_lowest_and_quiet_silences_it(self):
        model, said = self.choose("areas.png", "-k", "2:5", "--features", "rgb")
        self.assertIn("lower is better", said)
        rows = [line for line in said.splitlines() if line.split()[-1].replace(".", "").replace("-", "").isdigit()]
        self.assertEqual([row.split(":")[1].split()[0] for row in rows], ["2", "*", "4", "5"])
        self.assertEqual([each["chosen"] for each in model["candidates"]], [False, True, False, False])
        effective = [each["bic_effective"] for each in model["candidates"]]
        self.assertEqual(np.argmin(effective), 1)
        self.assertEqual(self.succeed("areas.png", "-k", "2:5", "-q", "-o", "quiet").stderr, "")

    def test_auto_and_nothing_are_one_to_eight(self):
        files = set()
        for words in ([], ["-k", "auto"], ["-k", "1:8"]):
            self.choose("areas.png", *words)
            files.add((self.folder / "segmented" / "areas.gmm.json").read_bytes())
        self.assertEqual(len(files), 1)

    def test_a_fixed_number_has_no_candidates_and_no_table(self):
        model, said = self.choose("areas.png", "-k", 3)
        self.assertNotIn("candidates", model)
        self.assertEqual(said, "")

    def test_json_has_what_the_model_file_has(self):
        out = self.succeed("areas.png", "-k", "1:4", "--json").stdout
        self.assertEqual(json.loads(out)["fit"]["candidates"],
                         model_of(self.folder / "segmented" / "areas.gmm.json")["candidates"])

    def test_the_edge_of_the_range_is_a_warning_but_not_at_one(self):
        for words, at in (("4:6", "least"), ("1:2", "most"), ("2:5", None), ("3:3", None)):
            with self.subTest(words):
                said = self.choose("areas.png", "-k", words, "--features", "rgb")[1]
                (self.assertIn if at else self.assertNotIn)("warning", said)
                self.assertIn(at or "", said)
        self.image("one.png", picture(1, 0))
        self.assertNotIn("warning", self.choose("one.png", "-k", "1:3", "--features", "rgb")[1])

    def test_a_range_beyond_the_colours_ends_with_them(self):
        two = np.zeros((20, 20, 3), np.uint8)
        two[:, 8:] = 200
        self.image("two.png", two)
        model, said = self.choose("two.png", "-k", "1:6")
        self.assertLessEqual(len(model["candidates"]), 3)
        self.assertNotIn("warning", said)

    def test_as_many_classes_as_colours_are_no_edge(self):
        colors = np.array([[200, 30, 20], [30, 190, 40], [20, 40, 210]], np.uint8)
        self.image("flags.png", np.repeat(np.repeat(colors, 20, 0)[:, None], 30, 1))
        result = self.succeed("flags.png", "-k", "2:3")
        self.assertIn("3 components, of lowest BIC_eff", result.stderr)
        self.assertNotIn("warning", result.stderr)

    def test_a_model_that_was_chosen_is_applied_like_any_other(self):
        self.choose("areas.png", "-k", "2:4")
        self.assertEqual(self.succeed("apply", "areas.png", "--model", "segmented/areas.gmm.json", "-o", "applied").stderr, "")

    def test_a_variable_and_a_settings_file(self):
        (self.folder / "run.toml").write_text("components = '2:4'\n")
        self.assertEqual(len(self.choose("areas.png", "--config", "run.toml")[0]["candidates"]), 3)
        self.succeed("areas.png", "-o", "variable", env={"GMMSEG_COMPONENTS": "2:3"})
        self.assertEqual(len(model_of(self.folder / "variable" / "areas.gmm.json")["candidates"]), 2)
        dump = self.succeed("-k", "2:4", "--dump-config").stdout
        self.assertIn('components = "2:4"', dump)


class Folders(ChooseK):
    def setUp(self):
        super().setUp()
        (self.folder / "in").mkdir()
        for seed in (1, 2, 3):
            self.image(f"in/{seed}.png", picture(3, 1, seed))

    def test_a_shared_model_is_chosen_once_for_all(self):
        said = self.succeed("in", "--features", "rgb", "-o", "all").stderr
        model = model_of(self.folder / "all" / "gmmseg-model.gmm.json")
        self.assertEqual(model["k"], 3)
        self.assertEqual(said.count("lower is better"), 1)
        # The images' effective numbers add up.
        alone = sum(map(self.alone, (1, 2, 3)))
        self.assertAlmostEqual(model["candidates"][0]["effective_samples"], alone, places=6)

    def alone(self, seed):
        self.succeed(f"in/{seed}.png", "-k", "1:2", "--features", "rgb", "-o", f"alone{seed}")
        return model_of(self.folder / f"alone{seed}" / f"{seed}.gmm.json")["candidates"][0]["effective_samples"]

    def test_resuming_keeps_the_choice_and_refuses_another_range(self):
        self.succeed("in", "-k", "2:4", "-o", "all")
        self.assertIn("kept", self.succeed("in", "-k", "2:4", "-o", "all", "--resume").stderr)
        result = self.segment("in", "-k", "2:5", "-o", "all", "--resume")
        self.assertEqual(result.returncode, USAGE)
        self.assertIn("k=2:4 there, k=2:5 here", result.stderr)

    def test_separate_models_choose_each_for_itself(self):
        self.image("in/one.png", picture(1, 1))
        self.succeed("in", "--separate-models", "--features", "rgb", "-o", "each")
        self.assertEqual([model_of(self.folder / "each" / f"{name}.gmm.json")["k"] for name in ("1", "one")], [3, 1])


class Refused(ChooseK):
    def setUp(self):
        super().setUp()
        self.image("areas.png", picture(2, 0))

    def test_what_is_no_range(self):
        for word in ("0:3", "3:2", "2:", ":3", "2:3:4", "a:b", "1:65536", "2-4", "-1:3"):
            with self.subTest(word):
                self.fail(USAGE, "areas.png", f"--components={word}", says=["--components", "1 to 65535", "2:8", "auto"])

    def test_a_range_where_position_is_tempered(self):
        for words in (["-k", "2:4"], []):
            self.fail(USAGE, "areas.png", *words, "--position", 0.5, says=["position weight 0.5", "no density"])
        self.succeed("areas.png", "-k", "1:2", "--position", 1)

    def test_a_range_with_a_reference_or_a_start(self):
        self.succeed("areas.png", "-k", 2, "-o", "start")
        model = "start/areas.gmm.json"
        self.fail(USAGE, "areas.png", "-k", "2:4", "--match", "--model", model, says=["--match", "one number"])
        self.fail(USAGE, "areas.png", "--match", says=["--match", "-k N"])
        self.fail(USAGE, "areas.png", "-k", "2:4", "--init-model", model, says=["-k", "--init-model", "2 components"])
        self.succeed("areas.png", "--init-model", model, "-o", "warm")
        self.assertNotIn("candidates", model_of(self.folder / "warm" / "areas.gmm.json"))


if __name__ == "__main__":
    unittest.main()
