/* SPDX-License-Identifier: MIT
 *
 * SVDF in integers: int8 activations and feature filters, state and time filters of the type svdf_state, which the
 * including file defines, as KERNEL, the name of the kernel.
 *
 * Sums wrap modulo 2^32 as the reference's do; the new value of the state wraps in its type.
 * Source: TensorFlow Lite Micro, EvalIntegerSvdfReference.
 */
#include <stddef.h>
#include <string.h>

#include "fixed.h"
#include "state.h"

static int32_t feature_dot(const struct mote_svdf *p, const int8_t *in, const int8_t *feature)
{
    const int32_t offset = p->in_offset;
    uint32_t sum = 0;
    for (int32_t i = 0; i < p->in_count; i++) {
        sum += (uint32_t)((int32_t)(int16_t)(in[i] + offset) * (int16_t)feature[i]);
    }
    return (int32_t)sum;
}

static uint32_t time_dot(const struct mote_svdf *p, const svdf_state *state, const svdf_state *time)
{
    const int32_t zero = p->state_zero;
    uint32_t sum = 0;
    for (int32_t m = 0; m < p->memory; m++) {
        sum += (uint32_t)(state[m] - zero) * (uint32_t)time[m];
    }
    return sum;
}

void KERNEL(const void *params, const struct mote_io *io)
{
    const struct mote_svdf *p = params;
    const int8_t *feature = p->feature;
    const svdf_state *time = p->time;
    const int32_t *bias = p->bias;
    const int32_t filter_count = p->unit_count * p->rank;
    int8_t *out = io->out[0];
    svdf_state *state = (svdf_state *)io->out[1] + io->y * filter_count * p->memory;

    for (int32_t u = 0; u < p->unit_count; u++) {
        uint32_t sum = bias != NULL ? (uint32_t)bias[u] : 0;
        for (int32_t r = 0; r < p->rank; r++, feature += p->in_count, time += p->memory, state += p->memory) {
            int32_t fresh = feature_dot(p, io->in[0], feature);
            fresh = mote_clamp(mote_requant(fresh, p->state_multiplier, p->state_shift), SVDF_LOW, SVDF_HIGH);
            memmove(state, state + 1, (size_t)(p->memory - 1) * sizeof *state);
            state[p->memory - 1] = (svdf_state)(fresh + p->state_zero);
            sum += time_dot(p, state, time);
        }
        const int32_t y = mote_requant((int32_t)sum, p->out_multiplier, p->out_shift) + p->out_offset;
        out[u] = (int8_t)mote_clamp(y, INT8_MIN, INT8_MAX);
    }
}
