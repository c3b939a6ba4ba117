#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# uses.sh: what README.md, the tutorial, the pages and the first examples show works with `import tenax;` as it does
# with headers, and so do the unit tests of when/, wait/ and stop/.
#
# The tests are copied; in the copies, `import tenax;` or `import tenax.http;` stands where a header of the module was
# included. Headers that no module has (fmt, the private ones) stay beside the import.
set -euo pipefail
export LC_ALL=C
cd "$(dirname "$0")/../.."
source tests/module/clang.bash
build_modules
uses=("$clang" "${flags[@]}" -O0 -w "${modules[@]}")
failed=0
fail() {
  printf '%s\n' "$*" >&2
  failed=1
}

mkdir "$work/tree"
cp -r tests examples docs README.md "$work/tree"
components=$(grep -oE 'tenax/[a-z0-9_/]+\.hpp' CMakeLists.txt | sort -u | tr '\n' ' ')
while IFS= read -r file; do
  awk -v components=" $components" '
    /^#include <tenax\/.*>$/ && $2 !~ /\/detail\// {
      header = substr($2, 2, length($2) - 2)
      if (!index(components, " " header " ")) { print header ~ /^tenax\/http[.\/]/ ? "import tenax.http;" : "import tenax;"; next }
    }
    { print }' "$file" >"$file.new"
  mv "$file.new" "$file"
done < <(find "$work/tree/tests" "$work/tree/examples" -name '*.[ch]pp')
! grep -rlE '^#include <tenax/(tenax|http)\.hpp>' "$work/tree/tests" "$work/tree/examples" >&2 || fail 'a header stayed'

# --- programs and what they print -----------------------------------------------------------------------------------
# runs <program> <what it prints>
runs() {
  printf 'import: %s\n' "$1"
  local said=0
  "${uses[@]}" "$work/tree/$1" "${objects[@]}" "${@:3}" -o "$work/program" || { fail "$1 does not compile with import"; return; }
  "$work/program" >"$work/printed" || said=$?
  [ $said -eq 0 ] || fail "$1 ended with $said"
  diff -u "$2" "$work/printed" >&2 || fail "$1 prints something else with import"
}
for file in tests/docs/program/*.cpp; do runs "$file" "${file%.cpp}.txt"; done
for file in examples/0[1-8]_*.cpp; do
  if grep -q '<tenax/fmt.hpp>' "$file"; then
    printf '#include <fmt/format.h>\n' | "${uses[@]}" -x c++ -fsyntax-only - 2>/dev/null || continue
    runs "$file" "examples/expected/$(basename "$file" .cpp).txt" -lfmt
  else
    runs "$file" "examples/expected/$(basename "$file" .cpp).txt"
  fi
done

# The snippet of the page about the modules, which includes nothing for durations.
echo 'a song' >"$work/song"
runs tests/module/import.cpp "$work/song"

# Headers that no module has, after the import and before it.
for order in -DIMPORT_FIRST -DIMPORT_LAST; do
  "${uses[@]}" $order -fsyntax-only tests/module/beside.cpp || fail "tests/module/beside.cpp does not compile with $order"
done

# --- tests with Catch2 ----------------------------------------------------------------------------------------------
if ! printf '#include "catch.hpp"\n' | "${uses[@]}" -Itests -x c++ -fsyntax-only - 2>/dev/null; then
  echo "Catch2 is not installed; its tests are left out" >&2
  exit $failed
fi
if printf '#include <catch2/catch_all.hpp>\n' | "${uses[@]}" -x c++ -fsyntax-only - 2>/dev/null; then
  main=(-lCatch2Main -lCatch2)
else
  printf '#define CATCH_CONFIG_MAIN\n#include <catch2/catch.hpp>\n' >"$work/main.cpp"
  "$clang" "${flags[@]}" -w -c "$work/main.cpp" -o "$work/main.o"
  main=("$work/main.o")
fi
mkdir "$work/o"
files=()
for file in tests/{when,wait,stop}/*.cpp tests/docs/*.cpp; do
  # A page about a component needs that component.
  include=$(grep -oE '^#include <tenax/[^>]*>' "$file" | tr -d '<>' | cut -d' ' -f2 | grep -xF -e "$(tr ' ' '\n' <<<"$components" | grep .)" || true)
  [ -z "$include" ] && ! grep -qE '^#include <(httplib|fmt/)' "$file" && files+=("$file")
done
compile() { "${@:2}" -c "$1" -o "$work/o/$(tr / _ <<<"${1#"$work/tree/"}").o" || { printf '%s does not compile with import\n' "$1" >&2; return 1; }; }
export -f compile
export work
printf "$work/tree/%s\0" "${files[@]}" |
  xargs -0 -P 2 -I '{}' bash -c 'compile "$@"' compile '{}' "${uses[@]}" -I"$work/tree/tests" || failed=1
if [ $failed -eq 0 ]; then
  "$clang" "${flags[@]}" "$work"/o/*.o "${objects[@]}" "${main[@]}" -o "$work/tests" && "$work/tests" || fail 'a test fails with import'
fi
printf 'files of tests with import: %d\n' "${#files[@]}"
exit $failed
