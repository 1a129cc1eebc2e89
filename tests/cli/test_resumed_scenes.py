"""A run over a raster that memory does not hold is killed while it labels; --resume goes on, and ends as if it had not been."""

import json
import resource
import shutil
import signal
import time
import unittest

from program import start
from test_scenes import HEIGHT, WIDTH, SceneTest

CELLS = 36  # of 2990 x 2720 pixels
JOURNAL = ".scene.gmmseg-resume"


class ResumedScenes(SceneTest):
    def setUp(self):
        super().setUp()
        self.make()
        self.memories = {}

    def memory(self, *words):
        """As little as it can do with, so that the raster is not held."""
        words = tuple(word for word in words if word not in ("--overwrite", "--resume"))
        if words not in self.memories:
            self.memories[words] = self.least(*words)
        return "--memory", f"{self.memories[words]}M"

    def journal(self, folder="out"):
        return self.folder / folder / JOURNAL

    def killed(self, *words, number=signal.SIGKILL, cells=4, per_pixel=3):
        """Runs until the journal holds so many more cells of so many bytes per pixel, and kills; what it holds then."""
        with start(*words, *self.memory(*words), "-o", "out", "-q", cwd=self.folder) as process:
            until = time.monotonic() + 100
            enough = 0
            while enough == 0 or self.size() < enough:
                self.assertIsNone(process.poll(), "it ended before it was killed")
                self.assertLess(time.monotonic(), until)
                if enough == 0 and self.size() > 1 << 18:
                    enough = min(self.size() + cells * per_pixel * 512 * 512, WIDTH * HEIGHT * per_pixel)
                time.sleep(0.001)
            process.send_signal(number)
            process.communicate(timeout=60)
        self.assertFalse((self.folder / "out/scene_labels.tif").exists())
        return self.journal().read_bytes()

    def size(self):
        try:
            return self.journal().stat().st_size
        except FileNotFoundError:
            return 0

    def told(self, *words, folder="out"):
        result = self.succeed(*words, *self.memory(*words), "-o", folder, "--json")
        return json.loads(result.stdout)["scene"]

    def resumed(self, *words):
        """What the program tells of the scene; nothing hidden may be left."""
        told = self.told(*words, "--resume")
        self.assertEqual([name for name in self.names("out") if name.startswith(".")], [])
        return told

    def whole(self, *words):
        """The outputs of a run that nobody kills."""
        self.told(*words, "--overwrite", folder="whole")
        return {path.name: path.read_bytes() for path in (self.folder / "whole").iterdir()}

    def check(self, whole):
        for name, content in whole.items():
            self.assertTrue((self.folder / "out" / name).read_bytes() == content, name)

    def start_over(self):
        shutil.rmtree(self.folder / "out", ignore_errors=True)
        (self.folder / "out").mkdir()


class Killed(ResumedScenes):
    def test_what_was_done_is_not_done_again(self):
        words = ("scene.tif", "-k", 3)
        whole = self.whole(*words)
        self.assertIn("scene.gmm.json", whole)
        self.killed(*words)
        told = self.resumed(*words)
        self.assertGreater(told["cells_resumed"], 1)
        self.assertLess(told["cells_resumed"], CELLS)
        self.assertEqual(told["passes"], 1)  # the labels; no fit
        self.assertTrue(told["exact"])
        self.check(whole)

    def test_each_output_and_smoothing_goes_on(self):
        for words, per_pixel in ((("--write", "labels,probabilities,density,model,anomalies,outliers", "--depth", "u16"), 18),
                                 (("--write", "labels,uncertainty", "--smooth", "potts", "--min-size", 30), 3),
                                 (("--write", "labels,probabilities,model", "--min-size", 140, "--cog"), 14)):
            with self.subTest(words):
                words = ("scene.tif", "-k", 3, *words)
                whole = self.whole(*words)
                self.start_over()
                self.killed(*words, per_pixel=per_pixel)
                told = self.resumed(*words)
                self.assertGreater(told["cells_resumed"], 1)
                self.assertEqual(told["passes"], 1)
                self.check(whole)

    def test_while_small_pieces_are_looked_for(self):
        words = ("scene.tif", "-k", 3, "--write", "labels", "--min-size", 100)
        whole = self.whole(*words)
        self.killed(*words, cells=CELLS, per_pixel=2)
        told = self.resumed(*words)
        self.assertGreaterEqual(told["cells_resumed"], CELLS - 1)
        self.assertLessEqual(told["passes"], 1)
        self.check(whole)

    def test_a_sample_and_passes_over_all_pixels_are_not_repeated(self):
        self.make(bands=4, dtype="uint16", scale=150)
        words = ("scene.tif", "-k", 3, "--write", "labels,model")
        whole = self.whole(*words)
        self.killed(*words)
        told = self.resumed(*words)
        self.assertEqual((told["passes"], told["exact"]), (1, False))
        self.assertGreater(told["sampled_pixels"], 10000)
        self.check(whole)

    def test_a_model_that_is_applied(self):
        self.succeed("scene.tif", "-k", 3, "--write", "model", "-o", "fit")
        words = ("apply", "--model", "fit/scene.gmm.json", "scene.tif")
        whole = self.whole(*words)
        self.killed(*words, cells=10)
        told = self.resumed(*words)
        self.assertGreater(told["cells_resumed"], 1)
        self.check(whole)

    def test_more_than_once_and_by_an_interrupt(self):
        words = ("scene.tif", "-k", 3, "--write", "labels,uncertainty")
        whole = self.whole(*words)
        self.killed(*words, number=signal.SIGTERM)
        self.assertEqual(self.names("out"), [JOURNAL])
        first = self.size()
        self.killed(*words, "--resume")
        self.assertGreater(self.size(), first)
        self.assertGreater(self.resumed(*words)["cells_resumed"], 7)
        self.check(whole)


