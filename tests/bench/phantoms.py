"""Tissues of made brains: `segment --preset t1` beside k-means and mixtures of scikit-learn, which see intensities alone, and, where DIPY
is installed, its hidden Markov random field (three classes, beta 0.1, 25 iterations).

Usage: phantoms.py SEGMENT_PROGRAM [--maps GM WM | --subject T1] [--cases 3/0,3/40,5/20,9/0,9/40] [--seed 0] [--keep FOLDER]

A phantom is made as BrainWeb's are: the tissues' shares in each voxel times their means (CSF 0.30, GM 0.65, WM 1), times a smooth field
that goes from 1 - u/2 to 1 + u/2 within the brain, under Rician noise. A case is noise/u, both in percent (noise of the mean of WM).
The shares are those of probability maps of GM and WM (such as icbm152's; CSF is what they leave), or of one subject's T1 volume without
a skull, split by its own intensities; without either, of a small folded ball.

Printed, by case and method: the mean Dice of CSF, GM and WM, the root mean square error of the probabilities as shares, what is left of
the field in percent (the deviation of found over true, within the brain), seconds, and the peak memory of the process, in MB. Times
and memory of `segment` are the whole program's; of the others, of fitting and predicting, and of Python with all its modules.
"""

import argparse
import importlib.util
import multiprocessing
import subprocess
import tempfile
import time
from pathlib import Path

import nibabel
import numpy as np
from scipy import ndimage
from sklearn.cluster import MiniBatchKMeans
from sklearn.mixture import GaussianMixture

MEANS = np.array([0.30, 0.65, 1.0])  # of CSF, GM, WM
SCALE = 1000  # of the integers that are written, for WM


def shares_of_maps(gm_path, wm_path):
    """Shares of CSF, GM and WM, the brain, and the grid's affine."""
    gm, wm = nibabel.load(gm_path), nibabel.load(wm_path)
    maps = [np.asarray(image.dataobj, np.float32) for image in (gm, wm)]
    gray, white = (plane / max(plane.max(), 1) if plane.max() > 1 else plane for plane in maps)
    known = gray + white
    brain = ndimage.binary_fill_holes(ndimage.binary_closing(known > 0.05, iterations=2))
    shares = np.stack([np.clip(1 - known, 0, 1), gray, white])
    return shares / shares.sum(0), brain, gm.affine


def even(volume, brain):
    """The volume without its slow field: GM and WM are each as bright everywhere. And the three tissues' means then."""
    field = np.ones_like(volume)
    for _ in range(4):
        flat = volume / field
        low, middle, high = np.sort(
            GaussianMixture(3, covariance_type="tied", random_state=0).fit(flat[brain][::37, None]).means_.ravel())
        white = brain & (flat > (middle + 2 * high) / 3)
        gray = brain & (abs(flat - middle) < 0.3 * (high - middle))
        seen = np.where(white, volume / high, np.where(gray, volume / middle, 0))
        near = ndimage.gaussian_filter((white | gray).astype(np.float32), 18)
        field = ndimage.gaussian_filter(seen, 18) / np.maximum(near, 1e-3)
        field /= field[brain].mean()
    return volume / field, (low, middle, high)


def shares_of_subject(path):
    image = nibabel.load(path)
    volume = np.asarray(image.dataobj, np.float32)
    pieces, _ = ndimage.label(volume > 0)
    brain = pieces == np.bincount(pieces[pieces > 0]).argmax()
    smooth = ndimage.gaussian_filter(volume * brain, 0.6) / np.maximum(ndimage.gaussian_filter(brain.astype(np.float32), 0.6), 0.3)
    flat, (low, middle, high) = even(smooth, brain)
    # Steeper than the intensities go, for noise has made them less so.
    to_gray, to_white = (np.clip(1.5 * ((flat - a) / (b - a) - 0.5) + 0.5, 0, 1) for a, b in ((low, middle), (middle, high)))
    return np.stack([1 - to_gray, to_gray * (1 - to_white), to_gray * to_white]).astype(np.float32), brain, image.affine


