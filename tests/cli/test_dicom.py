"""DICOM in: files and series that pydicom writes, and those that come with it. What the values and
places must be is computed here from what was written."""

import copy
import json
import unittest
from pathlib import Path

import numpy as np
import pydicom
import pydicom.data
from pydicom.dataset import FileDataset, FileMetaDataset
from pydicom.encaps import encapsulate
from pydicom.pixel_data_handlers.rle_handler import rle_encode_frame
from pydicom.uid import ExplicitVRLittleEndian, RLELossless, generate_uid

from program import MEDICAL, ProgramTest, labels_of, model_of

NAME, PATIENT, BIRTHDAY = "Zwetschge^Ottilie", "PAT-4711-X", "19331231"
CT = "1.2.840.10008.5.1.4.1.1.2"
OURS = MEDICAL / "dicom"
TEST_FILES = Path(pydicom.data.__file__).parent / "test_files"


def disk(width=32, height=24, low=100, high=900, seed=0):
    """A bright disk on a dark ground, with noise."""
    y, x = np.mgrid[:height, :width]
    inside = (x - width / 3) ** 2 + (y - height / 2) ** 2 < (height / 4) ** 2
    noise = np.random.default_rng(seed).normal(0, 5, (height, width))
    return np.where(inside, high, low) + noise.round(), inside


def dataset(pixels, **tags):
    """A CT slice of these stored values; tags replace those that it has."""
    pixels = np.asarray(pixels)
    meta = FileMetaDataset()
    meta.MediaStorageSOPClassUID = CT
    meta.MediaStorageSOPInstanceUID = generate_uid()
    meta.TransferSyntaxUID = ExplicitVRLittleEndian
    data = FileDataset(None, {}, file_meta=meta, preamble=b"\0" * 128)
    data.is_little_endian, data.is_implicit_VR = True, False
    data.SOPClassUID, data.SOPInstanceUID = CT, meta.MediaStorageSOPInstanceUID
    data.PatientName, data.PatientID, data.PatientBirthDate = NAME, PATIENT, BIRTHDAY
    data.Modality, data.SeriesInstanceUID = "CT", "1.2.3.4.5"
    is_color = pixels.ndim == 3 and pixels.shape[-1] == 3
    data.SamplesPerPixel = 3 if is_color else 1
    data.PhotometricInterpretation = "RGB" if is_color else "MONOCHROME2"
    if is_color:
        data.PlanarConfiguration = 0
    data.Rows, data.Columns = pixels.shape[-3:-1] if is_color else pixels.shape[-2:]
    data.BitsAllocated = data.BitsStored = 8 * pixels.dtype.itemsize
    data.HighBit = data.BitsStored - 1
    data.PixelRepresentation = int(pixels.dtype.kind == "i")
    data.PixelSpacing, data.SliceThickness = [0.7, 0.5], 2
    data.ImagePositionPatient, data.ImageOrientationPatient = [-10, 20, 30], [1, 0, 0, 0, 1, 0]
    data.PixelData = pixels.tobytes() + b"\0" * (pixels.nbytes % 2)
    for tag, value in tags.items():
        setattr(data, tag, value)
    return data


def series(count=5, step=2.0, **tags):
    """Slices along z, whose stored values grow with it."""
    return [dataset(np.full((24, 32), 100 * z, np.uint16) + disk(seed=z)[0].astype(np.uint16),
                    ImagePositionPatient=[-10, 20, 30 + step * z], InstanceNumber=count - z, **tags)
            for z in range(count)]


class DicomTest(ProgramTest):
    def write(self, data, name="slice.dcm"):
        path = self.folder / name
        path.parent.mkdir(exist_ok=True)
        data.save_as(path, write_like_original=False)
        return name

    def write_series(self, slices, folder="scan"):
        """In an order of names that is not theirs."""
        for i, data in enumerate(slices):
            self.write(data, f"{folder}/im{(7 * i + 3) % 100:02}")
        return folder

    def check_mean(self, name, values, delta=1e-3):
        """The mean and the variance that one component has of the values."""
        self.succeed(name, "-k", 1, "--floor", "off", "--write", "model", "--overwrite",
                     "--features", "raw", "-o", "one")
        model = model_of(next((self.folder / "one").glob("*.gmm.json")))
        self.assertAlmostEqual(model["means"][0][0], np.mean(values), delta=delta)
        self.assertAlmostEqual(model["covariances"][0][0][0], np.var(values),
                               delta=1e-4 * np.var(values) + 1e-3)


