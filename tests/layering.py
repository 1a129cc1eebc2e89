"""Checks every #include of ours against the table of rooms in src/README.md.

Usage: layering.py ROOT. Prints one line per broken rule; exits 1 if there is one.
"""

import re
import sys
from pathlib import Path
from typing import NamedTuple

# How the libraries that the table names appear in an #include.
THIRD_PARTIES = {
    "Boost": r"boost/",
    "CLI11": r"CLI/",
    "Eigen": r"Eigen/",
    "GDAL": r"(gdal|cpl_\w+|ogr_srs_api)\.h$",
    "GDCM": r"gdcm\w+\.h$",
    "Highway": r"hwy/",
    "MPI": r"mpi\.h$",
    "NIfTI": r"(nifti\w*|znzlib)\.h$",
    "OpenCV": r"opencv2/",
    "libpng": r"png(conf)?\.h$",
    "libtiff": r"tiff(io|conf|vers)?(\.h|\.hxx)$",
    "nlohmann-json": r"nlohmann/",
    "oneTBB": r"(oneapi/)?tbb/",
    "zlib": r"zlib\.h$",
}
STANDARD = r"[a-z0-9_]+$"  # <vector>
SYSTEM = r"(fcntl|glob|sched|semaphore|signal|unistd|sys/\w+)\.h$"  # POSIX, in sources alone

INCLUDE = re.compile(r'\s*#\s*include\s*([<"])([^>"]+)[>"]')


class Room(NamedTuple):
    headers: list
    may_include: list
    third_parties: list


def read_rooms(readme):
    """The table of src/README.md: room name -> Room, in its order."""
    rooms = {}
    for line in readme.read_text(encoding="utf-8").splitlines():
        cells = [cell.strip() for cell in line.strip().strip("|").split("|")]
        if len(cells) != 5 or not re.fullmatch(r"\w+", cells[0]) or cells[0] == "room":
            continue
        words = [[] if cell == "–" else cell.split() for cell in cells[2:]]
        rooms[cells[0]] = Room(*words)
    return rooms


def check_table(rooms):
    if not rooms:
        yield "src/README.md: no table of rooms"
    above = set()
    for name, room in rooms.items():
        for other in room.may_include:
            if other not in above:
                yield f"src/README.md: {name} may include {other}, which is not a room above it"
        for library in room.third_parties:
            if library not in THIRD_PARTIES:
                yield f"src/README.md: {name} names {library}, which layering.py does not know"
        above.add(name)


def check_include(room_name, rooms, owners, bracket, target, public):
    """The rule that one #include breaks, or None."""
    room = rooms[room_name]
    first, slash, _ = target.partition("/")
    if bracket == "<" and first == "gmmseg" and slash:
        needed = owners.get(target.removeprefix("gmmseg/"))
        if needed is None:
            return "is a public header that no room owns"
    elif bracket == '"' and not public:
        needed = first if slash else room_name
        if needed not in rooms:
            return "is not in a room"
    else:
        return check_foreign_include(room_name, room, target, public)
    if needed != room_name and needed not in room.may_include:
        return f"is of room {needed}, which {room_name} may not include"
    return None


def check_foreign_include(room_name, room, target, public):
    if re.match(STANDARD, target):
        return None
    for library, pattern in THIRD_PARTIES.items():
        if re.match(pattern, target):
            if library not in room.third_parties:
                return f"is {library}, which the row of {room_name} does not name"
            return f"is {library}; public headers include std, Eigen and gmmseg/ only" if (
                public and library != "Eigen") else None
    if re.match(SYSTEM, target) and not public:
        return None
    return "is neither ours, nor standard, nor a library that layering.py knows"


def check_file(path, root, room_name, rooms, owners, public):
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
        match = INCLUDE.match(line)
        if not match:
            continue
        problem = check_include(room_name, rooms, owners, *match.groups(), public)
        if problem:
            yield f"{path.relative_to(root)}:{number}: {match[2]} {problem}"


def check_public_headers(root, rooms, owners):
    headers = {path.name: path for path in sorted((root / "include/gmmseg").glob("*"))}
    for name in sorted(owners.keys() - headers.keys()):
        yield f"src/README.md: {owners[name]} names {name}, which is not in include/gmmseg"
    for name, path in headers.items():
        if name in owners:
            yield from check_file(path, root, owners[name], rooms, owners, public=True)
        else:
            yield f"include/gmmseg/{name}: no row of src/README.md owns it"


def check_sources(root, rooms, owners):
    for path in sorted((root / "src").rglob("*")):
        if path.suffix not in (".h", ".cpp"):
            continue
        room_name = path.relative_to(root / "src").parts[0]
        if room_name in rooms:
            yield from check_file(path, root, room_name, rooms, owners, public=False)
        else:
            yield f"{path.relative_to(root)}: no row of src/README.md for {room_name}"


def check_tree(root):
    """Every broken rule, one line each."""
    rooms = read_rooms(root / "src/README.md")
    owners = {header: name for name, room in rooms.items() for header in room.headers}
    return [
        *check_table(rooms),
        *check_public_headers(root, rooms, owners),
        *check_sources(root, rooms, owners),
    ]


def main():
    problems = check_tree(Path(sys.argv[1]))
    print("\n".join(problems) or "layering: every include is one that src/README.md allows")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
