# SPDX-License-Identifier: MIT
# clang.bash: finds a clang that can import modules; for the scripts beside it, which start in the root of the sources.
#
#   $clang, ${flags[@]}    the compiler and its options; $CLANG, $CXX and $CXXFLAGS are looked at first
#   $work                  an empty folder, which is removed at the end
#   build_modules          compiles the modules; ${modules[@]} are the options with which `import` finds them, and
#                          ${objects[@]} is what a program must be linked with
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

clang=
for candidate in "${CLANG-}" "${CXX-}" clang++-19 clang++; do
  [ -n "$candidate" ] && command -v "$candidate" >/dev/null || continue
  version=$("$candidate" -dM -E -x c++ /dev/null 2>/dev/null | sed -n 's/^#define __clang_major__ //p')
  if [ "${version:-0}" -ge 19 ]; then
    clang=$candidate
    break
  fi
done
if [ -z "$clang" ]; then
  echo "The modules are tested with clang 19 or newer, which is not installed: apt-get install clang-19" >&2
  exit 77
fi
read -ra flags <<<"${CXXFLAGS-}"
flags=(-std=c++20 "${flags[@]}" -Iinclude -Wall -Wextra -Wpedantic -Wconversion -Wshadow -Werror)

build_modules() {
  modules=(-fprebuilt-module-path="$work")
  objects=("$work/tenax.o" "$work/tenax.http.o")
  "$clang" "${flags[@]}" "$@" --precompile include/tenax/tenax.cppm -o "$work/tenax.pcm"
  "$clang" "${flags[@]}" "$@" "${modules[@]}" --precompile include/tenax/http/http.cppm -o "$work/tenax.http.pcm"
  # The objects contain little more than initializers: the functions of headers are compiled where they are used.
  "$clang" "${modules[@]}" -c "$work/tenax.pcm" -o "$work/tenax.o"
  "$clang" "${modules[@]}" -c "$work/tenax.http.pcm" -o "$work/tenax.http.o"
}
