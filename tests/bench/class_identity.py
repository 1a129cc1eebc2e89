"""How many pixels keep their class when the light changes, for each way of giving many images the same classes.

Usage: class_identity.py SEGMENT_PROGRAM IMAGE... [--classes 4]

Every image becomes a folder of five: itself, and itself 0.6, 0.8, 1.2 and 1.4 times as bright. The share of pixels with the label
that they have in the image itself, as a mean over images, by gain.
"""

import argparse
import subprocess
import tempfile
from pathlib import Path

import numpy as np
from PIL import Image

GAINS = (1.0, 0.6, 0.8, 1.2, 1.4)


def labels_of(path):
    with Image.open(path) as image:
        return np.asarray(image)


def kept(program, folder, words):
    """Per gain but the first: the share of pixels whose label is that of the image itself."""
    output = Path(tempfile.mkdtemp(dir=folder.parent)) / "out"
    subprocess.run([program, folder, *words, "--write", "labels", "-o", output, "-q"], check=True,
                   stderr=subprocess.DEVNULL)
    labels = [labels_of(output / f"{i}_labels.png") for i in range(len(GAINS))]
    return [(other == labels[0]).mean() for other in labels[1:]]


def measure(program, path, classes):
    with Image.open(path) as image:
        pixels = np.asarray(image.convert("RGB"), float)
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch) / "in"
        folder.mkdir()
        for i, gain in enumerate(GAINS):
            Image.fromarray(np.clip(pixels * gain, 0, 255).round().astype(np.uint8)).save(folder / f"{i}.png")
        k = ["-k", str(classes)]
        one = Path(scratch) / "one"
        subprocess.run([program, folder / "0.png", *k, "--write", "model", "-o", one, "-q"], check=True)
        model = ["--model", one / "0.gmm.json"]
        return {"shared model": kept(program, folder, k),
                "--model of the first": kept(program, folder, model),
                "--match to the first": kept(program, folder, ["--match", *model]),
                "--separate-models": kept(program, folder, [*k, "--separate-models"])}


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("program")
    parser.add_argument("images", nargs="+")
    parser.add_argument("--classes", type=int, default=4)
    words = parser.parse_args()
    results = [measure(words.program, path, words.classes) for path in words.images]
    print(f"| K = {words.classes}, {len(results)} images: pixels that keep their class, % | "
          + " | ".join(f"× {gain}" for gain in GAINS[1:]) + " | mean |\n" + "|---" * (len(GAINS) + 1) + "|")
    for name in results[0]:
        shares = 100 * np.mean([result[name] for result in results], axis=0)
        print(f"| {name} | " + " | ".join(f"{share:.1f}" for share in shares) + f" | {shares.mean():.1f} |")


main()
