"""--class-names: what a user calls the classes is in every output that has them."""

import json
import shutil
import unittest

import numpy as np
from PIL import Image

from program import ProgramTest, labels_of, model_of, photo

USAGE, BAD_INPUT = 2, 4
MODEL = "gmmseg-model.gmm.json"
NAMES = ["plain", 'a, "b"; <b>tag</b>', "Straße 橋"]
FILE = 'class,name,color\r\n3,Straße 橋,\r\n1,plain,#102030\r\n2,"a, ""b""; <b>tag</b>",#ff00fe\r\n'
COLORS = {1: "#102030", 2: "#ff00fe"}


class NamesTest(ProgramTest):
    def setUp(self):
        super().setUp()
        self.image("photo.png", photo())
        self.file(FILE)

    def file(self, text, name="names.csv"):
        (self.folder / name).write_text(text, encoding="utf-8", newline="")
        return name

    def classes(self, path="segmented/photo.gmm.json"):
        return model_of(self.folder / path)["classes"]

    def check_named(self, classes):
        self.assertEqual([entry["name"] for entry in classes], NAMES)
        for entry in classes:
            self.assertEqual(entry["color"], COLORS.get(entry["index"], entry["color"]))

    def check_painted(self, path="segmented/photo_labels.png"):
        with Image.open(self.folder / path) as image:
            palette = np.array(image.getpalette()).reshape(-1, 3)
        for index, color in COLORS.items():
            self.assertEqual("#%02x%02x%02x" % tuple(palette[index]), color)

    def put_folder(self):
        (self.folder / "in").mkdir()
        for i in range(3):
            Image.fromarray(np.roll(photo(), 9 * i, axis=1)).save(self.folder / f"in/{i}.png")


class OneImage(NamesTest):
    def test_names_and_colours_are_in_the_model_the_report_and_the_pictures(self):
        result = self.succeed("photo.png", "-k", 3, "--class-names", "names.csv", "--json")
        self.check_named(self.classes())
        self.check_named(json.loads(result.stdout)["classes"])
        self.check_painted()
        self.succeed("photo.png", "-k", 3, "-o", "plain")
        plain = self.classes("plain/photo.gmm.json")
        self.assertEqual(self.classes()[2]["color"], plain[2]["color"])
        # The overlay mixes a class's colour with the photograph's; a boundary takes the other's, right or below.
        overlays = []
        for folder in ("segmented", "plain"):
            with Image.open(self.folder / folder / "photo_overlay.png") as image:
                overlays.append(np.asarray(image))
        labels = labels_of(self.folder / "segmented/photo_labels.png")
        changed = (overlays[0] != overlays[1]).any(axis=2)
        inner = labels == 3
        inner[:, :-1] &= labels[:, 1:] == 3
        inner[:-1] &= labels[1:] == 3
        self.assertFalse(changed[inner].any())
        self.assertGreater(changed[labels < 3].mean(), 0.9)

    def test_nothing_but_names_and_colours_changes(self):
        self.succeed("photo.png", "-k", 3, "--class-names", "names.csv")
        self.succeed("photo.png", "-k", 3, "-o", "plain")
        one, other = (model_of(self.folder / folder / "photo.gmm.json") for folder in ("segmented", "plain"))
        for entry in one["classes"] + other["classes"]:
            del entry["name"], entry["color"]
        self.assertEqual(one, other)

    def test_classes_that_are_left_out_keep_their_names(self):
        self.file("name,class\nsky,2\n")
        self.succeed("photo.png", "-k", 3, "--class-names", "names.csv", "--write", "model")
        self.assertEqual([entry["name"] for entry in self.classes()], ["class 1", "sky", "class 3"])

    def test_names_of_classes_that_do_not_come_back_are_not_used(self):
        self.image("flat.png", np.full((8, 8, 3), 90, np.uint8))
        self.succeed("flat.png", "-k", 3, "--class-names", "names.csv", "--write", "model")
        self.assertEqual([entry["name"] for entry in self.classes("segmented/flat.gmm.json")], NAMES[:1])

    def test_from_a_start_model(self):
        self.succeed("photo.png", "-k", 3, "-o", "start", "--write", "model")
        self.succeed("photo.png", "--init-model", "start/photo.gmm.json", "--class-names", "names.csv")
        self.check_named(self.classes())

    def test_the_file_may_be_named_in_the_settings(self):
        self.file("class-names = 'names.csv'\n", "run.toml")
        self.succeed("photo.png", "-k", 3, "--config", "run.toml")
        self.check_named(self.classes())

    def test_overwriting_keeps_the_names(self):
        (self.folder / "segmented").mkdir()
        (self.folder / "names.csv").rename(self.folder / "segmented/photo_mask_1.png")
        self.succeed("photo.png", "-k", 3, "--class-names", "segmented/photo_mask_1.png", "--overwrite",
                     "--write", "labels")
        self.assertEqual(self.names(), ["photo_labels.png", "photo_mask_1.png"])


