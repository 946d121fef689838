/* SPDX-License-Identifier: MIT
 *
 * QUANTIZE of integers. KERNEL: the name of the kernel; T: the type of the input.
 * Source: TensorFlow Lite, reference_ops::Requantize.
 */
#include "convert.h"

/* Sums wrap as those of the reference do. */
static inline int32_t requantize(const struct mote_requantize *p, T x, int32_t low, int32_t high)
{
    const int32_t value = (int32_t)((uint32_t)x + (uint32_t)p->in_offset);
    const int32_t scaled = mote_requant(value, p->multiplier, p->shift);
    return mote_clamp((int32_t)((uint32_t)scaled + (uint32_t)p->out_offset), low, high);
}

#define ROW(name, OUT, low, high) \
    MOTE_CONVERT_ROW(name##_row, struct mote_requantize, T, OUT, requantize(&p, x, low, high))

ROW(s8, int8_t, INT8_MIN, INT8_MAX)
ROW(u8, uint8_t, 0, UINT8_MAX)
ROW(s16, int16_t, INT16_MIN, INT16_MAX)
ROW(s32, int32_t, INT32_MIN, INT32_MAX)

static mote_convert_row *find_row(int32_t to)
{
    switch (to) {
    case MOTE_S8:
        return s8_row;
    case MOTE_U8:
        return u8_row;
    case MOTE_S16:
        return s16_row;
    default: /* MOTE_S32 */
        return s32_row;
    }
}

void KERNEL(const void *params, const struct mote_io *io)
{
    const struct mote_requantize *p = (const struct mote_requantize *)params;
    find_row(p->to)(p, io->in[0], io->out[0], p->n);
}
