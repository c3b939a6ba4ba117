#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# by_hand.sh: a benchmark that is run by hand, without what CTest sets, on a machine without compilers, says what it
# needs; and so does a test with a real server where its programs were not built.
set -euo pipefail
cd "${TENAX_ROOT:-$(dirname "$0")/../..}"

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
for tool in bash dirname mktemp rm; do ln -s "$(command -v $tool)" "$work/$tool"; done

failed=0
for script in tests/benchmarks/*.sh; do
  result=0
  said=$(env -i "PATH=$work" bash "$script" 2>&1) || result=$?
  if [ $result -ne 1 ] || [[ $said != "${script##*/} needs "*"; install "* ]] || [[ $said == *$'\n'* ]]; then
    printf '%s ended with %d and said:\n%s\n' "$script" $result "$said" >&2
    failed=1
  fi
done

# A copy, where nothing was built.
mkdir -p "$work/tests"
cp -r tests/end_to_end "$work/tests"
for script in "$work"/tests/end_to_end/*.sh "$work"/tests/end_to_end/{limiter,throughput}.bash; do
  result=0
  said=$(env -i "PATH=$PATH" bash "$script" 2>&1) || result=$?
  if [ $result -eq 0 ] || [[ ! $said =~ ^"${script##*/}"(" needs "|": ").* ]] || [[ $said == *"unbound variable"* || $said == *$'\n'* ]]; then
    printf '%s ended with %d and said:\n%s\n' "$script" $result "$said" >&2
    failed=1
  fi
done
exit $failed
