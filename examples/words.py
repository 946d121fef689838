#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Words spoken by espeak-ng in many voices, mixed with noise: recordings to train a keyword spotter on.

usage: words.py DIR [WORD]...

DIR gets a folder for each word, `_unknown_` with other words and `_silence_` with noise alone, one second a file. A
file's name begins with its voice, so that all recordings of a voice can be kept together. The same call makes the same
files.
"""
import array
import pathlib
import random
import subprocess
import sys
import wave

RATE = 22050  # Hz, what espeak-ng speaks at
ACCENTS = ["en-us", "en-gb", "en-gb-scotland", "en-gb-x-rp", "en-gb-x-gbclan", "en-gb-x-gbcwmd", "en-029"]
TIMBRES = ["m1", "m2", "m3", "m4", "m5", "m6", "m7", "f1", "f2", "f3", "f4", "f5", "Andy", "Annie", "Alicia", "steph"]
OTHERS = ["seven", "house", "marvin", "tree", "happy", "wow", "bed", "bird", "zero", "right", "follow", "visual"]
CLIPS = 120  # a word
SILENT = 80


def speak(word, voice, rng):
    """The word as samples: mono, 16 bits."""
    command = ["espeak-ng", "-v", voice, "-s", str(rng.randint(120, 200)), "-p", str(rng.randint(30, 70)),
               "-a", "100", "--stdout", word]
    sound = subprocess.run(command, check=True, capture_output=True).stdout
    return array.array("h", sound[44:len(sound) & ~1])  # behind the header, whose length field a pipe leaves open


def make_noises():
    """A few seconds each of noise between white and brown, some with the hum of mains, all equally loud."""
    rng = random.Random("noise")
    noises = []
    for keep, hum in [(0, 0), (0.5, 0), (0.8, 441), (0.9, 0), (0.95, 367), (0.98, 0)]:  # hum: samples a period
        value, out = 0.0, []
        for i in range(4 * RATE):
            value = keep * value + rng.gauss(0, 1) * (1 - keep * keep) ** 0.5
            out.append(value + (2 * ((i % hum) / hum - 0.5) if hum else 0))
        noises.append(out)
    return noises


NOISES = make_noises()


def noise(rng):
    """A second of noise."""
    long = rng.choice(NOISES)
    start, gain = rng.randrange(len(long) - RATE), 10 ** rng.uniform(0.5, 2.7)
    return [gain * x for x in long[start:start + RATE]]


def mix(speech, rng):
    """Speech of some loudness somewhere in a second of noise."""
    out = noise(rng)
    speech = speech[:RATE]
    start = rng.randint(0, RATE - len(speech))
    gain = rng.uniform(0.15, 0.9)
    for i, sample in enumerate(speech):
        out[start + i] += gain * sample
    return array.array("h", (max(-32768, min(32767, round(x))) for x in out))


def write(path, samples):
    with wave.open(str(path), "wb") as f:
        f.setparams((1, 2, RATE, 0, "NONE", ""))
        f.writeframes(samples.tobytes())


def clips(folder, words, count):
    """`count` recordings of some words; the voice goes round, so that each says each word now and then."""
    folder.mkdir(parents=True, exist_ok=True)
    rng = random.Random(folder.name)
    voices = [(a, t) for a in ACCENTS for t in TIMBRES]
    rng.shuffle(voices)
    for i in range(count):
        accent, timbre = voices[i % len(voices)]
        speech = speak(words[i % len(words)], f"{accent}+{timbre}", rng) if words else array.array("h")
        write(folder / f"{accent}-{timbre}_nohash_{i}.wav", mix(speech, rng))


def main():
    if len(sys.argv) < 2:
        sys.exit(__doc__.strip())
    root = pathlib.Path(sys.argv[1])
    wanted = sys.argv[2:] or ["yes", "no", "up", "down"]
    for word in wanted:
        clips(root / word, [word], CLIPS)
    clips(root / "_unknown_", [w for w in OTHERS if w not in wanted], 2 * CLIPS)
    clips(root / "_silence_", [], SILENT)


if __name__ == "__main__":
    main()
