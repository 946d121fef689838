#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# Every source file says its licence in its first three lines. usage: spdx.sh ROOT
set -euo pipefail
cd "$1"
bad=0
while read -r file; do
    if ! head -n 3 "$file" | grep -q 'SPDX-License-Identifier: MIT'; then
        echo "$file: has no line \"SPDX-License-Identifier: MIT\" on top"
        bad=1
    fi
done < <(find mote tool tests bench fuzz examples scripts cmake CMakeLists.txt Makefile -type f 2> /dev/null |
         grep -E '\.(c|h|def|sh|py|cmake|test)$|CMakeLists\.txt$|Makefile$')
exit $bad
