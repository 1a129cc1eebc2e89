"""The files of a run: names, sizes, colours, and that they agree with each other."""

import json
import unittest

import numpy as np
from PIL import Image

from program import ProgramTest, labels_of, model_of, photo, probabilities_of

DEFAULT_SET = ["photo.gmm.json", "photo_heat_1.png", "photo_heat_2.png", "photo_heat_3.png",
               "photo_labels.png", "photo_overlay.png", "photo_uncertainty.png"]


class DefaultSet(ProgramTest):
    def setUp(self):
        super().setUp()
        self.image("photo.png", photo())
        self.result = self.succeed("photo.png", "-k", 3)
        self.out = self.folder / "segmented"

    def test_names(self):
        self.assertEqual(self.names(), DEFAULT_SET)

    def test_pictures_have_the_image_s_size_and_their_modes(self):
        modes = {"overlay": "RGB", "labels": "P", "heat_1": "P", "uncertainty": "P"}
        for word, mode in modes.items():
            with Image.open(self.out / f"photo_{word}.png") as image:
                self.assertEqual((image.size, image.mode), ((96, 64), mode), word)

    def test_index_of_the_mask_is_the_label_and_its_palette_the_classes_colours(self):
        labels = labels_of(self.out / "photo_labels.png")
        classes = model_of(self.out / "photo.gmm.json")["classes"]
        self.assertEqual(sorted(np.unique(labels)), [c["index"] for c in classes])
        with Image.open(self.out / "photo_labels.png") as image:
            palette = np.array(image.getpalette()).reshape(-1, 3)
            transparent = image.convert("RGBA").getchannel("A").getextrema()
        for entry in classes:
            color = "#%02x%02x%02x" % tuple(palette[entry["index"]])
            self.assertEqual(color, entry["color"])
            self.assertAlmostEqual(entry["share"], np.mean(labels == entry["index"]))
        self.assertEqual(transparent, (255, 255))  # every pixel has data

    def test_one_line_on_stdout_says_what_was_found(self):
        self.assertRegex(
            self.result.stdout,
            r"\Aphoto\.png: 3 classes in \d+ iterations? \((converged|iteration limit)\), "
            r"log-likelihood -?\d+\.\d+ per pixel, shares( \d+\.\d){3} %, "
            r"\d+\.\d+ s -> segmented/\n\Z")
        self.assertEqual(self.result.stderr, "")


class Selection(ProgramTest):
    def setUp(self):
        super().setUp()
        self.image("photo.png", photo())

    def test_only_what_is_asked_for_is_written(self):
        self.succeed("photo.png", "-k", 2, "--write", "masks,labels", "-o", "out")
        self.assertEqual(self.names("out"),
                         ["photo_labels.png", "photo_mask_1.png", "photo_mask_2.png"])

    def test_all_is_everything(self):
        self.succeed("photo.png", "-k", 3, "--write", "all")
        self.assertEqual(self.names(), sorted(DEFAULT_SET + [
            "photo_probs.tif", "photo_mask_1.png", "photo_mask_2.png", "photo_mask_3.png",
            "photo_density.tif", "photo_anomalies.png", "photo_outliers.tif", "photo_instability.png",
            "photo_convergence.svg", "report.html"]))

    def test_masks_agree_with_labels(self):
        self.succeed("photo.png", "-k", 3, "--write", "labels,masks")
        labels = labels_of(self.folder / "segmented" / "photo_labels.png")
        for k in (1, 2, 3):
            mask = labels_of(self.folder / "segmented" / f"photo_mask_{k}.png")
            np.testing.assert_array_equal(mask, np.where(labels == k, 255, 0))

    def test_the_output_folder_may_end_in_a_slash(self):
        self.succeed("photo.png", "-k", 2, "--write", "labels", "-o", "out/")
        self.assertEqual(self.names("out"), ["photo_labels.png"])

    def test_odd_names_keep_their_stem(self):
        for name, mask in [(".hidden.png", ".hidden_labels.png"), ("a b.v2.png", "a b.v2_labels.png"),
                           ("-dash.png", "-dash_labels.png")]:
            self.image(name, photo())
            self.succeed("-k", 2, "--write", "labels", "-o", "out", "--", name)
            self.assertIn(mask, self.names("out"))

    def test_more_than_255_classes_make_a_16_bit_mask(self):
        # 300 colours on a lattice, 12 pixels each.
        lattice = np.stack(np.meshgrid(*[np.arange(5, 255, 40)] * 3), axis=-1).reshape(-1, 3)
        index = np.random.default_rng(1).permutation(np.repeat(np.arange(300), 12)).reshape(60, 60)
        self.image("colors.png", lattice[:300].astype(np.uint8)[index])
        self.succeed("colors.png", "-k", 300, "--write", "labels,model", "--features", "rgb")
        labels = labels_of(self.folder / "segmented" / "colors_labels.png")
        self.assertEqual(model_of(self.folder / "segmented" / "colors.gmm.json")["k"], 300)
        with Image.open(self.folder / "segmented" / "colors_labels.png") as image:
            self.assertIn(image.mode, ("I", "I;16"))
        self.assertEqual(np.unique(labels).tolist(), list(range(1, 301)))
        # One label per colour, and one colour per label.
        self.assertEqual(len({*zip(index.ravel(), labels.ravel())}), 300)


