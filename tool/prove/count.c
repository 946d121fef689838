/* SPDX-License-Identifier: MIT
 *
 * Counts instructions and cycles by a plugin of our own for QEMU, which the host's compiler builds on the spot. Layers
 * are told apart by the addresses of the emitted functions.
 */
#include "prove.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

enum { PLUGIN_SECONDS = 60, RUN_SECONDS = 600 };

const char *prove_missing_counter(const struct target_core *core, struct arena *arena)
{
    const char *missing = prove_missing_tool(core, arena);
    return missing != NULL ? missing
           : core->cost_count == 0 || strncmp(core->emulator, "qemu", 4) != 0
               ? "it is not emulated by QEMU; only there mote can count"
           : prove_has_program("cc") ? NULL
                                     : "there is no cc to build the counter; install gcc";
}

static bool build_plugin(const struct prove_folder *folder, struct arena *arena, struct diag *diag)
{
    const struct target_file *f = target_find_file("plugin/count.c");
    struct prove_command c = {.arena = arena};
    struct prove_output output = {0};
    prove_add_words(&c, "cc -O2 -std=gnu11 -fPIC -shared -fvisibility=hidden count.c -o count.so");
    bool ok = file_write(arena_printf(arena, "%s/count.c", folder->path), f->text, strlen(f->text), diag) &&
              prove_run(&c, 1, folder->path, PLUGIN_SECONDS, &output, diag);
    if (ok && output.status != 0) {
        ok = diag_fail(diag, "cc cannot build the counter: %.200s", prove_console_text(&output, arena));
    }
    file_close(&output.console);
    return ok;
}

/* The layer of a function, counted from 1; 0: the schedule; -1: something else, which belongs to its caller. */
static int32_t find_layer(const char *name)
{
    static const char *const schedule[] = {"model_invoke", "model_feed_row", "model_feed_samples",
                                           "end_row",      "segment_",       "go_on"};
    int layer;
    if (sscanf(name, "layer_%d", &layer) == 1 && layer >= 0) {
        return layer + 1;
    }
    for (size_t i = 0; i < COUNT_OF(schedule); i++) {
        if (strncmp(name, schedule[i], strlen(schedule[i])) == 0) {
            return 0;
        }
    }
    return -1;
}

/* Which addresses belong to which layer. */
static bool write_map(const struct prove_program *p, const char *path, struct diag *diag)
{
    struct file_writer out;
    bool ok = file_write_open(&out, path, diag);
    for (int i = 0; i < p->symbol_count && ok; i++) {
        const struct prove_symbol *s = &p->symbols[i];
        const int32_t layer = s->is_function ? find_layer(s->name) : -1;
        char line[64];
        const int n = snprintf(line, sizeof line, "%u %u %d\n", s->address & ~1U, s->size, layer);
        ok = layer < 0 || file_write_append(&out, line, (size_t)n, diag);
    }
    ok = ok && file_write_commit(&out, diag);
    file_write_abort(&out);
    return ok;
}

static bool add_plugin(struct prove_command *c, const struct target_core *core, const struct prove_program *program,
                       struct diag *diag)
{
    const struct prove_symbol *begin = prove_find_symbol(program, "bench_begin"),
                              *end = prove_find_symbol(program, "bench_end");
    if (begin == NULL || end == NULL) {
        return diag_fail(diag, "the firmware has no marks for counting; report it as a bug");
    }
    char *text = arena_printf(c->arena, "./count.so,family=%s,begin=%u,end=%u,map=layers", core->firmware,
                              begin->address, end->address);
    for (int i = 0; i < core->cost_count; i++) {
        text = arena_printf(c->arena, "%s,%s=%d", text, core->costs[i].name, core->costs[i].cycles);
    }
    prove_add_word(c, "-plugin");
    prove_add_word(c, text);
    return true;
}

static void add_count(struct prove_counts *counts, int32_t layer_count, const char *line)
{
    uint32_t layer;
    struct prove_count c;
    if (sscanf(line, "layer %" SCNu32 " %" SCNu64 " %" SCNu64, &layer, &c.instructions, &c.cycles) == 3 &&
        layer <= (uint32_t)layer_count) {
        *(layer == 0 ? &counts->schedule : &counts->layers[layer - 1]) = c;
        counts->total.instructions += c.instructions;
        counts->total.cycles += c.cycles;
    }
    sscanf(line, "stack %" SCNu32, &counts->stack);
}

bool prove_count(const struct target_core *core, const struct prove_model *model, const struct prove_program *program,
                 const struct prove_folder *folder, struct arena *arena, struct prove_counts *counts, struct diag *diag)
{
    struct prove_command c = prove_emulator(core, program, arena);
    struct prove_output output = {0};
    *counts = (struct prove_counts){.layers = ARENA_ARRAY(arena, model->layer_count, struct prove_count)};
    if (!build_plugin(folder, arena, diag) ||
        !write_map(program, arena_printf(arena, "%s/layers", folder->path), diag) ||
        !add_plugin(&c, core, program, diag)) {
        return false;
    }
    const bool ran = prove_run(&c, 1, folder->path, RUN_SECONDS, &output, diag);
    char *text = arena_printf(arena, "%s", ran ? prove_console_text(&output, arena) : "");
    file_close(&output.console);
    for (char *line; (line = strsep(&text, "\n")) != NULL;) {
        add_count(counts, model->layer_count, line);
    }
    return ran &&
           (counts->total.instructions > 0 || diag_fail(diag, "the program does not run under QEMU with a plugin: %s",
                                                        output.is_late ? "it takes too long" : "it ends too early"));
}

/* What a round of machine_known_loop costs, six instructions; with vectors a loop without a branch. */
static int64_t round_cycles(const struct target_core *core)
{
    const int32_t load = target_find_cost(core, "load", 1), alu = target_find_cost(core, "alu", 1);
    const int32_t vector = target_find_cost(core, "vector", 0);
    if (vector > 0) {
        return load + 2 * alu + vector + target_find_cost(core, "vector_next", vector) +
               target_find_cost(core, "loop", 0);
    }
    return load + target_find_cost(core, "load_next", load) + 3 * alu + target_find_cost(core, "branch", 1) +
           target_find_cost(core, "taken", 0);
}

/* See machine_known_loop. Two loops, the second of twice as many rounds, so that what is around them cancels. */
bool prove_check_counter(const struct target_core *core, const struct prove_model *model,
                         const struct prove_folder *folder, struct arena *arena, struct diag *diag)
{
    struct prove_model loops = *model;
    struct prove_program program;
    struct prove_counts counts;
    loops.layer_count = 2;
    if (!prove_build(core, &loops, PROVE_KNOWN_LOOP, folder, arena, &program, diag) ||
        !prove_count(core, &loops, &program, folder, arena, &counts, diag)) {
        return false;
    }
    const int64_t round = round_cycles(core);
    const int64_t instructions = (int64_t)(counts.layers[1].instructions - counts.layers[0].instructions);
    const int64_t cycles = (int64_t)(counts.layers[1].cycles - counts.layers[0].cycles);
    return (instructions == 6 * PROVE_KNOWN_ROUNDS && cycles == round * PROVE_KNOWN_ROUNDS) ||
           diag_fail(diag, "a loop of %d instructions and %" PRId64 " cycles is counted as %" PRId64 " and %" PRId64,
                     6 * PROVE_KNOWN_ROUNDS, round * PROVE_KNOWN_ROUNDS, instructions, cycles);
}
