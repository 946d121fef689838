/* SPDX-License-Identifier: MIT
 *
 * SVDF in integers: int8 activations and feature filters, state and time filters of the type svdf_state, which the
 * including file defines, as KERNEL, the name of the kernel; and SVDF_DOTS where a target has its own inner products and
 * its own shift of a state.
 *
 * Sums wrap modulo 2^32 as the reference's do; the new value of the state wraps in its type.
 * Source: TensorFlow Lite Micro, EvalIntegerSvdfReference.
 */
#include <stddef.h>
#include <string.h>

#include "fixed.h"
#include "state.h"

#ifndef SVDF_DOTS
static uint32_t feature_dot(const int8_t *in, const MOTE_FLASH int8_t *feature, int32_t count)
{
    uint32_t sum = 0;
    for (int32_t i = 0; i < count; i++) {
        sum += (uint32_t)((int32_t)in[i] * feature[i]);
    }
    return sum;
}

static uint32_t time_dot(const svdf_state *state, const MOTE_FLASH svdf_state *time, int32_t count)
{
    uint32_t sum = 0;
    for (int32_t i = 0; i < count; i++) {
        sum += (uint32_t)((int32_t)state[i] * time[i]);
    }
    return sum;
}

static void shift_state(svdf_state *state, int32_t count) { memmove(state, state + 1, (size_t)count * sizeof *state); }
#endif

void KERNEL(const void *params, const struct mote_io *io)
{
    const struct mote_svdf *p = (const struct mote_svdf *)params;
    const MOTE_FLASH int8_t *feature = (const MOTE_FLASH int8_t *)p->feature;
    const MOTE_FLASH svdf_state *time = (const MOTE_FLASH svdf_state *)p->time;
    const MOTE_FLASH int32_t *bias = (const MOTE_FLASH int32_t *)p->bias;
    const int32_t filter_count = p->unit_count * p->rank;
    int8_t *out = (int8_t *)io->out[0];
    svdf_state *state = (svdf_state *)io->out[1] + io->y * filter_count * p->memory;

    for (int32_t u = 0; u < p->unit_count; u++) {
        uint32_t sum = bias != NULL ? (uint32_t)bias[u] : 0;
        for (int32_t r = 0; r < p->rank; r++, feature += p->in_count, time += p->memory, state += p->memory) {
            const uint32_t offset = p->feature_bias != NULL ? (uint32_t)p->feature_bias[u * p->rank + r] : 0;
            int32_t fresh = (int32_t)(feature_dot((const int8_t *)io->in[0], feature, p->in_count) + offset);
            fresh = mote_clamp(mote_requant(fresh, p->state_multiplier, p->state_shift), SVDF_LOW, SVDF_HIGH);
            shift_state(state, p->memory - 1);
            state[p->memory - 1] = (svdf_state)(fresh + p->state_zero);
            sum += time_dot(state, time, p->memory);
        }
        const int32_t y = mote_requant((int32_t)sum, p->out_multiplier, p->out_shift) + p->out_offset;
        out[u] = (int8_t)mote_clamp(y, INT8_MIN, INT8_MAX);
    }
}
