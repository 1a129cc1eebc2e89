"""What stands beside volumes: names and colours for viewers, millilitres, names by BIDS.

The files are read as their formats say: ITK-SNAP's label descriptions and 3D Slicer's colour tables
field by field, tables by csv, volumes by nibabel, an implementation of NIfTI of its own; volumes in
millilitres are reckoned anew by numpy.
"""

import csv
import json
import shlex
import unittest

import nibabel as nib
import numpy as np

from program import model_of
from test_volumes import VolumeTest, balls

NAMES = 'class,name,color\n1,CSF,#102030\n2,"grey ""matter"" x",\n3,WM,#ffffff\n'
TISSUES = "class,name\n1,CSF\n2,gray matter\n3,WM\n"


class BesideVolumes(VolumeTest):
    def setUp(self):
        super().setUp()
        self.truth, self.values = balls()
        (self.folder / "names.csv").write_text(NAMES)
        (self.folder / "tissues.csv").write_text(TISSUES)

    def text(self, name, folder="segmented"):
        return (self.folder / folder / name).read_text()

    def table(self, name, folder="segmented", delimiter=","):
        with open(self.folder / folder / name, newline="", encoding="utf-8") as file:
            return list(csv.DictReader(file, delimiter=delimiter))

    def volume(self, name="t1.nii.gz", **options):
        return self.save(name, self.values.astype(np.int16), **options)


class Viewers(BesideVolumes):
    def test_itk_snap_and_slicer_have_names_and_colours(self):
        self.volume()
        self.succeed("t1.nii.gz", "-k", 3, "--class-names", "names.csv", "--write", "labels,model")
        colors = [c["color"] for c in model_of(self.folder / "segmented/t1.gmm.json")["classes"]]
        rgb = [tuple(bytes.fromhex(color[1:])) for color in colors]
        self.assertEqual(self.names(), ["t1.gmm.json", "t1_labels.ctbl", "t1_labels.label.txt",
                                        "t1_labels.nii.gz"])
        lines = self.text("t1_labels.label.txt").splitlines()
        self.assertTrue(lines[0].startswith("#"))
        fields = [shlex.split(line) for line in lines if not line.startswith("#")]
        self.assertEqual(fields[0], ["0", "0", "0", "0", "0", "0", "0", "Clear Label"])
        for k, (one, color) in enumerate(zip(fields[1:], rgb), 1):
            self.assertEqual([int(word) for word in one[:7]], [k, *color, 1, 1, 1])
        self.assertEqual([one[7] for one in fields[1:]], ["CSF", "grey 'matter' x", "WM"])
        lines = self.text("t1_labels.ctbl").splitlines()
        self.assertTrue(lines[0].startswith("# Color table file"))
        fields = [line.split() for line in lines if not line.startswith("#")]
        self.assertEqual(fields[0], ["0", "Background", "0", "0", "0", "0"])
        for k, (one, color) in enumerate(zip(fields[1:], rgb), 1):
            self.assertEqual([int(word) for word in one[:1] + one[2:]], [k, *color, 255])
        self.assertEqual([one[1] for one in fields[1:]], ["CSF", 'grey_"matter"_x', "WM"])

    def test_they_go_where_the_labels_go(self):
        self.volume()
        self.succeed("t1.nii.gz", "-k", 3, "--write", "labels")
        self.fail(2, "t1.nii.gz", "-k", 3, "--write", "labels", says=["exists", "--overwrite"])
        self.succeed("t1.nii.gz", "-k", 3, "--write", "model", "--overwrite")
        self.assertEqual(self.names(), ["t1.gmm.json"])


