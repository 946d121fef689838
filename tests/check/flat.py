# SPDX-License-Identifier: MIT
"""Flatbuffers from nested tables, for tests that need files which no program would write."""
import struct


class Table(dict):
    """{field number: scalar as (code, value), Table, Vector, Tables, or bytes}"""
    __hash__ = object.__hash__


class Vector:
    def __init__(self, code, values):
        self.code, self.values = code, values


class Tables(list):
    __hash__ = object.__hash__


def build(root, identifier=b"TFL3"):
    """A table that is in the tree several times is written once, as far as offsets can reach it."""
    out = bytearray(struct.pack("<I", 0) + identifier)
    waiting = {id(root): (root, [0])}  # places whose offsets lead to something not yet written

    def refer(slot, thing):
        waiting.setdefault(id(thing), (thing, []))[1].append(slot)

    def align(n):
        out.extend(bytes(-len(out) % n))

    while waiting:
        thing, slots = waiting.pop(next(iter(waiting)))
        align(16)
        if isinstance(thing, Table):
            fields = max(thing, default=-1) + 1
            vtable = len(out)
            out.extend(struct.pack("<HH", 4 + 2 * fields, 8 + 8 * fields))
            out.extend(b"".join(struct.pack("<H", 8 + 8 * i if i in thing else 0) for i in range(fields)))
            align(8)
            at = len(out)
            out.extend(struct.pack("<i", at - vtable) + bytes(4 + 8 * fields))
            for field, value in thing.items():
                slot = at + 8 + 8 * field
                if isinstance(value, tuple):
                    struct.pack_into("<" + value[0], out, slot, value[1])
                else:
                    refer(slot, value)
        else:
            values = thing if isinstance(thing, (bytes, Tables)) else thing.values
            out.extend(bytes(12))
            at = len(out)
            out.extend(struct.pack("<I", len(values)))
            if isinstance(thing, bytes):
                out.extend(thing)
            elif isinstance(thing, Tables):
                out.extend(bytes(4 * len(values)))
                for i, value in enumerate(values):
                    refer(at + 4 + 4 * i, value)
            else:
                out.extend(struct.pack(f"<{len(values)}{thing.code}", *values))
        for slot in slots:
            struct.pack_into("<I", out, slot, at - slot)
    return bytes(out)
