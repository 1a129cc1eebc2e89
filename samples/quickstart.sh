#!/usr/bin/env bash
# From a fresh checkout to a segmented photograph: installs what is missing (Debian, Ubuntu), builds
# a release into build/release, and runs `segment` on a photograph of samples/images.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
. src/cmake/debian.sh

photo=samples/images/coffee.png
results=$PWD/quickstart/$(basename "${photo%.*}")
segment=build/release/bin/segment

install_packages "$build_libraries" "${build_packages[@]}"

say "Building $segment (minutes the first time; build/build.log tells) ..."
mkdir -p build
# A folder that was configured before, with tests perhaps, stays as it is.
[ -f build/release/build.ninja ] || run_logged build/configure.log \
  cmake --preset release -DGMMSEG_BUILD_TESTS=OFF -DGMMSEG_BUILD_SAMPLES=OFF
run_logged build/build.log cmake --build --preset release --target segment

words=(-k 4 --write labels,overlay,heatmaps,uncertainty,model,report --overwrite -o quickstart)
say "" "\$ $segment $photo ${words[*]}"
"$segment" "$photo" "${words[@]}"

say "" "Look at:"
show() {
  [ -f "$1" ] || fail "$1 was not written"
  printf '  %-*s  %s\n' $((${#results} + 16)) "$1" "$2"
}
show "$PWD/quickstart/report.html" "all of it on one page, for a browser"
show "$PWD/$photo" "the photograph"
show "${results}_labels.png" "the class of every pixel, one colour per class"
show "${results}_overlay.png" "the classes laid over the photograph"
for heatmap in "${results}"_heat_*.png; do
  number=${heatmap##*_heat_}
  show "$heatmap" "how probable class ${number%.png} is, from 0 (dark) to 1 (bright)"
done
show "${results}_uncertainty.png" "where the classes are hard to tell apart (bright)"
show "${results}.gmm.json" "the fitted mixture: weights, means, covariances"
