"""Folders of images: what is found, where its outputs go, and what one failure does to the others."""

import json
import os
import resource
import signal
import subprocess
import unittest

import numpy as np
import tifffile
from PIL import Image

from program import PROGRAM, ProgramTest, labels_of, model_of, photo

USAGE, SOME_FAILED, BAD_INPUT, TOO_LITTLE_MEMORY, NOT_STRICT = 2, 3, 4, 5, 6
MANIFEST, MODEL = "gmmseg-manifest.jsonl", "gmmseg-model.gmm.json"


class FolderTest(ProgramTest):
    def setUp(self):
        super().setUp()
        self.photo = photo(48, 32)

    def put(self, name, pixels=None):
        """An image below the folder, with the folders on the way."""
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(self.photo if pixels is None else pixels).save(path)

    def exit_code(self, code, *words):
        result = self.segment(*words)
        self.assertEqual(result.returncode, code, result.stderr)
        return result

    def files(self, folder="segmented"):
        """Outputs below the folder, the manifest and the shared model aside."""
        top = self.folder / folder
        return sorted(str(path.relative_to(top)) for path in top.rglob("*")
                      if path.is_file() and path.name not in (MANIFEST, MODEL))

    def manifest(self, folder="segmented"):
        """The last record of each image, by name."""
        lines = (self.folder / folder / MANIFEST).read_text().splitlines()
        last = {record["input"]: record for record in map(json.loads, lines) if "input" in record}
        return [last[name] for name in sorted(last)]


