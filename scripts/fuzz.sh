#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# Feeds the readers broken models: fuzz.sh [SECONDS [TARGET...]], 60 seconds for each of the targets read and run.
# New finds go to build/fuzz/TARGET; a crash is kept there as crash-*, and belongs into fuzz/regress when it is fixed.
# More models to start from: FUZZ_SEEDS="DIR ..."
set -euo pipefail
cd "$(dirname "$0")/.."
seconds=${1:-60}
shift || true
targets=${*:-read run}

cmake --preset fuzz > /dev/null
cmake --build --preset fuzz
mkdir -p build/fuzz/tables
build/fuzz/test_op --corpus build/fuzz/tables > /dev/null
for target in $targets; do
    mkdir -p "build/fuzz/$target"
    (cd build/fuzz && "./fuzz_$target" -max_total_time="$seconds" -timeout=10 -rss_limit_mb=1024 -max_len=65536 \
        -dict=../../fuzz/tflite.dict -print_final_stats=1 -verbosity=0 -artifact_prefix="$target/" \
        "$target" ../../fuzz/corpus ../../fuzz/regress tables ${FUZZ_SEEDS:-})
done
