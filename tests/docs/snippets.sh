#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# snippets.sh: every code block of README.md and docs/ comes from a file that the tests compile and run.
#
#   bash tests/docs/snippets.sh            fails if a block is not what its source says
#   bash tests/docs/snippets.sh --update   writes the sources into the blocks
#
# The line before a ```cpp or ```cmake block names its source; a ```text block may have one:
#   <!-- snippet: tests/docs/wait.cpp#linear -->      the region between the comments `// [linear]` and `// [/linear]`
#   <!-- snippet: examples/expected/04_report.txt --> the whole file
# Common indentation and the comments of other regions are left out. The line before a ```sh block is
# <!-- command: NAME -->, and .ci/run runs it. Other languages are refused. No snippet stands on two pages of docs/, or
# twice on one: the other place has a link.
set -euo pipefail
export LC_ALL=C
cd "${TENAX_ROOT:-$(dirname "$0")/../..}"

mode=${1:-check}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
: >"$work/used"
: >"$work/in_docs"

cat >"$work/snippets.awk" <<'AWK'
function fail(text) {
  printf "%s:%d: %s\n", page, FNR, text > "/dev/stderr"
  failed = 1
}
function indentation(line) {
  match(line, /^ */)
  return RLENGTH
}
# What the source says that `where` names.
function source(where,   hash, path, name, line, tag, inside, found, n, lines, i, common, text) {
  hash = index(where, "#")
  path = hash ? substr(where, 1, hash - 1) : where
  name = hash ? substr(where, hash + 1) : ""
  inside = name == ""
  n = found = 0
  while ((getline line < path) > 0) {
    tag = line
    if (sub(/^ *(\/\/|#) \[/, "[", tag) && tag ~ /^\[\/?[a-z0-9_]+\]$/) {
      if (tag == "[" name "]") { inside = 1; ++found }
      if (tag == "[/" name "]") inside = 0
    } else if (inside) {
      lines[++n] = line
    }
  }
  close(path)
  if (name != "" && found != 1) fail(where " exists " found " times")
  if (name != "" && inside) fail(where " has no end")
  if (name == "" && n == 0) fail(where " is empty or does not exist")
  while (n > 0 && lines[n] == "") --n
  common = 1000
  for (i = 1; i <= n; ++i) if (lines[i] != "" && indentation(lines[i]) < common) common = indentation(lines[i])
  text = ""
  for (i = 1; i <= n; ++i) text = text substr(lines[i], common + 1) "\n"
  sub(/^\n+/, "", text)
  return text
}
function put(line) { if (update) print line > output }
in_block && /^```/ {
  if (marked && !update && block != wanted) fail("the block is not what " where " says:\n" wanted)
  if (marked && update) printf "%s", wanted > output
  in_block = marked = 0
  put($0)
  previous = ""
  next
}
in_block {
  block = block $0 "\n"
  if (!marked) put($0)
  next
}
/^ *```/ {
  language = $0
  sub(/^ *```/, "", language)
  in_block = 1
  block = ""
  marked = previous ~ /^<!-- snippet: .* -->$/
  if (marked) {
    where = substr(previous, 15, length(previous) - 18)
    wanted = source(where)
    print where > used
  }
  if ($0 ~ /^ /) fail("an indented block")
  if (language !~ /^(cpp|cmake|text|sh)$/) fail("a block without a language that is known here: cpp cmake text sh")
  if ((language == "cpp" || language == "cmake") && !marked) fail("a " language " block without a snippet marker")
  if (language == "sh" && previous !~ /^<!-- command: [a-z]+ -->$/) fail("a sh block without a command marker")
  put($0)
  next
}
{
  if (previous ~ /^<!-- snippet: /) fail("no block after a snippet marker")
  put($0)
  previous = $0
}
END {
  if (in_block) fail("a block without an end")
  exit failed
}
AWK

failed=0
while IFS= read -r page; do
  : >"$work/page"
  : >"$work/used_here"
  update=0
  [ "$mode" != --update ] || update=1
  if ! awk -v page="$page" -v update=$update -v output="$work/page" -v used="$work/used_here" -f "$work/snippets.awk" "$page"; then
    failed=1
  elif [ $update = 1 ] && ! cmp -s "$work/page" "$page"; then
    cat "$work/page" >"$page"
    echo "updated $page"
  fi
  cat "$work/used_here" >>"$work/used"
  [ "$page" = README.md ] || cat "$work/used_here" >>"$work/in_docs"
done < <(find README.md docs -name '*.md' | sort)

awk '$0 != "" { ++n[$0] } END { for (s in n) if (n[s] > 1) { print s " stands in docs/ " n[s] " times; the other places need a link"; bad = 1 } exit bad }' \
  "$work/in_docs" >&2 || failed=1

# What no page shows is a test of something else, or forgotten.
find tests/docs -name '*.cpp' -o -name 'CMakeLists.txt' | sort | while IFS= read -r file; do
  sed -nE "s|^ *(//\|#) \[([a-z0-9_]+)\]\$|$file#\2|p" "$file"
done | sort >"$work/regions"
find tests/docs/text -name '*.txt' 2>/dev/null >>"$work/regions" || true
if grep -vxFf "$work/used" "$work/regions" >"$work/unused"; then
  sed 's/$/ is shown on no page/' "$work/unused" >&2
  failed=1
fi
exit $failed
