"""What --accelerate saves: iterations on all pixels and seconds of the fit, with it and without, at otherwise default settings.

Usage: acceleration.py SEGMENT_PROGRAM IMAGE... [-- OPTION...], where the options go to `segment` (default: -k 8)
"""

import json
import subprocess
import sys
import tempfile


def fit(program, image, options, accelerate):
    with tempfile.TemporaryDirectory() as folder:
        report = json.loads(subprocess.check_output(
            [program, image, *options, "--accelerate", accelerate, "--write", "model", "-o", folder, "--json"]))
    return report["fit"]["iterations"], report["seconds"]["fit"], report["log_likelihood_per_pixel"]


def main():
    words = sys.argv[1:]
    middle = words.index("--") if "--" in words else len(words)
    program, *images = words[:middle]
    options = words[middle + 1:] or ["-k", "8"]
    fits = {way: [fit(program, image, options, way) for image in images] for way in ("off", "on")}
    print(f"{len(images)} images, {' '.join(options)}\n\n| --accelerate | iterations | seconds |\n|---|---|---|")
    for way, results in fits.items():
        print(f"| {way} | {sum(r[0] for r in results)} | {sum(r[1] for r in results):.2f} |")
    gains = sorted(on[2] - off[2] for on, off in zip(fits["on"], fits["off"]))
    print(f"\nlog-likelihood per pixel, on - off: median {gains[len(gains) // 2]:+.5f}, from {gains[0]:+.5f} to {gains[-1]:+.5f}")


main()
