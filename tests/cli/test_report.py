"""The report of one image in a browser: what a reader sees and does."""

import csv
import io
import json
import shutil
import unittest

import numpy as np
from PIL import Image

import report_picture
from program import SAMPLES, labels_of, model_of, photo
from report_page import ReportTest


class OneImage(ReportTest):
    def test_says_what_was_done(self):
        self.report("-k", 4)
        self.assertEqual(self.texts("h1"), ["photo.png"])
        self.assertIn("4 Gaussians", self.texts(".account")[0])
        self.assertEqual(self.texts(".classes tbody th"), ["1", "2", "3", "4"])
        shares = [float(text.split()[0]) for text in self.texts(".classes tbody td:nth-child(3)")]
        labels = labels_of(self.folder / "segmented/photo_labels.png")
        for number, share in enumerate(shares, 1):
            self.assertAlmostEqual(share, 100 * np.mean(labels == number), delta=0.051)
        for name in self.texts(".files a"):
            self.assertTrue((self.folder / "segmented" / name).exists(), name)

    def test_says_how_many_pixels_k_means_labels_differently(self):
        self.image("photo.png", photo())
        words = ("photo.png", "-k", 4, "--write", "report", "--json")
        pixels = json.loads(self.succeed(*words, "-o", "gmm").stdout)["kmeans_difference"]
        self.open("gmm/report.html")
        share = 100 * pixels / (96 * 64)
        self.assertRegex(
            self.texts(".account")[0],
            rf"K-means with as many classes labels {pixels:,} pixels \({share:.1f}\s%\) differently")
        self.succeed(*words, "--method", "kmeans", "-o", "kmeans")
        self.open("kmeans/report.html")
        account = self.texts(".account")[0]
        self.assertTrue(account.startswith("K-means with 4 classes on L*"), account)
        self.assertNotIn("differently", account)

    def test_a_chosen_number_of_classes_stands_beside_those_that_were_not(self):
        self.image("photo.png", photo())
        self.succeed("photo.png", "-k", "2:4", "--write", "report,model")
        self.open("segmented/report.html")
        model = model_of(self.folder / "segmented/photo.gmm.json")
        shown = [text for text in self.texts(".pairs div") if text.startswith("BIC_eff")]
        self.assertEqual(len(shown), len(model["candidates"]))
        for text, each in zip(shown, model["candidates"]):
            self.assertIn(f"BIC_eff of {each['requested_k']} components", text)
            self.assertIn(f"{round(each['bic_effective']):,}".replace("-", "\N{MINUS SIGN}"), text)
            self.assertEqual(text.endswith("the lowest"), each["chosen"])

    def test_each_result_is_another_picture(self):
        self.report("-k", 4)
        drawn = []
        for mode in ("labels", "boundaries", "probability", "uncertainty"):
            self.page.click(f"[name=mode][value={mode}]")
            drawn.append(self.picture().tobytes())
        for index in (2, 3):
            self.page.click(f"tr[data-class='{index}'] button.swatch")
            drawn.append(self.picture().tobytes())
            self.assertEqual(self.texts(".colorbar .title"), [f"Probability of class {index}"])
        self.choose(".controls select", "4")
        drawn.append(self.picture().tobytes())
        self.assertEqual(len(set(drawn)), len(drawn))

    def test_labels_are_drawn_in_the_colours_of_the_classes(self):
        self.report("-k", 3)
        self.choose("[aria-label='Opacity of the result']", 100)
        drawn = self.picture(0)
        labels = labels_of(self.folder / "segmented/photo_labels.png")
        colors = self.value(
            "gmmsegReport.page.view.classes.map(c => gmmsegReport.channels(c.color))")
        scale = drawn.shape[1] / labels.shape[1]
        for y, x in ((5, 30), (40, 50), (60, 90)):
            found = drawn[int((y + 0.5) * scale), int((x + 0.5) * scale)]
            np.testing.assert_allclose(found, colors[labels[y, x] - 1], atol=2)

    def test_without_opacity_the_photograph_is_left(self):
        self.report("-k", 3)
        both = self.picture()
        self.value("document.querySelector('[aria-label=\"Opacity of the result\"]').focus()")
        self.page.key("Home")
        transparent = self.picture()
        self.choose("[aria-label='Original up to']", 100)
        np.testing.assert_array_equal(self.picture(), transparent)
        self.assertGreater(np.abs(both - transparent).mean(), 10)

    def test_the_line_is_dragged_between_original_and_result(self):
        self.report("-k", 3)
        result = self.picture()
        self.choose("[aria-label='Original up to']", 100)
        original = self.picture()
        self.assertGreater(np.abs(original - result).mean(), 10)
        self.choose("[aria-label='Original up to']", 0)
        left, top, width, height = self.page.box(".stage")
        self.page.drag((left, top + height / 2), (left + width / 2, top + height / 2))
        mixed, half = self.picture(), result.shape[1] // 2
        np.testing.assert_array_equal(mixed[:, :half - 20], original[:, :half - 20])
        np.testing.assert_array_equal(mixed[:, half + 20:], result[:, half + 20:])
        value = float(self.value("document.querySelector('.swipe input').value"))
        self.assertAlmostEqual(value, 50, delta=1)

    def test_names_are_used_everywhere_and_saved(self):
        self.report("-k", 4)
        names = ["sky, \"blue\"", "<b>tag</b>", "grün\u00a0& ß"]
        for index, name in enumerate(names, 1):
            self.rename(index, name)
        self.value("URL.createObjectURL = blob => { window.saved = blob; return 'blob:none'; };"
                   "HTMLAnchorElement.prototype.click = function () {"
                   "  window.file = this.download; }")
        self.page.click(".actions button")
        self.assertEqual(self.value("window.file"), "class-names.csv")
        text = self.value("window.saved.text()")
        rows = list(csv.reader(io.StringIO(text, newline="")))
        self.assertEqual(rows[0], ["class", "name", "color"])
        self.assertEqual([row[:2] for row in rows[1:]],
                         [["1", names[0]], ["2", names[1]], ["3", names[2]], ["4", "class 4"]])
        self.assertTrue(text.startswith('class,name,color\r\n1,"sky, ""blue""",#'))
        self.choose(".controls select", "2")
        self.assertEqual(self.texts(".colorbar .title"), ["Probability of <b>tag</b>"])
        self.assertEqual(self.texts("b"), [])

    def test_saved_names_are_taken_by_the_next_run(self):
        self.report("-k", 3)
        names = ["a\tb\x7fc\u0085d\r\n, \"e\"", "\U0001f680" * 300, "  \u0000 "]
        for index, name in enumerate(names, 1):
            self.value(f"gmmsegReport.namesOf(gmmsegReport.page.view)"
                       f".set({index}, {json.dumps(name)})")
        text = self.value("gmmsegReport.classNamesCsv("
                          "gmmsegReport.namesOf(gmmsegReport.page.view))")
        (self.folder / "class-names.csv").write_bytes(text.encode())
        self.report("-k", 3, "--class-names", "class-names.csv", "--overwrite")
        self.assertEqual([entry["name"] for entry in self.value("gmmsegReport.page.view.classes")],
                         ["a b c d  , \"e\"", "\U0001f680" * 200, "class 3"])

    def test_a_field_shows_the_name_as_it_is_taken(self):
        self.report("-k", 2)
        self.rename(1, "x" * 300)
        self.page.key("Tab")
        self.assertEqual(self.value("document.querySelector('.classes input').value"), "x" * 200)

    def test_an_emptied_name_is_the_number_again(self):
        self.report("-k", 2)
        self.rename(1, "sky")
        self.value("document.querySelector('.classes input').select()")
        self.page.type(" ")
        self.assertIn("1,class 1,#", self.value("gmmsegReport.classNamesCsv("
                                                "gmmsegReport.namesOf(gmmsegReport.page.view))"))

    def test_steps_back_to_the_start_of_the_fit(self):
        self.report("-k", 4)
        last = self.page.picture_of(".plots")
        self.assertIn("Iteration", self.texts(".step-text")[0])
        self.page.click(".stepper button")
        self.assertFalse(np.array_equal(self.page.picture_of(".plots"), last))
        self.value("document.querySelector('.stepper input').focus()")
        self.page.key("Home")
        self.assertRegex(self.texts(".step-text")[0], r"\AStart, the best of 10 starts on a "
                         r"sample, log-likelihood \u2212?\d")
        self.assertTrue(self.value("document.querySelector('.stepper button').disabled"))

    def test_grey_is_drawn_as_a_histogram(self):
        self.report("-k", 3, pixels=photo()[:, :, 1])
        self.assertGreater(self.value("document.querySelectorAll('.plot rect.bin').length"), 10)
        self.assertEqual(self.value("document.querySelectorAll('.plot path.total').length"), 1)
        self.assertEqual(self.texts(".plot .badge"), ["1", "2", "3"])