class Millilitres(BesideVolumes):
    def check(self, name, ml_of_voxel, *words):
        result = json.loads(self.succeed(
            name, "-k", 3, "--class-names", "names.csv", "--write", "labels,probabilities,volumes",
            "--overwrite", "--json", *words).stdout)
        labels = self.labels("t1")
        p = self.open("t1_probs.nii.gz").get_fdata()
        rows = self.table("t1_volumes.csv")
        self.assertEqual(list(rows[0]), ["class", "name", "voxels", "ml", "ml_weighted"])
        self.assertEqual([row["name"] for row in rows], ["CSF", 'grey "matter" x', "WM"])
        for k, (row, entry) in enumerate(zip(rows, result["classes"]), 1):
            voxels = np.count_nonzero(labels == k)
            weighted = p[..., k - 1].sum() * ml_of_voxel
            self.assertEqual((int(row["class"]), int(row["voxels"])), (k, voxels))
            self.assertEqual(entry["voxels"], voxels)
            for told in (row, entry):
                np.testing.assert_allclose(float(told["ml"]), voxels * ml_of_voxel, rtol=1e-6)
                np.testing.assert_allclose(float(told["ml_weighted"]), weighted, rtol=1e-5)

    def test_hard_and_weighted_are_those_of_numpy(self):
        self.volume()
        given = nib.load(self.folder / "t1.nii.gz")
        determinant = abs(np.linalg.det(given.affine[:3, :3])) / 1000
        self.check("t1.nii.gz", determinant)
        self.check("t1.nii.gz", determinant, "--smooth", "guided")
        self.save("mask.nii.gz", (self.truth > 1).astype(np.uint8))
        self.check("t1.nii.gz", determinant, "--mask", "mask.nii.gz")
        # nibabel writes a header that agrees with itself: determinant and spacing are the same.
        straight = np.diag([1.5, 2, 2.5, 1])
        self.volume(affine=straight)
        self.assertAlmostEqual(float(np.prod(nib.load(self.folder / "t1.nii.gz").header.get_zooms())),
                               7.5)
        self.check("t1.nii.gz", 0.0075)

    def test_the_spacing_counts_where_there_is_no_form_and_units_do(self):
        def no_form(image):
            image.header["sform_code"] = image.header["qform_code"] = 0
            image.header["pixdim"][1:4] = (2, 2, 3)

        self.volume(affine=None, change=no_form)
        self.check("t1.nii.gz", 0.012)

        def in_metres(image):
            image.header.set_xyzt_units("meter")

        self.volume(affine=np.diag([0.002, 0.002, 0.003, 1]), change=in_metres)
        self.check("t1.nii.gz", 0.012)

    def test_volumes_have_them_by_default_and_pictures_do_not(self):
        self.volume()
        self.succeed("t1.nii.gz", "-k", 3)
        self.assertIn("t1_volumes.csv", self.names())
        self.succeed("apply", "t1.nii.gz", "--model", "segmented/t1.gmm.json", "-o", "applied")
        self.assertEqual(self.text("t1_volumes.csv"), self.text("t1_volumes.csv", "applied"))
        self.image("photo.png", np.tile(np.array([10, 200], np.uint8).repeat(20), (30, 1)))
        for words in ((), ("--write", "all")):
            said = self.succeed("photo.png", "-k", 2, "-o", "photo", "--overwrite", *words)
            self.assertNotIn("volume", said.stderr)
            self.assertFalse(any("volumes" in name for name in self.names("photo")))
        self.fail(2, "photo.png", "-k", 2, "--write", "labels,volumes",
                  says=["photo.png", "volumes", "voxels"])
        self.fail(2, "photo.png", "--regions", "--write", "volumes", says=["volumes", "regions"])

    def test_a_table_of_somebody_elses_stays(self):
        (self.folder / "segmented").mkdir()
        (self.folder / "segmented/t1_volumes.csv").write_text("my,own\n")
        self.volume()
        self.succeed("t1.nii.gz", "-k", 3, "--write", "labels", "--overwrite")
        self.assertEqual(self.text("t1_volumes.csv"), "my,own\n")


