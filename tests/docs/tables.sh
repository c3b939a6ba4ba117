#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# tables.sh: the code in the last column of the tables of docs/coming-from/ is compiled.
#
# A cell's code is looked for in tests/docs/*.cpp without comments, as a part of a line, or of the lines of a statement.
# `...` in a cell stands for anything before a closing brace. coming_from_rows.cpp has what no other page needs.
set -euo pipefail
export LC_ALL=C
cd "${TENAX_ROOT:-$(dirname "$0")/../..}"

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# One line for each file, without comments and with single blanks; none inside of brackets.
tighten='s/([([{]) /\1/g; s/ ([])}])/\1/g; s/\) \./)./g'
for file in tests/docs/*.cpp; do
  sed -E 's|^ *// .*||; s|  // .*||' "$file" | tr -s ' \n' ' ' | sed -E "$tighten"
  echo
done >"$work/compiled"

failed=0
for page in docs/coming-from/*.md; do
  # The last column of the rows below a header, without escapes.
  sed -n 's/\\|/\&#124;/g; /^|[-|]*|$/,/^$/p' "$page" | grep -v '^|[-|]*|$' | sed -nE 's/^\|.*\| (.*) \|$/\1/p' |
    sed -E 's/<\/?code>/`/g; s/&#124;/|/g; s/&lt;/</g; s/&gt;/>/g; s/&amp;/\&/g' |
    grep -oE '`[^`]*`' | tr -d '`' | sed -E "$tighten" | sort -u >"$work/cells" || true
  while IFS= read -r cell; do
    pattern=$(printf '%s' "$cell" | sed -E 's/[][\.*^$+?(){}|\\]/\\&/g; s/\\\.\\\.\\\./[^}]*/g')
    if ! grep -qE -e "$pattern" "$work/compiled"; then
      echo "$page: no file in tests/docs compiles \`$cell\`" >&2
      failed=1
    fi
  done <"$work/cells"
done
exit $failed
