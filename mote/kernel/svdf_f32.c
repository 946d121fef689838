/* SPDX-License-Identifier: MIT
 *
 * SVDF, float.
 *
 * Source: TensorFlow Lite Micro, EvalFloatSvdfReference.
 */
#include <stddef.h>
#include <string.h>

#include "real.h"
#include "state.h"

static float dot(const float *a, const MOTE_FLASH float *b, int32_t count)
{
    float sum = 0;
    for (int32_t i = 0; i < count; i++) {
        sum += a[i] * b[i];
    }
    return sum;
}

void mote_svdf_f32(const void *params, const struct mote_io *io)
{
    const struct mote_svdf *p = (const struct mote_svdf *)params;
    const MOTE_FLASH float *feature = (const MOTE_FLASH float *)p->feature, *time = (const MOTE_FLASH float *)p->time,
                           *bias = (const MOTE_FLASH float *)p->bias;
    const int32_t filter_count = p->unit_count * p->rank;
    float *out = (float *)io->out[0];
    float *state = (float *)io->out[1] + io->y * filter_count * p->memory;

    for (int32_t u = 0; u < p->unit_count; u++) {
        float sum = bias != NULL ? bias[u] : 0;
        for (int32_t r = 0; r < p->rank; r++, feature += p->in_count, time += p->memory, state += p->memory) {
            memmove(state, state + 1, (size_t)(p->memory - 1) * sizeof *state);
            state[p->memory - 1] = dot((const float *)io->in[0], feature, p->in_count);
            sum += dot(state, time, p->memory);
        }
        out[u] = mote_fclamp(sum, p->low, p->high);
    }
}
