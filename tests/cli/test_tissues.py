"""--preset: tissues of a brain, on a phantom whose tissues and field are known. Beside it, where it
says so, scikit-learn's mixture with tied covariances."""

import json
import unittest

import nibabel as nib
import numpy as np
from scipy import ndimage
from sklearn.mixture import GaussianMixture

from program import MEDICAL, ProgramTest, model_of

AFFINE = np.diag([2.0, 2.0, 2.0, 1.0])
SLICE = MEDICAL / "slices" / "r16slice.jpg"
SUBJECT = MEDICAL / "volumes" / "subject_t1_stripped.nii.gz"
MEANS = {"t1": (300, 650, 1000), "t2": (1000, 650, 400), "flair": (200, 1000, 700),
         "ct": (8, 38, 28)}


def phantom(preset="t1", noise=50, uneven=0.4, shape=(48, 56, 40), seed=0):
    """Fractions of CSF, GM, WM (a cortex with folds), intensities, the mask and the field."""
    rng = np.random.default_rng(seed)
    x, y, z = [(g - (n - 1) / 2) / (n / 2) for g, n in zip(np.indices(shape), shape)]
    far = np.sqrt(x ** 2 + y ** 2 + z ** 2)
    folds = 0.09 * np.sin(9 * x) * np.sin(8 * y + 1) * np.sin(7 * z + 2)
    depth = 0.92 - far
    mask = depth > 0
    wm = ndimage.gaussian_filter((depth + folds > 0.33).astype(float), 0.7)
    wm *= ~(far < 0.15)
    inner = ndimage.gaussian_filter((depth + folds > 0.13).astype(float), 0.7)
    csf = np.clip(1 - inner + ndimage.gaussian_filter((far < 0.15).astype(float), 0.7), 0, 1)
    fractions = np.stack([csf, np.clip(1 - csf - wm, 0, 1), wm])
    fractions /= fractions.sum(0)
    field = 1 + uneven / 2 * np.clip(0.7 * x + 0.5 * y - 0.4 * z * x, -1, 1)
    field /= field[mask].mean()
    clean = np.tensordot(MEANS[preset], fractions, 1) * field
    values = np.hypot(clean + noise * rng.standard_normal(shape),
                      noise * rng.standard_normal(shape))
    return fractions, np.where(mask, np.maximum(np.round(values), 1), 0), mask, field


def mean_dice(labels, truth, mask):
    scores = []
    for k in (1, 2, 3):
        a, b = (labels == k) & mask, (truth == k) & mask
        scores.append(2 * np.sum(a & b) / (np.sum(a) + np.sum(b)))
    return np.mean(scores)


class TissueTest(ProgramTest):
    def save(self, name, values, dtype=np.uint16, affine=AFFINE):
        nib.save(nib.Nifti1Image(values.astype(dtype), affine), self.folder / name)

    def open(self, name):
        return np.asarray(nib.load(self.folder / "segmented" / name).dataobj)

    def make(self, **settings):
        self.fractions, values, self.mask, self.field = phantom(**settings)
        self.values = values
        self.truth = 1 + self.fractions.argmax(0)
        self.save("t1.nii.gz", values)
        self.save("mask.nii.gz", self.mask, np.uint8)

    def report(self, *arguments):
        return json.loads(self.succeed("t1.nii.gz", "--json", "--overwrite", *arguments).stdout)


