"""The README's picture of a report: `segment coffee.png -k 4 --write report` as a browser shows it.

Usage: SEGMENT_PROGRAM=... report_picture.py PICTURE.png
"""

import sys
import tempfile
from pathlib import Path

from PIL import Image

import browser
from program import SAMPLES, start

WIDTH, HEIGHT = 1000, 920


def take(page):
    """The picture, as an array: half of the photograph uncovered, a pixel pointed at."""
    with tempfile.TemporaryDirectory(prefix="gmmseg-report-") as folder:
        with start(SAMPLES / "coffee.png", "-k", 4, "--write", "report", cwd=folder) as process:
            process.communicate(timeout=120)
        page.resize(WIDTH, HEIGHT)
        page.media("light")
        page.open(Path(folder) / "segmented/report.html")
    left, top, width, height = page.box(".stage")
    page.drag((left, top + height / 2), (left + 0.4 * width, top + height / 2))
    page.evaluate("scrollTo(0, 0)")
    left, top = page.evaluate("(({left, top}) => [left, top])"
                              "(document.querySelector('.stage').getBoundingClientRect())")
    page.move(left + 0.8 * width, top + 0.33 * height)
    return page.screenshot()


def main():
    with browser.Browser() as chromium:
        picture = Image.fromarray(take(chromium.page()))
    picture.save(sys.argv[1], optimize=True)


if __name__ == "__main__":
    main()
