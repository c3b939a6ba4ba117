#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# names.sh: the modules export every public name of the headers, and no private one.
#
#   bash tests/module/names.sh            fails if a module is not what the headers say
#   bash tests/module/names.sh --update   writes include/tenax/tenax.cppm and include/tenax/http/http.cppm
#
# clang lists what the headers declare. A name is public if a using-declaration can name it and it is in no namespace
# detail or platform,
# so members, parameters and friends that only argument-dependent lookup finds are left out.
set -euo pipefail
export LC_ALL=C
cd "$(dirname "$0")/../.."
source tests/module/clang.bash

core=include/tenax/tenax.cppm
http=include/tenax/http/http.cppm
# Names that are not there with every standard library, and the macro that says so.
conditional=(tenax::stop_token_of __cpp_lib_jthread)

failed=0
fail() {
  printf '%s\n' "$*" >&2
  failed=1
}

# The public headers that need only the standard library: CMakeLists.txt names the others.
grep -oE 'tenax/[a-z0-9_/]+\.hpp' CMakeLists.txt | sort -u >"$work/components"
(cd include && find tenax -name '*.hpp' ! -path '*/detail/*' ! -path 'tenax/platform/*' | sort | grep -vxFf "$work/components") >"$work/headers"
grep -vE '^tenax/http[./]' "$work/headers" >"$work/core_headers"
grep -E '^tenax/http[./]' "$work/headers" >"$work/http_headers"

includes() { sed 's/.*/#include <&>/' "$1"; }

# visible <lines that declare> <names> [options]...: the names that a using-declaration can name after these lines.
visible() {
  local before=$1 names=$2 first
  shift 2
  { cat "$before"; sed 's/.*/namespace here { namespace { using &; } }/' "$names" | awk '{ sub("here", "n" NR); print }'; } >"$work/using.cpp"
  first=$(wc -l <"$before")
  "$clang" "${flags[@]}" "$@" -w -fsyntax-only -ferror-limit=0 -fno-caret-diagnostics "$work/using.cpp" 2>"$work/errors" || true
  if grep -F 'error:' "$work/errors" | grep -vF "$work/using.cpp:" >&2; then return 1; fi
  sed -nE "s|^$work/using.cpp:([0-9]+):[0-9]+: error: .*|\1|p" "$work/errors" | sort -un |
    awk -v first="$first" 'FILENAME == "-" { bad[$1]; next } !((FNR + first) in bad)' - "$names"
}

# declared <headers> <file>: the public names of the headers; the file gets the private ones.
declared() {
  includes "$1" >"$work/lines"
  "$clang" "${flags[@]}" -fsyntax-only -x c++ -Xclang -ast-list "$work/lines" |
    grep -E '^tenax(::[a-z0-9_]+)*::([A-Za-z0-9_]+|operator(""[a-z_]+|[^a-z :"]+))$' | sort -u >"$work/candidates"
  grep -vE '::(detail|platform)(::|$)' "$work/candidates" >"$work/outside"
  visible "$work/lines" "$work/outside" >"$work/public"
  grep -E '::(detail|platform)::' "$work/candidates" >"$work/inside"
  visible "$work/lines" "$work/inside" >"$2"
  # A using-declaration can name an enumerator as well; it comes with its enumeration.
  awk 'NR == FNR { known[$0]; next }
    { parent = $0; while (sub(/::[^:]*$/, "", parent)) if (parent in known) next; print }' "$work/public" "$work/public"
}

# exports <names>: the using-declarations, a block for each namespace.
exports() {
  sed -E 's/^(.*)::([^:]*)$/\1 \2/' "$1" | sort -u -k1,1 -k2,2 | awk -v conditional="${conditional[*]}" '
    BEGIN { n = split(conditional, pairs, " "); for (i = 1; i < n; i += 2) macro[pairs[i]] = pairs[i + 1] }
    function end() { if (space != "") printf "}  // namespace %s\n", space }
    $1 != space { end(); space = $1; printf "\nexport namespace %s {\n", space }
    {
      name = $1 "::" $2
      if (name in macro) printf "#if defined(%s)\nusing %s;\n#endif\n", macro[name], name
      else printf "using %s;\n", name
    }
    END { end() }'
}

