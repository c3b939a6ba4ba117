#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# columns.sh: no line of prose is longer than 120 columns: on pages, and in the comments of sources, scripts and CMake
# files. clang-format, which has the same limit, cares for code.
#
#   bash tests/docs/columns.sh                    fails if a line is too long
#   bash tests/docs/columns.sh --update [file]... wraps those lines; of all files, or of these
#
# Not counted: blocks of code, rows of tables, words that are longer than a line, and what a compile_fail test expects.
set -euo pipefail
export LC_ALL=C
cd "${TENAX_ROOT:-$(dirname "$0")/../..}"

limit=$(sed -nE 's/^ColumnLimit: ([0-9]+)$/\1/p' .clang-format)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

cat >"$work/wrap.awk" <<'AWK'
# The start of a line of prose up to its first word, and in `next_start` that of the line after it; "" for other lines.
function start_of(line,   text) {
  next_start = ""
  if (page) {
    if (in_block || line ~ /^ *(```|\||#|<!--|!\[|\[[^]]*\]: )/) return ""
    match(line, /^ *([-*] |[0-9]+\. )?/)
    next_start = sprintf("%" RLENGTH "s", "")
    return "at " substr(line, 1, RLENGTH)
  }
  if (in_block || line ~ /^\/\/ expect/ || line ~ /^ *[\/#]+ *```/ || !match(line, mark)) return ""
  text = substr(line, 1, RLENGTH)
  next_start = text
  if (match(substr(line, length(text) + 1), /^ *([-*] |[0-9]+\. )?/)) {
    text = text substr(line, length(text) + 1, RLENGTH)
    next_start = next_start sprintf("%" RLENGTH "s", "")
  }
  return "at " text
}
# Where a line that starts with so many characters that are no words can be broken: the last blank within the limit that
# is not in a span of code, and before no word that begins a list; else the first one behind it.
function break_of(line, first,   i, c, code, at) {
  at = code = 0
  for (i = 1; i <= length(line); ++i) {
    c = substr(line, i, 1)
    if (c == "`") code = !code
    if (c != " " || code || i <= first || substr(line, i + 1) ~ /^([-+*#>|]+|[0-9]+[.)]) /) continue
    if (i > limit + 1 && at > 0) break
    at = i
    if (i > limit + 1) break
  }
  return at
}
{ lines[++n] = $0 }
END {
  page = file ~ /\.md$/
  mark = file ~ /\.[ch]pp$/ ? "^ *///?<?!? " : "^ *# "
  for (i = 1; i <= n; ++i) {
    line = lines[i]
    if (line ~ /^ *[\/#]* *```/) in_block = !in_block
    is_rule = line ~ /^ *[\/#]+ .*-----------$/
    if (update && is_rule && length(line) > limit) line = substr(line, 1, limit)
    start = is_rule ? "" : start_of(line)
    first = length(start) - 3
    at = length(line) <= limit ? 0 : is_rule ? limit : start != "" ? break_of(line, first) : 0
    if (at == 0) {
      if (update) print line
      continue
    }
    if (!update) {
      printf "%s:%d: %d columns; at most %d are allowed\n", file, i, length(line), limit
      continue
    }
    print substr(line, 1, at - 1)
    rest = substr(line, at + 1)
    indent = next_start
    # The rest goes in front of the next line, if that goes on with the same sentence.
    following = ""
    if (i < n) {
      following = start_of(lines[i + 1])
      if (following != "at " indent || lines[i + 1] ~ /^ *$/ || length(lines[i + 1]) <= length(indent)) following = ""
    }
    if (following != "") {
      lines[i + 1] = indent rest " " substr(lines[i + 1], length(indent) + 1)
    } else {
      # One more line, in the place of this one.
      lines[i--] = indent rest
    }
  }
}
AWK

files=("${@:2}")
[ ${#files[@]} -gt 0 ] || mapfile -t files < <(
  find README.md docs examples include tests .cmake .ci .github CMakeLists.txt -type f \( -name '*.md' -o -name '*.[ch]pp' \
    -o -name '*.sh' -o -name '*.bash' -o -name '*.cmake' -o -name CMakeLists.txt -o -path .ci/run \) 2>/dev/null | sort)
failed=0
for file in "${files[@]}"; do
  awk -v file="$file" -v limit="$limit" -v update="$([ "${1-}" != --update ] || echo 1)" -f "$work/wrap.awk" "$file" >"$work/out"
  if [ "${1-}" != --update ]; then
    [ ! -s "$work/out" ] || { cat "$work/out" >&2; failed=1; }
  elif ! cmp -s "$work/out" "$file"; then
    cat "$work/out" >"$file"
    echo "updated $file"
  fi
done
exit $failed
