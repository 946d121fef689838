# SPDX-License-Identifier: MIT
"""Finds where kernels read fields of their parameters, for `mote compile --optimize size`, which puts the value itself in
the place of a field that has one value in all layers. The type of an expression p->a.b is known by the declaration of p in
the same function. A read in any other way is found too, as one in whose place nothing else can stand."""
import re

BLANK = re.compile(r'/\*.*?\*/|"[^"\n]*"|^struct \w+\s*\{.*?^\};', re.S | re.M)
MACRO = re.compile(r'^#.*(?:\\\n.*)*', re.M)
FUNCTION = re.compile(r'(?s:.*?)(?:^(?:\S.*)?\}$|\Z)', re.M)
VARIABLE = re.compile(r'\bstruct (\w+)((?:\s|\*|\bconst\b)*)\b(\w+)(?=([^;{}()]*))')
CHAIN = re.compile(r'(\b[A-Za-z_]\w*)?((?:(?:\.|->)[A-Za-z_]\w*)+)')
LITERAL = re.compile(r'\(struct (\w+)\)\s*\{')
LINK = re.compile(r'(\.|->)(\w+)')
INDICES = re.compile(r'(?:\[(?:[^][]|\[[^][]*\])*\])*')


def blanked(pattern, text):
    """The text with spaces in place of what matches, so that all else stays where it is."""
    return pattern.sub(lambda m: re.sub(r'[^\n]', ' ', m[0]), text)


def scopes(text):
    """(start, text) of each macro and each function."""
    code = blanked(BLANK, text)
    yield from ((m.start(), m[0]) for m in MACRO.finditer(code))
    yield from ((m.start(), m[0]) for m in FUNCTION.finditer(blanked(MACRO, code)))


def variables(scope, structs):
    """The struct of each pointer in a scope; and the structs of which there is one in the kernel itself."""
    pointers, own = {}, set()
    for kind, between, name, more in VARIABLE.findall(scope):
        for pointer in [name] + re.findall(r', ?\*(\w+)', more):
            pointers[pointer] = kind if pointers.get(pointer, kind) == kind else None
        if '*' not in between and kind in structs:
            own.add(kind)
    return pointers, own.union(kind for kind in LITERAL.findall(scope) if kind in structs)


def is_designator(scope, m):
    """Whether a chain names a member in an initialiser, which is no read: {.a = x, .b = y}. Whose, see `own`."""
    return m[1] is None and scope[:m.start()].rstrip()[-1:] in ('{', ',') and re.match(r'(?:\[\w+\])?\s*=(?!=)', scope[m.end():])


def chain_reads(base, links, after, is_address, pointers, structs):
    """(struct, field, call) for each member of a chain that begins with a variable."""
    kind = pointers.get(base)
    is_foreign = kind is not None and kind not in structs
    text = base or ''
    for i, (operator, name) in enumerate(links):
        field = structs.get(kind, {}).get(name)
        if field is None and not is_foreign:
            yield from ((s, name, None) for s in structs if name in structs[s])
        elif field is not None:
            is_value = i + 1 == len(links) and not is_address and after >= field['dims']
            yield kind, name, f'{kind}_{name}({"&" if operator == "." else ""}{text})' if is_value else None
        kind, is_foreign = field and field['kind'], False
        text += operator + name


def find(text, structs):
    """(struct, field, begin, end, call) of each read in a source: places in the text, and the call of a function that can
    stand there instead; None: nothing can. `structs` has fields by name, each with its kind and dims."""
    for start, scope in scopes(text):
        pointers, own = variables(scope, structs)
        yield from ((s, name, 0, 0, None) for s in sorted(own) for name in structs[s])
        for m in (m for m in CHAIN.finditer(scope) if not is_designator(scope, m)):
            after = INDICES.match(scope, m.end())[0].count('[')
            is_address = scope[:m.start()].rstrip()[-1:] == '&'
            for s, name, call in chain_reads(m[1], LINK.findall(m[2]), after, is_address, pointers, structs):
                yield s, name, start + m.start(), start + m.end(), call
