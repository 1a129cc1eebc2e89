"""Runs the README's commands as a reader would, one after another, and holds its pictures and links to the truth.

Usage: readme_test.py SOURCE_DIR SEGMENT_PROGRAM
"""

import json
import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
from PIL import Image

# mpirun refuses root, and more ranks than cores, unless it is told otherwise; a container may forbid that processes copy from each other.
MPI_ENVIRONMENT = {"OMPI_ALLOW_RUN_AS_ROOT": "1", "OMPI_ALLOW_RUN_AS_ROOT_CONFIRM": "1", "OMPI_MCA_rmaps_base_oversubscribe": "1",
                   "OMPI_MCA_btl_vader_single_copy_mechanism": "none"}
# Commands that other tests run: setting up, installing, packing, measuring (on images that are not here).
ELSEWHERE = ("samples/quickstart.sh", "tests/run.sh", "cmake ", "cpack ", "build/bench/", "segment eval maps/")
def blocks(text, language):
    return re.findall(rf"^```{language}\n(.*?)^```$", text, re.DOTALL | re.MULTILINE)


def run(command, folder, program):
    environment = dict(os.environ, PATH=f"{program.parent}:{os.environ['PATH']}", **MPI_ENVIRONMENT)
    result = subprocess.run(command, shell=True, cwd=folder, env=environment, text=True, capture_output=True)
    if result.returncode != 0:
        raise SystemExit(f"the README's command failed: {command}\n{result.stderr}")
    return result.stdout


def run_commands(text, folder, program):
    """Every line or loop of every sh block, in order, in one folder that has samples/ like a checkout."""
    lines = [line for block in blocks(text, "sh")
             for line in re.findall(r"^while\n(?:.*\n)*?do .*; done$|^.+$", block, re.MULTILINE)]
    ours = [line for line in lines if not line.startswith(ELSEWHERE)]
    assert len(ours) >= 5, lines
    return {line: run(line, folder, program) for line in ours}


def run_python(text, folder):
    """The Python blocks, after the commands whose files they read."""
    for block in blocks(text, "python"):
        result = subprocess.run([sys.executable, "-c", block], cwd=folder, text=True, capture_output=True)
        if result.returncode != 0 or not np.isfinite(float(result.stdout)):
            raise SystemExit(f"the README's Python failed:\n{block}\n{result.stdout}{result.stderr}")


def check_pictures(source, folder):
    """The pictures that the README shows are what the program makes now, but for a share of pixels."""
    pictures = source / "samples/pictures"
    made = {shown: folder / "segmented" / shown.name for shown in pictures.glob("coffee_*.png")}
    made |= {shown: folder / shown.relative_to(pictures) for shown in pictures.glob("*/*.png")}
    for shown, ours in sorted(made.items()):
        with Image.open(shown) as old, Image.open(ours) as new:
            differing = np.mean(np.abs(np.asarray(old, int) - np.asarray(new, int)) > 2)
        if differing > 0.01:
            raise SystemExit(f"{shown.name} is out of date: {differing:.1%} of its pixels differ; make it again")


def check_log_line(text, outputs):
    """The line that the README prints is what the first command prints; numbers but for iterations and seconds within 1 %."""
    command, printed = next(iter(outputs.items()))
    number = r"-?\d+(?:\.\d+)?"
    pattern = re.escape(re.sub(number, "#", printed.strip())).replace(r"\#", f"({number})")
    shown = re.search(pattern, text)
    if not shown:
        raise SystemExit(f"the README does not show what '{command}' prints: {printed}")
    old, new = (np.array(numbers, float) for numbers in (shown.groups(), re.findall(number, printed)))
    compared = [i for i in range(len(old)) if i not in (1, len(old) - 1)]
    if not np.allclose(old[compared], new[compared], rtol=0.01, atol=0.2):
        raise SystemExit(f"the README shows other numbers than '{command}' prints: {printed}")


def check_loop(folder):
    """The shell loop ended because its model had converged."""
    if not json.loads((folder / "all.gmm.json").read_text(encoding="utf-8"))["converged"]:
        raise SystemExit("the README's loop ended before its model had converged")


def check_links(source, name):
    text = (source / name).read_text(encoding="utf-8")
    for link in re.findall(r"\]\(([^)#:]+)\)", text):
        if not (source / name).parent.joinpath(link).exists():
            raise SystemExit(f"{name} links to {link}, which does not exist")


def main():
    source, program = Path(sys.argv[1]).resolve(), Path(sys.argv[2]).resolve()
    text = (source / "README.md").read_text(encoding="utf-8")
    for name in ("README.md", "src/README.md", "src/STATISTICS.md",
                 "samples/images/README.md", "samples/scenes/README.md"):
        check_links(source, name)
    with tempfile.TemporaryDirectory(prefix="gmmseg-readme-") as scratch:
        folder = Path(scratch)
        (folder / "samples").symlink_to(source / "samples")
        outputs = run_commands(text, folder, program)
        run_python(text, folder)
        check_pictures(source, folder)
        check_log_line(text, outputs)
        check_loop(folder)
    print(f"{len(outputs)} commands of the README ran")


main()