class Posteriors(ReportTest):
    def setUp(self):
        super().setUp()
        self.report("-k", 4)

    def live(self):
        return self.value("document.querySelector('.readout [aria-live=polite]').textContent")

    def test_the_pointer_shows_what_the_file_holds(self):
        for x, y in ((3, 2), (40, 30), (95, 63), (60, 5), (17, 50)):
            self.point_at(x, y)
            self.assert_readout(x, y)
        self.assertEqual(self.live(), "")
        self.page.move(1, 1)
        self.assertEqual(self.texts(".posteriors .value"), [])

    def test_the_keyboard_moves_a_crosshair(self):
        self.value("document.querySelector('.stage').focus()")
        self.page.key("ArrowRight")
        self.page.key("ArrowUp", shift=True)
        self.assert_readout(49, 22)
        self.assertRegex(self.live(), r"\Ax 49, y 22: class \d, \d+\.\d percent\Z")
        self.assertTrue(self.value("document.querySelector('.crosshair').checkVisibility()"))
        for _ in range(4):
            self.page.key("ArrowUp", shift=True)
        self.assert_readout(49, 0)
        self.page.key("Escape")
        self.assertFalse(self.value("document.querySelector('.crosshair').checkVisibility()"))

    def test_a_click_pins_what_the_pointer_leaves(self):
        self.point_at(30, 20)
        left, top, width, height = self.page.box(".stage")
        place = (left + width * 30.5 / 96, top + height * 20.5 / 64)
        self.page.drag(place, place)
        self.point_at(5, 5)
        self.assert_readout(5, 5)
        self.page.move(1, 1)
        self.assert_readout(30, 20)


