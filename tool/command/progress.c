/* SPDX-License-Identifier: MIT */
#include <inttypes.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

#include "command.h"

#define SECOND INT64_C(1000000000)

enum { WIDTH = 40 };

static int64_t now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * SECOND + t.tv_nsec;
}

void progress_step(struct progress *p)
{
    const int64_t time = now();
    p->done++;
    if (p->started == 0) {
        p->started = time;
    }
    if (time - p->started < SECOND || time - p->shown < SECOND / 10 || !isatty(STDERR_FILENO)) {
        return;
    }
    p->shown = time;
    const int filled = (int)((double)p->done / (double)p->total * WIDTH);
    fprintf(stderr, "\r[%.*s%*s] %" PRIu64 " of %" PRIu64, filled, "########################################",
            WIDTH - filled, "", p->done, p->total);
}

void progress_end(struct progress *p)
{
    if (p->shown != 0) {
        fprintf(stderr, "\r\033[K");
    }
}
