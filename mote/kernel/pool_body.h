/* SPDX-License-Identifier: MIT
 *
 * The loops of the pooling kernels. Four channels at a time go over the window together, their accumulators in
 * registers; where the window is folded, they are kept from one firing to the next. KERNEL: the name of the kernel;
 * TYPE: of the elements; ACC: of the accumulators; IN_OUTPUT: 1 if these can be kept in the output, 0: in a second
 * output; START: their first value; ADD(a, x): the accumulator after element x; FINISH(a, count): what is
 * written within the limits, `count` elements seen; IS_REAL: where they are floats. MAKE_FOUR, where a target has its own: four channels from `offset` on, at once.
 */
#include <stddef.h>

#include "fixed.h"
#include "pool.h"

/* The part of the window of an output pixel that this firing sees: `taps` columns of each row from `offset` on. */
struct window {
    const void *const *rows;
    int32_t row_count, offset, taps;
    const ACC *before; /* the accumulators so far; NULL: none */
    ACC *after;        /* where to keep them; NULL: they are complete */
    int32_t count;     /* elements of the whole window */
};

static ACC begin(const struct window *w, int32_t c) { return w->before != NULL ? w->before[c] : START; }

static void end(const struct mote_pool *p, const struct window *w, int32_t c, ACC a, TYPE *out)
{
    if (w->after != NULL) {
        w->after[c] = a;
        return;
    }
#ifdef IS_REAL
    out[c] = mote_fclamp(FINISH(a, w->count), p->real_low, p->real_high);
#else
    out[c] = (TYPE)mote_clamp(FINISH(a, w->count), p->low, p->high);
#endif
}

#ifndef MAKE_FOUR
/* Channels c to c + 3 of an output pixel. Written out, because compilers keep an array in memory unless they unroll
 * the loops over it. */
static void make_four(const struct mote_pool *p, const struct window *w, int32_t c, TYPE *out)
{
    const int32_t channels = p->channels, taps = w->taps;
    ACC a0 = begin(w, c), a1 = begin(w, c + 1), a2 = begin(w, c + 2), a3 = begin(w, c + 3);
    for (int32_t r = 0; r < w->row_count; r++) {
        const TYPE *in = (const TYPE *)w->rows[r] + w->offset + c;
        for (int32_t kx = 0; kx < taps; kx++) {
            const TYPE *x = in + kx * channels;
            a0 = (ACC)ADD(a0, x[0]);
            a1 = (ACC)ADD(a1, x[1]);
            a2 = (ACC)ADD(a2, x[2]);
            a3 = (ACC)ADD(a3, x[3]);
        }
    }
    end(p, w, c, a0, out);
    end(p, w, c + 1, a1, out);
    end(p, w, c + 2, a2, out);
    end(p, w, c + 3, a3, out);
}

#endif

/* Channel c of an output pixel. */
static void make_one(const struct mote_pool *p, const struct window *w, int32_t c, TYPE *out)
{
    const int32_t channels = p->channels, taps = w->taps;
    ACC a = begin(w, c);
    for (int32_t r = 0; r < w->row_count; r++) {
        const TYPE *in = (const TYPE *)w->rows[r] + w->offset + c;
        for (int32_t kx = 0; kx < taps; kx++) {
            a = (ACC)ADD(a, in[kx * channels]);
        }
    }
    end(p, w, c, a, out);
}

/* The rows inside of the image, which follow each other. */
static struct window find_rows(const struct mote_pool *p, const void *const rows[])
{
    int32_t first = 0, last = p->folded > 0 ? 1 : p->filter_h;
    while (rows[first] == NULL) {
        first++;
    }
    while (rows[last - 1] == NULL) {
        last--;
    }
    return (struct window){rows + first, last - first, 0, 0, NULL, NULL, 0};
}

void KERNEL(const void *params, const struct mote_io *io)
{
    const struct mote_pool *p = (const struct mote_pool *)params;
    TYPE *out = (TYPE *)io->out[0];
    struct window w = find_rows(p, io->in);
    ACC *kept = p->folded == 0 ? NULL : (ACC *)io->out[IN_OUTPUT ? 0 : 1];
    for (int32_t x = 0; x < p->out_w; x++, out += p->channels) {
        const int32_t left = x * p->stride_w - p->pad_w;
        const int32_t first = mote_max(left, 0);
        w.taps = mote_min(left + p->filter_w, p->in_w) - first;
        w.offset = first * p->channels;
        w.count = (p->folded > 0 ? p->folded : w.row_count) * w.taps;
        w.before = p->folded > 0 && io->y > 0 ? kept + x * p->channels : NULL;
        w.after = p->folded > 0 && io->y < p->folded - 1 ? kept + x * p->channels : NULL;
        int32_t c = 0;
        for (; c + 4 <= p->channels; c += 4) {
#ifdef MAKE_FOUR
            MAKE_FOUR(p, w.rows, w.row_count, w.offset + c, w.taps, w.before != NULL ? w.before + c : NULL,
                      w.after != NULL ? w.after + c : NULL, w.count, out + c);
#else
            make_four(p, &w, c, out);
#endif
        }
        for (; c < p->channels; c++) {
            make_one(p, &w, c, out);
        }
    }
}
