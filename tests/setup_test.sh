#!/usr/bin/env bash
# Tests install_packages of src/cmake/debian.sh with a stand-in for each tool of the system.
set -euo pipefail
source_dir=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
sandbox=$(mktemp -d)
trap 'rm -rf "$sandbox"' EXIT
mkdir "$sandbox/bin"
for tool in bash env grep mktemp rm tail; do ln -s "$(command -v $tool)" "$sandbox/bin/$tool"; done

# fake NAME LINE...: a program of that name that notes its call and runs the lines.
fake() {
  local path=$sandbox/bin/$1
  printf '%s\n' "#!$(command -v bash)" "echo \"$1 \$*\" >>$sandbox/calls" "${@:2}" >"$path"
  chmod +x "$path"
}

# try: what install_packages does for have-a and want-b, into $output, $status and $calls.
try() {
  : >"$sandbox/calls"
  status=0
  output=$(PATH=$sandbox/bin TMPDIR=$sandbox bash -c ". '$source_dir/src/cmake/debian.sh'
    os_release=$sandbox/os-release
    install_packages 'library A, library B' have-a want-b" 2>&1) || status=$?
  calls=$(grep -v '^id' "$sandbox/calls" || true)
}

# expect CLAIM CONDITION...: the condition is a test command.
failures=0
expect() {
  if "${@:2}"; then
    echo "ok: $1"
  else
    echo "FAILED: $1: status $status, output: $output, calls: $calls"
    failures=$((failures + 1))
  fi
}
contains() { [[ $1 == *"$2"* ]]; }

debian='ID=debian'
nothing_installed='exit 1'
all_installed='echo installed'
a_installed='if [ "${@: -1}" = have-a ]; then echo installed; else echo not-installed; fi'

echo "$debian" >"$sandbox/os-release"
fake id 'echo 0'
fake apt-get
fake dpkg-query "$all_installed"
try
expect "nothing missing: succeeds" [ $status = 0 ]
expect "nothing missing: says nothing" [ -z "$output" ]
expect "nothing missing: apt is not called" [ "$(grep -c apt-get "$sandbox/calls")" = 0 ]

fake dpkg-query "$a_installed"
try
expect "root: succeeds" [ $status = 0 ]
expect "root: updates first" contains "$calls" "apt-get update"
expect "root: installs only what is missing" contains "$calls" \
  "apt-get install --yes --no-install-recommends want-b"

fake dpkg-query "$nothing_installed"
fake apt-get 'echo "E: no network"' 'exit 100'
try
expect "apt fails: stops" [ $status = 1 ]
expect "apt fails: shows what it said" contains "$output" "E: no network"

fake apt-get
fake id 'echo 1000'
try
expect "no root, no sudo: stops" [ $status = 1 ]
expect "no root, no sudo: gives the line to run" contains "$output" \
  "apt-get update && apt-get install --no-install-recommends have-a want-b"

fake sudo '"$@"'
try
expect "sudo: succeeds" [ $status = 0 ]
expect "sudo: installs through it" contains "$calls" "sudo env DEBIAN_FRONTEND=noninteractive apt-get"

echo 'ID=fedora' >"$sandbox/os-release"
try
expect "another system: stops" [ $status = 1 ]
expect "another system: names the libraries" contains "$output" "library A, library B"
expect "another system: calls nothing" [ -z "$calls" ]

printf 'ID=mint\nID_LIKE="ubuntu debian"\n' >"$sandbox/os-release"
try
expect "a child of Debian: succeeds" [ $status = 0 ]

exit $((failures > 0))