class Probabilities(ProgramTest):
    def setUp(self):
        super().setUp()
        rgba = np.dstack([photo(), np.full((64, 96), 255, np.uint8)])
        rgba[:10, :10, 3] = 0  # no data
        self.image("photo.png", rgba)

    def read(self, depth):
        self.succeed("photo.png", "-k", 3, "--write", "labels,probabilities", "--depth", depth,
                     "-o", depth)
        values = probabilities_of(self.folder / depth / "photo_probs.tif")
        self.assertEqual(values.shape, (3, 64, 96))
        return values, labels_of(self.folder / depth / "photo_labels.png")

    def test_sum_to_one_and_their_largest_is_the_label(self):
        values, labels = self.read("f32")
        self.assertEqual(values.dtype.newbyteorder("="), np.float32)
        self.assertTrue((labels[:10, :10] == 0).all())
        data = labels > 0
        np.testing.assert_allclose(values.sum(axis=0)[data], 1, atol=1e-5)
        np.testing.assert_array_equal(values.argmax(axis=0)[data] + 1, labels[data])
        self.assertTrue((values[:, ~data] == 0).all())

    def test_integers_are_scaled_as_promised(self):
        exact, labels = self.read("f32")
        for depth, dtype, scale, nodata in [("u8", np.uint8, 250, 255),
                                            ("u16", np.uint16, 10000, 65535)]:
            values, _ = self.read(depth)
            self.assertEqual(values.dtype, dtype)
            self.assertTrue((values[:, labels == 0] == nodata).all())
            data = labels > 0
            np.testing.assert_allclose(values[:, data], exact[:, data] * scale, atol=0.51)


class Reports(ProgramTest):
    def setUp(self):
        super().setUp()
        self.image("photo.png", photo())

    def test_json_is_one_document_with_the_facts_of_the_run(self):
        result = self.succeed("photo.png", "-k", 3, "--json", "--threads", 1)
        report = json.loads(result.stdout)
        self.assertEqual(report["outputs"], DEFAULT_SET)
        self.assertEqual((report["width"], report["height"], report["depth"]), (96, 64, 1))
        self.assertEqual((report["pixels"], report["components"]), (96 * 64, 3))
        self.assertEqual(report["threads"], 1)
        self.assertAlmostEqual(sum(c["share"] for c in report["classes"]), 1)
        self.assertEqual(len(report["fit"]["history"]), report["fit"]["iterations"])
        for stage in ("read", "features", "fit", "labels", "write", "total"):
            self.assertGreaterEqual(report["seconds"][stage], 0)
        self.assertTrue(report["instruction_set"])
        self.assertEqual(result.stderr, "")

    def test_a_file_name_that_is_not_utf8_does_not_break_the_document(self):
        name = b"caf\xe9.png".decode(errors="surrogateescape")
        self.image(name, photo())
        report = json.loads(self.succeed(name, "-k", 2, "--json").stdout)
        self.assertEqual(report["components"], 2)
        self.assertEqual(len(report["outputs"]), 6)

    def test_one_line_stays_short_for_many_classes(self):
        line = self.succeed("photo.png", "-k", 12).stdout
        self.assertRegex(line, r"shares( \d+\.\d){8} … %,")

    def test_a_limit_of_one_iteration_is_counted_in_the_singular(self):
        result = self.succeed("photo.png", "-k", 3, "--max-iterations", 1, "--tolerance", "1e-9")
        self.assertIn("not converged after 1 iteration;", result.stderr)
        self.assertIn("in 1 iteration (", result.stdout)

    def test_without_acceleration_em_takes_more_and_smaller_steps(self):
        histories = {}
        for word in ("on", "off"):
            result = self.succeed("photo.png", "-k", 6, "--tolerance", "1e-7", "--accelerate", word,
                                  "--json", "-o", word, "--write", "labels")
            histories[word] = json.loads(result.stdout)["fit"]["history"]
        self.assertLess(len(histories["on"]), len(histories["off"]))
        self.assertGreater(histories["on"][-1], histories["off"][-1] - 0.01)

    def test_quiet_says_nothing_and_verbose_says_more(self):
        quiet = self.succeed("photo.png", "-k", 2, "-q", "-o", "a")
        self.assertEqual(quiet.stdout + quiet.stderr, "")
        verbose = self.succeed("photo.png", "-k", 2, "-v", "-o", "b")
        for word in ("threads: ", "instruction set: ", "restarts: ", "floor: ", "seconds: ",
                     "b/photo_labels.png", "photo.png: reading\n", "photo.png: writing\n"):
            self.assertIn(word, verbose.stderr)
        self.assertEqual(len(verbose.stdout.splitlines()), 1)

    def test_help_shows_every_option_with_its_default_and_the_exit_codes(self):
        text = self.succeed("--help").stdout
        for option in ("--components", "--features", "--position", "--covariance", "--init",
                       "--init-model", "--restarts", "--tolerance", "--max-iterations",
                       "--accelerate", "--floor", "--seed", "--output", "--write", "--depth", "--class-names", "--overwrite",
                       "--threads",
                       "--json", "--quiet", "--verbose", "--version", "--help"):
            self.assertIn(option, text)
        for word in ("Default: 10", "Default: 1e-5", "Default: 300", "Default: segmented",
                     "Exit codes", "Examples"):
            self.assertIn(word, " ".join(text.split()))

    def test_version(self):
        self.assertRegex(self.succeed("--version").stdout, r"\Asegment \d+\.\d+\.\d+\n\Z")


if __name__ == "__main__":
    unittest.main()
