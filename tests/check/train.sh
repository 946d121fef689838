#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# mote train and mote eval: a small training by seconds, the same bits for the same seed, stopped and gone on with, what it
# leaves, and what is wrong with recipes and data. usage: train.sh ROOT MOTE
. "$(dirname "$0")/common.sh"

"$mote" train "$root/recipes/table.yaml" --data "$work" -o "$work/out" 2> "$work/error" && fail "an empty folder trained"
if grep -q "built without" "$work/error"; then
    echo "skipped: $(cat "$work/error")"
    exit 77
fi
grep -q "no example can be read" "$work/error" || fail "an empty folder: $(cat "$work/error")"

# Sines of two frequencies and noise, by three axes; damaged files between them.
python3 - "$work" << 'PYTHON' || fail "wrong figures, or no recordings"
import math, os, random, sys
root = sys.argv[1]
random.seed(1)
for label, step in (("slow", 0.2), ("fast", 0.9), ("noise", 0)):
    os.makedirs(f"{root}/shake/{label}")
    for i in range(40):
        with open(f"{root}/shake/{label}/{i}.csv", "w") as f:
            f.write("time,x,y,z\n")
            phase = random.random() * 6
            for t in range(64):
                row = [math.sin(step * t + phase + k) + random.gauss(0, 0.3) for k in range(3)] if step else \
                      [random.gauss(0, 1) for k in range(3)]
                f.write(f"{t / 50:.3f}," + ",".join(f"{v:.4f}" for v in row) + "\n")
open(f"{root}/shake/fast/broken.csv", "wb").write(b"\0\1\2" * 50)
open(f"{root}/shake/slow/empty.npy", "wb").close()
PYTHON
cat > "$work/shake.yaml" << 'YAML'
data: {kind: sensor, path: nowhere, window: 64}
model:
  layers:
    - conv: 8
      kernel_h: 5
    - max_pool
    - conv: {filters: 8, kernel_h: 3}
train: {epochs: 12, batch: 16, rate: 0.01}
board: {name: raspberry-pi-pico}
YAML
train() { "$mote" train "$work/shake.yaml" --data "$work/shake" "$@"; }

train -o "$work/a" > "$work/a.txt" 2> "$work/a.log" || fail "$(tail -n 3 "$work/a.log")"
grep -q "skipped fast/broken.csv: is no text" "$work/a.log" || fail "the broken file is not named"
grep -q "2 skipped in all" "$work/a.log" || fail "what was skipped is not counted"
grep -q "epoch 12 of 12" "$work/a.log" || fail "no progress"
for name in model.tflite model_float.tflite device.tflite metrics.json report.html recipe.yaml c/shake.c c/shake.h; do
    [[ -s $work/a/$name ]] || fail "$name is missing"
