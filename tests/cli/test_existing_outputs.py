"""Outputs that are there already: refused, replaced, removed where they would lie."""

import os
import unittest

from program import ProgramTest, labels_of, photo


class ExistingOutputs(ProgramTest):
    def setUp(self):
        super().setUp()
        self.image("photo.png", photo())

    def test_a_pipe_is_never_replaced(self):
        (self.folder / "segmented").mkdir()
        pipe = self.folder / "segmented" / "photo_labels.png"
        os.mkfifo(pipe)
        result = self.segment("photo.png", "-k", 3, "--overwrite")
        self.assertEqual(result.returncode, 2)
        self.assertIn("photo_labels.png is no regular file", result.stderr)
        self.assertTrue(pipe.is_fifo())
        self.assertEqual(self.names(), ["photo_labels.png"])

    def test_an_existing_output_is_refused(self):
        self.succeed("photo.png", "-k", 3)
        self.fail(2, "photo.png", "-k", 3, says=["segmented/photo_", "--overwrite"])

    def test_other_outputs_may_join_those_that_are_there(self):
        self.succeed("photo.png", "-k", 3, "--write", "labels")
        self.succeed("photo.png", "-k", 3, "--write", "masks")
        self.assertEqual(len(self.names()), 4)

    def test_overwriting_replaces_and_removes_what_is_stale(self):
        self.succeed("photo.png", "-k", 5, "--write", "all")
        (self.folder / "segmented" / "photo_notes.txt").write_text("mine")
        (self.folder / "segmented" / "photo2_heat_5.png").write_text("mine")
        self.succeed("photo.png", "-k", 4, "--overwrite")
        self.assertEqual(self.names(), [
            "photo.gmm.json", "photo2_heat_5.png", "photo_heat_1.png", "photo_heat_2.png",
            "photo_heat_3.png", "photo_heat_4.png", "photo_labels.png", "photo_notes.txt",
            "photo_overlay.png", "photo_uncertainty.png"])
        self.assertEqual(labels_of(self.folder / "segmented" / "photo_labels.png").max(), 4)

    def test_overwriting_a_run_whose_start_was_its_own_model_keeps_the_start(self):
        self.succeed("photo.png", "-k", 3)
        self.succeed("photo.png", "--init-model", "segmented/photo.gmm.json", "--overwrite",
                     "--write", "labels")
        self.assertEqual(self.names(), ["photo.gmm.json", "photo_labels.png"])

    def test_a_failed_overwrite_keeps_the_old_files(self):
        self.succeed("photo.png", "-k", 3)
        (self.folder / "photo.png").write_bytes(b"no longer an image")
        self.fail(4, "photo.png", "-k", 3, "--overwrite")


if __name__ == "__main__":
    unittest.main()
