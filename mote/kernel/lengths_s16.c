/* SPDX-License-Identifier: MIT
 *
 * MoteLengths: how long what three axes show is, which is the same however the sensor is turned.
 */
#include "fixed.h"
#include "root.h"
#include "sensor.h"

void mote_lengths_s16(const void *params, const struct mote_io *io)
{
    const struct mote_lengths *p = (const struct mote_lengths *)params;
    const int16_t *in = (const int16_t *)io->in[0];
    int16_t *out = (int16_t *)io->out[0];
    for (int32_t i = 0; i < p->axes; i++) {
        out[i] = in[i];
    }
    out += p->axes;
    for (int32_t i = 0; i + 3 <= p->axes; i += 3) {
        uint32_t sum = 0;
        for (int32_t k = i; k < i + 3; k++) {
            sum += (uint32_t)((int32_t)in[k] * in[k]);
        }
        *out++ = (int16_t)mote_min((int32_t)mote_root32(sum), INT16_MAX);
    }
}
