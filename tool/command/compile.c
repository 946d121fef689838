/* SPDX-License-Identifier: MIT
 *
 * mote compile MODEL -o DIR
 */
#include <ctype.h>
#include <errno.h>
#include <sha2.h>
#include <signal.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../emit/emit.h"
#include "../emit/kernels.h"
#include "../report/report.h"
#include "../target/target.h"
#include "command.h"

enum { MODEL, OUTPUT, NAME, TARGET, BOARD, OPTIMIZE, INPUT_FED, SHAPE, VALUE, MAX_WORK, OPTION_COUNT };

static const struct usage usage = {
    .verb = "compile",
    .about =
        "Turns a model into plain C for a microcontroller: DIR gets NAME.h, NAME.c and the kernels they need, and\n"
        "`cc -O2 -c DIR/*.c` is the whole build. No allocation, no library, no set-up at run time.",
    .example = "mote compile keyword.tflite -o firmware/kws --name kws",
};

/* A name that can start identifiers and files, and whose header hides none of C's. */
static bool check_name(const char *name, struct diag *diag)
{
    static const char *const headers[] = {"assert",    "complex",  "ctype",   "errno",     "fenv",   "float",
                                          "inttypes",  "iso646",   "limits",  "locale",    "math",   "setjmp",
                                          "signal",    "stdalign", "stdarg",  "stdatomic", "stdbit", "stdbool",
                                          "stdckdint", "stddef",   "stdint",  "stdio",     "stdlib", "stdnoreturn",
                                          "string",    "tgmath",   "threads", "time",      "uchar",  "wchar",
                                          "wctype"};
    for (size_t i = 0; i < COUNT_OF(headers); i++) {
        if (strcmp(name, headers[i]) == 0) {
            return diag_fail(diag, "\"%s\" would hide <%s.h>; choose another name", name, name);
        }
    }
    bool ok = islower((unsigned char)name[0]) != 0;
    for (const char *c = name; *c != '\0'; c++) {
        ok = ok && (islower((unsigned char)*c) || isdigit((unsigned char)*c) || *c == '_');
    }
    return ok || diag_fail(diag, "\"%s\" cannot be a name in C; use lower-case letters, digits and _", name);
}

/* Of the target, else of the board's core, else none. */
static bool find_features(struct session *s, const char *name, const char *board, unsigned *features)
{
    struct target_core core = {0};
    const char *model = s->path;
    if (name == NULL && board != NULL) {
        return command_board_features(s, board, features);
    }
    s->path = "--target";
    const bool ok = name == NULL || command_core(s, name, &core);
    s->path = ok ? model : s->path;
    *features = ok ? command_features(&core) : 0;
    return ok;
}

static bool is_written(const struct emit_files *files, const char *name)
{
    for (int i = 0; i < files->count; i++) {
        if (strcmp(files->list[i].name, name) == 0) {
            return true;
        }
    }
    return false;
}

/* Takes away the kernels that an earlier compile left and this one does not need, since every .c file of the folder is built. */
static void remove_stale(struct session *s, const char *folder, const char *name, const struct emit_files *files)
{
    for (const struct emit_source *source = emit_sources; source->name != NULL; source++) {
        const char *file = emit_file_name(&s->arena, name, source->name);
        if (!is_written(files, file)) {
            unlink(arena_printf(&s->arena, "%s/%s", folder, file));
        }
    }
}

static bool check_board(struct session *s, const char *board, const struct plan *plan, const struct emit_files *files)
{
    const char *model = s->path;
    struct report_fit fit;
    if (board == NULL) {
        return true;
    }
    s->path = "--board";
    if (!command_fit(s, board, plan, files, &fit)) {
        return false;
    }
    s->path = model;
    const bool has_ram = report_fit_ram(&fit) <= fit.ram;
    return (has_ram && report_fit_flash(&fit) <= fit.flash) ||
           diag_fail(&s->diag, "is too large for %s: takes about %lld bytes of %s, there are %lld", board,
                     (long long)(has_ram ? report_fit_flash(&fit) : report_fit_ram(&fit)), has_ram ? "flash" : "RAM",
                     (long long)(has_ram ? fit.flash : fit.ram));
}

