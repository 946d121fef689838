#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# Kernels for one kind of core compute what the portable ones do: models of many random operators on emulated cores, bit
# for bit, and, where it has kernels for them, the tables of cases for recurrent layers. Each row KERNEL_FOR of kernel.def
# must have been used, and each kernel with tables of its own. MOTE_KERNEL_SEEDS: how many such models.
# usage: kernels.sh ROOT MOTE KERNEL_MODEL TEST_OP
. "$(dirname "$0")/common.sh"
need arm-none-eabi-gcc qemu-system-arm
rows=$root/mote/kernel/kernel.def
kernel_model=$3
test_op=$4

seeds=${MOTE_KERNEL_SEEDS:-1}
for ((seed = 1; seed <= seeds; seed++)); do
    "$kernel_model" any "$seed" 400 "$seed.tflite" || exit 1
done

for table in lstm svdf; do
    mkdir $table
    "$test_op" "$root/tests/op/$table.test" --corpus $table > /dev/null || exit 1
    for model in "$table"/*.tflite; do # some are there to be refused
        "$mote" inspect "$model" > /dev/null 2>&1 || rm "$model"
    done
done

# portable kernels, and those with tables in their place
for how in size speed; do
    for model in *.tflite; do
        "$mote" verify "$model" --on host --optimize $how > said 2>&1 || fail "$model on host, $how: $(tail -2 said)"
    done
done
"$mote" compile 1.tflite -o out --name k --optimize speed > said 2>&1 || fail "1.tflite: $(cat said)"
for name in $(sed -n "s/^KERNEL(\(\w*_table_\w*\),.*/\1/p" "$rows"); do
    grep -q "k_${name}(" out/k.c || fail "no operator used mote_${name}"
done

# core, and the target of its rows
while read -r core target; do
    : > used
    models=(*.tflite)
    for table in lstm svdf; do
        grep -q "^KERNEL_FOR($target, $table" "$rows" && models+=("$table"/*.tflite)
    done
    for model in "${models[@]}"; do
        "$mote" compile "$model" -o out --name k --target "$core" --optimize speed > said 2>&1 || fail "$model: $(cat said)"
        grep -oE "k_\w+__$target\(" out/k.c >> used
        "$mote" verify "$model" --on "$core" --optimize speed > said 2>&1 || fail "$model on $core: $(tail -2 said)"
    done
    for name in $(sed -n "s/^KERNEL_FOR($target, \(\w*\),.*/\1/p" "$rows"); do
        grep -q "^k_${name}__$target($" used || fail "$core: no operator used mote_${name}__$target"
    done
    echo "$core: $(wc -l < used) operators by kernels for $target"
done << 'EOF'
cortex-m0 arm_v6m
cortex-m3 arm_v7m
cortex-m4f arm_dsp
cortex-m55 arm_mve
EOF
finish "special kernels compute what the portable ones do"
