#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# Real models against outputs that the reference implementation computed. They are not part of this repository:
# where there is no folder ../shared/golden, the test is skipped. usage: golden.sh ROOT MOTE
set -euo pipefail
shared=$1/../shared
if [[ ! -d $shared/golden || ! -f $shared/check/golden.py ]]; then
    echo "skipped: no golden models in ../shared/golden"
    exit 77
fi
check() { python3 "$shared/check/golden.py" "$2" "$shared/golden" "${@:3}"; }
# All ONNX models but onnx_ppocr_cls, whose file leaves height and width of its images open.
for name in blazeface hello mnist ultraface light_squeezenet light_shufflenet light_resnet50; do
    check "$1" "$2" --only "onnx_$name"
done
check "$1" "$2" --ext tflite
# No model of convolutions needs a tenth more than what is alive at once.
for model in "$shared"/golden/{mlperf,mltk,tflm,tfs,tinymaix}_*/model.tflite "$shared"/golden/onnx_light_squeezenet/model.onnx; do
    "$2" inspect "$model" --json | python3 -c '
import json, sys
ram = json.load(sys.stdin)["ram"]
sys.exit(ram["tensor_bytes"] > 1.1 * ram["bound_bytes"] + 16)' || { echo "FAILED: $model needs much memory"; exit 1; }
done
