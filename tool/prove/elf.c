/* SPDX-License-Identifier: MIT
 *
 * Sizes and symbols of a program for a device: a little-endian ELF file of 32 bits, just written by our linker script.
 * Every offset is checked all the same. Source: Tool Interface Standard, "Executable and Linking Format", 1.2.
 */
#include "prove.h"

#include <elf.h>
#include <string.h>

struct elf {
    struct file file;
    Elf32_Ehdr header;
};

static bool read_at(const struct elf *e, uint64_t at, void *to, size_t size)
{
    if (at > e->file.size || size > e->file.size - at) {
        return false;
    }
    memcpy(to, e->file.data + at, size);
    return true;
}

static bool read_section(const struct elf *e, uint32_t i, Elf32_Shdr *section)
{
    return i < e->header.e_shnum &&
           read_at(e, e->header.e_shoff + (uint64_t)i * sizeof *section, section, sizeof *section);
}

static const char *read_name(const struct elf *e, const Elf32_Shdr *strings, uint32_t at)
{
    const uint64_t start = (uint64_t)strings->sh_offset + at;
    if (at >= strings->sh_size || start >= e->file.size ||
        memchr(e->file.data + start, 0, e->file.size - start) == NULL) {
        return "";
    }
    return (const char *)e->file.data + start;
}

static void read_symbols(const struct elf *e, const Elf32_Shdr *table, struct prove_program *p, struct arena *arena)
{
    Elf32_Shdr strings;
    const uint32_t count = table->sh_size / (uint32_t)sizeof(Elf32_Sym);
    if (!read_section(e, table->sh_link, &strings) || table->sh_size > e->file.size) {
        return;
    }
    p->symbols = ARENA_ARRAY(arena, count, struct prove_symbol);
    for (uint32_t i = 0; i < count; i++) {
        Elf32_Sym s;
        if (read_at(e, table->sh_offset + (uint64_t)i * sizeof s, &s, sizeof s) && s.st_name != 0) {
            const char *name = read_name(e, &strings, s.st_name);
            p->symbols[p->symbol_count++] = (struct prove_symbol){arena_copy(arena, name, strlen(name) + 1), s.st_value,
                                                                  s.st_size, ELF32_ST_TYPE(s.st_info) == STT_FUNC};
        }
    }
}

const struct prove_symbol *prove_find_symbol(const struct prove_program *p, const char *name)
{
    for (int i = 0; i < p->symbol_count; i++) {
        if (strcmp(p->symbols[i].name, name) == 0) {
            return &p->symbols[i];
        }
    }
    return NULL;
}

/* Between two symbols of the linker script. */
static uint32_t find_size(const struct prove_program *p, const char *start, const char *end)
{
    const struct prove_symbol *a = prove_find_symbol(p, start), *b = prove_find_symbol(p, end);
    return a != NULL && b != NULL ? b->address - a->address : 0;
}

bool prove_read_elf(const char *path, struct prove_program *p, struct arena *arena, struct diag *diag)
{
    struct elf e;
    if (!file_open(&e.file, path, diag)) {
        return false;
    }
    Elf32_Shdr names, section;
    const bool ok = read_at(&e, 0, &e.header, sizeof e.header) && memcmp(e.header.e_ident, ELFMAG, SELFMAG) == 0 &&
                    e.header.e_ident[EI_CLASS] == ELFCLASS32 && e.header.e_shentsize == sizeof section &&
                    read_section(&e, e.header.e_shstrndx, &names);
    for (uint32_t i = 0; ok && read_section(&e, i, &section); i++) {
        const char *name = read_name(&e, &names, section.sh_name);
        p->statics += strcmp(name, ".data") == 0 || strcmp(name, ".bss") == 0 ? section.sh_size : 0;
        if (section.sh_type == SHT_SYMTAB) {
            read_symbols(&e, &section, p, arena);
        }
    }
    file_close(&e.file);
    p->code = find_size(p, "model_code_start", "model_code_end");
    p->constants = find_size(p, "model_constants_start", "model_constants_end");
    return ok || diag_fail(diag, "%s is not a program for a device", path);
}
