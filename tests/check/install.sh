#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# Installs to an empty folder, then builds a program against what lies there, as a user would: once by pkg-config,
# once by find_package. usage: install.sh ROOT BUILD
set -euo pipefail
root=$1 build=$2
here=$build/install-check
rm -rf "$here"
mkdir -p "$here"
cmake --install "$build" --prefix "$here/prefix" > /dev/null
prefix=$here/prefix
source=$root/tests/check/install
libdir=$(dirname "$(find "$prefix" -name libmote.a)")
sanitize=$(sed -n 's/^MOTE_SANITIZE:STRING=\(..*\)/-fsanitize=\1/p' "$build/CMakeCache.txt")

export PKG_CONFIG_PATH=$libdir/pkgconfig
# shellcheck disable=SC2046
cc -std=c11 $sanitize $(pkg-config --define-variable=prefix="$prefix" --cflags mote) "$source/main.c" \
    $(pkg-config --define-variable=prefix="$prefix" --libs mote) -o "$here/by-pkg-config"
"$here/by-pkg-config"

cmake -S "$source" -B "$here/build" -DCMAKE_PREFIX_PATH="$prefix" -DCMAKE_C_FLAGS="$sanitize" > /dev/null
cmake --build "$here/build" > /dev/null
"$here/build/user"

"$prefix/bin/mote" --version > /dev/null
test -s "$prefix/share/man/man1/mote.1"
echo "program, library, headers and manual page install and work"
