"""Options from a file and from variables: their order, their messages, and the dump that asks for the same run."""

import tomllib
import unittest

from program import ProgramTest, photo

USAGE, BAD_INPUT = 2, 4


class SettingsTest(ProgramTest):
    def setUp(self):
        super().setUp()
        self.image("photo.png", photo())

    def file(self, text, name="run.toml"):
        (self.folder / name).write_text(text, encoding="utf-8")
        return name

    def dump(self, *words, env=None):
        """The settings that the program would use, as Python's own TOML reader sees them."""
        return tomllib.loads(self.succeed(*words, "--dump-config", env=env).stdout)


class Order(SettingsTest):
    def test_command_line_then_variables_then_file_then_defaults(self):
        run = self.file("seed = 3\nmax-iterations = 30\ntolerance = 0.5\n")
        variables = {"GMMSEG_SEED": "2", "GMMSEG_MAX_ITERATIONS": "20"}
        settings = self.dump("--config", run, "--seed", 1, env=variables)
        self.assertEqual((settings["seed"], settings["max-iterations"], settings["tolerance"]), (1, 20, 0.5))
        self.assertEqual(settings["floor"], "on")
        self.assertEqual(self.dump("--seed", 1, "--config", run)["max-iterations"], 30)

    def test_the_file_may_be_named_by_its_variable(self):
        self.file("seed = 3", "a.toml")
        self.file("seed = 4", "b.toml")
        variable = {"GMMSEG_CONFIG": "a.toml"}
        self.assertEqual(self.dump(env=variable)["seed"], 3)
        self.assertEqual(self.dump("--config", "b.toml", env=variable)["seed"], 4)

    def test_an_empty_variable_says_nothing(self):
        self.assertEqual(self.dump("--config", self.file("seed = 3"), env={"GMMSEG_SEED": ""})["seed"], 3)

    def test_flags_are_on_or_off_in_every_layer(self):
        run = self.file("json = true\noverwrite = true")
        settings = self.dump("--config", run, "--overwrite=false", env={"GMMSEG_JSON": "0"})
        self.assertEqual((settings["json"], settings["overwrite"]), (False, False))
        self.assertTrue(self.dump(env={"GMMSEG_OVERWRITE": "1"})["overwrite"])

    def test_an_option_gives_way_to_one_above_that_excludes_it(self):
        self.succeed("photo.png", "-k", 3, "--write", "model")
        model = "segmented/photo.gmm.json"
        run = self.file("init = 'random'\nquiet = true")
        settings = self.dump("--config", run, "--init-model", model, "-v")
        self.assertEqual((settings["init-model"], settings["verbose"], settings["quiet"]), (model, True, False))
        self.assertNotIn("init", settings)
        self.fail(USAGE, "photo.png", "-k", 3, "--config", self.file("verbose = true\nquiet = true"),
                  says=["run.toml, line ", "--quiet", "--verbose"])
        # What is off excludes nothing.
        self.assertTrue(self.dump("--config", self.file("verbose = true\nquiet = false"))["verbose"])

    def test_everything_may_come_from_the_file(self):
        run = self.file("components = 3\nwrite = ['labels', 'model'] # two\noutput = 'of # the file'\n")
        self.succeed("photo.png", "--config", run)
        self.assertEqual(self.names("of # the file"), ["photo.gmm.json", "photo_labels.png"])

    def test_one_file_serves_both_commands(self):
        run = self.file("components = 3\noutput = 'out'\nwrite = 'labels,model'\n")
        self.succeed("photo.png", "--config", run)
        self.image("other.png", photo()[::-1])
        model = ["--model", "out/photo.gmm.json"]
        for words in (["apply", "other.png", "--config", run], ["--config", run, "--overwrite", "apply", "other.png"]):
            self.succeed(*words, *model, env={"GMMSEG_WRITE": "labels"})
        self.assertEqual(self.names("out"), ["other_labels.png", "photo.gmm.json", "photo_labels.png"])