class Inputs(FolderTest):
    words = ["-k", 3, "--write", "labels"]

    def test_the_output_tree_mirrors_the_input_tree(self):
        for name in ("in/a.png", "in/sub/b.png", "in/sub/deep/c.jpg"):
            self.put(name)
        self.succeed("in", *self.words)
        self.assertEqual(self.files(), ["a_labels.png"])
        self.succeed("in", "-r", *self.words, "-o", "all")
        self.assertEqual(self.files("all"),
                         ["a_labels.png", "sub/b_labels.png", "sub/deep/c_labels.png"])

    def test_files_folders_patterns_and_lists_mix(self):
        for name in ("x/1.png", "y/2.png", "y/3.jpg", "z/4 four.png", "5.png"):
            self.put(name)
        (self.folder / "list.txt").write_text("z/4 four.png\n\n5.png\n")
        self.succeed("x", "y/*.png", "@list.txt", *self.words)
        self.assertEqual(self.files(),
                         ["5_labels.png", "x/1_labels.png", "y/2_labels.png", "z/4 four_labels.png"])

    def test_a_list_with_zero_bytes_holds_any_name(self):
        self.put("new\nline.png")
        (self.folder / "list").write_bytes(b"new\nline.png\0")
        self.succeed("@list", *self.words)
        self.assertEqual(self.files(), ["new\nline_labels.png"])

    def test_a_file_is_done_once_however_often_it_is_named(self):
        self.put("in/a.png")
        self.succeed("in", "in/a.png", "in/../in/a.png", *self.words)
        self.assertEqual([record["input"] for record in self.manifest()], ["a.png"])

    def test_inputs_of_one_stem_are_told_apart(self):
        for name in ("in/a.png", "in/a.jpg", "in/a.png.png", "in/b.png"):
            self.put(name)
        self.succeed("in", *self.words)
        self.assertEqual(self.files(), ["a.jpg_labels.png", "a.png.png_labels.png",
                                        "a.png_labels.png", "b_labels.png"])

    def test_what_is_left_out_is_counted_and_said(self):
        self.put("in/a.png")
        self.put("in/.hidden.png")
        self.put("in/sub/b.png")
        (self.folder / "in/notes.txt").write_text("no image")
        (self.folder / "in/sub/again").symlink_to("..")
        (self.folder / "in/broken.png").symlink_to("nowhere")
        os.mkfifo(self.folder / "in/pipe.png")
        result = self.succeed("in", "-r", *self.words)
        self.assertEqual(self.files(), ["a_labels.png", "sub/b_labels.png"])
        for words in ("2 files that are no images", "1 hidden name",
                      "2 links that lead nowhere or to folders seen before"):
            self.assertIn(words, result.stderr)

    def test_an_image_with_another_extension_is_found_by_its_content(self):
        self.put("in/a.png")
        (self.folder / "in/a.png").rename(self.folder / "in/a.dat")
        self.succeed("in", *self.words)
        self.assertEqual(self.files(), ["a_labels.png"])

    def test_outputs_are_not_the_inputs_of_the_next_run(self):
        self.put("in/a.png")
        for output in ("in", "in/out"):
            with self.subTest(output):
                self.succeed("in", "-r", *self.words, "-o", output)
                result = self.succeed("in", "-r", *self.words, "-o", output, "--resume")
                self.assertEqual(len(self.manifest(output)), 1)
                self.assertIn("of earlier runs", result.stderr)

    def test_names_may_be_any_bytes(self):
        names = [b"quote'\".png", b"new\nline.png", b"50%.png", b"bytes\xff\xfe.png", "grün.png".encode()]
        (self.folder / "in").mkdir()
        for name in names:
            self.put("in/plain.png")
            os.rename(self.folder / "in/plain.png", os.fsencode(self.folder / "in") + b"/" + name)
        self.succeed("in", *self.words)
        found = {os.fsencode(path.name) for path in (self.folder / "segmented").iterdir()}
        self.assertEqual(found - {MANIFEST.encode(), MODEL.encode()},
                         {name[:-4] + b"_labels.png" for name in names})
        self.assertEqual({record["input"] for record in self.manifest()},
                         {"quote'\".png", "new\nline.png", "50%25.png", "bytes%FF%FE.png", "grün.png"})
        result = self.succeed("in", *self.words, "--resume")
        self.assertIn("5 kept", result.stderr)

    def test_an_input_is_never_written_over(self):
        for name in ("a", "a_labels", "a_mask_1"):
            self.put(f"in/{name}.png")
        self.fail(USAGE, "in", "-k", 2, "-o", "in", "--overwrite", says=["in/a_labels.png is an input"])
        self.succeed("in", "-k", 2, "-o", "in", "--overwrite", "--write", "overlay")
        self.assertTrue((self.folder / "in/a_mask_1.png").exists())

    def test_outputs_beside_the_inputs_stay_outputs(self):
        for name in ("in/a/1.png", "in/b/2.png"):
            self.put(name)
        for words in (["in/a", "in/b"], ["in/*/*.png"], ["in/a/1.png", "in/b/2.png"]):
            self.segment(*words, *self.words, "-o", "in", "--overwrite")
            everything = [str(path.relative_to(self.folder)) for path in (self.folder / "in").rglob("*.png")]
            self.segment(*everything, *self.words, "-o", "in", "--resume")
            self.assertEqual(self.files("in"), ["a/1.png", "a/1_labels.png", "b/2.png", "b/2_labels.png"])
        # A run that starts over and is cut off does not forget what was written before.
        self.put("in/b/3.png")
        self.exit_code(USAGE, "in", "-r", *self.words, "-o", "in")
        (self.folder / "in/a/1.png").write_bytes(b"")
        self.segment("in", "-r", *self.words, "-o", "in", "--overwrite")
        self.segment("in", "-r", *self.words, "-o", "in", "--resume")
        self.assertEqual([path for path in self.files("in") if "labels_labels" in path], [])

    def test_what_stands_in_the_way_of_a_folder_stays(self):
        self.put("in/a.png")
        self.put("in/sub/b.png")
        (self.folder / "out").mkdir()
        (self.folder / "out/sub").write_text("mine")
        self.exit_code(SOME_FAILED, "in", "-r", *self.words, "-o", "out")
        self.assertEqual((self.folder / "out/sub").read_text(), "mine")
        (self.folder / "else").mkdir()
        (self.folder / "linked").mkdir()
        (self.folder / "linked/sub").symlink_to("../else")
        self.succeed("in", "-r", *self.words, "-o", "linked")
        self.assertTrue((self.folder / "linked/sub/b_labels.png").exists())

    def test_a_pipe_among_files_is_not_waited_for(self):
        self.put("a.png")
        os.mkfifo(self.folder / "b.png")
        result = self.exit_code(SOME_FAILED, "a.png", "b.png", *self.words)
        self.assertIn("b.png: is no regular file", result.stderr)

    def test_closed_streams_do_not_end_in_files(self):
        self.put("in/a.png")
        subprocess.run(f"'{PROGRAM}' in -k 2 --write labels <&- >&- 2>&-", shell=True, check=True, cwd=self.folder)
        self.assertEqual(len(self.manifest()), 1)
        self.succeed("in", "-k", 2, "--write", "labels", "--resume")

    def test_a_name_of_the_shared_model_is_told_apart(self):
        self.put("in/gmmseg-model.png")
        self.put("in/a.png")
        self.succeed("in", "-k", 2, "--match", "--write", "model")
        self.assertEqual(self.files(), ["a.gmm.json", "gmmseg-model.png.gmm.json"])

    def test_a_folder_comes_before_a_link_to_it(self):
        self.put("in/real/b.png")
        (self.folder / "in/alias").symlink_to("real")
        self.succeed("in", "-r", *self.words)
        self.assertEqual(self.files(), ["real/b_labels.png"])

    def test_a_run_that_wrote_nothing_is_in_nobodys_way(self):
        self.exit_code(1, "x.png", "y.png", *self.words)
        self.put("x.png")
        self.put("y.png")
        self.succeed("x.png", "y.png", *self.words)

    def test_a_pattern_leaves_out_what_is_no_image(self):
        self.put("in/a.png")
        (self.folder / "in/readme.txt").write_text("no image")
        result = self.succeed("in/*", *self.words)
        self.assertIn("1 file that is no image", result.stderr)

    def test_nothing_to_do_is_an_error(self):
        (self.folder / "in").mkdir()
        self.fail(BAD_INPUT, "in", *self.words, says=["in: no image found"])
        (self.folder / "in/notes.txt").write_text("no image")
        self.fail(BAD_INPUT, "in", *self.words, says=["1 file that is no image"])
        self.fail(BAD_INPUT, "*.png", *self.words, says=["*.png", "no file matches"])
        self.fail(BAD_INPUT, "@list.txt", *self.words, says=["list.txt", "no such file"])

    @unittest.skipIf(os.geteuid() == 0, "root may read every folder")
    def test_a_folder_that_cannot_be_read(self):
        self.put("in/a.png")
        (self.folder / "in/closed").mkdir(mode=0)
        result = self.exit_code(SOME_FAILED, "in", "-r", *self.words)
        self.assertIn("in/closed: the folder cannot be read", result.stderr)
        self.fail(BAD_INPUT, "in/closed", *self.words, says=["cannot be read"])


