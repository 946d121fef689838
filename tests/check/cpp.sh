#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# The device half and what mote compile emits are clean C++, too: every kernel, and models of convolutions, floats and
# control flow, built as C++ and linked to one firmware that computes what mote run does. usage: cpp.sh ROOT MOTE TEST_OP
. "$(dirname "$0")/common.sh"
need g++
test_op=$3

# builds COMPILER... FILE...: all are clean by this compiler and its options; up to the first word that names a file
builds() {
    local compiler=()
    while [[ $1 != *.c ]]; do
        compiler+=("$1")
        shift
    done
    printf '%s\n' "$@" | xargs -P 2 -n 16 "${compiler[@]}" -x c++ -Wall -Wextra -Werror -fsyntax-only ||
        fail "${compiler[*]} warns of $(dirname "$1")"
}

kernels=$root/mote/kernel
builds g++ -std=c++11 "$root"/mote/*.c "$kernels"/*.c
if command -v clang++ > /dev/null; then
    builds clang++ -std=c++20 "$root"/mote/*.c "$kernels"/*.c
fi
while read -r target compiler; do
    # shellcheck disable=SC2086 # words
    ! command -v ${compiler%% *} > /dev/null || builds $compiler -std=gnu++11 "$kernels/$target"/*.c
done << 'END'
arm_v6m arm-none-eabi-g++ -mcpu=cortex-m0 -mthumb
arm_v7m arm-none-eabi-g++ -mcpu=cortex-m3 -mthumb
arm_dsp arm-none-eabi-g++ -mcpu=cortex-m4 -mthumb
arm_mve arm-none-eabi-g++ -mcpu=cortex-m55 -mthumb -mfloat-abi=hard
avr     avr-g++ -mmcu=atmega2560
END

# Some of the tables' cases as models; special kernels where there is a compiler for the core.
for table in conv2d depthwise unary control; do
    mkdir $table
    "$test_op" "$root/tests/op/$table.test" --corpus $table > /dev/null
done
count=0
for model in "$root"/tests/model/sobel.tflite */*0.tflite; do
    "$mote" inspect "$model" > /dev/null 2>&1 || continue # some are there to be refused
    count=$((count + 1))
    expect 0 '' compile "$model" -o all --name m$count --optimize size
    expect 0 '' compile "$model" -o special --name m$count --target cortex-m4 --optimize speed
done
((count > 10)) || fail "only $count models"
builds g++ -std=c++11 all/*.c
! command -v arm-none-eabi-g++ > /dev/null || builds arm-none-eabi-g++ -mcpu=cortex-m4 -mthumb -std=c++17 special/*.c

cat > main.cpp << 'END'
#include <cstdio>
#include "m1.h"
#include "m2.h"
alignas(M1_ARENA_ALIGN) static unsigned char first[M1_ARENA_SIZE];
alignas(M2_ARENA_ALIGN) static unsigned char second[M2_ARENA_SIZE];
int main()
{
    m1_init(first);
    m2_init(second);
    std::fread(m1_input(first, 0), 1, M1_INPUT0_SIZE, stdin);
    m2_invoke(second);
    m1_invoke(first);
    std::fwrite(m1_output(first, 0), 1, M1_OUTPUT0_SIZE, stdout);
}
END
size=$(sed -n 's/^#define M1_INPUT0_SIZE \([0-9]*\).*/\1/p' all/m1.h)
head -c "$size" "$mote" > in
g++ -std=c++11 -x c++ -Wall -Wextra -Iall main.cpp all/m[12].c all/m[12]_*.c -o firmware && ./firmware < in > got ||
    fail 'two models do not live in one firmware of C++'
expect 0 '' run "$root/tests/model/sobel.tflite" --input in --output want
cmp -s want got || fail 'the firmware of C++ computes something else than mote run'
finish 'clean C++'