done
[[ ! -e $work/a/checkpoint ]] || fail "the checkpoint stays"
python3 - "$work/a/metrics.json" << 'PYTHON' || fail "wrong figures"
import json, sys
m = json.load(open(sys.argv[1]))
assert m["accuracy"] > 0.85, m["accuracy"]
assert m["accuracy_interval"][0] < m["accuracy"] <= m["accuracy_interval"][1] + 1e-6
assert sum(map(sum, m["confusion"])) == m["examples"] > 10
assert m["skipped"] == 2 and m["classes"] == ["fast", "noise", "slow"]
PYTHON
(mkdir "$work/o" && cd "$work/o" && cc -O1 -std=c11 -c ../a/c/*.c) || fail "the C does not compile"

# The same seed, the same bits; another, others.
train -o "$work/b" > /dev/null 2>&1
cmp -s "$work/a/device.tflite" "$work/b/device.tflite" || fail "the same seed gives another model"
train --seed 2 -o "$work/c" > /dev/null 2>&1
! cmp -s "$work/a/device.tflite" "$work/c/device.tflite" || fail "another seed gives the same model"

# No more work than is allowed: fewer epochs, which the recipe that is left tells.
train --set train.work=6e-6 -o "$work/k" > /dev/null 2> "$work/k.log" || fail "little work: $(tail -n 1 "$work/k.log")"
grep -q "^[1-9] epochs in place of 12, as train.work is 6e-06" "$work/k.log" || fail "all the epochs: $(cat "$work/k.log")"
grep -q "^  epochs: [1-9]$" "$work/k/recipe.yaml" && grep -q "^  share: 0[.]" "$work/k/recipe.yaml" || fail "other epochs are written down"

# Stopped in the middle and gone on with: nothing is lost.
long=(--set train.epochs=200 --set train.rate=0.003)
train "${long[@]}" -o "$work/e" > /dev/null 2>&1
: > "$work/d.log"
"$mote" train "$work/shake.yaml" --data "$work/shake" "${long[@]}" -o "$work/d" > /dev/null 2> "$work/d.log" &
pid=$! # of the program itself, not of a shell
until grep -q "epoch 3 of" "$work/d.log" || ! kill -0 $pid 2> /dev/null; do
    sleep 0.02
done
kill -INT $pid
! wait $pid || fail "stopped, but all is well"
grep -q "goes on from here" "$work/d.log" || fail "stopping: $(tail -n 1 "$work/d.log")"
[[ -s $work/d/checkpoint ]] || fail "no checkpoint"
train "${long[@]}" -o "$work/d" > /dev/null 2> "$work/d2.log" || fail "going on: $(tail -n 1 "$work/d2.log")"
grep -q "going on from" "$work/d2.log" || fail "it began anew"
! grep -q "epoch 2 of" "$work/d2.log" || fail "epochs were lost"
cmp -s "$work/e/device.tflite" "$work/d/device.tflite" || fail "stopped and gone on with gives another model"

# The device's model on the same recordings says the same; on others it is judged, too.
"$mote" eval "$work/a/device.tflite" --data "$work/shake" --split test --json > "$work/eval.json" 2> /dev/null
python3 - "$work/a/metrics.json" "$work/eval.json" << 'PYTHON' || fail "wrong figures"
import json, sys
a, b = (json.load(open(p)) for p in sys.argv[1:])
assert a["accuracy"] == b["accuracy"] and a["confusion"] == b["confusion"] and a["classes"] == b["classes"]
PYTHON
"$mote" eval "$work/a/device.tflite" --data "$work/shake" 2> /dev/null | grep -q "^120 examples" || fail "eval of all"
"$mote" inspect "$work/a/device.tflite" > /dev/null || fail "the model cannot be read"

# Sound is fed a hop at a time: the window is never whole.
python3 - "$work" << 'PYTHON' || fail "wrong figures, or no recordings"
import math, os, struct, sys
for label, hertz in (("low", 300), ("high", 2000)):
    os.makedirs(f"{sys.argv[1]}/tones/{label}")
    for i in range(16):
        x = [int(8000 * math.sin(2 * math.pi * hertz * (1 + i / 99) * t / 8000)) for t in range(4000)]
        data = struct.pack(f"<{len(x)}h", *x)
        head = struct.pack("<4sI4s4sIHHIIHH4sI", b"RIFF", 36 + len(data), b"WAVE", b"fmt ", 16, 1, 1, 8000, 16000, 2, 16, b"data", len(data))
        open(f"{sys.argv[1]}/tones/{label}/{i}.wav", "wb").write(head + data)
PYTHON
if "$mote" train "$root/recipes/keyword.yaml" --data "$work/tones" -o "$work/g" --set train.epochs=2 --set augment.copies=1 \
    --set data.rate=8000 --set data.window=0.5 --set front.high=3800 --set model.filters=8 > "$work/g.txt" 2> "$work/error"; then
    grep -q "call keyword_feed_samples with samples as they come; every 0.405 s " "$work/g.txt" || fail "not fed: $(cat "$work/g.txt")"
    grep -q "keyword_feed_samples(void \*arena, const int16_t \*samples" "$work/g/c/keyword.h" || fail "the C is not fed"
    python3 - "$work/g/metrics.json" << 'PYTHON' || fail "wrong figures"
import json, sys
m = json.load(open(sys.argv[1]))
it = m["classes"].index(m["positive"])
(alarms, missed), other = (m["confusion"][1 - it][it], m["confusion"][it][1 - it]), 1 - it
assert abs(m["false_alarms"] - alarms / sum(m["confusion"][other])) < 1e-6, m
assert abs(m["missed"] - missed / sum(m["confusion"][it])) < 1e-6, m
PYTHON
    # Sound that never ends: a decision on the last window, several times a second.
    "$mote" train "$root/recipes/wakeword.yaml" --data "$work/tones" -o "$work/stream" --set train.epochs=1 --set augment.copies=1 \
        --set data.positive=high --set data.window=0.5 --set model.filters=8 > "$work/stream.txt" 2> "$work/error" ||
        fail "a stream: $(cat "$work/error")"
    grep -q "call wakeword_feed_samples with samples as they come; every 0.1 s it returns 1" "$work/stream.txt" ||
        fail "no stream: $(cat "$work/stream.txt")"
    "$mote" verify "$work/stream/stream.tflite" --input-fed --on host > /dev/null || fail "the stream is not the same"
    # On whole recordings a word that is missed, or taken for another, is what the decisions of the stream say.
    python3 - "$work" << 'PYTHON' || fail "wrong figures, or no recordings"
import math, os, struct, sys
root = sys.argv[1]
os.makedirs(f"{root}/long")
words = [(2, 2.4), (5.5, 5.9), (9, 9.4)]
x = [int(4000 * math.sin(2 * math.pi * (2000 if any(a <= t / 16000 < b for a, b in words) else 300) * t / 16000)) for t in range(12 * 16000)]
data = struct.pack(f"<{len(x)}h", *x)
open(f"{root}/long.raw", "wb").write(data)
open(f"{root}/long/a.wav", "wb").write(struct.pack("<4sI4s4sIHHIIHH4sI", b"RIFF", 36 + len(data), b"WAVE", b"fmt ", 16, 1, 1, 16000, 32000, 2, 16, b"data", len(data)) + data)
open(f"{root}/long/a.txt", "w").write("".join(f"{a}\t{b}\thigh\n" for a, b in words))
PYTHON
    "$mote" eval "$work/stream/stream.tflite" --data "$work/long" --json > "$work/eval.json" || fail "eval of a stream"
    head -c $((120 * 3200)) "$work/long.raw" > "$work/heard.raw"
    "$mote" run "$work/stream/stream.tflite" --input "$work/heard.raw" --output "$work/said"
    python3 - "$work" << 'PYTHON' || fail "wrong figures, or no recordings"
import json, sys
root = sys.argv[1]
m, trained = json.load(open(f"{root}/eval.json")), json.load(open(f"{root}/stream/metrics.json"))
said = open(f"{root}/said", "rb").read()
it = trained["classes"].index("high")
scores = [((said[2 * i + it] + 128) % 256) / 256 for i in range(len(said) // 2)]
last, false, found = -9, 0, set()
window = [float(line.split()[1]) for line in open(f"{root}/stream/recipe.yaml") if line.startswith("  window:")][0]
for i, score in enumerate(scores):
    t = (i + 1) * 0.1
    if score >= m["accept_threshold"] and t - last >= m["refractory_seconds"] - 1e-9:
        last = t
        hit = {k for k, a in enumerate((2, 5.5, 9)) if a <= t <= a + 0.4 + window}
        found |= hit
        false += not hit
assert m["words"] == 3 and m["false_accepts"] == false and abs(m["miss_rate"] - (1 - len(found) / 3)) < 1e-6, (m, false, found)
assert abs(m["hours"] * 3600 - (12 - 3 * (0.4 + window))) < 1e-3, m
assert "false_accepts_per_hour" in trained and trained["words"] > 0, trained
PYTHON
    grep -q "false accepts per hour" "$work/stream/report.html" || fail "the report says nothing of the stream"
else
    grep -q "built without" "$work/error" || fail "sound: $(cat "$work/error")"
fi

# Pictures of squares, red or green, and where they are; a network for them; its layers under a new end.
python3 - "$work" << 'PYTHON' || fail "wrong figures, or no recordings"
import os, random, struct, sys
root, size = sys.argv[1], 48
random.seed(1)
colours = ((30, 30, 220), (30, 220, 30))
def bmp(path, squares):
    rows = [[random.randrange(60, 110) for k in range(3 * size)] for y in range(size)]
    for c, x, y in squares:
        for v in range(y, y + 10):
            for u in range(x, x + 10):
                rows[v][3 * u:3 * u + 3] = colours[c]
    head = struct.pack("<2sIHHIIiiHHIIiiII", b"BM", 54 + 3 * size * size, 0, 0, 54, 40, size, -size, 1, 24, 0, 0, 0, 0, 0, 0)
    open(path, "wb").write(head + b"".join(map(bytes, rows)))
for folder in ("squares/images", "squares/labels", "colours/red", "colours/green"):
    os.makedirs(f"{root}/{folder}")
for i in range(60):
    at = [(random.randrange(2), x + random.randrange(12), random.randrange(38)) for x in (0, 24)]
    bmp(f"{root}/squares/images/{i}.bmp", at)
    with open(f"{root}/squares/labels/{i}.txt", "w") as f:
        for c, x, y in at:
            f.write(f"{('red', 'green')[c]} {(x + 5) / size} {(y + 5) / size} {10 / size} {10 / size}\n")
for i in range(40):
    c, x, y = random.randrange(2), random.randrange(38), random.randrange(38)
    bmp(f"{root}/colours/{('red', 'green')[c]}/{i}.bmp", [(c, x, y)])
PYTHON
picture() { "$mote" train "$root/recipes/$1.yaml" --data "$work/$2" --set model.filters=8 --set board.name= "${@:3}" 2> "$work/error" || fail "$(cat "$work/error")"; }
picture detect squares -o "$work/h" --set data.width=48 --set data.height=48 --set train.epochs=20 > /dev/null
"$mote" eval "$work/h/device.tflite" --data "$work/squares" --split test --json > "$work/eval.json" 2> /dev/null
python3 - "$work/h/metrics.json" "$work/eval.json" << 'PYTHON' || fail "wrong figures"
import json, sys
a, b = (json.load(open(p)) for p in sys.argv[1:])
assert a["f1"] > 0.8 and a["objects"]["green"]["found"] > 3, a
assert a["objects"] == b["objects"] and a["f1"] == b["f1"], "eval says otherwise"
PYTHON
grep -q "thresholds: \['0\.[0-9]*', '0\.[0-9]*'\]" "$work/h/recipe.yaml" || fail "no thresholds"
grep -q "<rect class=\"hit\"" "$work/h/report.html" || fail "no boxes in the report"
picture image colours -o "$work/i" --set model.from="$work/h/model_float.tflite" --set model.cut=residual5/add \
    --set train.frozen=yes --set train.epochs=40 --set train.batch=4 --set train.rate=0.03 > "$work/i.txt"
python3 - "$work/i/metrics.json" << 'PYTHON' || fail "wrong figures"
import json, sys
a = json.load(open(sys.argv[1]))["accuracy"]
assert a > 0.8, a
PYTHON
picture detect squares -o "$work/j" --set model.from="$work/i/model_float.tflite" --set train.epochs=3 > /dev/null

# A detector learns from what is normal alone; the limit above which there is an alarm is in the model.
"$mote" train "$root/recipes/vibration.yaml" --data "$work/shake" --set data.normal=slow -o "$work/f" > "$work/f.txt" 2> /dev/null
grep -q "^a score above 1 is an alarm" "$work/f.txt" || fail "no limit: $(cat "$work/f.txt")"
python3 - "$work/f/metrics.json" << 'PYTHON' || fail "wrong figures"
import json, sys
m = json.load(open(sys.argv[1]))
assert m["auc"] > 0.95 and m["threshold"] == 1 and m["missed"] < 0.2 and m["false_alarms"] <= 0.3, m
assert m["examples"] > 80, "all that is not normal is for the test"
PYTHON
# What is normal is all that there is to begin with: recordings without labels.
"$mote" train "$root/recipes/vibration.yaml" --data "$work/shake/slow" --set model.name=autoencoder \
    --set train.epochs=5 -o "$work/n" > "$work/n.txt" 2> "$work/error" || fail "normal alone: $(cat "$work/error")"
grep -q "^false_alarms" "$work/n.txt" || fail "normal alone: $(cat "$work/n.txt")"
"$mote" eval "$work/n/device.tflite" --data "$work/shake/fast" > "$work/n.txt" 2> "$work/error" ||
    fail "eval of what is new: $(cat "$work/error")"
grep -q "^false_alarms *0\.[5-9]\|^false_alarms *1" "$work/n.txt" || fail "no alarm at what is new: $(cat "$work/n.txt")"

# What is wrong is said with its place.
rm "$work/shake/fast/broken.csv" "$work/shake/slow/empty.npy"
shake=(train shake.yaml --data "$work/shake")
expect 1 "no/shake.yaml: cannot open it" train "$work/no/shake.yaml" -o "$work/e"
printf 'model:\n  fiters: 3\n' > "$work/bad.yaml"
expect 1 "bad.yaml:2:3: unknown word 'fiters'; did you mean 'filters'?" train "$work/bad.yaml" -o "$work/e"
expect 1 "did you mean 'train.epochs'" "${shake[@]}" --set train.epoch=3 -o "$work/e"
expect 1 "did you mean 'mlp'" train "$root/recipes/table.yaml" --data "$work/shake" --set model.name=mlpp -o "$work/e"
expect 1 "front.kind does not fit data.kind" "${shake[@]}" --set front.kind=mel -o "$work/e"
expect 1 "there are no labels" "${shake[@]}" --set data.labels=none -o "$work/e"
expect 1 "model.from: $work/h/model.tflite: the network to start from computes in int8" train "$root/recipes/image.yaml" \
    --data "$work/colours" --set model.from="$work/h/model.tflite" -o "$work/e"
expect 1 "there is one class, red, and nothing to tell it from" train "$root/recipes/image.yaml" --data "$work/colours" \
    --set "data.classes=[red]" -o "$work/e"
expect 1 "image.yaml: board.every is for sound" train "$root/recipes/image.yaml" --data "$work/colours" \
    --set board.every=1 -o "$work/e"
expect 1 "model.thresholds has 3 numbers, want one, or one for each of 2 classes" train "$root/recipes/detect.yaml" \
    --data "$work/squares" --set "model.thresholds=[0.1, 0.2, 0.3]" -o "$work/e"
expect 1 "nowhere: " train "$work/shake.yaml" -o "$work/e"
expect 1 "mote: $work/shake.yaml: is no folder" train "$work/shake.yaml" --data "$work/shake" -o "$work/shake.yaml"
mkdir -p "$work/blocked/recipe.yaml"
expect 1 "mote: $work/blocked/recipe.yaml: cannot write it" train "$work/shake.yaml" --data "$work/shake" -o "$work/blocked"
echo > "$work/alone.csv"
expect 1 "alone.csv: no example can be read: alone.csv: " train "$work/shake.yaml" --data "$work/alone.csv" -o "$work/e"
for recipe in "$root"/recipes/*.yaml; do # each can be read
    expect 1 "mote: $work/nowhere: no such file or folder" train "$recipe" --data "$work/nowhere" -o "$work/e"
done
[[ ! -e $work/stream/stream.tflite ]] ||
    expect 1 "data.positive is \"loud\", which is none of the model's classes" eval "$work/stream/stream.tflite" \
        --data "$work/long" --set data.positive=loud
expect 1 "recipe.yaml" eval "$root/tests/model/sobel.tflite" --data "$work/shake"
finish "mote train and mote eval: all well"
