"""What the end-to-end tests share: running the program, making images, reading outputs."""

import json
import os
import signal
import subprocess
import tempfile
import unittest
from pathlib import Path

import numpy as np
import tifffile
from PIL import Image

PROGRAM = os.environ["SEGMENT_PROGRAM"]
SAMPLES = Path(__file__).resolve().parents[2] / "samples" / "images"
# mpirun refuses root, and more ranks than cores, unless it is told otherwise; a container may forbid that processes copy from each other.
MPI_ENVIRONMENT = {"OMPI_ALLOW_RUN_AS_ROOT": "1", "OMPI_ALLOW_RUN_AS_ROOT_CONFIRM": "1", "OMPI_MCA_rmaps_base_oversubscribe": "1",
                   "OMPI_MCA_btl_vader_single_copy_mechanism": "none"}
# Images that may stand beside the project; tests that need them skip where they are not.
MEDICAL = Path(__file__).resolve().parents[3] / "shared" / "data" / "medical"


def _default_signals():
    # A shell that runs ctest in the background lets its children ignore SIGINT.
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_DFL)


def start(*words, cwd, **options):
    return subprocess.Popen([PROGRAM, *map(str, words)], cwd=cwd, text=True,
                            errors="surrogateescape", stdout=subprocess.PIPE,
                            stderr=subprocess.PIPE, preexec_fn=_default_signals, **options)


def photo(width=96, height=64):
    """A small version of a bundled photograph, height x width x 3."""
    with Image.open(SAMPLES / "rocket.jpg") as image:
        return np.asarray(image.convert("RGB").resize((width, height), Image.Resampling.BOX))


def labels_of(path):
    """The label mask as it is stored: the palette's index, or the grey value."""
    with Image.open(path) as image:
        return np.asarray(image).astype(int)


def probabilities_of(path):
    """All bands, K x height x width."""
    return tifffile.imread(path)


def model_of(path):
    with open(path, encoding="utf-8") as file:
        return json.load(file)


class ProgramTest(unittest.TestCase):
    """Each test has an empty folder of its own, which is also the program's."""

    def setUp(self):
        scratch = tempfile.TemporaryDirectory(prefix="gmmseg-cli-")
        self.addCleanup(scratch.cleanup)
        self.folder = Path(scratch.name)

    def segment(self, *words, env=None):
        """Runs the program; what it returned, printed and complained about."""
        with start(*words, cwd=self.folder, env=env and {**os.environ, **env}) as process:
            out, err = process.communicate(timeout=120)
        return subprocess.CompletedProcess(words, process.returncode, out, err)

    def succeed(self, *words, env=None):
        result = self.segment(*words, env=env)
        self.assertEqual(result.returncode, 0, result.stderr)
        return result

    def fail(self, code, *words, says=()):  # pylint: disable=arguments-differ
        """The program must exit with the code, say one line with the words, and leave no trace."""
        before = self.tree()
        result = self.segment(*words)
        self.assertEqual(result.returncode, code, result.stderr)
        self.assertRegex(result.stderr, r"\Asegment: [^\n]+\n\Z")
        for word in says:
            self.assertIn(word, result.stderr)
        self.assertEqual(result.stdout, "")
        self.assertEqual(self.tree(), before, "something was left behind or changed")
        return result

    def tree(self):
        """Every path below the folder, with the content of files."""
        return {path.relative_to(self.folder): path.read_bytes() if path.is_file() else None
                for path in self.folder.rglob("*")}

    def image(self, name, pixels):
        """Writes an array as an image file into the folder."""
        Image.fromarray(pixels).save(self.folder / name)
        return name

    def names(self, folder="segmented"):
        return sorted(path.name for path in (self.folder / folder).iterdir())
