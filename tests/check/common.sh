# SPDX-License-Identifier: MIT
#
# What the checks of the program share; a check begins with
#     . "$(dirname "$0")/common.sh"     whose arguments are paths: ROOT MOTE ...
# and ends with `finish "what holds now"`. Between them it works in an empty folder, which vanishes.
set -uo pipefail
for path; do
    set -- "${@:2}" "$(realpath "$path")"
done
root=$1
mote=$2
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work" || exit 1
failures=0

fail() {
    echo "FAILED: $*"
    failures=$((failures + 1))
}

# expect STATUS TEXT ARGUMENT...: what mote returns, and what it says on either stream; one error is enough
expect() {
    local status=$1 text=$2 said got
    shift 2
    said=$("$mote" "$@" 2>&1)
    got=$?
    [[ $got == "$status" ]] || fail "mote $*: exit status $got, want $status: $said"
    [[ $said == *"$text"* ]] || fail "mote $*: says \"$said\", want \"$text\""
    [[ $'\n'$said != *$'\nmote: '*$'\nmote: '* ]] || fail "mote $*: more than one error: $said"
}

# need TOOL...: without them there is nothing to check; CTest counts 77 as skipped
need() {
    local tool
    for tool; do
        command -v "$tool" > /dev/null || { echo "skipped: $tool is not installed"; exit 77; }
    done
}

finish() {
    ((failures == 0)) && echo "$1"
    exit $((failures > 0))
}
