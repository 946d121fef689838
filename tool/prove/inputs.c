/* SPDX-License-Identifier: MIT
 *
 * Inputs to prove a model by: random ones reach the ends of every range, smooth ones resemble signals.
 */
#include "prove.h"

#include <math.h>
#include <string.h>

static float random_float(uint32_t x) { return (float)(x >> 8) / (float)(1 << 23) - 1; }

static void fill_float(uint8_t *to, float value) { memcpy(to, &value, sizeof value); }

/* A few waves over the tensor, another phase in each invoke; in [-1, 1]. */
static double wave(size_t i, size_t count, int32_t n)
{
    return sin(6.283185307179586 * (3.0 * (double)i / (double)count + 0.37 * n));
}

static void fill_tensor(const struct tensor *t, uint8_t *to, bool is_random, int32_t n, uint32_t *x)
{
    const size_t bytes = ((size_t)ir_type_bits(t->type) + 7) / 8, count = (size_t)ir_size(t) / bytes;
    for (size_t i = 0; i < count; i++, to += bytes) {
        *x = *x * 1664525 + 1013904223;
        if (t->type == TYPE_F32) {
            fill_float(to, is_random ? random_float(*x) : (float)wave(i, count, n));
        } else if (t->type == TYPE_BOOL) {
            to[0] = (uint8_t)(*x >> 31);
        } else if (is_random) {
            const int64_t value = bytes < 4 ? (int64_t)(*x >> 8) : (int16_t)(*x >> 16);
            memcpy(to, &value, bytes);
        } else {
            const int64_t value =
                (int64_t)(wave(i, count, n) * (bytes == 1 ? 100 : 10000)) + (t->type == TYPE_U8 ? 128 : 0);
            memcpy(to, &value, bytes);
        }
    }
}

void prove_fill_inputs(const struct graph *g, bool is_random, int32_t n, uint8_t *to)
{
    uint32_t x = (uint32_t)n * 2654435761U + 1;
    for (int i = 0; i < g->input_count; i++) {
        const struct tensor *t = &g->tensors[g->inputs[i]];
        fill_tensor(t, to, is_random, n, &x);
        to += ir_size(t);
    }
}
