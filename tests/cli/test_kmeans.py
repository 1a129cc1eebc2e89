"""--method kmeans: beside scikit-learn's KMeans from the same centres, and what else it can do."""

import json
import unittest

import numpy as np
import tifffile
from scipy.optimize import linear_sum_assignment
from sklearn.cluster import KMeans

from program import ProgramTest, labels_of, model_of, photo

TO_THE_END = ("--tolerance", 0, "--floor", "off")


def nearest(points, centers):
    """Labels from 1, by distances in double precision."""
    return np.argmin(((points[:, None] - centers) ** 2).sum(axis=2), axis=1) + 1


def fewest_differences(one, other):
    """How many labels differ when the classes of one are renamed as well as can be."""
    counts = np.zeros((one.max() + 1, other.max() + 1))
    np.add.at(counts, (one.ravel(), other.ravel()), 1)
    return one.size - int(counts[linear_sum_assignment(-counts)].sum())


class Clustering(ProgramTest):
    def kmeans(self, *words, out):
        self.succeed(*words, "--method", "kmeans", "--write", "model,labels", "-o", out)
        model = model_of(next((self.folder / out).glob("*.gmm.json")))
        labels = next((self.folder / out).glob("*_labels.*"))
        return model, labels_of(labels)

    def assert_is_sklearns(self, name, points, *words, weights=None):
        start, _ = self.kmeans(name, "-k", 5, *words, "--max-iterations", 0, out="start")
        start_file = next((self.folder / "start").glob("*.gmm.json"))
        model, labels = self.kmeans(name, "--init-model", start_file, *words[2:], *TO_THE_END,
                                    out="end")
        self.assertEqual(model["method"], "kmeans")
        expected = KMeans(5, init=np.array(start["means"]), n_init=1, algorithm="lloyd", tol=0,
                          max_iter=1000).fit(points, sample_weight=weights)
        order = np.argsort(expected.cluster_centers_[:, 0])
        np.testing.assert_allclose(model["means"], expected.cluster_centers_[order], rtol=1e-4)
        total = len(points) if weights is None else weights.sum()
        inertia = np.array(model["covariances"])[:, 0, 0] * total * points.shape[1]
        np.testing.assert_allclose(inertia, expected.inertia_, rtol=1e-5)
        self.assertLess(np.mean(labels.ravel() - 1 != np.argsort(order)[expected.labels_]), 2e-3)

    def test_a_photograph_is_clustered_as_scikit_learn_does(self):
        pixels = photo(240, 160)
        self.image("photo.png", pixels)
        self.assert_is_sklearns("photo.png", pixels.reshape(-1, 3).astype(float),
                                "--features", "rgb")

    def test_float_bands_are_clustered_as_scikit_learn_does(self):
        random = np.random.default_rng(3)
        bands = random.normal(size=(6, 60, 80)) * np.array([1, 2, 5, 1, 30, 0.1])[:, None, None]
        bands[:, :30] += np.array([3, -1, 0, 8, 40, 1])[:, None, None]
        bands = bands.astype("f4")
        tifffile.imwrite(self.folder / "bands.tif", bands, planarconfig="separate",
                         photometric="minisblack")
        self.assert_is_sklearns("bands.tif", bands.reshape(6, -1).T.astype(float),
                                "--features", "raw")

    def test_weights_count_as_in_scikit_learn(self):
        pixels = photo(120, 80)
        self.image("photo.png", pixels)
        weights = np.random.default_rng(5).uniform(0.1, 4, pixels.shape[:2]).astype("f4")
        tifffile.imwrite(self.folder / "weights.tif", weights)
        self.assert_is_sklearns("photo.png", pixels.reshape(-1, 3).astype(float),
                                "--features", "rgb", "--weight-map", "weights.tif",
                                weights=weights.ravel().astype(float))

    def test_its_own_starts_are_as_good_as_scikit_learns(self):
        pixels = photo(240, 160)
        self.image("photo.png", pixels)
        points = pixels.reshape(-1, 3).astype(float)
        for k in (3, 6, 9):
            model, _ = self.kmeans("photo.png", "-k", k, "--features", "rgb", "--floor", "off",
                                   out=f"k{k}")
            expected = KMeans(k, n_init=10, random_state=0).fit(points)
            inertia = model["covariances"][0][0][0] * points.size
            self.assertLess(inertia, 1.01 * expected.inertia_)

    def test_apply_gives_the_nearest_means(self):
        pixels = photo(120, 80)
        self.image("photo.png", pixels)
        self.image("other.png", pixels[::-1, :50] // 2)
        model, labels = self.kmeans("photo.png", "-k", 6, "--features", "rgb", out="fit")
        np.testing.assert_array_equal(model["weights"], np.full(6, 1 / 6))
        self.assertEqual([model[key] for key in ("bic", "aic", "icl")], [None] * 3)
        self.assertEqual(len({json.dumps(each) for each in model["covariances"]}), 1)
        for name, shown in (("photo", pixels), ("other", pixels[::-1, :50] // 2)):
            self.succeed("apply", "--model", "fit/photo.gmm.json", f"{name}.png", "--write",
                         "labels", "-o", "applied")
            found = labels_of(self.folder / f"applied/{name}_labels.png")
            expected = nearest(shown.reshape(-1, 3).astype(float), np.array(model["means"]))
            np.testing.assert_array_equal(found.ravel(), expected)
        np.testing.assert_array_equal(labels, labels_of(self.folder / "applied/photo_labels.png"))

    def test_place_counts_by_its_weight_at_the_colours_variance(self):
        pixels = photo(90, 60)
        self.image("photo.png", pixels)
        model, labels = self.kmeans("photo.png", "-k", 5, "--features", "rgb", "--position", 4,
                                    out="fit")
        y, x = np.mgrid[:60, :90]
        points = np.column_stack([pixels.reshape(-1, 3), x.ravel(), y.ravel()]).astype(float)
        variances = points.var(axis=0)
        factor = np.sqrt(4 * variances[:3].mean() / variances[3:].mean())
        scale = np.array([1, 1, 1, factor, factor])
        expected = nearest(points * scale, np.array(model["means"]) * scale)
        self.assertLess(np.mean(labels.ravel() != expected), 1e-3)
        self.assertGreater(np.mean(labels.ravel() != nearest(points, np.array(model["means"]))),
                           0.01)

    def test_the_same_bytes_for_any_number_of_threads(self):
        self.image("photo.png", photo(300, 200))
        written = []
        for threads in (1, 2):
            self.kmeans("photo.png", "-k", 5, "--position", 1, "--threads", threads,
                        out=f"of{threads}")
            written.append((self.folder / f"of{threads}/photo.gmm.json").read_bytes())
        self.assertEqual(*written)

    def test_no_more_classes_than_colours(self):
        self.image("photo.png", np.repeat(np.array([[[9, 9, 9], [90, 9, 9]]], np.uint8), 8, axis=0))
        model, labels = self.kmeans("photo.png", "-k", 4, "--features", "rgb", out="fit")
        np.testing.assert_allclose(model["means"], [[9, 9, 9], [90, 9, 9]])
        np.testing.assert_array_equal(labels, [[1, 2]] * 8)

    def test_a_model_without_a_method_is_a_mixture(self):
        self.image("photo.png", photo())
        self.succeed("photo.png", "-k", 3, "--write", "model", "-o", "fit")
        path = self.folder / "fit/photo.gmm.json"
        model = model_of(path)
        self.assertEqual(model.pop("method"), "gmm")
        path.write_text(json.dumps(model), encoding="utf-8")
        self.succeed("apply", "--model", path, "photo.png", "-o", "applied")
        model["method"] = "median"
        path.write_text(json.dumps(model), encoding="utf-8")
        self.fail(4, "apply", "--model", path, "photo.png", "-o", "again", says=["method", "median"])

    def test_what_it_cannot_do_is_refused(self):
        self.image("photo.png", photo())
        words = ("photo.png", "--method", "kmeans")
        self.fail(2, *words, says=["give one number"])
        self.fail(2, *words, "-k", "2:4", says=["give one number"])
        self.fail(2, *words, "-k", 3, "--covariance", "full", says=["--covariance"])
        self.fail(2, *words, "-k", 3, "--missing", "marginal", "--features", "raw",
                  says=["missing"])
        self.fail(2, "photo.png", "-k", 3, "--method", "median", says=["median", "kmeans"])


class ManyImages(ProgramTest):
    def setUp(self):
        super().setUp()
        (self.folder / "in").mkdir()
        for name, pixels in (("a", photo(120, 80)), ("b", photo(120, 80)[:, ::-1] // 2)):
            self.image(f"in/{name}.png", pixels)

    def test_every_way_to_a_model(self):
        words = ("in", "-k", 4, "--method", "kmeans", "--features", "rgb")
        self.succeed(*words, "-o", "shared")
        means = np.array(model_of(self.folder / "shared/gmmseg-model.gmm.json")["means"])
        for name, pixels in (("a", photo(120, 80)), ("b", photo(120, 80)[:, ::-1] // 2)):
            np.testing.assert_array_equal(
                labels_of(self.folder / f"shared/{name}_labels.png").ravel(),
                nearest(pixels.reshape(-1, 3).astype(float), means))
        self.succeed(*words, "--match", "-o", "matched")
        self.succeed(*words, "--separate-models", "-o", "separate")
        self.assertEqual(model_of(self.folder / "separate/b.gmm.json")["method"], "kmeans")
        resumed = self.succeed(*words, "-o", "shared", "--resume", "--json")
        self.assertEqual({json.loads(line)["status"] for line in resumed.stdout.splitlines()},
                         {"kept"})

    def test_an_absent_class_of_a_match_is_a_ball_too_and_updates_go_on(self):
        """The reference is a mixture with long ellipsoids, of which the image lacks the first."""
        random = np.random.default_rng(8)
        means = np.array([(20, 60, 60), (90, 120, 60), (150, 60, 160), (230, 200, 90)])
        noise = random.normal(0, 1, (4, 15, 60, 3)) * (3, 12, 6)
        stripes = np.clip(means[:, None, None] + noise, 0, 255).astype(np.uint8)
        self.image("all.png", stripes.reshape(60, 60, 3))
        self.image("lacking.png", stripes[1:].reshape(45, 60, 3))
        self.succeed("all.png", "-k", 4, "--features", "rgb", "--write", "model", "-o", "all")
        self.succeed("lacking.png", "--match", "--model", "all/all.gmm.json", "-k", 3, "--method",
                     "kmeans", "--write", "model", "-o", "matched")
        model = model_of(self.folder / "matched/lacking.gmm.json")
        self.assertEqual(model["weights"][0], 0)
        for covariance in model["covariances"]:
            np.testing.assert_array_equal(covariance, model["covariances"][1])
        np.testing.assert_array_equal(model["means"][0], model_of(self.folder / "all/all.gmm.json")["means"][0])
        self.succeed("update", "matched/lacking.gmm.json", "lacking.png", "-o", "new.gmm.json")
        new = model_of(self.folder / "new.gmm.json")
        np.testing.assert_allclose(new["means"], model["means"], atol=0.01)
        np.testing.assert_allclose(new["covariances"], model["covariances"], rtol=1e-3, atol=1e-6)

    def test_statistics_make_one_of_lloyds_iterations(self):
        self.succeed("in/a.png", "-k", 4, "--method", "kmeans", "--features", "rgb", "--write",
                     "model", "-o", "start")
        before = np.array(model_of(self.folder / "start/a.gmm.json")["means"])
        self.succeed("update", "start/a.gmm.json", "in", "-o", "next.gmm.json")
        model = model_of(self.folder / "next.gmm.json")
        points = np.concatenate([photo(120, 80).reshape(-1, 3),
                                 (photo(120, 80)[:, ::-1] // 2).reshape(-1, 3)]).astype(float)
        labels = nearest(points, before)
        expected = [points[labels == k].mean(axis=0) for k in (1, 2, 3, 4)]
        np.testing.assert_allclose(model["means"], expected, rtol=1e-5)
        self.assertEqual(model["method"], "kmeans")


class Difference(ProgramTest):
    def document(self, *words):
        return json.loads(self.succeed("photo.png", "-k", 4, "--json", *words).stdout)

    def test_it_is_counted_for_a_report_of_a_mixture(self):
        pixels = photo()
        self.image("photo.png", pixels)
        told = self.document("--write", "labels,report", "-o", "gmm")["kmeans_difference"]
        kmeans = self.document("--method", "kmeans", "--write", "labels,report", "-o", "kmeans")
        one = labels_of(self.folder / "gmm/photo_labels.png")
        other = labels_of(self.folder / "kmeans/photo_labels.png")
        self.assertGreater(told, 0)
        self.assertEqual(told, fewest_differences(one, other))
        self.assertNotIn("kmeans_difference", kmeans)
        self.assertNotIn("kmeans_difference", self.document("--write", "labels", "-o", "none"))


if __name__ == "__main__":
    unittest.main()
