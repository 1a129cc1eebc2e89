"""The report page in a browser: what a reader sees, does and is kept safe from."""

import csv
import io
import json
import unittest

import browser
import numpy as np
from PIL import Image

from program import ProgramTest, labels_of, photo, probabilities_of

HOSTILE = "<img src=x onerror=document.title='ran'>.png"
QUOTES = "a \"quoted\" & 'named' <b>photo<b>.png"
SOME_FAILED = 3
CHROMIUM = None


def setUpModule():  # pylint: disable=invalid-name
    global CHROMIUM  # pylint: disable=global-statement
    if browser.PROGRAM is None:
        raise unittest.SkipTest("chromium is not installed, so the report is not looked at")
    CHROMIUM = browser.Browser()
    unittest.addModuleCleanup(CHROMIUM.close)


class ReportTest(ProgramTest):
    def setUp(self):
        super().setUp()
        self.page = CHROMIUM.page()
        self.addCleanup(self.page.close)

    def open(self, path, fragment=""):
        """Opens a page of the test's folder; nothing may go wrong and nothing may leave the machine."""
        self.page.open(self.folder / path, fragment)
        self.assertEqual(self.page.complaints, [])
        for url in self.page.requests():
            self.assertRegex(url, r"\A(file|data|blob):")

    def report(self, *words, pixels=None):
        """The report of one image."""
        self.image("photo.png", photo() if pixels is None else pixels)
        self.succeed("photo.png", "--write", "report,probabilities,labels", *words)
        self.open("segmented/report.html")

    def value(self, script):
        return self.page.evaluate(script)

    def texts(self, selector):
        """The text of every element that is shown, wherever the page is scrolled to."""
        return self.value(f"Array.from(document.querySelectorAll({json.dumps(selector)}))"
                          ".filter(e => e.checkVisibility({visibilityProperty: true}))"
                          ".map(e => e.textContent.trim())")

    def choose(self, selector, value):
        """Chooses an option, or moves a slider, as the reader would."""
        self.value(f"""(element => {{
          element.value = {json.dumps(value)};
          element.dispatchEvent(new Event('input', {{bubbles: true}}));
          element.dispatchEvent(new Event('change', {{bubbles: true}}));
        }})(document.querySelector({json.dumps(selector)}))""")

    def rename(self, name, new):
        """Types a new name of a class."""
        field = f"input[aria-label='Name of class {name}']"
        self.value(f'document.querySelector("{field}").select()')
        self.page.type(new)

    def picture(self, margin=20):
        """What is drawn of the image, without the edges where the line's handle lies."""
        picture = self.page.picture_of(".stage").astype(int)
        return picture[:, margin:picture.shape[1] - margin]

    def assert_fits(self, width):
        self.page.resize(width, 900)
        self.assertLessEqual(self.value("document.documentElement.scrollWidth"), width)


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
        drawn, labels = self.picture(0), labels_of(self.folder / "segmented/photo_labels.png")
        colors = self.value("gmmsegReport.page.view.classes.map(c => gmmsegReport.channels(c.color))")
        scale = drawn.shape[1] / labels.shape[1]
        for y, x in ((5, 30), (40, 50), (60, 90)):
            found = drawn[int((y + 0.5) * scale), int((x + 0.5) * scale)]
            np.testing.assert_allclose(found, colors[labels[y, x] - 1], atol=2)

    def test_without_opacity_the_photograph_is_left(self):
        self.report("-k", 3)
        both = self.picture()
        self.page.evaluate("document.querySelector('[aria-label=\"Opacity of the result\"]').focus()")
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
        self.choose("[aria-label='Original up to']", 0)
        left, top, width, height = self.page.box(".stage")
        self.page.drag((left, top + height / 2), (left + width / 2, top + height / 2))
        mixed, half = self.picture(), result.shape[1] // 2
        np.testing.assert_array_equal(mixed[:, :half - 20], original[:, :half - 20])
        np.testing.assert_array_equal(mixed[:, half + 20:], result[:, half + 20:])
        self.assertAlmostEqual(float(self.value("document.querySelector('.swipe input').value")), 50,
                               delta=1)

    def test_names_are_used_everywhere_and_saved(self):
        self.report("-k", 4)
        names = ["sky, \"blue\"", "<b>tag</b>", "grün\u00a0& ß"]
        for index, name in enumerate(names, 1):
            self.rename(index, name)
        self.value("URL.createObjectURL = blob => { window.saved = blob; return 'blob:none'; };"
                   "HTMLAnchorElement.prototype.click = function () { window.file = this.download; }")
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
        self.assertRegex(self.texts(".step-text")[0], r"\AStart, log-likelihood \u2212?\d")
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
        self.probabilities = probabilities_of(self.folder / "segmented/photo_probs.tif")

    def assert_readout(self, x, y):
        """The readout is at the pixel and says what the file of probabilities holds there."""
        self.assertEqual(self.texts(".readout .place"), [f"x {x}, y {y}"])
        values = [float(text.split()[0]) for text in self.texts(".posteriors .value")]
        np.testing.assert_allclose(np.array(values) / 100, self.probabilities[:, y, x],
                                   atol=1 / 255 + 5e-4)
        self.assertEqual(self.texts(".readout .chosen .swatch"),
                         [str(self.probabilities[:, y, x].argmax() + 1)])

    def point_at(self, x, y):
        left, top, width, height = self.page.box(".stage")
        _, rows, columns = self.probabilities.shape
        self.page.move(left + width * (x + 0.5) / columns, top + height * (y + 0.5) / rows)

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