class Apply(NamesTest):
    def setUp(self):
        super().setUp()
        self.succeed("photo.png", "-k", 3, "--write", "model,labels", "-o", "fit")
        self.apply = ["apply", "--model", "fit/photo.gmm.json", "--class-names", "names.csv", "--write", "labels,model"]

    def test_a_model_s_classes_are_renamed(self):
        result = self.succeed(*self.apply, "photo.png", "--json")
        self.check_named(json.loads(result.stdout)["classes"])
        self.check_named(self.classes())
        self.check_painted()

    def test_names_stay_with_the_model(self):
        self.succeed(*self.apply, "photo.png", "-o", "named")
        self.succeed("apply", "--model", "named/photo.gmm.json", "photo.png")
        self.check_painted()
        self.file("class,name\n1,other\n")
        self.succeed("apply", "--model", "named/photo.gmm.json", "photo.png", "--class-names", "names.csv",
                     "-o", "again", "--write", "model")
        classes = self.classes("again/photo.gmm.json")
        self.assertEqual([entry["name"] for entry in classes], ["other", *NAMES[1:]])
        self.assertEqual(classes[0]["color"], COLORS[1])

    def test_many_images(self):
        self.put_folder()
        for i, result in enumerate(self.succeed(*self.apply, "in", "--json").stdout.splitlines()):
            self.check_named(json.loads(result)["classes"])
            self.check_painted(f"segmented/{i}_labels.png")
            self.check_named(self.classes(f"segmented/{i}.gmm.json"))

    def test_other_names_are_other_settings(self):
        self.put_folder()
        self.succeed(*self.apply, "in")
        self.assertIn("3 kept", self.succeed(*self.apply, "in", "--resume").stderr)
        self.file(FILE.replace("plain", "other"))
        self.assertIn("3 done", self.succeed(*self.apply, "in", "--resume").stderr)
        self.assertEqual(self.classes("segmented/2.gmm.json")[0]["name"], "other")


