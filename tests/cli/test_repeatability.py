"""The same bytes from run to run and for any number of threads."""

import unittest

from program import ProgramTest, photo


class Repeatability(ProgramTest):
    def setUp(self):
        super().setUp()
        self.image("photo.png", photo(200, 150))

    def files(self, out, *words):
        self.succeed("photo.png", "-k", 4, "--write", "all", "-o", out, *words)
        return {path.name: path.read_bytes() for path in (self.folder / out).iterdir()}

    def assert_same(self, first, second):
        self.assertEqual(first.keys(), second.keys())
        for name in first:
            self.assertTrue(first[name] == second[name], f"{name} differs")

    def test_run_to_run(self):
        self.assert_same(self.files("a"), self.files("b"))

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
