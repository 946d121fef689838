#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Prints a case for tests/op/*.test: the operator of a .tflite model that has one, and what a reference computed.

    record_case.py MODEL.tflite INPUT OUTPUT [--name NAME]

INPUT and OUTPUT hold all tensors back to back; several times that is several invokes.
"""
import argparse
import pathlib
import re
import struct
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
# type -> (name in tables, struct code)
TYPES = {0: ("f32", "f"), 1: ("f16", "e"), 2: ("s32", "i"), 3: ("u8", "B"), 4: ("s64", "q"), 6: ("bool", "B"),
         7: ("s16", "h"), 9: ("s8", "b"), 10: ("f64", "d"), 12: ("u64", "Q"), 15: ("u32", "I"), 16: ("u16", "H"),
         17: ("s4", "")}
CUSTOM = 32


class Table:
    def __init__(self, data, at):
        self.data, self.at = data, at
        self.vtable = at - struct.unpack_from("<i", data, at)[0]
        self.slots = (struct.unpack_from("<H", data, self.vtable)[0] - 4) // 2

    def where(self, field):
        if field >= self.slots:
            return None
        offset = struct.unpack_from("<H", self.data, self.vtable + 4 + 2 * field)[0]
        return self.at + offset if offset else None

    def scalar(self, field, code, absent=0):
        at = self.where(field)
        return absent if at is None else struct.unpack_from("<" + code, self.data, at)[0]

    def follow(self, at):
        return at + struct.unpack_from("<I", self.data, at)[0]

    def table(self, field):
        at = self.where(field)
        return None if at is None else Table(self.data, self.follow(at))

    def vector(self, field, code):
        """Elements of a vector; code "T": of tables."""
        at = self.where(field)
        if at is None:
            return []
        at = self.follow(at)
        count = struct.unpack_from("<I", self.data, at)[0]
        if code == "T":
            return [Table(self.data, self.follow(at + 4 + 4 * i)) for i in range(count)]
        return list(struct.unpack_from(f"<{count}{code}", self.data, at + 4))

    def text(self, field):
        return bytes(self.vector(field, "B")).decode()


def read_rows(path, macro):
    text = (ROOT / path).read_text()
    return [[word.strip() for word in row.split(",")] for row in re.findall(rf"^{macro}\((.*)\)", text, re.M)]


def number(value):
    if isinstance(value, float):
        single = struct.unpack("<f", struct.pack("<f", value))[0]
        return next(text for text in (f"{value:.{digits}g}" for digits in range(1, 18))
                    if value != value or float(text) == value or
                    (single == value and struct.unpack("<f", struct.pack("<f", float(text)))[0] == value))
    return str(value)


def wrap(line):
    """Breaks a long line; continuation lines start with spaces."""
    lines = []
    for word in line.split(" "):
        if lines and len(lines[-1]) + len(word) < 116:
            lines[-1] += " " + word
        else:
            lines.append(("    " if lines else "") + word)
    return "\n".join(lines)


class Tensor:
    def __init__(self, table, buffers):
        self.shape = table.vector(0, "i")
        self.type, self.code = TYPES[table.scalar(1, "b")]
        self.data = buffers[table.scalar(2, "I")].vector(0, "B")
        self.is_state = table.scalar(5, "B") != 0
        quant = table.table(4)
        self.scale = quant.vector(2, "f") if quant else []
        self.zero = quant.vector(3, "q") if quant else []
        self.axis = quant.scalar(6, "i") if quant else 0
        self.count = 1
        for dim in self.shape:
            self.count *= dim
        self.size = (self.count + 1) // 2 if self.type == "s4" else self.count * struct.calcsize("<" + self.code)

    def values(self, data):
        if self.type == "s4":
            nibbles = [n for byte in data for n in (byte & 15, byte >> 4)]
            return [n - 16 if n > 7 else n for n in nibbles[:self.count]]
        return struct.unpack(f"<{len(data) // struct.calcsize('<' + self.code)}{self.code}", data)

    def line(self, keyword, data):
        text = f"{keyword} {self.type} [{','.join(map(str, self.shape))}]"
        if len(self.scale) > 1:
            text += f" axis {self.axis}"
        if self.scale:
            text += " scale " + " ".join(map(number, self.scale))
            if any(self.zero):
                text += " zero " + " ".join(map(str, self.zero if len(set(self.zero)) > 1 else self.zero[:1]))
        return wrap(text + ": " + " ".join(map(number, self.values(data))) if data else text)


def find_operator(model, operator):
    code = model.vector(1, "T")[operator.scalar(0, "I")]
    builtin = max(code.scalar(0, "b"), code.scalar(3, "i"))
    for name, op_code, *_ in read_rows("tool/ir/op.def", "OP"):
        if name == code.text(1) if builtin == CUSTOM else int(op_code) == builtin:
            return name
    sys.exit(f"operator code {builtin} {code.text(1)} has no row in tool/ir/op.def")


def flexbuffer(data):
    """The entries of a flexbuffer that is a map of integers and booleans; "T", a type, is left out."""
    load = lambda at, width, signed=False: int.from_bytes(data[at:at + width], "little", signed=signed)
    values, width = len(data) - 3 - load(len(data) - 3, 1), 1 << (data[-2] & 3)
    count, key_width = load(values - width, width), load(values - 2 * width, width)
    keys = values - 3 * width - load(values - 3 * width, width)
    for i in range(count):
        at = keys + i * key_width
        at -= load(at, key_width)
        key = data[at:data.index(0, at)].decode()
        if key != "T":
            yield key, load(values + i * width, width, True)


def options(name, operator):
    words = [name]
    table = operator.table(4)
    for op, field, kind, attribute, absent in read_rows("tool/read/tflite_options.def", "FIELD"):
        if op != name or table is None:
            continue
        field = int(field)
        if kind == "LIST":
            value = ",".join(map(str, table.vector(field, "i")))
        elif kind == "TEXT":
            value = table.text(field)
        elif kind == "TYPE":
            value = TYPES[table.scalar(field, "b", int(absent))][0]
        else:
            value = table.scalar(field, {"I8": "b", "I32": "i", "F32": "f", "BOOL": "B"}[kind], float(absent))
            if value == float(absent):
                continue
            value = number(value)
            if attribute == "padding":
                value = ["SAME", "VALID"][int(value)]
            if attribute == "activation":
                value = ["NONE", "RELU", "RELU_N1_TO_1", "RELU6", "TANH", "SIGN_BIT"][int(value)]
        if value != "":
            words.append(f"{attribute}={value}")
    custom = operator.vector(5, "B")
    if custom:
        words += [f"{key}={value}" for key, value in flexbuffer(bytes(custom))]
    return "op " + " ".join(words)


def take(data, tensors, ends, invokes):
    """What belongs to each of the tensors, of all invokes one after the other."""
    parts = {i: b"" for i in ends}
    at = 0
    for _ in range(invokes):
        for i in ends:
            parts[i] += data[at:at + tensors[i].size]
            at += tensors[i].size
    if at != len(data):
        sys.exit(f"{len(data)} bytes, want {at}")
    return parts


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model")
    parser.add_argument("input")
    parser.add_argument("output")
    parser.add_argument("--name", help="of the case; default: that of the model")
    args = parser.parse_args()
    file = pathlib.Path(args.model).read_bytes()
    model = Table(file, struct.unpack_from("<I", file)[0])
    subgraph = model.vector(2, "T")[0]
    operators = subgraph.vector(3, "T")
    if len(operators) != 1:
        sys.exit(f"{args.model}: {len(operators)} operators, want 1")
    tensors = [Tensor(t, model.vector(4, "T")) for t in subgraph.vector(0, "T")]
    inputs, outputs = subgraph.vector(1, "i"), subgraph.vector(2, "i")
    in_data, out_data = pathlib.Path(args.input).read_bytes(), pathlib.Path(args.output).read_bytes()
    invokes = len(in_data) // max(1, sum(tensors[i].size for i in inputs)) if inputs else 1
    given, expected = take(in_data, tensors, inputs, invokes), take(out_data, tensors, outputs, invokes)

    print("case", args.name or pathlib.Path(args.model).stem)
    print(wrap(options(find_operator(model, operators[0]), operators[0])))
    if invokes > 1:
        print("invokes", invokes)
    for i in operators[0].vector(1, "i"):
        if i < 0:
            print("none")
        elif i in given:
            print(tensors[i].line("in", given[i]))
        else:
            print(tensors[i].line("state" if tensors[i].is_state else "const", bytes(tensors[i].data)))
    for i in operators[0].vector(2, "i"):
        print(tensors[i].line("out", expected[i]) if i in expected else "none")


if __name__ == "__main__":
    main()
