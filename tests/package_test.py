"""Makes the Debian package, looks at it, installs it below a scratch folder and runs the installed program.

Usage: package_test.py SOURCE_DIR BUILD_DIR CPACK. Exits 77, saying why, where the tools for it are missing. The
machine's own packages are only read: dpkg works on a copy of their list, and installs into the scratch folder.
"""

import gzip
import os
import re
import shutil
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

SKIPPED = 77
DPKG = Path("/var/lib/dpkg")
SOURCE, BUILD, CPACK = None, None, None  # from the command line

# In the package, below /usr.
PROGRAM = "bin/segment"
MAN_PAGE = "share/man/man1/segment.1.gz"
FILES = [PROGRAM, MAN_PAGE, "share/bash-completion/completions/segment", "share/doc/gmmseg/copyright",
         "include/gmmseg/segment.h"]


def as_root():
    return [] if os.geteuid() == 0 else ["fakeroot"]


def missing_tools():
    needed = ["dpkg", "dpkg-deb", "dpkg-shlibdeps", "file", "gzip", *as_root()]
    missing = [tool for tool in needed if shutil.which(tool) is None]
    return missing if (DPKG / "status").exists() else [*missing, str(DPKG / "status")]


def run(*words, **options):
    result = subprocess.run([str(word) for word in words], text=True, capture_output=True, check=False, **options)
    if result.returncode != 0:
        raise AssertionError(f"{words} failed ({result.returncode}):\n{result.stdout}{result.stderr}")
    return result.stdout


class Package(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        scratch = tempfile.TemporaryDirectory(prefix="gmmseg-package-")
        cls.addClassCleanup(scratch.cleanup)
        cls.folder = Path(scratch.name)
        run(CPACK, "--config", BUILD / "CPackConfig.cmake", "-G", "DEB", "-B", cls.folder / "made")
        cls.package, = (cls.folder / "made").glob("*.deb")
        cls.entries = [line.split() for line in run("dpkg-deb", "--contents", cls.package).splitlines()]

    def field(self, name):
        return run("dpkg-deb", "--field", self.package, name).strip()

    def test_its_name_is_name_version_and_architecture(self):
        architecture = run("dpkg", "--print-architecture").strip()
        self.assertEqual(self.package.name, f"gmmseg_{self.field('Version')}_{architecture}.deb")
        self.assertEqual((self.field("Package"), self.field("Architecture")), ("gmmseg", architecture))

    def test_its_fields_say_what_it_is(self):
        self.assertRegex(self.field("Maintainer"), r"\A[^<>]+ <[^<>@ ]+@[^<>@ ]+>\Z")
        self.assertIn("Gaussian mixtures", self.field("Description").splitlines()[0])
        self.assertEqual(self.field("Section"), "graphics")

    def test_it_depends_on_the_libraries_that_the_program_loads(self):
        depends = self.field("Depends")
        for name in ("libc6", "libopencv-core", "libtbb", "libpng", "libtiff", "libboost-filesystem"):
            self.assertRegex(depends, rf"\b{name}[\w.-]* \(>= ")
        self.assertNotIn("-dev", depends)

    def test_it_holds_what_belongs_to_an_installation_and_nothing_else(self):
        names = {entry[5].removeprefix("./usr/") for entry in self.entries if not entry[5].endswith("/")}
        for name in FILES:
            self.assertIn(name, names)
        for pattern in (r"lib/([\w-]+/)?libgmmseg\.(a|so)", r"lib/([\w-]+/)?cmake/gmmseg/gmmsegConfig\.cmake"):
            self.assertEqual(len([name for name in names if re.fullmatch(pattern, name)]), 1, pattern)
        for name in names:
            self.assertRegex(name, r"\A(bin/segment|include/gmmseg/|lib/|share/(man|doc/gmmseg|bash-completion)/)")

    def test_everything_is_roots_and_for_all_to_read(self):
        for mode, owner, _, _, _, name, *_ in self.entries:
            if mode.startswith("l"):
                continue
            self.assertEqual(owner, "root/root", name)
            executable = mode.startswith("d") or name in (f"./usr/{PROGRAM}", f"./usr/{PROGRAM}-mpi")
            self.assertEqual(mode[1:], "rwxr-xr-x" if executable else "rw-r--r--", name)

    def test_installed_it_runs_and_removed_it_leaves_nothing(self):
        machine = (DPKG / "status").stat().st_mtime_ns
        root, dpkg = self.install()
        program = root / "usr" / PROGRAM
        self.assertIn(self.field("Version"), run(program, "--version"))
        output = self.folder / "out"
        run(program, SOURCE / "samples/images/coffee.png", "-k", 3, "-o", output)
        self.assertIn("coffee_labels.png", os.listdir(output))
        with gzip.open(root / "usr" / MAN_PAGE, "rt") as page:
            self.assertTrue(page.readline().startswith(".TH SEGMENT 1"))
        run(*dpkg, "--remove", "gmmseg")
        self.assertFalse(program.exists())
        self.assertEqual([path for path in root.rglob("*") if path.is_file()], [])
        self.assertEqual((DPKG / "status").stat().st_mtime_ns, machine, "the machine's own packages were touched")

    def install(self):
        """Into a folder of its own, with the machine's packages to satisfy what it depends on."""
        root, admin = self.folder / "root", self.folder / "dpkg"
        for folder in (root, admin / "info", admin / "updates", admin / "triggers"):
            folder.mkdir(parents=True)
        shutil.copy(DPKG / "status", admin / "status")
        (admin / "available").touch()
        dpkg = [*as_root(), "dpkg", f"--admindir={admin}", f"--instdir={root}", f"--log={admin / 'log'}",
                "--force-not-root"]
        run(*dpkg, "--install", self.package)
        return root, dpkg


if __name__ == "__main__":
    SOURCE, BUILD, CPACK = (Path(word).resolve() for word in sys.argv[1:])
    if missing_tools():
        print("skipped: no", ", ".join(missing_tools()))
        sys.exit(SKIPPED)
    unittest.main(argv=sys.argv[:1])
