#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# The whole story on data that any Debian machine can make: words spoken by espeak-ng in many voices, in noise; a model
# trained on them, quantised, compiled to C, and that C proved and priced on an emulated Cortex-M4. What was made stays
# in DIR. usage: demo.sh MOTE DIR
set -euo pipefail
mote=$(realpath "$1")
root=$(realpath "$(dirname "$0")/..")
mkdir -p "$2"
cd "$2"
dir=$2

fall_back() {
    "$root/examples/edges.sh" "$mote"
    exit 0
}

command -v espeak-ng > /dev/null || { echo "demo: there is no espeak-ng to speak the words" >&2; fall_back; }
if [[ ! -d words ]]; then
    echo "demo: 800 recordings of yes, no, up, down, other words and silence, in $dir/words"
    rm -rf words.part
    python3 "$root/examples/words.py" words.part
    mv words.part words
fi

echo "demo: training on them"
"$mote" train "$root/recipes/keyword.yaml" --data words -o keyword --set train.epochs=40 \
    --set augment.copies=3 --set model.dropout=0.1

echo
echo "demo: the C that came of it, sound in as it comes and a decision every 0.4 s, on an emulated Cortex-M4 against this machine"
"$mote" verify keyword/stream.tflite --on cortex-m4 --input-fed
echo
"$mote" bench keyword/stream.tflite --on cortex-m4 --input-fed
echo
echo "demo: how good it is, and what it gets wrong: $dir/keyword/report.html"
echo "demo: the firmware's part: $dir/keyword/c"
