"""Volumes in and out. Files are made and opened by nibabel, an implementation of NIfTI of its own."""

import gzip
import json
import unittest

import nibabel as nib
import numpy as np
from scipy import ndimage

from program import MEDICAL, ProgramTest, model_of

AFFINE = np.array([[-1.5, 0.1, 0, 40], [0.1, 2, 0.05, -30], [0, 0.05, 2.5, 10], [0, 0, 0, 1]])
ATLAS = MEDICAL / "volumes" / "icbm152_t1.nii.gz"

# What places a volume: copied byte by byte.
PLACE = ("pixdim", "qform_code", "sform_code", "quatern_b", "quatern_c", "quatern_d", "qoffset_x",
         "qoffset_y", "qoffset_z", "srow_x", "srow_y", "srow_z", "xyzt_units", "dim_info")


def balls(shape=(20, 18, 12), values=(20, 100, 180), noise=4, seed=0):
    """A ball in a ball in a background: classes 1 to 3, and their values with noise."""
    rng = np.random.default_rng(seed)
    middle = [(n - 1) / 2 for n in shape]
    grid = np.indices(shape)
    far = np.sqrt(sum(((g - m) / m) ** 2 for g, m in zip(grid, middle)))
    truth = 1 + (far < 0.9).astype(int) + (far < 0.5)
    return truth, np.round(np.take(values, truth - 1) + noise * rng.standard_normal(shape))


def dice(labels, truth, k):
    return 2 * np.sum((labels == k) & (truth == k)) / (np.sum(labels == k) + np.sum(truth == k))


class VolumeTest(ProgramTest):
    def save(self, name, values, affine=AFFINE, kind=nib.Nifti1Image, change=None, **header):
        image = kind(values, affine)
        for key, value in header.items():
            image.header[key] = value
        if change:
            change(image)
        nib.save(image, self.folder / name)
        return name

    def open(self, name):
        return nib.load(self.folder / "segmented" / name)

    def labels(self, stem="t1"):
        return np.asarray(self.open(f"{stem}_labels.nii.gz").dataobj)

    def check_labels(self, truth, stem="t1", least=0.97):
        labels = self.labels(stem)
        self.assertEqual(labels.shape, truth.shape)
        for k in (1, 2, 3):
            self.assertGreater(dice(labels, truth, k), least)


