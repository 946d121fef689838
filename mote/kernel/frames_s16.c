/* SPDX-License-Identifier: MIT
 *
 * MoteFrames: overlapping frames of a signal that comes in rows of as many samples as lie between their beginnings.
 */
#include <string.h>

#include "fixed.h"
#include "signal.h"

void mote_frames_s16(const void *params, const struct mote_io *io)
{
    const struct mote_frames *p = (const struct mote_frames *)params;
    int16_t *out = (int16_t *)io->out[0];
    int32_t i = 0;
    for (int32_t at = 0; at < p->size; at += p->hop) {
        memcpy(out + at, io->in[i++], (size_t)mote_min(p->hop, p->size - at) * sizeof *out);
    }
}
