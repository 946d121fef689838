#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# Recipes for sensors, tables and text, on small data: what `mote eval` counts is what device.tflite decides when it is run
# on the values of the same recordings, and the C that comes of it decides so on the core of the recipe's board, if that can
# be emulated here. usage: recipes.sh ROOT MOTE
. "$(dirname "$0")/common.sh"

cat > make.py << 'PYTHON'
"""Writes recordings of two kinds as CSV files, a table and lines of text; and the values of each as the model takes them."""
import math, os, random, struct

random.seed(2)
steps = 64
with open("sensor.raw", "wb") as raw, open("sensor.labels", "w") as labels:
    for label, step in (("normal", 0.2), ("shaking", 0.9)):
        os.makedirs(f"sensor/{label}")
        for i in range(60 if label == "normal" else 20):
            rows = [[round(math.sin(step * t + i + k) + random.gauss(0, 0.4), 4) for k in range(3)] for t in range(steps)]
            with open(f"sensor/{label}/{i:02}.csv", "w") as f:
                f.write("x,y,z\n" + "".join(",".join(map(str, r)) + "\n" for r in rows))
            raw.write(struct.pack(f"<{3 * steps}f", *sum(rows, [])))
            labels.write(label + "\n")
with open("table.csv", "w") as f, open("table.raw", "wb") as raw, open("table.labels", "w") as labels:
    f.write("a,b,c,label\n")
    for i in range(150):
        label = random.randrange(3)
        row = [round(random.gauss((label == k) * 2, 1), 3) for k in range(3)]
        f.write(",".join(map(str, row)) + f",{'uvw'[label]}\n")
        raw.write(struct.pack("<3f", *row))
        labels.write("uvw"[label] + "\n")
words = {"eat": "bread soup fish apple cheese".split(), "go": "train bus road bicycle ship".split()}
with open("text.txt", "w") as f, open("text.raw", "wb") as raw, open("text.labels", "w") as labels:
    for i in range(120):
        label = random.choice(list(words))
        line = " ".join(random.choice(words[label] if random.random() < 0.4 else ["the", "a", "we", "see"]) for k in range(5))
        f.write(f"{label} {line}\n")
        raw.write(line.encode().ljust(32, b"\0"))
        labels.write(label + "\n")
PYTHON
python3 make.py

cat > count.py << 'PYTHON'
"""Counts what device.tflite said as `mote eval` does, from its outputs."""
import json, struct, sys

said, labels, judged = sys.argv[1:]
m = json.load(open(judged))
labels = open(labels).read().split()
data = open(said, "rb").read()
if "threshold" in m:
    alarms = [x > m["threshold"] for (x,) in struct.iter_unpack("<f", data)]
    normal = [a for a, label in zip(alarms, labels) if label == "normal"]
    other = [a for a, label in zip(alarms, labels) if label != "normal"]
    want = [sum(normal) / len(normal), 1 - sum(other) / len(other)]
    got = [m["false_alarms"], m["missed"]]
else:
    classes = m["classes"]
    kind = "b" if len(data) == len(labels) * len(classes) else "h"
    want = [[0] * len(classes) for c in classes]
    for scores, label in zip(struct.iter_unpack(f"<{len(classes)}{kind}", data), labels, strict=True):
        want[classes.index(label)][scores.index(max(scores))] += 1
    got = m["confusion"]
assert len(labels) == m["examples"], m["examples"]
assert json.dumps(want) == json.dumps(got) or all(abs(a - b) < 1e-6 for a, b in zip(want, got)), (want, got)
PYTHON

cat > give.py << 'PYTHON'
"""Floats in the integers that device.tflite takes, as the header beside it says; what is not float stays as it is."""
import re, struct, sys

header, raw, given = sys.argv[1:]
text = open(header).read()
kind = re.search(r"_INPUT0_SIZE .*bytes: (\w+)", text)[1]
data = open(raw, "rb").read()
if kind in ("int16", "int32"):
    scale = struct.unpack("f", struct.pack("f", float(re.search(r"_INPUT0_SCALE (\S+)F", text)[1])))[0]
    steps = [round(x / scale) for (x,) in struct.iter_unpack("<f", data)]
    data = struct.pack(f"<{len(steps)}{'h' if kind == 'int16' else 'i'}", *steps)
open(given, "wb").write(data)
PYTHON

# same RECIPE DATA CORE OPTION...: trains, evaluates, runs and verifies
same() {
    local recipe=$1 data=$2 core=$3 name=${2%%.*}
    "$mote" train "$root/recipes/$recipe.yaml" --data "$data" -o out "${@:4}" > log 2>&1 || {
        grep -q "built without" log && echo "skipped: $(tail -n 1 log)" && exit 77
        fail "$recipe: $(tail -n 3 log)"
    }
    "$mote" eval out/device.tflite --data "$data" --json > judged 2> /dev/null
    python3 give.py out/c/"$recipe".h "$name.raw" given
    "$mote" run out/device.tflite --input given --output said
    python3 count.py said "$name.labels" judged || fail "$recipe ${*:4}: the model says what eval does not count"
    head -c $(($(stat -c %s given) / $(wc -l < "$name.labels") * 2)) given > some
    "$mote" verify out/device.tflite --on "$core" --input some > log 2>&1 || grep -q "install" log ||
        fail "$recipe ${*:4} on $core: $(cat log)"
}
same gesture sensor cortex-m4 --set train.epochs=5 --set augment.copies=1
same gesture sensor cortex-m4 --set model.name=forest --set model.trees=10 --set augment.copies=1
same vibration sensor cortex-m0plus
same vibration sensor cortex-m0plus --set front.floats=yes
same vibration sensor cortex-m0plus --set model.name=autoencoder --set train.epochs=5
same table table.csv cortex-m0plus --set train.epochs=5
same table table.csv cortex-m0plus --set model.name=forest
same text text.txt cortex-m0plus --set data.length=32 --set front.buckets=256 --set train.epochs=5
same text text.txt cortex-m0plus --set data.length=32 --set front.buckets=256 --set model.name=forest
finish "mote eval, mote run and emulated boards decide the same"
