"""The manual page and bash's completion say what --help says: nothing is forgotten, and bash completes with it."""

import os
import re
import shutil
import subprocess
import unittest
from pathlib import Path

from program import ProgramTest, photo

DOCS = Path(os.environ["SEGMENT_DOCS"])
MAN_PAGE, COMPLETION = DOCS / "segment.1", DOCS / "segment.bash"

COMMANDS = {name: f"SEGMENT {name.upper()}" for name in ("apply", "sample", "stats", "merge", "update", "eval")}

# What bash would have in COMP_WORDS; the program prints a candidate per line.
DRIVER = """
source "$1"; shift
COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1))
_segment
printf '%s\\n' "${COMPREPLY[@]}"
"""


def rendered():
    """The page as plain text, and groff's warnings."""
    result = subprocess.run(["groff", "-man", "-Tascii", "-P-cbou", "-ww", MAN_PAGE], capture_output=True,
                            text=True, check=False)
    return result.stdout, result.stderr


def sections(text):
    """Heading -> text below it."""
    parts = re.split(r"^(\w[A-Z \w]*)$", text, flags=re.MULTILINE)
    return dict(zip(parts[1::2], parts[2::2]))


class Help(ProgramTest):
    def options(self, *command):
        """Every name in the help's left column: -k, --components, …"""
        help_text = self.succeed(*command, "--help").stdout
        left = re.findall(r"^  (-\S+)", help_text, re.MULTILINE)
        self.assertGreater(len(left), 6)
        return [name for names in left for name in names.split(",")]


@unittest.skipUnless(shutil.which("groff"), "groff is not installed")
class ManPage(Help):
    def setUp(self):
        super().setUp()
        self.text, self.warnings = rendered()
        self.sections = sections(self.text)

    def test_it_is_sound(self):
        self.assertEqual(self.warnings, "")
        self.assertIn("segment - ", self.sections["NAME"])

    def test_it_has_the_usual_parts(self):
        for heading in ("NAME", "SYNOPSIS", "DESCRIPTION", "OPTIONS", *COMMANDS.values(), "EXIT STATUS", "ENVIRONMENT", "FILES",
                        "EXAMPLES"):
            self.assertGreater(len(self.sections[heading].strip()), 20, heading)

    def test_it_has_every_option_of_the_help(self):
        for command, heading in (([], "OPTIONS"), *(([name], heading) for name, heading in COMMANDS.items())):
            shown = re.findall(r"(?<![\w-])--?[a-z][a-z-]*", self.sections[heading])
            long_names = {name for name in self.options(*command) if name.startswith("--")}
            self.assertEqual(long_names - set(shown), set())
        terms = re.findall(r"^ {7}-(\w), --", self.sections["OPTIONS"], re.MULTILINE)
        self.assertEqual(set(terms), {name[1:] for name in self.options() if not name.startswith("--")})

    def test_its_texts_are_those_of_the_help(self):
        for command, heading in (([], "OPTIONS"), *(([name], heading) for name, heading in COMMANDS.items())):
            help_text = " ".join(self.succeed(*command, "--help").stdout.split())
            paragraphs = re.findall(r"^ {14}\S.*(?:\n {14}\S.*)*", self.sections[heading].split("Example")[0],
                                    re.MULTILINE)
            self.assertGreaterEqual(len(paragraphs), 2)
            for paragraph in paragraphs:
                words = " ".join(paragraph.split())
                if "may use." not in words:  # the help adds the number of threads here
                    self.assertIn(words, help_text)

    def test_it_has_the_helps_exit_codes_and_examples(self):
        help_text = self.succeed("--help").stdout
        for code in re.findall(r"^  (\d+)", help_text.split("Exit codes:")[1], re.MULTILINE):
            self.assertRegex(self.sections["EXIT STATUS"], rf"(?m)^ +{code}\b")
        for example in re.findall(r"^  (segment .*)", help_text.split("Examples:")[1], re.MULTILINE):
            self.assertIn(example, self.sections["EXAMPLES"])

    def test_it_says_what_each_word_of_write_makes(self):
        self.image("photo.png", photo())
        self.succeed("photo.png", "-k", 2, "--write", "all")
        files = " ".join(self.sections["FILES"].split())
        for name in self.names():
            if not re.search(r"_[2-9]\.png$", name):
                self.assertIn(name, files)

    def test_it_holds_for_every_machine(self):
        self.assertNotIn(" here)", self.text)


