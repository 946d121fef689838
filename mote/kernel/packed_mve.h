/* SPDX-License-Identifier: MIT
 *
 * Parameters of the kernels for Helium (Arm's M-profile vector extension), and the order of their weights, which
 * tool/plan/specialise_mve.c makes with the plan. Layout of rows as in conv.h. What lies outside of the image is in_zero;
 * the input's zero point is folded into the biases.
 */
#ifndef MOTE_KERNEL_PACKED_MVE_H
#define MOTE_KERNEL_PACKED_MVE_H

#include <stdint.h>

/* How a vector of sums becomes outputs. The channels' multipliers and right shifts, negative, are in the stream. */
struct mote_finish_mve {
    int32_t zero, low, high;
    int32_t halves_up; /* all below the zero point becomes the zero point: halves there may round either way */
};

/* CONV_2D of all groups in one, without dilation; FULLY_CONNECTED; DEPTHWISE_CONV_2D of one input channel.
 *
 * A pixel's inputs are one vector of `depth` bytes: filter_h * filter_w * in_c. Filters come in groups of four, the last one
 * filled up with zeros. The stream of a group:
 *
 *   biases      4 words
 *   weights     for each 16 inputs 16 bytes of each filter; the last ones are filled up with zeros
 *   factors     4 multipliers, 4 right shifts */
struct mote_conv2d_mve {
    int32_t in_w, in_c;
    int32_t out_w, out_c;
    int32_t filter_h, filter_w;
    int32_t stride_w, pad_w;
    int32_t depth;
    int32_t in_zero;
    struct mote_finish_mve finish;
    const MOTE_FLASH uint32_t *stream;
};

/* DEPTHWISE_CONV_2D with filters of 3 by 3, at least 8 channels, one output channel each. Channels come in blocks of 8; the
 * last one ends with the last channel, and may overlap the one before. The stream of a block, `even` and `odd` of which are
 * every second channel:
 *
 *   biases      4 words of even, 4 of odd channels
 *   weights     8 bytes for each tap; pairs of taps, (0, 1), (2, 3), ... have sums within int16
 *   factors     4 multipliers, 4 right shifts of even channels; the same of odd ones */
struct mote_depthwise_mve {
    int32_t in_w, out_w, channels;
    int32_t stride_w, pad_w;
    int32_t in_zero;
    struct mote_finish_mve finish;
    const MOTE_FLASH uint32_t *stream;
};

#endif