class SharedModel(FolderTest):
    def test_a_class_has_one_number_in_every_image(self):
        """Two images hold two colours each, one of them in both: it has the same label in both."""
        red, green, blue = ((200, 40, 40), (40, 200, 40), (40, 40, 200))
        random = np.random.default_rng(1)
        def halves(left, right):
            pixels = np.empty((32, 48, 3), float)
            pixels[:, :24], pixels[:, 24:] = left, right
            return np.clip(pixels + random.normal(0, 8, pixels.shape), 0, 255).astype(np.uint8)
        self.put("in/1.png", halves(red, green))
        self.put("in/2.png", halves(green, blue))
        self.succeed("in", "-k", 3)
        one, two = (labels_of(self.folder / f"segmented/{i}_labels.png") for i in (1, 2))
        self.assertEqual(one[0, 40], two[0, 10])
        self.assertEqual(len({one[0, 10], one[0, 40], two[0, 40]}), 3)

    def test_the_model_is_that_of_one_image_made_of_all(self):
        pixels = photo(192, 128) // 8 * 8  # so few colours that one image, too, is fitted on them
        self.put("in/1.png", pixels[:, :50])
        self.put("in/2.png", pixels[:, 50:])
        self.put("whole.png", pixels)
        self.succeed("in", "-k", 4)
        self.succeed("whole.png", "-k", 4, "-o", "one")
        shared = model_of(self.folder / "segmented" / MODEL)
        whole = model_of(self.folder / "one/whole.gmm.json")
        # Not quite the same: the floor is a mean over pixels that are not the same sample of all.
        np.testing.assert_allclose(shared["means"], whole["means"], rtol=0.01)
        self.assertEqual([entry["name"] for entry in shared["training"]["inputs"]], ["1.png", "2.png"])
        joined = np.hstack([labels_of(self.folder / f"segmented/{i}_labels.png") for i in (1, 2)])
        self.assertGreater((joined == labels_of(self.folder / "one/whole_labels.png")).mean(), 0.99)

    def test_separate_models_are_those_of_runs_on_each_image(self):
        for name, pixels in (("a", self.photo), ("b", self.photo[::-1, :30])):
            self.put(f"in/{name}.png", pixels)
        self.succeed("in", "-k", 3, "--separate-models")
        for name in "ab":
            self.succeed(f"in/{name}.png", "-k", 3, "-o", "one")
        outputs = self.files("one")
        self.assertEqual(self.files(), sorted([
            *outputs, "report.html", *(f"{name}_report.{end}" for name in "ab"
                                       for end in ("jpg", "js"))]))
        for name in outputs:
            self.assertEqual((self.folder / "segmented" / name).read_bytes(),
                             (self.folder / "one" / name).read_bytes(), name)

    def test_a_given_model_is_applied_to_all(self):
        self.put("in/a.png")
        self.put("in/b.png", self.photo[:, ::-1])
        self.succeed("in/a.png", "-k", 3, "-o", "one")
        self.succeed("in", "--model", "one/a.gmm.json")
        self.succeed("apply", "in", "--model", "one/a.gmm.json", "-o", "again")
        self.assertEqual((self.folder / "segmented/a_labels.png").read_bytes(),
                         (self.folder / "one/a_labels.png").read_bytes())
        self.assertEqual(self.files(), self.files("again"))
        self.assertFalse((self.folder / "segmented" / MODEL).exists())

    def test_an_image_far_from_the_model_is_flagged(self):
        self.put("a.png")
        self.put("in/a.png")
        self.put("in/negative.png", 255 - self.photo)
        self.succeed("a.png", "-k", 3, "-o", "one")
        result = self.exit_code(NOT_STRICT, "in", "--model", "one/a.gmm.json", "--strict")
        self.assertIn("negative.png: drift", result.stderr)
        self.assertNotIn("in/a.png: drift", result.stderr)
        self.assertEqual([record["drift"]["flagged"] for record in self.manifest()], [False, True])
        self.exit_code(0, "in", "--model", "one/a.gmm.json", "-o", "lenient")
        self.exit_code(NOT_STRICT, "in/negative.png", "--model", "one/a.gmm.json", "--strict", "-o", "x")

    def test_matched_classes_follow_the_light(self):
        """A photograph at several exposures: by each image's own fit, matched to that of the first."""
        pixels = photo(192, 128).astype(float)
        for i, gain in enumerate((1.0, 0.8, 0.9, 1.15)):
            self.put(f"in/{i}.png", np.clip(pixels * gain, 0, 255).astype(np.uint8))
        self.succeed("in/0.png", "-k", 3, "-o", "one")
        self.succeed("in", "--match", "--model", "one/0.gmm.json")
        labels = [labels_of(self.folder / f"segmented/{i}_labels.png") for i in range(4)]
        for other in labels[1:]:
            self.assertGreater((other == labels[0]).mean(), 0.75)
        confidence = [record["match_confidence"] for record in self.manifest()]
        self.assertAlmostEqual(confidence[0], 1, places=6)
        self.assertTrue(all(0 < value < 1 for value in confidence[1:]))
        self.succeed("in", "-k", 3, "--match", "-o", "shared")
        self.assertEqual(model_of(self.folder / "shared/0.gmm.json")["k"], 3)
        self.assertTrue((self.folder / "shared" / MODEL).exists())

    def test_an_image_without_data_is_labelled_0(self):
        self.put("in/empty.png", np.zeros((16, 16, 4), np.uint8))
        self.succeed("in", "-k", 3, "--write", "labels")
        self.assertEqual(labels_of(self.folder / "segmented/empty_labels.png").max(), 0)
        self.put("in/photo.png")
        self.succeed("in", "-k", 3, "--write", "labels", "--refit")
        self.assertEqual(labels_of(self.folder / "segmented/empty_labels.png").max(), 0)

    def test_floats_are_matched_too(self):
        for name, gain in (("a", 1.0), ("b", 0.9)):
            tifffile.imwrite(self.folder / f"{name}.tif", self.photo[:, :, 0].astype(np.float32) * gain)
        self.succeed("a.tif", "b.tif", "-k", 2, "--match", "--write", "labels,model")
        self.assertEqual(model_of(self.folder / "segmented/b.gmm.json")["k"], 2)
        self.put("c.png")
        mixed = self.succeed("a.tif", "c.png", "-k", 2, "--features", "gray", "-o", "mixed")
        self.assertIn("some images hold floats", mixed.stderr)
        self.put("d.png", self.photo[::-1])
        self.succeed("c.png", "d.png", "-k", 2, "--match", "--features", "rgb", "--position", 1, "-o", "placed")
        names = [feature["name"] for feature in model_of(self.folder / "placed/c.gmm.json")["features"]]
        self.assertEqual(names, ["R", "G", "B", "x", "y"])
        self.fail(USAGE, "a.tif", "b.tif", "-k", 3, "--match", "--model", "segmented/a.gmm.json", "-o", "x",
                  says=["num_components = 3", "2 classes"])

    def test_grey_and_colour_mix(self):
        self.put("in/a.png")
        self.put("in/b.png", self.photo[:, :, 0])
        self.succeed("in", "-k", 3)
        self.assertEqual([feature["name"] for feature in
                          model_of(self.folder / "segmented" / MODEL)["features"]], ["L*", "a*", "b*"])


