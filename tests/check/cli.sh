#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# The command line as users meet it: exit status, messages, files. usage: cli.sh ROOT MOTE
. "$(dirname "$0")/common.sh"
model=$root/tests/model/sobel.tflite

printf '\0\0\0dd\0\0\0dd\0\0\0dd\0\0\0dd' > in # a vertical edge, 4 lines of 5 pixels
cat in in in > three
head -c 19 in > short
: > empty
echo before > kept

expect 2 'mote run'
expect 0 'mote run' --help
expect 0 'mote ' --version
expect 2 'did you mean "run"' rum
expect 2 'there is no verb "frobnicate"; see' frobnicate

expect 0 'example:' inspect --help
expect 0 '360 MACs, 26 bytes' inspect "$model"
expect 2 'MODEL is missing' inspect
expect 2 'takes no value' inspect "$model" --json=yes
expect 0 'it fits' inspect "$model" --board microbit
expect 0 'about 0.' inspect "$model" --board arduino-uno
expect 1 'there is no board "arduino-un"; did you mean "arduino-uno"' inspect "$model" --board arduino-un
expect 1 'stm32f746-discovery, teensy-41' inspect "$model" --board z80
expect 1 'there is no core "cortex-m44"; did you mean "cortex-m4"' compile "$model" -o made --target cortex-m44
expect 1 'there is no board "micro-bit"; did you mean "microbit"' compile "$model" -o made --board micro-bit
[[ ! -e made ]] || fail "compile made a folder in spite of an error"
report=$(LC_ALL=C "$mote" inspect "$model")
[[ $report != *[^[:print:][:space:]]* ]] || fail "inspect prints more than ASCII where the locale is C"
[[ $(wc -L <<< "${report#*$'\n'}") -le 80 ]] || fail "inspect prints lines of more than 80 columns"
if said=$("$mote" inspect "$model" --json 2>&1); then
    [[ $(python3 -c 'import json, sys; print(json.load(sys.stdin)["macs"])' <<< "$said") == 360 ]] || fail "wrong JSON: $said"
else
    [[ $said == *'install libcjson-dev'* ]] || fail "inspect --json: $said"
fi

expect 0 'example:' run --help
expect 2 'MODEL is missing' run
expect 2 '--output is missing' run "$model" --input in
expect 2 'did you mean "--input"' run "$model" --inptu in --output out
expect 2 'needs a value: "--output"' run "$model" --input in --output
expect 2 'is given twice: "--input"' run "$model" --input in --input in --output out
expect 2 'one argument too many: "more"' run "$model" more --input in --output out
expect 1 'No such file' run missing.tflite --input in --output out
expect 1 'is empty' run empty --input in --output out
expect 1 'not a model' run in --input in --output out
expect 1 'want a file' run . --input in --output out
expect 1 'takes an input' run "$model" --output out
expect 1 'short: has 19 bytes, the model takes 20 a run' run "$model" --input short --output out
expect 1 'is the input' run "$model" --input in --output in
ln -s in link
expect 1 'is the input' run "$model" --input in --output link
expect 1 'No such file' run "$model" --input in --output no/such/folder
expect 1 'Is a directory' run "$model" --input in --output .
expect 1 'No space left' run "$model" --input in --output /dev/full
expect 1 'has 19 bytes' run "$model" --input short --output kept
[[ $(cat kept) == before ]] || fail "an error overwrote the output"
[[ ! -e out ]] || fail "an error left an output"

expect 0 '' run "$model" --input in --output out
want='0 0 0 0 75 25 75 75 -75 75 0 0 0 0 100 0 100 0 -100 0 0 0 0 0 100 0 100 0 -100 0 0 0 0 0 75 -25 75 -75 -75 -75'
got=$(od -An -v -td1 out | xargs)
[[ $got == "$want" ]] || fail "the outputs are $got, want $want"
expect 0 '' run --output=three.out --input=three -- "$model"
cat out out out | cmp -s - three.out || fail "three invokes do not give three outputs"
expect 0 '' run "$model" --input in --output /dev/null
[[ -c /dev/null ]] || fail "/dev/null is no longer a device"

