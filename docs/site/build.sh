#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# build.sh: builds the site, with the explorer's engine: bash docs/site/build.sh OUTPUT
set -euo pipefail
cd "$(dirname "$0")/../.."
output=$(realpath -m "${1:?the folder to write}")
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
bash examples/explorer/build.sh "$work/explorer.wasm" &
mkdocs build --strict --quiet --config-file docs/site/mkdocs.yml --site-dir "$output"
wait $!
cp "$work/explorer.wasm" "$output/explorer/"
