#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# mote compile: the emitted C builds in every standard without a warning, is the same each time, leaves nothing stale, lives
# beside another model, and mistakes are met in one line. usage: compile.sh ROOT MOTE TEST_OP
. "$(dirname "$0")/common.sh"
sobel=$root/tests/model/sobel.tflite
test_op=$3

expect 0 'example:' compile --help
expect 2 'is missing' compile "$sobel"
expect 1 'cannot be a name in C' compile "$sobel" -o out --name 1st
expect 1 'cannot be a name in C' compile "$sobel" -o out --name 'a b'
expect 1 'did you mean size' compile "$sobel" -o out --optimize sise
expect 1 'there is no core' compile "$sobel" -o out --target z80
expect 1 'No such file' compile "$sobel" -o no/such/folder
touch file
expect 1 'file' compile "$sobel" -o file
expect 1 'would hide <string.h>' compile "$sobel" -o out --name string
mkdir -p half/model.h/in_the_way
expect 1 'half/model.h: cannot write it' compile "$sobel" -o half
[[ $(ls half) == model.h ]] || fail "a refused compile left $(ls half)"
[[ ! -e out ]] || fail 'a refused compile left a folder'

mkdir corpus
"$test_op" "$root/tests/op/conv2d.test" --corpus corpus > /dev/null
other=$(ls corpus/*.tflite | head -n 1)
expect 0 '' compile "$sobel" -o both --name first
expect 0 '' compile "$other" -o both --name second
expect 0 '' compile "$sobel" -o again --name first
for file in again/*; do
    cmp -s "$file" "both/${file#again/}" || fail "$file differs from one compile to the next"
done

expect 0 '' compile "$sobel" -o both --name third --optimize size
grep -q 'int32_t third_[a-z0-9]*_folded(const struct .*return (void)p, 0; }' both/third_*.h &&
    ! grep -q 'p->folded' both/third_*.[ch] || fail 'what all layers have in common is not known to the small code'

mkdir dense
"$test_op" "$root/tests/op/fully_connected.test" --corpus dense > /dev/null
for model in dense/*.tflite; do
    "$mote" inspect "$model" > /dev/null 2>&1 || continue # some are there to be refused
    expect 0 '' compile "$model" -o small --name small --optimize size
    said=$(sed -n 's/^ \* \([0-9]*\) bytes of weights and biases.*/\1/p' small/small.h)
    cc -Ismall -c small/small.c -o small.o && got=$(size -A small.o | awk '/^\.rodata/ { n += $2 } END { print n + 0 }')
    ((said <= got)) || fail "$model: $said bytes of weights in $got bytes of constants"
done

for standard in c99 c11 c17 c2x; do
    (cd both && cc -std=$standard -pedantic -Wall -Wextra -Wconversion -Wshadow -Wmissing-prototypes -Werror -O2 -c ./*.c) ||
        fail "the emitted C does not build cleanly as $standard"
done
if command -v clang > /dev/null; then
    (cd both && clang -std=c11 -Weverything -Wno-unknown-warning-option -Wno-padded -Wno-declaration-after-statement \
        -Wno-unsafe-buffer-usage -Werror -O2 -c ./*.c) || fail 'the emitted C does not build cleanly by clang'
fi
# Steps that are alike have one function each, and a loop.
mkdir steps
"$test_op" "$root/tests/op/recurrent.test" --corpus steps > /dev/null
expect 0 '' compile steps/FULLY_CONNECTED_*.tflite -o steps/c
grep -q 'i < 3; i++' steps/c/model.c || fail 'steps that are alike are not a loop'
[[ $(grep -c '^static void .*layer_' steps/c/model.c) == 2 ]] || fail 'steps that are alike have functions of their own'
cat > main.c << 'END'
#include <stdio.h>
#include "first.h"
#include "second.h"
static unsigned char a[FIRST_ARENA_SIZE] __attribute__((aligned(FIRST_ARENA_ALIGN)));
static unsigned char b[SECOND_ARENA_SIZE] __attribute__((aligned(SECOND_ARENA_ALIGN)));
int main(void)
{
    first_init(a);
    second_init(b);
    for (int i = 0; i < FIRST_INPUT0_SIZE; i++) {
        ((unsigned char *)first_input(a, 0))[i] = (unsigned char)(i * 7);
    }
    second_invoke(b);
    first_invoke(a);
    fwrite(first_output(a, 0), 1, FIRST_OUTPUT0_SIZE, stdout);
    return 0;
}
END
cc -Iboth main.c both/*.c -o firmware && ./firmware > got || fail 'two models do not live in one firmware'
size=$(sed -n 's/^#define FIRST_INPUT0_SIZE \([0-9]*\).*/\1/p' both/first.h)
for ((i = 0; i < size; i++)); do
    printf "\\x$(printf %x $((i * 7 % 256)))"
done > in
"$mote" run "$sobel" --input in --output want && cmp -s want got || fail 'the firmware computes something else than mote run'

expect 0 '' compile "$other" -o again --name first
cc -c again/*.c 2> /dev/null || fail 'what an earlier compile left breaks the build'
for file in again/*; do
    [[ $file == again/first* ]] || fail "$file does not begin with the name"
done
finish "the emitted C builds everywhere"