declared "$work/core_headers" "$work/core_private" >"$work/core_names"
declared "$work/headers" "$work/private" >"$work/names"
grep -vxFf "$work/core_names" "$work/names" >"$work/http_names"

{
  cat <<'END'
// SPDX-License-Identifier: MIT
// tenax.cppm: `import tenax;` instead of including headers. The module has every name of the headers that need only the
// standard library; those of HTTP are in tenax.http. Written by `bash tests/module/names.sh --update`.
module;

END
  includes "$work/core_headers"
  printf '\nexport module tenax;\n'
  cat <<'END'

// The literals and the operators of durations, such as 100ms and <=, without a header of the standard library.
export namespace std {
namespace chrono {
using std::chrono::operator+;
using std::chrono::operator-;
using std::chrono::operator*;
using std::chrono::operator/;
using std::chrono::operator%;
using std::chrono::operator==;
using std::chrono::operator<;
using std::chrono::operator<=;
using std::chrono::operator>;
using std::chrono::operator>=;
using std::chrono::operator<=>;
}  // namespace chrono
inline namespace literals {
inline namespace chrono_literals {
using std::literals::chrono_literals::operator""h;
using std::literals::chrono_literals::operator""min;
using std::literals::chrono_literals::operator""s;
using std::literals::chrono_literals::operator""ms;
using std::literals::chrono_literals::operator""us;
using std::literals::chrono_literals::operator""ns;
}  // namespace chrono_literals
}  // namespace literals
}  // namespace std
END
  printf '%s\n' "${conditional[0]}" | cat "$work/core_names" - >"$work/exported"
  exports "$work/exported"
} >"$work/tenax.cppm"
{
  cat <<'END'
// SPDX-License-Identifier: MIT
// http.cppm: `import tenax.http;` has what `import tenax;` has, and every name of the headers in http/ that need only the
// standard library. Written by `bash tests/module/names.sh --update`.
module;

END
  includes "$work/http_headers"
  printf '\nexport module tenax.http;\n\nexport import tenax;\n'
  exports "$work/http_names"
} >"$work/http.cppm"

if [ "${1-}" = --update ]; then
  cp "$work/tenax.cppm" $core
  cp "$work/http.cppm" $http
fi
for file in $core $http; do
  diff -u "$file" "$work/${file##*/}" >&2 ||
    fail "$file is not what the headers say; \`bash tests/module/names.sh --update\` writes it"
done

# Whatever is written there: importing must find the names, and no private one.
build_modules
for module in tenax tenax.http; do
  [ $module = tenax ] && names=core_names || names=names
  printf 'import %s;\n' $module >"$work/lines"
  visible "$work/lines" "$work/$names" "${modules[@]}" >"$work/found"
  missing=$(grep -vxFf "$work/found" "$work/$names" | tr '\n' ' ' || true)
  [ -z "$missing" ] || fail "public names that \`import $module;\` does not bring: $missing"
  excess=$(visible "$work/lines" "$work/private" "${modules[@]}" | tr '\n' ' ')
  [ -z "$excess" ] || fail "private names that \`import $module;\` brings: $excess"
done

# The index of names is a list that is kept for other reasons.
while IFS='|' read -r names header; do
  grep -qxF "$header" "$work/headers" || continue
  for name in $(grep -oE '`[a-zA-Z_:]+`' <<<"$names" | tr -d '`' | grep -v '^std::\|^\.\|^httplib::' || true); do
    name=${name##*::}
    grep -qE "::$name\$" "$work/exported" "$work/names" || fail "docs/index.md has $name, which no module exports"
  done
done < <(sed -nE 's/^\| (`.*) \| `<(tenax\/[^>]*)>`.* \|$/\1|\2/p' docs/index.md)

printf 'exported names: tenax %d, tenax.http %d more\n' "$(wc -l <"$work/core_names")" "$(wc -l <"$work/http_names")"
exit $failed
