/* SPDX-License-Identifier: MIT
 *
 * Emitted C and the firmware around it become a program of the core. Sources lie in a folder of the core's, objects
 * beside them; a source that is there already with its object is not compiled again.
 */
#include "prove.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { JOBS = 2, COMPILE_SECONDS = 300, VECTORS_SIZE = 1024 };

/* By these every layer of the model stays a function of its own. */
static const char own_functions[] =
    "-fno-inline-functions-called-once -fno-inline-small-functions -fno-inline-functions "
    "-fno-ipa-cp -fno-ipa-sra -fno-partial-inlining -fno-ipa-icf";

struct build {
    const struct target_core *core;
    const struct prove_model *model;
    enum prove_purpose purpose;
    const char *folder;
    struct arena *arena;
    struct diag *diag;
    struct prove_command compile[JOBS + 1],
        link;                   /* the last job: the model itself, for the bench by flags of its own */
    int32_t compiled[JOBS + 1]; /* sources */
};

const char *prove_missing_tool(const struct target_core *core, struct arena *arena)
{
    if (core->firmware == NULL) {
        return "there is no emulator for it; mote can only compile for it";
    }
    if (!prove_has_program(core->compiler)) {
        return arena_printf(arena, "there is no %s; install %s%s%s", core->compiler, core->package,
                            core->library_package != NULL ? " " : "",
                            core->library_package != NULL ? core->library_package : "");
    }
    if (core->emulator == NULL) {
        return NULL;
    }
    const char *program = arena_printf(arena, "%.*s", (int)strcspn(core->emulator, " "), core->emulator);
    return prove_has_program(program)
               ? NULL
               : arena_printf(arena, "there is no %s; install %s", program, core->emulator_package);
}

static uint32_t find_arena_size(const struct emit_files *files)
{
    unsigned size = 0;
    for (int i = 0; i < files->count; i++) {
        const char *at = strcmp(files->list[i].name, "model.h") == 0
                             ? strstr(files->list[i].text, "#define MODEL_ARENA_SIZE")
                             : NULL;
        if (at != NULL) {
            sscanf(at, "#define MODEL_ARENA_SIZE %u", &size);
        }
    }
    return size;
}

const char *prove_missing_memory(const struct target_core *core, const struct prove_model *m, struct arena *arena)
{
    enum { LEAST_STACK = 256 };
    const uint64_t constants = m->files->weight_size + m->files->table_size;
    const uint64_t ram = (uint64_t)find_arena_size(m->files) + LEAST_STACK;
    if (core->emulator == NULL) {
        return NULL;
    }
    if (ram > core->emulator_ram.size) {
        return arena_printf(arena, "needs %llu bytes of RAM, the emulated machine has %u", (unsigned long long)ram,
                            core->emulator_ram.size);
    }
    return constants <= core->emulator_flash.size
               ? NULL
               : arena_printf(arena, "needs %llu bytes of flash, the emulated machine has %u",
                              (unsigned long long)constants, core->emulator_flash.size);
}

/*** Sources ***/

enum there { NOT_THERE, OTHER_THERE, SAME_THERE };

static enum there find_file(const char *path, const void *text, size_t size)
{
    struct file file;
    struct diag missing = {0};
    if (!file_open(&file, path, &missing)) {
        return NOT_THERE;
    }
    const bool same = file.size == size && memcmp(file.data, text, size) == 0;
    file_close(&file);
    return same ? SAME_THERE : OTHER_THERE;
}

static bool has_object(const struct build *b, const char *path)
{
    return access(arena_printf(b->arena, "%.*so", (int)strlen(path) - 1, path), R_OK) == 0;
}

static bool has_suffix(const char *name, const char *suffix)
{
    const size_t n = strlen(name), m = strlen(suffix);
    return n >= m && strcmp(name + n - m, suffix) == 0;
}

/* Writes a file; a source is to be compiled by one of the jobs, and linked. */
static bool add_file(struct build *b, const char *name, const void *text, size_t size, bool is_reused)
{
    const char *path = arena_printf(b->arena, "%s/%s", b->folder, name);
    const bool is_source = has_suffix(name, ".c") || has_suffix(name, ".S");
    if (is_source) {
        prove_add_word(&b->link, arena_printf(b->arena, "%.*so", (int)strlen(name) - 1, name));
    }
    if (is_reused && is_source && has_object(b, path) && find_file(path, text, size) == SAME_THERE) {
        return true;
    }
    if (is_source) {
        int32_t job = strcmp(name, "model.c") == 0 ? JOBS : 0;
        for (int i = 1; i < JOBS && job < JOBS; i++) {
            job = b->compiled[i] < b->compiled[job] ? i : job;
        }
        prove_add_word(&b->compile[job], name);
        b->compiled[job]++;
    }
    return file_write(path, text, size, b->diag);
}

