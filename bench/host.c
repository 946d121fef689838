/* SPDX-License-Identifier: MIT
 *
 * Times a model in this process: bench_host MODEL prints its MACs and the median microseconds of an invoke.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "tool/command/command.h"
#include "tool/run/run.h"

enum { WARM_UP = 3, LEAST = 10, MOST = 10000 };

#define BUDGET 0.5 /* seconds for all invokes */

static double seconds(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

static int by_value(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;
    return x < y ? -1 : x > y;
}

/* Integers spread over their range, floats small: zeros would flatter kernels that look at values. */
static void fill(uint8_t *bytes, size_t size)
{
    uint32_t x = 1;
    for (size_t i = 0; i < size; i++) {
        x = x * 1664525 + 1013904223;
        bytes[i] = (uint8_t)(x >> 24 & 0x3F);
    }
}

static bool measure(struct session *s, void *context)
{
    (void)context;
    struct graph *g = &s->model.graphs[0];
    struct plan plan;
    struct runner runner;
    if (!plan_graph(g, PLAN_STREAM, &plan, &s->diag)) {
        return false;
    }
    uint8_t *in = arena_alloc(&s->arena, run_input_size(&plan)), *out = arena_alloc(&s->arena, run_output_size(&plan));
    double *times = ARENA_ARRAY(&s->arena, MOST, double);
    fill(in, run_input_size(&plan));
    run_init(&runner, &plan);
    for (int i = 0; i < WARM_UP; i++) {
        run_invoke(&runner, in, out);
    }
    const double begin = seconds();
    int count = 0;
    while (count < LEAST || (count < MOST && seconds() - begin < BUDGET)) {
        const double start = seconds();
        run_invoke(&runner, in, out);
        times[count++] = seconds() - start;
    }
    qsort(times, (size_t)count, sizeof *times, by_value);
    int64_t macs = 0;
    for (int i = 0; i < g->node_count; i++) {
        macs += ir_macs(g, &g->nodes[i]);
    }
    printf("macs %" PRId64 " median_us %.2f\n", macs, times[count / 2] * 1e6);
    return true;
}

int main(int argc, char **argv)
{
    if (argc != 2) {
        fprintf(stderr, "usage: bench_host MODEL\n");
        return EXIT_USAGE;
    }
    return session_run(&(struct session_given){.path = argv[1], .max_work = "0"}, measure, NULL);
}
