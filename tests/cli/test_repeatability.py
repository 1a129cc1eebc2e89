"""The same bytes from run to run and for any number of threads."""

import unittest

from program import ProgramTest, photo


class Repeatability(ProgramTest):
    def setUp(self):
        super().setUp()
        self.image("photo.png", photo(200, 150))

    def files(self, out, *words):
        self.succeed("photo.png", "-k", 4, "--write", "all", "-o", out, *words,
                     env={"SOURCE_DATE_EPOCH": "1000000000"})
        return {path.name: path.read_bytes() for path in (self.folder / out).iterdir()}

    def assert_same(self, first, second):
        self.assertEqual(first.keys(), second.keys())
        for name in first:
            self.assertTrue(first[name] == second[name], f"{name} differs")

    def test_run_to_run(self):
        self.assert_same(self.files("a"), self.files("b"))

    def test_folders(self):
        self.image("other.png", photo(90, 120))
        folders = []
        for out, threads in (("a", 1), ("b", 2)):
            (self.folder / out).mkdir()
            self.succeed("photo.png", "other.png", "-k", 3, "--threads", threads, "-o", f"{out}/x",
                         env={"SOURCE_DATE_EPOCH": "1000000000"})
            folders.append({path.name: path.read_bytes()
                            for path in (self.folder / out / "x").iterdir()
                            if path.name != "gmmseg-manifest.jsonl"})  # has seconds
        self.assert_same(*folders)
        self.assertIn(b"2001-09-09 01:46 UTC", folders[0]["report.html"])

    def test_a_date_that_is_none_is_refused(self):
        for date in ("-1", "yesterday", "1e9", "99999999999999999999"):
            with self.subTest(date):
                result = self.segment("photo.png", "-k", 2, "--write", "report",
                                      env={"SOURCE_DATE_EPOCH": date})
                self.assertEqual(result.returncode, 2)
                self.assertIn("SOURCE_DATE_EPOCH", result.stderr)
                self.assertFalse((self.folder / "segmented").exists())

    def test_threads(self):
        for method in ("auto", "kmeans", "hierarchical", "random"):
            with self.subTest(method):
                self.assert_same(
                    self.files(f"{method}1", "--threads", 1, "--init", method, "--position", 1),
                    self.files(f"{method}2", "--threads", 2, "--init", method, "--position", 1))

    def test_another_seed_is_used(self):
        first = self.files("a", "--init", "random", "--restarts", 1, "--max-iterations", 2)
        second = self.files("b", "--init", "random", "--restarts", 1, "--max-iterations", 2,
                            "--seed", 1)
        self.assertNotEqual(first["photo.gmm.json"], second["photo.gmm.json"])
        self.assertNotEqual(first["photo_probs.tif"], second["photo_probs.tif"])


if __name__ == "__main__":
    unittest.main()
