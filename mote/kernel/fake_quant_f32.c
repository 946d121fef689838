/* SPDX-License-Identifier: MIT
 *
 * FAKE_QUANT: to the nearest of the steps of `alpha` from `low` to `high`.
 *
 * Source: TensorFlow Lite, reference_ops::FakeQuant.
 */
#include "real.h"

#define KERNEL mote_fake_quant_f32
#define TYPE float
#define VALUE(p, x) \
    (mote_round((mote_fclamp(x, (p)->low, (p)->high) - (p)->low) * (1.0F / (p)->alpha)) * (p)->alpha + (p)->low)
#include "unary_body.h"
