/* SPDX-License-Identifier: MIT
 *
 * QUANTIZE of float: round(x / scale) + zero_point, halves away from zero, saturated; NaN to the least value. KERNEL,
 * OUT: as in affine_body.h; LOW, HIGH: the range of OUT.
 * Source: TensorFlow Lite, reference_ops::AffineQuantize.
 */
#include "convert.h"

/* A half less its last bit, so that what is just below a half does not reach it, is added away from zero. */
static inline int32_t quantize(float x, float scale, int32_t zero_point)
{
    const float real = x / scale;
    const float most = 131072.0F; /* beyond every range, with room for a zero point */
    const float near = real > -most ? (real < most ? real : most) : -most;
    return mote_clamp((int32_t)(near + mote_copysign(0.49999997F, near)) + zero_point, LOW, HIGH);
}

#define IN float
#define CONVERT(x, scale, zero_point) (OUT) quantize(x, scale, zero_point)
#include "affine_body.h"
