"""The report of unusual images in a browser: large, thin, empty, of many classes or bands."""

import unittest

import numpy as np
import tifffile

from program import photo
from report_page import ReportTest


class Unusual(ReportTest):
    def test_255_classes(self):
        random = np.random.default_rng(1)
        pixels = random.integers(0, 255, (96, 128, 3), dtype=np.uint8)
        self.report("-k", 255, "--restarts", 1, "--max-iterations", 2, pixels=pixels)
        self.assertEqual(len(self.texts(".classes tbody tr")), 255)
        self.page.move(*self.page.box(".stage")[:2])
        values = self.texts(".posteriors .value")
        self.assertIn(len(values), range(1, 9))
        self.assertNotIn("0.0\u00a0%", values)
        self.page.click("[name=mode][value=uncertainty]")
        self.assertEqual(self.page.complaints, [])

    def test_one_pixel(self):
        self.report("-k", 1, pixels=np.full((1, 1, 3), (200, 40, 10), np.uint8))
        self.value("document.querySelector('.stage').focus()")
        self.page.key("ArrowRight")
        self.assertEqual(self.texts(".readout .place"), ["x 0, y 0"])
        self.assertEqual(self.texts(".posteriors .value"), ["100.0\u00a0%"])
        self.assertEqual(self.page.complaints, [])

    def test_no_pixel_with_data(self):
        self.report("-k", 3, pixels=np.zeros((20, 30, 4), np.uint8))
        self.assertIn("no pixel with data", self.texts(".account")[0])
        self.assertEqual(self.texts("[name=mode]"), [])
        self.assertEqual(self.texts("h2"), ["Result", "Details"])
        self.assertNotIn("Iterations", self.texts("dt"))

    def test_no_pixel_with_data_for_a_model(self):
        self.image("photo.png", photo())
        self.succeed("photo.png", "-k", 3, "--write", "model")
        self.image("empty.png", np.zeros((20, 30, 4), np.uint8))
        self.succeed("empty.png", "--model", "segmented/photo.gmm.json", "--write", "report",
                     "-o", "applied")
        self.open("applied/report.html")
        self.assertIn("no pixel with data", self.texts(".account")[0])
        self.assertEqual(self.texts("h2"), ["Result", "Classes", "Details"])

    def test_a_fit_without_iterations(self):
        self.report("-k", 3, "--max-iterations", 0)
        self.assertIn("made no iteration", self.texts(".account")[0])
        self.assertNotIn("Iterations", self.texts("dt"))
        self.assertEqual(self.value("document.querySelectorAll('.curve').length"), 0)

    def test_pixels_without_data_are_said_to_be_none(self):
        pixels = np.dstack([photo(), np.full((64, 96), 255, np.uint8)])
        pixels[:20, :20, 3] = 0
        self.report("-k", 3, pixels=pixels)
        left, top, *_ = self.page.box(".stage")
        self.page.move(left + 30, top + 3)
        self.assertEqual(self.texts(".readout .chosen"), ["no data"])
        self.assertEqual(self.texts(".posteriors .value"), [])
        self.assertIn("Pixels with data", self.texts(".figures dt"))

    def test_very_wide_and_very_tall(self):
        for shape in ((2, 400, 3), (400, 2, 3)):
            with self.subTest(shape):
                self.report("-k", 2, "--overwrite", pixels=np.resize(photo(), shape))
                self.page.click("[name=mode][value=probability]")
                self.assert_fits(360)
                self.page.resize(1280, 900)

    def test_a_line_of_pixels_is_seen_whole(self):
        self.report("-k", 3, pixels=photo(5, 5000)[:, :1])
        left, top, width, height = self.page.box(".stage")
        self.assertLess(height, 0.8 * 900)
        for y in (0, 400, 1023):
            self.assert_readout(*self.point_at(0, y))
        result = self.picture(0)
        middle = top + 0.3 * height
        self.page.drag((left, middle), (left + width / 2, middle))
        value = float(self.value("document.querySelector('.swipe input').value"))
        self.assertAlmostEqual(value, 50, delta=3)
        self.assertGreater(np.abs(self.picture(0) - result)[:, 2:10].mean(), 10)

    def test_a_portrait_is_seen_whole(self):
        self.report("-k", 2, pixels=photo(400, 800))
        for width, height in ((1280, 900), (2560, 1300), (360, 600)):
            self.page.resize(width, height)
            *_, across, down = self.page.box(".stage")
            self.assertLessEqual(down, 0.8 * height)
            self.assertAlmostEqual(across / down, 0.5, delta=0.01)

    def test_a_picture_larger_than_its_preview(self):
        self.report("-k", 3, pixels=photo(1500, 900))
        self.assertEqual(self.value("gmmsegReport.page.view.preview.width"), 1024)
        for x, y in ((0, 0), (1023, 613), (500, 300), (777, 50), (123, 456)):
            self.assert_readout(*self.point_at(x, y))

    def test_close_means_differ(self):
        pixels = np.full((20, 30), 10000.0999, np.float32)
        pixels[:, 10:] = 10000.3995
        pixels += np.random.default_rng(1).normal(0, 0.002, pixels.shape).astype(np.float32)
        tifffile.imwrite(self.folder / "photo.tif", pixels)
        self.succeed("photo.tif", "-k", 2, "--write", "report")
        self.open("segmented/report.html")
        means = self.texts(".classes tbody td:nth-child(5)")
        for mean, expected in zip(means, (10000.0999, 10000.3995)):
            self.assertRegex(mean, r"\A\d+\.\d{3}\Z")
            self.assertAlmostEqual(float(mean), expected, delta=0.002)

    def test_many_bands_are_told_by_the_first_and_the_last(self):
        pixels = np.random.default_rng(1).normal(0, 1, (20, 30, 12)).astype(np.float32)
        tifffile.imwrite(self.folder / "photo.tif", pixels, planarconfig="contig")
        self.succeed("photo.tif", "-k", 2, "--write", "report")
        self.open("segmented/report.html")
        self.assertIn("2 Gaussians on band 1 … band 12 (image of 12 bands)",
                      self.texts(".account")[0])
        self.assertIn("band 1 … band 12", self.texts(".pairs dd"))
        self.page.media(kind="print")
        self.assert_fits(700)

    def test_a_wide_table_shows_that_there_is_more(self):
        self.report("-k", 3)
        self.page.resize(360, 900)
        for scheme in ("light", "dark"):
            self.page.media(scheme)
            self.value("document.querySelector('.scroller').scrollTo(0, 0)")
            start = self.page.picture_of(".scroller").astype(int)
            self.value("document.querySelector('.scroller').scrollTo(1000, 0)")
            end = self.page.picture_of(".scroller").astype(int)
            paper = start[-2, 2]
            self.assertGreater(np.abs(start[-2, -2] - paper).min(), 20)
            self.assertGreater(np.abs(end[-2, 1] - paper).min(), 20)
            np.testing.assert_allclose(end[-2, -2], paper, atol=2)

    def test_long_labels_of_plots_fit(self):
        self.report("-k", 2)
        self.value("""document.querySelector('.plots').append(gmmsegReport.curve({
          density: true, initial_log_likelihood: -1100.40515, history: [-1100.40514]}).element)""")
        self.assertRegex(self.texts(".ticks text")[-2], r"\A\u22121100\.\d{5}\Z")
        for width in (360, 1280):
            self.page.resize(width, 900)
            self.assertEqual(self.value("""Array.from(document.querySelectorAll('.ticks text'))
              .filter(text => text.getBoundingClientRect().left <
                              text.closest('svg').getBoundingClientRect().left)
              .map(text => text.textContent)"""), [])

    def test_numbers_as_texts(self):
        self.report("-k", 2)
        for script, text in (("fixed(-0.04, 1)", "0.0"), ("fixed(-0.06, 1)", "\u22120.1"),
                             ("percent(0.0002)", "<\u00a00.1\u00a0%"), ("percent(0)", "0.0\u00a0%"),
                             ("percent(0.004, 0)", "<\u00a01\u00a0%"), ("percent(null)", "–")):
            self.assertEqual(self.value(f"gmmsegReport.{script}"), text)


if __name__ == "__main__":
    unittest.main()
