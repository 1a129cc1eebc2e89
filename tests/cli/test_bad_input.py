"""Bad input: one line that helps, the promised exit code, and nothing left behind."""

import os
import signal
import subprocess
import unittest

import numpy as np
from PIL import Image

from program import PROGRAM, ProgramTest, photo

FAILED, USAGE, BAD_INPUT = 1, 2, 4


class BadImages(ProgramTest):
    def test_missing_file(self):
        self.fail(BAD_INPUT, "missing.png", "-k", 3, says=["missing.png"])

    def test_folder(self):
        (self.folder / "photos").mkdir()
        self.fail(BAD_INPUT, "photos", "-k", 3, says=["photos", "no image"])
        self.fail(BAD_INPUT, "photos/", "-k", 3, says=["photos", "no image"])

    def test_device(self):
        self.fail(BAD_INPUT, "/dev/zero", "-k", 3, says=["/dev/zero", "device"])

    def test_empty_file(self):
        (self.folder / "empty.png").touch()
        self.fail(BAD_INPUT, "empty.png", "-k", 3, says=["empty.png"])

    def test_text_named_png(self):
        (self.folder / "text.png").write_text("This is not a picture.\n" * 100)
        self.fail(BAD_INPUT, "text.png", "-k", 3, says=["text.png"])

    def test_truncated_files(self):
        for suffix in ("png", "jpg", "tif"):
            name = self.image(f"cut.{suffix}", photo(200, 150))
            whole = (self.folder / name).read_bytes()
            (self.folder / name).write_bytes(whole[:len(whole) * 2 // 3])
            with self.subTest(suffix):
                self.fail(BAD_INPUT, name, "-k", 3, says=[name])

    def test_image_of_no_size(self):
        (self.folder / "none.pgm").write_bytes(b"P5\n0 0\n255\n")
        self.fail(BAD_INPUT, "none.pgm", "-k", 3, says=["none.pgm"])

    def test_damaged_model(self):
        self.image("photo.png", photo())
        (self.folder / "model.json").write_text('{"format": "gmmseg-model"')
        self.fail(BAD_INPUT, "apply", "--model", "model.json", "photo.png", says=["model.json"])
        self.fail(BAD_INPUT, "apply", "--model", "missing.json", "photo.png", says=["missing.json"])
        self.fail(BAD_INPUT, "photo.png", "--init-model", "missing.json", says=["missing.json"])


class BadOptions(ProgramTest):
    def setUp(self):
        super().setUp()
        self.image("photo.png", photo())

    def test_number_of_classes(self):
        for word in ("0", "-3", "four", "1e9", "4.5", "", "65536"):
            with self.subTest(word):
                self.fail(USAGE, "photo.png", "-k", word, says=["-k", word, "1 to 65535"])
        self.fail(USAGE, "photo.png", "-k", says=["--components"])

    def test_unknown_option(self):
        self.fail(USAGE, "photo.png", "-k", 3, "--kernel", "big", says=["--kernel", "--help"])

    def test_values_out_of_range(self):
        for option, word in [("--features", "cmyk"), ("--position", "-1"), ("--position", "nan"),
                             ("--covariance", "round"), ("--init", "best"), ("--restarts", "0"),
                             ("--tolerance", "-1"), ("--max-iterations", "-1"), ("--floor", "low"),
                             ("--accelerate", "fast"),
                             ("--seed", "-1"), ("--depth", "f64"), ("--threads", "0"),
                             ("--write", "label"), ("--write", "labels,,masks")]:
            with self.subTest(option + " " + word):
                self.fail(USAGE, "photo.png", "-k", 3, option, word, says=[option, word])

    def test_an_unknown_output_lists_the_known_ones(self):
        self.fail(USAGE, "photo.png", "-k", 3, "--write", "labels,mask",
                  says=["mask", "labels, overlay, heatmaps, uncertainty, model, probabilities"])

    def test_unknown_words_are_refused_in_one_wording(self):
        for option, word in [("--features", "cmyk"), ("--covariance", "round"), ("--init", "best"),
                             ("--accelerate", "fast"), ("--floor", "low"), ("--depth", "f64"),
                             ("--write", "label")]:
            with self.subTest(option):
                result = self.fail(USAGE, "photo.png", "-k", 3, option, word)
                self.assertRegex(result.stderr, rf"{option} {word}: .*; must be one of \w+, \w+")

    def test_no_input(self):
        self.fail(USAGE, "-k", 3, says=["no input"])

    def test_inputs_before_and_after_apply_count_alike(self):
        self.succeed("photo.png", "-k", 3, "--write", "model")
        model = ["--model", "segmented/photo.gmm.json"]
        self.succeed("photo.png", "apply", *model, "--write", "labels")
        result = self.segment("missing.png", "apply", *model, "photo.png", "-o", "out")
        self.assertEqual(result.returncode, 3)
        self.assertIn("missing.png", result.stderr)

    def test_options_that_contradict_each_other(self):
        self.succeed("photo.png", "-k", 3, "--write", "model")
        start_model = ["--init-model", "segmented/photo.gmm.json"]
        for words in (["--init", "random"], ["--restarts", "5"], ["-k", "4"],
                      ["--covariance", "tied"], ["--features", "rgb"], ["--position", "1"]):
            with self.subTest(" ".join(words)):
                self.fail(USAGE, "photo.png", *start_model, *words, "-o", "out",
                          says=["--init-model", words[0].lstrip("-")[0]])
        self.fail(USAGE, "photo.png", "-k", 3, "-q", "-v", says=["--quiet"])

    def test_apply_takes_no_option_of_a_fit(self):
        self.succeed("photo.png", "-k", 3, "--write", "model")
        apply = ["apply", "--model", "segmented/photo.gmm.json", "photo.png"]
        self.fail(USAGE, *apply, "-k", 3, says=["-k"])
        for words in (["-k", 3], ["--covariance", "full"], ["--seed", 0], ["--accelerate", "on"],
                      ["--init-model", "segmented/photo.gmm.json"]):
            with self.subTest(words[0]):
                self.fail(USAGE, *words, *apply, says=[words[0].lstrip("-")[0], "belongs to a fit"])
        self.fail(USAGE, "apply", "photo.png", says=["--model"])


class BadOutputs(ProgramTest):
    def setUp(self):
        super().setUp()
        self.image("photo.png", photo())

    def test_missing_parent(self):
        self.fail(USAGE, "photo.png", "-k", 3, "-o", "missing/out", says=["missing", "parent"])

    def test_a_file_in_the_place_of_the_folder(self):
        (self.folder / "out").touch()
        self.fail(USAGE, "photo.png", "-k", 3, "-o", "out", says=["out", "file"])

    def test_unwritable_folder(self):
        # /proc refuses even root.
        self.fail(FAILED, "photo.png", "-k", 3, "-o", "/proc", says=["/proc", "cannot write"])
        self.fail(FAILED, "photo.png", "-k", 3, "-o", "/proc/out", says=["/proc/out"])

    def test_full_disk(self):
        disk = self.folder / "disk"
        disk.mkdir()
        mount = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", disk],
                               capture_output=True, text=True, check=False)
        if mount.returncode != 0:
            self.skipTest("no right to mount a small disk: " + mount.stderr.strip())
        self.addCleanup(subprocess.run, ["umount", disk], check=True)
        noise = np.random.default_rng(1).integers(0, 256, (300, 300, 3), dtype=np.uint8)
        self.image("noise.png", noise)
        self.fail(FAILED, "noise.png", "-k", 3, "-o", "disk", says=["disk/noise_"])
        self.fail(FAILED, "noise.png", "-k", 3, "-o", "disk/out", says=["disk/out/noise_"])
        self.fail(FAILED, "noise.png", "-k", 3, "-o", "disk/out", "--write", "probabilities",
                  says=["disk/out/noise_probs.tif"])

    def test_stdout_that_cannot_be_written_is_an_error(self):
        with open("/dev/full", "w", encoding="utf-8") as full:
            process = subprocess.run([PROGRAM, "photo.png", "-k", "2"],
                                     cwd=self.folder, stdout=full, stderr=subprocess.PIPE,
                                     text=True, check=False)
        self.assertEqual(process.returncode, FAILED)
        self.assertIn("stdout", process.stderr)
        # As the help says of this one case: the files are whole and stay.
        self.assertIn("photo_labels.png", self.names())

    def test_a_reader_who_leaves_early_gets_no_complaint(self):
        reader, writer = os.pipe()
        os.close(reader)
        process = subprocess.run([PROGRAM, "--help"], stdout=writer, stderr=subprocess.PIPE,
                                 check=False)
        os.close(writer)
        self.assertEqual((process.returncode, process.stderr), (-signal.SIGPIPE, b""))


class Messages(ProgramTest):
    def test_a_line_break_in_a_file_name_does_not_break_the_line(self):
        self.fail(BAD_INPUT, "two\nlines.png", "-k", 3, says=["two?lines.png"])

    def test_truncated_png_of_any_length_is_refused_or_read_whole(self):
        Image.fromarray(photo(40, 30)).save(self.folder / "whole.png")
        whole = (self.folder / "whole.png").read_bytes()
        for length in range(1, len(whole) - 12, max(1, len(whole) // 12)):
            (self.folder / "cut.png").write_bytes(whole[:length])
            with self.subTest(length=length):
                self.fail(BAD_INPUT, "cut.png", "-k", 2, says=["cut.png"])


if __name__ == "__main__":
    unittest.main()
