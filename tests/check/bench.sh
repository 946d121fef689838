#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# mote bench: its table and JSON agree, layers add up, flash is that of a plain build, the counter has checked itself on every core that can be had here.
# usage: bench.sh ROOT MOTE TEST_OP
. "$(dirname "$0")/common.sh"
need arm-none-eabi-gcc qemu-system-arm
model=$root/tests/model/sobel.tflite
test_op=$3
export TMPDIR=$work

cores=(--on cortex-m0 --on cortex-m0plus --on cortex-m3 --on cortex-m4 --on cortex-m4f --on cortex-m7 --on cortex-m33 --on cortex-m55)
command -v qemu-system-riscv32 > /dev/null && cores+=(--on riscv32)
said=$("$mote" bench "$model" "${cores[@]}" 2>&1) || fail "mote bench: $said"
[[ $(wc -L <<< "$said") -le 80 ]] || fail "lines of more than 80 columns"
[[ $("$mote" bench "$model" --on host 2>&1) == *'only there mote can count'* ]] || fail "bench --on host"
trade=$("$mote" bench "$model" --on cortex-m4 --optimize all 2>&1) || fail "mote bench --optimize all: $trade"
awk '/^(size|balanced|speed) / { gsub(",", ""); if (++n > 1 && $2 > cycles) exit 1; cycles = $2 } END { exit n != 3 }' \
    <<< "$trade" || fail "more speed takes more cycles: $trade"
if json=$("$mote" bench "$model" --on cortex-m4 --json 2>&1); then
    flash=$("$mote" verify "$model" --on cortex-m4 | awk 'END { print $NF }')
    python3 - "$json" "$flash" << 'END' || fail "the JSON does not add up: $json"
import json, sys
core = json.loads(sys.argv[1])["cores"][0]
layers = sum(layer["instructions"] for layer in core["layers"])
assert core["core"] == "cortex-m4" and 0 < layers <= core["instructions"] < core["cycles"]
assert core["layers"][0]["macs"] == 360 and core["arena_bytes"] > 0 and core["code_bytes"] > 500
assert core["weight_bytes"] + core["table_bytes"] + core["code_bytes"] == int(sys.argv[2])
END
elif [[ $json != *'install libcjson-dev'* ]]; then
    fail "bench --json: $json"
fi

# Of three steps that share their functions one is shown, which counts for all.
mkdir steps
"$test_op" "$root/tests/op/recurrent.test" --corpus steps > /dev/null
steps=$("$mote" bench steps/FULLY_CONNECTED_*.tflite --on cortex-m4 2>&1)
[[ $steps == *'4 more share the function of one of these'* ]] || fail "steps that are alike: $steps"
rm -r steps

# Small code may have less of constants than the model has of weights.
golden=$root/../shared/golden/mlperf_ad_int8/model.tflite
if [[ -f $golden ]]; then
    flash=$("$mote" verify "$golden" --on cortex-m4 --optimize size | awk 'END { print $NF }')
    "$mote" bench "$golden" --on cortex-m4 --optimize size | tr -d , | grep -q "^flash $flash bytes" ||
        fail "flash of small code is not that of a plain build"
fi
[[ -z $(ls -A "$TMPDIR") ]] || fail "files were left behind"

finish "$(grep -E "total|^[a-z0-9-]*:" <<< "$said")"