class Bids(BesideVolumes):
    words = ("-k", 3, "--naming", "bids", "--class-names", "tissues.csv")

    def test_names_and_what_the_files_hold(self):
        self.volume("sub-01_ses-2_run-1_T1w.nii.gz")
        self.save("brain.nii.gz", (self.truth > 0).astype(np.uint8))
        self.succeed("sub-01_ses-2_run-1_T1w.nii.gz", *self.words, "--mask", "brain.nii.gz",
                     "--write", "labels,probabilities,masks,model,volumes,uncertainty", "--seed", 7)
        start = "sub-01_ses-2_run-1"
        self.assertEqual(self.names(), sorted([
            "dataset_description.json", f"{start}_dseg.nii.gz", f"{start}_dseg.json",
            f"{start}_dseg.tsv", f"{start}_probseg.json", f"{start}_mask.json",
            *(f"{start}_label-{label}_{suffix}.nii.gz" for label in ("CSF", "GM", "WM")
              for suffix in ("probseg", "mask")),
            f"{start}_T1w.gmm.json", f"{start}_T1w_volumes.csv", f"{start}_T1w_uncertainty.nii.gz"]))
        given = nib.load(self.folder / f"{start}_T1w.nii.gz")
        labels = self.open(f"{start}_dseg.nii.gz")
        self.assertEqual(labels.header.get_intent()[0], "label")
        self.assertEqual(labels.get_data_dtype(), np.uint8)
        values = np.asarray(labels.dataobj)
        p = [self.open(f"{start}_label-{label}_probseg.nii.gz") for label in ("CSF", "GM", "WM")]
        for one in (labels, *p):
            np.testing.assert_array_equal(one.affine, given.affine)
            self.assertEqual(one.shape, self.truth.shape)
        for one in p:
            self.assertEqual(one.header.get_intent()[0], "estimate")
            self.assertEqual(one.get_data_dtype(), np.float32)
        stack = np.stack([one.get_fdata() for one in p])
        np.testing.assert_allclose(stack.sum(0), 1, atol=1e-5)
        np.testing.assert_array_equal(stack.argmax(0) + 1, values)
        for k, label in enumerate(("CSF", "GM", "WM"), 1):
            mask = self.open(f"{start}_label-{label}_mask.nii.gz")
            np.testing.assert_array_equal(np.asarray(mask.dataobj), values == k)

    def test_the_table_and_the_facts(self):
        self.volume("sub-01_T1w.nii.gz")
        self.succeed("sub-01_T1w.nii.gz", *self.words, "--seed", 7)
        rows = self.table("sub-01_dseg.tsv", delimiter="\t")
        self.assertEqual(list(rows[0]), ["index", "name", "abbreviation", "color", "mapping"])
        self.assertEqual([(r["index"], r["name"], r["abbreviation"], r["mapping"]) for r in rows],
                         [("0", "Background", "BG", "0"), ("1", "CSF", "CSF", "3"),
                          ("2", "gray matter", "GM", "1"), ("3", "WM", "WM", "2")])
        model = model_of(self.folder / "segmented/sub-01_T1w.gmm.json")
        self.assertEqual([r["color"] for r in rows[1:]], [c["color"] for c in model["classes"]])
        facts = json.loads(self.text("sub-01_dseg.json"))
        self.assertEqual(facts["Sources"], ["sub-01_T1w.nii.gz"])
        self.assertEqual(facts["GmmsegSeed"], 7)
        self.assertRegex(facts["GmmsegModelHash"], "^fnv1a64:[0-9a-f]{16}$")
        dataset = json.loads(self.text("dataset_description.json"))
        self.assertEqual(dataset["DatasetType"], "derivative")
        self.assertEqual(dataset["GeneratedBy"][0]["Name"], "gmmseg")
        self.assertIn("Version", dataset["GeneratedBy"][0])
        self.assertTrue(dataset["BIDSVersion"] and dataset["Name"])

    def test_two_runs_write_the_same_bytes(self):
        self.volume("sub-01_T1w.nii.gz")
        for out in ("one", "two"):
            self.succeed("sub-01_T1w.nii.gz", *self.words, "-o", out, "--write",
                         "labels,probabilities")
        for name in self.names("one"):
            self.assertEqual((self.folder / "one" / name).read_bytes(),
                             (self.folder / "two" / name).read_bytes())

    def test_names_without_entities_and_classes_without_letters(self):
        self.volume("head_scan.nii")
        (self.folder / "odd.csv").write_text("class,name\n1,a b\n2,a-b\n")
        self.succeed("head_scan.nii", "-k", 3, "--naming", "bids", "--class-names", "odd.csv",
                     "--write", "labels,probabilities")
        self.assertEqual(self.names(), [
            "dataset_description.json", "head_scan_dseg.json", "head_scan_dseg.nii.gz",
            "head_scan_dseg.tsv", *(f"head_scan_label-{k}_probseg.nii.gz" for k in (1, 2, 3)),
            "head_scan_probseg.json"])
        self.succeed("head_scan.nii", "-k", 3, "--naming", "bids", "--write", "probabilities",
                     "--overwrite")
        # Labels are anybody's: files of single classes stay.
        self.assertEqual(self.names(), [
            "dataset_description.json",
            *(f"head_scan_label-{k}_probseg.nii.gz" for k in (1, 2, 3)),
            *(f"head_scan_label-class{k}_probseg.nii.gz" for k in (1, 2, 3)),
            "head_scan_probseg.json"])
        self.fail(2, "head_scan.nii", "-k", 3, "--naming", "bids", "--write", "probabilities",
                  says=["exists"])

    def test_what_other_programs_wrote_stays(self):
        self.volume("sub-01_T1w.nii.gz")
        (self.folder / "segmented").mkdir()
        theirs = {"dataset_description.json": "{}", "sub-01_dseg.nii.gz": "theirs",
                  "sub-01_dseg.json": "{}", "sub-01_label-GM_probseg.nii.gz": "theirs"}
        for name, text in theirs.items():
            (self.folder / "segmented" / name).write_text(text)
        self.succeed("sub-01_T1w.nii.gz", *self.words, "--write", "model", "--overwrite")
        self.succeed("sub-01_T1w.nii.gz", "-k", 3, "--write", "labels", "--overwrite")
        for name, text in theirs.items():
            self.assertEqual(self.text(name), text)
        self.fail(2, "sub-01_T1w.nii.gz", *self.words, says=["sub-01_dseg.nii.gz", "exists"])

    def test_what_is_no_volume_is_refused(self):
        self.image("photo.png", np.tile(np.array([10, 200], np.uint8).repeat(20), (30, 1)))
        self.fail(2, "photo.png", "-k", 2, "--naming", "bids", says=["photo.png", "volume"])
        self.fail(2, "photo.png", "-k", 2, "--naming", "nifti", says=["plain", "bids"])
        self.fail(2, "photo.png", "--regions", 4, "--naming", "bids", says=["--naming"])


