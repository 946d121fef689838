#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# Builds the device half by a cross preset and looks at what it needs from outside: nothing but memcpy, memmove,
# memset and the helper functions of the compiler. usage: device.sh ROOT PRESET
set -euo pipefail
cd "$1"
build=build/$2
cmake --preset "$2" > /dev/null
cmake --build "$build" -j 2

nm=nm
command -v llvm-nm > /dev/null && nm=llvm-nm
case $2 in
cortex*) nm=arm-none-eabi-nm ;;
riscv*) nm=riscv64-unknown-elf-nm ;;
avr*) nm=avr-nm ;;
esac
"$nm" -g "$build/libmote.a" > "$build/symbols"
defined=$(awk 'NF == 3 {print $3}' "$build/symbols" | sort -u)
needed=$(awk 'NF == 2 && $1 == "U" {print $2}' "$build/symbols" | sort -u)
helpers='^(memcpy|memmove|memset|__.*)$'
hosted='^__(stack_chk|.*_chk$|assert|errno|ctype)'
foreign=$(comm -13 <(echo "$defined") <(echo "$needed") | grep -vE "$helpers" || true)
foreign+=$(grep -E "$hosted" <<< "$needed" || true)
if [[ -n $foreign ]]; then
    echo "the device half calls what it may not:" $foreign
    exit 1
fi

# For an AVR emitted C says where constants lie; clang knows of each pointer whether it does.
spaces=()
case $2 in
avr) spaces=(avr-gcc -std=gnu11 -DMOTE_FLASH=__flash) ;;
avr-clang) spaces=(clang --target=avr -std=gnu11 -DMOTE_FLASH=__flash -isystem target/freestanding) ;;
esac
if ((${#spaces[@]} > 0)); then
    for kernel in mote/kernel/*.c mote/kernel/avr/*.c; do
        "${spaces[@]}" -mmcu=atmega2560 -O2 -Wall -Wextra -Werror -c -o /dev/null "$kernel" || exit 1
    done
fi
echo "$2: $(wc -l <<< "$defined") symbols, none of them foreign"
