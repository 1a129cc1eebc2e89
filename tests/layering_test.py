"""Tests layering.py on small trees: one that keeps every rule, then one broken rule each."""

import tempfile
import unittest
from pathlib import Path

from layering import check_tree

README = """
| room | owns | public headers | may include | third parties |
|---|---|---|---|---|
| base | – | errors.h | – | Eigen oneTBB |
| mixture | – | fit.h | base | Eigen Highway |
| io | – | – | base | libpng |
"""
GOOD = {
    "include/gmmseg/errors.h": "#include <string>\n",
    "include/gmmseg/fit.h": "#include <gmmseg/errors.h>\n#include <Eigen/Core>\n",
    "src/README.md": README,
    "src/base/loop.h": "#include <oneapi/tbb/parallel_for.h>\n",
    "src/io/png.cpp": '#include <png.h>\n#include <unistd.h>\n#include "io/png.h"\n#include "base/loop.h"\n',
    "src/io/png.h": "#include <gmmseg/errors.h>\n",
    "src/mixture/em.cpp": '#include <hwy/highway.h>\n#include "em.h"\n',
    "src/cmake/Flags.cmake": "",
}


def problems(changes):
    with tempfile.TemporaryDirectory() as folder:
        for name, text in {**GOOD, **changes}.items():
            path = Path(folder, name)
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
        return check_tree(Path(folder))


class Layering(unittest.TestCase):
    def assert_broken(self, changes, expected):
        found = problems(changes)
        self.assertEqual(len(found), 1, found)
        self.assertIn(expected, found[0])

    def test_a_tree_that_keeps_every_rule_passes(self):
        self.assertEqual(problems({}), [])

    def test_a_source_of_a_lower_room_is_refused(self):
        self.assert_broken({"src/base/a.cpp": '\n#include "mixture/em.h"\n'},
                           "src/base/a.cpp:2: mixture/em.h is of room mixture")

    def test_a_room_above_that_is_not_named_is_refused(self):
        self.assert_broken({"src/io/a.cpp": "#include <gmmseg/fit.h>\n"}, "room mixture")

    def test_a_public_header_of_a_lower_room_is_refused(self):
        self.assert_broken({"include/gmmseg/errors.h": "#include <gmmseg/fit.h>\n"}, "room mixture")

    def test_a_library_of_another_room_is_refused(self):
        self.assert_broken({"src/mixture/a.cpp": "# include <png.h>\n"}, "is libpng")

    def test_a_library_in_quotes_is_refused(self):
        self.assert_broken({"src/io/a.cpp": '#include "hwy/highway.h"\n'}, "is not in a room")

    def test_an_unknown_library_is_refused(self):
        self.assert_broken({"src/io/a.cpp": "#include <gdal_priv.h>\n"}, "is neither ours")

    def test_a_public_header_with_a_library_is_refused(self):
        self.assert_broken({"include/gmmseg/errors.h": "#include <tbb/tbb.h>\n"}, "std, Eigen")

    def test_a_public_header_with_a_system_header_is_refused(self):
        self.assert_broken({"include/gmmseg/errors.h": "#include <unistd.h>\n"}, "is neither ours")

    def test_a_public_header_with_a_private_one_is_refused(self):
        self.assert_broken({"include/gmmseg/errors.h": '#include "base/loop.h"\n'}, "is neither ours")

    def test_a_public_header_without_an_owner_is_refused(self):
        self.assert_broken({"include/gmmseg/new.h": ""}, "no row of src/README.md owns it")

    def test_a_row_that_names_a_missing_header_is_refused(self):
        self.assert_broken({"src/README.md": README.replace("fit.h", "fit.h gone.h")}, "gone.h")

    def test_a_folder_without_a_row_is_refused(self):
        self.assert_broken({"src/stray/a.cpp": ""}, "no row of src/README.md for stray")

    def test_a_row_that_may_include_a_lower_room_is_refused(self):
        self.assert_broken({"src/README.md": README.replace("errors.h | –", "errors.h | io")},
                           "base may include io, which is not a room above it")

    def test_a_row_that_names_an_unknown_library_is_refused(self):
        self.assert_broken({"src/README.md": README.replace("libpng", "libpng zstd")}, "zstd")


if __name__ == "__main__":
    unittest.main()
