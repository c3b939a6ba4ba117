#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# controls.sh: the checks are checked: each of these mistakes must be found, and what is right must pass.
set -euo pipefail
scripts=$(cd "$(dirname "$0")" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
export TENAX_ROOT=$work/tree
failed=0

start_again() {
  rm -rf "$TENAX_ROOT"
  mkdir -p "$TENAX_ROOT/docs" "$TENAX_ROOT/tests/docs"
  printf 'int main() {\n  // [one]\n  int a = 1;\n\n    int b = 2;\n  // [/one]\n  // [two]\n  return 0;\n  // [/two]\n}\n' \
    >"$TENAX_ROOT/tests/docs/a.cpp"
  page '<!-- snippet: tests/docs/a.cpp#one -->' '```cpp' 'int a = 1;' '' '  int b = 2;' '```' \
    '<!-- snippet: tests/docs/a.cpp#two -->' '```cpp' 'return 0;' '```'
  printf '# A title, `code` & more\n[up](#a-title-code--more) [page](docs/page.md#page)\n' >"$TENAX_ROOT/README.md"
}
page() { printf '%s\n' '# page' "$@" >"$TENAX_ROOT/docs/page.md"; }
add() { printf '%s\n' "$@" >>"$TENAX_ROOT/docs/page.md"; }

# expect <script> <what it must say; nothing: it must pass>
expect() {
  local said result=0
  said=$(bash "$scripts/$1.sh" 2>&1) || result=$?
  if { [ -z "$2" ] && [ $result -ne 0 ]; } || { [ -n "$2" ] && { [ $result -eq 0 ] || [[ $said != *"$2"* ]]; }; }; then
    printf '%s.sh ended with %s instead of saying "%s":\n%s\n' "$1" "$result" "$2" "$said" >&2
    failed=1
  fi
  start_again
}

start_again
expect snippets ''
sed -i 's/a = 1/a = 2/' "$TENAX_ROOT/docs/page.md"
expect snippets 'docs/page.md:7: the block is not what tests/docs/a.cpp#one says'
add '```cpp' 'int c;' '```'
expect snippets 'a cpp block without a snippet marker'
add '```sh' 'rm -rf /' '```'
expect snippets 'a sh block without a command marker'
add '```' 'what' '```'
expect snippets 'a block without a language'
add '- an item' '  ```text' '  what' '```'
expect snippets 'an indented block'
add '```text' 'what'
expect snippets 'a block without an end'
add '<!-- snippet: tests/docs/a.cpp#three -->' '```cpp' '```'
expect snippets 'tests/docs/a.cpp#three exists 0 times'
add '<!-- snippet: tests/docs/b.txt -->' '```text' '```'
expect snippets 'tests/docs/b.txt is empty or does not exist'
add '<!-- snippet: tests/docs/a.cpp#one -->' 'words'
expect snippets 'no block after a snippet marker'
sed -i '/\[\/one\]/d' "$TENAX_ROOT/tests/docs/a.cpp"
expect snippets 'tests/docs/a.cpp#one has no end'
printf '// [one]\n// [/one]\n' >>"$TENAX_ROOT/tests/docs/a.cpp"
expect snippets 'tests/docs/a.cpp#one exists 2 times'
printf '// [three]\n// [/three]\n' >>"$TENAX_ROOT/tests/docs/a.cpp"
expect snippets 'tests/docs/a.cpp#three is shown on no page'

add '<!-- snippet: tests/docs/a.cpp#two -->' '```cpp' 'return 0;' '```'
expect snippets 'tests/docs/a.cpp#two stands in docs/ 2 times'
printf '%s\n' '<!-- snippet: tests/docs/a.cpp#two -->' '```cpp' 'return 0;' '```' >>"$TENAX_ROOT/README.md"
expect snippets ''

sed -i -e 's/a = 1/a = 7/' "$TENAX_ROOT/tests/docs/a.cpp"
bash "$scripts/snippets.sh" --update >/dev/null
grep -qx 'int a = 7;' "$TENAX_ROOT/docs/page.md" || { echo "snippets.sh --update did not update" >&2; failed=1; }
expect snippets ''

# For pages.sh: what a repository must have.
whole() {
  mkdir -p "$TENAX_ROOT/docs/reference" "$TENAX_ROOT"/include/tenax/{detail,when,wait,stop}
  for role in when wait stop; do
    printf '[[nodiscard]] constexpr auto %s_one(int i) {\n' $role >"$TENAX_ROOT/include/tenax/$role/one.hpp"
    printf '# %s\n## %s_one\n`<tenax/%s/one.hpp>`\n' $role $role $role >"$TENAX_ROOT/docs/reference/$role.md"
  done
  touch "$TENAX_ROOT/include/tenax/detail/private.hpp"
  printf '  [[nodiscard]] constexpr auto %s(F f) const {\n' setter_one wrap >"$TENAX_ROOT/include/tenax/retrying.hpp"
  printf '# retrying\n`<tenax/retrying.hpp>`\n| `.setter_one(f)` | what it takes |\n' >"$TENAX_ROOT/docs/reference/retrying.md"
  touch "$TENAX_ROOT/docs/contributing.md"
  printf '(%s)\n' contributing.md page.md reference/{when,wait,stop,retrying}.md >"$TENAX_ROOT/docs/index.md"
  printf '%s\n' '```cpp' '```' '<!-- command: '{demo,test,try}' -->' >"$TENAX_ROOT/README.md"
}
whole
expect pages ''
whole
seq 200 >>"$TENAX_ROOT/README.md"
expect pages 'README.md has 205 lines'
whole
{ seq 30; cat "$TENAX_ROOT/README.md"; } >"$TENAX_ROOT/late" && mv "$TENAX_ROOT/late" "$TENAX_ROOT/README.md"
expect pages 'README.md shows no code before line 30'
whole
sed -i '/command: demo/d' "$TENAX_ROOT/README.md"
expect pages 'README.md must have the command demo'
whole
touch "$TENAX_ROOT/include/tenax/new.hpp"
expect pages 'no page in docs/reference mentions <tenax/new.hpp>'
whole
sed -i '/(page.md)/d' "$TENAX_ROOT/docs/index.md"
expect pages 'docs/index.md has no link to docs/page.md'
whole
echo '| `tenax::wait_one`, `two` | `<tenax/wait/one.hpp>` |' >>"$TENAX_ROOT/docs/index.md"
expect pages '<tenax/wait/one.hpp> has no two, which docs/index.md says'
whole
echo 'inline constexpr two_strategy two{};' >>"$TENAX_ROOT/include/tenax/wait/one.hpp"
expect pages 'docs/reference/wait.md has no heading for wait::two'

whole
sed -i 's/setter_one/setter_two/' "$TENAX_ROOT/include/tenax/retrying.hpp"
expect pages 'docs/reference/retrying.md has no row for the setter .setter_two'

whole
printf '`include/tenax/%s`\n' wait/one.hpp wait/NAME.hpp >"$TENAX_ROOT/docs/contributing.md"
expect pages ''
whole
printf '`include/tenax/%s`\n' wait/two.hpp >"$TENAX_ROOT/docs/contributing.md"
expect pages 'docs/contributing.md names include/tenax/wait/two.hpp, which does not exist'
whole
printf '`include/tenax/%s`\n' weight/NAME.hpp >"$TENAX_ROOT/docs/contributing.md"
expect pages 'docs/contributing.md names include/tenax/weight/NAME.hpp, which does not exist'

# For anatomy.sh: a gate, a client and a strategy.
grown() {
  mkdir -p "$TENAX_ROOT"/docs/reference/{gates,clients} "$TENAX_ROOT"/include/tenax/{gate,wait}
  printf '  class ticket {\n' >"$TENAX_ROOT/include/tenax/gate/door.hpp"
  printf '%s\n' '# door' '' 'Lets some in.' '' 'Header: `<tenax/gate/door.hpp>`.' '' '**When.** Often.' '' '**When not.** Never.' '' \
    '## Options' '' '| option |' '|---|' '' '## Example' '' '<!-- snippet: a -->' '```cpp' '# no heading' '```' '' \
    '## How it works' '' '- **Formula** 1' '' '## Errors' '' 'None.' '' '## Source' '' 'The own.' \
    | tee "$TENAX_ROOT/docs/reference/clients/door.md" >"$TENAX_ROOT/docs/reference/gates/door.md"
  printf '(clients/door.md)\n' >"$TENAX_ROOT/docs/reference/clients.md"
  printf '[[nodiscard]] constexpr auto door(int i) {\n' >"$TENAX_ROOT/include/tenax/wait/door.hpp"
  printf '%s\n' '# wait' '## door' '- **Formula** 1' '- **When** often' '<!-- snippet: a -->' >"$TENAX_ROOT/docs/reference/wait.md"
}
grown
expect anatomy ''
for part in '**When.** Often.|has no paragraph **When.**' '**When not.** Never.|has no paragraph **When not.**' '|---||has no table of options' \
  '## Source|has nothing below the heading Source' 'None.|has nothing below the heading Errors' '<!-- snippet: a -->|has no example' \
  '- **Formula** 1|has no formula' 'Header: `<tenax/gate/door.hpp>`.|names no header' 'Lets some in.|does not say first what it is about'; do
  grown
  grep -vxF -e "${part%|*}" "$TENAX_ROOT/docs/reference/gates/door.md" >"$TENAX_ROOT/less" || true
  mv "$TENAX_ROOT/less" "$TENAX_ROOT/docs/reference/gates/door.md"
  expect anatomy "docs/reference/gates/door.md ${part##*|}"
done
grown
rm "$TENAX_ROOT/docs/reference/gates/door.md"
expect anatomy 'docs/reference/gates/door.md is missing: <tenax/gate/door.hpp> has a gate'
grown
seq 1400 >>"$TENAX_ROOT/docs/reference/clients/door.md"
expect anatomy 'words; at most 1300 are allowed'
grown
: >"$TENAX_ROOT/docs/reference/clients.md"
expect anatomy 'docs/reference/clients.md has no row for docs/reference/clients/door.md'
grown
echo 'tenax_component(window' >"$TENAX_ROOT/CMakeLists.txt"
expect anatomy 'no page in docs/reference/clients is about the component tenax::window'
grown
sed -i '/When/d' "$TENAX_ROOT/docs/reference/wait.md"
expect anatomy 'docs/reference/wait.md says nothing with **When** about wait::door'

expect links ''
add '[nowhere](../docs/other.md)'
expect links 'docs/page.md:12: no file for ../docs/other.md'
add '[nowhere](../README.md#a-title)'
expect links 'docs/page.md:12: no heading for ../README.md#a-title'
add '`[](int)` [elsewhere](https://example.org/) [up](../README.md)' '```text' '[](nothing)' '```'
expect links ''
# For columns.sh: thirty words of five columns.
words=$(printf 'word %.0s' {1..29})word
narrow() { printf 'ColumnLimit: 120\n' >"$TENAX_ROOT/.clang-format"; }
narrow
expect columns ''
narrow
add "- $words"
expect columns 'docs/page.md:12: 151 columns; at most 120 are allowed'
narrow
printf '  /// %s\n  /// and on.\n// expect: %s\nint x;  // %s\n' "$words" "$words" "$words" >"$TENAX_ROOT/tests/docs/b.cpp"
expect columns 'tests/docs/b.cpp:1: 155 columns; at most 120 are allowed'
narrow
add "| $words |" '```text' "$words" '```' "[link](https://example.org/${words// /-})"
expect columns ''
narrow
add "- $words" '  and on.'
bash "$scripts/columns.sh" --update >/dev/null
[ "$(sed -n '12,13p' "$TENAX_ROOT/docs/page.md")" = "- $(printf 'word %.0s' {1..22})word"$'\n'"  $(printf 'word %.0s' {1..6})word and on." ] ||
  { sed -n '12,$p' "$TENAX_ROOT/docs/page.md"; echo "columns.sh --update did not wrap"; failed=1; } >&2
expect columns ''
exit $failed