@unittest.skipUnless(shutil.which("bash"), "bash is not installed")
class Completion(Help):
    def complete(self, *words):
        """What bash offers for the last of the words, which follow "segment"."""
        result = subprocess.run(["bash", "-c", DRIVER, "bash", COMPLETION, "segment", *words], cwd=self.folder,
                                env={**os.environ, "HOME": str(self.folder)}, capture_output=True, text=True,
                                check=True)
        self.assertEqual(result.stderr, "")
        return sorted(line for line in result.stdout.splitlines() if line)

    def test_it_has_every_option_of_the_help(self):
        self.assertEqual(self.complete("-"), sorted(self.options()))
        for command in COMMANDS:
            self.assertEqual(self.complete(command, "-"), sorted(self.options(command)))
        self.assertEqual(self.complete("photo.png", "--acc"), ["--accelerate"])
        self.assertEqual(self.complete("apply", "--mo"), ["--model"])

    def test_fixed_words_are_those_that_the_program_takes(self):
        self.image("photo.png", photo(16, 16))
        for option in ("--features", "--covariance", "--init", "--accelerate", "--floor", "--depth", "--write"):
            offered = self.complete(option, "")
            refused = self.segment("photo.png", "-k", 2, option, "?").stderr
            self.assertEqual(offered, sorted(refused.strip().split("must be one of ")[1].split(", ")))
            self.assertEqual(self.complete(f"{option}", "=", ""), offered)
        self.assertEqual(self.complete("--covariance", "di"), ["diagonal"])
        self.assertEqual(self.complete("--covariance", "=", "di"), ["diagonal"])
        self.assertEqual(self.complete("--covariance", "="), ["diagonal", "full", "spherical", "tied"])

    def test_write_takes_a_list(self):
        self.assertEqual(self.complete("--write", "labels,ma"), ["labels,masks"])
        self.assertNotIn("labels,labels", self.complete("--write", "labels,"))
        self.assertIn("labels,model", self.complete("--write", "labels,"))

    def test_a_value_without_fixed_words_gets_none(self):
        self.image("photo.png", photo(16, 16))
        for words in (["-k", ""], ["--seed", ""], ["--threads", "=", ""]):
            self.assertEqual(self.complete(*words), [])

    def test_files_and_folders(self):
        (self.folder / "my out").mkdir()
        for name in ("a.png", "b.JPEG", "c.tif", "d.gmm.json", "e.stats", "run.toml", "my photo.ppm"):
            (self.folder / name).touch()
        everything = sorted(path.name for path in self.folder.iterdir())
        for option in ("--init-model", "--config"):
            self.assertEqual(self.complete(option, ""), everything)
        self.assertEqual(self.complete("apply", "--model", "d"), ["d.gmm.json"])
        self.assertEqual(self.complete("-o", ""), ["my out"])
        images = ["a.png", "b.JPEG", "c.tif", "my out", "my photo.ppm"]
        self.assertEqual(self.complete("apply", "--json", ""), images)
        self.assertEqual(self.complete(""), sorted([*images, *COMMANDS]))
        self.assertEqual(self.complete("sample", ""), ["d.gmm.json", "my out"])
        self.assertEqual(self.complete("stats", ""), images)
        self.assertEqual(self.complete("merge", ""), ["e.stats", "my out"])
        self.assertEqual(self.complete("update", ""), sorted([*images, "d.gmm.json", "e.stats"]))
        self.assertEqual(self.complete("eval", ""), ["a.png", "c.tif", "my out"])
        self.assertEqual(self.complete("eval", "a.png", "--truth", ""), everything)
        self.assertEqual(self.complete("eval", "--match-classes", ""), ["none", "number", "overlap"])
        self.assertEqual(self.complete("my\\ p"), ["my photo.ppm"])
        self.assertEqual(self.complete('"my o'), ["my out"])
        self.assertEqual(self.complete("-o", "~/my"), ["~/my out"])

    def test_apply_is_a_command_only_where_it_stands_for_one(self):
        self.assertIn("--components", self.complete("-o", "apply", "--"))
        self.assertNotIn("--components", self.complete("-o", "apply", "apply", "--"))
        self.assertNotIn("--components", self.complete("-q", "apply", "--"))

    def test_bash_calls_it_for_segment(self):
        result = subprocess.run(["bash", "-c", f"source '{COMPLETION}'; complete -p segment"], capture_output=True,
                                text=True, check=True)
        self.assertEqual(result.stdout, "complete -F _segment segment\n")


if __name__ == "__main__":
    unittest.main()