class Folder(NamesTest):
    def setUp(self):
        super().setUp()
        self.put_folder()
        self.words = ["in", "-k", 3, "--write", "labels,model", "--class-names", "names.csv"]

    def check_images(self, *parts):
        for i in range(3):
            if "labels" in parts:
                self.check_painted(f"segmented/{i}_labels.png")
            if "model" in parts:
                self.check_named(self.classes(f"segmented/{i}.gmm.json"))

    def test_the_shared_model_has_the_names(self):
        self.succeed(*self.words)
        self.check_named(self.classes(f"segmented/{MODEL}"))
        self.check_images("labels")

    def test_matched_classes_have_the_shared_model_s_names(self):
        self.succeed(*self.words, "--match")
        self.check_named(self.classes(f"segmented/{MODEL}"))
        self.check_images("labels", "model")

    def test_matched_classes_of_a_reference_are_renamed(self):
        self.succeed("photo.png", "-k", 3, "--write", "model", "-o", "fit")
        words = [word for word in self.words if word not in ("-k", 3)]
        self.succeed(*words, "-k", 2, "--match", "--model", "fit/photo.gmm.json")
        self.check_images("labels", "model")

    def test_a_shared_model_of_fewer_classes_takes_the_names_it_can(self):
        for i in range(3):
            self.image(f"in/{i}.png", np.full((8, 8, 3), 100 * (i > 0), np.uint8))
        for words in ([], ["--match"]):
            self.succeed(*self.words, *words, "--overwrite")
            self.assertEqual([entry["name"] for entry in self.classes(f"segmented/{MODEL}")], NAMES[:2])

    def test_each_image_s_own_classes_have_them(self):
        self.succeed(*self.words, "--separate-models")
        self.check_images("labels", "model")

    def test_a_run_goes_on_with_the_same_names_alone(self):
        for words in ([], ["--match"]):
            shutil.rmtree(self.folder / "segmented", ignore_errors=True)
            self.file(FILE)
            self.succeed(*self.words, *words)
            # The order of lines is no difference.
            lines = FILE.splitlines(keepends=True)
            self.file("".join([lines[0], *reversed(lines[1:])]))
            self.assertIn("3 kept", self.succeed(*self.words, *words, "--resume").stderr)
            self.file(FILE.replace("plain", "other"))
            self.fail(USAGE, *self.words, *words, "--resume", says=["class_names=", " there, ", "--refit"])
            self.assertIn("3 done", self.succeed(*self.words, *words, "--refit").stderr)
            self.assertEqual(self.classes(f"segmented/{MODEL}")[0]["name"], "other")

    def test_other_colours_make_separate_images_anew(self):
        self.succeed(*self.words, "--separate-models")
        self.assertIn("3 kept", self.succeed(*self.words, "--separate-models", "--resume").stderr)
        self.file(FILE.replace("#102030", "#102031"))
        self.assertIn("3 done", self.succeed(*self.words, "--separate-models", "--resume").stderr)


class BadFiles(NamesTest):
    def test_a_file_that_is_damaged_is_named_with_the_line(self):
        for text, *says in [("1,sky\n", "line 1", "class,name,color"), ("class,name\n0,sky\n", "line 2", '"0"', "65535"),
                            ("class,name\n1,sky\n1,sea\n", "line 3", "once"), ("class,name\n1,\n", "line 2", "empty"),
                            ('class,name\n1,"sky\n', "line 2", "never closed"),
                            ('class,name\n1,"two\nlines"\n', "line 2", "line end"),
                            ("class,name,color\n1,sky,blue\n", "line 2", '"blue"', "#0072b2"),
                            ("class,name\n1,sky,blue\n", "line 2", "3 fields"), ("", "empty")]:
            with self.subTest(text):
                self.fail(BAD_INPUT, "photo.png", "-k", 3, "--class-names", self.file(text), says=["names.csv", *says])

    def test_a_file_that_is_missing(self):
        self.fail(BAD_INPUT, "photo.png", "-k", 3, "--class-names", "none.csv", says=["none.csv", "no such file"])
        self.fail(BAD_INPUT, "photo.png", "-k", 3, "--class-names", ".", says=["folder"])
        self.fail(BAD_INPUT, "photo.png", "-k", 3, "--class-names", "photo.png", says=["photo.png, line 1"])

    def test_a_class_beyond_those_asked_for(self):
        says = ["class 3", "Straße 橋", "1 to 2"]
        names = ["--class-names", "names.csv"]
        self.put_folder()
        self.fail(USAGE, "photo.png", "-k", 2, *names, says=says)
        for words in ([], ["--match"], ["--separate-models"]):
            self.fail(USAGE, "in", "-k", 2, *names, *words, says=says)
        self.succeed("photo.png", "-k", 2, "--write", "model", "-o", "fit")
        model = ["--model", "fit/photo.gmm.json"]
        for words in (["apply", "photo.png", *model], ["apply", "in", *model], ["in", "--match", *model],
                      ["photo.png", "--init-model", model[1]]):
            self.fail(USAGE, *words, *names, says=says)


if __name__ == "__main__":
    unittest.main()