class Failures(FolderTest):
    words = ["-k", 3, "--write", "labels"]

    def break_some(self):
        """Three good images among seven bad ones; the names of the good."""
        for name in "adj":
            self.put(f"in/{name}.png", np.roll(self.photo, ord(name)))
        whole = (self.folder / "in/a.png").read_bytes()
        bad = {"b.png": b"", "c.jpg": b"text", "e.png": whole[:len(whole) // 2], "f.png": whole[:20],
               "g.tif": b"II*\0\xff\xff\xff\xff", "h.jpg": b"\xff\xd8\xff\xe0\0\x10JFIF\0", "i.bmp": b"BM"}
        for name, content in bad.items():
            (self.folder / "in" / name).write_bytes(content)
        return ["a", "d", "j"]

    def test_the_others_finish(self):
        good = self.break_some()
        result = self.exit_code(SOME_FAILED, "in", *self.words)
        self.assertEqual(self.files(), [f"{name}_labels.png" for name in good])
        self.assertIn("3 done, 7 failed", result.stderr)
        status = {record["input"]: record["status"] for record in self.manifest()}
        self.assertEqual([name for name, what in status.items() if what == "done"],
                         [f"{name}.png" for name in good])
        for record in self.manifest():
            if record["status"] == "failed":
                self.assertIn(record["input"], record["message"])
                self.assertIn("failed: " + record["message"], result.stderr)

    def test_json_tells_of_each_image(self):
        self.break_some()
        result = self.exit_code(SOME_FAILED, "in", *self.words, "--json")
        reports = [json.loads(line) for line in result.stdout.splitlines()]
        self.assertEqual(len(reports), 10)
        self.assertEqual([report["status"] for report in reports].count("done"), 3)
        done = next(report for report in reports if report["status"] == "done")
        self.assertAlmostEqual(sum(entry["share"] for entry in done["classes"]), 1)

    def test_fail_fast_stops(self):
        self.break_some()
        self.exit_code(SOME_FAILED, "in", *self.words, "--fail-fast", "--separate-models", "--threads", 1)
        self.assertLess(len(self.manifest()), 10)
        # A model of some of the images would be no model of the folder.
        self.exit_code(1, "in", *self.words, "--fail-fast", "-o", "shared")
        self.assertEqual([record["input"] for record in self.manifest("shared")], ["b.png"])
        self.assertFalse((self.folder / "shared" / MODEL).exists())

    def test_failures_are_told_where_only_a_model_is_written(self):
        self.break_some()
        result = self.exit_code(SOME_FAILED, "in", "-k", 3, "--write", "model")
        self.assertIn("3 done, 7 failed", result.stderr)
        self.assertEqual(self.files(), [])

    def test_nothing_but_failures(self):
        (self.folder / "in").mkdir()
        (self.folder / "in/a.png").write_bytes(b"")
        self.exit_code(1, "in", *self.words)

    def test_a_write_that_fails_loses_nothing_that_was_finished(self):
        """A disk that takes small files but no large ones, and then takes all."""
        self.put("in/a.png", np.zeros((8, 8, 3), np.uint8))
        self.put("in/b.png", np.random.default_rng(1).integers(0, 256, (200, 200, 3), dtype=np.uint8))
        self.put("in/c.png", np.full((8, 8, 3), 9, np.uint8))
        def limit():
            signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
            resource.setrlimit(resource.RLIMIT_FSIZE, (8000, 8000))
        result = subprocess.run([PROGRAM, "in", "-k", "2", "--write", "overlay", "--features", "gray"],
                                cwd=self.folder, capture_output=True, text=True, check=False,
                                preexec_fn=limit)
        self.assertEqual(result.returncode, SOME_FAILED, result.stderr)
        self.assertIn("segmented/b_overlay.png: cannot", result.stderr)
        self.assertEqual(self.files(), ["a_overlay.png", "c_overlay.png"])
        self.succeed("in", "-k", 2, "--write", "overlay", "--features", "gray", "--resume")
        self.assertEqual(self.files(), ["a_overlay.png", "b_overlay.png", "c_overlay.png"])

    def test_memory_that_does_not_suffice(self):
        self.put("in/a.png")
        self.fail(TOO_LITTLE_MEMORY, "in", *self.words, "--memory", "1M", says=["--memory 1M", "give at least"])
        self.succeed("in", *self.words, "--memory", "1G")


class DryRun(FolderTest):
    def test_says_what_would_be_done_and_does_nothing(self):
        self.put("in/a.png")
        self.put("in/b.png")
        before = self.tree()
        result = self.succeed("in", "-k", 3, "--dry-run")
        self.assertEqual(result.stdout, "in/a.png\nin/b.png\n")
        self.assertIn("2 images: about 19 files would be written into segmented/", result.stderr)
        self.assertEqual(self.tree(), before)


if __name__ == "__main__":
    unittest.main()
