#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# anatomy.sh: every gate and every client has a page, and these pages have the same parts: what, when, when not, options
# as a table, an example, how it works (for a gate: its formula), errors, source. Every wait strategy and stop condition
# says its formula and when to use it, and has an example. No page of them is long.
set -euo pipefail
export LC_ALL=C
cd "${TENAX_ROOT:-$(dirname "$0")/../..}"

failed=0
fail() {
  printf '%s\n' "$*" >&2
  failed=1
}
most_words=1300  # without code

# without_code FILE: its text as people read it.
without_code() { awk '/^```/ { inside = !inside; next } !inside && !/^<!--/' "$1" | sed -E 's/\]\([^)]*\)/]/g'; }
# section FILE HEADING: the text below a heading, down to the next one of its level or above.
section() {
  awk -v heading="$2" '
    /^```/ { code = !code }
    !code && /^#+ / { match($0, /^#+/); if (inside && RLENGTH <= level) exit; if (substr($0, RLENGTH + 2) == heading) { inside = 1; level = RLENGTH; next } }
    inside' "$1"
}

# anatomy FILE formula|works
anatomy() {
  local page=$1 what words
  what=$(awk 'NR > 1 && NF { print; exit }' "$page")
  [[ $what == [A-Za-z\`\[]* && $what != Header* && $what != Component* ]] || fail "$page does not say first what it is about"
  grep -qE 'Headers?: .*`<tenax/' "$page" || grep -qE '^\|.* header \|' "$page" || fail "$page names no header"
  for part in When 'When not'; do
    grep -qE "^\*\*$part\.\*\* " "$page" || fail "$page has no paragraph **$part.**"
  done
  for heading in Options Example 'How it works' Errors Source; do
    [ -n "$(section "$page" "$heading")" ] || fail "$page has nothing below the heading $heading"
  done
  [[ $(section "$page" Options) == *'|---|'* ]] || fail "$page has no table of options"
  [[ $(section "$page" Example) == *'<!-- snippet: '* ]] || fail "$page has no example"
  if [ "$2" = formula ]; then
    [[ $(section "$page" 'How it works') == *'**Formula**'* ]] || fail "$page has no formula"
  fi
  words=$(without_code "$page" | wc -w)
  [ "$words" -le $most_words ] || fail "$page has $words words; at most $most_words are allowed"
}

# A gate is a class with tickets.
while IFS= read -r header; do
  name=${header##*/}
  name=${name%.hpp}
  [[ $header != */shared/* ]] || name=shared_$name
  page=docs/reference/gates/$name.md
  [ -e "$page" ] || { fail "$page is missing: <tenax/${header#*tenax/}> has a gate"; continue; }
  anatomy "$page" formula
done < <(grep -lE '^  (class|struct|using) ticket\b' include/tenax/{gate,shared}/*.hpp 2>/dev/null |
  grep -vE '/gate/(gate|waking)\.hpp$' | sort)
for page in docs/reference/gates/*.md; do
  case ${page##*/} in
    your_own.md | costs.md) ;;  # not a gate
    *) [ ! -e "$page" ] || anatomy "$page" formula ;;
  esac
done

for page in docs/reference/clients/*.md; do
  [ -e "$page" ] || continue
  anatomy "$page" works
  grep -qF "(clients/${page##*/})" docs/reference/clients.md || fail "docs/reference/clients.md has no row for $page"
done
# A component is a client, unless it formats or reads text.
while IFS= read -r component; do
  grep -qF "\`tenax::$component\`" docs/reference/clients/*.md || fail "no page in docs/reference/clients is about the component tenax::$component"
done < <(sed -nE 's/^tenax_component\(([a-z_]+).*/\1/p' CMakeLists.txt 2>/dev/null | grep -vxE 'fmt|nlohmann_json')

for role in wait stop; do
  [ -e docs/reference/$role.md ] || continue
  while IFS= read -r name; do
    text=$(section docs/reference/$role.md "$name")
    [ -n "$text" ] || continue  # pages.sh complains
    # Combinations share examples.
    parts=('**Formula**' '**When**')
    ! grep -qx "## $name" docs/reference/$role.md || parts+=('<!-- snippet: ')
    for part in "${parts[@]}"; do
      [[ $text == *"$part"* ]] || fail "docs/reference/$role.md says nothing with $part about $role::$name"
    done
  done < <(sed -nE \
    -e 's/^\[\[nodiscard\]\] constexpr [^(]*[ >]([a-z_]+)\(.*/\1/p' \
    -e 's/^inline constexpr [a-z_]+(<[^>]*>)? ([a-z_]+)\{\};.*/\2/p' \
    -e 's/^struct (sequence) : .*/\1/p' include/tenax/$role/*.hpp | grep -vx bounds_of | sort -u)
done
exit $failed
