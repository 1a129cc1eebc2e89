"""What the tests of the report share: opening a page, reading what it says, pictures of it."""

import atexit
import functools
import json
import unittest

import numpy as np

import browser
from program import ProgramTest, photo, probabilities_of

# The texts of less contrast than WCAG AA asks of normal text; numbers on the classes' colours have
# the better of black and white.
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


SOME_FAILED = 3  # the program's exit code


@functools.cache
def shared_browser():
    """One browser for all tests of a file."""
    chromium = browser.Browser()
    atexit.register(chromium.close)
    return chromium


class ReportTest(ProgramTest):
    """Each test has an empty folder and a page of its own."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        if browser.PROGRAM is None:
            raise unittest.SkipTest("chromium is not installed, so the report is not looked at")

    def setUp(self):
        super().setUp()
        self.page = shared_browser().page()
        self.addCleanup(self.page.close)

    def open(self, path, fragment=""):
        """Opens a page of the test's folder; nothing may go wrong or come from elsewhere."""
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

    def point_at(self, x, y):
        """Moves the pointer to a pixel of the preview; its place in the image."""
        left, top, width, height = self.page.box(".stage")
        size, shown = self.value("(view => [view, view.preview].map(({width, height}) =>"
                                 " [width, height]))(gmmsegReport.page.view)")
        self.page.move(left + width * (x + 0.5) / shown[0], top + height * (y + 0.5) / shown[1])
        return [(2 * at + 1) * whole // (2 * part) for at, whole, part in zip((x, y), size, shown)]

    def assert_readout(self, x, y):
        """The readout is at the pixel and says what the file of probabilities holds there."""
        self.assertEqual(self.texts(".readout .place"), [f"x {x}, y {y}"])
        values = [float(text.split()[0]) for text in self.texts(".posteriors .value")]
        expected = probabilities_of(self.folder / "segmented/photo_probs.tif")[:, y, x]
        np.testing.assert_allclose(np.array(values) / 100, expected, atol=1 / 255 + 5e-4)
        self.assertEqual(self.texts(".readout .chosen .swatch"), [str(expected.argmax() + 1)])

    def picture(self, margin=20):
        """What is drawn of the image, without the edges where the line's handle lies."""
        picture = self.page.picture_of(".stage").astype(int)
        return picture[:, margin:picture.shape[1] - margin]

    def assert_readable(self):
        for scheme in ("light", "dark"):
            self.page.media(scheme)
            self.value("new Promise(done => setTimeout(done, 200))")  # colours fade over
            self.assertEqual(self.value(CONTRAST), [], scheme)

    def assert_fits(self, width):
        self.page.resize(width, 900)
        self.assertLessEqual(self.value("document.documentElement.scrollWidth"), width)


class Folder(ReportTest):
    """Its images are put into `in`; the report is in `out`."""

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

    def view(self, number):
        """Waits for the view of an image."""
        self.page.wait_for(f"document.querySelector('.view[data-image=\"{number}\"] section,"
                           f" .view[data-image=\"{number}\"] .notice')")

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
