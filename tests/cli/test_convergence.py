"""The picture of a fit, read as XML and held against the numbers of the model file."""

import os
import re
import unittest
from xml.etree import ElementTree

import numpy as np
import tifffile
from PIL import Image

from program import ProgramTest, model_of, photo

SVG = "{http://www.w3.org/2000/svg}"
USAGE = 2


def numbers(text):
    return [float(number) for number in re.findall(r"-?\d+(?:\.\d+)?", text)]


def texts(element, kind=None):
    """What is written in an element, by the class of the text."""
    return [text for text in element.iter(SVG + "text") if kind in (None, text.get("class"))]


def panels(picture):
    """The group of each panel."""
    return [group for group in picture.findall(SVG + "g") if group.find(f"{SVG}g[@clip-path]") is not None]


def scale(ticks, place):
    """The line through the ticks: factor and offset of values as places."""
    values = [float(tick.text.replace("\u2212", "-")) for tick in ticks]
    return np.polyfit(values, [float(tick.get(place)) for tick in ticks], 1)


def stripes(height=40, width=60):
    """Grey of two levels and noise."""
    levels = np.where(np.arange(width) % 20 < 10, 60, 170)
    noise = np.random.default_rng(5).normal(0, 8, (height, width))
    return np.clip(levels + noise, 0, 255).astype(np.uint8)


class ConvergenceTest(ProgramTest):
    def read(self, path):
        """The picture, which is well-formed, has no number that is none, and is small."""
        data = (self.folder / path).read_bytes()
        self.assertLess(len(data), 300_000)
        self.assertNotRegex(data.decode(), r"[\" (](?:-?nan|-?inf)")
        picture = ElementTree.fromstring(data)
        width, height = (float(picture.get(side)) for side in ("width", "height"))
        for text in picture.findall(SVG + "text"):
            self.assertTrue(0 <= float(text.get("x")) <= width and 0 <= float(text.get("y")) <= height, text.text)
        return picture

    def draw(self, name, *words):
        self.succeed(name, "--write", "convergence,model", "--overwrite", *words)
        stem = name.rsplit(".", 1)[0]
        return self.read(f"segmented/{stem}_convergence.svg"), model_of(self.folder / f"segmented/{stem}.gmm.json")