class Quality(TissueTest):
    def test_tissues_fractions_and_field_are_found(self):
        for noise, uneven, least, most_bias in ((30, 0.4, 0.96, 0.015), (90, 0.4, 0.90, 0.04),
                                                (30, 0, 0.965, 0.015)):
            with self.subTest(noise=noise, uneven=uneven):
                self.make(noise=noise, uneven=uneven)
                self.report("--preset", "t1", "--mask", "mask.nii.gz", "--write",
                            "labels,probabilities,bias,restored,model")
                labels = self.open("t1_labels.nii.gz")
                np.testing.assert_array_equal(labels > 0, self.mask)
                score = mean_dice(labels, self.truth, self.mask)
                self.assertGreater(score, least)
                # The peer: a plain mixture with one variance.
                inside = self.values[self.mask][:, None]
                peer = GaussianMixture(3, covariance_type="tied", random_state=0).fit(inside[::3])
                rank = peer.means_.ravel().argsort().argsort()
                theirs = np.zeros(self.mask.shape, int)
                theirs[self.mask] = 1 + rank[peer.predict(inside)]
                self.assertGreater(score, mean_dice(theirs, self.truth, self.mask))
                shares = self.open("t1_probs.nii.gz")
                np.testing.assert_allclose(shares.sum(-1)[self.mask], 1, atol=1e-5)
                self.assertEqual(np.abs(shares[~self.mask]).max(), 0)
                rmse = np.sqrt(np.mean((shares[self.mask].T - self.fractions[:, self.mask]) ** 2))
                p = peer.predict_proba(inside)[:, peer.means_.ravel().argsort()]
                their_rmse = np.sqrt(np.mean((p.T - self.fractions[:, self.mask]) ** 2))
                self.assertLess(rmse, 0.65 * their_rmse)
                bias = self.open("t1_bias.nii.gz")
                self.assertAlmostEqual(bias[self.mask].mean(), 1, places=4)
                ratio = (bias / self.field)[self.mask]
                self.assertLess(ratio.std() / ratio.mean(), most_bias)
                restored = self.open("t1_restored.nii.gz")
                np.testing.assert_allclose((restored * bias)[self.mask], self.values[self.mask],
                                           rtol=1e-5)

    def test_classes_come_in_the_order_of_the_tissues(self):
        for preset in ("t1", "t2", "flair", "ct"):
            with self.subTest(preset=preset):
                self.make(preset=preset, noise=1.5 if preset == "ct" else 30, uneven=0)
                report = self.report("--preset", preset, "--mask", "mask.nii.gz")
                self.assertEqual([entry["name"] for entry in report["classes"]],
                                 ["CSF", "GM", "WM"])
                means = [entry["mean"][0] for entry in report["classes"]]
                np.testing.assert_allclose(means, MEANS[preset], rtol=0.2)
                self.assertGreater(mean_dice(self.open("t1_labels.nii.gz"), self.truth, self.mask),
                                   0.93)

    def test_neighbours_help_where_there_is_noise(self):
        self.make(noise=90)
        scores = {}
        for strength in ("off", "0.5", "auto"):
            report = self.report("--preset", "t1", "--mask", "mask.nii.gz", "--smooth", strength)
            scores[strength] = mean_dice(self.open("t1_labels.nii.gz"), self.truth, self.mask)
            energies = report["tissues"]["energies_per_voxel"]
            for before, after in zip(energies, energies[1:]):
                self.assertLess(after, before + 1e-5)  # but for rounding
        self.assertGreater(scores["0.5"], scores["off"] + 0.02)
        self.assertGreater(scores["auto"], scores["off"] + 0.02)
        self.report("--preset", "t1", "--mask", "mask.nii.gz", "--neighbours", "26")
        self.assertGreater(mean_dice(self.open("t1_labels.nii.gz"), self.truth, self.mask),
                           scores["off"])


