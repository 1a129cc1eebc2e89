"""One round of EM, and a whole job, of `segment-mpi` over any number of ranks: a simulation.

Usage: mpi_simulation.py [--ranks 1,10,100,1000,10000] [--latency US...] [--OPTION VALUE...] [--measured FILE [--scene rgb]] [--check]

A round: each rank has an equal contiguous share of the cells. Of one cell after the other it waits for its bytes and computes (with
--answer it also tells rank 0 of each, which answers one rank at a time: ranks did so once, and do so now and then); then all sum up what they found, by recursive doubling: a step takes the latency and the bytes
over the bandwidth, and begins when both of a pair are there. Bytes come through the rank, its node and the file system, each of which
serves who came first. Cells' times are draws of a gamma distribution of the mean and the standard deviation that are given, or measured
(--measured, what mpi_scaling.py --json wrote): no more of the measured distribution is used. Where there are many cells, a step of a rank
is of several, whose sum is again a gamma variable, so that steps are few (--steps). A rank has one thread and does not read ahead.

Printed by number of ranks: seconds of a round; of these, computing and reading of the mean rank if it were alone; what slow, unlucky or
badly shared cells add for the largest rank; the sum, for the last to come; the least that the file system or the nodes take, and rank 0
to answer; the efficiency against one rank; and the largest of these, which is what bounds the round. Then, with --job, seconds of a job:
passes for the sample and for EM, the union of samples, the fit to it, the hash of the whole input, of which each rank takes a share beside them
and without which no rank goes on, and the labels, which are shared by tiles, of which there are --most-tiles at most.

--check compares the simulation with closed forms, and with --measured predicts the runs of several ranks from that of one.
"""

import argparse
import dataclasses
import heapq
import json
import math
import sys
from pathlib import Path

import numpy as np

BYTES_OF_SUM = 40
CELL, TILE = 512, 2048  # pixels
SAMPLE_TILES = 256  # 2^20 pixels in tiles of 4096, of which the ranks have equal shares
POLL, LONGEST_PAUSE = 50e-6, 2e-3  # of MpiRanks: between two looks whether there is an answer; of rank 0, a request


@dataclasses.dataclass
class Machine:
    latency: float  # of one step of a sum, seconds
    bandwidth: float  # of it, bytes per second
    rank_reads: float  # bytes per second: what one rank alone would get
    node_reads: float
    system_reads: float
    ranks_of_node: int
    slow_share: float  # of the ranks
    slow_by: float
    answer: float  # seconds of rank 0
    steps: int
    seed: int


@dataclasses.dataclass
class Cells:
    count: int
    seconds: float  # CPU of one, mean
    spread: float  # its standard deviation
    size: float  # bytes in the file
    empty_share: float = 0  # that have no data
    empty_run: float = 1  # cells, mean length of their runs
    empty_cost: float = 0.1  # of what others take


@dataclasses.dataclass
class Round:
    seconds: float
    alone: float  # of the mean rank
    largest: float  # what the largest has more
    sum: float
    reading: float
    answers: float
    efficiency: float

    def bound(self):
        """What takes most."""
        parts = {"computing": self.alone, "reading": self.reading, "answers": self.answers, "largest rank": self.largest,
                 "sum": self.sum}
        return max(parts, key=parts.get)