static bool write_temporary(struct session *s, const char *folder, const struct emit_files *files,
                            struct file_writer *writers)
{
    for (int i = 0; i < files->count; i++) {
        const struct emit_file *f = &files->list[i];
        if (!file_write_open(&writers[i], arena_printf(&s->arena, "%s/%s", folder, f->name), &s->diag) ||
            !file_write_append(&writers[i], f->text, f->size, &s->diag) || !file_write_flush(&writers[i], &s->diag)) {
            return false;
        }
    }
    return true;
}

static bool rename_all(struct file_writer *writers, int32_t count, struct diag *diag)
{
    for (int32_t i = 0; i < count; i++) {
        if (!file_write_commit(&writers[i], diag)) {
            return false;
        }
    }
    return true;
}

bool command_write_c(struct session *s, const char *folder, const char *name, const struct emit_files *files)
{
    s->path = folder;
    const bool is_new = mkdir(folder, 0777) == 0;
    if (!is_new && errno != EEXIST) {
        return diag_fail(&s->diag, "cannot make the folder: %s", strerror(errno));
    }
    s->path = NULL;
    struct file_writer *writers = ARENA_ARRAY(&s->arena, files->count, struct file_writer);
    sigset_t interrupts, before;
    sigemptyset(&interrupts);
    sigaddset(&interrupts, SIGINT);
    sigaddset(&interrupts, SIGTERM);
    sigaddset(&interrupts, SIGHUP);
    sigprocmask(SIG_BLOCK, &interrupts, &before); /* no old files beside new ones */
    const bool ok = write_temporary(s, folder, files, writers) && rename_all(writers, files->count, &s->diag);
    for (int i = 0; i < files->count; i++) {
        file_write_abort(&writers[i]);
    }
    if (ok) {
        remove_stale(s, folder, name, files);
    } else if (is_new) {
        rmdir(folder);
    }
    sigprocmask(SIG_SETMASK, &before, NULL);
    return ok;
}

static bool compile(struct session *s, void *context)
{
    const struct option *options = context;
    const char *name = options[NAME].text != NULL ? options[NAME].text : "model";
    char hash[SHA256_DIGEST_STRING_LENGTH];
    SHA256Data(s->file.data, s->file.size, hash);
    const char *slash = strrchr(options[MODEL].text, '/');
    const struct emit_options how = {
        .name = name,
        .source = slash != NULL ? slash + 1 : options[MODEL].text,
        .hash = hash,
        .target = options[TARGET].text,
    };
    const enum plan_schedule schedule = options[INPUT_FED].text != NULL ? PLAN_FED : PLAN_STREAM;
    struct plan plan;
    struct emit_files files;
    unsigned features;
    return check_name(name, &s->diag) && find_features(s, options[TARGET].text, options[BOARD].text, &features) &&
           command_wish(s, options[OPTIMIZE].text, &features) &&
           plan_graph_for(&s->model.graphs[0], schedule, features, &plan, &s->diag) &&
           emit_c(&plan, &how, &files, &s->diag) && check_board(s, options[BOARD].text, &plan, &files) &&
           command_write_c(s, options[OUTPUT].text, name, &files);
}

int command_compile(int argc, char **argv)
{
    const char *shapes[OPTION_MOST + 1] = {NULL}, *values[OPTION_MOST + 1] = {NULL};
    struct option options[OPTION_COUNT] = {
        [MODEL] = MODEL_OPTION,
        [OUTPUT] = {.name = "o", .value = "DIR", .required = true, .help = "folder to write; made if missing"},
        [NAME] = {.name = "name", .value = "NAME", .help = "prefix of all names; default: model"},
        [INPUT_FED] = {.name = "input-fed",
                       .help = "take the input row by row: NAME_feed_row instead of NAME_input, NAME_invoke"},
        [TARGET] = {.name = "target", .value = "CORE", .help = "such as cortex-m4; default: any"},
        [BOARD] = {.name = "board", .value = "NAME", .help = "for its core; refuse a model that does not fit"},
        [OPTIMIZE] = OPTIMIZE_OPTION,
        [SHAPE] = SHAPE_OPTION(shapes),
        [VALUE] = VALUE_OPTION(values),
        [MAX_WORK] = MAX_WORK_OPTION,
    };
    int status;
    if (!options_parse(argc, argv, &usage, options, OPTION_COUNT, &status)) {
        return status;
    }
    const struct session_given given = {options[MODEL].text, options[MAX_WORK].text, shapes, values, 0};
    return session_run(&given, compile, options);
}