class BidsFolders(BesideVolumes):
    words = ("-k", 3, "--naming", "bids", "--write", "labels,probabilities,volumes")

    def setUp(self):
        super().setUp()
        for subject in ("01", "02"):
            (self.folder / f"in/sub-{subject}/anat").mkdir(parents=True)
            self.volume(f"in/sub-{subject}/anat/sub-{subject}_T1w.nii.gz")

    def files(self, folder="out"):
        top = self.folder / folder
        return sorted(str(path.relative_to(top)) for path in top.rglob("*") if path.is_file())

    def test_a_tree_of_subjects(self):
        planned = self.succeed("in", "-r", *self.words, "-o", "out", "--dry-run").stderr
        self.succeed("in", "-r", *self.words, "-o", "out")
        files = self.files()
        self.assertIn("dataset_description.json", files)
        for subject in ("01", "02"):
            self.assertEqual(
                [name for name in files if name.startswith(f"sub-{subject}")],
                sorted(f"sub-{subject}/anat/sub-{subject}_{end}" for end in (
                    "T1w_volumes.csv", "dseg.json", "dseg.nii.gz", "dseg.tsv", "probseg.json",
                    *(f"label-class{k}_probseg.nii.gz" for k in (1, 2, 3)))))
        self.assertIn(f"{len(files)} files", planned)

    def test_going_on_and_starting_over(self):
        self.succeed("in", "-r", *self.words, "-o", "out")
        before = {name: (self.folder / "out" / name).stat().st_mtime_ns for name in self.files()
                  if name.endswith(".nii.gz")}
        said = self.succeed("in", "-r", *self.words, "-o", "out", "--resume").stderr
        self.assertIn("2 kept", said)
        for name, time in before.items():
            self.assertEqual((self.folder / "out" / name).stat().st_mtime_ns, time)
        self.fail(2, "in", "-r", *self.words, "-o", "out", says=["--resume", "--overwrite"])
        # Plain names: what BIDS called otherwise goes.
        self.succeed("in", "-r", "-k", 3, "--write", "labels", "-o", "out", "--resume")
        for subject in ("01", "02"):
            self.assertEqual(sorted(path.name for path in
                                    (self.folder / f"out/sub-{subject}/anat").iterdir()),
                             [f"sub-{subject}_T1w_labels.{end}" for end in
                              ("ctbl", "label.txt", "nii.gz")])

    def test_two_images_of_one_name_are_refused(self):
        self.volume("in/sub-01/anat/sub-01_T2w.nii.gz")
        self.fail(2, "in", "-r", *self.words, "-o", "out",
                  says=["sub-01_T1w.nii.gz", "sub-01_T2w.nii.gz", "sub-01_dseg"])
        self.succeed("in/sub-*/anat/*_T1w.nii.gz", *self.words, "-o", "out")

    def test_they_are_scored(self):
        self.succeed("in", "-r", *self.words, "-o", "out")
        (self.folder / "truth").mkdir()
        self.save("truth/sub-01_dseg.nii.gz", self.truth.astype(np.uint8))
        scores = self.succeed("eval", "out/sub-01/anat", "--truth", "truth", "--json").stdout
        self.assertGreater(json.loads(scores)["ods"]["dice"], 0.97)


if __name__ == "__main__":
    unittest.main()
