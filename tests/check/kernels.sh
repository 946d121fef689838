#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# Kernels for one target compute what the portable ones do: operators of the test tables, as models, on an emulated core.
# usage: kernels.sh ROOT MOTE TEST_OP
set -uo pipefail
tables=$(realpath "$1")/tests/op
mote=$(realpath "$2")
test_op=$(realpath "$3")
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work" || exit 1
core=cortex-m4f

for tool in arm-none-eabi-gcc qemu-system-arm; do
    command -v "$tool" > /dev/null || { echo "skipped: $tool is not installed"; exit 77; }
done
"$test_op" "$tables/packed.test" --corpus . > /dev/null || exit 1
special=0
failures=0
for model in *.tflite; do
    "$mote" compile "$model" -o out --target $core > said 2>&1 || { echo "FAILED: $model: $(cat said)"; failures=$((failures + 1)); }
    ls out | grep -q arm_dsp && special=$((special + 1))
    "$mote" verify "$model" --on $core > said 2>&1 || { echo "FAILED: $model: $(tail -2 said)"; failures=$((failures + 1)); }
done
((special >= 14)) || { echo "FAILED: only $special models use special kernels"; failures=$((failures + 1)); }
((failures == 0)) && echo "$special models: the same bits by special kernels"
exit $((failures > 0))
