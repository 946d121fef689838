#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# A face detector that many phones and browsers run, on photographs. The model comes from the npm package
# @mediapipe/face_detection, the photographs from the Debian package python3-skimage, of which nothing is installed.
# What was fetched stays in DIR. usage: faces.sh MOTE DIR [PICTURE.png]...
set -euo pipefail
mote=$(realpath "$1")
root=$(realpath "$(dirname "$0")/..")
faces=$(dirname "$mote")/examples/faces
mkdir -p "$2"
dir=$2
shift 2
pictures=()
for picture; do
    pictures+=("$(realpath "$picture")")
done
cd "$dir"

package=@mediapipe/face_detection@0.4.1657300184
model=node_modules/@mediapipe/face_detection/face_detection_short_range.tflite
checksum=3bc182eb9f33925d9e58b5c8d59308a760f4adea8f282370e428c51212c26633
photographs=usr/lib/python3/dist-packages/skimage/data

fetch_model() {
    [[ -s $model ]] && return
    command -v npm > /dev/null || { echo "demo: there is no npm to fetch the model with" >&2; return 1; }
    echo "demo: fetching $package from npm"
    npm install --prefix . --ignore-scripts --no-audit --no-fund --no-save --prefer-offline --fetch-retries=1 \
        --fetch-retry-mintimeout=1000 "$package" > npm.log 2>&1 || {
        echo "demo: npm could not fetch it: $(grep -m 1 -iE 'err' npm.log || tail -n 1 npm.log)" >&2
        return 1
    }
}

fetch_photographs() {
    [[ -s $photographs/astronaut.png ]] && return
    echo "demo: fetching photographs from Debian's python3-skimage"
    rm -f python3-skimage_*.deb
    apt-get download python3-skimage > apt.log 2>&1 ||
        { "$root/scripts/setup.sh" --update > apt.log 2>&1 && apt-get download python3-skimage > apt.log 2>&1; } || {
        echo "demo: apt-get could not fetch them: $(tail -n 1 apt.log)" >&2
        return 1
    }
    dpkg-deb --fsys-tarfile python3-skimage_*.deb | tar x "./$photographs/astronaut.png" "./$photographs/chelsea.png"
    rm -f python3-skimage_*.deb
}

fall_back() {
    "$root/examples/edges.sh" "$mote"
    exit 0
}

[[ -x $faces ]] || { echo "demo: built without libpng" >&2; fall_back; }
if ((${#pictures[@]} == 0)); then
    fetch_photographs || fall_back
    pictures=("$photographs/astronaut.png" "$photographs/chelsea.png")
fi
fetch_model || fall_back
sha256sum --quiet --check <<< "$checksum  $model"

for picture in "${pictures[@]}"; do
    name=$(basename "$picture" .png)
    echo "$name.png:"
    "$faces" prepare "$picture" "$name.in"
    "$mote" run "$model" --input "$name.in" --output "$name.out"
    "$faces" show "$picture" "$name.out" "$name-faces.png"
    echo "  marked in $dir/$name-faces.png"
done
