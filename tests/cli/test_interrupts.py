"""A run that is interrupted leaves nothing."""

import os
import signal
import time
import unittest

import numpy as np

from program import ProgramTest, start


class Interrupts(ProgramTest):
    def setUp(self):
        super().setUp()
        noise = np.random.default_rng(1).integers(0, 256, (800, 800, 3), dtype=np.uint8)
        self.image("noise.png", noise)

    def interrupt(self, number, *words, env=None):
        """Starts a run that would take hours, waits until it works, and sends the signal."""
        before = self.tree()
        with start("noise.png", "-k", 8, "--tolerance", 0, "--max-iterations", 1000000, *words,
                   cwd=self.folder, env=env) as process:
            try:
                self.wait_for_staging(process)
                process.send_signal(number)
                out, err = process.communicate(timeout=60)
            finally:
                process.kill()
        self.assertEqual(process.returncode, 128 + number)
        self.assertEqual(out, "")
        self.assertRegex(err, r"\Asegment: interrupted[^\n]*\n\Z")
        self.assertEqual(self.tree(), before)

    def wait_for_staging(self, process):
        deadline = time.monotonic() + 60
        while not list(self.folder.glob("*/.noise.gmmseg-*")):
            self.assertIsNone(process.poll(), "the run ended by itself")
            self.assertLess(time.monotonic(), deadline, "the run never began")
            time.sleep(0.01)

    def test_sigint_leaves_nothing(self):
        self.interrupt(signal.SIGINT)

    def test_sigterm_leaves_nothing(self):
        self.interrupt(signal.SIGTERM)

    @unittest.skipUnless("THREAD_AT_LOAD" in os.environ, "needs the library that tests/cli builds")
    def test_a_library_with_a_thread_of_its_own(self):
        self.interrupt(signal.SIGTERM, env={**os.environ, "LD_PRELOAD": os.environ["THREAD_AT_LOAD"]})

    def test_an_existing_folder_stays_as_it_was(self):
        (self.folder / "out").mkdir()
        (self.folder / "out" / "notes.txt").write_text("mine")
        self.interrupt(signal.SIGINT, "-o", "out")


if __name__ == "__main__":
    unittest.main()
