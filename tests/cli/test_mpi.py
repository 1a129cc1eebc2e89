"""Ranks of an MPI job: the bits of one process, tiles under one map, one voice, and an end where one of them fails."""

import hashlib
import json
import os
import shutil
import signal
import subprocess
import time
import unittest

import numpy as np
from PIL import Image
from osgeo import gdal

from program import MPI_ENVIRONMENT, photo
from test_maps import TRANSFORM
from test_scenes import SceneTest

MPI_PROGRAM = os.environ["SEGMENT_MPI_PROGRAM"]
USAGE, SOME_FAILED, BAD_INPUT, TOO_LITTLE = 2, 3, 4, 5
ENVIRONMENT = {**os.environ, **MPI_ENVIRONMENT}
SECONDS = 120


def command_of(ranks, *words, environments=()):
    """One command for all ranks; or of each rank its own environment."""
    program = [MPI_PROGRAM, *map(str, words)]
    if not environments:
        return ["mpirun", "-q", "-n", str(ranks), *program]
    parts = [["-n", "1", "env", *environment, *program] for environment in environments]
    return ["mpirun", "-q", *parts[0], *(word for part in parts[1:] for word in (":", *part))]


class MpiTest(SceneTest):
    def mpi(self, ranks, *words, environments=()):
        return subprocess.run(command_of(ranks, *words, environments=environments), cwd=self.folder, text=True, env=ENVIRONMENT,
                              capture_output=True, timeout=SECONDS, check=False)

    def mpi_succeed(self, ranks, *words, **options):
        result = self.mpi(ranks, *words, **options)
        self.assertEqual(result.returncode, 0, result.stderr)
        return result

    def files(self, folder):
        """Names below the folder, and what is in each."""
        top = self.folder / folder
        return {str(path.relative_to(top)): hashlib.sha256(path.read_bytes()).hexdigest() for path in sorted(top.rglob("*"))
                if path.is_file()}


