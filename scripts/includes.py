#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Holds every #include against the drawing in DESIGN.md: a stage sees the structs it works on, never another stage.

usage: includes.py ROOT
"""
import pathlib
import re
import sys

# What a folder may include besides itself; "mote" stands for mote/ and mote/kernel/.
ALLOWED = {
    "mote": set(),
    "tool/base": set(),
    "tool/ir": {"tool/base"},
    "tool/read": {"tool/base", "tool/ir"},
    "tool/pass": {"tool/base", "tool/ir"},
    "tool/plan": {"tool/base", "tool/ir", "mote"},
    "tool/write": {"tool/base", "tool/ir", "tool/read"},  # of read/, the tables that both directions go by
    "tool/run": {"tool/base", "tool/ir", "tool/plan", "mote"},
    "tool/quant": {"tool/" + s for s in "base ir pass plan run".split()},
    "tool/emit": {"tool/base", "tool/ir", "tool/plan", "mote"},
    "tool/target": {"tool/base"},
    "tool/data": {"tool/base", "tool/ir"},
    "tool/front": {"tool/base", "tool/ir"},
    "tool/recipe": {"tool/base"},
    "tool/prove": {"tool/" + s for s in "base ir plan emit run target".split()},
    "tool/eval": {"tool/base"},
    "tool/train": {"tool/base", "tool/ir"},
    "tool/report": {"tool/base", "tool/ir", "tool/plan", "tool/quant"},
    "tool/command": {"tool/" + s for s in "base ir read write quant pass plan emit run report target prove eval train data front recipe".split()} | {"mote"},
    "tool": {"tool/command"},
}
INTRINSICS = {"mote/kernel/arm_mve": {"arm_mve.h"}}  # what a compiler has for one target
FREESTANDING = {"stddef.h", "stdint.h", "stdbool.h", "limits.h", "float.h", "string.h"}
INCLUDE = re.compile(r'^\s*#\s*include\s+([<"])([^>"]+)[>"]', re.M)


def stage(path):
    """The folder that a rule names: "mote" for all of the device half, else the file's own."""
    folder = path.parent.as_posix()
    return "mote" if folder.split("/")[0] == "mote" else folder


def check(root, path):
    own = stage(path)
    if own not in ALLOWED:
        yield f"{path}: folder {own} has no rule; give it one in scripts/includes.py"
        return
    for kind, name in INCLUDE.findall((root / path).read_text()):
        if kind == "<":
            if own == "mote" and name not in FREESTANDING | INTRINSICS.get(path.parent.as_posix(), set()):
                yield f"{path}: includes <{name}>; the device half may include {', '.join(sorted(FREESTANDING))}"
            continue
        target = (root / path.parent / name).resolve()
        if not target.is_file():
            yield f'{path}: includes "{name}", which is not there'
            continue
        other = stage(target.relative_to(root))
        if other != own and other not in ALLOWED[own]:
            yield f'{path}: includes "{name}"; {own} may include {", ".join(sorted(ALLOWED[own])) or "only itself"}'


def main():
    root = pathlib.Path(sys.argv[1]).resolve()
    files = [p.relative_to(root) for top in ("mote", "tool") for p in sorted((root / top).rglob("*"))
             if p.suffix in (".c", ".h", ".def")]
    errors = [e for path in files for e in check(root, path)]
    print("\n".join(errors) if errors else f"{len(files)} files include only what they may")
    return 1 if errors else 0


if __name__ == "__main__":
    sys.exit(main())
