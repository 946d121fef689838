/* SPDX-License-Identifier: MIT
 *
 * CONV_2D and FULLY_CONNECTED, int8 activations and weights, for Cortex-M with Helium. Weights: packed_mve.h.
 *
 * A pixel's inputs lie in the image, or are gathered into the scratch memory. Then groups of four filters run over them;
 * a group's four outputs are made in one vector.
 *
 * Source: TensorFlow Lite, reference_integer_ops::ConvPerChannel.
 */
#if defined(__ARM_FEATURE_MVE)

#include "vector.h"

/* The sums of four filters over `depth` bytes at x. *stream moves on to the group's factors. A turn of the loop takes 16
 * inputs: 5 loads, 4 VMLADAVA, one for the loop: 10 instructions for 64 MACs, where 4 is the limit. */
static inline int32x4_t run_group(const int8_t *x, int32_t depth, const uint32_t **stream)
{
    int32_t a, b, c, d;
    int32x4_t sums;
    const uint32_t *at = *stream;
    __asm__ volatile(
        "ldrd %[a], %[b], [%[at]], #8\n"
        "ldrd %[c], %[d], [%[at]], #8\n"
        "dlstp.8 lr, %[depth]\n"
        "1:\n"
        "vldrb.8 q0, [%[x]], #16\n"
        "vldrb.8 q1, [%[at], #16]\n"
        "vldrb.8 q2, [%[at], #32]\n"
        "vldrb.8 q3, [%[at], #48]\n"
        "vmladava.s8 %[b], q0, q1\n"
        "vldrb.8 q1, [%[at]], #64\n"
        "vmladava.s8 %[c], q0, q2\n"
        "vmladava.s8 %[d], q0, q3\n"
        "vmladava.s8 %[a], q0, q1\n"
        "letp lr, 1b\n"
        "vmov %q[sums][2], %q[sums][0], %[a], %[c]\n"
        "vmov %q[sums][3], %q[sums][1], %[b], %[d]\n"
        : [a] "=&Te"(a), [b] "=&Te"(b), [c] "=&Te"(c), [d] "=&Te"(d), [x] "+&r"(x), [at] "+&r"(at), [sums] "=&w"(sums)
        : [depth] "r"(depth)
        : "q0", "q1", "q2", "q3", "lr", "memory");
    *stream = at;
    return sums;
}

/* All filters over one pixel. */
static void make_pixel(const struct mote_conv2d_mve *p, const int8_t *x, int8_t *out)
{
    const struct mote_finish_mve finish = p->finish;
    const int32_t depth = p->depth;
    const uint32_t *stream = p->stream;
    for (const int8_t *end = out + (p->out_c & ~3); out < end; out += 4, stream += 8) {
        const int32x4_t sums = run_group(x, depth, &stream);
        vstrbq_s32(out, finish_sums(&finish, sums, load_factors((const int32_t *)stream)));
    }
    if (p->out_c % 4 > 0) {
        const int32x4_t sums = run_group(x, depth, &stream);
        vstrbq_p_s32(out, finish_sums(&finish, sums, load_factors((const int32_t *)stream)), vctp32q(p->out_c % 4));
    }
}

void mote_conv2d_s8__arm_mve(const void *params, const struct mote_io *io)
{
    const struct mote_conv2d_mve *p = params;
    int8_t *out = io->out[0];
    int32_t left = -p->pad_w;
    for (int32_t x = 0; x < p->out_w; x++, out += p->out_c, left += p->stride_w) {
        const int8_t *inputs = io->scratch;
        if (p->filter_h == 1 && left >= 0 && left + p->filter_w <= p->in_w && io->in[0] != NULL) {
            inputs = (const int8_t *)io->in[0] + left * p->in_c;
        } else {
            int8_t *to = io->scratch;
            for (int32_t ky = 0; ky < p->filter_h; ky++) {
                to = copy_line(io->in[ky], p->in_w, p->in_c, left, p->filter_w, p->in_zero, to);
            }
        }
        make_pixel(p, inputs, out);
    }
}

#endif
