"""What a folder's report says of images that are not done, and of the names of their classes."""

import unittest

import numpy as np

from program import photo
from report_page import SOME_FAILED, Folder

FILTER = ".gallery .controls > label select"


class States(Folder):
    def figures(self):
        return dict(zip(self.texts(".figures dt"), self.texts(".figures dd")))

    def statuses(self):
        return dict(zip(self.rows(), self.texts("td.status > span > :first-child")))

    def test_counts_what_became_of_the_images(self):
        self.fill()
        self.folder_report(code=SOME_FAILED)
        self.assertEqual(self.figures(), {"Images": "4", "Done": "3", "Failed": "1",
                                          "Drifted": "0", "With warnings": "0"})
        keys = f"Array.from(document.querySelector('{FILTER}').options, option => option.value)"
        self.assertEqual(self.value(keys), ["all", "done", "failed", "drifted", "warnings"])
        self.assertIn("1 of 4 images failed", self.texts(".notice.failure")[0])

    def test_every_image_failed(self):
        for name in ("a.png", "b.png"):
            (self.folder / "in" / name).write_bytes(b"\x89PNG\r\n\x1a\n, but no more")
        self.folder_report(code=1)
        self.assertIn("Every image failed", self.texts(".notice.failure")[0])
        self.assertEqual(self.rows(), ["a.png", "b.png"])
        self.assertEqual(self.figures(), {"Images": "2", "Done": "0", "Failed": "2",
                                          "Drifted": "0", "With warnings": "0"})
        self.page.click("[data-image='2'] a")
        self.view(2)
        self.assertIn("in/b.png: ", self.texts(".view .notice.failure")[0])

    def test_a_run_that_was_stopped(self):
        self.fill()
        self.folder_report("--fail-fast", code=1)
        self.assertEqual(self.statuses(), {"broken.png": "failed", "C.png": "not tried",
                                           "a.png": "not tried", "b.png": "not tried"})
        self.assertIn("The run was stopped: 3 of 4 images were not tried",
                      self.texts(".notice.warning"))
        self.assertIn("1 of 4 images failed", self.texts(".notice.failure")[0])
        self.assertEqual(self.figures()["Not tried"], "3")
        self.choose(FILTER, "not tried")
        self.assertEqual(self.rows(), ["C.png", "a.png", "b.png"])

    def test_an_image_of_an_earlier_run(self):
        self.put("a.png")
        self.put("b.png", photo(48, 32) // 2)
        self.folder_report()
        (self.folder / "in/a.png").unlink()
        self.put("c.png", 255 - photo(48, 32))
        self.folder_report("--refit", "--seed", 7)
        self.assertEqual(self.statuses(), {"a.png": "earlier", "b.png": "done", "c.png": "done"})
        self.assertEqual(self.figures()["Of an earlier run"], "1")
        self.choose(FILTER, "earlier")
        self.assertEqual(self.rows(), ["a.png"])
        self.choose(FILTER, "all")
        self.page.click("[data-image='1'] a")
        self.view(1)
        self.assertIn("of an earlier run with other settings", self.texts(".view .notice")[0])
        self.page.click("nav a:last-child")
        self.view(2)

    def test_an_image_that_was_cut_off(self):
        self.put("a.png")
        self.put("b.png")
        self.folder_report()
        data = self.page_data()
        data["images"][0].update(status="unfinished", shares=[], base="")
        self.open(self.rewritten(data))
        self.assertEqual(self.statuses(), {"a.png": "unfinished", "b.png": "done"})
        self.assertEqual(self.figures()["Unfinished"], "1")
        self.assertEqual(self.texts(".image-name[href]"), ["b.png"])

    def test_long_texts_take_two_lines(self):
        self.fill()
        self.folder_report(code=SOME_FAILED)
        data = self.page_data()
        data["images"][0].update(name="a long name " * 20 + ".png", warnings=["a warning " * 90])
        self.open(self.rewritten(data))
        heights = "['.image-name', '.remark'].map(name => (e => e.clientHeight / parseFloat(" \
                  "getComputedStyle(e).lineHeight))(document.querySelector(name)))"
        for lines in self.value(heights):
            self.assertAlmostEqual(lines, 2, delta=0.1)
        self.assertEqual(self.value("['.image-name', '.remark'].map(name => "
                                    "document.querySelector(name).title)"),
                         ["a long name " * 20 + ".png", "a warning " * 90])
        self.page.media(kind="print")
        self.assertGreater(min(self.value(heights)), 2.5)

    def test_nothing_but_images_without_data(self):
        for name in ("a.png", "b.png"):
            self.put(name, np.zeros((20, 30, 4), np.uint8))
        self.folder_report()
        self.assertEqual(self.texts("h2"), ["Images", "Details"])
        self.assertEqual(self.texts(".account"), [])
        self.page.click("[data-image='1'] a")
        self.view(1)
        self.assertEqual(self.page.complaints, [])

    def test_a_view_is_drawn_once(self):
        self.put("a.png")
        self.put("b.png")
        self.folder_report()
        self.value("(at => { const put = at.putImageData; window.drawn = 0; at.putImageData ="
                   "function (...all) { ++window.drawn; put.apply(this, all); }; })"
                   "(CanvasRenderingContext2D.prototype)")
        self.page.click("[data-image='1'] a")
        self.view(1)
        self.assertEqual(self.value("window.drawn"), 1)


class Names(Folder):
    def test_names_of_shared_classes_go_with_every_image(self):
        self.put("a.png")
        self.put("b.png", photo(48, 32) // 2)
        self.folder_report()
        self.rename(2, "<i>wall</i>")
        self.assertIn("<i>wall</i>", self.value("document.querySelector('.share-bar').title"))
        self.assert_name_in_view(1, "<i>wall</i>")
        self.page.move(*self.page.box(".stage")[:2])
        self.assertIn("<i>wall</i>", self.texts(".posteriors .name"))

    def test_names_of_matched_classes_go_with_every_image(self):
        self.put("a.png")
        self.put("b.png", photo(48, 32) // 2)
        self.folder_report("--match")
        self.rename(2, "wall")
        for number in (1, 2):
            self.assert_name_in_view(number, "wall")
        self.assertIn("was fitted to this image", self.texts(".view .account")[0])

    def test_given_names_of_a_reference(self):
        self.put("a.png")
        self.put("b.png", photo(48, 32) // 2)
        (self.folder / "names.csv").write_text("class,name\n2,wall\n", encoding="utf-8")
        self.succeed("in/a.png", "-k", 3, "--write", "model", "-o", "reference")
        self.succeed("in", "-o", "out", "-k", 3, "--write", "report", "--match", "--model",
                     "reference/a.gmm.json", "--class-names", "names.csv")
        self.open("out/report.html")
        self.assertIn("wall", self.value("document.querySelector('.share-bar').title"))
        self.assertEqual(self.value("document.querySelector('[data-class=\"2\"] input').value"),
                         "wall")
        for number in (1, 2):
            self.assert_name_in_view(number, "wall")

    def assert_name_in_view(self, number, name):
        """The second class has the name in the view of the image."""
        self.value(f"location.hash = '#image/{number}'")
        self.view(number)
        self.assertEqual(name, self.value(
            "document.querySelector('.view [data-class=\"2\"] input').value"))

    def test_names_of_separate_models_stay_apart(self):
        self.put("a.png")
        self.put("b.png", photo(48, 32) // 2)
        self.folder_report("--separate-models")
        self.value("location.hash = '#image/1'")
        self.view(1)
        self.rename(2, "wall")
        for number, expected in ((2, "class 2"), (1, "wall")):
            self.assert_name_in_view(number, expected)


if __name__ == "__main__":
    unittest.main()