class Unusual(ReportTest):
    def test_255_classes(self):
        random = np.random.default_rng(1)
        pixels = random.integers(0, 255, (96, 128, 3), dtype=np.uint8)
        self.report("-k", 255, "--restarts", 1, "--max-iterations", 2, pixels=pixels)
        self.assertEqual(len(self.texts(".classes tbody tr")), 255)
        self.page.move(*self.page.box(".stage")[:2])
        self.assertEqual(len(self.texts(".posteriors .value")), 8)
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

    def test_pixels_without_data_are_said_to_be_none(self):
        pixels = np.dstack([photo(), np.full((64, 96), 255, np.uint8)])
        pixels[:20, :20, 3] = 0
        self.report("-k", 3, pixels=pixels)
        left, top, *_ = self.page.box(".stage")
        self.page.move(left + 30, top + 3)
        self.assertEqual(self.texts(".readout .chosen"), ["no data"])
        self.assertIn("Pixels with data", self.texts(".figures dt"))

    def test_very_wide_and_very_tall(self):
        for shape in ((2, 400, 3), (400, 2, 3)):
            with self.subTest(shape):
                pixels = np.resize(photo(), shape)
                self.image("photo.png", pixels)
                self.succeed("photo.png", "-k", 2, "--write", "report", "--overwrite")
                self.open("segmented/report.html")
                self.page.click("[name=mode][value=probability]")
                self.assert_fits(360)
                self.page.resize(1280, 900)


