#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Hostile models: cut off, damaged, made to take long or much. usage: hostile.py ROOT MOTE

Each must be refused with one line on stderr and exit status 1, within a second of processor time and, besides what the
program itself needs, within 4 times the file's size + 48 MiB of memory. Where damage happens to leave a valid model, it may run instead.
"""
import os
import pathlib
import random
import resource
import struct
import subprocess
import sys
import tempfile
import time

from flat import Table, Tables, Vector, build

ROOT, MOTE = pathlib.Path(sys.argv[1]).resolve(), pathlib.Path(sys.argv[2]).resolve()
WORK = pathlib.Path(tempfile.mkdtemp())
SECONDS = 1.0
failures = []
runs = 0

F32, S32, S8, STRING, S4, BOOL = 0, 2, 9, 5, 17, 6
ADD, WHILE, CONCATENATION, CONV_2D, RELU, FILL, RANGE, BROADCAST_TO, HASHTABLE, MULTINOMIAL = 0, 119, 2, 3, 19, 94, 96, 130, 136, 149
CODES = [ADD, CONCATENATION, CONV_2D, RELU, FILL, RANGE, BROADCAST_TO, HASHTABLE, MULTINOMIAL]


def tensor(dims, kind=S8, data=None, scale=0.5, **more):
    t = Table({0: Vector("i", dims), 1: ("b", kind), 3: b"t"})
    if kind == S8:
        t[4] = Table({2: Vector("f", [scale]), 3: Vector("q", [more.get("zero", 0)])})
    t.data = data
    return t


def operator(code, inputs, outputs, options=None):
    o = Table({0: ("I", CODES.index(code)), 1: Vector("i", inputs), 2: Vector("i", outputs)})
    if options is not None:
        o[3], o[4] = ("B", 1), Table(options)
    return o


def code_table(code):
    return Table({0: ("b", min(code, 127)), 3: ("i", code)})


def model(tensors, operators, inputs, outputs, version=3, buffers=(), subgraph_count=1, signatures=None):
    all_buffers = Tables([Table(), *buffers])
    for t in tensors:
        if t.data is not None and 2 not in t:
            t[2] = ("I", len(all_buffers))
            all_buffers.append(Table({0: t.data}))
    subgraph = Table({0: Tables(tensors), 1: Vector("i", inputs), 2: Vector("i", outputs), 3: Tables(operators)})
    root = Table({0: ("I", version), 1: Tables(map(code_table, CODES)), 2: Tables([subgraph] * subgraph_count),
                  4: all_buffers})
    if signatures is not None:
        root[7] = signatures
    return build(root)


# --------------------------------------------------------------------------------------------------------- checking


def limit(size):
    def apply():
        if not SANITIZED:
            bytes_allowed = 4 * size + (48 << 20) + OWN
            resource.setrlimit(resource.RLIMIT_AS, (bytes_allowed, bytes_allowed))
        resource.setrlimit(resource.RLIMIT_CPU, (20, 20))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    return apply


def check(name, path, size, want=None):
    """want: what the error says; None: it may run as well."""
    global runs
    runs += 1
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    p = subprocess.run([MOTE, "run", path, "--input", WORK / "in", "--output", WORK / "out"], capture_output=True,
                       preexec_fn=limit(size), timeout=60)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    seconds = after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime
    said = p.stderr.decode(errors="replace")
    wrong = None
    if p.returncode != 1 and not (want is None and p.returncode == 0):
        wrong = f"exit status {p.returncode}"
    elif p.returncode == 1 and (said.count("\n") != 1 or not said.startswith("mote: ")):
        wrong = "not one line"
    elif p.stdout:
        wrong = "prints to stdout"
    elif want is not None and want not in said:
        wrong = f'want "{want}"'
    elif seconds > SECONDS * (10 if SANITIZED else 1):
        wrong = f"took {seconds:.2f} s"
    if wrong is not None:
        failures.append(name)
        kept = pathlib.Path(tempfile.gettempdir()) / f"hostile_{len(failures)}.tflite"
        if pathlib.Path(path).is_file():
            kept.write_bytes(pathlib.Path(path).read_bytes())
        print(f"FAILED: {name}: {wrong}: {said[:300].strip()} (kept in {kept})")


def check_bytes(name, data, want=None):
    path = WORK / "model.tflite"
    path.write_bytes(data)
    check(name, path, len(data), want)


def own_size():
    """Memory that the program needs for itself and its libraries, in steps of 4 MiB; a sanitized one needs very much."""
    for size in range(4 << 20, 512 << 20, 4 << 20):
        p = subprocess.run([MOTE, "--version"], capture_output=True, preexec_fn=lambda: resource.setrlimit(
            resource.RLIMIT_AS, (size, size)))
        if p.returncode == 0:
            return size
    return None


# ------------------------------------------------------------------------------------------------------------ cases


def cut_and_flip():
    rng = random.Random(1)
    small = (ROOT / "tests/model/sobel.tflite").read_bytes()
    for length in range(len(small)):
        check_bytes(f"sobel.tflite cut to {length} bytes", small[:length])
    for at in range(len(small)):
        flipped = bytearray(small)
        flipped[at] ^= 1 << rng.randrange(8)
        check_bytes(f"sobel.tflite with byte {at} = {flipped[at]}", bytes(flipped))
    golden = sorted((ROOT.parent / "shared/golden").glob("*/model.tflite"))
    for path in rng.sample(golden, min(10, len(golden))):
        data = path.read_bytes()
        for _ in range(20):
            check_bytes(f"{path.parent.name} cut", data[:rng.randrange(len(data))])
            flipped = bytearray(data)
            for _ in range(rng.randrange(1, 8)):
                flipped[rng.randrange(min(len(data), 1 << 16))] = rng.choice([0, 1, 127, 128, 255])
            check_bytes(f"{path.parent.name} damaged", bytes(flipped))


def no_models():
    check("a directory", WORK, 0, "is a directory")
    check("nothing", WORK / "missing", 0, "cannot open it")
    os.mkfifo(WORK / "fifo")
    check("a fifo", WORK / "fifo", 0, "not a regular file")
    check("a device", "/dev/zero", 0, "not a regular file")
    if os.geteuid() != 0:
        (WORK / "secret").write_bytes(b"TFL3" * 4)
        (WORK / "secret").chmod(0)
        check("an unreadable file", WORK / "secret", 0, "cannot open it")
    check_bytes("an empty file", b"", "is empty")
    check_bytes("a text", b"hello, world\n" * 100, "not a model")
    check_bytes("zeros", bytes(1000), "not a model")
    check_bytes("an identifier alone", b"\xff\xff\xff\xffTFL3", "damaged file")
    check_bytes("a root beyond the end", b"\0\1\0\0TFL3" + bytes(20), "damaged file")


def broken_graphs():
    io = [tensor([1, 4]), tensor([1, 4])]
    relu = [operator(RELU, [0], [1])]
    check_bytes("version 4", model(io, relu, [0], [1], version=4), "schema version 4")
    check_bytes("no subgraphs", model(io, relu, [0], [1], subgraph_count=0), "0 subgraphs")
    check_bytes("100 subgraphs", model(io, relu, [0], [1], subgraph_count=100), "100 subgraphs")
    check_bytes("an operator that mote lacks", model(io, [operator(HASHTABLE, [0], [1])], [0], [1]),
                "HASHTABLE \"t\": mote has no such operator")
    check_bytes("an operator code out of range", model(io, [Table({0: ("I", 99), 1: Vector("i", [0]), 2: Vector("i", [1])})],
                                                       [0], [1]), "operator code 99")
    check_bytes("a tensor out of range", model(io, [operator(RELU, [7], [1])], [0], [1]), "tensor 7 of 2")
    check_bytes("a negative tensor", model(io, [operator(RELU, [-2], [1])], [0], [1]), "tensor -2 of 2")
    check_bytes("no operator inputs", model(io, [operator(RELU, [], [1])], [0], [1]), "has 0 inputs")
    check_bytes("a left-out input", model(io, [operator(RELU, [-1], [1])], [0], [1]), "is left out")
    check_bytes("a cycle", model([tensor([4]) for _ in range(3)], [operator(ADD, [0, 2], [1]), operator(RELU, [1], [2])],
                                 [0], [2]), "read before it is written")
    check_bytes("an operator that eats itself", model(io, [operator(RELU, [1], [1])], [0], [1]), "read before")
    check_bytes("a tensor written twice", model(io, relu * 2, [0], [1]), "has a value already")
    check_bytes("an input written", model(io, [operator(RELU, [0], [0])], [0], [0]), "has a value already")
    check_bytes("an output never written", model(io, [], [0], [1]), "is never written")
    check_bytes("an input out of range", model(io, relu, [9], [1]), "tensor 9 of 2")
    check_bytes("an output out of range", model(io, relu, [0], [-1]), "tensor -1 of 2")
    check_bytes("a constant input", model([tensor([1, 4], data=b"1234"), io[1]], relu, [0], [1]), "is a constant")
    check_bytes("a constant written", model([io[0], tensor([1, 4], data=b"1234")], relu, [0], [1]), "has a value already")


def all_that_is_missing():
    """inspect lists it, a line each: two operators, a type, a type that an operator lacks, a shape only known later."""
    tensors = [tensor([1, 4]), tensor([1, 4]), tensor([1, 4]), tensor([2], 18), tensor([2], F32), tensor([2], S32),
               tensor([2], S32), tensor([2, 2], F32), tensor([2, 2], F32), tensor([1], S32)]
    path = WORK / "missing.tflite"
    path.write_bytes(model(tensors, [
        operator(HASHTABLE, [0], [1]), operator(RELU, [1], [2]), operator(MULTINOMIAL, [2], [4]),
        operator(RELU, [5], [6]), operator(FILL, [5, 9], [7]), operator(RELU, [7], [8])], [0, 5, 9], [8]))
    p = subprocess.run([MOTE, "inspect", path], capture_output=True)
    want = ["mote lacks 5 things", "type bfloat16", "HASHTABLE \"t\": mote has no such operator; look words up before", "op 2 MULTINOMIAL", "op 3 RELU", "op 4 FILL"]
    said = p.stderr.decode().splitlines()
    if p.returncode != 1 or len(said) != len(want) or not all(w in line for w, line in zip(want, said)):
        failures.append("all that is missing")
        print("FAILED: all that is missing:", said)


def broken_tensors():
    def one(name, t, want, **more):
        check_bytes(name, model([t, tensor([1, 4])], [operator(RELU, [0], [1])], [0], [1], **more), want)

    one("a negative dim", tensor([1, -5]), "dim 1 is -5")
    one("9 dims", tensor([1] * 9), "9 dims")
    one("2^62 elements", tensor([2 ** 31 - 1, 2 ** 31 - 1]), "larger than 2 GiB")
    one("2^62 elements, none", tensor([0, 2 ** 31 - 1, 2 ** 31 - 1]), "larger than 2 GiB")
    one("a type to come", tensor([1, 4], kind=99), "of code 99")
    one("bfloat16", tensor([1, 4], kind=18), "bfloat16")
    one("a scale that is no number", tensor([1, 4], scale=float("nan")), "scale 0 is nan")
    one("an infinite scale", tensor([1, 4], scale=float("inf")), "scale 0 is inf")
    one("a negative scale", tensor([1, 4], scale=-1.0), "scale 0 is -1")
    one("a scale of 0", tensor([1, 4], scale=0.0), "scale 0 is 0")
    one("a zero point of 200", tensor([1, 4], zero=200), "zero point")
    one("a zero point of 2^40", tensor([1, 4], zero=2 ** 40), "does not fit 32 bits")
    one("too few bytes", tensor([1, 4], data=b"123"), "holds 3 bytes")
    one("too many bytes", tensor([1, 4], data=b"12345"), "holds 5 bytes")
    one("too many bytes of int4", tensor([1, 3], kind=S4, data=b"123"), "holds 3 bytes")
    one("strings", tensor([1], kind=STRING, data=b"abc"), "holds strings")
    t = tensor([1, 4])
    t[2] = ("I", 77)
    one("a buffer out of range", t, "buffer 77 of")
    t = tensor([1, 4])
    t[2] = ("I", 1)
    one("a buffer beyond the file", t, "reach beyond its end", buffers=[Table({1: ("Q", 1 << 40), 2: ("Q", 4)})])
    one("a buffer that wraps", t, "reach beyond its end", buffers=[Table({1: ("Q", 16), 2: ("Q", 2 ** 63 + 5)})])
    t = tensor([1, 4])
    t[4] = Table({2: Vector("f", [1.0] * 3), 3: Vector("q", [0] * 3)})
    one("3 scales for 4 elements", t, "3 scales fit none")
    t = tensor([1, 4])
    t[4] = Table({2: Vector("f", [1.0] * 4), 3: Vector("q", [0] * 3)})
    one("3 zero points for 4 scales", t, "3 zero points for 4 scales")
    t = tensor([1, 4])
    t.data = b"1234"
    t[6] = Table({0: Vector("i", [0])})
    one("sparsity of other dims", t, "is sparse")


def bombs():
    conv = {0: ("b", 0), 1: ("i", 1), 2: ("i", 1), 4: ("i", 1), 5: ("i", 1)}

    def convolution(shape, filters, options=conv):
        size = filters[0] * filters[1] * filters[2] * filters[3]
        return model([tensor(shape), tensor(filters, data=bytes(size)), tensor([1, shape[1], shape[2], filters[0]])],
                     [operator(CONV_2D, [0, 1], [2], options)], [0], [2])

    check_bytes("a day's work", convolution([1, 2000, 2000, 64], [64, 5, 5, 64]), "--max-work")
    check_bytes("many rows", convolution([1, 2 ** 24, 1, 1], [1, 9, 1, 1]), "")
    check_bytes("a dilation of 2^31 - 1", convolution([1, 9, 9, 1], [1, 3, 3, 1], {**conv, 4: ("i", 2 ** 31 - 1),
                                                                                 5: ("i", 2 ** 31 - 1)}), None)
    check_bytes("a stride of -1", convolution([1, 9, 9, 1], [1, 3, 3, 1], {**conv, 1: ("i", -1)}), "stride")
    check_bytes("padding 77", convolution([1, 9, 9, 1], [1, 3, 3, 1], {**conv, 0: ("b", 77)}), "padding 77")
    check_bytes("activation 77", convolution([1, 9, 9, 1], [1, 3, 3, 1], {**conv, 3: ("b", 77)}), "activation 77")
    check_bytes("a tensor of 1.6 GB", model([tensor([40000, 40000]), tensor([40000, 40000])], [operator(RELU, [0], [1])],
                                            [0], [1]), "")
    fill = [tensor([2], S32, struct.pack("<ii", 30000, 30000)), tensor([], F32, bytes(4)), tensor([1], F32)]
    check_bytes("a fill of 3.6 GB", model(fill, [operator(FILL, [0, 1], [2])], [], [2]), "")
    steps = [tensor([], S32, struct.pack("<i", v)) for v in (0, 2 ** 31 - 1, 1)] + [tensor([1], S32)]
    check_bytes("a range of 2^31", model(steps, [operator(RANGE, [0, 1, 2], [3])], [], [3]), "")
    broadcast = [tensor([1], F32, bytes(4)), tensor([3], S32, struct.pack("<iii", 900, 900, 900)), tensor([1], F32)]
    check_bytes("a broadcast of 2.9 GB", model(broadcast, [operator(BROADCAST_TO, [0, 1], [2])], [], [2]), "")
    doubling = [tensor([1, 4], F32) for _ in range(40)]
    check_bytes("concatenations that double", model(doubling, [
        operator(CONCATENATION, [i, i], [i + 1], {0: ("i", 1)}) for i in range(39)], [0], [39]), "")
    same = tensor([1, 4], F32)
    check_bytes("300,000 tensors in one place", model([same] * 300000, [], [0], [0]), None)
    check_bytes("64 subgraphs of 60,000 tensors", model([same] * 60000, [], [0], [0], subgraph_count=64), "")
    check_bytes("100,000 operators in one place", model([same] * 3, [operator(RELU, [0], [1])] * 100000, [0], [1]),
                "has a value already")
    chain = [operator(RELU, [i], [i + 1]) for i in range(20000)]
    check_bytes("20,000 operators", model([same] * 20001, chain, [0], [20000]), None)
    check_bytes("300,000 inputs", model([same, same], [operator(ADD, [0] * 300000, [1])], [0], [1]), "")
    check_bytes("60,000 inputs joined", model([same, tensor([1, 240000], F32)], [
        operator(CONCATENATION, [0] * 60000, [1], {0: ("i", 1)})], [0], [1]), None)
    check_bytes("300,000 model inputs", model([same, same], [operator(RELU, [0], [1])], [0] * 300000, [1]),
                "300000 inputs")
    names = Tables([Table({0: b"n", 1: ("I", 0)})] * 300000)
    check_bytes("300,000 names", model([same, same], [operator(RELU, [0], [1])], [0] * 60000, [1],
                                       signatures=Tables([Table({0: names, 1: names})])), None)
    scales = tensor([1, 4])
    scales[4] = Table({2: Vector("f", [1.0] * 200000)})
    check_bytes("200,000 scales", model([scales] * 1000, [], [0], [0]), "")


def endless_loops():
    """They end after a time, alone, one after the other, and in each other."""
    add, loop = (code_table(ADD), code_table(WHILE))

    def number():
        return Table({0: Vector("i", [1]), 1: ("b", S32), 3: b"n"})

    def graph(tensors, operators, outputs):
        return Table({0: Tables(tensors), 1: Vector("i", [0]), 2: Vector("i", outputs), 3: Tables(operators)})

    def repeat(i, condition, body):
        return Table({0: ("I", 1), 1: Vector("i", [i]), 2: Vector("i", [i + 1]), 3: ("B", 93),
                      4: Table({0: ("i", condition), 1: ("i", body)})})

    always = graph([number(), Table({0: Vector("i", [1]), 1: ("b", BOOL), 2: ("I", 1), 3: b"true"})], [], [1])
    double = graph([number(), number()], [Table({0: ("I", 0), 1: Vector("i", [0, 0]), 2: Vector("i", [1])})], [1])
    nest = [graph([number(), number()], [repeat(0, 1, 3 + i)], [1]) for i in range(4)] + [double]

    def check_loops(name, count, bodies):
        main = graph([number() for _ in range(count + 1)], [repeat(i, 1, 2) for i in range(count)], [count])
        (WORK / "in").write_bytes(bytes(4))
        check_bytes(name, build(Table({0: ("I", 3), 1: Tables([add, loop]), 2: Tables([main, always, *bodies]),
                                       4: Tables([Table(), Table({0: b"\1"})])})), "--max-work")
        (WORK / "in").write_bytes(bytes(20))

    check_loops("an endless loop", 1, [double])
    check_loops("50 endless loops", 50, [double])
    check_loops("endless loops in each other", 1, nest)


def large_model():
    """Reading and planning 4 MB of weights, in 3 times as much memory besides the program itself."""
    side, layers = 1024, 4
    tensors, operators = [tensor([1, 1, 1, side])], []
    for i in range(layers):
        weights = random.Random(i).randbytes(side * side)
        tensors += [tensor([side, 1, 1, side], data=weights), tensor([1, 1, 1, side])]
        operators.append(operator(CONV_2D, [2 * i, 2 * i + 1, -1][:2], [2 * i + 2],
                                  {0: ("b", 1), 1: ("i", 1), 2: ("i", 1), 4: ("i", 1), 5: ("i", 1)}))
    data = model(tensors, operators, [0], [2 * layers])
    path = WORK / "large.tflite"
    path.write_bytes(data)
    best = 9.9
    for _ in range(5):
        start = time.monotonic()
        p = subprocess.run([MOTE, "inspect", path], stdout=subprocess.DEVNULL,
                           preexec_fn=limit((3 * len(data) + (8 << 20) - (48 << 20)) // 4))
        best = min(best, time.monotonic() - start)
        if p.returncode != 0:
            failures.append("large model")
    print(f"a model of {len(data) >> 10} KiB: read and planned in {1000 * best:.0f} ms")
    if best > (5 if SANITIZED else 0.5):  # ten times what it takes, for slow machines
        failures.append("large model takes too long")


OWN = own_size()
SANITIZED = OWN is None
(WORK / "in").write_bytes(bytes(20))
cut_and_flip()
no_models()
broken_graphs()
all_that_is_missing()
broken_tensors()
bombs()
endless_loops()
large_model()
subprocess.run(["rm", "-rf", WORK], check=True)
print(f"{runs - len(failures)} passed, {len(failures)} failed")
sys.exit(len(failures) > 0)
