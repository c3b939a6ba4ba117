#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# links.sh: every relative link of README.md and docs/ leads to a file that exists, and every anchor to a heading.
set -euo pipefail
export LC_ALL=C
cd "${TENAX_ROOT:-$(dirname "$0")/../..}"

mapfile -t pages < <(find README.md docs -name '*.md' | sort)
broken=$(awk '
# The path that `target` means on a page in the folder of `page`.
function resolved(page, target,   parts, n, i, path, m) {
  sub(/[^\/]*$/, "", page)
  n = split(page target, parts, "/")
  m = 0
  for (i = 1; i <= n; ++i) {
    if (parts[i] == "" || parts[i] == ".") continue
    if (parts[i] == "..") { if (m > 0) --m; continue }
    path[++m] = parts[i]
  }
  target = path[1]
  for (i = 2; i <= m; ++i) target = target "/" path[i]
  return target
}
FNR == 1 { in_block = 0 }
/^ *```/ { in_block = !in_block; next }
in_block { next }
/^#+ / {
  # As forges make anchors of headings.
  anchor = tolower($0)
  sub(/^#+ +/, "", anchor)
  gsub(/[^a-z0-9 _-]/, "", anchor)
  gsub(/ /, "-", anchor)
  copies = seen[FILENAME "#" anchor]++
  anchors[FILENAME "#" anchor (copies ? "-" copies : "")]
}
{
  line = $0
  gsub(/`[^`]*`/, "", line)
  while (match(line, /\]\([^)]*\)/)) {
    links[++count] = substr(line, RSTART + 2, RLENGTH - 3)
    from[count] = FILENAME
    at[count] = FNR
    line = substr(line, RSTART + RLENGTH)
  }
}
END {
  for (i = 1; i <= count; ++i) {
    if (links[i] ~ /^[a-z]+:/) continue
    hash = index(links[i], "#")
    path = hash ? substr(links[i], 1, hash - 1) : links[i]
    path = path == "" ? from[i] : resolved(from[i], path)
    if (hash && path ~ /\.md$/ && !((path substr(links[i], hash)) in anchors)) {
      printf "%s:%d: no heading for %s\n", from[i], at[i], links[i]
    }
    if (system("test -e \"" path "\"") != 0) printf "%s:%d: no file for %s\n", from[i], at[i], links[i]
  }
  if (count == 0) print "no links at all"
}' "${pages[@]}")
[ -z "$broken" ] || { printf '%s\n' "$broken" >&2; exit 1; }
