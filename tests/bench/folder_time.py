"""A folder of photographs through `segment`, and through a Python script of OpenCV and scikit-learn that does the same job.

Usage: folder_time.py SEGMENT_PROGRAM IMAGE... [--count 500] [--classes 4] [--peer-count 20]

Both fit one mixture to colours of all images and write a label mask and an overlay for each. The script fits a sample of 100,000
pixels, as people do, with one start; `segment` fits all pixels with ten starts. The peer is timed on fewer images, its fit apart.
"""

import argparse
import os
import resource
import subprocess
import tempfile
import time
from pathlib import Path

import cv2
import numpy as np
from sklearn.mixture import GaussianMixture

PEER_SAMPLE = 100_000


def run_segment(program, folder, output, classes):
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    start = time.perf_counter()
    subprocess.run([program, folder, "-k", str(classes), "--write", "labels,overlay", "-o", output, "-q"],
                   check=True, stderr=subprocess.DEVNULL)
    seconds = time.perf_counter() - start
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    busy = (after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime) / seconds
    return seconds, busy, after.ru_maxrss / 1024


def lab_of(path):
    image = cv2.imread(str(path))
    return image, cv2.cvtColor(image.astype(np.float32) / 255, cv2.COLOR_BGR2LAB)


def fit_peer(paths, classes):
    random = np.random.default_rng(0)
    share = PEER_SAMPLE // len(paths) + 1
    sample = []
    for path in paths:
        pixels = lab_of(path)[1].reshape(-1, 3)
        sample.append(pixels[random.integers(0, len(pixels), share)])
    return GaussianMixture(classes, reg_covar=0.01, random_state=0).fit(np.concatenate(sample))


def write_peer(model, path, output, colours):
    image, lab = lab_of(path)
    labels = model.predict(lab.reshape(-1, 3)).reshape(lab.shape[:2]).astype(np.uint8)
    overlay = cv2.addWeighted(image, 0.5, colours[labels], 0.5, 0)
    cv2.imwrite(str(output / f"{path.stem}_labels.png"), labels + 1)
    cv2.imwrite(str(output / f"{path.stem}_overlay.png"), overlay)


def run_peer(paths, output, classes):
    start = time.perf_counter()
    model = fit_peer(paths, classes)
    fitted = time.perf_counter()
    colours = np.random.default_rng(0).integers(0, 256, (classes, 3), dtype=np.uint8)
    output.mkdir()
    for path in paths:
        write_peer(model, path, output, colours)
    return fitted - start, time.perf_counter() - fitted


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("program")
    parser.add_argument("images", nargs="+", type=Path)
    parser.add_argument("--count", type=int, default=500)
    parser.add_argument("--classes", type=int, default=4)
    parser.add_argument("--peer-count", type=int, default=100)
    words = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch) / "in"
        folder.mkdir()
        for i in range(words.count):
            source = words.images[i % len(words.images)].resolve()
            os.symlink(source, folder / f"{i:05d}{source.suffix}")
        print("| | images per second | cores busy | peak memory |\n|---|---|---|---|")
        for part, count in (("half of them", words.count // 2), ("all", words.count)):
            few = Path(scratch) / f"in-{count}"
            few.mkdir()
            for link in sorted(folder.iterdir())[:count]:
                os.symlink(link.resolve(), few / link.name)
            seconds, busy, memory = run_segment(words.program, few, Path(scratch) / f"out-{count}", words.classes)
            print(f"| segment, {part}: {count} images in {seconds:.1f} s | {count / seconds:.1f} | {busy:.2f} | {memory:.0f} MB |",
                  flush=True)
        paths = sorted(folder.iterdir())[:words.peer_count]
        fit, write = run_peer(paths, Path(scratch) / "peer", words.classes)
        print(f"| OpenCV and scikit-learn, {len(paths)} images: fit {fit:.1f} s, then {write:.1f} s "
              f"| {len(paths) / (fit + write):.1f} | | |")


main()
