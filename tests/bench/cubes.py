"""--pca and --shrinkage on made hyperspectral cubes: matched accuracy of each, a line per setting.

    tests/bench/cubes.py SEGMENT
"""

import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
import tifffile
from PIL import Image
from scipy.ndimage import gaussian_filter
from scipy.optimize import linear_sum_assignment
from scipy.spatial import cKDTree

SEEDS = range(4)


def fields(random, side, count, classes):
    """Which kind of ground each pixel is of: cells around points, with frayed borders."""
    points = random.uniform(0, side, (count, 2))
    kinds = random.permutation(np.arange(count) % classes)
    frayed = np.stack([gaussian_filter(random.normal(size=(side, side)), 4) * 20 for _ in range(2)], -1)
    return kinds[cKDTree(points).query(np.stack(np.mgrid[0:side, 0:side], -1) + frayed)[1]]


def spectrum(random, bands, scale, width):
    return gaussian_filter(random.normal(size=bands * 3), width)[bands:2 * bands] * np.sqrt(width) * scale


def alike(seed):
    """Twelve kinds whose spectra vary along the same four directions."""
    random, side, bands, classes = np.random.default_rng(100 + seed), 110, 150, 12
    truth = fields(random, side, 45, classes)
    base = 0.3 + spectrum(random, bands, 0.25, 14)
    cube = np.array([base + spectrum(random, bands, 0.03, 10) for _ in range(classes)])[truth]
    for _ in range(4):
        cube = cube + random.normal(size=(side, side, 1)) * spectrum(random, bands, 0.03, 16)
    return cube + random.normal(0, 0.012, cube.shape), truth


def each_its_own(seed):
    """Nine kinds that share three directions and have two of their own, under uneven light."""
    random, side, bands, classes = np.random.default_rng(seed), 145, 120, 9
    truth = fields(random, side, 60, classes)
    base = 0.3 + spectrum(random, bands, 0.25, 14)
    cube = np.array([base + spectrum(random, bands, 0.035, 10) for _ in range(classes)])[truth]
    for _ in range(3):
        cube = cube + gaussian_filter(random.normal(size=(side, side)), 2)[..., None] * 1.75 * spectrum(random, bands, 0.05, 16)
    for _ in range(2):
        own = np.array([spectrum(random, bands, 0.03, 9) for _ in range(classes)])
        cube = cube + gaussian_filter(random.normal(size=(side, side)), 1)[..., None] * 1.4 * own[truth]
    light = 1 + gaussian_filter(random.normal(size=(side, side)), 12)[..., None]
    return cube * light + random.normal(0, 0.006, cube.shape), truth


def accuracy(labels, truth):
    counts = np.zeros((labels.max() + 1, truth.max() + 1))
    np.add.at(counts, (labels.ravel(), truth.ravel()), 1)
    return counts[linear_sum_assignment(-counts)].sum() / truth.size


def main(program):
    with tempfile.TemporaryDirectory() as folder:
        for make, classes in ((alike, 12), (each_its_own, 9)):
            truths = []
            for seed in SEEDS:
                cube, truth = make(seed)
                tifffile.imwrite(Path(folder) / f"cube{seed}.tif",
                                 np.clip((cube * 8000).round(), 1, 65535).astype(np.uint16).transpose(2, 0, 1),
                                 planarconfig="separate", photometric="minisblack")
                truths.append(truth)
            for words in ("--pca 6", "--pca 10", "--pca 20"):
                for shrinkage in ("off", "auto", "0.3"):
                    found = []
                    for seed in SEEDS:
                        subprocess.run([program, f"cube{seed}.tif", "-k", str(classes), *words.split(), "--shrinkage", shrinkage,
                                        "--write", "labels", "-o", "out", "--overwrite", "-q"], cwd=folder, check=True)
                        with Image.open(Path(folder) / f"out/cube{seed}_labels.png") as image:
                            found.append(accuracy(np.asarray(image).astype(int), truths[seed]))
                    print(f"{make.__name__:13} {words:9} --shrinkage {shrinkage:5}  mean {np.mean(found):.3f}  "
                          + " ".join(f"{value:.3f}" for value in found), flush=True)


if __name__ == "__main__":
    main(str(Path(sys.argv[1]).resolve()))
