# SPDX-License-Identifier: MIT
# needs.bash: what the scripts beside it share, so that each can be run by hand and says what it lacks.

# Set if CTest runs the script: then nanoseconds that are only for information are not measured.
by_ctest=${BENCHMARKS-}

# need <program>...: ends the script with a sentence if one of them is not there.
need() {
  local program missing=()
  for program in "$@"; do
    command -v "$program" >/dev/null || missing+=("$program")
  done
  [ ${#missing[@]} -eq 0 ] && return
  echo "${0##*/} needs ${missing[*]}; install what is missing (Debian and Ubuntu: g++-12, clang-19, valgrind)" >&2
  exit 1
}

# need_header <compiler> <header> <Debian's package>
need_header() {
  echo "#include <$2>" | "$1" -std=c++20 -E -x c++ - >/dev/null 2>&1 && return
  echo "${0##*/} needs the header <$2>; install it (Debian and Ubuntu: $3)" >&2
  exit 1
}
