/* SPDX-License-Identifier: MIT
 *
 * Logistic function and tanh of 16-bit fixed-point numbers, by linear interpolation in one table: entry i is
 * 65536 / (1 + exp(-i / 24)), trimmed so that interpolating between entries comes closest. The argument x is 3 times a
 * number with 12 fractional bits, |x| < 2^31.
 *
 * Source: TensorFlow Lite, reference_integer_ops::Logistic and Tanh for int16.
 */
#ifndef MOTE_KERNEL_SIGMOID_H
#define MOTE_KERNEL_SIGMOID_H

#include <stdint.h>

#include "flash.h"

static const MOTE_FLASH uint16_t mote_sigmoid_table[256] = {
    32768, 33451, 34133, 34813, 35493, 36169, 36843, 37513, 38180, 38841, 39498, 40149, 40794, 41432, 42064, 42688,
    43304, 43912, 44511, 45102, 45683, 46255, 46817, 47369, 47911, 48443, 48964, 49475, 49975, 50464, 50942, 51409,
    51865, 52311, 52745, 53169, 53581, 53983, 54374, 54755, 55125, 55485, 55834, 56174, 56503, 56823, 57133, 57433,
    57724, 58007, 58280, 58544, 58800, 59048, 59288, 59519, 59743, 59959, 60168, 60370, 60565, 60753, 60935, 61110,
    61279, 61441, 61599, 61750, 61896, 62036, 62172, 62302, 62428, 62549, 62666, 62778, 62886, 62990, 63090, 63186,
    63279, 63368, 63454, 63536, 63615, 63691, 63765, 63835, 63903, 63968, 64030, 64090, 64148, 64204, 64257, 64308,
    64357, 64405, 64450, 64494, 64536, 64576, 64614, 64652, 64687, 64721, 64754, 64786, 64816, 64845, 64873, 64900,
    64926, 64950, 64974, 64997, 65019, 65039, 65060, 65079, 65097, 65115, 65132, 65149, 65164, 65179, 65194, 65208,
    65221, 65234, 65246, 65258, 65269, 65280, 65291, 65301, 65310, 65319, 65328, 65337, 65345, 65352, 65360, 65367,
    65374, 65381, 65387, 65393, 65399, 65404, 65410, 65415, 65420, 65425, 65429, 65433, 65438, 65442, 65445, 65449,
    65453, 65456, 65459, 65462, 65465, 65468, 65471, 65474, 65476, 65479, 65481, 65483, 65485, 65488, 65489, 65491,
    65493, 65495, 65497, 65498, 65500, 65501, 65503, 65504, 65505, 65507, 65508, 65509, 65510, 65511, 65512, 65513,
    65514, 65515, 65516, 65517, 65517, 65518, 65519, 65520, 65520, 65521, 65522, 65522, 65523, 65523, 65524, 65524,
    65525, 65525, 65526, 65526, 65526, 65527, 65527, 65528, 65528, 65528, 65529, 65529, 65529, 65529, 65530, 65530,
    65530, 65530, 65531, 65531, 65531, 65531, 65531, 65532, 65532, 65532, 65532, 65532, 65532, 65533, 65533, 65533,
    65533, 65533, 65533, 65533, 65533, 65534, 65534, 65534, 65534, 65534, 65534, 65534, 65534, 65534, 65534, 65535,
};

/* The table at |x| / 2^bits in units of 2^-(16 + bits); `top` from its last entry on. */
static inline uint32_t mote_sigmoid_interpolate(uint32_t magnitude, int bits, uint32_t top)
{
    const uint32_t i = magnitude >> bits;
    if (i >= 255) {
        return top;
    }
    const uint32_t a = mote_sigmoid_table[i], b = mote_sigmoid_table[i + 1];
    return (a << bits) + (magnitude & ((UINT32_C(1) << bits) - 1)) * (b - a);
}

/* 2^15 / (1 + exp(-x / (3 * 2^12))). All ones for a negative x, `sign` makes -y - 1 of y. */
static inline int16_t mote_logistic_q15(int32_t x)
{
    const uint32_t sign = (uint32_t)(x >> 31), magnitude = ((uint32_t)x ^ sign) - sign;
    const uint32_t y = mote_sigmoid_interpolate(magnitude, 9, UINT32_C(0x7FFF) << 10);
    return (int16_t)(((y ^ sign) + (sign & UINT32_C(1) << 25) + (1 << 9)) >> 10);
}

/* 2^15 * tanh(x / (3 * 2^12)), likewise. */
static inline int16_t mote_tanh_q15(int32_t x)
{
    const uint32_t sign = (uint32_t)(x >> 31), magnitude = ((uint32_t)x ^ sign) - sign;
    const uint32_t y = mote_sigmoid_interpolate(magnitude, 8, UINT32_C(0xFFFF) << 8) - (UINT32_C(1) << 23);
    return (int16_t)(((int32_t)(y ^ sign) + (1 << 7)) >> 8);
}

/* The same of x with 12 fractional bits; of x * 2^shift. */
static inline int16_t mote_logistic_q12(int16_t x) { return mote_logistic_q15(3 * (int32_t)x); }

static inline int16_t mote_tanh_q12(int16_t x, int32_t shift)
{
    const int32_t y = 3 * (int32_t)x;
    return mote_tanh_q15(shift >= 0 ? y * (INT32_C(1) << shift) : (y + (INT32_C(1) << (-shift - 1))) >> -shift);
}

#endif