class Files(DicomTest):
    def test_labels_follow_the_disk(self):
        pixels, inside = disk()
        self.succeed(self.write(dataset(pixels.astype(np.int16), RescaleSlope=1,
                                        RescaleIntercept=-1024)), "-k", 2)
        self.assertEqual(self.names()[0], "slice.gmm.json")
        np.testing.assert_array_equal(labels_of(self.folder / "segmented/slice_labels.png"),
                                      1 + inside)

    def test_values_are_rescaled(self):
        pixels = disk()[0].astype(np.int16)
        for slope, intercept in ((1, 0), (1, -1024), (0.25, 3.5), (2, 10)):
            with self.subTest(slope=slope, intercept=intercept):
                self.check_mean(self.write(dataset(pixels, RescaleSlope=slope,
                                                   RescaleIntercept=intercept)),
                                pixels * slope + intercept)

    def test_depths_and_signs(self):
        for kind, low, high in ((np.uint8, 10, 200), (np.uint16, 1000, 60000),
                                (np.int16, -900, 900)):
            with self.subTest(kind=kind):
                pixels = disk(low=low, high=high)[0].astype(kind)
                self.check_mean(self.write(dataset(pixels)), pixels, 0.05)

    def test_rle(self):
        pixels = disk()[0].astype(np.uint16)
        data = dataset(pixels)
        data.file_meta.TransferSyntaxUID = RLELossless
        data.PixelData = encapsulate([rle_encode_frame(pixels)])
        data["PixelData"].is_undefined_length = True
        self.check_mean(self.write(data), pixels)

    def test_inverted_grey_is_mirrored(self):
        pixels = disk()[0].astype(np.uint16)
        self.check_mean(self.write(dataset(pixels, PhotometricInterpretation="MONOCHROME1",
                                           BitsStored=12, HighBit=11)), 4095.0 - pixels)

    def test_padding_is_no_data(self):
        pixels, inside = disk()
        pixels = np.where(inside, pixels, -2000).astype(np.int16)
        name = self.write(dataset(pixels, PixelPaddingValue=-2000))
        self.check_mean(name, pixels[inside])
        self.succeed(name, "-k", 1)
        np.testing.assert_array_equal(labels_of(self.folder / "segmented/slice_labels.png"),
                                      inside)

    def test_colour(self):
        pixels = np.stack([disk(low=l, high=h)[0] for l, h in ((20, 230), (100, 50), (60, 60))],
                          axis=-1).clip(0, 255).astype(np.uint8)
        self.check_mean(self.write(dataset(pixels)), pixels[..., 0].astype(float))

    def test_files_of_pydicom(self):
        """None ends the program otherwise than with an image or a line."""
        for path in sorted(TEST_FILES.glob("*.dcm")):
            with self.subTest(path.name):
                result = self.segment(path, "-k", 3, "--write", "model", "--overwrite")
                self.assertIn(result.returncode, (0, 4), result.stderr)
                lines = result.stderr.splitlines()
                if result.returncode == 4:
                    self.assertRegex(result.stderr, r"\Asegment: [^\n]+\n\Z")
                    self.assertIn(path.name, lines[0])
                else:
                    self.assertTrue(all(line.startswith("segment: ") for line in lines), lines)

    @unittest.skipUnless(OURS.is_dir(), "no files of other scanners here")
    def test_files_of_other_scanners(self):
        for path in sorted(OURS.glob("*.dcm")):
            with self.subTest(path.name):
                self.succeed(path, "-k", 3, "--write", "model", "--overwrite")

    def test_what_is_no_image_is_said(self):
        self.fail(4, TEST_FILES / "test-SR.dcm", "-k", 2, says=("without an image",))
        self.fail(4, TEST_FILES / "MR_truncated.dcm", "-k", 2, says=("truncated DICOM", "8130"))
        data = dataset(disk()[0].astype(np.uint16), ImageType=["ORIGINAL", "PRIMARY", "MOSAIC"])
        self.fail(4, self.write(data), "-k", 2, says=("slice.dcm", "mosaic"))

    def test_damaged_files(self):
        name = self.write(dataset(disk()[0].astype(np.uint16)))
        whole = (self.folder / name).read_bytes()
        random = np.random.default_rng(1)
        for i in range(40):
            damaged = bytearray(whole)
            for place in random.integers(132, 700, 8):
                damaged[place] = random.integers(256)
            (self.folder / "damaged.dcm").write_bytes(damaged)
            with self.subTest(i):
                result = self.segment("damaged.dcm", "-k", 2, "--write", "model", "--overwrite")
                self.assertIn(result.returncode, (0, 4), result.stderr)
                self.assertTrue(all(line.startswith("segment: ")
                                    for line in result.stderr.splitlines()), result.stderr)
        jpeg = (TEST_FILES / "SC_rgb_jpeg_dcmtk.dcm").read_bytes()
        (self.folder / "short.dcm").write_bytes(jpeg[:-100])
        self.fail(4, "short.dcm", "-k", 2, says=("short.dcm", "truncated DICOM"))
        for size in (140, 400, len(whole) // 2, len(whole) - 1):
            (self.folder / "short.dcm").write_bytes(whole[:size])
            self.fail(4, "short.dcm", "-k", 2, says=("short.dcm",))

    def test_a_tiff_in_the_preamble_is_no_tiff(self):
        data = dataset(disk()[0].astype(np.uint16))
        data.preamble = b"II*\0" + b"\0" * 124
        self.succeed(self.write(data), "-k", 2)


class Series(DicomTest):
    def test_a_folder_of_slices_is_one_image(self):
        slices = series()
        folder = self.write_series(slices)
        values = np.stack([data.pixel_array for data in slices]).astype(float)
        self.check_mean(folder, values)
        self.assertEqual(self.names("one"), ["scan.gmm.json"])
        self.check_mean(folder + "/", values)

    def test_slices_have_their_own_rescale(self):
        slices = series()
        for z, data in enumerate(slices):
            data.RescaleSlope, data.RescaleIntercept = 1 + z / 4, -z
        values = [data.pixel_array * (1 + z / 4) - z for z, data in enumerate(slices)]
        self.check_mean(self.write_series(slices), values)

    def test_json_says_how_deep(self):
        self.write_series(series())
        result = self.succeed("scan", "-k", 2, "--write", "model", "--json")
        facts = json.loads(result.stdout)
        self.assertEqual([facts["width"], facts["height"]], [32, 24])
        self.assertEqual(facts["input"], "scan")

    def test_the_hash_is_of_all_files_whatever_they_are_called(self):
        slices = series()
        hashes = set()
        for folder, order in (("a/scan", slices), ("b/scan", slices[::-1])):
            (self.folder / folder).parent.mkdir()
            self.write_series(order, folder)
            result = self.succeed(folder, "-k", 2, "--write", "model", "--json", "-o",
                                  folder[0] + "_out")
            hashes.add(model_of(self.folder / f"{folder[0]}_out/scan.gmm.json")["training"]["inputs"]
                       [0]["hash"])
            self.assertEqual(result.returncode, 0)
        self.assertEqual(len(hashes), 1)

    def test_a_missing_slice(self):
        slices = series(6)
        del slices[3]
        self.fail(4, self.write_series(slices), "-k", 2,
                  says=("not evenly apart", "34 to 38 mm", "im"))

    def test_a_slice_there_twice(self):
        slices = series()
        slices.append(copy.deepcopy(slices[2]))
        self.fail(4, self.write_series(slices), "-k", 2, says=("one place", "34 mm"))

    def test_two_patients_are_not_named(self):
        slices = series()
        slices[2].PatientID = "PAT-0815-Y"
        result = self.fail(4, self.write_series(slices), "-k", 2, says=("more than one patient",))
        self.assertNotIn("PAT-", result.stderr)

    def test_two_series_are_listed(self):
        self.write_series(series(3) + series(4, SeriesInstanceUID="1.2.3.4.6"))
        self.fail(4, "scan", "-k", 2, says=("several DICOM series", "3 slices", "4 slices"))

    def test_what_does_not_fit(self):
        for says, tags in (("orientation", {"ImageOrientationPatient": [0, 1, 0, 0, 0, 1]}),
                           ("spacing", {"PixelSpacing": [0.7, 0.6]}),
                           ("size", {"Rows": 12, "PixelData": bytes(2 * 12 * 32)})):
            with self.subTest(says):
                slices = series()
                for tag, value in tags.items():
                    setattr(slices[3], tag, value)
                self.fail(4, self.write_series(slices, says), "-k", 2, says=(says, "im24"))

    def test_other_images_beside_a_series(self):
        self.write_series(series())
        self.image("scan/preview.png", np.zeros((4, 4), np.uint8))
        self.fail(4, "scan", "-k", 2, says=("other images", "preview.png"))

    def test_reports_beside_a_series_do_not_count(self):
        self.write_series(series())
        report = TEST_FILES / "test-SR.dcm"
        (self.folder / "scan/report.dcm").write_bytes(report.read_bytes())
        self.succeed("scan", "-k", 2, "--write", "model")

    def test_single_images_are_a_batch(self):
        for i in range(3):
            self.write(dataset(disk(seed=i)[0].astype(np.uint16), SeriesInstanceUID=f"1.2.{i + 1}"),
                       f"films/film{i}.dcm")
        self.succeed("films", "-k", 2, "--write", "labels")
        self.assertEqual([name for name in self.names() if name.endswith("_labels.png")],
                         [f"film{i}_labels.png" for i in range(3)])

    def test_folders_below(self):
        (self.folder / "all").mkdir()
        self.write_series(series(3), "all/one")
        self.write_series(series(4), "all/two")
        self.succeed("all", "--recursive", "-k", 2, "--write", "model", "--separate-models")
        self.assertTrue((self.folder / "segmented/one.gmm.json").exists())
        self.assertTrue((self.folder / "segmented/two.gmm.json").exists())


class Privacy(DicomTest):
    def test_nothing_of_the_patient_comes_out(self):
        self.write(dataset(disk()[0].astype(np.uint16)))
        said = self.succeed("slice.dcm", "-k", 2, "--write",
                            "labels,overlay,heatmaps,model,probabilities,report,convergence", "-v")
        with_json = self.succeed("slice.dcm", "-k", 2, "--json", "--overwrite", "-o", "more")
        content = [said.stdout, said.stderr, with_json.stdout, with_json.stderr]
        content = [text.encode() for text in content]
        content += [data for path, data in self.tree().items() if data and path.suffix != ".dcm"]
        for secret in (NAME, "Zwetschge", "Ottilie", PATIENT, BIRTHDAY, "1.2.3.4.5"):
            for text in content:
                self.assertNotIn(secret.encode(), text)


if __name__ == "__main__":
    unittest.main()
