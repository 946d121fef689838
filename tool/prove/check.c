/* SPDX-License-Identifier: MIT
 *
 * Runs a program and compares what it prints: integers bit for bit; floats, whose order of rounding a compiler may
 * choose, to 1e-5 of the largest magnitude of the tensor. Two passes over the inputs must give the same bits.
 */
#include "prove.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { RUN_SECONDS = 300 };

struct prove_command prove_emulator(const struct target_core *core, const struct prove_program *program,
                                    struct arena *arena)
{
    struct prove_command c = {.arena = arena};
    if (core->emulator == NULL) {
        prove_add_word(&c, program->path);
        return c;
    }
    prove_add_words(&c, core->emulator);
    if (strncmp(core->emulator, "qemu", 4) == 0) {
        prove_add_words(&c,
                        "-nographic -monitor none -serial none -semihosting-config enable=on,target=native -kernel");
    }
    prove_add_word(&c, program->path);
    return c;
}

/*** What it printed ***/

struct reply {
    uint8_t *out; /* all passes */
    size_t size, capacity;
    uint32_t guards, stack; /* broken guard bytes */
    bool is_done;
};

static int digit(char c) { return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1; }

static void read_hex(struct reply *r, const char *at, const char *end)
{
    for (; at + 1 < end && digit(at[0]) >= 0 && digit(at[1]) >= 0; at += 2) {
        if (r->size < r->capacity) {
            r->out[r->size] = (uint8_t)(digit(at[0]) << 4 | digit(at[1]));
        }
        r->size++;
    }
}

static uint32_t read_number(const char *at, const char *end)
{
    uint32_t number = 0;
    for (; at < end && digit(*at) >= 0 && digit(*at) < 10; at++) {
        number = number * 10 + (uint32_t)digit(*at);
    }
    return number;
}

static void read_reply(struct reply *r, const struct file *console)
{
    const char *at = (const char *)console->data, *end = at + console->size;
    while (at < end) {
        while (end - at > 4 && *at == '\033') { /* simavr sets colours */
            at += at[3] == 'm' ? 4 : 5;
        }
        const char *line_end = memchr(at, '\n', (size_t)(end - at));
        line_end = line_end != NULL ? line_end : end;
        const size_t n = (size_t)(line_end - at);
        if (n > 4 && memcmp(at, "out ", 4) == 0) {
            read_hex(r, at + 4, line_end);
        } else if (n > 7 && memcmp(at, "guards ", 7) == 0) {
            r->guards += read_number(at + 7, line_end);
        } else if (n > 6 && memcmp(at, "stack ", 6) == 0) {
            const uint32_t stack = read_number(at + 6, line_end);
            r->stack = stack > r->stack ? stack : r->stack;
        } else if (n >= 4 && memcmp(at, "done", 4) == 0) {
            r->is_done = true;
        }
        at = line_end + 1;
    }
}

/*** Comparing ***/

static bool differ(struct prove_result *result, const char *text)
{
    snprintf(result->difference, sizeof result->difference, "%s", text);
    result->is_same = false;
    return false;
}

static bool compare_floats(const uint8_t *want, const uint8_t *got, size_t count, const char *where,
                           struct prove_result *result)
{
    double most = 0;
    for (size_t i = 0; i < count; i++) {
        float w;
        memcpy(&w, want + 4 * i, 4);
        most = isfinite(w) && fabs((double)w) > most ? fabs((double)w) : most;
    }
    for (size_t i = 0; i < count; i++) {
        float w, g;
        memcpy(&w, want + 4 * i, 4);
        memcpy(&g, got + 4 * i, 4);
        if (w != g && !(isnan(w) && isnan(g)) && !(fabs((double)w - (double)g) <= 1e-5 * most)) {
            char text[160];
            snprintf(text, sizeof text, "%s, element %zu: want %.9g, got %.9g", where, i, (double)w, (double)g);
            return differ(result, text);
        }
    }
    return true;
}

static bool compare_bytes(const uint8_t *want, const uint8_t *got, size_t size, const char *where,
                          struct prove_result *result)
{
    size_t first = size, count = 0;
    for (size_t i = 0; i < size; i++) {
        first = want[i] != got[i] && first == size ? i : first;
        count += want[i] != got[i];
    }
    if (count > 0) {
        char text[160];
        snprintf(text, sizeof text, "%s: %zu of %zu bytes differ, the first is %zu", where, count, size, first);
        return differ(result, text);
    }
    return true;
}

static bool compare(const struct prove_model *m, const struct reply *r, struct prove_result *result)
{
    const struct graph *g = m->plan->graph;
    const uint8_t *got = r->out;
    for (int pass = 0; pass < m->passes; pass++) {
        const uint8_t *want = m->want;
        for (int n = 0; n < m->invokes; n++) {
            for (int i = 0; i < g->output_count; i++) {
                const size_t size = m->plan->code.outputs[i].size;
                char where[64];
                snprintf(where, sizeof where, "invoke %d, output %d", n, i);
                const bool is_float = g->tensors[g->outputs[i]].type == TYPE_F32;
                if (!(is_float ? compare_floats(want, got, size / 4, where, result)
                               : compare_bytes(want, got, size, where, result))) {
                    return false;
                }
                want += size;
                got += size;
            }
        }
    }
    const size_t all = (size_t)(got - r->out) / (size_t)m->passes;
    return (m->passes < 2 || memcmp(r->out, r->out + all, all) == 0) ||
           differ(result, "a second pass differs: it depends on what the arena held");
}

/* Why a program did not come to its end, in one line. */
static const char *last_words(const struct prove_output *o, struct arena *arena)
{
    if (o->is_late) {
        return arena_printf(arena, "it runs for more than %d seconds", RUN_SECONDS);
    }
    const char *text = prove_console_text(o, arena);
    const char *error = strstr(text, "rror: "); /* of a sanitizer or of the emulator */
    error = error != NULL                   ? error + 6
            : strstr(text, "fault") != NULL ? "a fault of the processor"
                                            : "it ends too early";
    return arena_printf(arena, "%.*s", (int)strcspn(error, "\n"), error);
}

bool prove_check(const struct target_core *core, const struct prove_model *model, const struct prove_program *program,
                 const struct prove_folder *folder, struct arena *arena, struct prove_result *result, struct diag *diag)
{
    const struct prove_command command = prove_emulator(core, program, arena);
    struct prove_output output = {0};
    size_t size = 0;
    for (int i = 0; i < model->plan->code.output_count; i++) {
        size += model->plan->code.outputs[i].size;
    }
    struct reply reply = {.capacity = size * (size_t)model->invokes * (size_t)model->passes};
    reply.out = arena_alloc(arena, reply.capacity + 1);
    if (!prove_run(&command, 1, folder->path, RUN_SECONDS, &output, diag)) {
        file_close(&output.console);
        return false;
    }
    read_reply(&reply, &output.console);
    const char *end = reply.is_done && output.status == 0 ? NULL : last_words(&output, arena);
    file_close(&output.console);
    if (end != NULL) {
        return diag_fail(diag, "the program does not run: %s", end);
    }
    *result = (struct prove_result){.is_same = true, .stack = reply.stack};
    if (reply.guards > 0) {
        differ(result, "it writes outside of its arena");
    } else if (reply.size != reply.capacity) {
        differ(result, "it prints outputs of another size");
    } else {
        compare(model, &reply, result);
    }
    return true;
}
