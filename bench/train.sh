#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# Seconds for one epoch of the keyword DS-CNN of MLPerf Tiny, here and by PyTorch from Debian (python3-torch), on the same
# cores in the same run: train.sh [WINDOWS [THREADS]]
# They take turns, and the best epoch of each counts, so that a busy machine disturbs neither more than the other.
set -euo pipefail
root=$(realpath "$(dirname "$0")/..")
windows=${1:-10000} threads=${2:-$(nproc)} rounds=2
python=/usr/bin/python3

best() { awk -v a="$1" -v b="$2" 'BEGIN {print (a == "" || b + 0 < a + 0 ? b : a)}'; }

mine='' peer=''
for ((i = 0; i < rounds; i++)); do
    mine=$(best "$mine" "$("$root/build/bench/bench_train" "$windows" "$threads" 2)")
    "$python" -c 'import torch' 2> /dev/null || continue
    peer=$(best "$peer" "$("$python" "$root/bench/train_torch.py" "$windows" "$threads" 1)")
done
printf 'one epoch of %d windows, %d threads: mote %.2f s' "$windows" "$threads" "$mine"
if [[ -n $peer ]]; then
    awk -v a="$mine" -v b="$peer" 'BEGIN {printf ", PyTorch %.2f s, ratio %.2f\n", b, b / a}'
else
    printf '; python3-torch is not installed\n'
fi
