#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# mote verify on this machine and on every emulated core that can be had here; its messages; that it leaves nothing
# behind. usage: verify.sh ROOT MOTE
set -uo pipefail
model=$(realpath "$1")/tests/model/sobel.tflite
mote=$(realpath "$2")
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
export TMPDIR=$work/tmp
mkdir "$TMPDIR"
cd "$work" || exit 1
failures=0

fail() {
    echo "FAILED: $1"
    failures=$((failures + 1))
}

# expect STATUS TEXT ARGUMENT...
expect() {
    local status=$1 text=$2 said got
    shift 2
    said=$("$mote" verify "$@" 2>&1)
    got=$?
    [[ $got == "$status" ]] || fail "mote verify $*: exit status $got, want $status: $said"
    [[ $said == *"$text"* ]] || fail "mote verify $*: says \"$said\", want \"$text\""
    [[ -z $(ls -A "$TMPDIR") ]] || fail "mote verify $*: left files behind: $(ls -A "$TMPDIR")"
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
expect 0 'example:' --help
expect 2 'MODEL is missing'
expect 1 'there is no core "cortex-m44"; did you mean "cortex-m4"' "$model" --on cortex-m44
expect 1 'short: has 19 bytes, the model takes 20 a run' "$model" --on host --input short
expect 1 'No such file' "$model" --on host --input missing
expect 0 'host              12  same bits' "$model" --on host --input two
expect 0 'host               8  same bits' "$model" --on host --input-fed
expect 1 'there is no emulator' "$model" --on xtensa-esp32
no_tools expect 1 'install gcc-arm-none-eabi' "$model" --on cortex-m4
no_tools expect 1 'nothing was verified' "$model"

# A compiler whose C library is not there.
printf '#!/bin/sh\necho "a.c:1:10: fatal error: string.h: No such file or directory"\nexit 1\n' > bin/arm-none-eabi-gcc
chmod +x bin/arm-none-eabi-gcc
touch bin/qemu-system-arm && chmod +x bin/qemu-system-arm
ln -sf "$(command -v sh)" bin/sh
no_tools expect 1 'install libnewlib-arm-none-eabi' "$model" --on cortex-m4
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

((failures == 0)) && echo "the emitted C computes what the host computes"
exit $((failures > 0))