class Rasters(MpiTest):
    def check_same_bits(self, *words, ranks=(1, 2, 3)):
        self.succeed("scene.tif", *words, "-o", "alone")
        expected = self.files("alone")
        for number in ranks:
            with self.subTest(words=words, ranks=number):
                folder = f"of{number}"
                self.mpi_succeed(number, "scene.tif", *words, "--map-files", "one", "-o", folder, "--overwrite")
                self.assertEqual(self.files(folder), expected)
        shutil.rmtree(self.folder / "alone")

    def test_files_are_those_of_one_process_byte_by_byte(self):
        self.make()
        self.check_same_bits("-k", 3, "--memory", "250M", "--write", "labels,uncertainty,probabilities,density,anomalies,model",
                             ranks=(1, 2, 7))

    def test_samples_and_smoothing_too(self):
        self.make(bands=4, dtype=np.uint16, scale=37)
        memory = f"{self.least('scene.tif', '-k', 3, '--smooth', 'auto', '--min-size', 40) + 60}M"
        self.check_same_bits("-k", 3, "--memory", memory, "--smooth", "auto", "--min-size", 40, "--write", "labels,model")
        self.check_same_bits("-k", 2, "--memory", memory, "--smooth", "potts", "--write", "labels,model", ranks=(2,))

    def test_a_model_is_applied(self):
        self.make()
        self.succeed("scene.tif", "-k", 3, "--memory", "250M", "--write", "labels,model", "-o", "fit")
        words = ["apply", "--model", "fit/scene.gmm.json", "scene.tif", "--memory", "250M", "--write", "labels", "-o"]
        alone = json.loads(self.succeed(*words, "alone", "--json").stdout)
        of_two = json.loads(self.mpi_succeed(2, *words, "of2", "--map-files", "one", "--json").stdout)
        self.assertEqual(self.files("of2"), self.files("alone"))
        for fact in ("drift", "log_likelihood_per_pixel", "pixels_with_data", "classes"):
            self.assertEqual(of_two[fact], alone[fact])

    def test_tiles_are_one_map(self):
        self.make()
        words = ["scene.tif", "-k", 3, "--memory", "250M", "--write", "labels,probabilities,model", "-o"]
        self.succeed(*words, "alone")
        self.succeed(*words, "by_one", "--map-files", "tiles")
        out = self.mpi_succeed(2, *words, "tiles").stdout
        self.assertRegex(out, r"\Ascene.tif: 3 classes [^\n]*\n\Z")
        self.assertEqual(self.files("by_one"), self.files("tiles"))
        names = set(self.files("tiles"))
        self.assertEqual({name for name in names if "/" not in name},
                         {"scene.gmm.json", "scene_labels.vrt", "scene_labels.qml", "scene_probs.vrt"})
        self.assertEqual({name for name in names if name.endswith("_labels.tif")},
                         {f"scene_tiles/scene_r{row:02}_c{column:02}_labels.tif" for row in range(2) for column in range(2)})
        for name in ("labels", "probs"):
            mosaic, whole = (gdal.Open(str(self.folder / path))
                             for path in (f"tiles/scene_{name}.vrt", f"alone/scene_{name}.tif"))
            np.testing.assert_array_equal(mosaic.ReadAsArray(), whole.ReadAsArray())
            self.assertEqual(mosaic.GetGeoTransform(), TRANSFORM)
            self.assertTrue(mosaic.GetSpatialRef().IsSame(whole.GetSpatialRef()))
            self.assertEqual(mosaic.GetMetadata("GMMSEG"), whole.GetMetadata("GMMSEG"))
            for band in range(1, mosaic.RasterCount + 1):
                mine, other = mosaic.GetRasterBand(band), whole.GetRasterBand(band)
                self.assertEqual(mine.GetDescription(), other.GetDescription())
                np.testing.assert_equal(mine.GetNoDataValue(), other.GetNoDataValue())
        maps = [gdal.Open(str(self.folder / path)) for path in ("tiles/scene_labels.vrt", "alone/scene_labels.tif")]
        mine, other = (each.GetRasterBand(1) for each in maps)
        self.assertEqual([mine.GetColorTable().GetColorEntry(k) for k in range(4)],
                         [other.GetColorTable().GetColorEntry(k) for k in range(4)])
        tables = [[[table.GetValueAsString(row, column) for column in range(table.GetColumnCount())]
                   for row in range(table.GetRowCount())] for table in (mine.GetDefaultRAT(), other.GetDefaultRAT())]
        self.assertEqual(*tables)
        corner = gdal.Open(str(self.folder / "tiles/scene_tiles/scene_r01_c01_labels.tif"))
        self.assertEqual(corner.GetGeoTransform()[0], TRANSFORM[0] + 2048 * (TRANSFORM[1] + TRANSFORM[2]))

    def test_what_became_stale_goes_and_what_is_there_stays(self):
        self.make()
        words = ["scene.tif", "-k", 2, "--memory", "250M", "--write", "labels", "-o", "out"]
        self.mpi_succeed(2, *words)
        refused = self.mpi(2, *words)
        self.assertEqual(refused.returncode, USAGE)
        self.assertIn("exists", refused.stderr)
        self.succeed(*words, "--overwrite")
        self.assertEqual(sorted(os.listdir(self.folder / "out")),
                         ["scene_labels.qml", "scene_labels.tif", "scene_labels.tif.aux.xml"])
        for _ in range(2):
            self.mpi_succeed(3, *words, "--overwrite")
            self.assertEqual(sorted(os.listdir(self.folder / "out")), ["scene_labels.qml", "scene_labels.vrt", "scene_tiles"])
        (self.folder / "out/scene_tiles/notes.txt").write_text("my own")
        self.assertEqual(self.mpi(2, *words, "--overwrite").returncode, USAGE)

    def test_ranks_use_the_instruction_set_that_all_have(self):
        self.make()
        words = ["scene.tif", "-k", 3, "--memory", "250M", "--write", "labels,model", "--map-files", "one", "-o"]
        self.assertEqual(self.segment(*words, "alone", env={"GMMSEG_SIMD": "scalar"}).returncode, 0)
        told = json.loads(self.mpi_succeed(2, *words, "mixed", "--json", environments=((), ("GMMSEG_SIMD=scalar",))).stdout)
        self.assertEqual(told["instruction_set"], "scalar")
        self.assertEqual(self.files("mixed"), self.files("alone"))


