#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""embed.py FOLDER: prints the C source of a table of the text files in a folder and the folders in it, by which they
become part of the program."""
import pathlib
import sys


def quoted(line):
    return '"' + line.replace('\\', '\\\\').replace('"', '\\"') + '\\n"'


def main():
    folder = pathlib.Path(sys.argv[1])
    files = sorted((p for p in folder.rglob('*') if p.is_file() and p.suffix != '.md'),
                   key=lambda p: (p.parent, p.stem, p.suffix))
    print('/* Made by scripts/embed.py. */\n#include <stddef.h>\n#include "tool/target/target.h"\n')
    print('const struct target_file target_files[] = {')
    for path in files:
        print(f'    {{"{path.relative_to(folder).as_posix()}",')
        for line in path.read_text(encoding='utf-8').splitlines():
            print('     ' + quoted(line))
        print('    },')
    print('    {NULL, NULL},\n};')


main()
