"""Strong and weak scaling of `segment-mpi` on this machine, beside `segment`, and where a rank's time goes.

Usage: mpi_scaling.py PROGRAM_FOLDER [--ranks 1,2,4] [--scenes rgb,bands] [--width 4096] [--height 4096] [--repeat 1] [--json FILE]

Scenes are generated, of six classes in squares of 32 pixels under noise, as tiled GeoTIFF that DEFLATE packs: rgb has 3 bands of 8 bits,
bands 7 bands of 16 bits. Strong: one scene for all; weak: one of half its width, whose height grows with the ranks, a tile of maps for
each at least. All ranks have one thread. Needs GDAL for Python, mpirun and mpicc, with which mpi_calls.c becomes a library that writes
down what each rank does by MPI.

Printed, by number of ranks (0 is `segment`): the median seconds of the runs; the speed-up over one rank, the median of the ratios within
a round of runs; the seconds of CPU of the rank that took most, outside of MPI calls, where ranks that wait spin; what would be the
efficiency if nothing but that took time; the most memory that a rank held; passes over the scene; cells of one pass per second of a
rank's CPU; whether labels are those of `segment`. A small scene may need fewer passes, which weak scaling is to be read with. Where more
ranks run than cores are free, seconds say little, and CPU is what to go by.

--json FILE keeps all of it, and for mpi_simulation.py: CPU per cell and pass, bytes and seconds of what is exchanged, and of rank 0 alone
what it takes to hash the input and to answer.
"""

import argparse
import hashlib
import json
import os
import shlex
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
from osgeo import gdal, osr

CELL, TILE, PATCH, CLASSES = 512, 2048, 32, 6
SCENES = {"rgb": (3, "uint8", 20), "bands": (7, "uint16", 3000)}  # bands, type, grey values from one step to the next
READING, REFINING, LABELLING = 0, 2, 3  # gmmseg::JobStage
REQUEST, REQUEST_BYTES, ANSWER = 3, 4, 5  # tags of src/cluster/mpi_ranks.cpp
COLLECTIVE = {"allreduce", "bcast", "barrier"}