class Folders(MpiTest):
    def make_photos(self, count=9):
        os.mkdir(self.folder / "photos")
        for i in range(count):
            Image.fromarray(np.roll(photo(), 13 * i, axis=1) // (1 + i % 2)).save(self.folder / f"photos/photo{i}.png")
        (self.folder / "photos/broken.png").write_bytes(b"\x89PNG\r\n\x1a\nnothing more")

    def records(self, folder):
        lines = (self.folder / folder / "gmmseg-manifest.jsonl").read_text().splitlines()[1:]
        return sorted(json.dumps({**json.loads(line), "seconds": 0}) for line in lines)

    def outputs(self, folder):
        return {name: value for name, value in self.files(folder).items()
                if name not in ("gmmseg-manifest.jsonl", "report.html")}

    def test_one_model_one_manifest_and_one_voice(self):
        self.make_photos()
        for words in ((), ("--separate-models",), ("--memory", "200M", "--features", "raw", "--pca", 2)):
            alone = self.segment("photos", "-k", 3, *words, "-o", "alone", "--overwrite")
            self.assertEqual(alone.returncode, SOME_FAILED)
            for ranks in (1, 2, 4):
                with self.subTest(words=words, ranks=ranks):
                    result = self.mpi(ranks, "photos", "-k", 3, *words, "-o", "together", "--overwrite")
                    self.assertEqual(result.returncode, SOME_FAILED, result.stderr)
                    self.assertEqual(self.outputs("together"), self.outputs("alone"))
                    self.assertEqual(self.records("together")[-20:], self.records("alone")[-20:])
                    plain = [[line.rsplit(",", 1)[0] for line in each.stdout.splitlines()] for each in (result, alone)]
                    self.assertEqual(*plain)
                    self.assertEqual(result.stderr.count("failed: "), 1)
                    shutil.rmtree(self.folder / "together")
            shutil.rmtree(self.folder / "alone")

    def test_another_number_of_ranks_goes_on(self):
        self.make_photos()
        words = ["photos", "-k", 3, "-o", "out"]
        self.mpi(3, *words)
        whole = self.outputs("out")
        for i in (2, 5):
            os.remove(self.folder / f"out/photo{i}_labels.png")
        told = self.mpi(2, *words, "--resume", "--json")
        self.assertEqual(told.returncode, SOME_FAILED, told.stderr)
        status = {os.path.basename(line["input"]): line["status"] for line in map(json.loads, told.stdout.splitlines())}
        self.assertEqual({name for name, word in status.items() if word == "done"}, {"photo2.png", "photo5.png"})
        self.assertEqual(list(status), sorted(status))
        self.assertEqual(self.outputs("out"), whole)

    def test_a_killed_run_goes_on_with_other_ranks(self):
        self.make_photos(40)
        words = ["photos", "-k", 3, "-o", "out"]
        self.segment(*words[:-1], "alone")
        with subprocess.Popen(command_of(2, *words), cwd=self.folder, env=ENVIRONMENT, stdout=subprocess.PIPE,
                              stderr=subprocess.DEVNULL, text=True) as job:
            for _ in range(8):
                job.stdout.readline()
            job.send_signal(signal.SIGTERM)
            job.communicate(timeout=SECONDS)
        result = self.mpi(3, *words, "--resume")
        self.assertEqual(result.returncode, SOME_FAILED, result.stderr)
        self.assertEqual(self.outputs("out"), self.outputs("alone"))

    def test_a_failure_ends_the_job_where_that_is_asked_for(self):
        self.make_photos()
        result = self.mpi(2, "photos", "-k", 3, "--fail-fast", "-o", "out")
        self.assertNotEqual(result.returncode, 0)
        self.assertIn("broken.png", result.stderr)


class Failures(MpiTest):
    def check_refused(self, code, ranks, *words, says):
        before = self.tree()
        result = self.mpi(ranks, *words)
        self.assertEqual(result.returncode, code, result.stderr)
        lines = [line for line in result.stderr.splitlines() if line.startswith("segment: ")]
        self.assertRegex(lines[-1], says)
        self.assertEqual(self.tree(), before)
        return lines

    def test_what_is_wrong_for_all_is_said_once_and_is_no_ranks(self):
        self.make()
        self.assertEqual(len(self.check_refused(USAGE, 3, "scene.tif", "-k", 0, says=r"^segment: -k,--components 0")), 1)
        self.check_refused(BAD_INPUT, 2, "nothing.tif", "-k", 2, says=r"^segment: nothing.tif: no such file")
        self.check_refused(TOO_LITTLE, 2, "scene.tif", "-k", 2, "--memory", "30M", says=r"^segment: scene.tif: a memory of 30 MB")
        self.check_refused(USAGE, 2, "scene.tif", "-k", 2, "--mask", "scene.tif", says=r"^segment: a mask needs the whole raster")

    def test_a_bad_block_is_told_with_the_rank_that_met_it(self):
        self.make()
        self.damage("scene.tif", 4, 9)
        for words in ((), ("--map-files", "one")):
            self.check_refused(BAD_INPUT, 3, "scene.tif", "-k", 2, "--memory", "250M", *words, "-o", "out",
                               says=r"^segment: rank 2 of 3: scene.tif: its pixels of rows \d+ to \d+")

    def test_a_killed_rank_ends_the_job_and_leaves_nothing(self):
        self.make()
        words = ["scene.tif", "-k", 6, "--memory", "250M", "--restarts", 30, "--smooth", "auto", "-o", "out"]
        for victim, pause in ((1, 0.5), (2, 1.0), (0, 1.5)):
            with self.subTest(victim=victim, pause=pause):
                with subprocess.Popen(command_of(3, *words), cwd=self.folder, env=ENVIRONMENT, stdout=subprocess.DEVNULL,
                                      stderr=subprocess.DEVNULL) as job:
                    ranks = self.ranks_of(job.pid, 3)
                    time.sleep(pause)
                    os.kill(ranks[victim], signal.SIGKILL)
                    begin = time.monotonic()
                    self.assertNotEqual(job.wait(timeout=30), 0)
                    self.assertLess(time.monotonic() - begin, 15)
                    for rank in ranks:
                        self.assertFalse(self.is_running(rank))
                out = self.folder / "out"
                left = os.listdir(out) if out.exists() else []
                self.assertEqual([name for name in left if not name.startswith(".")], [])
        self.mpi_succeed(2, *words)
        self.assertFalse([name for name in os.listdir(self.folder / "out") if name.startswith(".scene.gmmseg-")])

    def ranks_of(self, job, count):
        """The processes of the ranks, by rank."""
        for _ in range(200):
            ranks = {}
            for name in os.listdir("/proc"):
                try:
                    with open(f"/proc/{name}/stat", encoding="utf-8") as file:
                        parent = int(file.read().rpartition(")")[2].split()[1])
                    with open(f"/proc/{name}/environ", "rb") as file:
                        environment = dict(item.split(b"=", 1) for item in file.read().split(b"\0") if b"=" in item)
                except (OSError, ValueError, IndexError):
                    continue
                if parent == job and b"OMPI_COMM_WORLD_RANK" in environment:
                    ranks[int(environment[b"OMPI_COMM_WORLD_RANK"])] = int(name)
            if len(ranks) == count:
                return [ranks[rank] for rank in range(count)]
            time.sleep(0.05)
        raise AssertionError("the ranks do not come")

    @staticmethod
    def is_running(process):
        try:
            with open(f"/proc/{process}/stat", encoding="utf-8") as file:
                return file.read().rpartition(")")[2].split()[0] not in ("Z", "X")
        except OSError:
            return False


class OneProcess(MpiTest):
    def test_what_is_not_shared_out_the_first_does(self):
        Image.fromarray(photo()).save(self.folder / "photo.png")
        self.succeed("photo.png", "-k", 3, "-o", "alone")
        out = self.mpi_succeed(2, "photo.png", "-k", 3, "-o", "of2").stdout
        self.assertEqual(len(out.splitlines()), 1)
        self.assertEqual(self.files("of2"), self.files("alone"))
        self.assertEqual(self.mpi_succeed(2, "--version").stdout, self.succeed("--version").stdout)
        self.assertEqual(self.mpi_succeed(2, "sample", "of2/photo.gmm.json", "-n", 5, "--seed", 1).stdout,
                         self.succeed("sample", "of2/photo.gmm.json", "-n", 5, "--seed", 1).stdout)

    def test_what_does_not_go_together_is_refused(self):
        Image.fromarray(photo()).save(self.folder / "photo.png")
        self.make()
        self.fail(USAGE, "photo.png", "-k", 3, "--map-files", "tiles", says=["--map-files tiles", "leave it away"])
        self.fail(USAGE, "photo.png", "scene.tif", "-k", 3, "--map-files", "tiles", says=["--map-files tiles"])
        refused = self.mpi(2, "scene.tif", "-k", 3, "--resume", "-o", "out")
        self.assertEqual(refused.returncode, USAGE)
        self.assertIn("ranks begin a raster anew", refused.stderr)

    def test_it_starts_without_mpirun(self):
        self.make()
        result = subprocess.run([MPI_PROGRAM, "scene.tif", "-k", "2", "--memory", "250M", "-o", "out"], cwd=self.folder, env=ENVIRONMENT,
                                capture_output=True, text=True, timeout=SECONDS, check=False)
        self.assertEqual(result.returncode, 0, result.stderr)
        self.assertIn("scene_labels.vrt", os.listdir(self.folder / "out"))


if __name__ == "__main__":
    unittest.main()
