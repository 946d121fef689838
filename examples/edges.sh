#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# A model of this repository on a picture of 5x5 pixels, for demos that lack what they need: one convolution with the
# two filters of Sobel. usage: edges.sh MOTE
set -euo pipefail
mote=$(realpath "$1")
root=$(realpath "$(dirname "$0")/..")
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
echo "demo: falling back to the edge detector in tests/model"
printf '\0\0\0dd\0\0\0dd\0\0\0dd\0\0\0dd' > edge.in
"$mote" run "$root/tests/model/sobel.tflite" --input edge.in --output edge.out
echo "  a picture with an upright edge, and how upright the model finds its edges:"
paste -d ' ' <(od -An -v -td1 -w5 edge.in) \
    <(od -An -v -td1 -w10 edge.out | awk '{printf "    %4d %4d %4d %4d %4d\n", $1, $3, $5, $7, $9}')