class Tissues(ReportTest):
    VOLUME = SAMPLES.parent / "volumes/template_t1.nii.gz"
    MASK = SAMPLES.parent / "volumes/template_mask.nii.gz"

    def tissues(self, *words):
        """The account of the page, and what --json says of the fit."""
        found = json.loads(self.succeed(self.VOLUME, "--mask", self.MASK, "--preset", "t1", "--write",
                                        "report", "--overwrite", "--json", *words).stdout)
        self.open("segmented/report.html")
        return self.texts(".account")[0], found

    def test_says_what_was_fitted(self):
        account, found = self.tissues()
        facts = found["tissues"]
        for words in ("CSF, GM and WM", "of a T1 image", "CSF with GM, or GM with WM, in 2 steps",
                      f"by {facts['bias_least']:.2f} to {facts['bias_most']:.2f}",
                      f"a strength of {facts['smoothing_strength']:.2f}",
                      f"in {found['fit']['iterations']} iterations"):
            self.assertIn(words, account)
        page = self.value("document.getElementById('main').textContent")
        for word in ("mixture", "Gaussians", "Log-likelihood", "accelerate", "pixels with data"):
            self.assertNotIn(word, page)
        # Seven states, of which the pure ones have numbers; all voxels are in one of them.
        components = self.value("gmmsegReport.page.view.model.trace[0].components")
        self.assertEqual(len(components), 7)
        self.assertAlmostEqual(sum(weight for weight, *_ in components), 1, places=3)
        self.assertEqual(sorted(self.texts(".plots .badge")), ["1", "2", "3"])
        for entry, (_, mean, _) in zip(found["classes"], components):
            self.assertAlmostEqual(mean, entry["mean"][0], delta=1e-4 * mean)

    def test_says_what_there_was_not(self):
        account, _ = self.tissues("--bias", "off", "--smooth", "off")
        self.assertIn("No uneven field was looked for", account)
        self.assertIn("Neighbouring voxels had no say", account)

    def test_a_folder_has_the_same_tissues_in_each(self):
        (self.folder / "in").mkdir()
        for name in "ab":
            shutil.copy(self.VOLUME, self.folder / f"in/{name}.nii.gz")
        self.succeed("in", "--mask", self.MASK, "--preset", "t1", "--write", "report", "-q")
        self.open("segmented/report.html")
        self.assertIn("the same tissues in each", self.texts(".account")[0])