class Reading(ReportTest):
    """Light, dark, print, narrow, wide, by keyboard."""

    # The contrast of all text with what lies under it; pictures' and plots' own text aside.
    CONTRAST = """(() => {
      const parse = text => (text.match(/[\\d.]+/g) || [0, 0, 0, 0]).map(Number);
      const light = ([r, g, b]) => [r, g, b].map(v => v / 255)
        .map(v => v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4)
        .reduce((sum, v, i) => sum + v * [0.2126, 0.7152, 0.0722][i], 0);
      const under = element => {
        for (; element; element = element.parentElement) {
          const color = parse(getComputedStyle(element).backgroundColor);
          if (color.length < 4 || color[3] > 0) return color;
        }
      };
      const poor = [];
      for (const element of document.querySelectorAll('body *:not(script):not(option)')) {
        const own = Array.from(element.childNodes).some(n => n.nodeType === 3 && n.data.trim());
        if (!own || !element.checkVisibility() || element.disabled) continue;
        const style = getComputedStyle(element);
        const text = element instanceof SVGElement ? style.fill : style.color;
        const back = element.closest('.badge') ? null : under(element);
        if (!back) continue;
        const [a, b] = [light(parse(text)), light(back)];
        const ratio = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
        if (ratio < 4.5) poor.push(`${element.className} ${element.textContent} ${ratio}`);
      }
      return poor;
    })()"""

    def test_text_is_readable_in_light_and_dark(self):
        self.report("-k", 6)
        for scheme in ("light", "dark"):
            self.page.media(scheme)
            self.value("new Promise(done => setTimeout(done, 300))")  # colours fade over
            self.assertEqual(self.value(self.CONTRAST), [], scheme)

    def test_dark_is_dark_and_print_is_light(self):
        self.report("-k", 3)
        light = self.page.screenshot().mean()
        self.page.media("dark")
        self.assertLess(self.page.screenshot().mean(), light - 60)
        self.page.media("dark", "print")
        self.assertGreater(self.page.screenshot()[:40].mean(), 240)

    def test_print_has_pictures_and_no_controls(self):
        self.report("-k", 3)
        self.page.media(kind="print")
        shown = "Array.from(document.querySelectorAll({})).filter(e => e.checkVisibility()).length"
        self.assertEqual(self.value(shown.format("'.actions button, .stepper button, select, [type=range]'")), 0)
        self.assertEqual(self.value(shown.format("'.stage canvas, .stage img'")), 2)
        self.assertEqual(self.value(shown.format("'.classes tbody tr'")), 3)
        self.assertGreaterEqual(self.value(shown.format("'.plot svg'")), 2)

    def test_fits_from_360_to_2560_pixels(self):
        self.report("-k", 4)
        for width in (360, 768, 1280, 2560):
            self.assert_fits(width)

    def test_everything_is_reached_with_tab_and_shows_it(self):
        self.report("-k", 3)
        reached = set()
        for _ in range(30):
            self.page.key("Tab")
            reached.add(self.value("(e => e.className || e.getAttribute('aria-label') || e.type || "
                                   "e.textContent)(document.activeElement)"))
            self.assertTrue(self.value(
                "(e => e === document.body || [e, e.nextElementSibling].some("
                "x => x && getComputedStyle(x).outlineStyle !== 'none'))(document.activeElement)"), reached)
        for name in ("skip", "stage", "swatch", "scroller", "Name of class 1", "Original up to",
                     "Opacity of the result", "radio", "select-one", "Save names as CSV"):
            self.assertTrue(any(name in text for text in reached | {"button"}) or "button" in reached, name)


