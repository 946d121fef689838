#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# Installs what is missing for the given jobs, from Debian: setup.sh build [test] [onnx] [demo] [faces]
# Quick when nothing is missing; works as root or with sudo; needs the network only when it installs.
# setup.sh --update refreshes the lists of packages.
set -euo pipefail

# job  probe  package. A probe is a program, the name of a header file, or a path.
table='
build gcc                   gcc
build stdio.h               libc6-dev
build cmake                 cmake
build ninja                 ninja-build
build cjson/cJSON.h         libcjson-dev
build hdf5/serial/hdf5.h    libhdf5-dev
build zip.h                 libzip-dev
test  /usr/lib/python3/dist-packages/h5py   python3-h5py
build sha2.h                libmd-dev
build /usr/share/doc/libopenblas0 libopenblas0
build python3               python3
build yaml.h                libyaml-dev
build sndfile.h             libsndfile1-dev
build samplerate.h          libsamplerate0-dev
build png.h                 libpng-dev
build jpeglib.h             libjpeg-dev
build zlib.h                zlib1g-dev
build protobuf-c/protobuf-c.h libprotobuf-c-dev
build protoc-c              protobuf-c-compiler
test  clang                 clang
test  g++                   g++
test  pkg-config            pkg-config
test  arm-none-eabi-gcc     gcc-arm-none-eabi
test  /usr/lib/arm-none-eabi/include/string.h libnewlib-arm-none-eabi
test  riscv64-unknown-elf-gcc gcc-riscv64-unknown-elf
test  avr-gcc               gcc-avr
test  /usr/lib/avr/include  avr-libc
test  simavr                simavr
test  qemu-system-arm       qemu-system-arm
test  qemu-system-riscv32   qemu-system-misc
test  cmocka.h              libcmocka-dev
test  valgrind              valgrind
onnx  /usr/share/libonnx-testdata/data/node libonnx-testdata
demo  espeak-ng             espeak-ng
demo  arm-none-eabi-gcc     gcc-arm-none-eabi
demo  /usr/lib/arm-none-eabi/include/string.h libnewlib-arm-none-eabi
demo  qemu-system-arm       qemu-system-arm
faces npm                   npm
'

have() {
    case $1 in
    *.h) for dir in /usr/include /usr/include/*-linux-gnu /usr/local/include; do [[ -e $dir/$1 ]] && return; done; return 1 ;;
    /*) [[ -e $1 ]] ;;
    *) command -v "$1" > /dev/null ;;
    esac
}

missing=()
while read -r job probe package; do
    if [[ -n $job && " $* " == *" $job "* ]] && ! have "$probe"; then
        missing+=("$package")
    fi
done <<< "$table"
[[ ${1-} == --update ]] || ((${#missing[@]})) || exit 0

fail() {
    echo "setup: $1" >&2
    ((${#missing[@]} == 0)) || echo "setup: install these by hand and try again: ${missing[*]}" >&2
    exit 1
}

command -v apt-get > /dev/null || fail "this is not a Debian system (there is no apt-get)"
root=()
if ((EUID != 0)); then
    command -v sudo > /dev/null || fail "installing packages needs root or sudo"
    root=(sudo)
    [[ -t 0 ]] || root=(sudo -n)
fi

if [[ ${1-} == --update ]]; then
    "${root[@]}" apt-get update > /dev/null || fail "apt-get update failed; is the network there?"
    exit 0
fi

echo "setup: installing ${missing[*]}"
log=$(mktemp)
trap 'rm -f "$log"' EXIT
install() {
    "${root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends "${missing[@]}" > "$log" 2>&1
}
# Package lists may be absent or stale: refresh them once.
install || { "${root[@]}" apt-get update > "$log" 2>&1 && install; } || {
    tail -n 5 "$log" >&2
    fail "apt-get could not install them; is the network there?"
}
