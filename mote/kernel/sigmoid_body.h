/* SPDX-License-Identifier: MIT
 *
 * LOGISTIC and TANH of int16. KERNEL: the name of the kernel; VALUE(x): the function, see sigmoid.h.
 *
 * Source: TensorFlow Lite, reference_integer_ops::Logistic and Tanh for int16.
 */
#include "sigmoid.h"
#include "unary.h"

void KERNEL(const void *params, const struct mote_io *io)
{
    const struct mote_sigmoid p = *(const struct mote_sigmoid *)params;
    const int16_t *in = (const int16_t *)io->in[0];
    int16_t *out = (int16_t *)io->out[0];
    const int32_t half = p.shift > 0 ? (int32_t)(UINT32_C(1) << (p.shift - 1)) : 0;
    for (int32_t i = 0; i < p.count; i++) {
        out[i] = VALUE((in[i] * p.multiplier + half) >> p.shift);
    }
}
