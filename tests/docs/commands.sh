#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# commands.sh: the commands of README.md and docs/ do what the pages say, in a copy of this folder. What cannot run
# everywhere is replaced: package managers only look whether the recipe is there, `sudo` installs into a folder of the
# test. README's demo and test are run by .ci/run, and the loop of contributing.md by the test docs.one.
set -euo pipefail
root=$(cd "${TENAX_ROOT:-$(dirname "$0")/../..}" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cp -r "$root"/{include,examples,.cmake,CMakeLists.txt,CMakePresets.json,LICENSE} "$work"
mkdir "$work/docs" "$work/bin"
cp -r "$root/docs/packaging" "$work/docs"

sudo() { DESTDIR=$work/sudo "$@"; }
vcpkg() {
  local ports=${*: -1}
  test -f "${ports#--overlay-ports=}/tenax/portfile.cmake"
}
conan() { test -f "$2/conanfile.py" && grep -q "\"${3#--version=}\":" "$2/../config.yml"; }
g++() { "${CXX:-/usr/bin/g++}" "$@"; }
export -f sudo vcpkg conan g++
export work HOME=$work/home

failed=0
# run <page> <command>: what the block prints is in $work/out.
run() {
  local block
  block=$(awk -v marker="<!-- command: $2 -->" '
    $0 == marker { found = 1; next }
    found && /^```/ { if (inside) exit; inside = 1; next }
    inside' "$root/$1")
  if ! (cd "$work" && bash -euo pipefail -c "$block" >"$work/out" 2>&1); then
    printf '%s: the command %s fails:\n%s\n%s\n' "$1" "$2" "$block" "$(tail -n 20 "$work/out")" >&2
    failed=1
  fi
}
there() {
  [ -e "$work/$1" ] || { echo "$1 is missing afterwards" >&2; failed=1; }
}

while IFS=: read -r page name; do
  case $name in
    demo | test | loop) continue ;;
  esac
  run "$page" "$name"
  case $page:$name in
    *:try)
      diff "$root/examples/expected/01_simplest.txt" "$work/out" >&2 || failed=1
      ;;
    README.md:install)
      there sudo/usr/local/share/cmake/tenax/tenax-config.cmake
      there tenax_single.hpp
      ;;
    *:install) there home/.local/include/tenax/tenax.hpp ;;
    *:single) there tenax_single.hpp ;;
    *:vcpkg | *:conan) ;;
    *)
      echo "$page: nothing is known here of the command $name" >&2
      failed=1
      ;;
  esac
  rm -rf "$work"/{a.out,build,home,sudo,tenax_single.hpp}
done < <(cd "$root" && grep -rHoE '^<!-- command: [a-z]+ -->$' README.md docs | sed -E 's/<!-- command: ([a-z]+) -->/\1/')
exit $failed