def shares_of_ball(side=40, points=4):
    """White matter, a folded sheet of gray, and CSF around it; shares by points^3 in each voxel."""
    at = (np.arange(side * points) + 0.5) / (side * points) * 2 - 1
    x, y, z = np.meshgrid(at, at, at, indexing="ij")
    radius = np.sqrt(x * x + y * y + z * z) + 0.05 * np.sin(11 * x) * np.sin(9 * y) * np.sin(10 * z)
    borders = (0.95, 0.78, 0.55)
    within = [(radius < border).reshape(side, points, side, points, side, points).mean((1, 3, 5)) for border in borders]
    shares = np.stack([within[0] - within[1], within[1] - within[2], within[2]]).astype(np.float32)
    brain = within[0] == 1
    return np.where(brain, shares, np.float32([1, 0, 0])[:, None, None, None]), brain, np.eye(4)


def smooth_field(brain, uneven, seed):
    random = np.random.default_rng(seed)
    places = np.meshgrid(*(np.linspace(-1, 1, extent) for extent in brain.shape), indexing="ij")
    waves = 0
    for _ in range(4):
        slopes, phase = 1.1 * random.normal(size=3), random.uniform(0, 2 * np.pi)
        waves = waves + np.cos(sum(slope * place for slope, place in zip(slopes, places)) + phase)
    low, high = waves[brain].min(), waves[brain].max()
    return 1 + uneven * ((waves - low) / (high - low) - 0.5)


def measured(shares, field, brain, noise, seed):
    random = np.random.default_rng(seed)
    clean = np.tensordot(MEANS, shares, 1) * field
    seen = np.hypot(clean + noise * random.normal(size=clean.shape), noise * random.normal(size=clean.shape))
    return np.where(brain, np.clip((SCALE * seen).round(), 1, 65535), 0).astype(np.uint16)


def peak_mb(pid="self"):
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return next((int(line.split()[1]) / 1024 for line in lines if line.startswith("VmHWM")), 0)


def ours(program, folder):
    """The probabilities, the field, seconds, MB."""
    start = time.perf_counter()
    running = subprocess.Popen([program, folder / "brain.nii.gz", "--preset", "t1", "--mask", folder / "mask.nii.gz", "--write",
                                "labels,probabilities,bias", "-o", folder / "out", "--overwrite", "-q"])
    peak = 0
    while running.poll() is None:
        peak = max(peak, peak_mb(running.pid))
        time.sleep(0.01)
    seconds = time.perf_counter() - start
    if running.returncode != 0:
        raise SystemExit(f"{program} ended with {running.returncode}")
    found = {word: np.asarray(nibabel.load(folder / "out" / f"brain_{word}.nii.gz").dataobj) for word in ("labels", "probs", "bias")}
    probabilities = np.moveaxis(found["probs"], -1, 0)
    return found["labels"], probabilities, found["bias"], seconds, peak


PEERS = {
    "k-means": lambda: MiniBatchKMeans(3, n_init=3, random_state=0),
    "scikit-learn, tied": lambda: GaussianMixture(3, covariance_type="tied", random_state=0),
    "scikit-learn, free": lambda: GaussianMixture(3, covariance_type="full", random_state=0),
}


HMRF = "DIPY HMRF"


def random_field(folder):
    """The probabilities of the brain's voxels, and seconds."""
    from dipy.segment.tissue import TissueClassifierHMRF  # pylint: disable=import-error,import-outside-toplevel
    volume = np.asarray(nibabel.load(folder / "brain.nii.gz").dataobj, np.float32)
    start = time.perf_counter()
    _, _, shares = TissueClassifierHMRF(verbose=False).classify(volume, 3, 0.1, max_iter=25)
    return shares[volume > 0].T, time.perf_counter() - start