class NotToBeUsed(ResumedScenes):
    words = ("scene.tif", "-k", 3, "--write", "labels,uncertainty,model")

    def test_a_torn_journal(self):
        whole = self.whole(*self.words)
        content = self.killed(*self.words)
        middle = len(content) // 2
        for name, torn, least in (("cut", content[:-1000], 1), ("longer", content + b"\3" + bytes(700), 1),
                                  ("changed", content[:middle] + bytes([content[middle] ^ 1]) + content[middle + 1:], 0),
                                  ("nothing but its begin", content[:50], 0), ("empty", b"", 0), ("other", b"mine" * 100, 0)):
            with self.subTest(name):
                self.start_over()
                self.journal().write_bytes(torn)
                told = self.resumed(*self.words)
                self.assertGreaterEqual(told["cells_resumed"], least)
                self.assertLess(told["cells_resumed"], CELLS)
                self.assertEqual(told["passes"], 1 if len(torn) > middle else 2)
                self.check(whole)

    def test_another_image(self):
        self.killed(*self.words)
        self.make(seed=8)
        told = self.resumed(*self.words)
        self.assertEqual((told["cells_resumed"], told["passes"]), (0, 2))
        self.check(self.whole(*self.words))

    def test_other_settings(self):
        content = self.killed(*self.words)
        for words, passes in ((("-k", 4, "--write", "labels,uncertainty,model"), 2), (("-k", 3, "--write", "labels"), 1),
                              (("-k", 3, "--write", "labels,uncertainty,model", "--min-size", 9), 1),
                              ((*self.words[1:], "--extent", "0,0,2900,2700"), 2), ((*self.words[1:], "--seed", 9), 2)):
            with self.subTest(words):
                self.start_over()
                self.journal().write_bytes(content)
                told = self.resumed("scene.tif", *words)
                self.assertEqual((told["cells_resumed"], told["passes"]), (0, passes))
                self.check(self.whole("scene.tif", *words))

    def test_a_run_without_resume_starts_over(self):
        self.killed(*self.words)
        told = self.told(*self.words)
        self.assertEqual((told["cells_resumed"], told["passes"]), (0, 2))
        self.assertFalse(self.journal().exists())

    def test_an_image_that_memory_holds_leaves_none(self):
        self.killed(*self.words)
        self.succeed(*self.words, "-o", "out")
        self.assertFalse(self.journal().exists())

    def test_a_run_that_fails_leaves_none(self):
        self.killed(*self.words)
        self.damage("scene.tif", 4, 5)
        self.assertEqual(self.segment(*self.words, *self.memory(*self.words), "-o", "out", "--resume").returncode, 1)
        self.assertFalse(self.journal().exists())

    def test_a_disk_without_room_for_it(self):
        whole = self.whole(*self.words)
        with start(*self.words, *self.memory(*self.words), "-o", "out", cwd=self.folder) as process:
            resource.prlimit(process.pid, resource.RLIMIT_FSIZE, (8 << 20, 8 << 20))
            process.communicate(timeout=100)
        self.assertEqual(process.returncode, 0)
        self.assertFalse(self.journal().exists())
        self.check(whole)

    def test_two_runs_at_once(self):
        whole = self.whole(*self.words)
        with start(*self.words, *self.memory(*self.words), "-o", "out", "--overwrite", cwd=self.folder) as process:
            while self.size() == 0 and process.poll() is None:
                time.sleep(0.001)
            self.told(*self.words, "--overwrite")
            process.communicate(timeout=100)
        self.check(whole)


if __name__ == "__main__":
    unittest.main()
