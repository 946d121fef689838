#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# Fuzzes the readers of models, data and recipes, and the planner. What it learns stays in build/fuzz; a crash belongs into fuzz/regress, where every
# later `make test` runs it. usage: fuzz.sh SECONDS. FUZZ_SEEDS may name more folders of models to start from.
set -euo pipefail
cd "$(dirname "$0")/.."
seconds=$1
cmake --preset fuzz > /dev/null
cmake --build --preset fuzz -j "$(nproc)"
tables=build/fuzz/tables # the operator tests as models
mkdir -p "$tables"
build/fuzz/test_op --corpus "$tables" > build/fuzz/tables.log
for target in parse quant read run data; do
    learnt=build/fuzz/learnt_$target
    mkdir -p "$learnt"
    seeds=(tests/model tests/onnx fuzz/corpus fuzz/regress "$tables" ${FUZZ_SEEDS:-})
    [[ $target != data ]] || seeds=(fuzz/data)
    echo "fuzzing $target for $seconds seconds"
    build/fuzz/fuzz_$target -max_total_time="$seconds" -dict=fuzz/tflite.dict -timeout=10 -rss_limit_mb=2048 \
        -print_final_stats=1 -verbosity=0 -artifact_prefix=build/fuzz/ "$learnt" "${seeds[@]}" 2> build/fuzz/$target.log || {
        tail -n 30 build/fuzz/$target.log
        echo "fuzz_$target found a crash; its input is in build/fuzz; mend it and move the input to fuzz/regress"
        exit 1
    }
    grep -E 'stat::(number_of_executed_units|average_exec_per_sec)' build/fuzz/$target.log
done
echo "no crash"
