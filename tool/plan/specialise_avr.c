/* SPDX-License-Identifier: MIT
 *
 * Kernels for AVR: the input's zero point goes into the bias, so that the inner loops multiply bytes.
 */
#include "../../mote/kernel/conv.h"
#include "stages.h"

enum { MOST_WINDOW = INT16_MAX, MOST_TAPS = 255, CHANNELS = 8 };

/* The bias of `out_c` channels, plus the input's offset times the sum of their filters: `size` weights, one filter
 * `step` behind the other. */
static void fold_offset(struct plan *plan, struct mote_mac *mac, const int8_t *filter, int32_t out_c, int32_t size,
                        int32_t step)
{
    int32_t *folded = plan_alloc_table(plan, (size_t)out_c, sizeof *folded);
    for (int32_t o = 0; o < out_c; o++) {
        int32_t sum = 0;
        for (int32_t i = 0; i < size; i++) {
            sum += filter[o * step + i];
        }
        const int32_t bias = mac->bias != NULL ? ((const int32_t *)mac->bias)[o] : 0;
        folded[o] = mote_add_wrap(bias, (int32_t)((uint32_t)mac->in_offset * (uint32_t)sum));
    }
    mac->bias = folded;
}

bool plan_conv2d_avr(struct plan *plan, struct plan_step *s, enum kernel to)
{
    struct mote_conv2d *p = arena_copy(plan->arena, s->params, sizeof *p);
    const int32_t line = p->filter_w * p->in_c, size = p->filter_h * line;
    if (p->filter == NULL || p->filter_c != p->in_c || size > MOST_WINDOW || p->filter_h > UINT8_MAX) {
        return false;
    }
    const bool folded = p->folded > 0;
    fold_offset(plan, &p->mac, (const int8_t *)p->filter + (folded ? p->fold_first * line : 0), p->out_c,
                folded ? p->folded * line : size, size);
    const bool is_direct = (folded || p->filter_h == 1) && p->pad_w <= 0 && (p->dilation_w == 1 || p->filter_w == 1) &&
                           (p->out_w - 1) * p->stride_w - p->pad_w + p->filter_w <= p->in_w;
    s->scratch_size = is_direct ? 0 : (size_t)(folded ? line : size);
    s->kernel = to;
    s->params = p;
    return true;
}

bool plan_depthwise_avr(struct plan *plan, struct plan_step *s, enum kernel to)
{
    struct mote_depthwise *p = arena_copy(plan->arena, s->params, sizeof *p);
    const int32_t taps = p->filter_h * p->filter_w;
    if (p->filter == NULL || taps > MOST_TAPS) {
        return false;
    }
    int8_t *filter = plan_alloc_table(plan, (size_t)(taps * p->out_c), sizeof *filter);
    for (int32_t o = 0; o < p->out_c; o++) {
        for (int32_t t = 0; t < taps; t++) {
            filter[o * taps + t] = ((const int8_t *)p->filter)[t * p->out_c + o];
        }
    }
    fold_offset(plan, &p->mac, filter, p->out_c, taps, taps);
    p->filter = filter;
    s->scratch_size = (size_t)(taps * (p->in_c < CHANNELS ? p->in_c : CHANNELS));
    s->kernel = to;
    s->params = p;
    return true;
}