class OneImage(ConvergenceTest):
    def test_the_last_panels_ellipses_are_those_of_the_model(self):
        self.image("photo.png", photo())
        picture, model = self.draw("photo.png", "-k", 4)
        count = min(8, model["iterations"] + 1)
        shown = panels(picture)
        self.assertEqual(len(shown), 2 * count)
        bottom_left = (count - 1) // 4 * 4  # of the first projection
        x = scale(texts(shown[count - 1], "tick middle"), "x")
        y = scale(texts(shown[bottom_left], "tick end"), "y")  # to the baseline, 4 below the line
        factors = np.diag([x[0], y[0]])
        ellipses = [group for group in shown[count - 1].iter(SVG + "g") if "translate" in group.get("transform", "")
                    and group.find(SVG + "ellipse") is not None]
        self.assertEqual(len(ellipses), 4)
        for k, group in enumerate(ellipses):
            left, top, angle = numbers(group.get("transform"))
            mean = np.array(model["means"][k])[[1, 2]]  # a* and b*
            np.testing.assert_allclose([left, top], [np.polyval(x, mean[0]), np.polyval(y, mean[1]) - 4], atol=0.3)
            covariance = factors @ np.array(model["covariances"][k])[1:, 1:] @ factors
            radii = np.sqrt(np.linalg.eigvalsh(covariance))[::-1]
            drawn = [[float(ellipse.get(side)) for side in ("rx", "ry")] for ellipse in group]
            np.testing.assert_allclose(drawn[0], 2 * radii, atol=0.2, rtol=0.02)
            np.testing.assert_allclose(drawn[-1], radii, atol=0.2, rtol=0.02)
            direction = np.array([np.cos(np.radians(angle)), np.sin(np.radians(angle))])
            self.assertAlmostEqual(direction @ covariance @ direction / radii[0] ** 2, 1, delta=0.01)
            self.assertEqual(group.get("stroke"), model["classes"][k]["color"])

    def test_captions_tell_the_likelihood_of_the_iterations_from_the_start_to_the_end(self):
        self.image("photo.png", photo())
        picture, model = self.draw("photo.png", "-k", 5, "--tolerance", 0, "--max-iterations", 20)
        captions = [panel.find(SVG + "text").text for panel in panels(picture)][:8]
        values = [model["initial_log_likelihood"], *model["history"]]
        shown = [0 if caption.startswith("start") else int(caption.split()[1].strip(",")) for caption in captions]
        self.assertEqual((shown[0], shown[-1], sorted(set(shown))), (0, 20, shown))
        self.assertLess(max(np.diff(shown)) - min(np.diff(shown)), 2)
        for iteration, caption in zip(shown, captions):
            value = float(caption.split(", ")[1].replace("\u2212", "-"))
            self.assertAlmostEqual(value, values[iteration], delta=6e-5)

    def test_every_shape_of_fit_has_its_picture(self):
        self.image("photo.png", photo())
        shapes = [("-k", 1), ("-k", 40), ("-k", 3, "--max-iterations", 0), ("-k", 3, "--max-iterations", 1),
                  ("-k", 3, "--position", 1), ("-k", 24, "--position", 2, "--max-iterations", 30),
                  ("-k", 2, "--restarts", 1), ("-k", 3, "--restarts", 300), ("-k", "2:4"), ("-k", 3, "--features", "gray"),
                  *(("-k", 4, "--covariance", kind) for kind in ("tied", "diagonal", "spherical"))]
        for words in shapes:
            with self.subTest(words=words):
                picture, model = self.draw("photo.png", *words)
                projections = 1 if "gray" in words else 3 if "--position" in words else 2
                self.assertEqual(len(panels(picture)), projections * min(8, model["iterations"] + 1))

    def test_bands_of_any_range(self):
        values = np.random.default_rng(3).normal(0, (1e-6, 1e6), (30, 40, 2)).astype(np.float32)
        values[..., 0] += 5
        tifffile.imwrite(self.folder / "bands.tif", values, planarconfig="contig")
        tifffile.imwrite(self.folder / "flat.tif", np.full((9, 9), 7e8, np.float32))
        for name in ("bands.tif", "flat.tif"):
            self.draw(name, "-k", 2)

    def test_grey_is_drawn_as_densities_over_a_histogram(self):
        self.image("grey.png", stripes())
        picture, model = self.draw("grey.png", "-k", 2)
        for panel in panels(picture):
            self.assertEqual(len(panel.findall(f".//{SVG}path[@class='area']")), 2)
            self.assertEqual(panel.findall(f".//{SVG}ellipse"), [])
        self.assertEqual(len(picture.findall(f"{SVG}defs//{SVG}path[@class='bin']")), 1)
        self.assertEqual(model["k"], 2)

    def test_classes_that_were_dropped_are_told(self):
        pixels = np.zeros((20, 20, 3), np.uint8)
        pixels[:10] = (200, 30, 60)
        pixels[:, 7] = (10, 90, 250)
        self.image("flat.png", pixels)
        picture, _ = self.draw("flat.png", "-k", 5)
        self.assertIn("3 Gaussians of 5 asked for", picture.findall(SVG + "text")[1].text)

    def test_an_image_without_data_says_so(self):
        self.image("empty.png", np.zeros((9, 8, 4), np.uint8))
        picture, _ = self.draw("empty.png", "-k", 2)
        self.assertEqual(picture.findall(SVG + "text")[1].text, "No pixel has data: nothing was fitted.")
        self.assertEqual(panels(picture), [])

    def test_hostile_names_stay_text(self):
        folder = os.fsencode(self.folder)
        for name in (b"</title><script>alert(1)</script>&amp;'\".png", b"\xff\xed\xa0\x80\x01\x1b[2J\xef\xbf\xbe.png",
                     "\u00e9".encode() * 100 + b".png"):
            path = os.path.join(folder, name.replace(b"/", "\u2215".encode()))
            Image.fromarray(photo(20, 20)).save(os.fsdecode(self.folder / "plain.png"))
            os.rename(os.path.join(folder, b"plain.png"), path)
            self.succeed(os.fsdecode(path), "-k", 2, "--write", "convergence", "-o", "out", "--overwrite")
            [picture] = (self.folder / "out").iterdir()
            self.assertEqual([element.tag for element in self.read(f"out/{picture.name}").iter(SVG + "script")], [])
            picture.unlink()

    def test_the_same_bytes_for_any_number_of_threads(self):
        self.image("photo.png", photo())
        for threads in (1, 2):
            self.succeed("photo.png", "-k", 5, "--write", "convergence", "-o", f"out{threads}", "--threads", threads)
        self.assertEqual((self.folder / "out1/photo_convergence.svg").read_bytes(),
                         (self.folder / "out2/photo_convergence.svg").read_bytes())

    def test_a_model_that_is_applied_has_none(self):
        self.image("photo.png", photo())
        self.succeed("photo.png", "-k", 2, "--write", "all")
        self.assertIn("photo_convergence.svg", self.names())
        for words in (["apply", "--model", "segmented/photo.gmm.json"], ["--model", "segmented/photo.gmm.json"]):
            self.fail(USAGE, *words, "photo.png", "-o", "out", "--write", "labels,convergence",
                      says=["convergence", "not fitted here"])
        self.succeed("apply", "--model", "segmented/photo.gmm.json", "photo.png", "-o", "out", "--write", "all")
        self.assertNotIn("photo_convergence.svg", self.names("out"))