def make_scene(path, width, height, kind):
    bands, dtype, step = SCENES[kind]
    highest = np.iinfo(dtype).max
    means = np.random.default_rng(7).uniform(2, 11, (CLASSES, bands)) * step
    image = gdal.GetDriverByName("GTiff").Create(
        str(path), width, height, bands, gdal.GDT_Byte if dtype == "uint8" else gdal.GDT_UInt16,
        ["TILED=YES", f"BLOCKXSIZE={CELL}", f"BLOCKYSIZE={CELL}", "COMPRESS=DEFLATE"])
    image.SetGeoTransform([500000, 10, 0, 5000000, 0, -10])
    system = osr.SpatialReference()
    system.ImportFromEPSG(32632)
    image.SetProjection(system.ExportToWkt())
    for y in range(0, height, CELL):
        for x in range(0, width, CELL):
            random = np.random.default_rng([y, x])
            rows, columns = min(CELL, height - y), min(CELL, width - x)
            patches = random.integers(0, CLASSES, (CELL // PATCH, CELL // PATCH))
            classes = patches.repeat(PATCH, 0).repeat(PATCH, 1)[:rows, :columns]
            values = means[classes] + 0.8 * step * random.normal(size=(rows, columns, bands))
            values = np.clip(np.rint(values), 0, highest).astype(dtype)
            for band in range(bands):
                image.GetRasterBand(band + 1).WriteArray(np.ascontiguousarray(values[..., band]), x, y)
    image = None


def hash_of_labels(path):
    image = gdal.Open(str(path))
    return hashlib.sha256(image.ReadAsArray().tobytes()).hexdigest()


class Programs:
    """Runs them, each into an empty folder of its own."""

    def __init__(self, folder, launcher, memory, components, scratch):
        self.folder, self.launcher, self.scratch = folder, shlex.split(launcher), scratch
        self.options = ["-k", str(components), "--memory", memory, "--threads", "1", "--map-files", "tiles", "--json", "--quiet"]
        self.recorder = scratch / "mpi_calls.so"
        subprocess.run(["mpicc", "-O2", "-shared", "-fPIC", "-o", self.recorder, Path(__file__).with_name("mpi_calls.c")], check=True)

    def run(self, scene, ranks, *options):
        """Seconds, and the rest of what the docstring above tells, of one run by so many ranks, or by `segment`."""
        with tempfile.TemporaryDirectory(dir=self.scratch) as folder:
            words = [scene, "-o", Path(folder) / "out", *self.options, *options]
            if ranks == 0:
                command = [self.folder / "segment", *words]
            else:
                command = [*self.launcher, "-x", f"MPI_CALLS_FOLDER={folder}", "-x", f"LD_PRELOAD={self.recorder}", "-n", str(ranks),
                           self.folder / "segment-mpi", *words]
            begin = time.perf_counter()
            process = subprocess.Popen(command, stdout=subprocess.PIPE)
            text = process.stdout.read()
            _, status, usage = os.wait4(process.pid, 0)
            seconds = time.perf_counter() - begin
            if status != 0:
                sys.exit(f"failed: {shlex.join(map(str, command))}")
            report = json.loads(text)
            if "scene" not in report:
                sys.exit("segment holds this scene as a whole; give a larger one, or less --memory")
            labels = hash_of_labels(Path(folder) / "out" / f"{scene.stem}_labels.vrt")
            calls = [calls_of(Path(folder) / f"rank.{rank}") for rank in range(ranks)]
        ends = [of_rank[-1] for of_rank in calls]
        return {"ranks": ranks, "seconds": seconds, "fit_seconds": report["seconds"]["fit"], "passes": report["scene"]["passes"],
                "exact": report["scene"]["exact"], "labels": labels, "calls": calls,
                "cpu": [end["own"] for end in ends] or [usage.ru_utime + usage.ru_stime],
                "peaks": [end["bytes"] for end in ends] or [report["scene"]["peak_bytes"]]}


def calls_of(path):
    calls = []
    for line in path.read_text(encoding="ascii").splitlines():
        name, tag, size, stage, *times = line.split()
        begin, seconds, own, thread = map(float, times)
        calls.append({"name": name, "tag": int(tag), "bytes": int(size), "stage": int(stage), "begin": begin, "seconds": seconds,
                      "own": own, "thread": thread})
    return calls


def cells_by_pass(run):
    """CPU between one cell and the next of a rank, by pass; of rank 0, which tells itself nothing, there is none."""
    found = {}
    for calls in run["calls"][1:]:
        passes, before = [], None
        for call in calls:
            if call["name"] in COLLECTIVE:
                before = None
            elif call["tag"] == REQUEST_BYTES and call["name"] == "send" and call["stage"] in (READING, REFINING, LABELLING):
                if before is None or before["stage"] != call["stage"]:
                    passes.append((call["stage"], []))
                else:
                    passes[-1][1].append(call["own"] - before["own"])
                before = call
        num_read = sum(stage == READING for stage, _ in passes)
        for i, (stage, times) in enumerate(passes):
            is_colors = stage == READING and i == 0 and (num_read > 1 or run["exact"])
            name = "colours" if is_colors else {READING: "sample", REFINING: "refine", LABELLING: "label"}[stage]
            found.setdefault(name, []).extend(times)
    return found


def sample_fit(run):
    """CPU of the last rank between the last cell of the sample and the first refining one."""
    stages = [call for call in run["calls"][-1] if call["tag"] == REQUEST_BYTES and call["name"] == "send"]
    read = [call for call in stages if call["stage"] == READING]
    refined = [call for call in stages if call["stage"] == REFINING]
    return refined[0]["own"] - read[-1]["own"] if refined else None


def exchange(run):
    """Bytes of the sums in EM, by size with how often; the largest message of a union; CPU that an answer takes of rank 0, and seconds that
    a rank waits for it."""
    sums, largest = {}, 0
    for call in run["calls"][-1]:
        if call["name"] == "allreduce":
            sums[call["bytes"]] = sums.get(call["bytes"], 0) + 1
        if call["name"] == "send":
            largest = max(largest, call["bytes"])
    waits = [end["begin"] + end["seconds"] - begin["begin"] for calls in run["calls"][1:]
             for begin, end in zip([c for c in calls if c["name"] == "send" and c["tag"] == REQUEST],
                                   [c for c in calls if c["name"] == "receive" and c["tag"] == ANSWER])]
    server = [c for c in run["calls"][0] if c["tag"] in (REQUEST, ANSWER)]
    answers = [end["thread"] - begin["thread"] for begin, end in zip(server, server[1:])
               if begin["name"] == "receive" and end["name"] == "send"]
    return {"allreduce": sums, "largest_message": largest, "request_seconds": statistics.median(waits),
            "answer_cpu": statistics.median(answers)}


def summary(times):
    values = np.array(times)
    return {"count": len(values), "mean": float(values.mean()), "sd": float(values.std(ddof=1)),
            "quantiles": np.quantile(values, np.linspace(0, 1, 41)).tolist()}


def hash_rate(programs, scene, small):
    """Bytes per second of CPU that rank 0 alone takes to hash its input: of a large file and a small one, of which one cell each is
    segmented."""
    one_cell = ["--extent", f"0,0,{CELL},{CELL}"]
    cpu = [min(programs.run(path, 1, *one_cell)["cpu"][0] for _ in range(2)) for path in (scene, small)]
    return (scene.stat().st_size - small.stat().st_size) / max(1e-9, cpu[0] - cpu[1])


def measure(programs, scenes, ranks, repeat):
    """Runs of each number of ranks, in rounds, so that what else the machine does falls on all alike."""
    rounds = []
    for _ in range(repeat):
        rounds.append({number: programs.run(scenes[number], number) for number in ranks})
    return rounds


def table(title, rounds, ranks, cells, is_weak):
    print(f"\n{title}\n\n| ranks | seconds | speed-up | CPU s, largest rank | efficiency by CPU | MB a rank | passes | cells/s a rank | "
          "labels |\n" + "|---" * 9 + "|")
    rows = []
    for number in ranks:
        runs = [each[number] for each in rounds]
        seconds = statistics.median(run["seconds"] for run in runs)
        cpu = statistics.median(max(run["cpu"]) for run in runs)
        grown = max(1, number) if is_weak else 1
        speed = statistics.median(grown * each[1]["seconds"] / each[number]["seconds"] for each in rounds)
        one = statistics.median(each[1]["cpu"][0] for each in rounds)
        efficiency = one / cpu / (1 if is_weak else max(1, number))
        peak = max(max(run["peaks"]) for run in runs)
        rate = statistics.median(cells[number] * run["passes"] / sum(run["cpu"]) for run in runs)
        alike = "" if is_weak else "same" if all(run["labels"] == each[ranks[0]]["labels"] for each, run in zip(rounds, runs)) else "DIFFER"
        print(f"| {number} | {seconds:.1f} | {speed:.2f} | {cpu:.2f} | {efficiency:.2f} | {peak / 1e6:.0f} | {runs[0]['passes']} | "
              f"{rate:.1f} | {alike} |")
        rows.append({"ranks": number, "seconds": seconds, "speed_up": speed, "cpu_largest": cpu, "efficiency": efficiency,
                     "peak_bytes": peak, "cells_per_second": rate, "labels": alike, "passes": runs[0]["passes"]})
    return rows


def number_of_cells(width, height):
    return -(-width // CELL) * -(-height // CELL)


def measure_scene(kind, programs, scratch, asked):
    ranks = sorted(set(asked.ranks) | {1})
    most = max(ranks)
    part = max(TILE, asked.height // most)
    scene = scratch / f"{kind}.tif"
    make_scene(scene, asked.width, asked.height, kind)
    parts = {number: scratch / f"{kind}_{number}.tif" for number in ranks}
    for number, path in parts.items():
        make_scene(path, asked.width // 2, part * number, kind)

    strong = measure(programs, dict.fromkeys([0, *ranks], scene), [0, *ranks], asked.repeat)
    weak = measure(programs, parts, ranks, asked.repeat)
    cells = number_of_cells(asked.width, asked.height)
    result = {"cells": cells, "bytes": scene.stat().st_size, "bands": SCENES[kind][0],
              "strong": table(f"{kind}, strong: {asked.width} x {asked.height}, {cells} cells", strong, [0, *ranks],
                              dict.fromkeys([0, *ranks], cells), False),
              "weak": table(f"{kind}, weak: {asked.width // 2} x {part} a rank", weak, ranks,
                            {number: number_of_cells(asked.width // 2, part * number) for number in ranks}, True)}
    if most > 1:
        by_pass = {}
        for run in (each[number] for each in strong for number in ranks if number > 1):
            for name, times in cells_by_pass(run).items():
                by_pass.setdefault(name, []).extend(times)
        result["cell_cpu"] = {name: summary(times) for name, times in by_pass.items() if len(times) > 1}
        result["exchange"] = exchange(strong[0][most])
        result["sample_fit_cpu"] = {number: sample_fit(strong[0][number]) for number in ranks if number > 1}
        result["hash_bytes_per_second"] = hash_rate(programs, scene, parts[1])
        print("\n| pass | cells | CPU ms a cell | standard deviation | middle 90 % |\n|---|---|---|---|---|")
        for name, of_pass in result["cell_cpu"].items():
            low, high = of_pass["quantiles"][2], of_pass["quantiles"][-3]
            print(f"| {name} | {of_pass['count']} | {1e3 * of_pass['mean']:.1f} | {1e3 * of_pass['sd']:.1f} | "
                  f"{1e3 * low:.1f} to {1e3 * high:.1f} |")
        told = result["exchange"]
        print(f"\nsums, bytes: times: {told['allreduce']}; largest message of a union: {told['largest_message'] / 1e6:.1f} MB; "
              f"fit to the sample, CPU s: {result['sample_fit_cpu']}\nhash by rank 0: "
              f"{result['hash_bytes_per_second'] / 1e6:.0f} MB/s of the file; an answer of rank 0, CPU: "
              f"{1e6 * told['answer_cpu']:.0f} µs, for which a rank waits {1e6 * told['request_seconds']:.0f} µs")
    return result


def main():
    as_root = "--allow-run-as-root " if os.geteuid() == 0 else ""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("programs", type=Path, metavar="PROGRAM_FOLDER")
    parser.add_argument("--ranks", type=lambda text: [int(word) for word in text.split(",")], default=[1, 2, 4])
    parser.add_argument("--scenes", type=lambda text: text.split(","), default=["rgb"])
    parser.add_argument("--width", type=int, default=4096)
    parser.add_argument("--height", type=int, default=4096)
    parser.add_argument("--memory", default="500M", help="of each rank")
    parser.add_argument("-k", "--components", type=int, default=6)
    parser.add_argument("--repeat", type=int, default=1, help="rounds of runs")
    parser.add_argument("--launcher", default=f"mpirun {as_root}--oversubscribe --bind-to none --mca mpi_yield_when_idle 1 -q",
                        help="default: %(default)s")
    parser.add_argument("--json", type=Path, metavar="FILE")
    asked = parser.parse_args()
    gdal.UseExceptions()
    gdal.SetCacheMax(1 << 25)  # bytes; the peak of a program that is started here is at least what is held here
    load = os.getloadavg()
    print(f"{os.cpu_count()} cores, load {load[0]:.1f} at the start; {asked.repeat} round(s)", flush=True)
    with tempfile.TemporaryDirectory() as folder:
        programs = Programs(asked.programs.resolve(), asked.launcher, asked.memory, asked.components, Path(folder))
        scenes = {kind: measure_scene(kind, programs, Path(folder), asked) for kind in asked.scenes}
    print(f"\nload {os.getloadavg()[0]:.1f} at the end")
    if asked.json:
        asked.json.write_text(json.dumps({"cores": os.cpu_count(), "components": asked.components, "memory": asked.memory,
                                          "load": [load[0], os.getloadavg()[0]], "rounds": asked.repeat, "scenes": scenes}, indent=1),
                              encoding="utf-8")
    if any(row["labels"] == "DIFFER" for scene in scenes.values() for row in scene["strong"]):
        sys.exit("labels differ")


if __name__ == "__main__":
    main()
