/* SPDX-License-Identifier: MIT
 *
 * MoteStandardise. TYPE: of the input; KERNEL: the function.
 */
#include "sensor.h"

void KERNEL(const void *params, const struct mote_io *io)
{
    const struct mote_standardise *p = (const struct mote_standardise *)params;
    const TYPE *in = (const TYPE *)io->in[0];
    int16_t *out = (int16_t *)io->out[0];
    for (int32_t i = 0; i < p->count; i++) {
        const int64_t product = ((int64_t)in[i] - p->offset[i]) * p->multiplier[i];
        const int64_t y = (product + (INT64_C(1) << (p->shift[i] - 1))) >> p->shift[i];
        out[i] = (int16_t)(y < INT16_MIN ? INT16_MIN : y > INT16_MAX ? INT16_MAX : y);
    }
}