/* A file of target/firmware under a name by which the linker script knows it. */
static bool add_firmware(struct build *b, const char *name, const char *as, bool is_reused)
{
    const struct target_file *f = target_find_file(name);
    return f != NULL ? add_file(b, as, f->text, strlen(f->text), is_reused)
                     : diag_fail(b->diag, "%s is not in this program; report it as a bug", name);
}

/* Whether the headers of the kernels are as they were when objects were made; model.h is the model's own. */
static bool has_same_headers(const struct build *b)
{
    const struct emit_files *files = b->model->files;
    for (int i = 0; i < files->count; i++) {
        const struct emit_file *f = &files->list[i];
        if (has_suffix(f->name, ".h") && strcmp(f->name, "model.h") != 0 &&
            find_file(arena_printf(b->arena, "%s/%s", b->folder, f->name), f->text, f->size) == OTHER_THERE) {
            return false;
        }
    }
    return true;
}

static bool add_sources(struct build *b)
{
    const struct prove_model *m = b->model;
    const bool is_reused = has_same_headers(b);
    for (int i = 0; i < m->files->count; i++) {
        const struct emit_file *f = &m->files->list[i];
        if (!add_file(b, f->name, f->text, f->size, is_reused)) {
            return false;
        }
    }
    size_t in_size = 0;
    for (int i = 0; i < m->plan->code.input_count; i++) {
        in_size += m->plan->code.inputs[i].size;
    }
    static const uint8_t none[1];
    const size_t size = in_size * (size_t)m->invokes;
    const char *start = arena_printf(b->arena, "firmware/start_%s.c", b->core->firmware);
    return add_file(b, "case.bin", size > 0 ? m->in : none, size > 0 ? size : 1, false) &&
           add_firmware(b, "firmware/firmware.h", "firmware.h", false) &&
           add_firmware(b, "firmware/main.c", "firmware_main.c", false) &&
           add_firmware(b, "firmware/data.S", "firmware_data.S", false) &&
           add_firmware(b, start, "firmware_start.c", true) &&
           (b->core->emulator == NULL || b->core->library_package != NULL ||
            (add_firmware(b, "firmware/memory.c", "firmware_memory.c", true) &&
             add_firmware(b, "freestanding/string.h", "string.h", false)));
}

/*** Commands ***/

static const char *sizes_text(struct build *b, const char *name, const struct mote_tensor *ends, int count)
{
    const char *text = arena_printf(b->arena, "-D%s=", name);
    for (int i = 0; i < count; i++) {
        text = arena_printf(b->arena, "%s%u,", text, ends[i].size);
    }
    return text;
}

static void begin_compile(struct build *b, struct prove_command *c)
{
    const struct prove_model *m = b->model;
    *c = (struct prove_command){.arena = b->arena};
    prove_add_words(c, b->core->compiler);
    prove_add_words(c, "-O2 -ffunction-sections -fdata-sections");
    if (b->core->emulator != NULL && b->core->library_package == NULL) {
        prove_add_words(c, "-ffreestanding -isystem .");
    }
    prove_add_words(c, b->core->flags);
    prove_add_word(c, sizes_text(b, "INPUT_SIZES", m->plan->code.inputs, m->plan->code.input_count));
    prove_add_word(c, sizes_text(b, "OUTPUT_SIZES", m->plan->code.outputs, m->plan->code.output_count));
    prove_add_word(c, arena_printf(b->arena, "-DINVOKES=%d", m->invokes));
    prove_add_word(c, arena_printf(b->arena, "-DPASSES=%d", m->passes));
    prove_add_word(c, arena_printf(b->arena, "-DMODEL_FED=%d", m->is_fed));
    if (b->purpose == PROVE_KNOWN_LOOP) {
        prove_add_word(c, arena_printf(b->arena, "-DKNOWN_LOOP=%d", PROVE_KNOWN_ROUNDS));
    }
    prove_add_word(c, "-c");
}

static void begin_link(struct build *b)
{
    b->link = (struct prove_command){.arena = b->arena};
    prove_add_words(&b->link, b->core->compiler);
    prove_add_words(&b->link, b->core->flags);
}

