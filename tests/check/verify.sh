#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# mote verify on this machine and on every emulated core that can be had here; its messages; that it leaves nothing
# behind. usage: verify.sh ROOT MOTE
. "$(dirname "$0")/common.sh"
model=$root/tests/model/sobel.tflite
export TMPDIR=$work/tmp
mkdir "$TMPDIR"

# verify STATUS TEXT ARGUMENT...: as `expect`, and nothing is left behind
verify() {
    expect "$1" "$2" verify "${@:3}"
    [[ -z $(ls -A "$TMPDIR") ]] || fail "mote verify ${*:3}: left files behind: $(ls -A "$TMPDIR")"
}

# Runs a command where no other program can be found.
no_tools() {
    local PATH_BEFORE=$PATH
    mkdir -p bin
    ln -sf "$(command -v ls)" bin/ls
    PATH=$work/bin
    "$@"
    PATH=$PATH_BEFORE
}

head -c 40 /dev/urandom > two
head -c 19 two > short
verify 0 'example:' --help
verify 2 'MODEL is missing'
verify 1 'there is no core "cortex-m44"; did you mean "cortex-m4"' "$model" --on cortex-m44
[[ $("$mote" verify "$model" --on cortex-m44 2> /dev/null) == "" ]] || fail "a table with nothing in it"
verify 1 'short: has 19 bytes, the model takes 20 a run' "$model" --on host --input short
verify 1 'No such file' "$model" --on host --input missing
verify 0 'host              12  same bits' "$model" --on host --input two
verify 0 'host               8  same bits' "$model" --on host --input-fed
verify 1 'there is no emulator' "$model" --on xtensa-esp32
verify 1 'there is no emulator' "$model" --on esp32 # the board's core
no_tools verify 1 'install gcc-arm-none-eabi' "$model" --on cortex-m4
no_tools verify 1 'nothing was verified' "$model"

# A compiler whose C library is not there.
printf '#!/bin/sh\necho "a.c:1:10: fatal error: string.h: No such file or directory"\nexit 1\n' > bin/arm-none-eabi-gcc
chmod +x bin/arm-none-eabi-gcc
touch bin/qemu-system-arm && chmod +x bin/qemu-system-arm
ln -sf "$(command -v sh)" bin/sh
no_tools verify 1 'install libnewlib-arm-none-eabi' "$model" --on cortex-m4
rm -r bin
said=$("$mote" verify "$model" 2>&1) || fail "mote verify: $said"
[[ $said != *DIFFERS* && $said != *FAILS* && $(wc -L <<< "$said") -le 100 ]] || fail "mote verify: $said"
echo "$said"

"$mote" verify "$model" > /dev/null 2>&1 &
sleep 0.3
kill -TERM $!
wait $!
(($? == 143)) || fail "an interrupt does not end it"
[[ -z $(ls -A "$TMPDIR") ]] || fail "an interrupt leaves files behind"

finish "the emitted C computes what the host computes"
