"""Pictures of volumes: the report's cuts, overlays of slices, the display window. Volumes are made by nibabel, whose
as_closest_canonical turns them as they must lie in a picture."""

import base64
import io
import json
import unittest

import nibabel as nib
import numpy as np
from PIL import Image

from program import ProgramTest
from report_page import ReportTest

# Sides of cuts: what the world's axes are across and down the picture, and across which axis it lies.
SIDES = {"Axial": (0, 1, 2), "Coronal": (0, 2, 1), "Sagittal": (1, 2, 0)}
# A sagittal scan: x of the voxels is the patient's front to back, y up, z the right; 2 x 1 x 3 mm.
SAGITTAL = np.array([[0, 0, 3, -30], [-2, 0, 0, 20], [0, 1, 0, 5], [0, 0, 0, 1]])


def head(shape=(20, 30, 12)):
    """Three grey values; no symmetry: a bright corner at the patient's right, front and top, of the canonical volume."""
    values = np.full(shape, 50.0)
    values[2:-2, 3:-3, 2:-2] = 120
    values[shape[0] // 2:, shape[1] // 2:, shape[2] // 2:] = 200
    return values


def stored(values, affine):
    """A canonical volume as a file of that affine holds it."""
    turn = nib.orientations.ornt_transform(nib.io_orientation(np.eye(4)), nib.io_orientation(affine))
    return nib.apply_orientation(values, turn)


class PicturesOfVolumes(ProgramTest):
    def save(self, name="t1.nii.gz", affine=np.eye(4), values=None):
        values = stored(head() if values is None else values, affine).astype(np.int16)
        nib.save(nib.Nifti1Image(values, affine), self.folder / name)
        return name

    def canonical(self, name="t1_labels.nii.gz"):
        return nib.as_closest_canonical(nib.load(self.folder / "segmented" / name))

    def picture(self, name):
        with Image.open(self.folder / "segmented" / name) as image:
            return np.asarray(image).astype(int)


def upright(volume, plane, slice_number):
    """The slice of a canonical volume, the patient upright and the left at the left."""
    across, down, through = SIDES[plane]
    axes = [slice(None)] * 3
    axes[through] = slice_number
    flat = volume[tuple(axes)]  # the two others in ascending order
    return np.flip(flat.T if across < down else flat, 0)


class Overlays(PicturesOfVolumes):
    def colours(self):
        model = json.loads((self.folder / "segmented/t1.gmm.json").read_text())
        return [tuple(int(c["color"][i:i + 2], 16) for i in (1, 3, 5)) for c in model["classes"]]

    def check(self, name, number, affine):
        """Away from boundaries each pixel leans to its class's colour, of the slice as nibabel has it."""
        labels = np.asarray(self.canonical().dataobj)
        order = nib.io_orientation(affine)
        axis = int(np.argmax(order[:, 0] == 2))
        at = number - 1 if order[axis, 1] > 0 else labels.shape[2] - number
        expected = upright(labels, "Axial", at)
        picture = self.picture(name)
        self.assertEqual(picture.shape[:2], expected.shape)
        colours = self.colours()
        flat = [np.all(np.abs(picture - (np.array(c) + g) // 2) <= 1, axis=-1)
                for c, g in zip(colours, (50, 120, 200))]
        found = sum((k + 1) * mask for k, mask in enumerate(flat))
        sure = found > 0
        self.assertGreater(sure.mean(), 0.6)
        np.testing.assert_array_equal(found[sure], expected[sure])

    def write(self, *words):
        # In bytes, so that grey is shown as it is.
        return self.succeed("t1.nii.gz", "-k", 3, "--write", "overlay,labels,model", "--display-window", "127.5,255",
                            "--overwrite", *words)

    def test_the_middle_slice_of_any_orientation(self):
        for affine in (np.eye(4), np.diag([-1, -1, 1, 1]), np.diag([1, 1, -1, 1])):
            self.save(affine=affine)
            self.write()
            self.assertIn("t1_overlay.png", self.names())
            self.check("t1_overlay.png", 6, affine)

    def test_chosen_slices_have_their_numbers_in_their_names(self):
        self.save()
        self.write("--slices", "3,7,12")
        self.assertEqual([n for n in self.names() if n.endswith(".png")],
                         ["t1_overlay_z003.png", "t1_overlay_z007.png", "t1_overlay_z012.png"])
        self.check("t1_overlay_z003.png", 3, np.eye(4))
        self.check("t1_overlay_z007.png", 7, np.eye(4))
        # Those of an earlier run are stale.
        self.write("--slices", "4")
        self.assertEqual([n for n in self.names() if n.endswith(".png")], ["t1_overlay_z004.png"])
        self.fail(2, "t1.nii.gz", "-k", 3, "--slices", 4, "--write", "overlay", says=["t1_overlay_z004.png", "exists"])

    def test_pixels_are_square_and_slices_lie_across_the_patient(self):
        self.save(affine=SAGITTAL)
        self.write("--slices", 7)
        size = self.picture("t1_overlay_z007.png").shape[:2]
        # 20 voxels of 3 mm from left to right, 30 of 2 mm from front to back: pixels of 2 mm.
        self.assertEqual(size, (30, 30))
        labels = upright(np.asarray(self.canonical().dataobj), "Axial", 6)
        picture = self.picture("t1_overlay_z007.png")
        # The bright corner is at the right and in front.
        self.assertEqual(len(set(labels[:14, 11:].ravel())), 1)
        corner = picture[2:12, 18:28]
        self.assertLess(np.ptp(corner.reshape(-1, 3), axis=0).max(), 3)

    def test_slices_that_are_not_there(self):
        self.save()
        self.fail(2, "t1.nii.gz", "-k", 3, "--slices", "5,13", says=["slice 13", "12 axial slices"])
        for word in ("0", "5,", "x", ""):
            self.fail(2, "t1.nii.gz", "-k", 3, "--slices", word, says=["--slices"])

    def test_a_dry_run_and_a_resumed_one(self):
        (self.folder / "in").mkdir()
        self.save("in/t1.nii.gz")
        words = ("in", "-k", 3, "--separate-models", "--write", "overlay", "-o", "segmented", "--slices", "3,7")
        # Two pictures and the manifest.
        self.assertIn("3 files", self.succeed(*words, "--dry-run").stderr)
        self.succeed(*words)
        self.assertEqual([n for n in self.names() if n.endswith(".png")],
                         ["t1_overlay_z003.png", "t1_overlay_z007.png"])
        self.assertIn("1 kept", self.succeed(*words, "--resume").stderr)
        self.succeed(*words[:-1], "3", "--resume")
        self.assertEqual([n for n in self.names() if n.endswith(".png")], ["t1_overlay_z003.png"])


class Window(PicturesOfVolumes):
    def test_it_changes_pictures_and_nothing_else(self):
        self.save()
        for out, words in (("plain", ()), ("window", ("--display-window", "-10.5,300"))):
            self.succeed("t1.nii.gz", "-k", 3, "--write", "labels,overlay,model,probabilities", "-o", out, *words)
        for name in ("t1_labels.nii.gz", "t1.gmm.json", "t1_probs.nii.gz"):
            self.assertEqual((self.folder / "plain" / name).read_bytes(),
                             (self.folder / "window" / name).read_bytes(), name)
        self.assertNotEqual((self.folder / "plain/t1_overlay.png").read_bytes(),
                            (self.folder / "window/t1_overlay.png").read_bytes())

    def test_values_outside_saturate(self):
        gradient = np.linspace(-1000, 1000, 64).astype(np.float32).repeat(8).reshape(64, 8)
        nib.save(nib.Nifti1Image(np.tile(gradient[..., None], (1, 1, 3)), np.eye(4)), self.folder / "t1.nii.gz")
        self.succeed("t1.nii.gz", "-k", 1, "--write", "overlay,model", "--display-window", "40,400")
        row = self.picture("t1_overlay.png")[0, :, 0]
        color = int(json.loads((self.folder / "segmented/t1.gmm.json").read_text())["classes"][0]["color"][1:3], 16)
        grey = np.clip((gradient[:, 0] - 40) / 400 + 0.5, 0, 1) * 255
        np.testing.assert_allclose(row, (grey + color) / 2, atol=1)

    def test_of_an_image(self):
        self.image("photo.png", np.tile(np.arange(0, 250, 10, dtype=np.uint8), (20, 1)))
        self.succeed("photo.png", "-k", 2, "--write", "overlay", "--display-window", "100,50")
        self.assertGreater(len(np.unique(self.picture("photo_overlay.png"))), 4)

    def test_windows_that_cannot_be(self):
        self.save()
        for word in ("40", "40,0", "40,-1", "40,x", "nan,5", "1,2,3"):
            self.fail(2, "t1.nii.gz", "-k", 3, "--display-window", word, says=["--display-window"])


class Report(PicturesOfVolumes, ReportTest):
    def view(self):
        return self.value("gmmsegReport.page.view")

    def write(self, *words):
        self.succeed("t1.nii.gz", "-k", 3, "--write", "report,labels", "--overwrite", *words)
        self.open("segmented/report.html")

    def test_three_cuts_and_a_slider(self):
        self.save(affine=SAGITTAL)
        self.write()
        self.assertEqual(self.texts(".cuts figcaption"),
                         ["Axial, slice 6 of 12", "Coronal, slice 15 of 30", "Sagittal, slice 10 of 20"])
        self.assertEqual([" ".join(self.texts(f".cuts figure:nth-child({i}) .side")) for i in (1, 2, 3)],
                         ["L R A P", "L R S I", "P A S I"])
        boxes = self.value("Array.from(document.querySelectorAll('.cuts img')).map(i => [i.clientWidth, i.clientHeight])")
        for (width, height), ratio in zip(boxes, (60 / 60, 60 / 12, 60 / 12)):
            self.assertAlmostEqual(width / height, ratio, delta=0.06 * ratio)
        before = self.value("document.querySelector('.cuts img').src")
        self.choose(".cuts input", 11)
        self.assertEqual(self.texts(".cuts figcaption")[0], "Axial, slice 12 of 12")
        self.assertNotEqual(self.value("document.querySelector('.cuts img').src"), before)
        self.assertEqual(self.page.complaints, [])
        self.assert_readable()
        for width in (360, 700, 1280):
            self.assert_fits(width)

    def test_cuts_show_what_nibabel_says(self):
        self.save(affine=SAGITTAL)
        self.write("--display-window", "125,250")
        values = nib.as_closest_canonical(nib.load(self.folder / "t1.nii.gz")).get_fdata()
        spacing = (3, 2, 1)
        for cut in self.view()["cuts"]:
            across, down, through = SIDES[cut["plane"]]
            url = cut["pictures"][cut["start"]][1]
            with Image.open(io.BytesIO(base64.b64decode(url.split(",")[1]))) as image:
                picture = np.asarray(image.convert("L")).astype(float)
            self.assertEqual(picture.shape, (cut["height"], cut["width"]))
            number = cut["pictures"][cut["start"]][0]
            at = cut["slices"] - number if cut["plane"] == "Coronal" else number - 1  # the file's y runs backwards
            expected = upright(values, cut["plane"], at)
            expected = np.asarray(Image.fromarray(expected).resize(picture.shape[::-1], Image.Resampling.NEAREST))
            self.assertAlmostEqual(cut["width"] / cut["height"],
                                   values.shape[across] * spacing[across] / values.shape[down] / spacing[down],
                                   delta=0.1)
            # Each grey value has a class and so a colour of its own.
            means = {v: np.median(picture[expected == v]) for v in np.unique(expected)}
            nearest = np.array(list(means))[np.abs(picture[..., None] - np.array(list(means.values()))).argmin(-1)]
            self.assertGreater(np.mean(nearest == expected), 0.9, cut["plane"])

    def test_a_tall_volume_stays_small(self):
        rng = np.random.default_rng(3)
        self.save(values=rng.normal(100, 30, (160, 160, 200)))
        self.write()
        self.assertLess((self.folder / "segmented/report.html").stat().st_size, 6e6)
        pictures = self.view()["cuts"][0]["pictures"]
        self.assertLessEqual(len(pictures), 64)
        self.assertEqual(len({b[0] - a[0] for a, b in zip(pictures, pictures[1:])}), 1)
        self.assertLessEqual(max(max(c["width"], c["height"]) for c in self.view()["cuts"]), 256)

    def test_without_scripts_the_middle_cuts_are_there(self):
        self.save()
        self.write()
        self.page.send("Emulation.setScriptExecutionDisabled", value=True)
        self.page.send("Page.reload")
        self.page.wait_for("document.querySelectorAll('noscript .cuts img').length === 3 &&"
                           " Array.from(document.images).every(i => i.complete && i.naturalWidth > 0)")
        self.assertIn("Axial, slice 6 of 12", self.value("document.body.innerText"))

    def test_a_folder_of_volumes(self):
        (self.folder / "in").mkdir()
        for name in ("a", "b"):
            self.save(f"in/{name}.nii.gz")
        self.succeed("in", "-k", 3, "--write", "report,labels", "-o", "segmented")
        self.open("segmented/report.html", "#image/1")
        self.page.wait_for("document.querySelectorAll('.cuts img').length === 3")
        self.assertEqual(len(self.texts(".cuts figcaption")), 3)


if __name__ == "__main__":
    unittest.main()
