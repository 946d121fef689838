/* SPDX-License-Identifier: MIT
 *
 * SEGMENT_SUM, UNSORTED_SEGMENT_SUM, _PROD, _MAX, _MIN. The including file defines KERNEL, its name, `segment_value` and
 *
 *   SEGMENT_LEAST, SEGMENT_MOST    the ends of the range, which empty maxima and minima have
 *   SEGMENT_ADD(a, b), SEGMENT_TIMES(a, b)
 */
#include <stddef.h>

#include "index.h"

static segment_value segment_first(int32_t operation)
{
    switch (operation) {
    case MOTE_SEGMENT_SUM:
        return 0;
    case MOTE_SEGMENT_PROD:
        return 1;
    case MOTE_SEGMENT_MAX:
        return SEGMENT_LEAST;
    default:
        return SEGMENT_MOST;
    }
}

static segment_value segment_join(int32_t operation, segment_value a, segment_value b)
{
    switch (operation) {
    case MOTE_SEGMENT_SUM:
        return SEGMENT_ADD(a, b);
    case MOTE_SEGMENT_PROD:
        return SEGMENT_TIMES(a, b);
    case MOTE_SEGMENT_MAX:
        return b > a ? b : a;
    default:
        return b < a ? b : a;
    }
}

void KERNEL(const void *params, const struct mote_io *io)
{
    const struct mote_segment *p = (const struct mote_segment *)params;
    const segment_value *in = (const segment_value *)io->in[0];
    segment_value *all = (segment_value *)io->out[0];
    for (int32_t i = 0; i < p->segments * p->width; i++) {
        all[i] = segment_first(p->operation);
    }
    for (int32_t n = 0; n < p->count; n++, in += p->width) {
        const int32_t segment = ((const int32_t *)io->in[1])[n];
        if (segment < 0 || segment >= p->segments) {
            continue;
        }
        segment_value *out = all + (size_t)(segment * p->width);
        for (int32_t i = 0; i < p->width; i++) {
            out[i] = segment_join(p->operation, out[i], in[i]);
        }
    }
}
