#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# The sources are as `make format` leaves them. Other versions of clang-format break lines elsewhere. usage: format.sh ROOT
set -euo pipefail
if [[ $(clang-format --version 2>&1) != *'version 14.'* ]]; then
    echo "skipped: no clang-format 14"
    exit 77
fi
make -s -C "$1" check-format