class Priors(TissueTest):
    MAPS = ("csf.nii.gz", "gm.nii.gz", "wm.nii.gz")

    def save_maps(self):
        for name, tissue in zip(self.MAPS, self.fractions):
            self.save(name, 255 * ndimage.gaussian_filter(tissue, 1.5), np.float32)

    def test_maps_have_their_say(self):
        self.make(noise=120)
        self.save_maps()
        scores = []
        for arguments in ((), ("--priors", *self.MAPS)):
            self.report("--preset", "t1", "--mask", "mask.nii.gz", *arguments)
            scores.append(mean_dice(self.open("t1_labels.nii.gz"), self.truth, self.mask))
        self.assertGreater(scores[1], scores[0] + 0.005)

    def test_maps_that_do_not_fit(self):
        self.make(shape=(16, 18, 12))
        self.save_maps()
        base = ["t1.nii.gz", "--preset", "t1", "--priors"]
        self.save("small.nii.gz", np.ones((8, 8, 8)))
        self.fail(4, *base, "csf.nii.gz", "gm.nii.gz", "small.nii.gz", says=["small.nii.gz"])
        self.save("moved.nii.gz", np.ones((16, 18, 12)), affine=AFFINE + 0.1)
        self.fail(4, *base, "csf.nii.gz", "gm.nii.gz", "moved.nii.gz", says=["moved.nii.gz"])
        self.save("below.nii.gz", np.full((16, 18, 12), -1), np.int16)
        self.fail(4, *base, "csf.nii.gz", "gm.nii.gz", "below.nii.gz", says=["from 0 on"])
        self.fail(2, *base, "csf.nii.gz", "gm.nii.gz")
        self.fail(2, "t1.nii.gz", "-k", 3, "--priors", *self.MAPS, says=["goes with --preset"])

    def test_maps_are_of_one_file_and_a_plain_run(self):
        self.make(shape=(16, 18, 12))
        self.save_maps()
        maps = ["--preset", "t1", "--priors", *self.MAPS]
        for option in ("--resume", "--refit", "--fail-fast", "--dry-run", "--separate-models"):
            with self.subTest(option=option):
                self.fail(2, "t1.nii.gz", *maps, option,
                          says=[f"--priors csf.nii.gz … with {option}", f"leave {option} away"])
        (self.folder / "in").mkdir()
        self.save("in/t1.nii.gz", self.values)
        self.fail(2, "in", *maps, says=["go with one file", "file by file"])


