"""`segment --regions` beside scikit-image's Felzenszwalb and SLIC and OpenCV's mean shift: times, and label maps to score.

Usage: region_peers.py SEGMENT_PROGRAM IMAGES OUT [--first 20]

Writes OUT/NAME_SETTING/IMAGE.png for `segment eval OUT/* --truth ...` and prints the median and the largest time of each, of computing alone:
decoding and writing are not counted. Every program has its turn on each image. Felzenszwalb and SLIC run on one thread: they have no more.
"""

import argparse
import json
import statistics
import subprocess
import time
from pathlib import Path

import cv2
import numpy as np
from skimage.measure import label as pieces
from skimage.segmentation import felzenszwalb, slic


def timed(function):
    start = time.perf_counter()
    labels = function()
    return labels, time.perf_counter() - start


def mean_shift(image, spatial, color):
    """The pieces of equal colour, up to a difference of one level, that filtering leaves."""
    smooth = cv2.pyrMeanShiftFiltering(image, spatial, color)
    _, codes = np.unique((smooth // 8).reshape(-1, 3), axis=0, return_inverse=True)
    return pieces(codes.reshape(image.shape[:2]) + 1, connectivity=1)


def peers(image):
    for scale in (100, 300, 1000):
        yield f"felzenszwalb_{scale}", lambda s=scale: felzenszwalb(image, scale=s, sigma=0.8, min_size=200) + 1
    for count in (20, 100):
        yield f"slic_{count}", lambda n=count: slic(image, n_segments=n, compactness=10, start_label=1)
    for color in (20, 40):
        yield f"mean_shift_{color}", lambda c=color: mean_shift(image, 16, c)


def ours(program, path, folder, level):
    """The label map goes into the folder; seconds of features, fits and all that follows but writing."""
    printed = subprocess.run([program, path, "--regions", "--level", str(level), "--write", "labels", "-o", folder, "--overwrite", "--json"],
                             check=True, capture_output=True, text=True).stdout
    seconds = json.loads(printed)["seconds"]
    return seconds["features"] + seconds["fit"] + seconds["labels"]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("program")
    parser.add_argument("images", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--first", type=int, default=20, metavar="N", help="of the images")
    arguments = parser.parse_args()
    seconds = {}
    for path in sorted(p for p in arguments.images.iterdir() if p.suffix in (".jpg", ".png"))[:arguments.first]:
        for level in (0.6, 1):
            folder = arguments.out / f"regions_{level}"
            folder.mkdir(parents=True, exist_ok=True)
            seconds.setdefault(folder.name, []).append(ours(arguments.program, path, folder, level))
        for name, function in peers(cv2.imread(str(path))[:, :, ::-1].copy()):
            labels, taken = timed(function)
            seconds.setdefault(name, []).append(taken)
            (arguments.out / name).mkdir(exist_ok=True)
            cv2.imwrite(str(arguments.out / name / f"{path.stem}.png"), labels.astype(np.uint16))
    for name, values in seconds.items():
        print(f"{name:18} median {1e3 * statistics.median(values):7.1f} ms, largest {1e3 * max(values):7.1f} ms")


if __name__ == "__main__":
    main()
