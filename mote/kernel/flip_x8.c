/* SPDX-License-Identifier: MIT
 *
 * QUANTIZE of uint8 to int8 and back where scale and zero point mean the same: the highest bit changes.
 */
#include <string.h>

#include "convert.h"

void mote_flip_x8(const void *params, const struct mote_io *io)
{
    enum { WORD = 4 };
    const int32_t n = ((const struct mote_flip *)params)->n;
    const uint8_t *in = (const uint8_t *)io->in[0];
    uint8_t *out = (uint8_t *)io->out[0];
    int32_t i = 0;
    for (; i + WORD <= n; i += WORD) {
        uint32_t word;
        memcpy(&word, in + i, WORD);
        word ^= 0x80808080;
        memcpy(out + i, &word, WORD);
    }
    for (; i < n; i++) {
        out[i] = (uint8_t)(in[i] ^ 0x80);
    }
}
