/* SPDX-License-Identifier: MIT
 *
 * Which layers can do with weights of 4 bits: each is tried alone, and those that add the least noise for the bytes that
 * they save are taken, as long as all together leave 25 dB at the outputs, or half of the signal to noise that int8 has.
 */
#include <math.h>
#include <stdlib.h>

#include "work.h"

enum { SAMPLES_MOST = 16 };

static const double least_ratio = 316; /* 25 dB */

struct layer {
    int32_t node;
    double cost; /* noise added for each byte saved */
};

static int by_cost(const void *a, const void *b)
{
    const double x = ((const struct layer *)a)->cost, y = ((const struct layer *)b)->cost;
    return x < y ? -1 : x > y;
}

/* Every layer by itself; the number of layers, or -1 with an error. */
static int32_t try_layers(struct quant_work *w, struct quant_candidate *c, enum quant_calibration how, double noise,
                          struct layer layers[], struct diag *diag)
{
    int32_t count = 0;
    for (int32_t i = 0; i < c->g.node_count; i++) {
        const struct node *n = &c->g.nodes[i];
        struct quant_noise with;
        if (c->reason[i] != NULL || !quant_op(n->op)->has_s4 || c->leader[i] != i) {
            continue;
        }
        c->bits[i] = 4;
        const bool ok = quant_try(w, c, how, SAMPLES_MOST, &with, diag);
        c->bits[i] = 8;
        if (!ok) {
            return -1;
        }
        const double bytes = (double)ir_count(ir_in(&c->g, n, quant_ports(n->op).weights)) / 2;
        layers[count++] = (struct layer){i, fmax(with.noise - noise, 0) / fmax(bytes, 1)};
    }
    return count;
}

static void set_bits(struct quant_candidate *c, const struct layer layers[], int32_t count, int32_t narrow)
{
    for (int32_t i = 0; i < count; i++) {
        c->bits[layers[i].node] = i < narrow ? 4 : 8;
    }
}

bool quant_narrow(struct quant_work *w, struct quant_candidate *c, enum quant_calibration how, struct diag *diag)
{
    struct quant_noise noise;
    struct layer *layers = ARENA_ARRAY(&w->arena, c->g.node_count, struct layer);
    if (!quant_try(w, c, how, SAMPLES_MOST, &noise, diag)) {
        return false;
    }
    const double most = fmax(2 * noise.noise, noise.signal / least_ratio);
    const int32_t count = try_layers(w, c, how, noise.noise, layers, diag);
    if (count < 0) {
        return false;
    }
    qsort(layers, (size_t)count, sizeof *layers, by_cost);
    int32_t fits = 0, too_many = count + 1; /* between these two lies the most that does */
    while (too_many - fits > 1) {
        const int32_t middle = (fits + too_many) / 2;
        set_bits(c, layers, count, middle);
        if (!quant_try(w, c, how, SAMPLES_MOST, &noise, diag)) {
            return false;
        }
        *(noise.noise <= most ? &fits : &too_many) = middle;
    }
    set_bits(c, layers, count, fits);
    return true;
}
