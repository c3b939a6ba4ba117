#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# explorer.sh: the links of docs/examples.md to Compiler Explorer open the examples as they are.
#
#   bash tests/docs/explorer.sh            fails if a link is not made of its example, or if that does not compile
#   bash tests/docs/explorer.sh --update   makes the links again
#
# A link is https://godbolt.org/clientstate/ and a JSON text in base64: the source, the compiler and its options. The
# source is the example with the single header in the place of <tenax/tenax.hpp>.
set -euo pipefail
export LC_ALL=C
cd "${TENAX_ROOT:-$(dirname "$0")/../..}"

page=docs/examples.md
start='<!-- Compiler Explorer -->'
home=$(sed -nE 's/^ *HOMEPAGE_URL "(.*)"$/\1/p' CMakeLists.txt)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

json_string() {
  sed -e 's/\\/\\\\/g' -e 's/"/\\"/g' -e 's/\t/\\t/g' | awk '{ printf "%s\\n", $0 }'
}
source_of() {
  sed "s|^#include <tenax/tenax.hpp>\$|#include <$home/tenax_single.hpp>|" "examples/$1.cpp"
}
link_of() {
  printf '{"sessions":[{"id":1,"language":"c++","source":"%s","compilers":[],"executors":[{"compiler":{"id":"g141","libs":[],"options":"-std=c++20 -O1"}}]}]}' \
    "$(source_of "$1" | json_string)" | base64 -w 0 | sed -e 's/+/%2B/g' -e 's|/|%2F|g' -e 's/=/%3D/g'
}

# Those that need nothing but the core's one header.
mapfile -t names < <(for file in examples/*.cpp; do
  [ "$(grep -hoE '#include ("|<tenax/)[^>"]*' "$file")" != '#include <tenax/tenax.hpp' ] || basename "$file" .cpp
done)
{
  echo "$start"
  for name in "${names[@]}"; do echo "[$name]: https://godbolt.org/clientstate/$(link_of "$name")"; done
} >"$work/links"

if [ "${1-}" = --update ]; then
  { sed "/^$start\$/,\$d" "$page"; cat "$work/links"; } >"$work/page"
  cat "$work/page" >"$page"
  exit
fi

failed=0
fail() {
  printf '%s\n' "$*" >&2
  failed=1
}
sed -n "/^$start\$/,\$p" "$page" >"$work/there"
cmp -s "$work/links" "$work/there" || fail "$page: the links are not those of the examples; run: bash tests/docs/explorer.sh --update"

# What a browser makes of each link. CMake reads the JSON.
cmake -DOUTPUT="$work/tenax_single.hpp" -P .cmake/amalgamate.cmake
cat >"$work/read.cmake" <<'CMAKE'
file(READ "${IN}" text)
string(JSON source GET "${text}" sessions 0 source)
file(WRITE "${OUT}" "${source}")
CMAKE
for name in "${names[@]}"; do
  grep -qF "([run][$name])" "$page" || fail "$page has no link [run][$name]"
  sed -nE "s|^\[$name\]: https://godbolt.org/clientstate/(.*)|\1|p" "$page" |
    sed -e 's/%2B/+/g' -e 's|%2F|/|g' -e 's/%3D/=/g' | base64 -d >"$work/state.json"
  cmake "-DIN=$work/state.json" "-DOUT=$work/$name.cpp" -P "$work/read.cmake"
  sed "s|<$home/tenax_single.hpp>|<tenax/tenax.hpp>|" "$work/$name.cpp" | diff "examples/$name.cpp" - >&2 ||
    fail "the link of $name is not examples/$name.cpp"
  sed -i "s|<$home/tenax_single.hpp>|\"tenax_single.hpp\"|" "$work/$name.cpp"
  "${CXX:-g++}" -std=c++20 -fsyntax-only "$work/$name.cpp" || fail "$name does not compile with the single header"
done
while IFS= read -r name; do
  printf '%s\n' "${names[@]}" | grep -qx "$name" || fail "$page has a link [run][$name], but $name needs more than the core"
done < <(grep -oE '\[run\]\[[^]]*\]' "$page" | sed -E 's/.*\[([^]]*)\]$/\1/')
[ ${#names[@]} -gt 0 ] || fail "no example needs nothing but the core"
exit $failed