class Use(TissueTest):
    def test_the_same_bytes_for_any_number_of_threads(self):
        self.make()
        found = []
        for threads in (1, 2):
            self.succeed("t1.nii.gz", "--preset", "t1", "--mask", "mask.nii.gz", "--threads",
                         threads, "--overwrite", "--write",
                         "labels,probabilities,bias,restored,model,uncertainty")
            found.append({path.name: path.read_bytes()
                          for path in (self.folder / "segmented").iterdir()})
        self.assertEqual(found[0], found[1])

    def test_without_a_mask_the_foreground_is_taken_and_said(self):
        self.make()
        values = self.values.copy()
        values[:4, :4, :4] = 500  # a piece of its own
        self.save("t1.nii.gz", values)
        report = self.report("--preset", "t1")
        self.assertEqual(report["tissues"]["left_out_voxels"], 64)
        self.assertIn("no brain extraction", " ".join(report["warnings"]))
        labels = self.open("t1_labels.nii.gz")
        np.testing.assert_array_equal(labels > 0, self.mask)

    def test_a_ct_without_a_mask_is_the_head_and_no_air(self):
        self.make(preset="ct", noise=1.5, uneven=0)
        x, y = [np.abs(np.arange(n) - (n - 1) / 2) / (n / 2) for n in self.mask.shape[:2]]
        looked_at = (x[:, None] ** 2 + y[None] ** 2 <= 1)[..., None]
        for around in (-1024, -2000):
            with self.subTest(around=around):
                air = np.random.default_rng(0).normal(-1000, 8, self.mask.shape).round()
                ct = np.where(self.mask, self.values, np.where(looked_at, air, around))
                self.save("t1.nii.gz", ct, np.int16)
                self.report("--preset", "ct")
                np.testing.assert_array_equal(self.open("t1_labels.nii.gz") > 0, self.mask)

    def test_a_folder_gives_each_volume_a_model_of_its_own(self):
        (self.folder / "in").mkdir()
        for name, seed in (("in/a.nii.gz", 1), ("in/b.nii.gz", 2)):
            _, values, mask, _ = phantom(seed=seed, shape=(24, 28, 20))
            self.save(name, values)
        self.succeed("in", "--preset", "t1", "--write", "labels,model", "-q")
        means = [model_of(self.folder / f"segmented/{name}.gmm.json")["means"] for name in "ab"]
        self.assertNotEqual(means[0], means[1])

    def test_applying_its_model_warns_of_what_the_model_lacks(self):
        self.make(shape=(24, 28, 20))
        self.report("--preset", "t1", "--mask", "mask.nii.gz", "--write", "model,restored")
        for name in ("t1.nii.gz", "segmented/t1_restored.nii.gz"):
            result = self.segment("apply", name, "--model", "segmented/t1.gmm.json", "--write",
                                  "labels", "--overwrite", "-o", "applied")
            self.assertEqual(result.returncode, 0, result.stderr)
            self.assertIn("without their uneven field", result.stderr)
            self.assertEqual(result.stderr.count("warning"), 1, result.stderr)

    def test_a_picture_is_a_slice(self):
        if not SLICE.exists():
            self.skipTest(f"{SLICE} is not here")
        self.succeed(SLICE, "--preset", "t1", "--write", "all", "-q")
        names = {path.name for path in (self.folder / "segmented").iterdir()}
        self.assertTrue({"r16slice_bias.tif", "r16slice_restored.tif"} <= names, names)

    def test_what_does_not_go_together(self):
        self.make(shape=(16, 18, 12))
        for arguments, words in (
                (["--preset", "t1", "-k", 4], "three, CSF, GM and WM"),
                (["--preset", "t1", "--shared-model"], "a model of its own"),
                (["--preset", "t3"], "t1"),
                (["--bias", "off"], "goes with --preset"),
                (["--neighbours", "26", "-k", 3], "goes with --preset"),
                (["--preset", "t1", "--bias", "3"], "10 or more"),
                (["--preset", "t1", "--neighbours", "8"], "6 or 26"),
                (["--preset", "t1", "--smooth", "guided"], "smoothing by a guide"),
                (["--preset", "t1", "--position", 1], "features"),
                (["--preset", "t1", "--covariance", "spherical"], "covariance spherical"),
                (["--preset", "ct", "--write", "bias"], "--bias off"),
                (["--preset", "ct", "--bias", "on"], "no such field"),
                (["--preset", "t1", "--floor", "off"], "floor"),
                (["--preset", "t1", "--accelerate", "on"], "leave --accelerate away"),
                (["--preset", "t1", "--write", "convergence"], "free mixture"),
                (["-k", 3, "--write", "restored"], "--preset")):
            with self.subTest(arguments=arguments):
                self.fail(2, "t1.nii.gz", *arguments, says=[words])

    def test_bad_volumes(self):
        self.save("t1.nii.gz", np.zeros((8, 8, 8)))
        self.fail(2, "t1.nii.gz", "--preset", "t1", says=["three tissues"])
        two = np.zeros((8, 8, 8))
        two[2:6] = 100
        two[3:5] = 200
        self.save("t1.nii.gz", two)
        self.fail(2, "t1.nii.gz", "--preset", "t1", says=["different intensities"])
        self.save("t1.nii.gz", np.stack([two, two], -1))
        self.fail(2, "t1.nii.gz", "--preset", "t1", says=["2 bands"])

    def test_a_subject_takes_seconds(self):
        if not SUBJECT.exists():
            self.skipTest(f"{SUBJECT} is not here")
        report = json.loads(self.succeed(SUBJECT, "--preset", "t1", "--json").stdout)
        shares = [entry["share"] for entry in report["classes"]]
        self.assertTrue(0.07 < shares[0] < 0.3 and 0.3 < shares[1] < 0.55 and 0.3 < shares[2] < 0.55,
                        shares)
        self.assertGreater(report["tissues"]["left_out_voxels"], 0)


if __name__ == "__main__":
    unittest.main()
