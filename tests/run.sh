#!/usr/bin/env bash
# Installs what is missing (Debian, Ubuntu), builds a release, and runs every test through ctest.
#   tests/run.sh             every test; under CI=true the sanitizers' run below comes first
#   tests/run.sh --sanitize  only the unit tests, under the address and undefined-behaviour sanitizers
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
. src/cmake/debian.sh

# run_tests PRESET TARGET [CTEST OPTION...]
run_tests() {
  local preset=$1 target=$2
  shift 2
  say "Building build/$preset (minutes the first time; build/build-$preset.log tells) ..."
  mkdir -p build
  # quickstart.sh may have left both out.
  run_logged "build/configure-$preset.log" \
    cmake --preset "$preset" -DGMMSEG_BUILD_TESTS=ON -DGMMSEG_BUILD_SAMPLES=ON
  run_logged "build/build-$preset.log" cmake --build --preset "$preset" --target "$target"
  ctest --preset "$preset" --parallel "$(nproc)" --timeout 1200 --no-label-summary "$@" </dev/null
}

case "$*" in
  "" | --sanitize) ;;
  *) fail "tests/run.sh: unknown option '$*'; give none, or --sanitize" ;;
esac

install_packages "$build_libraries, $test_libraries" "${build_packages[@]}" "${test_packages[@]}"
if [ "$*" = --sanitize ] || [ "${CI:-}" = true ]; then
  run_tests asan unit_tests --label-regex '^unit$'
fi
[ "$*" = --sanitize ] || run_tests release all
