#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# build.sh: builds the site, with the explorer's engine: bash docs/site/build.sh OUTPUT
set -euo pipefail
cd "$(dirname "$0")/../.."
output=$(realpath -m "${1:?the folder to write}")
mkdocs build --strict --quiet --config-file docs/site/mkdocs.yml --site-dir "$output"
bash examples/explorer/build.sh "$output/explorer/explorer.wasm"
