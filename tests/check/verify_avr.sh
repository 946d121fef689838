#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# C for an AVR: operators of the test tables compute what the host does, with constants in program memory: as parameters, as
# rows, as outputs, as first values of states. What cannot be is refused. usage: verify_avr.sh ROOT MOTE TEST_OP
. "$(dirname "$0")/common.sh"
need avr-gcc simavr
test_op=$3

# Says nothing of program memory for other cores, and keeps nothing but pointers to functions in RAM for this one.
"$mote" compile "$root/tests/model/sobel.tflite" -o plain || fail 'mote compile'
grep -l FLASH plain/* && fail 'C for any core speaks of flash'
"$mote" compile "$root/tests/model/sobel.tflite" -o avr --target avr || fail 'mote compile --target avr'
avr-gcc -mmcu=atmega328p -O2 -Wall -Wextra -Werror -c avr/*.c || fail 'it does not build'
data=$(avr-size model*.o | awk 'NR > 1 {sum += $2 + $3} END {print sum}')
((data == 0)) || fail "takes $data bytes of RAM"
avr-gcc -mmcu=atmega328p -std=c99 -pedantic -Wall -Wextra -Werror -O2 -c avr/*.c || fail 'it does not build as ISO C'

count=0
for table in packed conv2d fully_connected depthwise batch_matmul arithmetic broadcast softmax lstm svdf resize index control tree signal_spectrum; do
    mkdir $table
    "$test_op" "$root/tests/op/$table.test" --corpus $table > /dev/null || fail "$table: no models"
    for model in $(find $table -name '*.tflite' | sort | head -n 9); do
        "$mote" inspect "$model" > /dev/null 2>&1 || continue # a case that is refused
        "$mote" compile "$model" -o out --target avr > /dev/null 2>&1 && grep -ohE 'model_\w+__avr\(' out/model.c >> used
        said=$("$mote" verify "$model" --on avr 2>&1) && count=$((count + 1)) && continue
        [[ $said == *'weights are known only at run time'* ]] && refused=$model
        [[ $said == *'bytes of RAM, the emulated'* || ${refused:-} == "$model" ]] || fail "$model: $said"
    done
done

for name in $(sed -n 's/^KERNEL_FOR(avr, \(\w*\),.*/\1/p' "$root/mote/kernel/kernel.def"); do
    grep -q "^model_${name}__avr($" used || fail "no operator used mote_${name}__avr"
done

# What it refuses does not stand in the way of other cores.
said=$("$mote" verify "${refused:-none}" 2>&1) || fail "${refused:-no model was refused}: $said"
[[ $said == *'avr            skipped: '*'known only at run time'* ]] || fail "$refused: $said"
finish "$count models: the same bits from program memory"
