#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# pages.sh: README.md is short and shows code at once; every public header has its place in the reference; every page
# can be reached from the index, which says where names are; every setter has its row; contributing.md names paths that
# exist.
set -euo pipefail
export LC_ALL=C
cd "${TENAX_ROOT:-$(dirname "$0")/../..}"

failed=0
fail() {
  printf '%s\n' "$*" >&2
  failed=1
}

lines=$(wc -l <README.md)
[ "$lines" -le 120 ] || fail "README.md has $lines lines; at most 120 are allowed"
first=$(grep -n -m1 '^```cpp$' README.md | cut -d: -f1 || true)
[ "${first:-1000}" -lt 30 ] || fail "README.md shows no code before line 30"
for name in demo test try; do
  grep -qx "<!-- command: $name -->" README.md || fail "README.md must have the command $name"
done

# <tenax/asio.hpp> and its like stand for the header of that name in async/.
while IFS= read -r header; do
  grep -qrF "<$header>" docs/reference || fail "no page in docs/reference mentions <$header>"
done < <(cd include && find tenax -name '*.hpp' ! -path '*/detail/*' ! -path '*/platform/*' | sort | grep -vxE 'tenax/async/(asio|boost_asio|coroutine|hedging).hpp')

while IFS= read -r page; do
  grep -qF "(${page#docs/})" docs/index.md || fail "docs/index.md has no link to $page"
done < <(find docs -name '*.md' ! -path docs/index.md | sort)

while IFS= read -r example; do
  grep -qF "(../$example)" docs/examples.md || fail "docs/examples.md has no link to $example"
done < <(find examples -name '*.cpp' 2>/dev/null | sort)

# The index finds a name in its header.
while IFS='|' read -r names header; do
  for name in $(grep -oE '`[a-zA-Z_:]+`' <<<"$names" | sed -E 's/.*:([a-zA-Z_]+)`/\1/; s/`//g'); do
    grep -rqw "$name" "include/$header" "include/${header%.hpp}" "include/tenax/async/${header##*/}" 2>/dev/null || fail "<$header> has no $name, which docs/index.md says"
  done
done < <(sed -nE 's/^\| (`.*) \| `<(tenax\/[^>]*)>`.* \|$/\1|\2/p' docs/index.md)

# A policy of the library and its heading have the same name.
for role in when wait stop; do
  while IFS= read -r name; do
    grep -qE "^##+ $name\$" "docs/reference/$role.md" ||
      fail "docs/reference/$role.md has no heading for $role::$name"
  done < <(sed -nE \
    -e 's/^\[\[nodiscard\]\] constexpr [^(]*[ >]([a-z_]+)\(.*/\1/p' \
    -e 's/^inline constexpr [a-z_]+(<[^>]*>)? ([a-z_]+)\{\};.*/\2/p' \
    -e 's/^struct (sequence) : .*/\1/p' include/tenax/$role/*.hpp | sort -u)
done

# A setter of `retrying` and its row.
while IFS= read -r name; do
  grep -qE "^\\|.*\`\\.$name\\(" docs/reference/retrying.md || fail "docs/reference/retrying.md has no row for the setter .$name"
done < <(sed -nE 's/^  \[\[nodiscard\]\] constexpr (auto|retrying) ([a-z_]+)\(.*/\2/p' include/tenax/retrying.hpp |
  grep -vxE 'wrap|attempts' | sort -u)

# A path that contributing.md names exists. NAME stands for a new one, whose folder must be there.
while IFS= read -r path; do
  case $path in
    *NAME*) there=${path%/*} ;;
    *) there=$path ;;
  esac
  [ -e "$there" ] || fail "docs/contributing.md names $path, which does not exist"
done < <(grep -oE '`[^`]*`' docs/contributing.md | tr -d '`' | tr ' ' '\n' |
  grep -E '^(\.ci|\.cmake|docs|examples|include|tests)/' | sed 's/#.*//' | sort -u)
exit $failed
