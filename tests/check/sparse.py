#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Sparse constants: models that add one to their input. usage: sparse.py MOTE

Matrices are stored in the ways that TensorFlow Lite's schema has; what comes out is the matrix plus the input.
"""
import pathlib
import struct
import subprocess
import sys
import tempfile

from flat import Table, Tables, Vector, build

ADD, DENSIFY, F32, S8 = 0, 124, 0, 9
WORK = pathlib.Path(tempfile.mkdtemp())
failures = []


def dense(size=0):
    return Table({0: ("b", 0), 1: ("i", size)})


def sparse(segments, indices, code="i"):
    """code: how the numbers are stored, 32, 16 or 8 bits."""
    kind = ("B", {"i": 1, "H": 2, "B": 3}[code])
    return Table({0: ("b", 1), 2: kind, 3: Table({0: Vector(code, segments)}), 4: kind,
                  5: Table({0: Vector(code, indices)})})


def model(shape, values, order, blocks, dims):
    sparsity = Table({0: Vector("i", order), 2: Tables(dims)})
    if blocks:
        sparsity[1] = Vector("i", blocks)
    constant = Table({0: Vector("i", shape), 1: ("b", F32), 2: ("I", 1), 3: b"w", 6: sparsity})
    tensors = [Table({0: Vector("i", shape), 1: ("b", F32), 3: b"t"}) for _ in range(3)] + [constant]
    operators = [Table({0: ("I", 1), 1: Vector("i", [3]), 2: Vector("i", [2])}),
                 Table({0: ("I", 0), 1: Vector("i", [0, 2]), 2: Vector("i", [1])})]
    codes = [Table({0: ("b", ADD), 3: ("i", ADD)}), Table({0: ("b", DENSIFY), 3: ("i", DENSIFY)})]
    data = struct.pack(f"<{len(values)}f", *values)
    subgraph = Table({0: Tables(tensors), 1: Vector("i", [0]), 2: Vector("i", [1]), 3: Tables(operators)})
    return build(Table({0: ("I", 3), 1: Tables(codes), 2: Tables([subgraph]), 4: Tables([Table(), Table({0: data})])}))


def check(name, shape, values, order, blocks, dims, want):
    """want: the matrix; None: it must be refused."""
    count = 1
    for d in shape:
        count *= d
    (WORK / "m.tflite").write_bytes(model(shape, values, order, blocks, dims))
    (WORK / "in").write_bytes(struct.pack(f"<{count}f", *range(count)))
    p = subprocess.run([sys.argv[1], "run", WORK / "m.tflite", "--input", WORK / "in", "--output", WORK / "out"],
                       capture_output=True)
    if want is None:
        ok = p.returncode == 1 and b"is sparse in a way" in p.stderr
    else:
        ok = p.returncode == 0 and list(struct.unpack(f"<{count}f", (WORK / "out").read_bytes())) == [
            w + i for i, w in enumerate(want)]
    if not ok:
        failures.append(name)
        print(f"FAILED: {name}: {p.returncode} {p.stderr.decode().strip()}")


rows = [0, 3, 0, 0, 1, 0, 0, 2]
cases = [
    ("rows", [2, 4], [3, 1, 2], [0, 1], [], [dense(2), sparse([0, 1, 3], [1, 0, 3])], rows),
    ("rows, 16 bits", [2, 4], [3, 1, 2], [0, 1], [], [dense(2), sparse([0, 1, 3], [1, 0, 3], "H")], rows),
    ("columns first, 8 bits", [2, 4], [1, 3, 2], [1, 0], [], [dense(4), sparse([0, 1, 2, 2, 3], [1, 0, 1], "B")], rows),
    ("all there", [2, 2], [1, 2, 3, 4], [0, 1], [], [dense(2), dense(2)], [1, 2, 3, 4]),
    ("blocks of 2 x 2", [4, 4], [1, 2, 3, 4, 5, 6, 7, 8], [0, 1, 2, 3], [0, 1],
     [dense(2), sparse([0, 1, 2], [1, 0]), dense(2), dense(2)],
     [0, 0, 1, 2, 0, 0, 3, 4, 5, 6, 0, 0, 7, 8, 0, 0]),
    ("blocks of one dim", [2, 4], [1, 2, 3, 4], [0, 1, 2], [1], [dense(2), sparse([0, 1, 2], [1, 0]), dense(2)],
     [0, 0, 1, 2, 3, 4, 0, 0]),
    ("an index too large", [2, 4], [3, 1, 2], [0, 1], [], [dense(2), sparse([0, 1, 3], [1, 0, 4])], None),
    ("too few values", [2, 4], [3, 1], [0, 1], [], [dense(2), sparse([0, 1, 3], [1, 0, 3])], None),
    ("too many values", [2, 4], [3, 1, 2, 9], [0, 1], [], [dense(2), sparse([0, 1, 3], [1, 0, 3])], None),
    ("segments that fall", [2, 4], [3, 1, 2], [0, 1], [], [dense(2), sparse([0, 3, 1], [1, 0, 3])], None),
    ("too few segments", [2, 4], [3], [0, 1], [], [dense(2), sparse([0, 1], [1])], None),
    ("a dim twice", [2, 4], [3, 1, 2], [0, 0], [], [dense(2), sparse([0, 1, 3], [1, 0, 3])], None),
    ("blocks that do not fit", [3, 4], [1, 2, 3, 4], [0, 1, 2], [0], [dense(2), sparse([0, 1, 2], [1, 0]), dense(2)],
     None),
]
for case in cases:
    check(*case)
subprocess.run(["rm", "-rf", WORK], check=True)
print(f"{len(cases) - len(failures)} passed, {len(failures)} failed")
sys.exit(len(failures) > 0)