class Readme(ReportTest):
    def test_shows_the_page_as_it_is(self):
        with Image.open(SAMPLES.parent / "pictures/report.png") as image:
            shown = np.asarray(image.convert("RGB"), int)
        now = report_picture.take(self.page).astype(int)
        differing = np.mean(np.abs(shown - now).max(axis=2) > 40)
        self.assertLess(differing, 0.03, "make it again: tests/cli/report_picture.py")


class Reading(ReportTest):
    """Light, dark, print, narrow, wide, by keyboard."""

    def test_text_is_readable_in_light_and_dark(self):
        self.report("-k", 6)
        self.assert_readable()

    def test_dark_is_dark_and_print_is_light(self):
        self.report("-k", 3)
        light = self.page.screenshot().mean()
        self.page.media("dark")
        self.assertLess(self.page.screenshot().mean(), light - 60)
        self.page.media("dark", "print")
        self.assertGreater(self.page.screenshot()[:40].mean(), 240)

    def test_print_has_whole_tables(self):
        self.report("-k", 20)
        self.page.media(kind="print")
        self.assertEqual(self.value("getComputedStyle(document.querySelector('.scroller'))"
                                    ".overflow"), "visible")
        self.page.resize(700, 900)
        self.assert_fits(700)

    def test_colours_of_classes_outlast_those_of_the_reader(self):
        self.report("-k", 3)
        self.page.move(*self.page.box(".stage")[:2])
        self.page.click("[name=mode][value=probability]")
        shown = ("['.swatch', '.bar', '.ramp', '.badge rect'].map(name => (style => "
                 "[style.backgroundColor, style.backgroundImage, style.fill].join())"
                 "(getComputedStyle(document.querySelector(name))))")
        usual = self.value(shown)
        self.page.media("dark", forced="active")
        self.assertEqual(self.value(shown), usual)
        checked, other = self.value("['checked', 'not(:checked)'].map(state => getComputedStyle("
                                    "document.querySelector(`.modes input:${state} + span`))"
                                    ".backgroundColor)")
        self.assertNotEqual(checked, other)

    def test_print_has_pictures_and_no_controls(self):
        self.report("-k", 3)
        self.page.media(kind="print")
        shown = "Array.from(document.querySelectorAll({})).filter(e => e.checkVisibility()).length"
        for selector, count in (("button:not(.swatch), select, [type=range], [type=radio]", 0),
                                (".stage canvas, .stage img", 2), (".classes tbody tr", 3)):
            self.assertEqual(self.value(shown.format(json.dumps(selector))), count, selector)
        self.assertGreaterEqual(self.value(shown.format("'.plot svg'")), 2)

    def test_fits_from_360_to_2560_pixels(self):
        self.report("-k", 4)
        for width in (360, 768, 1280, 2560):
            self.assert_fits(width)

    def test_everything_is_reached_with_tab_and_shows_it(self):
        self.report("-k", 3)
        reached = []
        for _ in range(30):
            self.page.key("Tab")
            name, outlined = self.value("""(e => [
              [e.tagName, e.className, e.ariaLabel, e.type, e.textContent].join(' '),
              [e, e.nextElementSibling].some(x => x && getComputedStyle(x).outlineStyle !== 'none')
            ])(document.activeElement)""")
            if name.startswith("BODY"):
                break
            self.assertTrue(outlined, name)
            reached.append(name)
        for name in ("Skip to the report", "stage", "swatch", "scroller", "Name of class 3",
                     "radio", "Opacity of the result", "Original up to", "SELECT",
                     "Save names as CSV", "Iteration shown", "photo_labels.png"):
            self.assertTrue(any(name in text for text in reached), name)


if __name__ == "__main__":
    unittest.main()
