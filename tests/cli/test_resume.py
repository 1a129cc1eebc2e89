"""A folder run that was cut off goes on, and ends as if it had not been."""

import json
import os
import random
import signal
import time
import unittest

import numpy as np
from PIL import Image

from program import ProgramTest, model_of, photo, start

USAGE = 2
MANIFEST, MODEL = "gmmseg-manifest.jsonl", "gmmseg-model.gmm.json"
COUNT = 40


class Resume(ProgramTest):
    words = ["in", "-r", "-k", 3, "--write", "labels,overlay"]

    def setUp(self):
        super().setUp()
        self.photo = photo(192, 128)
        for i in range(COUNT):
            self.put(i)

    def put(self, i):
        path = self.folder / "in" / f"{i % 3}" / f"{i}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(np.roll(self.photo, i * 7, axis=2)[i % 40:]).save(path)
        return path

    def outputs(self, folder="segmented"):
        """Everything below the folder but the manifest, hidden files included."""
        top = self.folder / folder
        return {str(path.relative_to(top)): path.read_bytes() for path in top.rglob("*")
                if path.is_file() and path.name != MANIFEST}

    def done(self, result):
        return result.stderr.splitlines()[-1]

    def test_a_kill_at_any_moment_changes_nothing_in_the_end(self):
        self.succeed(*self.words, "-o", "whole")
        whole = self.outputs("whole")
        chance = random.Random(1)
        kills = 0
        for attempt in range(12):
            with start(*self.words, "--resume", cwd=self.folder) as process:
                time.sleep(chance.uniform(0.02, 0.25))
                process.send_signal(signal.SIGKILL)
                process.communicate()
            kills += process.returncode == -signal.SIGKILL
            # Whatever bears a final name is whole.
            for name, content in self.outputs().items():
                if "/." not in "/" + name:
                    self.assertEqual(content, whole[name], name)
        self.assertGreater(kills, 3)
        self.succeed(*self.words, "--resume")
        self.assertEqual(self.outputs(), whole)

    def test_an_interrupt_removes_what_is_unfinished_and_keeps_the_rest(self):
        with start(*self.words, cwd=self.folder) as process:
            deadline = time.monotonic() + 60
            while len(list((self.folder / "segmented").glob("*/*_labels.png"))) < 5:
                self.assertLess(time.monotonic(), deadline)
                time.sleep(0.005)
            process.send_signal(signal.SIGINT)
            process.communicate(timeout=60)
        self.assertEqual(process.returncode, 130)
        self.assertFalse(list((self.folder / "segmented").rglob(".*")))
        records = [json.loads(line) for line in (self.folder / "segmented" / MANIFEST).read_text().splitlines()]
        done = {output for record in records if record.get("status") == "done" for output in record["outputs"]}
        self.assertLessEqual(5, len(done))
        written = {record["input"] for record in records if record.get("status") == "writing"}
        finished = {record["input"] for record in records if record.get("status") == "done"}
        self.assertLessEqual(len(written - finished), os.cpu_count())  # caught between the files and the record
        result = self.succeed(*self.words, "--resume")
        self.assertIn("kept from an earlier run", self.done(result))
        self.succeed(*self.words, "-o", "whole")
        self.assertEqual(self.outputs(), self.outputs("whole"))

    def test_what_is_done_is_not_done_again_and_the_model_stays(self):
        self.succeed(*self.words)
        before = self.outputs()
        times = {path: path.stat().st_mtime_ns for path in (self.folder / "segmented").rglob("*.png")}
        self.put(COUNT)
        plan = self.succeed(*self.words, "--resume", "--dry-run")
        self.assertEqual(plan.stdout, f"in/{COUNT % 3}/{COUNT}.png\n")
        self.assertIn(f"1 image, {COUNT} kept", plan.stderr)
        result = self.succeed(*self.words, "--resume")
        self.assertIn(f"1 done, {COUNT} kept", self.done(result))
        after = self.outputs()
        self.assertEqual(len(after), len(before) + 2)
        self.assertLessEqual(before.items(), after.items())
        self.assertEqual({path: path.stat().st_mtime_ns for path in times}, times)

    def page(self):
        """The data of the folder's report."""
        text = (self.folder / "segmented/report.html").read_text(encoding="utf-8")
        start = text.index('id="data">') + len('id="data">')
        return json.loads(text[start:text.index("</script>", start)])

    def test_the_report_is_of_all_images_and_goes_when_it_is_not_wanted(self):
        words = ["in", "-r", "-k", 3, "--write", "labels,report"]
        self.succeed(*words)
        first = self.page()
        self.put(COUNT)
        self.succeed(*words, "--resume")
        second = self.page()
        self.assertEqual(len(second["images"]), COUNT + 1)
        kept = {row["name"]: row for row in second["images"]}
        for row in first["images"]:
            self.assertEqual(kept[row["name"]], row)
        for row in second["images"]:
            for end in (".js", ".jpg"):
                self.assertTrue((self.folder / "segmented" / (row["base"] + end)).exists(), row)
        self.succeed(*words[:-1], "labels", "--resume")
        self.assertFalse(list((self.folder / "segmented").rglob("*report*")))

    def test_a_page_that_is_no_report_stays(self):
        self.succeed(*self.words)
        page = self.folder / "segmented/report.html"
        page.write_text("<p>of mine</p>")
        self.fail(USAGE, *self.words[:-1], "labels,report", "--resume", says=["report.html"])
        self.succeed(*self.words, "--resume")
        self.assertEqual(page.read_text(), "<p>of mine</p>")

    def test_what_changed_is_done_again(self):
        self.succeed(*self.words)
        self.put(0).write_bytes(self.put(3).read_bytes())
        (self.folder / "segmented/1/1_labels.png").unlink()
        result = self.succeed(*self.words, "--resume")
        self.assertIn(f"2 done, {COUNT - 2} kept", self.done(result))
        self.assertEqual(result.stderr.count("has changed since the model that is kept was fitted"), 1)
        self.assertEqual((self.folder / "segmented/0/0_labels.png").read_bytes(),
                         (self.folder / "segmented/0/3_labels.png").read_bytes())
        result = self.succeed(*self.words[:-1], "labels", "--resume")
        self.assertIn(f"{COUNT} done", self.done(result))
        self.assertFalse(list((self.folder / "segmented").rglob("*_overlay.png")))

    def test_refit_starts_the_model_over(self):
        self.succeed(*self.words)
        before = model_of(self.folder / "segmented" / MODEL)
        self.put(COUNT)
        self.succeed(*self.words, "--refit")
        after = model_of(self.folder / "segmented" / MODEL)
        self.assertEqual(len(after["training"]["inputs"]), len(before["training"]["inputs"]) + 1)
        self.succeed(*self.words, "-o", "fresh")
        self.assertEqual(self.outputs(), self.outputs("fresh"))

    def test_settings_that_contradict_the_model_are_refused(self):
        self.succeed(*self.words)
        words = [*self.words]
        words[3] = 4
        self.fail(USAGE, *words, "--resume", says=["k=3 there, k=4 here", "--refit"])
        self.succeed(*words, "--refit")
        self.assertEqual(model_of(self.folder / "segmented" / MODEL)["k"], 4)

    def test_an_earlier_run_is_not_written_over_unasked(self):
        self.succeed(*self.words)
        self.fail(USAGE, *self.words, says=[MANIFEST, "--resume", "--overwrite"])
        self.fail(USAGE, *self.words, "--resume", "--overwrite", says=["give one of them"])
        self.succeed(*self.words, "--overwrite")

    def test_a_new_clash_of_names_moves_the_outputs(self):
        self.succeed(*self.words)
        os.rename(self.put(COUNT), self.folder / "in/0/0.jpg.png")
        (self.folder / "in/0/0.jpg.png").rename(self.folder / "in/0/0.webp")
        self.succeed(*self.words, "--resume")
        names = {path.name for path in (self.folder / "segmented/0").iterdir()}
        self.assertLessEqual({"0.png_labels.png", "0.webp_labels.png"}, names)
        self.assertNotIn("0_labels.png", names)

    def test_each_way_of_fitting_goes_on(self):
        for words in (["--match"], ["--match", "--features", "rgb", "--position", 1], ["--separate-models"]):
            output = "-".join(map(str, words)).strip("-")
            self.succeed(*self.words, *words, "-o", output)
            result = self.succeed(*self.words, *words, "-o", output, "--resume")
            self.assertIn(f"{COUNT} kept", self.done(result))

    def test_an_output_that_was_cut_short_is_done_again(self):
        self.succeed(*self.words)
        before = self.outputs()
        (self.folder / "segmented/0/0_labels.png").write_bytes(b"")
        result = self.succeed(*self.words, "--resume")
        self.assertIn(f"1 done, {COUNT - 1} kept", self.done(result))
        self.assertEqual(self.outputs(), before)

    def test_a_file_that_no_run_wrote_is_not_replaced(self):
        self.succeed(*self.words)
        self.put(COUNT)
        theirs = self.folder / f"segmented/{COUNT % 3}/{COUNT}_labels.png"
        theirs.write_text("mine")
        result = self.segment(*self.words, "--resume")
        self.assertEqual(result.returncode, 3)
        self.assertIn(f"{COUNT}_labels.png: exists, and no earlier run wrote it", result.stderr)
        self.assertEqual(theirs.read_text(), "mine")

    def test_a_model_that_no_run_wrote_is_not_replaced(self):
        (self.folder / "segmented").mkdir()
        theirs = self.folder / "segmented" / MODEL
        theirs.write_text("mine")
        for words in ([], ["--resume"], ["--refit"]):
            self.assertEqual(self.segment(*self.words, *words).returncode, USAGE)
            self.assertEqual(theirs.read_text(), "mine")

    def test_two_runs_do_not_write_into_one_folder(self):
        with start(*self.words, cwd=self.folder) as process:
            deadline = time.monotonic() + 60
            manifest = self.folder / "segmented" / MANIFEST
            while not manifest.exists() or manifest.stat().st_size == 0:
                self.assertLess(time.monotonic(), deadline)
                time.sleep(0.002)
            os.kill(process.pid, signal.SIGSTOP)
            try:
                result = self.segment(*self.words, "--resume")
                self.assertEqual(result.returncode, USAGE, result.stderr)
                self.assertIn("another run", result.stderr)
            finally:
                os.kill(process.pid, signal.SIGCONT)
            process.communicate(timeout=60)
        self.assertEqual(process.returncode, 0)


if __name__ == "__main__":
    unittest.main()
