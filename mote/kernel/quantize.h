/* SPDX-License-Identifier: MIT
 *
 * QUANTIZE of float: round(x / scale) + zero_point, halves away from zero, saturated; NaN to the least value. KERNEL,
 * OUT: as in affine_body.h; LOW, HIGH: the range of OUT.
 * Source: TensorFlow Lite, reference_ops::AffineQuantize.
 */
#include "convert.h"

static inline int32_t quantize(float x, float scale, int32_t zero_point)
{
    const float real = x / scale;
    const float most = 131072.0F; /* beyond every range, with room for a zero point */
    const float near = real > -most ? (real < most ? real : most) : -most;
    const int32_t whole = (int32_t)near;
    const float rest = near - (float)whole;
    return mote_clamp(whole + (rest >= 0.5F) - (rest <= -0.5F) + zero_point, LOW, HIGH);
}

#define IN float
#define CONVERT(x, scale, zero_point) (OUT) quantize(x, scale, zero_point)
#include "affine_body.h"
