# What gmmseg needs on Debian, and how the two commands (samples/quickstart.sh, tests/run.sh) get it
# and build with it. Sourced by bash; the one list of packages.

build_packages=(g++ cmake ninja-build libopencv-dev libeigen3-dev libboost-filesystem-dev libhwy-dev
  libtbb-dev libcli11-dev nlohmann-json3-dev libtiff-dev libpng-dev zlib1g-dev libgdal-dev libnifti-dev libgdcm-dev
  libopenmpi-dev openmpi-bin)
test_packages=(doctest-dev python3 python3-numpy python3-sklearn python3-pil python3-tifffile
  python3-gdal python3-nibabel python3-pydicom netcdf-bin groff-base dpkg-dev file fakeroot chromium fonts-dejavu-core)

# The same for a reader on another system.
build_libraries="a C++20 compiler, CMake 3.25, Ninja, OpenCV 4.6, Eigen 3.4, Boost.Filesystem 1.74, \
Highway 1.0.3, oneTBB 2021, CLI11 2.1, nlohmann-json 3.11, libtiff 4.5, libpng 1.6, zlib 1.2.11; GDAL 3.6 for georeferenced rasters, \
the NIfTI C library 2.1 for volumes, GDCM 3.0 for DICOM, an MPI library such as Open MPI 4.1 for clusters"
test_libraries="doctest 2.4, Python 3 with NumPy, scikit-learn, Pillow, tifffile, GDAL, nibabel and pydicom, netcdf-bin, groff, Chromium; \
dpkg-dev, file and fakeroot to test the package"

os_release=/etc/os-release

say() { printf '%s\n' "$@"; }
fail() {
  printf '%s\n' "$@" >&2
  exit 1
}

is_debian() {
  command -v apt-get >/dev/null && command -v dpkg-query >/dev/null && [ -r "$os_release" ] &&
    (. "$os_release" && [[ " ${ID:-} ${ID_LIKE:-} " == *" debian "* ]])
}

# The packages among "$@" that are not installed, on one line.
missing_packages() {
  local package missing=()
  for package in "$@"; do
    dpkg-query --show --showformat='${db:Status-Status}\n' "$package" 2>/dev/null |
      grep -qx installed || missing+=("$package")
  done
  say "${missing[*]}"
}

# run_logged LOG COMMAND...: quiet unless it fails.
run_logged() {
  local log=$1
  shift
  if ! "$@" >"$log" 2>&1 </dev/null; then
    tail -n 60 "$log" >&2
    fail "" "Failed: $*" "The whole output is in $log"
  fi
}

# install_packages "LIBRARIES" PACKAGE...: makes sure that every package is there. apt is not called
# where nothing is missing; LIBRARIES is what a reader is told on a system without apt.
install_packages() {
  local libraries=$1 missing log as_root=()
  shift
  is_debian || fail "This system has no apt of Debian's kind; please install by hand:" "  $libraries" \
    "and then: cmake --preset release && cmake --build --preset release"
  missing=$(missing_packages "$@")
  [ -n "$missing" ] || return 0
  if [ "$(id -u)" != 0 ]; then
    command -v sudo >/dev/null || fail "Some packages are missing and there is no sudo; as root:" \
      "  apt-get update && apt-get install --no-install-recommends $missing"
    as_root=(sudo)
  fi
  say "Installing with apt: $missing"
  log=$(mktemp -t gmmseg-apt.XXXXXX)
  # One unreachable source of many is no reason to stop; the installation tells.
  "${as_root[@]}" apt-get update >"$log" 2>&1 </dev/null || say "(apt-get update failed; trying on)"
  # shellcheck disable=SC2086  # the names are words
  run_logged "$log" "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive \
    apt-get install --yes --no-install-recommends $missing
  rm -f "$log"
}
