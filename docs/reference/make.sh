#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# make.sh TOP GIR OUTPUT: makes the API reference in the folder OUTPUT. A warning of gi-docgen is an error.
set -eu

top=$1 gir=$2 output=$3
content=$(mktemp -d)
trap 'rm -rf "$content"' EXIT

"${PYTHON3:-python3}" "$top/docs/reference/pages.py" "$top" "$gir" "$content"
rm -rf "$output"
mkdir -p "$output"
"${GI_DOCGEN:-gi-docgen}" generate -q --fatal-warnings --no-namespace-dir -C "$top/docs/reference/car.toml" \
    --content-dir "$content" --content-dir "$top/docs" --output-dir "$output" "$gir"