class Folders(ConvergenceTest):
    shared = "out/gmmseg-model_convergence.svg"

    def setUp(self):
        super().setUp()
        (self.folder / "in").mkdir()
        for name, brighter in (("a", 0), ("b", 20)):
            self.image(f"in/{name}.png", np.clip(photo(40, 30) + float(brighter), 0, 255).astype(np.uint8))

    def segment_all(self, *words):
        return self.succeed("in", "-k", 3, "-o", "out", *words)

    def test_a_shared_models_fit_is_drawn_once(self):
        self.segment_all("--write", "labels,convergence")
        self.assertEqual([name for name in self.names("out") if name.endswith(".svg")],
                         ["gmmseg-model_convergence.svg"])
        picture = self.read(self.shared)
        self.assertEqual(picture.find(SVG + "title").text, "How the mixture was fitted to a.png and 1 other")
        self.assertGreaterEqual(len(panels(picture)), 2)

    def test_from_a_sample_of_pixels_too(self):
        self.segment_all("--write", "convergence", "--position", 1)
        self.assertEqual(len(panels(self.read(self.shared))) % 3, 0)

    def test_a_fit_of_each_image_is_drawn_for_each(self):
        self.segment_all("--separate-models", "--write", "convergence")
        self.assertEqual(self.names("out"), ["a_convergence.svg", "b_convergence.svg", "gmmseg-manifest.jsonl"])
        self.segment_all("--match", "--write", "convergence", "--overwrite")
        self.assertEqual(self.names("out"), ["a_convergence.svg", "b_convergence.svg", "gmmseg-manifest.jsonl",
                                             "gmmseg-model.gmm.json", "gmmseg-model_convergence.svg"])
        for name in ("a_convergence.svg", "b_convergence.svg"):
            self.read(f"out/{name}")

    def test_a_run_that_goes_on_keeps_the_picture_of_the_model_that_it_keeps(self):
        self.segment_all("--write", "labels,convergence")
        before = (self.folder / self.shared).read_bytes()
        self.image("in/c.png", photo(40, 30)[::-1])
        self.segment_all("--write", "labels,convergence", "--resume")
        self.assertEqual((self.folder / self.shared).read_bytes(), before)
        self.segment_all("--write", "labels,convergence", "--refit")
        self.assertNotEqual((self.folder / self.shared).read_bytes(), before)
        self.segment_all("--write", "labels", "--refit")
        self.assertFalse((self.folder / self.shared).exists())

    def test_a_model_that_was_kept_cannot_be_drawn_later(self):
        self.segment_all("--write", "labels")
        self.fail(USAGE, "in", "-k", 3, "-o", "out", "--write", "labels,convergence", "--resume",
                  says=["gmmseg-model_convergence.svg", "--refit"])
        self.segment_all("--write", "labels,convergence", "--refit")
        self.read(self.shared)

    def test_starting_over_removes_what_is_stale(self):
        self.segment_all("--write", "convergence")
        self.segment_all("--write", "labels", "--overwrite")
        self.assertFalse((self.folder / self.shared).exists())

    def test_a_strangers_file_is_not_replaced(self):
        (self.folder / "out").mkdir()
        (self.folder / self.shared).write_text("mine")
        self.fail(USAGE, "in", "-k", 3, "-o", "out", "--write", "convergence",
                  says=["gmmseg-model_convergence.svg", "--overwrite"])

    def test_a_folder_that_a_model_is_applied_to_has_none(self):
        self.segment_all("--write", "model")
        words = ["apply", "--model", "out/gmmseg-model.gmm.json", "in", "-o", "again"]
        self.fail(USAGE, *words, "--write", "convergence", says=["convergence", "not fitted here"])
        self.succeed(*words, "--write", "all")
        self.assertEqual([name for name in self.names("again") if name.endswith(".svg")], [])


if __name__ == "__main__":
    unittest.main()