class Reading(VolumeTest):
    def test_every_type_of_number_in_both_byte_orders(self):
        truth, values = balls()
        for order in "<>":
            for kind in ("u1", "i1", "u2", "i2", "u4", "i4", "u8", "i8", "f4", "f8"):
                with self.subTest(kind=order + kind):
                    stored = (values / 2).astype(kind) if kind == "i1" else values.astype(kind)
                    header = nib.Nifti1Header(endianness=order)
                    header.set_data_dtype(np.dtype(kind).newbyteorder(order))
                    nib.save(nib.Nifti1Image(stored, AFFINE, header), self.folder / "t1.nii")
                    self.succeed("t1.nii", "-k", 3, "--overwrite")
                    self.check_labels(truth)
                    np.testing.assert_allclose(self.open("t1_labels.nii.gz").affine, AFFINE,
                                               atol=1e-5)

    def test_values_keep_their_units(self):
        _, values = balls(values=(200, 1000, 1800))
        for kind in (np.int16, np.uint16, np.float32):
            self.save("t1.nii.gz", values.astype(kind))
            self.succeed("t1.nii.gz", "-k", 3, "--write", "model", "--overwrite")
            means = [mean[0] for mean in model_of(self.folder / "segmented/t1.gmm.json")["means"]]
            np.testing.assert_allclose(means, (200, 1000, 1800), atol=20)
        self.save("t1.nii", (values - 1500).astype(np.int16))
        self.succeed("t1.nii", "-k", 3, "--write", "model", "--overwrite")
        means = [mean[0] for mean in model_of(self.folder / "segmented/t1.gmm.json")["means"]]
        np.testing.assert_allclose(means, (-1300, -500, 300), atol=20)

    def test_slope_and_intercept_are_applied(self):
        _, values = balls()
        image = nib.Nifti1Image(values.astype(np.int16), AFFINE)
        image.header.set_slope_inter(0.5, -10)
        nib.save(image, self.folder / "t1.nii.gz")
        stored = nib.load(self.folder / "t1.nii.gz")
        self.succeed("t1.nii.gz", "-k", 3, "--write", "model")
        means = [mean[0] for mean in model_of(self.folder / "segmented/t1.gmm.json")["means"]]
        read = np.asarray(stored.dataobj)
        expected = [read[labels].mean() for labels in
                    (read < 20, (read > 20) & (read < 60), read > 60)]
        np.testing.assert_allclose(means, expected, atol=1)

    def test_pairs_nifti_2_and_analyze(self):
        truth, values = balls()
        for kind, name in ((nib.Nifti1Pair, "t1.hdr"), (nib.Nifti2Pair, "t1.hdr"),
                           (nib.Nifti2Image, "t1.nii.gz"), (nib.AnalyzeImage, "t1.hdr")):
            affine = np.diag([2, 2, 3, 1]) if kind is nib.AnalyzeImage else AFFINE
            for given in {name, name.replace(".hdr", ".img")}:
                with self.subTest(kind=kind, given=given):
                    nib.save(kind(values.astype(np.int16), affine),
                             self.folder / name.replace(".hdr", ".img"))
                    self.succeed(given, "-k", 3, "--overwrite")
                    self.check_labels(truth)
                    written = self.open("t1_labels.nii.gz")
                    self.assertEqual(written.header["sizeof_hdr"],
                                     540 if kind is nib.Nifti2Image or kind is nib.Nifti2Pair
                                     else 348)
                    if kind is nib.AnalyzeImage:
                        self.assertEqual(int(written.header["sform_code"]), 0)
                        self.assertEqual(written.header.get_zooms(), (2, 2, 3))

    def test_volumes_of_a_fourth_dimension_are_bands(self):
        truth, values = balls()
        both = np.stack([values, 200 - values], axis=-1).astype(np.float32)
        self.save("t1.nii.gz", both)
        self.succeed("t1.nii.gz", "-k", 3)
        self.check_labels(truth)
        self.assertEqual(len(model_of(self.folder / "segmented/t1.gmm.json")["means"][0]), 2)
        self.succeed("t1.nii.gz", "-k", 3, "--select-bands", 2, "--overwrite")
        self.assertEqual(dice(self.labels(), 4 - truth, 1) > 0.97, True)
        self.save("t1.nii.gz", np.stack([both, both], axis=-1))
        self.fail(4, "t1.nii.gz", "-k", 3, "-o", "other", says=["5 dimensions", "split"])

    def test_several_files_are_channels_of_one_grid(self):
        truth, values = balls()
        self.save("t1.nii.gz", values.astype(np.uint8))
        self.save("t2.nii.gz", (200 - values).astype(np.uint8))
        self.succeed("t1.nii.gz", "--channels", "t2.nii.gz", "-k", 3)
        self.check_labels(truth)
        np.testing.assert_allclose(self.open("t1_labels.nii.gz").affine, AFFINE, atol=1e-5)
        moved = AFFINE.copy()
        moved[0, 3] += 0.01
        self.save("t2.nii.gz", values.astype(np.uint8), affine=moved)
        self.fail(4, "t1.nii.gz", "--channels", "t2.nii.gz", "-k", 3, "-o", "other",
                  says=["t2.nii.gz", "voxels away", "0 40.01; ", "0 40; ", "one grid"])
        moved[0, 3] = AFFINE[0, 3] + 0.001
        self.save("t2.nii.gz", values.astype(np.uint8), affine=moved)
        self.succeed("t1.nii.gz", "--channels", "t2.nii.gz", "-k", 3, "--overwrite")

    def test_nan_is_no_data(self):
        _, values = balls()
        values = values.astype(np.float32)
        values[:5] = np.nan
        self.save("t1.nii.gz", values)
        self.succeed("t1.nii.gz", "-k", 3)
        np.testing.assert_array_equal(self.labels() == 0, np.isnan(values))

    def test_a_pair_in_a_folder_is_one_volume(self):
        truth, values = balls()
        (self.folder / "in").mkdir()
        nib.save(nib.Nifti1Pair(values.astype(np.int16), AFFINE), self.folder / "in/t1.img")
        self.succeed("in", "-k", 3, "-o", "segmented")
        self.check_labels(truth)
        self.assertEqual([n for n in self.names() if n.endswith("labels.nii.gz")],
                         ["t1_labels.nii.gz"])

    def test_a_plane_is_a_volume_of_two_dimensions(self):
        truth, values = balls()
        self.save("t1.nii", values[:, :, 6].astype(np.uint8), affine=np.eye(4))
        self.succeed("t1.nii", "-k", 3)
        self.check_labels(truth[:, :, 6])

    def test_colours(self):
        _, values = balls()
        colours = np.zeros(values.shape, dtype=[("R", "u1"), ("G", "u1"), ("B", "u1")])
        colours["R"] = values
        self.save("t1.nii.gz", colours)
        self.succeed("t1.nii.gz", "-k", 3)
        model = model_of(self.folder / "segmented/t1.gmm.json")
        self.assertEqual([f["name"] for f in model["features"]], ["L*", "a*", "b*"])


