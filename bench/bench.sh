#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# Times models on this machine, one thread: bench.sh MODEL...
# Without models: those that lie in tests/model, in build/demo and in ../shared/golden.
# MOTE_PEER names a program to compare with; `PEER MODEL --time N` must print "median_us NUMBER" for N invokes.
# Both run in turn, three times; the best median counts, so that a busy machine disturbs neither more than the other.
set -euo pipefail
root=$(realpath "$(dirname "$0")/..")
bench=$root/build/bench/bench_host
rounds=3

if (($# == 0)); then
    shopt -s nullglob
    set -- "$root"/tests/model/*.tflite "$root"/build/demo/node_modules/@mediapipe/*/*short_range.tflite \
        "$root"/../shared/golden/{mlperf,tflm}_*/model.tflite
fi

pin=()
command -v taskset > /dev/null && pin=(taskset -c "$(taskset -cp $$ | sed 's/.*[ ,-]//')")

# The smaller of two medians, the first of which may be missing.
best() { awk -v a="$1" -v b="$2" 'BEGIN {print (a == "" || b + 0 < a + 0 ? b : a)}'; }

printf '%-28s %12s %11s %9s' model MACs us GMAC/s
[[ -z ${MOTE_PEER-} ]] || printf ' %11s %7s' 'peer us' ratio
echo
failed=0
for model; do
    name=$(basename "$model" .tflite)
    [[ $name == model ]] && name=$(basename "$(dirname "$model")")
    mine='' peer='' macs=0
    for ((i = 0; i < rounds; i++)); do
        said=$("${pin[@]}" "$bench" "$model" 2>&1) || { echo "$said" >&2; failed=1; continue 2; }
        read -r _ macs _ median <<< "$said"
        mine=$(best "$mine" "$median")
        if [[ -n ${MOTE_PEER-} ]]; then
            count=$(awk -v us="$mine" 'BEGIN {n = int(500000 / us); print (n < 10 ? 10 : n > 10000 ? 10000 : n)}')
            median=$("${pin[@]}" "$MOTE_PEER" "$model" --time "$count" 2> /dev/null | grep -oE 'median_us [0-9.]+' | cut -d ' ' -f 2) || median=
            [[ -z $median ]] || peer=$(best "$peer" "$median")
        fi
    done
    awk -v name="${name:0:28}" -v macs="$macs" -v us="$mine" -v peer="$peer" -v with="${MOTE_PEER-}" 'BEGIN {
        printf "%-28s %12d %11.2f %9.3f", name, macs, us, macs / us / 1000
        if (with != "") printf peer == "" ? " %11s %7s" : " %11.2f %7.2f", peer == "" ? "-" : peer, peer == "" ? "-" : peer / us
        print ""
    }'
done
exit $failed
