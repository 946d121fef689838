#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# Runs the test programs, the fuzzers' finds and the program itself under valgrind. usage: valgrind.sh BUILD
set -euo pipefail
cd "$(dirname "$0")/.."
build=$1
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

check() {
    echo "valgrind $*"
    valgrind -q --error-exitcode=3 --leak-check=full --show-leak-kinds=all "$@" > "$work/log" 2>&1 || {
        tail -n 40 "$work/log"
        exit 1
    }
}

while read -r program; do
    check "$program"
done < <(find "$build" "$build/tests" -maxdepth 1 -name 'test_*' -type f -executable | sort)
mapfile -t models < <(find tests/model fuzz -name "*.tflite" | sort)
check "$build/fuzz/replay_read" "${models[@]}"
check "$build/fuzz/replay_run" "${models[@]}"
head -c 20 /dev/zero > "$work/in"
check "$build/mote" run tests/model/sobel.tflite --input "$work/in" --output "$work/out"
check "$build/mote" inspect tests/model/sobel.tflite
echo "valgrind found nothing"