def peer(name, path, answers):
    """The probabilities of the brain's voxels, seconds, MB; in a process of its own."""
    if name == HMRF:
        found, seconds = random_field(path.parent)
        np.save(path.with_name("peer.npy"), found)
        answers.put((seconds, peak_mb()))
        return
    values = np.load(path).astype(np.float64)[:, None]
    start = time.perf_counter()
    model = PEERS[name]().fit(values)
    if name == "k-means":
        order, found = np.argsort(model.cluster_centers_.ravel()), np.eye(3)[model.predict(values)]
    else:
        order, found = np.argsort(model.means_.ravel()), model.predict_proba(values)
    seconds = time.perf_counter() - start
    np.save(path.with_name("peer.npy"), found[:, order].T)
    answers.put((seconds, peak_mb()))


def run_peer(name, path):
    context = multiprocessing.get_context("spawn")
    answers = context.SimpleQueue()
    process = context.Process(target=peer, args=(name, path, answers))
    process.start()
    process.join()
    if process.exitcode != 0:
        raise SystemExit(f"{name} ended with {process.exitcode}")
    return np.load(path.with_name("peer.npy")), *answers.get()


def dice(labels, truth):
    return np.mean([2 * np.sum((labels == k) & (truth == k)) / (np.sum(labels == k) + np.sum(truth == k)) for k in range(3)])


def show(case, method, labels, probabilities, shares, left, seconds, peak):
    error = np.sqrt(np.mean((probabilities - shares) ** 2))
    print(f"{case:<7}{method:<20}{dice(labels, shares.argmax(0)):7.4f}{error:8.4f}{left:>8}{seconds:8.2f}{peak:7.0f}", flush=True)


def compare(program, folder, case, phantom, seed):
    shares, brain, affine = phantom
    noise, uneven = (float(part) / 100 for part in case.split("/"))
    field = smooth_field(brain, uneven, seed + 7)
    volume = measured(shares, field, brain, noise, seed)
    nibabel.save(nibabel.Nifti1Image(volume, affine), folder / "brain.nii.gz")
    nibabel.save(nibabel.Nifti1Image(brain.astype(np.uint8), affine), folder / "mask.nii.gz")
    np.save(folder / "values.npy", volume[brain])
    labels, probabilities, bias, seconds, peak = ours(program, folder)
    ratio = bias[brain] / field[brain]
    show(case, "segment", labels[brain] - 1.0, probabilities[:, brain], shares[:, brain], f"{100 * ratio.std() / ratio.mean():.2f}", seconds,
         peak)
    for name in [*PEERS, HMRF] if importlib.util.find_spec("dipy") else PEERS:
        probabilities, seconds, peak = run_peer(name, folder / "values.npy")
        show(case, name, probabilities.argmax(0), probabilities, shares[:, brain], "-", seconds, peak)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("program")
    source = parser.add_mutually_exclusive_group()
    source.add_argument("--maps", nargs=2, metavar=("GM", "WM"))
    source.add_argument("--subject", metavar="T1")
    parser.add_argument("--cases", default="3/0,3/40,5/20,9/0,9/40", metavar="NOISE/FIELD,...")
    parser.add_argument("--seed", default=0, type=int)
    parser.add_argument("--keep", type=Path, metavar="FOLDER", help="the phantoms and what was found stay there")
    arguments = parser.parse_args()
    phantom = shares_of_maps(*arguments.maps) if arguments.maps else (
        shares_of_subject(arguments.subject) if arguments.subject else shares_of_ball())
    print(f"{phantom[1].sum()} voxels\n{'case':<7}{'method':<20}{'Dice':>7}{'RMSE':>8}{'field %':>8}{'s':>8}{'MB':>7}", flush=True)
    with tempfile.TemporaryDirectory() as scratch:
        for case in arguments.cases.split(","):
            folder = (arguments.keep or Path(scratch)) / case.replace("/", "_")
            folder.mkdir(parents=True, exist_ok=True)
            compare(arguments.program, folder, case, phantom, arguments.seed)


if __name__ == "__main__":
    main()