/* The linker script, with the memories of the emulated machine. */
static bool add_script(struct build *b)
{
    const struct target_core *core = b->core;
    const struct target_file *own = target_find_file(arena_printf(b->arena, "firmware/link_%s.ld", core->firmware));
    const struct target_file *f = own != NULL ? own : target_find_file("firmware/link.ld");
    struct target_memory vectors = core->emulator_vectors, flash = core->emulator_flash;
    if (vectors.size == 0 && own == NULL) {
        vectors = (struct target_memory){flash.base, VECTORS_SIZE};
        flash = (struct target_memory){flash.base + VECTORS_SIZE, flash.size - VECTORS_SIZE};
    }
    const struct {
        const char *name;
        uint32_t value;
    } words[] = {
        {"VECTORS_BASE", vectors.base}, {"VECTORS_SIZE", vectors.size},        {"FLASH_BASE", flash.base},
        {"FLASH_SIZE", flash.size},     {"RAM_BASE", core->emulator_ram.base}, {"RAM_SIZE", core->emulator_ram.size}};
    for (size_t i = 0; i < COUNT_OF(words); i++) {
        prove_add_word(&b->link, arena_printf(b->arena, "-Wl,--defsym=%s=%u", words[i].name, words[i].value));
    }
    prove_add_words(&b->link, "-Wl,--gc-sections -T link.ld");
    prove_add_words(&b->link, core->link_flags != NULL ? core->link_flags : "");
    return add_file(b, "link.ld", f->text, strlen(f->text), false);
}

/* The first line of a compiler's output that tells of an error. */
static const char *find_error(const struct prove_output *o, struct arena *arena)
{
    static const char *const signs[] = {"rror: ", "undefined reference", "overflowed", "will not fit"};
    if (o->is_late) {
        return "it takes too long";
    }
    const char *text = prove_console_text(o, arena);
    for (size_t i = 0; i < COUNT_OF(signs); i++) {
        const char *at = strstr(text, signs[i]);
        if (at != NULL) {
            while (at > text && at[-1] != '\n') {
                at--;
            }
            return arena_printf(arena, "%.*s", (int)strcspn(at, "\n"), at);
        }
    }
    return arena_printf(arena, "%.*s", (int)strcspn(text, "\n"), text);
}

/* A compiler may be there without its C library: what to install, after what it says; else nothing. */
static const char *library_cure(const struct build *b, const char *error)
{
    const bool lacks_file = strstr(error, "No such file or directory") != NULL || strstr(error, "cannot find") != NULL;
    return lacks_file && b->core->library_package != NULL
               ? arena_printf(b->arena, "; install %s", b->core->library_package)
               : "";
}

static bool run_commands(struct build *b, const struct prove_command *commands, int32_t count)
{
    struct prove_output outputs[JOBS + 1] = {0};
    bool ok = prove_run(commands, count, b->folder, COMPILE_SECONDS, outputs, b->diag);
    for (int i = 0; i < count; i++) {
        if (ok && outputs[i].status != 0) {
            const char *error = find_error(&outputs[i], b->arena);
            ok = diag_fail(b->diag, "%s fails: %s%s", b->core->compiler, error, library_cure(b, error));
        }
        file_close(&outputs[i].console);
    }
    return ok;
}

static bool compile(struct build *b)
{
    struct prove_command some[JOBS + 1];
    int32_t count = 0;
    for (int i = 0; i <= JOBS; i++) {
        if (b->compiled[i] > 0) {
            some[count++] = b->compile[i];
        }
    }
    return run_commands(b, some, count);
}

bool prove_build(const struct target_core *core, const struct prove_model *model, enum prove_purpose purpose,
                 const struct prove_folder *folder, struct arena *arena, struct prove_program *program,
                 struct diag *diag)
{
    struct build b = {.core = core, .model = model, .purpose = purpose, .arena = arena, .diag = diag};
    b.folder = arena_printf(arena, "%s/%s%s", folder->path, core->name, purpose == PROVE_VERIFY ? "" : "-bench");
    if (mkdir(b.folder, 0700) != 0 && errno != EEXIST) {
        return diag_fail(diag, "cannot make %s: %s", b.folder, strerror(errno));
    }
    for (int i = 0; i <= JOBS; i++) {
        begin_compile(&b, &b.compile[i]);
    }
    if (purpose != PROVE_VERIFY) {
        prove_add_words(&b.compile[JOBS], own_functions);
    }
    begin_link(&b);
    if (!add_sources(&b) || !compile(&b) || (core->emulator != NULL && !add_script(&b))) {
        return false;
    }
    prove_add_words(&b.link, "-o program");
    *program = (struct prove_program){.path = arena_printf(arena, "%s/program", b.folder),
                                      .arena = find_arena_size(model->files)};
    return run_commands(&b, &b.link, 1) &&
           (core->emulator == NULL || prove_read_elf(program->path, program, arena, diag));
}
