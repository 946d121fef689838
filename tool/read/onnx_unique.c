/* SPDX-License-Identifier: MIT
 *
 * Unique of ONNX: what is distinct among the elements, or the slices along an axis. How many there are depends on their
 * values, so that those must be known.
 */
#include <string.h>

#include "onnx.h"

/* The slices, one after the other, and what is found among them. */
struct distinct {
    struct ir_elements elements;
    int32_t count;
    int32_t *place; /* [elements.count] which of the distinct ones each is */
    int32_t *first; /* [count] where each comes first */
    int32_t *order; /* [count] as they are put out */
};

static int64_t load_int(enum type type, const uint8_t *at)
{
    const int bits = ir_type_bits(type);
    uint64_t value = 0;
    memcpy(&value, at, (size_t)bits / 8); /* little-endian */
    const bool is_signed = type == TYPE_S8 || type == TYPE_S16 || type == TYPE_S32;
    return is_signed ? (int64_t)(value << (64 - bits)) >> (64 - bits) : (int64_t)value;
}

/* Whether slice a goes before slice b: by the first of their values that differ. */
static bool is_before(const struct ir_elements *e, int32_t a, int32_t b)
{
    const int64_t unit = ir_type_bits(e->type) / 8;
    const uint8_t *x = (const uint8_t *)e->data + (int64_t)a * e->width * unit;
    const uint8_t *y = (const uint8_t *)e->data + (int64_t)b * e->width * unit;
    for (int32_t i = 0; i < e->width; i++, x += unit, y += unit) {
        if (e->type == TYPE_F32) {
            float p, q;
            memcpy(&p, x, sizeof p);
            memcpy(&q, y, sizeof q);
            if (p < q || q < p) {
                return p < q;
            }
        } else if (load_int(e->type, x) != load_int(e->type, y)) {
            return load_int(e->type, x) < load_int(e->type, y);
        }
    }
    return false;
}

/* Merges ever longer runs that are in order. */
static void sort(struct onnx *o, struct distinct *d)
{
    int32_t *from = d->order, *to = ARENA_ARRAY(o->arena, d->count + 1, int32_t);
    for (int64_t run = 1; run < d->count; run *= 2) {
        for (int64_t begin = 0; begin < d->count; begin += 2 * run) {
            const int64_t middle = begin + run < d->count ? begin + run : d->count;
            const int64_t end = middle + run < d->count ? middle + run : d->count;
            int64_t i = begin, k = middle;
            for (int64_t at = begin; at < end; at++) {
                const bool second =
                    k < end && (i == middle || is_before(&d->elements, d->first[from[k]], d->first[from[i]]));
                to[at] = second ? from[k++] : from[i++];
            }
        }
        int32_t *swap = from;
        from = to;
        to = swap;
    }
    d->order = from;
}

static void find_distinct(struct onnx *o, struct distinct *d)
{
    d->place = ARENA_ARRAY(o->arena, d->elements.count + 1, int32_t);
    d->first = ARENA_ARRAY(o->arena, d->elements.count + 1, int32_t);
    d->count = ir_unique(o->arena, &d->elements, d->place, d->first);
    d->order = ARENA_ARRAY(o->arena, d->count + 1, int32_t);
    for (int32_t u = 0; u < d->count; u++) {
        d->order[u] = u;
    }
    if (onnx_int(o, "sorted", 1) != 0) {
        sort(o, d);
    }
}

/* The distinct slices [count, ...] in their order. */
static int32_t take_values(struct onnx *o, const struct distinct *d, const struct tensor *t)
{
    const size_t bytes = (size_t)d->elements.width * (size_t)(ir_type_bits(t->type) / 8);
    uint8_t *values = arena_alloc(o->arena, bytes * (size_t)d->count + 1);
    int32_t dim[IR_MAX_RANK];
    memcpy(dim, t->dim, sizeof dim);
    dim[0] = d->count;
    for (int32_t u = 0; u < d->count; u++) {
        memcpy(values + (size_t)u * bytes, (const uint8_t *)t->data + (size_t)d->first[d->order[u]] * bytes, bytes);
    }
    return onnx_const(o, t->type, t->rank, dim, values);
}

/* Where each comes first; which one each slice is; how many of each there are. */
static void put_out_indices(struct onnx *o, const struct distinct *d)
{
    int64_t *first = ARENA_ARRAY(o->arena, d->count + 1, int64_t),
            *counts = ARENA_ARRAY(o->arena, d->count + 1, int64_t);
    int64_t *inverse = ARENA_ARRAY(o->arena, d->elements.count + 1, int64_t);
    int32_t *rank = ARENA_ARRAY(o->arena, d->count + 1, int32_t);
    for (int32_t u = 0; u < d->count; u++) {
        first[u] = d->first[d->order[u]];
        rank[d->order[u]] = u;
    }
    for (int32_t i = 0; i < d->elements.count; i++) {
        inverse[i] = rank[d->place[i]];
        counts[inverse[i]]++;
    }
    onnx_out(o, 1, onnx_const(o, TYPE_S64, 1, &d->count, first));
    onnx_out(o, 2, onnx_const(o, TYPE_S64, 1, &d->elements.count, inverse));
    onnx_out(o, 3, onnx_const(o, TYPE_S64, 1, &d->count, counts));
}

void onnx_convert_unique(struct onnx *o)
{
    int32_t x = onnx_in(o, 0), axis = 0;
    if (!onnx_is_const(o, x)) {
        onnx_fail(o, "its input is known only at run time, so the shape of the result is not");
        return;
    }
    if (onnx_has(o, "axis")) {
        axis = onnx_axis(o, onnx_int(o, "axis", 0), onnx_tensor(o, x)->rank);
        x = onnx_move_axis(o, x, axis, 0);
    } else {
        x = onnx_reshape(o, x, 1, (int64_t[]){ir_count(onnx_tensor(o, x))});
    }
    const struct tensor t = *onnx_tensor(o, x);
    if (onnx_failed(o) || t.rank < 1 || ir_type_bits(t.type) < 8) {
        onnx_fail(o, "takes %s of %d dims", ir_type_text(t.type), t.rank);
        return;
    }
    struct distinct d = {.elements = {t.type, t.data, t.dim[0], t.dim[0] > 0 ? (int32_t)(ir_count(&t) / t.dim[0]) : 0}};
    find_distinct(o, &d);
    onnx_out(o, 0, onnx_move_axis(o, take_values(o, &d, &t), 0, axis));
    put_out_indices(o, &d);
}
