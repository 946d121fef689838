/* SPDX-License-Identifier: MIT
 *
 * SignalFilterBankLog: the logarithm to base 2 in 16 fractional bits, its fraction by linear interpolation in a table,
 * then times ln 2, then times the scale; sums and products wrap modulo 2^32.
 *
 * Source: TensorFlow Lite Micro, FilterbankLog, Log32.
 */
#include "signal.h"
#include "signal_bits.h"

#define HALF UINT32_C(32768) /* with 16 fractional bits */
#define LN_2 UINT32_C(45426)

/* Entry i: 65536 * (log2(1 + i / 128) - i / 128) */
static const MOTE_FLASH uint16_t log2_table[129] = {
    0,    224,  442,  654,  861,  1063, 1259, 1450, 1636, 1817, 1992, 2163, 2329, 2490, 2646, 2797, 2944, 3087, 3224,
    3358, 3487, 3611, 3732, 3848, 3960, 4068, 4172, 4272, 4368, 4460, 4549, 4633, 4714, 4791, 4864, 4934, 5001, 5063,
    5123, 5178, 5231, 5280, 5326, 5368, 5408, 5444, 5477, 5507, 5533, 5557, 5578, 5595, 5610, 5622, 5631, 5637, 5640,
    5641, 5638, 5633, 5626, 5615, 5602, 5586, 5568, 5547, 5524, 5498, 5470, 5439, 5406, 5370, 5332, 5291, 5249, 5203,
    5156, 5106, 5054, 5000, 4944, 4885, 4825, 4762, 4697, 4630, 4561, 4490, 4416, 4341, 4264, 4184, 4103, 4020, 3935,
    3848, 3759, 3668, 3575, 3481, 3384, 3286, 3186, 3084, 2981, 2875, 2768, 2659, 2549, 2437, 2323, 2207, 2090, 1971,
    1851, 1729, 1605, 1480, 1353, 1224, 1094, 963,  830,  695,  559,  421,  282,  142,  0,
};

static uint32_t log2_q16(uint32_t x)
{
    const int32_t exponent = mote_bit_count(x) - 1;
    const uint32_t rest = x - (UINT32_C(1) << exponent);
    const int32_t fraction = (int32_t)(exponent < 16 ? rest << (16 - exponent) : rest >> (exponent - 16));
    const int32_t i = fraction >> 9;
    const int32_t low = log2_table[i], high = log2_table[i + 1];
    return ((uint32_t)exponent << 16) + (uint32_t)(fraction + low + ((high - low) * (fraction - i * 512) >> 16));
}

void mote_signal_log_u32(const void *params, const struct mote_io *io)
{
    const struct mote_signal_log *p = (const struct mote_signal_log *)params;
    const uint32_t *in = (const uint32_t *)io->in[0];
    int16_t *out = (int16_t *)io->out[0];
    for (int32_t i = 0; i < p->count; i++) {
        const uint32_t x = in[i] << p->in_shift;
        const uint32_t natural = x > 1 ? (uint32_t)(((uint64_t)LN_2 * log2_q16(x) + HALF) >> 16) : 0;
        const uint32_t scaled = x > 1 ? (p->scale * natural + HALF) >> 16 : 0;
        out[i] = (int16_t)(scaled < INT16_MAX ? scaled : INT16_MAX);
    }
}
