/* SPDX-License-Identifier: MIT */
#include "fuzz.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../tool/pass/pass.h"
#include "../tool/read/read.h"
#include "../tool/run/run.h"

enum { MEMORY_LIMIT = 24 << 20, MAX_WORK = 1 << 24 };

/* A refusal is one line with something in it. */
static void check_diag(const struct diag *diag)
{
    static const char fault[] = "please report it"; /* how a message ends that blames mote itself */
    const size_t length = strlen(diag->text), tail = length < sizeof fault ? length : sizeof fault - 1;
    if (strcmp(diag->text + length - tail, fault) == 0 || length == 0 || length >= sizeof diag->text ||
        strpbrk(diag->text, "\n\r") != NULL) {
        fprintf(stderr, "bad message: \"%s\"\n", diag->text);
        abort();
    }
}

static void guarded(struct fuzz *f, bool passes, void (*body)(struct fuzz *fuzz))
{
    if (setjmp(f->exhausted) != 0) {
        return;
    }
    const struct read_request request = {.evaluator = {run_node, MAX_WORK}};
    if (read_model(&f->file, &request, &f->arena, &f->model, &f->diag) &&
        (!passes || pass_all(&f->model, run_node, &f->diag)) && body != NULL) {
        body(f);
    }
    if (f->diag.failed) {
        check_diag(&f->diag);
    }
    if (body == NULL) { /* as far as it can be read without what mote lacks */
        struct diag_list missed = {.arena = &f->arena};
        struct diag diag = {.missed = &missed};
        read_model(&f->file, &request, &f->arena, &f->model, &diag);
    }
}

static void fuzz(const uint8_t *data, size_t size, bool passes, void (*body)(struct fuzz *fuzz))
{
    struct fuzz f = {0};
    uint8_t *copy = malloc(size + (size == 0));
    if (copy == NULL) {
        return;
    }
    memcpy(copy, data, size);
    f.file = (struct file){copy, size};
    arena_init(&f.arena, MEMORY_LIMIT);
    f.arena.on_exhaustion = &f.exhausted;
    guarded(&f, passes, body);
    arena_free(&f.arena);
    free(copy);
}

void fuzz_file(const uint8_t *data, size_t size, void (*body)(struct fuzz *fuzz)) { fuzz(data, size, false, body); }
void fuzz_model(const uint8_t *data, size_t size, void (*body)(struct fuzz *fuzz)) { fuzz(data, size, true, body); }