def bytes_of_sums(components, features):
    return BYTES_OF_SUM * (components * (1 + features + features * (features + 1) // 2) + 2)


def shares(count, ranks):
    """Where each begins, and the end: as ShareOf in src/base/share.h."""
    return [count // ranks * rank + count % ranks * rank // ranks for rank in range(ranks + 1)]


def steps_of_sum(ranks):
    """Recursive doubling among the largest power of two; the others hand theirs over before and get the sum after."""
    power = ranks.bit_length() - 1
    return power if ranks == 1 << power else power + 2


def sum_over(arrivals, step):
    """When the last has the sum."""
    times = np.array(arrivals, float)
    power = 1 << (len(times).bit_length() - 1)
    others = len(times) - power
    times[:others] = np.where(others, np.maximum(times[:others], times[power:]) + step, times[:others])
    times = times[:power]
    distance = 1
    while distance < power:
        times = np.maximum(times, times[np.arange(power) ^ distance]) + step
        distance *= 2
    return times.max() + (step if others else 0)


def full_share(cells, edges, random):
    """Of the cells between two edges, how many have data: runs of both kinds follow each other, of random lengths."""
    if cells.empty_share == 0:
        return np.diff(edges).astype(float)
    mean_full = cells.empty_run * (1 - cells.empty_share) / cells.empty_share
    num_runs = int(cells.count / (cells.empty_run + mean_full)) + 1
    if num_runs > 2_000_000:  # so many that every share is alike
        return np.diff(edges) * (1 - cells.empty_share)
    lengths = random.exponential(1, (num_runs, 2)) * [mean_full, cells.empty_run]
    ends = np.concatenate([[0], np.cumsum(lengths)])
    full = np.concatenate([[0], np.cumsum(lengths * [1, 0])])
    return np.diff(np.interp(np.array(edges) * (ends[-1] / cells.count), ends, full)) * (cells.count / ends[-1])


def one_round(machine, cells, edges, sum_bytes):
    """`edges`: where the ranks' shares begin, and the end of the last."""
    ranks = len(edges) - 1
    random = np.random.default_rng([machine.seed, ranks])
    most = max(8, machine.steps // ranks)
    parts = [np.linspace(a, b, min(b - a, most) + 1).round().astype(np.int64) for a, b in zip(edges, edges[1:])]
    per_rank = [len(of_rank) - 1 for of_rank in parts]
    first_of = np.concatenate([[0], np.cumsum(per_rank)])
    all_edges = np.concatenate([[edges[0]], *(of_rank[1:] for of_rank in parts)])
    count = np.diff(all_edges)
    full = full_share(cells, all_edges, random)
    effort = full + cells.empty_cost * (count - full)
    work = effort * cells.seconds
    if cells.spread > 0:
        work = random.gamma(np.maximum(1e-9, effort * (cells.seconds / cells.spread) ** 2), cells.spread**2 / cells.seconds)
    slow = np.zeros(ranks, bool)
    slow[random.permutation(ranks)[: round(machine.slow_share * ranks)]] = True
    work *= np.repeat(np.where(slow, machine.slow_by, 1), per_rank)
    size = effort * cells.size

    seconds_of_cell = cells.seconds + cells.size / machine.rank_reads
    waits_for_answer = answer_wait(machine, seconds_of_cell / ranks) if ranks > 1 else 0
    arrivals = run_ranks(machine, ranks, first_of, count, work, size, waits_for_answer)
    step = machine.latency + sum_bytes / machine.bandwidth
    end = sum_over(arrivals, step)

    total_alone = work.sum() + size.sum() / machine.rank_reads
    of_rank = np.add.reduceat(np.append(work + size / machine.rank_reads, 0), first_of[:-1]) * (np.array(per_rank) > 0)
    nodes = [size[first_of[a]:first_of[min(a + machine.ranks_of_node, ranks)]].sum() for a in range(0, ranks, machine.ranks_of_node)]
    fair = cells.count * seconds_of_cell * float(effort.sum() / max(1, count.sum()))
    return Round(seconds=end, alone=total_alone / ranks, largest=max(0, of_rank.max() - total_alone / ranks), sum=end - max(arrivals),
                 reading=max(size.sum() / machine.system_reads, max(nodes) / machine.node_reads),
                 answers=machine.answer * (cells.count - (edges[1] - edges[0])), efficiency=fair / ranks / end)


def answer_wait(machine, gap):
    """What a rank waits beside the answer itself: rank 0 looks less often when nobody has asked for a while."""
    return 0 if machine.answer == 0 else POLL + min(gap / 2, LONGEST_PAUSE / 2)


def run_ranks(machine, ranks, first_of, count, work, size, waits_for_answer):
    """When each rank has done its last step."""
    system_free = answers_free = 0.0
    node_free = [0.0] * (-(-ranks // machine.ranks_of_node))
    arrivals = [0.0] * ranks
    count, work, size, next_of = count.tolist(), work.tolist(), size.tolist(), first_of.tolist()
    ends = next_of[1:]
    events = [(0.0, rank, False) for rank in range(ranks) if next_of[rank] < ends[rank]]
    heapq.heapify(events)
    while events:
        now, rank, has_computed = heapq.heappop(events)
        i = next_of[rank]
        if not has_computed:
            node = rank // machine.ranks_of_node
            system_free = max(system_free, now) + size[i] / machine.system_reads
            node_free[node] = max(node_free[node], now) + size[i] / machine.node_reads
            read = max(now + size[i] / machine.rank_reads, system_free, node_free[node])
            heapq.heappush(events, (read + work[i], rank, True))
            continue
        if rank > 0:
            answers_free = max(answers_free, now) + count[i] * machine.answer
            now = answers_free + count[i] * waits_for_answer
        next_of[rank] = i + 1
        if i + 1 < ends[rank]:
            heapq.heappush(events, (now, rank, False))
        else:
            arrivals[rank] = now
    return arrivals


def tiles_of(cells, most):
    """Of a square raster of so many cells: cells along a tile's side, and tiles along the raster's."""
    side = math.ceil(math.sqrt(cells))
    of_tile = TILE // CELL
    while (-(-side // of_tile)) ** 2 > most:
        of_tile *= 2
    return of_tile, -(-side // of_tile)


def edges_by_tiles(cells, ranks, most):
    """As `shares`, where a rank has whole tiles of a square raster."""
    of_tile, along = tiles_of(cells, most)
    side = math.ceil(math.sqrt(cells))
    lengths = [min(of_tile, side - i * of_tile) for i in range(along)]
    ends = np.concatenate([[0], np.cumsum(np.outer(lengths, lengths).ravel())])
    return [int(ends[tile]) for tile in shares(along * along, ranks)]


def job(machine, asked, cells_of, ranks, sum_bytes):
    """Seconds of its phases."""
    step = machine.latency + sum_bytes / machine.bandwidth
    even = shares(asked.cells, ranks)
    phases = {name: passes * one_round(machine, cells_of[name], even, sum_bytes).seconds if passes else 0
              for name, passes in (("colours", asked.colour_passes), ("sample", 1), ("refine", asked.looks))}
    doublings = math.ceil(math.log2(ranks)) if ranks > 1 else 0
    halves = asked.union_bytes * (1 - 2.0**-doublings)
    phases["union"] = 2 * doublings * machine.latency + (halves + doublings * asked.union_bytes) / machine.bandwidth
    iteration = -(-SAMPLE_TILES // ranks) * asked.tile_us / 1e6 + steps_of_sum(ranks) * step
    phases["fit"] = asked.fit_seconds + asked.iterations * iteration
    hashed = asked.cells * asked.cell_bytes / asked.hash_rate / min(ranks, asked.hash_ranks) if asked.hash_rate else 0
    phases["hash"] = max(0, hashed - sum(phases.values()))
    tiled = edges_by_tiles(asked.cells, ranks, asked.most_tiles)
    phases["label"] = one_round(machine, dataclasses.replace(cells_of["label"], count=tiled[-1]), tiled, 0).seconds
    return phases


def seconds_text(value):
    for unit, size, least in (("h", 3600, 2), ("min", 60, 2), ("s", 1, 1), ("ms", 1e-3, 1), ("µs", 1e-6, 0)):
        if value >= least * size:
            return f"{value / size:,.0f} {unit}" if value >= 100 * size else f"{value / size:.3g} {unit}"


def print_rounds(machine, cells, asked, sum_bytes):
    print(f"\n{cells.count} cells of {1e3 * cells.seconds:.1f} ± {1e3 * cells.spread:.1f} ms and {cells.size / 1e6:.2f} MB; sums of "
          f"{sum_bytes} bytes, {1e6 * machine.latency:g} µs and {machine.bandwidth / 1e9:g} GB/s a step; reading: "
          f"{machine.rank_reads / 1e9:g} GB/s a rank, {machine.node_reads / 1e9:g} a node of {machine.ranks_of_node}, "
          f"{machine.system_reads / 1e9:g} in all\n")
    print("| ranks | round | mean rank | largest adds | sum | reading | answers | efficiency | bound by |\n" + "|---" * 9 + "|")
    for ranks in asked.ranks:
        found = one_round(machine, cells, shares(cells.count, ranks), sum_bytes)
        times = [found.seconds, found.alone, found.largest, found.sum, found.reading, found.answers]
        print(f"| {ranks} | {' | '.join(map(seconds_text, times))} | {found.efficiency:.2f} | {found.bound()} |")


def print_jobs(machine, cells_of, asked, sum_bytes):
    of_tile, along = tiles_of(asked.cells, asked.most_tiles)
    print(f"\nA job of {asked.cells * asked.cell_bytes / 1e12:.3g} TB, {along * along} tiles of {of_tile * CELL} pixels a side:\n")
    names = [("colours", "colours"), ("sample", "sample"), ("union", "union"), ("fit", "fit to it"), ("refine", f"{asked.looks} x EM"),
             ("hash", "waits for hash"), ("label", "labels")]
    print("| ranks | " + " | ".join(title for _, title in names) + " | in all | efficiency |\n" + "|---" * (len(names) + 3) + "|")
    work = sum(passes * cells_of[name].seconds for name, passes in
               (("colours", asked.colour_passes), ("sample", 1), ("refine", asked.looks), ("label", 1)))
    reads = (asked.colour_passes + asked.looks + 2) * asked.cell_bytes / machine.rank_reads
    for ranks in asked.ranks:
        phases = job(machine, asked, cells_of, ranks, sum_bytes)
        total = sum(phases.values())
        print(f"| {ranks} | " + " | ".join(seconds_text(phases[name]) for name, _ in names) +
              f" | {seconds_text(total)} | {asked.cells * (work + reads) / ranks / total:.2f} |")


def check(measured):
    """Against closed forms."""
    ideal = Machine(latency=5e-6, bandwidth=1e10, rank_reads=math.inf, node_reads=math.inf, system_reads=math.inf, ranks_of_node=8,
                    slow_share=0, slow_by=1, answer=0, steps=20000, seed=0)
    cells = Cells(count=4099, seconds=0.03, spread=0, size=1e6)
    size = bytes_of_sums(6, 3)
    step = ideal.latency + size / ideal.bandwidth
    failures = 0

    def compare(what, found, expected, tolerance=1e-9):
        nonlocal failures
        fits = abs(found - expected) <= tolerance * abs(expected)
        failures += not fits
        print(f"{'ok  ' if fits else 'FAIL'} {what}: {found:.6g}, expected {expected:.6g}")

    compare("bytes of K = 6, D = 3", size, 2480)
    for ranks in (1, 2, 4, 64, 1024):
        found = one_round(ideal, cells, shares(cells.count, ranks), size)
        compare(f"{ranks} ranks, even cells", found.seconds, -(-cells.count // ranks) * cells.seconds + math.log2(ranks) * step)
    for ranks in (3, 1000, 5000):
        found = one_round(ideal, cells, shares(cells.count, ranks), size)
        compare(f"{ranks} ranks, no power of two", found.seconds,
                -(-cells.count // ranks) * cells.seconds + (math.floor(math.log2(ranks)) + 2) * step)
    for latency in (1e-6, 1e-4, 1e-2):
        slower = dataclasses.replace(ideal, latency=latency)
        compare(f"1024 ranks, {1e6 * latency:g} µs", one_round(slower, cells, shares(cells.count, 1024), size).sum,
                10 * (latency + size / ideal.bandwidth))
    shut = dataclasses.replace(ideal, system_reads=1e9)
    no_work = dataclasses.replace(cells, seconds=0)
    compare("reading alone, 64 ranks", one_round(shut, no_work, shares(cells.count, 64), 0).seconds,
            cells.count * cells.size / 1e9 + 6 * ideal.latency, 1e-6)
    narrow = dataclasses.replace(ideal, node_reads=1e9, ranks_of_node=4)
    compare("reading by node, 64 ranks", one_round(narrow, dataclasses.replace(no_work, count=6400), shares(6400, 64), 0).seconds,
            400 * cells.size / 1e9 + 6 * ideal.latency, 1e-6)
    slow = dataclasses.replace(ideal, slow_share=0.1, slow_by=3)
    compare("a tenth of 64 ranks three times as slow", one_round(slow, dataclasses.replace(cells, count=6400), shares(6400, 64), 0).seconds,
            300 * cells.seconds + 6 * ideal.latency)
    noisy = dataclasses.replace(cells, count=100 * 1000, spread=0.03)
    # The largest of 1000 normal variables is 3.24 deviations up; a gamma variable of shape 100 has a skewness of 0.2, which adds 0.32.
    for steps in (100_000, 10_000):  # of one cell and of many
        largest = [one_round(dataclasses.replace(ideal, seed=seed, steps=steps), noisy, shares(noisy.count, 1000), 0).largest
                   for seed in range(steps, steps + 10)]
        compare(f"largest of 1000 ranks of 100 cells in {steps} steps, over sqrt(100) deviations",
                np.mean(largest) / (10 * noisy.spread), 3.56, 0.15)
    empty = dataclasses.replace(cells, count=100_000, empty_share=0.4, empty_run=5000, empty_cost=0)
    compare("shares that have no data, all but some", one_round(ideal, empty, shares(empty.count, 1000), 0).seconds,
            100 * cells.seconds + steps_of_sum(1000) * ideal.latency, 1e-3)
    asking = dataclasses.replace(ideal, answer=1e-3)
    compare("answers alone, 1000 ranks", one_round(asking, no_work, shares(cells.count, 1000), 0).seconds, (cells.count - 4) * 1e-3, 1e-3)
    compare("tiles of 4096 x 4096", tiles_of(64, 1024)[1] ** 2, 4)
    compare("tiles of a square of 36,500 cells", tiles_of(36_500**2, 1024)[1] ** 2, 324)
    compare("cells in tiles", edges_by_tiles(36_500**2, 1000, 1024)[-1], 36_500**2)
    if measured:
        failures += check_measured(measured)
    return failures


def check_measured(measured, tolerance=0.25):
    """CPU of the largest rank, from that of one rank alone and the cells' times."""
    failures = 0
    for kind, scene in measured["scenes"].items():
        cpu = {row["ranks"]: row["cpu_largest"] for row in scene["strong"]}
        passes = scene["strong"][0]["passes"]
        times = {name: of_pass["mean"] for name, of_pass in scene["cell_cpu"].items()}
        num_read = 1 + ("colours" in times and "sample" in times)
        per_cell = sum(times.get(name, 0) for name in ("colours", "sample", "label")) + (passes - num_read - 1) * times.get("refine", 0)
        fixed = cpu[1] - scene["cells"] * per_cell
        for ranks in (number for number in cpu if number > 1):
            largest = np.diff(shares(scene["cells"], ranks)).max()
            predicted = fixed + largest * per_cell
            fits = abs(predicted - cpu[ranks]) <= tolerance * cpu[ranks]
            failures += not fits
            print(f"{'ok  ' if fits else 'FAIL'} {kind}, {ranks} ranks: CPU of the largest {cpu[ranks]:.2f} s, predicted {predicted:.2f} "
                  f"({fixed:.2f} that is not shared)")
    return failures


def take_measured(asked, measured):
    scene = measured["scenes"][asked.scene]
    asked.cell_bytes = scene["bytes"] / scene["cells"]
    for name, of_pass in scene["cell_cpu"].items():
        setattr(asked, f"{name}_ms", 1e3 * of_pass["mean"])
        setattr(asked, f"{name}_sd_ms", 1e3 * of_pass["sd"])
    asked.hash_rate = scene["hash_bytes_per_second"]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    add = parser.add_argument
    add("--ranks", type=lambda text: [int(word) for word in text.split(",")], default=[1, 2, 10, 100, 324, 1000, 3000, 10000])
    add("--cells", type=lambda text: int(float(text)), default=100_000)
    add("--bytes", type=float, help="that the cells have in all, which decides how many there are, as in 1e15")
    add("--cell-bytes", type=float, default=0.753e6, help="in the file (default: %(default)g)")
    for name, mean, deviation in (("colours", 66.6, 19.7), ("sample", 11.1, 2.6), ("refine", 19.9, 4.8), ("label", 80.3, 26.6)):
        add(f"--{name}-ms", type=float, default=mean, help=f"CPU of a cell in that pass (default: {mean})")
        add(f"--{name}-sd-ms", type=float, default=deviation, help=f"its standard deviation (default: {deviation})")
    add("-k", "--components", type=int, default=6)
    add("-d", "--features", type=int, default=3)
    add("--latency", type=float, nargs="+", default=[5], help="microseconds of a step of the sum; of several, one after the other")
    add("--bandwidth", type=float, default=10, help="GB/s of it")
    add("--rank-reads", type=float, default=1, help="GB/s that one rank alone would get")
    add("--node-reads", type=float, default=5, help="GB/s of a node")
    add("--system-reads", type=float, default=100, help="GB/s of the file system")
    add("--ranks-of-node", type=int, default=50)
    add("--slow-share", type=float, default=0, help="of the ranks")
    add("--slow-by", type=float, default=2, help="how many times as long those take")
    add("--empty-share", type=float, default=0, help="of the cells, that have no data")
    add("--empty-run", type=float, default=1000, help="mean length of their runs, in cells")
    add("--answer", type=float, default=0, help="microseconds in which rank 0 answers after every cell; 0: nobody asks so often")
    add("--job", action="store_true", help="a whole job, too")
    add("--colour-passes", type=float, default=1, help="passes, or a part of one, before the colours were too many")
    add("--looks", type=int, default=4, help="passes of EM over all cells")
    add("--union-bytes", type=float, default=2**20 * 4 * 3, help="of the sample (default: %(default)g)")
    add("--fit-seconds", type=float, default=1, help="of the fit to the sample, which no rank shares")
    add("--iterations", type=int, default=100, help="of it, each of which sums")
    add("--tile-us", type=float, default=20, help="CPU of an iteration on 4096 pixels of the sample")
    add("--hash-rate", type=float, default=0.5e9, help="bytes per second of a rank; 0: no hash")
    add("--hash-ranks", type=float, default=math.inf, help="at most so many share the hash; 1: rank 0 alone takes it")
    add("--most-tiles", type=int, default=16384)
    add("--steps", type=int, default=100_000, help="of all ranks in a round; fewer are faster and coarser")
    add("--seed", type=int, default=0)
    add("--measured", type=Path, metavar="FILE", help="what mpi_scaling.py wrote: bytes and times are its")
    add("--scene", default="rgb")
    add("--check", action="store_true")
    asked = parser.parse_args()

    measured = json.loads(asked.measured.read_text(encoding="utf-8")) if asked.measured else None
    if asked.check:
        sys.exit(1 if check(measured) else 0)
    if measured:
        take_measured(asked, measured)
    if asked.bytes:
        asked.cells = int(asked.bytes / asked.cell_bytes)
    cells_of = {name: Cells(asked.cells, getattr(asked, f"{name}_ms") / 1e3, getattr(asked, f"{name}_sd_ms") / 1e3, asked.cell_bytes,
                            asked.empty_share, asked.empty_run) for name in ("colours", "sample", "refine", "label")}
    sum_bytes = bytes_of_sums(asked.components, asked.features)
    for latency in asked.latency:
        machine = Machine(latency / 1e6, asked.bandwidth * 1e9, asked.rank_reads * 1e9, asked.node_reads * 1e9, asked.system_reads * 1e9,
                          asked.ranks_of_node, asked.slow_share, asked.slow_by, asked.answer / 1e6, asked.steps, asked.seed)
        print_rounds(machine, cells_of["refine"], asked, sum_bytes)
        if asked.job:
            print_jobs(machine, cells_of, asked, sum_bytes)


if __name__ == "__main__":
    main()
