"""What smoothing and the moving of small pieces do for regions: classes' connected pieces against human segmentations.

Usage: smoothing.py SEGMENT_PROGRAM IMAGES TRUTHS [--seeds 0,1,2] [--components 2:8] [--min-size 500]

IMAGES is a folder of images, TRUTHS one of their truths as `segment eval` finds them (12_1.png, 12_2.png, … of 12.jpg). Every
image is fitted by itself at every number of components, which are the settings of ODS and OIS. A row per method and seed, then
the mean over the seeds, and the largest difference from it.
"""

import argparse
import json
import subprocess
import tempfile
from pathlib import Path

import numpy as np

MEASURES = ("covering", "pri", "voi")
METHODS = {"labels as they are": [], "small pieces": None, "guided": ["--smooth", "guided"],
           "potts": ["--smooth", "potts"]}


def run(*words):
    return subprocess.run(list(map(str, words)), check=True, capture_output=True, text=True).stdout


def scores(arguments, seed, words):
    """ODS and OIS of the measures, one after another."""
    first, last = map(int, arguments.components.split(":"))
    with tempfile.TemporaryDirectory() as scratch:
        settings = [Path(scratch) / f"k{k}" for k in range(first, last + 1)]
        for k, folder in zip(range(first, last + 1), settings):
            run(arguments.program, arguments.images, "-k", k, "--seed", seed, "--separate-models", "--write", "labels", "-q",
                "-o", folder, *words)
        found = json.loads(run(arguments.program, "eval", *settings, "--truth", arguments.truths, "--pieces",
                               "--match-classes", "none", "--json"))
    return [found[scale][measure] for measure in MEASURES for scale in ("ods", "ois")]


def show(name, values):
    print(f"{name:<24}" + "".join(f"{value:9.3f}" for value in values), flush=True)


def main():
    parser = argparse.ArgumentParser()
    for name in ("program", "images", "truths"):
        parser.add_argument(name)
    parser.add_argument("--seeds", default="0,1,2")
    parser.add_argument("--components", default="2:8")
    parser.add_argument("--min-size", default=500, type=int)
    arguments = parser.parse_args()
    print(" " * 24 + "".join(f"{m + ' ' + s:>9}" for m in ("cov", "PRI", "VOI") for s in ("ODS", "OIS")))
    for method, words in METHODS.items():
        pieces = [] if words == [] else ["--min-size", arguments.min_size]
        table = []
        for seed in arguments.seeds.split(","):
            table.append(scores(arguments, seed, (words or []) + pieces))
            show(f"{method}, seed {seed}", table[-1])
        mean = np.mean(table, axis=0)
        show(f"{method}, mean", mean)
        show("  largest difference", np.abs(table - mean).max(axis=0))


if __name__ == "__main__":
    main()
