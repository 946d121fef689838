#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# `mote quantize` as users meet it: models of floats become files of integers that mote runs, compiles and proves; what
# is wrong is said in one line, and nothing is left behind. usage: quantize.sh ROOT MOTE TEST_QUANT
. "$(dirname "$0")/common.sh"
test_quant=$3

mkdir float
"$test_quant" "$root/tests/quant/int8.test" --to float > /dev/null || fail "test_quant wrote no models"
for model in float/*.tflite; do
    name=$(basename "$model" .tflite)
    if "$mote" inspect "$model" | grep -q 'int8'; then
        expect 1 'quantised already' quantize "$model" --data "float/$name.bin" -o out.tflite
        [[ ! -e out.tflite ]] || fail "$model: a file is left behind"
        continue
    fi
    for how in "" --int16x8 --int4 --float-io --portable; do
        expect 0 'at the outputs' quantize "$model" --data "float/$name.bin" -o out.tflite $how
        type=$(case $how in --int16x8) echo int16 ;; --float-io) echo float32 ;; *) echo int8 ;; esac)
        "$mote" inspect out.tflite | grep -A1 '^inputs' | grep -q " $type " || fail "$model $how: input is no $type"
        rm -f out.tflite
    done
done

# Of all steps of a recurrent layer the worst is told.
for model in $(grep -l GRU float/*.tflite); do
    expect 0 'the worst of ' quantize "$model" --data "${model%.tflite}.bin" -o out.tflite
    twice=$("$mote" quantize "$model" --data "${model%.tflite}.bin" -o out.tflite |
        sed -n '/^layers/,/^$/ { s/ *[0-9]* *\([A-Z_]* *[^ ]*\).*/\1/; p }' | sort | uniq -d)
    [[ -z $twice ]] || fail "$model: steps are listed one by one: $twice"
    rm out.tflite
done

model=float/1.tflite data=float/1.bin # a convolution
expect 0 'example:' quantize --help
expect 2 'MODEL is missing' quantize
expect 2 '--data is missing' quantize "$model" -o out.tflite
expect 2 'did you mean "entropy"' quantize "$model" --data "$data" -o out.tflite --calibration entrpy
expect 2 'exclude each other' quantize "$model" --data "$data" -o out.tflite --int4 --int16x8
expect 1 "none/out.tflite: " quantize "$model" --data "$data" -o none/out.tflite
expect 1 'none: ' quantize "$model" --data none -o out.tflite
mkdir empty
expect 1 'holds no samples' quantize "$model" --data empty -o out.tflite
head -c 5 "$data" > odd.bin
expect 1 'the model takes 16 a sample' quantize "$model" --data odd.bin -o out.tflite
echo text > text.npy
expect 1 'is no .npy file' quantize "$model" --data text.npy -o out.tflite
expect 1 'is the model' quantize "$model" --data "$data" -o "$model"
[[ ! -e out.tflite ]] || fail "a file is left behind"

# Samples in several files, of both kinds, and in other types
mkdir samples
cp "$data" samples/a.bin
cat "$data" "$data" > samples/b.bin
python3 - << 'END'
import struct
header = b"{'descr': '<f8', 'fortran_order': False, 'shape': (2, 2, 2, 1), }"
header += b" " * (63 - (len(header) + 10) % 64) + b"\n"
with open("samples/c.npy", "wb") as f:
    f.write(b"\x93NUMPY\x01\x00" + struct.pack("<H", len(header)) + header + struct.pack("<8d", *range(8)))
END
expect 0 '5 samples' quantize "$model" --data samples -o out.tflite
if said=$("$mote" quantize "$model" --data samples -o out.tflite --json 2>&1); then
    python3 -c 'import json, sys
r = json.load(sys.stdin)
assert r["samples"] == 5 and r["sqnr_db"] > 20 and r["layers"][0]["weight_bits"] == 8, r' <<< "$said" || fail "JSON: $said"
else
    [[ $said == *'install libcjson-dev'* ]] || fail "quantize --json: $said"
fi

# Padding that a .tflite file cannot say
model=$root/tests/onnx/test_padding_kinds
tail -c 432 "$model/test_data_set_0/input_0.pb" > padding.bin
if said=$("$mote" quantize "$model/model.onnx" --data padding.bin -o padding.tflite 2>&1); then
    [[ $said =~ "at the outputs: "([3-9][0-9]) ]] || fail "padding: $said"
    [[ $("$mote" inspect padding.tflite) =~ SLICE.*MIRROR_PAD ]] || fail "padding is not spelt out"
else
    [[ $said == *'install libprotobuf-c-dev'* ]] || fail "padding: $said"
fi

# What comes out is a model like any other
if said=$("$mote" verify out.tflite --on cortex-m4 2>&1); then
    [[ $said == *cortex-m4* ]] || fail "verify: $said"
else
    [[ $said == *install* ]] || fail "verify --on cortex-m4: $said"
fi
finish "quantised models run"