class Dump(SettingsTest):
    def given(self):
        self.succeed("photo.png", "-k", 3, "--write", "model", "-o", "start")
        return [[], ["-k", 3, "--position", 0.5, "--features", "rgb", "--restarts", 2, "-o", "small", "-q"],
                ["-o", 'a "b"\\c\n#é', "--write", "masks,labels", "--seed", 2**64 - 1, "--overwrite"],
                ["--init-model", "start/photo.gmm.json"], ["--regions", 5], ["--regions", "--level", 0.5]]

    def test_a_dump_read_back_dumps_the_same(self):
        for words in self.given():
            for command in ([], ["apply"]) if not words else ([],):
                with self.subTest(words=words, command=command):
                    first = self.succeed(*command, *words, "--dump-config").stdout
                    again = self.succeed(*command, "--dump-config", "--config", self.file(first)).stdout
                    self.assertEqual(again, first)

    def test_a_dump_read_back_makes_the_same_files(self):
        for words in self.given():
            if not any(word in words for word in ("-k", "--init-model", "--regions")):
                words = [*words, "-k", 4]
            with self.subTest(words=words):
                words = [*words, *([] if "--overwrite" in words else ["--overwrite"])]
                before = self.tree()
                dump = self.succeed("photo.png", *words, "--dump-config").stdout
                self.assertEqual(self.tree(), before, "a dump is no run")
                run = self.file(dump)
                self.succeed("photo.png", *words)
                first = self.tree()
                self.succeed("photo.png", "--config", run)
                self.assertEqual(self.tree(), first)

    def test_it_holds_every_option_but_those_that_are_no_setting(self):
        for command in ([], ["apply"]):
            shown = set(self.option_names(self.succeed(*command, "--help").stdout))
            text = self.succeed(*command, "--dump-config").stdout
            keys = {line.removeprefix("# ").split(" = ")[0] for line in text.splitlines()
                    if " = " in line and "." not in line.split(" = ")[0]}
            self.assertEqual(shown - keys, {"help", "config", "dump-config"} | ({"version"} if not command else set()))
            self.assertEqual(keys - shown, set())

    @staticmethod
    def option_names(help_text):
        for line in help_text.splitlines():
            if line.startswith("  -"):
                yield line.split("--")[1].split()[0]

    def test_it_is_not_asked_for_an_input(self):
        self.succeed("photo.png", "--dump-config")
        self.succeed("missing.png", "--dump-config")
        self.assertEqual(self.dump("apply")["output"], "segmented")
        self.assertNotIn("components", self.dump("apply", "photo.png"))


class BadSettings(SettingsTest):
    def refuse(self, text, *says, words=("photo.png", "-k", 3), code=USAGE):
        with self.subTest(text):
            self.fail(code, *words, "--config", self.file(text), says=["run.toml", *says])

    def test_an_unknown_key(self):
        self.refuse("seed = 1\nkernel = 'big'\n", "line 2", "kernel", "--dump-config")
        self.refuse("max_iterations = 3", "line 1", "write max-iterations")
        self.refuse("k = 3", "write components")
        for key in ("config", "dump-config", "help", "version", "INPUT", "input", "--seed"):
            self.refuse(f"{key} = 'a'", "line 1", f"unknown key {key}")

    def test_a_bad_value(self):
        self.refuse("\n\nmax-iterations = -1", "line 3", "--max-iterations -1", "0 to 1000000")
        self.refuse("features = 'cmyk'", "--features cmyk", "must be one of")
        self.refuse("features = ['lab', 'rgb']", "features", "not a list")
        self.refuse("floor = true", "floor = true", "on|off")
        self.refuse("overwrite = 'yes'", "overwrite = yes", "true or false")
        self.refuse("write = []", "--write", "at least one")
        self.refuse("seed = 1\nseed = 2", "line 2", "seed", "once")
        self.refuse("features = lab", "line 1", '"lab"')
        self.refuse("[fit]\nseed = 1", "line 1", "table")

    def test_a_bad_variable(self):
        for name, word, rule in (("GMMSEG_COMPONENTS", "four", "1 to 65535"), ("GMMSEG_WRITE", "label", "must be one of"),
                                 ("GMMSEG_JSON", "maybe", "true or false")):
            result = self.segment("photo.png", env={name: word})
            self.assertEqual(result.returncode, USAGE)
            self.assertRegex(result.stderr, rf"\Asegment: {name}: .*{word}.*{rule}.*\n\Z")

    def test_a_bad_value_is_no_matter_where_the_command_line_says_better(self):
        self.succeed("photo.png", "-k", 3, "--config", self.file("components = 'four'"))

    def test_a_file_that_cannot_be_read(self):
        self.fail(BAD_INPUT, "photo.png", "-k", 3, "--config", "missing.toml", says=["missing.toml"])
        self.fail(BAD_INPUT, "photo.png", "-k", 3, "--config", ".", says=["folder"])

    def test_an_option_that_is_given_twice(self):
        self.fail(USAGE, "photo.png", "-k", 3, "-k", "four", says=["-k,--components", "more than once", "3, four"])
        self.fail(USAGE, "apply", "photo.png", "--model", "a", "--model", "b", says=["--model", "more than once"])


if __name__ == "__main__":
    unittest.main()