class Folder(ReportTest):
    def setUp(self):
        super().setUp()
        (self.folder / "in").mkdir()

    def put(self, name, pixels=None):
        self.image(f"in/{name}", photo(48, 32) if pixels is None else pixels)

    def fill(self):
        """Three photographs, and a file that is none."""
        self.put("b.png")
        self.put("a.png", 255 - photo(48, 32))
        self.put("C.png", photo(32, 48) // 2)
        (self.folder / "in/broken.png").write_bytes(b"\x89PNG\r\n\x1a\n, but no more")

    def folder_report(self, *words, code=0):
        result = self.segment("in", "-o", "out", "-k", 3, "--write", "report", *words)
        self.assertEqual(result.returncode, code, result.stderr)
        self.open("out/report.html")

    def rows(self):
        return self.texts(".image-name")

    def view(self):
        """Waits for the view of an image."""
        self.page.wait_for("document.querySelector('.view .viewer, .view .failure')")

    def page_data(self):
        return json.loads(self.value("document.getElementById('data').textContent"))

    def rewritten(self, data):
        """The page with other data, beside the first; its address."""
        html = (self.folder / "out/report.html").read_text(encoding="utf-8")
        start = html.index('<script type="application/json" id="data">')
        end = html.index("</script>", start)
        text = json.dumps(data).replace("<", "\\u003c")
        (self.folder / "out/other.html").write_text(
            html[:start] + '<script type="application/json" id="data">' + text + html[end:],
            encoding="utf-8")
        return "out/other.html"


class ListOfImages(Folder):
    def test_default_outputs_have_a_report(self):
        self.put("photo.png")
        self.put("second.png")
        self.succeed("in", "-k", 3, "-o", "out")
        for name in ("report.html", "photo_report.js", "photo_report.jpg"):
            self.assertTrue((self.folder / "out" / name).exists(), name)
        self.open("out/report.html")
        self.assertEqual(self.rows(), ["photo.png", "second.png"])
        self.page.wait_for("document.querySelector('.thumbnail img').naturalWidth > 0")

    def test_counts_what_became_of_the_images(self):
        self.fill()
        self.folder_report(code=SOME_FAILED)
        figures = dict(zip(self.texts(".figures dt"), self.texts(".figures dd")))
        self.assertEqual([figures[key] for key in ("Images", "Done", "Failed")], ["4", "3", "1"])
        self.assertIn("1 of 4 images failed", self.texts(".notice.failure")[0])

    def test_sorts_with_missing_values_last(self):
        self.fill()
        self.folder_report(code=SOME_FAILED)
        self.page.click("th.name button")
        self.assertEqual(self.rows(), ["a.png", "b.png", "broken.png", "C.png"])
        self.page.click("th.name button")
        self.assertEqual(self.rows(), ["C.png", "broken.png", "b.png", "a.png"])
        self.assertEqual(self.value("document.querySelector('th.name').ariaSort"), "descending")
        values = {row["name"]: row["log_likelihood"] for row in self.page_data()["images"]
                  if row["status"] == "done"}
        ascending = sorted(values, key=values.get)
        self.page.click("th.log_likelihood button")
        self.assertEqual(self.rows(), [*ascending, "broken.png"])
        self.page.click("th.log_likelihood button")
        self.assertEqual(self.rows(), [*ascending[::-1], "broken.png"])
        self.assertEqual(self.value("document.querySelector('th.name').ariaSort"), "none")

    def test_searches_and_filters(self):
        self.fill()
        self.folder_report(code=SOME_FAILED)
        for text, rows in (("B", ["b.png", "broken.png"]), ("none such", []), ("", None)):
            self.choose("input[type=search]", text)
            if rows is not None:
                self.assertEqual(sorted(self.rows()), rows)
                self.assertEqual(self.texts(".counter"), [f"Showing {len(rows)} of 4"])
        for name, rows in (("failed", ["broken.png"]), ("done", ["C.png", "a.png", "b.png"])):
            self.choose(".gallery .controls > label select", name)
            self.assertEqual(sorted(self.rows()), rows)

    def test_cards_are_sorted_too(self):
        self.fill()
        self.page.resize(360, 800)
        self.folder_report(code=SOME_FAILED)
        self.assert_fits(360)
        self.choose(".sorting select", "name")
        self.assertEqual(self.rows()[0], "a.png")
        self.page.click(".sorting button")
        self.assertEqual(self.rows()[0], "C.png")

    def test_every_image_failed(self):
        for name in ("a.png", "b.png"):
            (self.folder / "in" / name).write_bytes(b"\x89PNG\r\n\x1a\n, but no more")
        self.folder_report(code=1)
        self.assertIn("Every image failed", self.texts(".notice.failure")[0])
        self.assertEqual(self.rows(), ["a.png", "b.png"])
        self.assertEqual(self.texts(".image-name[href]"), [])

    def test_a_thousand_images_stay_quick(self):
        self.fill()
        self.folder_report(code=SOME_FAILED)
        data = self.page_data()
        rows = data["images"]
        data["images"] = [{**rows[i % 4], "name": f"{(i * 7919) % 1000:04}.png"} for i in range(1000)]
        self.open(self.rewritten(data))
        spent = self.value("""(() => {
          const start = performance.now();
          for (const key of ['name', 'log_likelihood', 'status']) {
            document.querySelector(`th.${key} button`).click();
            document.querySelector('.images').getBoundingClientRect();
          }
          return (performance.now() - start) / 3;
        })()""")
        self.assertLess(spent, 1000)
        slowest = self.value("""(async () => {
          const frame = () => new Promise(done => requestAnimationFrame(done));
          let slowest = 0;
          for (let i = 0; i < 20; ++i) {
            const start = performance.now();
            window.scrollBy(0, 3000);
            await frame(); await frame();
            slowest = Math.max(slowest, performance.now() - start);
          }
          return slowest;
        })()""")
        self.assertLess(slowest, 1000)
        self.assertGreater(self.value("window.scrollY"), 20000)
        self.assertLess(len(self.page.requests()), 500, "pictures out of sight were loaded")


class ViewsOfImages(Folder):
    def test_opens_by_click_and_goes_back(self):
        self.fill()
        self.folder_report(code=SOME_FAILED)
        self.assertEqual([url for url in self.page.requests() if url.endswith(".js")], [])
        self.page.click("[data-image='2'] a")
        self.view()
        first = self.texts("h1")
        self.assertNotEqual(self.texts(".figures dt")[0], "Images")
        self.page.click("nav a:last-child")
        self.page.wait_for("location.hash === '#image/3'")
        self.view()
        self.assertNotEqual(self.texts("h1"), first)
        self.value("history.back()")
        self.page.wait_for("location.hash === '#image/2'")
        self.view()
        self.value("history.back()")
        self.page.wait_for("document.querySelector('.gallery').checkVisibility()")
        self.assertEqual(self.texts("h1"), ["out"])
        scripts = [url for url in self.page.requests() if url.endswith(".js")]
        self.assertEqual(len(scripts), len(set(scripts)), "a view was loaded twice")
        self.assertEqual(self.page.complaints, [])

    def test_opens_by_its_address(self):
        self.fill()
        self.folder_report(code=SOME_FAILED)
        number = self.value("document.querySelector('.images tbody tr:has(a)').dataset.image")
        self.open("out/report.html", f"#image/{number}")
        self.view()
        self.assertEqual(len(self.texts(".classes tbody tr")), 3)
        self.page.wait_for("document.querySelector('.stage img').naturalWidth > 0")
        self.assertEqual(self.page.complaints, [])
        for width in (360, 2560):
            self.assert_fits(width)

    def test_a_view_that_was_deleted_is_said(self):
        for name in ("a.png", "b.png", "c.png"):
            self.put(name)
        self.folder_report()
        (self.folder / "out/a_report.js").unlink()
        (self.folder / "out/b_report.js").write_text("gmmsegReport.show({")
        (self.folder / "out/c_report.jpg").unlink()
        for number, words in ((1, "is missing; it was moved or deleted since"), (2, "is damaged")):
            self.page.open(self.folder / "out/report.html", f"#image/{number}")
            self.view()
            self.assertIn(words, self.texts(".view .notice.failure")[0])
        self.page.open(self.folder / "out/report.html")
        self.page.box("[data-image='3']")
        self.page.wait_for("document.querySelector(\"[data-image='3'] .thumbnail\").textContent")
        self.assertIn("picture missing", self.texts(".thumbnail"))

    def test_hostile_names_are_shown_and_not_run(self):
        for name in (HOSTILE, QUOTES, "x') (.png", "javascript:alert(1).png"):
            self.put(name)
        self.folder_report()
        self.assertEqual(sorted(self.rows()),
                         sorted([HOSTILE, QUOTES, "x') (.png", "javascript:alert(1).png"]))
        self.assertEqual(self.texts("b"), [])
        for number in range(1, 5):
            self.open("out/report.html", f"#image/{number}")
            self.view()
            self.page.wait_for("document.querySelector('.stage img').naturalWidth > 0")
            self.assertIn(self.texts("h1")[0], [HOSTILE, QUOTES, "x') (.png", "javascript:alert(1).png"])
            self.assertNotEqual(self.value("document.title"), "ran")
            self.assertEqual(self.page.complaints, [])

    def test_hostile_name_of_a_single_image(self):
        self.image(HOSTILE, photo(48, 32))
        self.succeed(HOSTILE, "-k", 2, "--write", "report,labels")
        self.open("segmented/report.html")
        self.assertEqual(self.texts("h1"), [HOSTILE])
        self.assertEqual(self.value("document.title").count("ran"), 1)
        self.assertEqual(self.value("document.querySelectorAll('h1 img').length"), 0)

    def test_names_of_shared_classes_go_with_every_image(self):
        self.put("a.png")
        self.put("b.png", photo(48, 32) // 2)
        self.folder_report()
        self.rename(2, "<i>wall</i>")
        self.value("location.hash = '#image/1'")
        self.view()
        self.assertEqual(self.value("document.querySelector('.view [data-class=\"2\"] input').value"),
                         "<i>wall</i>")
        self.page.move(*self.page.box(".stage")[:2])
        self.assertIn("<i>wall</i>", self.texts(".posteriors .name"))

    def test_names_of_separate_models_stay_apart(self):
        self.put("a.png")
        self.put("b.png", photo(48, 32) // 2)
        self.folder_report("--separate-models")
        self.value("location.hash = '#image/1'")
        self.view()
        self.rename(2, "wall")
        name = "document.querySelector('.view [data-class=\"2\"] input').value"
        for number, expected in ((2, "class 2"), (1, "wall")):
            self.value(f"location.hash = '#image/{number}'")
            self.view()
            self.assertEqual(self.value(name), expected)


if __name__ == "__main__":
    unittest.main()
