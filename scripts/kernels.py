#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""kernels.py KERNEL_DIR: prints the C source of what the emitter knows about the kernels: the text of every file, the
fields of every parameter struct, and where they are read. It is made from the files themselves at build time, so that
there is one truth."""
import os
import re
import sys

import reads

SCALARS = {'int8_t', 'uint8_t', 'int16_t', 'uint16_t', 'int32_t', 'uint32_t', 'int64_t', 'uint64_t', 'float', 'double',
           'bool', 'void'}

# Parameters that only the executor knows; emitted C has calls instead.
EXECUTOR = {'call.h'}


def without_comments(text):
    return re.sub(r'/\*.*?\*/', ' ', text, flags=re.S)


def with_plain_includes(name, text):
    """Includes by names as from the kernels' folder itself."""
    own = os.path.dirname(name)
    return re.sub(r'^(#include ")([^"]+)', lambda m: m[1] + os.path.normpath(os.path.join(own, m[2])), text, flags=re.M)


def fields(body, header):
    """(type, is_pointer, name, dims) of each declarator."""
    for line in body.split(';'):
        is_flash = re.search(r'\bMOTE_FLASH\b', line)
        line = ' '.join(re.sub(r'\b(const|MOTE_FLASH)\b', ' ', line).split())
        if not line:
            continue
        match = re.match(r'((?:struct )?\w+) ?(.*)$', line)
        for declarator in match.group(2).split(','):
            declarator = declarator.strip()
            name = re.match(r'\**\s*(\w+)', declarator).group(1)
            if declarator.startswith('*') and not is_flash and header not in EXECUTOR:
                sys.exit(f'kernels.py: what parameter {name} points to is not MOTE_FLASH, see mote/kernel/flash.h')
            yield match.group(1), declarator.startswith('*'), name, declarator.count('[')


def label(name):
    return re.sub(r'\W', '_', name)


def quoted(text):
    return '"' + text.replace('\\', '\\\\').replace('"', '\\"').replace('\n', '\\n') + '"'


def print_reads(name, text, structs):
    """In the order of their places; those in whose place nothing can stand first, and only once for each field."""
    kinds = {s: {f: {'kind': kind.replace('struct ', ''), 'dims': dims, 'index': i}
                 for i, (kind, _, f, dims) in enumerate(members)} for s, _, members in structs}
    rows = set()
    for struct, field, begin, end, call in reads.find(text, kinds):
        line, start = text.count('\n', 0, begin), text.rfind('\n', 0, begin) + 1
        at = (line, begin - start, end - start) if call else (0, 0, 0)
        rows.add((call is not None, *at, f'fields_{struct}[{kinds[struct][field]["index"]}]', call))
    print(f'static const struct emit_read reads_{label(name)}[] = {{')
    for _, line, begin, end, field, call in sorted(rows, key=lambda r: r[:5]):
        print(f'    {{&{field}, {quoted(call) if call else "NULL"}, {line}, {begin}, {end}}},')
    print('    {NULL, NULL, 0, 0, 0},\n};')


def print_sources(names, texts, structs):
    for n in names:
        print(f'static const char *const text_{label(n)}[] = {{')
        for line in texts[n].splitlines(keepends=True):
            print('    ' + quoted(line) + ',')
        print('    NULL,\n};')
        print_reads(n, texts[n], structs)
    print('const struct emit_source emit_sources[] = {')
    for n in names:
        print(f'    {{"{n}", text_{label(n)}, reads_{label(n)}}},')
    print('    {NULL, NULL, NULL},\n};\n')


def main():
    folder = sys.argv[1]
    names = sorted(os.path.relpath(os.path.join(path, n), folder) for path, _, files in os.walk(folder) for n in files
                   if n.endswith(('.c', '.h')))
    texts = {n: with_plain_includes(n, open(os.path.join(folder, n), encoding='utf-8').read()) for n in names}
    plain = {n: without_comments(t) for n, t in texts.items()}
    structs = []
    for n in names:
        if n.endswith('.h'):
            for name, body in re.findall(r'^struct (mote_\w+)\s*\{(.*?)^\};', plain[n], re.S | re.M):
                if name != 'mote_io' and '(' not in body:  # what holds a function is no parameter
                    structs.append((name, n, list(fields(body, n))))
    print('/* Made by scripts/kernels.py. */\n#include <stdbool.h>\n#include <stddef.h>\n')
    for header in sorted({h for _, h, _ in structs}):
        print(f'#include "mote/kernel/{header}"')
    print('#include "tool/emit/kernels.h"\n')
    for name, _, members in structs:
        print(f'static const struct emit_field fields_{name}[] = {{')
        for kind, pointer, member, dims in members:
            if (kind not in SCALARS and not kind.startswith('struct mote_')) or dims > 2:
                sys.exit(f'kernels.py: struct {name}: {member} is a {kind}, which the emitter cannot write')
            at = f'((struct {name} *)0)->{member}'
            sizes = ', '.join(f'sizeof({at}{"[0]" * i}) / sizeof({at}{"[0]" * (i + 1)})' if i < dims else '0'
                              for i in range(2))
            kind = kind.replace('struct ', '')
            print(f'    {{"{member}", "{kind}", {str(pointer).lower()}, offsetof(struct {name}, {member}), sizeof({at}), '
                  f'{{{sizes}}}}},')
        print('    {NULL, NULL, false, 0, 0, {0, 0}},\n};')
    print('const struct emit_struct emit_structs[] = {')
    for name, header, _ in structs:
        print(f'    {{"{name}", "{header}", sizeof(struct {name}), fields_{name}}},')
    print('    {NULL, NULL, 0, NULL},\n};')
    print_sources(names, texts, structs)


main()