if open=$(realpath "$1")/tests/model/open.onnx && said=$("$mote" inspect "$open" 2>&1); [[ $said == *'give it by --shape x=1x1x?x?'* ]]; then
    expect 1 'known only at run time' run "$open" --input in --output out
    expect 0 '1x1x4x5' inspect "$open" --shape x=1x1x4x5
    expect 0 '1x1x4x5' inspect "$open" --shape 1x1x4x5
    expect 1 'has the shape ?x1x?x? in the file' inspect "$open" --shape x=1x2x4x5
    expect 1 'want numbers from 1' inspect "$open" --shape x=1x1x4x0
    printf '\0\0\200\77\0\0\0\0\0\0\0\0\0\0\0\100\0\0\200\77\0\0\0\0' > pixels # 1 0 0 / 2 1 0
    expect 0 '' run "$open" --shape x=1x1x2x3 --input pixels --output max
    [[ $(od -An -v -tf4 max | xargs) == 11 ]] || fail "a convolution of 2x3 pixels gives $(od -An -v -tf4 max)"
    expect 0 '' compile "$open" --shape 1x1x2x3 -o c
    rm -rf pixels max c
    branch=$(dirname "$open")/../onnx/test_if_at_run_time_0/model.onnx
    expect 0 'SELECT_V2' inspect "$branch"
    expect 0 '' inspect "$branch" --value c=1
    "$mote" inspect "$branch" --value c=1 | grep -q SELECT_V2 && fail "a branch that is never taken is computed"
    expect 1 '"maybe" is of none, the first is "c"' inspect "$branch" --value maybe=1
    expect 1 'cannot be the 2 of --value' inspect "$branch" --value c=2
    expect 1 'gives it 2 numbers' inspect "$branch" --value c=1,0
    expect 1 'want a name and numbers' inspect "$branch" --value c
    said=$("$mote" inspect "$(dirname "$open")/lacking.onnx" 2>&1)
    for text in 'lacks 4 things' 'op 1 Frobnicate' 'op 3 BatchNormalization "d": is in training mode' 'op 4 Hubble' 'op 5 Resize "f": has mode magic'; do
        [[ $said == *"$text"* ]] || fail "inspect of what mote lacks says \"$said\", want \"$text\""
    done
    said=$("$mote" inspect "$(dirname "$open")/sequence.onnx" 2>&1)
    for text in 'op 1 Neg "y": input 0, "s", is a sequence' 'op 2 Unique "u": its input is known only at run time'; do
        [[ $said == *'lacks 2 things'* && $said == *"$text"* ]] || fail "inspect of a sequence in a wrong place says \"$said\", want \"$text\""
    done
elif [[ $said != *'install libprotobuf-c-dev'* ]]; then
    fail "inspect of an open shape: $said"
fi
expect 1 'has the shape 1x4x5x1 in the file' inspect "$model" --shape 1x8x5x1
expect 1 'is of none' inspect "$model" --value sr=16000
expect 0 'total 0 MACs' inspect "$model" --value t0=1
echo before > target
chmod 600 target
ln -s target to-target
expect 0 '' run "$model" --input in --output to-target
[[ -L to-target && $(stat -c %a target) == 600 ]] || fail "a link or the permissions of the output were lost"
cmp -s target out || fail "the output did not go where the link leads"
expect 1 'mote: no?[1m?model: cannot open it: No such file or directory' inspect $'no\e[1m\nmodel'

# An interrupt leaves nothing half-written, and no temporary file.
truncate -s 40M big
"$mote" run "$model" --input big --output big.out &
until compgen -G 'big.out.*' > /dev/null || ! kill -0 $! 2> /dev/null; do
    sleep 0.01
done
kill -TERM $!
wait $! 2> /dev/null
[[ $? == 143 ]] || fail "an interrupt does not end a run"
[[ -z $(compgen -G 'big.out*') ]] || fail "an interrupt left $(compgen -G 'big.out*')"
rm big
rm -f in three short empty kept link out three.out target to-target
[[ -z $(ls -A) ]] || fail "files were left behind: $(ls -A)"

finish "the command line answers as it should"
