#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Operators that are read as others, against their definitions in StableHLO's specification. usage: stablehlo.py MOTE

Each is a model of its own, once with all inputs at run time and once with all but the first as constants. Numbers are small
and whole, so that results are exact but where the definition itself is not.
"""
import itertools
import os
import pathlib
import subprocess
import sys
import tempfile

sys.dont_write_bytecode = True
from flat import Table, Tables, Vector, build  # noqa: E402

try:
    import numpy as np
except ImportError:
    if sys.executable != "/usr/bin/python3" and os.path.exists("/usr/bin/python3"):
        os.execv("/usr/bin/python3", ["/usr/bin/python3", *sys.argv])
    print("SKIPPED: no python3-numpy")
    sys.exit(77)

MOTE = sys.argv[1]
WORK = pathlib.Path(tempfile.mkdtemp())
rng = np.random.RandomState(1)
failures = []
passed = 0

KINDS = {np.dtype(np.float32): 0, np.dtype(np.int32): 2, np.dtype(np.int64): 4, np.dtype(bool): 6, np.dtype(np.int8): 9}
CODES = {"ADD": 0, "MUL": 18, "MAXIMUM": 55, "MINIMUM": 57, "LOGICAL_OR": 84, "LOGICAL_AND": 86, "SUB": 41}
JOIN = {"ADD": np.add, "MUL": np.multiply, "MAXIMUM": np.maximum, "MINIMUM": np.minimum, "LOGICAL_AND": np.logical_and,
        "LOGICAL_OR": np.logical_or, None: lambda a, b: b}


def f32(*shape):
    return rng.randint(-9, 10, shape).astype(np.float32)


def s32(*values):
    return np.array(values, np.int32)


def longs(*values):
    return Vector("q", values)


# ------------------------------------------------------------------------------------------------------------ models


def tensor(value, buffer=0):
    return Table({0: Vector("i", value.shape), 1: ("b", KINDS[value.dtype]), 2: ("I", buffer), 3: b"t"})


def body_graph(join, dtype):
    """Two scalars and what joins them: an operator, or None for the second."""
    scalar = np.zeros((), dtype)
    tensors = Tables([tensor(scalar) for _ in range(3)])
    operators = Tables([Table({0: ("I", 1), 1: Vector("i", [0, 1]), 2: Vector("i", [2])})] if join else [])
    return Table({0: tensors, 1: Vector("i", [0, 1]), 2: Vector("i", [2 if join else 1]), 3: operators})


def model(code, options, inputs, constants, out, join):
    tensors, buffers, ends = [], [Table()], []
    for i, value in enumerate(inputs):
        if i in constants:
            buffers.append(Table({0: value.tobytes()}))
            tensors.append(tensor(value, len(buffers) - 1))
        else:
            tensors.append(tensor(value))
            ends.append(i)
    tensors.append(tensor(out))
    op = Table({0: ("I", 0), 1: Vector("i", range(len(inputs))), 2: Vector("i", [len(inputs)])})
    if options:
        op[11], op[12] = ("B", 1), Table(options)
    codes = [code, CODES[join] if join else 0]
    graphs = [Table({0: Tables(tensors), 1: Vector("i", ends), 2: Vector("i", [len(inputs)]), 3: Tables([op])}),
              body_graph(join, inputs[0].dtype if inputs else out.dtype)]
    return build(Table({0: ("I", 3), 1: Tables([Table({0: ("b", min(c, 127)), 3: ("i", c)}) for c in codes]),
                        2: Tables(graphs), 4: Tables(buffers)}))


def tally(name, ok, detail):
    global passed
    passed += ok
    if not ok:
        failures.append(name)
        print(f"FAILED: {name}: {detail}")


def run(name, code, options, inputs, constants, want, join):
    want = np.ascontiguousarray(want)
    (WORK / "m.tflite").write_bytes(model(code, options, inputs, constants, want, join))
    (WORK / "in").write_bytes(b"".join(v.tobytes() for i, v in enumerate(inputs) if i not in constants))
    given = ["--input", WORK / "in"] if len(inputs) > len(constants) else []
    p = subprocess.run([MOTE, "run", WORK / "m.tflite", *given, "--output", WORK / "out"], capture_output=True)
    if p.returncode != 0:
        tally(name, False, p.stderr.decode())
        return
    got = np.frombuffer((WORK / "out").read_bytes(), want.dtype)
    ok = got.size == want.size and np.allclose(got, want.reshape(-1), rtol=1e-5, atol=1e-5)
    tally(name, ok, f"got {got}, want {want.reshape(-1)}")


def check(name, code, options, inputs, want, join=None, always=(), never=()):
    """always: inputs that are constants in any case; never: that never are."""
    run(name, code, options, inputs, set(always), want, join)
    some = {i for i in range(1, len(inputs)) if i not in never}
    if some != set(always):
        run(name + ", constants", code, options, inputs, some, want, join)


def check_refused(name, code, options, inputs, out, want, join=None):
    (WORK / "m.tflite").write_bytes(model(code, options, inputs, set(), out, join))
    p = subprocess.run([MOTE, "inspect", WORK / "m.tflite"], capture_output=True)
    said = p.stderr.decode()
    tally(name, p.returncode == 1 and want in said and said.count("\n") == 1, said)


# ------------------------------------------------------------------------------------------------------- definitions


def gather(x, at, offset, collapsed, mapped, vector, sizes):
    at = at[..., None] if vector == at.ndim else np.moveaxis(at, vector, -1)
    batch = at.shape[:-1]
    kept = [d for d in range(x.ndim) if d not in collapsed]
    rank = len(batch) + len(offset)
    batch_dims = [d for d in range(rank) if d not in offset]
    shape = [0] * rank
    for d, n in zip(batch_dims, batch):
        shape[d] = n
    for d, k in zip(offset, kept):
        shape[d] = sizes[k]
    out = np.zeros(shape, x.dtype)
    for place in itertools.product(*map(range, shape)):
        tuple_ = at[tuple(place[d] for d in batch_dims)]
        full = [0] * x.ndim
        for i, d in enumerate(mapped):
            full[d] = min(max(int(tuple_[i]), 0), x.shape[d] - sizes[d])
        for d, k in zip(offset, kept):
            full[k] += place[d]
        out[place] = x[tuple(full)]
    return out


def scatter(x, at, updates, window, inserted, mapped, vector, join):
    at = at[..., None] if vector == at.ndim else np.moveaxis(at, vector, -1)
    out = x.copy()
    kept = [d for d in range(x.ndim) if d not in inserted]
    batch_dims = [d for d in range(updates.ndim) if d not in window]
    for place in itertools.product(*map(range, updates.shape)):
        tuple_ = at[tuple(place[d] for d in batch_dims)]
        full = [0] * x.ndim
        for i, d in enumerate(mapped):
            full[d] = int(tuple_[i])
        for d, k in zip(window, kept):
            full[k] += place[d]
        if all(0 <= f < n for f, n in zip(full, x.shape)):
            out[tuple(full)] = JOIN[join](out[tuple(full)], updates[place])
    return out


def pad(x, value, low, high, inner):
    shape = [max(0, n + (n - 1) * i) for n, i in zip(x.shape, inner)]
    spread = np.full(shape, value, x.dtype)
    spread[tuple(slice(None, None, i + 1) for i in inner)] = x
    out = np.full([n + lo + hi for n, lo, hi in zip(shape, low, high)], value, x.dtype)
    for place in itertools.product(*map(range, out.shape)):
        full = [p - lo for p, lo in zip(place, low)]
        if all(0 <= f < n for f, n in zip(full, shape)):
            out[place] = spread[tuple(full)]
    return out


def reduce_window(x, init, sizes, strides, dilations, join):
    shape = [(n - ((s - 1) * d + 1)) // t + 1 for n, s, t, d in zip(x.shape, sizes, strides, dilations)]
    out = np.full(shape, init, x.dtype)
    for place in itertools.product(*map(range, shape)):
        for k in itertools.product(*map(range, sizes)):
            full = tuple(p * t + i * d for p, t, i, d in zip(place, strides, k, dilations))
            out[place] = JOIN[join](out[place], x[full])
    return out


# -------------------------------------------------------------------------------------------------------------- cases


def elementwise():
    a, b = f32(2, 3), f32(2, 3)
    for code, want in ((163, a + b), (165, a * b), (166, np.maximum(a, b)), (181, np.minimum(a, b)), (188, a - b),
                       (164, a / (abs(b) + 1)), (184, np.power(abs(a) + 1, b))):
        check(f"code {code}", code, None, [abs(a) + 1 if code == 184 else a, abs(b) + 1 if code == 164 else b], want)
    for code, f in ((162, lambda x: 1 / (1 + np.exp(-x))), (175, abs), (177, np.cos), (178, np.exp), (182, np.negative),
                    (189, np.tanh), (179, np.floor)):
        check(f"code {code}", code, None, [a / 4], f(a / 4))
    for code, f in ((180, np.log), (186, lambda x: 1 / np.sqrt(x))):
        check(f"code {code}", code, None, [abs(a) + 1], f(abs(a) + 1))
    p, q = a > 0, b > 0
    check("and", 176, None, [p, q], p & q)
    check("or", 183, None, [p, q], p | q)
    check("select", 187, None, [p, a, b], np.where(p, a, b))
    check("select by a scalar", 187, None, [np.array(True), a, b], a)
    check("clamp", 168, None, [np.float32(-3), a, np.float32(4)], np.clip(a, -3, 4), never=(1,))
    for way, f in enumerate((np.equal, np.not_equal, np.greater_equal, np.greater, np.less_equal, np.less)):
        check(f"compare {way}", 191, {0: ("I", way)}, [a, b], f(a, b))
    for x, y in ((a, np.where(b == 0, 3, b)), (a.astype(np.int32), np.where(b == 0, 3, b).astype(np.int32))):
        check(f"remainder {x.dtype}", 185, None, [x, y.astype(x.dtype)], np.fmod(x, y.astype(x.dtype)))
    check("cube root", 208, None, [a], np.cbrt(a))
    check("convert", 192, None, [a / 2], (a / 2).astype(np.int32))


def products():
    a, b = f32(3, 4), f32(4, 5)
    check("product", 197, {2: longs(1), 3: longs(0)}, [a, b], a @ b)
    check("product, turned", 197, {2: longs(0), 3: longs(0)}, [a, c := f32(3, 2)], a.T @ c)
    x, y = f32(2, 3, 4, 5), f32(4, 2, 6, 5)
    check("product with batches", 197, {0: longs(0, 2), 1: longs(1, 0), 2: longs(3), 3: longs(3)}, [x, y],
          np.einsum("binf,nbkf->bnik", x, y))
    check("product over two dims", 197, {2: longs(0, 3), 3: longs(1, 3)}, [x, y], np.einsum("binf,mbkf->inmk", x, y))
    check("product with a vector", 197, {2: longs(1), 3: longs(0)}, [a, v := f32(4)], a @ v)


def moving():
    a = f32(2, 3, 4)
    check("reshape", 167, None, [a], a.reshape(6, 4))
    check("transpose", 202, {0: longs(2, 0, 1)}, [a], a.transpose(2, 0, 1))
    check("concatenate", 169, {0: ("q", 1)}, [a, f32(2, 1, 4) * 0, a], np.concatenate([a, a[:, :1] * 0, a], 1))
    check("broadcast", 170, {0: longs(1)}, [s32(1, 2, 3)], np.broadcast_to(s32(1, 2, 3)[None, :, None], (2, 3, 2)))
    check("broadcast of a dim of 1", 170, {0: longs(0, 2)}, [f32(2, 1) * 0 + 5], np.full((2, 3, 4), 5, np.float32))
    check("broadcast of a scalar", 170, None, [np.float32(7).reshape(())], np.full((2, 2), 7, np.float32))
    check("slice", 172, {0: longs(0, 1, 0), 1: longs(2, 3, 4), 2: longs(1, 1, 2)}, [a], a[:, 1:, ::2])
    zero = np.int32(0).reshape(())
    for start in (1, -5, 3):
        at = [zero + np.int32(0), zero + np.int32(start), zero + np.int32(2)]
        begin = min(max(start, 0), 1)
        check(f"dynamic slice {start}", 193, {0: longs(2, 2, 2)}, [a, *at], a[:, begin:begin + 2, 2:4])
        want = a.copy()
        update = f32(2, 2, 1)
        want[:, begin:begin + 2, 2:3] = update
        check(f"dynamic update {start}", 194, None, [a, update, *at], want)
    for dtype in (np.int32, np.float32):
        check("iota", 196, {0: ("q", 1)}, [], np.broadcast_to(np.arange(3, dtype=dtype)[:, None], (2, 3, 2)))
    check("pad", 195, {0: longs(1, 0), 1: longs(0, 2), 2: longs(0, 0)}, [f := f32(2, 3), np.float32(7)],
          pad(f, 7, (1, 0), (0, 2), (0, 0)))
    check("pad inside", 195, {0: longs(1, 0), 1: longs(0, 2), 2: longs(2, 1)}, [f, np.float32(7)],
          pad(f, 7, (1, 0), (0, 2), (2, 1)))
    check("pad by less than 0", 195, {0: longs(1, -1), 1: longs(-1, -1), 2: longs(0, 1)}, [f, np.float32(7)],
          pad(f, 7, (1, -1), (-1, -1), (0, 1)))
    check("dilate", 203, None, [a, s32(1, 3, 2), np.float32(-1)], pad(a, -1, (0,) * 3, (0,) * 3, (0, 2, 1)), always=(1,))
    check("dilate int8", 203, None, [(a[0]).astype(np.int8), s32(2, 1), np.array(3, np.int8)],
          pad(a[0].astype(np.int8), 3, (0, 0), (0, 0), (1, 0)), always=(1,))


def windows():
    image, values = f32(1, 6, 5, 2), f32(3, 7)
    flags, numbers = f32(3, 7) > -4, values.astype(np.int32)
    cases = [("image", image, (1, 3, 2, 1), (1, 2, 1, 1), (1,) * 4), ("rows", values, (1, 3), (1, 2), (1, 2)),
             ("both", values, (2, 2), (1, 3), (1, 1)), ("int32", numbers, (2, 3), (1, 1), (2, 1))]
    for name, x, sizes, strides, dilations in cases:
        joins = {"ADD": (1, 0), "MUL": (2, 1), "MINIMUM": (3, 9), "MAXIMUM": (4, -np.inf)}
        if name == "int32":
            joins = {"ADD": (1, 5), "MAXIMUM": (4, -(2 ** 31)), "MINIMUM": (3, 2 ** 31 - 1)}
        for join, (number, init) in joins.items():
            start = np.array(init, x.dtype)
            want = reduce_window(x, start, sizes, strides, dilations, join)
            lists = [np.array(v, np.int64) for v in (sizes, strides, dilations)]
            check(f"window {name} {join}", 205, {0: ("i", number)}, [x, start, *lists], want, always=(2, 3, 4))
            check(f"stablehlo window {name} {join}", 198, {
                0: longs(*sizes), 1: longs(*strides), 3: longs(*dilations), 5: ("i", 1)}, [x, start], want, join)
    for join, number in (("LOGICAL_AND", 5), ("LOGICAL_OR", 6)):
        lists = [np.array(v, np.int64) for v in ((1, 2), (1, 1), (1, 1))]
        start = np.array(join == "LOGICAL_AND")
        check(f"window {join}", 205, {0: ("i", number)}, [flags, start, *lists],
              reduce_window(flags, start, (1, 2), (1, 1), (1, 1), join), always=(2, 3, 4))
    padded = pad(image, -np.inf, (0, 1, 0, 0), (0, 1, 1, 0), (0, 0, 0, 0))
    check("window with padding", 198, {0: longs(1, 3, 2, 1), 1: longs(1, 2, 2, 1), 4: longs(0, 0, 1, 1, 0, 1, 0, 0),
                                       5: ("i", 1)}, [image, np.array(-np.inf, np.float32)],
          reduce_window(padded, -np.inf, (1, 3, 2, 1), (1, 2, 2, 1), (1,) * 4, "MAXIMUM"), "MAXIMUM")
    spread = pad(values, 0, (0, 2), (0, 0), (0, 1))
    check("window over what is dilated", 198, {0: longs(1, 3), 2: longs(1, 2), 4: longs(0, 0, 2, 0), 5: ("i", 1)},
          [values, np.array(0, np.float32)], reduce_window(spread, 0, (1, 3), (1, 1), (1, 1), "ADD"), "ADD")
    for join, reduce in (("ADD", np.sum), ("MAXIMUM", np.max), ("MINIMUM", np.min)):
        start = np.array(2, np.float32)
        check(f"reduce {join}", 174, {0: longs(0, 2), 1: ("i", 1)}, [x := f32(2, 3, 4), start],
              JOIN[join](reduce(x, (0, 2)), 2), join)
    check("reduce LOGICAL_OR", 174, {0: longs(1), 1: ("i", 1)}, [flags, np.array(False)], flags.any(1), "LOGICAL_OR")


def gathering():
    def one(name, x, at, offset, collapsed, mapped, vector, sizes):
        check("gather " + name, 201, {0: longs(*offset), 1: longs(*collapsed), 2: longs(*mapped), 3: ("q", vector),
                                      4: longs(*sizes)}, [x, at], gather(x, at, offset, collapsed, mapped, vector, sizes))

    table, cube = f32(6, 4), f32(4, 3, 5)
    one("rows", table, s32(5, 0, 2, 2), (1,), (0,), (0,), 1, (1, 4))
    one("columns", table, s32(3, 0), (0,), (1,), (1,), 1, (6, 1))
    one("outside", table, s32(-3, 9, 5), (1, 2), (), (0,), 1, (2, 4))
    one("points", table, s32(*[[1, 2], [5, 3], [0, 9]]), (), (0, 1), (0, 1), 1, (1, 1))
    one("tuples turned", table, s32(*[[1, 5, 0], [2, 3, 9]]), (), (0, 1), (1, 0), 0, (1, 1))
    one("boxes", cube, s32(*[[[1, 2], [0, 3]], [[3, 0], [9, -1]]]), (1, 3), (1,), (0, 2), 2, (2, 1, 3))
    one("slices in the middle", cube, s32(*[[2], [0]]), (0, 2), (1,), (1,), 1, (4, 1, 5))
    one("int64", table.astype(np.int8), np.array([[1], [3]], np.int64), (1,), (0,), (0,), 1, (1, 4))


def scattering():
    def one(name, join, x, at, updates, window, inserted, mapped, vector):
        check(f"scatter {name} {join}", 190, {1: longs(*window), 2: longs(*inserted), 3: longs(*mapped), 4: ("q", vector),
                                              6: ("i", 1)}, [x, at, updates],
              scatter(x, at, updates, window, inserted, mapped, vector, join), join, never=(2,))

    table, cube = f32(6, 4), f32(4, 3, 5)
    for join in ("ADD", "MUL", "MAXIMUM", "MINIMUM", None):
        one("rows", join, table, s32(5, 0, 2, 2), f32(4, 4), (1,), (0,), (0,), 1)
        one("columns", join, table, s32(3, 0), f32(6, 2), (0,), (1,), (1,), 1)
        one("points", join, table, s32(*[[1, 2], [5, 3], [0, 9], [-1, 0]]), f32(4), (), (0, 1), (0, 1), 1)
        one("over the edge", join, table, s32(*[[4], [-1]]), f32(2, 3, 4), (1, 2), (), (0,), 1)
        one("boxes", join, cube, s32(*[[1, 2], [3, 0]]), f32(2, 2, 3), (1, 2), (1,), (0, 2), 1)
    one("int32", "ADD", table.astype(np.int32), s32(*[[1], [1]]), f32(2, 4).astype(np.int32), (1,), (0,), (0,), 1)


def refused():
    x, start = f32(2, 3), np.array(0, np.float32)
    check_refused("a body of another operator", 174, {0: longs(1), 1: ("i", 1)}, [x, start], x[:, 0], "joins values by more",
                  "SUB")
    check_refused("a product over dims of other extents", 197, {2: longs(1), 3: longs(0)}, [x, x], x, "sums over 3 and 2")
    check_refused("too few numbers", 202, {0: longs(1)}, [x], x.T, "want 2")
    check_refused("numbers that fit no 32 bits", 195, {0: longs(2 ** 40, 0), 1: longs(0, 0), 2: longs(0, 0)}, [x, start], x,
                  "fits no 32 bits")
    check_refused("a window that does not fit", 205, {0: ("i", 1)}, [x, start, *[s32(1, 1)] * 3], x, "that are known")
    check_refused("dims out of range", 201, {0: longs(1), 1: longs(7), 2: longs(9), 3: ("q", 1), 4: longs(1, 3)},
                  [x, s32(0)], x[:1], "of dim 9 of 2")


elementwise()
products()
moving()
windows()
gathering()
scattering()
refused()
subprocess.run(["rm", "-rf", WORK], check=True)
print(f"{passed} passed, {len(failures)} failed")
sys.exit(len(failures) > 0)
