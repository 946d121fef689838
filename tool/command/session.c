/* SPDX-License-Identifier: MIT
 *
 * The road that all verbs share: file, reader, passes. Exhausted memory comes back here by a jump; since the frame
 * that it comes back to changes none of its variables after setjmp, their values are defined.
 */
#include <stdio.h>

#include "../pass/pass.h"
#include "../read/read.h"
#include "../run/run.h"
#include "command.h"

/* Memory a model may take: what its file needs and room for activations. */
enum { LIMIT_FACTOR = 3, LIMIT_BASE = 48 << 20 };

static bool guarded(struct session *s, session_work *work, void *context)
{
    s->arena.on_exhaustion = &s->exhausted;
    if (setjmp(s->exhausted) != 0) {
        return diag_fail(&s->diag, "needs more than %zu MiB of memory, which is the limit for a model of this size",
                         s->arena.limit >> 20);
    }
    return read_model(&s->file, &s->arena, &s->model, &s->diag) && pass_all(&s->model, run_node, &s->diag) &&
           work(s, context);
}

int session_run(const char *path, session_work *work, void *context)
{
    struct session s = {.path = path};
    bool ok = file_open(&s.file, path, &s.diag);
    if (ok) {
        arena_init(&s.arena, s.file.size * LIMIT_FACTOR + LIMIT_BASE);
        ok = guarded(&s, work, context);
        arena_free(&s.arena);
        file_close(&s.file);
    }
    if (!ok) {
        fprintf(stderr, "mote: %s: %s\n", s.path, s.diag.text);
    }
    return ok ? EXIT_OK : EXIT_ERROR;
}
