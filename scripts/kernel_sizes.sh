#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# Bytes of code of each kernel in the table of costs, as a release build makes it for the core that it is for, and with
# the table that goes along with a kernel of 256 words: holds them against that table, tool/plan/choose.c, and prints those
# that differ by more than an eighth, as another release of the compiler may make them. usage: kernel_sizes.sh ROOT [all]
set -euo pipefail
cd "$1"
command -v arm-none-eabi-gcc > /dev/null || { echo "skipped: arm-none-eabi-gcc is not installed"; exit 77; }
object=$(mktemp)
trap 'rm -f "$object"' EXIT

status=0
while read -r name code; do
    base=${name%%__*} target=${name#"${name%%__*}"}
    case $target in
    __arm_v6m) cpu=cortex-m0 ;;
    __arm_v7m) cpu=cortex-m3 ;;
    *) cpu=cortex-m4 ;;
    esac
    file=mote/kernel/${target#__}${target:+/}$base.c
    arm-none-eabi-gcc -mcpu=$cpu -mthumb -O2 -ffreestanding -c "$file" -o "$object"
    size=$(arm-none-eabi-size "$object" | awk 'NR == 2 { print $1 }')
    [[ $base == *_table_* ]] && size=$((size + 1024))
    if ((8 * (size > code ? size - code : code - size) > code)); then
        echo "$name: $size bytes, the table says $code"
        status=1
    elif [[ ${2:-} == all ]]; then
        echo "$name: $size"
    fi
done < <(sed -n 's/^    {KERNEL_\(\w*\),.*, \([0-9]*\)},$/\1 \2/p' tool/plan/choose.c)
exit $status
