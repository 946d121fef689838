/* SPDX-License-Identifier: MIT */
#include <stdio.h>

#include "../pass/pass.h"
#include "../read/read.h"
#include "../run/run.h"
#include "command.h"

/* Memory a model may take: what its file needs and room for activations. */
enum { LIMIT_FACTOR = 3, LIMIT_BASE = 48 << 20 };

bool session_open(struct session *s, const char *path)
{
    s->path = path;
    return file_open(&s->file, path, &s->diag) &&
           (arena_init(&s->arena, s->file.size * LIMIT_FACTOR + LIMIT_BASE), s->arena.on_exhaustion = &s->exhausted,
            read_model(&s->file, &s->arena, &s->model, &s->diag)) &&
           pass_all(&s->model, run_node, &s->diag);
}

void session_close(struct session *s)
{
    arena_free(&s->arena);
    file_close(&s->file);
}

int session_error(const struct session *s, const char *path)
{
    fprintf(stderr, "mote: %s: %s\n", path, s->diag.text);
    return EXIT_ERROR;
}