class Damage(VolumeTest):
    def setUp(self):
        super().setUp()
        _, self.values = balls()
        self.save("t1.nii.gz", self.values.astype(np.int16))
        self.whole = (self.folder / "t1.nii.gz").read_bytes()
        self.plain = bytearray(gzip.decompress(self.whole))

    def refuse(self, content, *says, name="bad.nii"):
        (self.folder / name).write_bytes(content)
        return self.fail(4, name, "-k", 3, says=[name, *says])

    def changed(self, offset, value, kind):
        content = bytearray(self.plain)
        content[offset:offset + np.dtype(kind).itemsize] = np.array(value, kind).tobytes()
        return content

    def test_files_that_end_too_early(self):
        size = len(self.whole)
        for part in (30, size // 2, size - 3):
            self.refuse(self.whole[:part], "truncated", name="bad.nii.gz")
        self.refuse(self.plain[:1000], "truncated", "20 x 18 x 12")
        self.refuse(self.plain[:200], "truncated", "348")

    def test_headers_that_cannot_be(self):
        self.refuse(self.changed(344, b"xyz", "S3"), "magic")
        self.refuse(self.changed(0, 17, "i4"), "17")
        self.refuse(self.changed(42, 0, "i2"), "dim[1] = 0")
        self.refuse(self.changed(44, -5, "i2"), "dim[2] = -5")
        self.refuse(self.changed(40, 9, "i2"), "dim[0] = 9")
        self.refuse(self.changed(70, 32, "i2"), "type 32")
        self.refuse(self.changed(108, -1, "f4"), "vox_offset")

    def test_sizes_that_are_not_the_voxels(self):
        self.refuse(self.changed(46, 13, "i2"), "truncated", "20 x 18 x 13")
        self.refuse(self.changed(46, 11, "i2"), "20 x 18 x 11", "more")
        for size in (11, 13):
            self.refuse(gzip.compress(self.changed(46, size, "i2")), f"20 x 18 x {size}",
                        name="bad.nii.gz")
        for size, says in ((9000, "cannot come from"), (30000, "2^40")):
            huge = self.changed(42, size, "i2")
            huge[44:48] = np.array([size, size], "i2").tobytes()
            self.refuse(gzip.compress(huge), says, name="bad.nii.gz")

    def test_a_spacing_of_zero_that_no_sform_gives(self):
        for value in (0, -2, np.nan, np.inf):
            content = self.changed(84, value, "f4")
            content[252:256] = np.array([1, 0], "i2").tobytes()
            self.refuse(content, "pixdim[2]", "sform")
        (self.folder / "t1.nii").write_bytes(self.changed(84, 0, "f4"))
        self.succeed("t1.nii", "-k", 3)

    def test_a_header_without_voxels(self):
        nib.save(nib.Nifti1Pair(self.values.astype(np.int16), AFFINE), self.folder / "pair.img")
        (self.folder / "pair.img").unlink()
        self.fail(4, "pair.hdr", "-k", 3, says=["pair.hdr", ".img"])


class Masks(VolumeTest):
    def setUp(self):
        super().setUp()
        self.truth, values = balls()
        self.save("t1.nii.gz", values.astype(np.uint8))

    def test_what_is_outside_is_no_data(self):
        inside = self.truth > 1
        self.save("mask.nii.gz", inside.astype(np.uint8))
        self.succeed("t1.nii.gz", "-k", 2, "--mask", "mask.nii.gz")
        np.testing.assert_array_equal(self.labels() > 0, inside)
        self.assertGreater(dice(self.labels(), self.truth - 1, 2), 0.97)

    def test_over_a_folder(self):
        (self.folder / "in").mkdir()
        (self.folder / "masks").mkdir()
        (self.folder / "t1.nii.gz").rename(self.folder / "in/t1.nii.gz")
        self.save("masks/t1.nii", (self.truth > 1).astype(np.uint8))
        self.succeed("in", "-k", 2, "--mask", "masks", "-o", "segmented")
        np.testing.assert_array_equal(self.labels() > 0, self.truth > 1)

    def test_grids_are_compared(self):
        moved = AFFINE.copy()
        moved[1, 3] += 0.1
        self.save("mask.nii.gz", np.ones(self.truth.shape, np.uint8), affine=moved)
        refused = self.fail(4, "t1.nii.gz", "-k", 2, "--mask", "mask.nii.gz",
                            says=["mask.nii.gz", "voxels away", "-29.9", "-30"])
        self.assertEqual(refused.stderr.count("["), 2)
        self.save("mask.nii.gz", np.ones((20, 18, 11), np.uint8))
        self.fail(4, "t1.nii.gz", "-k", 2, "--mask", "mask.nii.gz",
                  says=["20 x 18 x 11", "20 x 18 x 12"])

    def test_an_empty_mask_is_an_error(self):
        self.save("mask.nii.gz", np.zeros(self.truth.shape, np.uint8))
        self.fail(4, "t1.nii.gz", "-k", 2, "--mask", "mask.nii.gz", says=["0 everywhere"])

    def test_a_mask_that_leaves_nothing_out_is_told(self):
        self.save("mask.nii.gz", np.ones(self.truth.shape, np.uint8))
        said = self.succeed("t1.nii.gz", "-k", 3, "--mask", "mask.nii.gz").stderr
        self.assertIn("nowhere 0", said)
        self.check_labels(self.truth)

    def test_weights_and_scribbles_of_a_volume(self):
        self.save("weights.nii.gz", (self.truth > 1).astype(np.float32))
        self.succeed("t1.nii.gz", "-k", 2, "--weight-map", "weights.nii.gz")
        np.testing.assert_array_equal(self.labels() > 0, self.truth > 1)
        strokes = np.where(np.arange(12) == 6, self.truth, 0).astype(np.uint8)
        self.save("strokes.nii.gz", strokes)
        self.succeed("t1.nii.gz", "--scribbles", "strokes.nii.gz", "--overwrite")
        self.check_labels(self.truth)

    def test_an_image_has_a_mask_as_well(self):
        image = np.tile(np.array([10, 200], np.uint8).repeat(20), (30, 1))
        self.image("photo.png", image)
        self.image("mask.png", (np.arange(40) < 30).astype(np.uint8)[None].repeat(30, 0) * 255)
        self.succeed("photo.png", "-k", 2, "--mask", "mask.png", "--json")


class Writing(VolumeTest):
    def check_place(self, given, written):
        for field in PLACE:
            if field in given.header.keys():
                self.assertEqual(given.header[field].tobytes(), written.header[field].tobytes(),
                                 field)
        np.testing.assert_array_equal(given.affine, written.affine)

    def test_the_place_stays_byte_by_byte(self):
        _, values = balls()

        def change(image):
            image.set_qform(np.diag([1.5, 2, 2.5, 1]), code=1)
            image.set_sform(AFFINE, code=4)
            image.header.set_xyzt_units("mm", "sec")
            image.header["descrip"] = b"a name that is nobody's business"

        for kind in (nib.Nifti1Image, nib.Nifti2Image):
            self.save("t1.nii.gz", values.astype(np.int16), kind=kind, change=change)
            self.succeed("t1.nii.gz", "-k", 3, "--write", "all", "--overwrite")
            given = nib.load(self.folder / "t1.nii.gz")
            volumes = [name for name in self.names() if name.endswith(".nii.gz")]
            self.assertEqual(len(volumes), 10, volumes)
            for name in volumes:
                written = self.open(name)
                self.assertIsInstance(written, kind)
                self.check_place(given, written)
                self.assertTrue(bytes(written.header["descrip"].item()).startswith(b"gmmseg "))

    def test_what_each_file_holds(self):
        truth, values = balls()
        self.save("t1.nii.gz", values.astype(np.int16))
        said = self.succeed("t1.nii.gz", "-k", 3, "--write", "all").stderr
        self.assertIn("heatmaps are left out", said)
        labels = self.open("t1_labels.nii.gz")
        self.assertEqual(labels.get_data_dtype(), np.uint8)
        self.assertEqual(labels.header.get_intent()[0], "label")
        self.assertEqual(labels.dataobj.slope, 1)
        self.assertEqual(labels.dataobj.inter, 0)
        self.check_labels(truth)
        probabilities = self.open("t1_probs.nii.gz")
        self.assertEqual(probabilities.shape, (*truth.shape, 3))
        self.assertEqual(probabilities.get_data_dtype(), np.float32)
        self.assertEqual(probabilities.header.get_intent()[0], "estimate")
        np.testing.assert_allclose(probabilities.get_fdata().sum(-1), 1, atol=1e-5)
        np.testing.assert_array_equal(probabilities.get_fdata().argmax(-1) + 1, self.labels())
        for k in (1, 2, 3):
            np.testing.assert_array_equal(
                np.asarray(self.open(f"t1_mask_{k}.nii.gz").dataobj), self.labels() == k)
        p = probabilities.get_fdata()
        entropy = -np.sum(p * np.log(np.maximum(p, 1e-30)), axis=-1) / np.log(3)
        np.testing.assert_allclose(self.open("t1_uncertainty.nii.gz").get_fdata(), entropy,
                                   atol=1e-4)
        self.assertTrue(np.isfinite(self.open("t1_density.nii.gz").get_fdata()).all())

    def test_probabilities_in_steps(self):
        _, values = balls()
        self.save("t1.nii.gz", values.astype(np.uint8))
        for depth, kind in (("u8", np.uint8), ("u16", np.uint16)):
            self.succeed("t1.nii.gz", "-k", 3, "--write", "probabilities", "--depth", depth,
                         "--overwrite")
            written = self.open("t1_probs.nii.gz")
            self.assertEqual(written.get_data_dtype(), kind)
            np.testing.assert_allclose(written.get_fdata().sum(-1), 1, atol=0.01)

    def test_two_runs_write_the_same_bytes(self):
        _, values = balls()
        self.save("t1.nii.gz", values.astype(np.int16))
        for out, threads in (("one", 1), ("two", 2)):
            self.succeed("t1.nii.gz", "-k", 3, "--write", "labels,probabilities", "-o", out,
                         "--threads", threads)
        for name in self.names("one"):
            self.assertEqual((self.folder / "one" / name).read_bytes(),
                             (self.folder / "two" / name).read_bytes())

    def test_heatmaps_alone_are_refused(self):
        _, values = balls()
        self.save("t1.nii.gz", values.astype(np.uint8))
        self.fail(2, "t1.nii.gz", "-k", 3, "--write", "heatmaps", says=["heatmaps", "volume"])
        self.fail(4, "t1.nii.gz", "-k", 3, "--extent", "0,0,5,5", says=["volume", "extent"])
        self.fail(2, "t1.nii.gz", "--regions", says=["slices"])


class Downstream(VolumeTest):
    def setUp(self):
        super().setUp()
        self.truth, self.values = balls(noise=25)
        self.save("t1.nii.gz", self.values.astype(np.int16))

    def test_smoothing_and_pieces_are_of_three_dimensions(self):
        self.succeed("t1.nii.gz", "-k", 3)
        plain = np.mean(self.labels() == self.truth)
        self.succeed("t1.nii.gz", "-k", 3, "--smooth", "guided", "--overwrite")
        self.assertEqual(self.labels().shape, self.truth.shape)
        self.succeed("t1.nii.gz", "-k", 3, "--smooth", "potts", "--overwrite")
        self.assertGreater(np.mean(self.labels() == self.truth), plain)
        self.succeed("t1.nii.gz", "-k", 3, "--smooth", "potts", "--min-size", 20, "--overwrite")
        for k in (1, 2, 3):
            pieces, count = ndimage.label(self.labels() == k)
            if count:
                self.assertGreaterEqual(np.bincount(pieces.ravel())[1:].min(), 20)

    def test_position_is_in_millimetres(self):
        self.succeed("t1.nii.gz", "-k", 3, "--position", 1, "--write", "model")
        model = model_of(self.folder / "segmented/t1.gmm.json")
        self.assertEqual([f["name"] for f in model["features"]], ["band 1", "x", "y", "z"])
        spacing = nib.load(self.folder / "t1.nii.gz").header.get_zooms()
        means = np.average([m[1:] for m in model["means"]], axis=0, weights=model["weights"])
        middle = [step * (n - 1) / 2 for step, n in zip(spacing, self.truth.shape)]
        np.testing.assert_allclose(means, middle, atol=0.5)

    def test_number_of_classes_model_folder_and_scores(self):
        self.save("quiet.nii.gz", balls()[1].astype(np.int16))
        self.succeed("quiet.nii.gz", "-k", "2:4")
        self.check_labels(self.truth, "quiet")
        self.succeed("apply", "--model", "segmented/quiet.gmm.json", "t1.nii.gz")
        self.assertEqual(self.labels().shape, self.truth.shape)
        (self.folder / "in").mkdir()
        for name in ("quiet.nii.gz", "t1.nii.gz"):
            (self.folder / name).rename(self.folder / "in" / name)
        self.succeed("in", "-k", 3, "--separate-models", "-o", "many")
        self.assertIn("quiet_labels.nii.gz", self.names("many"))
        self.save("truth.nii.gz", self.truth.astype(np.uint8))
        scores = self.succeed("eval", "many/quiet_labels.nii.gz", "--truth", "truth.nii.gz",
                              "--json").stdout
        self.assertGreater(json.loads(scores)["ods"]["dice"], 0.97)
        moved = AFFINE.copy()
        moved[2, 3] += 5
        self.save("truth.nii.gz", self.truth.astype(np.uint8), affine=moved)
        self.fail(4, "eval", "many/quiet_labels.nii.gz", "--truth", "truth.nii.gz",
                  says=["voxels away", "one image"])

    def test_a_constant_volume_is_one_class_and_says_so(self):
        self.save("t1.nii.gz", np.zeros((6, 5, 4), np.int16))
        said = self.succeed("t1.nii.gz", "-k", 3).stderr
        self.assertIn("1 distinct value", said)
        self.assertTrue((self.labels() == 1).all())

    @unittest.skipUnless(ATLAS.exists(), "the atlas is not here")
    def test_the_atlas(self):
        self.succeed(ATLAS, "-k", 3)
        given = nib.load(ATLAS)
        written = self.open("icbm152_t1_labels.nii.gz")
        np.testing.assert_array_equal(given.affine, written.affine)
        self.assertEqual(set(np.unique(written.dataobj)), {1, 2, 3})


if __name__ == "__main__":
    unittest.main()
