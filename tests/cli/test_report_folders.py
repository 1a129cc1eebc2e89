"""The report of a folder in a browser: its list, its views, and names that try to do harm."""

import unittest

from program import photo
from report_page import SOME_FAILED, Folder

HOSTILE = "<img src=x onerror=document.title='ran'>.png"
QUOTES = "a \"quoted\" & 'named' <b>photo<b>.png"


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

    def test_drifted_images_and_warnings_are_found(self):
        self.fill()
        self.folder_report(code=SOME_FAILED)
        data = self.page_data()
        done = [row for row in data["images"] if row["status"] == "done"]
        done[0]["drift"] = {"unlikely_pixels": 0.4, "share_distance": 0.2, "flagged": True}
        done[1]["warnings"] = ["a <b>doubtful</b> thing"]
        data["warnings"] = ["all of it is doubtful"]
        self.open(self.rewritten(data))
        self.assertIn("all of it is doubtful", self.texts(".notice.warning")[0])
        self.assertIn("a <b>doubtful</b> thing", self.texts(".remark"))
        self.assertEqual(self.value("document.querySelector('.remark').title"),
                         self.texts(".remark")[0])
        for name, row in (("drifted", done[0]), ("warnings", done[1])):
            self.choose(".gallery .controls > label select", name)
            self.assertEqual(self.rows(), [row["name"]])
        self.choose(".gallery .controls > label select", "all")
        self.assert_readable()

    def test_cards_are_sorted_too(self):
        self.fill()
        self.page.resize(360, 800)
        self.folder_report(code=SOME_FAILED)
        self.assert_fits(360)
        self.choose(".sorting select", "name")
        self.assertEqual(self.rows()[0], "a.png")
        self.page.click(".sorting button")
        self.assertEqual(self.rows()[0], "C.png")

    def test_a_thousand_images_stay_quick(self):
        self.fill()
        self.folder_report(code=SOME_FAILED)
        data = self.page_data()
        rows = data["images"]
        data["images"] = [self.renamed(rows[i % 4], i * 7919 % 1000) for i in range(1000)]
        self.open(self.rewritten(data))
        self.assertLess(len(self.pictures()), 150, "pictures out of sight were loaded")
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
        self.assertLess(len(self.pictures()), 750, "pictures that were never in sight were loaded")

    def renamed(self, row, number):
        """The row with another name, and an address of its own for the same picture."""
        base = row["base"] and f"{row['base']}.jpg?{number}"
        return {**row, "name": f"{number:04}.png", "base": base}

    def pictures(self):
        return {url for url in self.page.requests() if url.endswith(".jpg")}


class ViewsOfImages(Folder):
    def test_opens_by_click_and_goes_back(self):
        for name in ("a.png", "b.png", "c.png"):
            self.put(name)
        self.folder_report()
        self.assertEqual([url for url in self.page.requests() if url.endswith(".js")], [])
        self.page.click("[data-image='2'] a")
        self.view(2)
        self.assertEqual(self.texts("h1"), ["b.png"])
        self.page.click("nav a:last-child")
        self.view(3)
        self.assertEqual(self.texts("h1"), ["c.png"])
        self.value("history.back()")
        self.view(2)
        self.value("history.back()")
        self.page.wait_for("document.querySelector('.gallery').checkVisibility()")
        self.assertEqual(self.texts("h1"), ["out"])
        self.assertEqual(self.value("document.activeElement.textContent"), "b.png")
        scripts = [url for url in self.page.requests() if url.endswith(".js")]
        self.assertEqual(len(scripts), 2, "a view was loaded twice")
        self.assertEqual(self.page.complaints, [])

    def test_opens_by_its_address(self):
        self.fill()
        self.folder_report(code=SOME_FAILED)
        number = self.value("document.querySelector('.images tbody tr:has(a)').dataset.image")
        self.open("out/report.html", f"#image/{number}")
        self.view(number)
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
            self.view(number)
            self.assertIn(words, self.texts(".view .notice.failure")[0])
        self.page.open(self.folder / "out/report.html")
        self.page.box("[data-image='3']")
        self.page.wait_for("document.querySelector(\"[data-image='3'] .thumbnail\").textContent")
        self.assertIn("picture missing", self.texts(".thumbnail"))

    def test_hostile_names_are_shown_and_not_run(self):
        names = [HOSTILE, QUOTES, "x') (.png", "javascript:alert(1).png"]
        for name in names:
            self.put(name)
        self.folder_report()
        self.assertEqual(sorted(self.rows()), sorted(names))
        self.assertEqual(self.texts("b"), [])
        for number in range(1, 5):
            self.open("out/report.html", f"#image/{number}")
            self.view(number)
            self.page.wait_for("document.querySelector('.stage img').naturalWidth > 0")
            self.assertIn(self.texts("h1")[0], names)
            self.assertNotEqual(self.value("document.title"), "ran")
            self.assertEqual(self.page.complaints, [])

    def test_hostile_name_of_a_single_image(self):
        self.image(HOSTILE, photo(48, 32))
        self.succeed(HOSTILE, "-k", 2, "--write", "report,labels")
        self.open("segmented/report.html")
        self.assertEqual(self.texts("h1"), [HOSTILE])
        self.assertEqual(self.value("document.title"), HOSTILE)
        self.assertEqual(self.value("document.querySelectorAll('h1 img').length"), 0)


if __name__ == "__main__":
    unittest.main()
