/* SPDX-License-Identifier: MIT
 *
 * Parameters of the kernels whose weights were put into the order of their loops when the plan was made: plan_pack_*
 * in tool/plan/pack.c write them. Layout of rows as in conv.h.
 */
#ifndef MOTE_KERNEL_PACKED_H
#define MOTE_KERNEL_PACKED_H

#include <stdint.h>

#include "kernel.h"
#include "mac.h"
#include "state.h"

/* How a sum becomes an output, from the least work to the most. */
enum mote_finish {
    MOTE_FINISH_RELU,  /* the zero point is -128, so that how halves below it round does not show */
    MOTE_FINISH_PLAIN, /* no limits but those of int8, as above */
    MOTE_FINISH_CLAMP
};

/* CONV_2D of all groups in one, without dilation; FULLY_CONNECTED; DEPTHWISE_CONV_2D of one input channel.
 *
 * A pixel's inputs are one vector of `depth` bytes: filter_h lines of filter_w * in_c, each filled up to a multiple of
 * 4 with anything, which meets zeros. What lies outside of the image is in_zero; all zero points are folded into the
 * biases. Filters come in groups of four, a b c d (the last one filled up with zeros). The stream of a group:
 *
 *   biases      a, 256 * b + a, c, 256 * d + c
 *   weights     for each 4 inputs two words a|b, c|d of the inputs 0 and 2, then two words of the inputs 1 and 3. Each half
 *               of a|b is 256 * b + a
 *   factors     of a, b, c and d: 2 * multiplier - 2^32; then their right shifts, a byte each
 *
 * So SXTB16 of a word gives the weights of a, while sums over the word itself are 256 * (sum of b) + (sum of a): one
 * instruction unpacks four weights. The sums of b and d must stay within 24 bits, shifts within [1, 20], and sums within
 * 2^30; the planner checks the weights.
 *
 * For cores without the extension the streams are plain, of groups of four filters, of two for Cortex-M0:
 *
 *   biases      a, b, c, d
 *   weights     for each 2 inputs two bytes of a, two of b, c, d, of two filters the bytes a b b a; not both -128. Only
 *               all lines as one are filled up
 *   factors     of each filter 2 * multiplier - 2^32, right shift; for Cortex-M0 the multiplier is three digits,
 *               2^20 * m2 + 2^10 * m1 + m0, in two words: 2^16 * m1 + m0, 2^8 * m2 + right shift
 *
 * A weight with a zero point may need more than a byte: what is missing is the weight of the same input once more.
 * `again` bytes of the vector come again behind the lines, those at the offsets `inputs`, filled up to a multiple of 4.
 *
 * folded: the one output pixel takes this many input rows, one each firing, with a stream each, and io->out has a second
 * row for the sums [out_c]. */
struct mote_conv2d_packed {
    int32_t in_w, in_c;
    int32_t out_w, out_c;
    int32_t filter_h, filter_w;
    int32_t stride_w, pad_w;
    int32_t depth;
    int32_t in_zero;
    int32_t finish;     /* enum mote_finish */
    int32_t is_limited; /* it is MOTE_FINISH_CLAMP */
    int32_t out_zero, low, high;
    int32_t folded;
    int32_t again;
    const MOTE_FLASH uint16_t *inputs; /* [again] */
    const MOTE_FLASH uint32_t *stream;
};

/* FULLY_CONNECTED. The inputs are one or more parts of `depth` bytes, filled up to a
 * multiple of 4 where there is one part only; the zero point is folded into the biases. The stream has, for each part and
 * group of four filters, their weights as above. The sums of the second and fourth filter over one part, without biases,
 * must stay within 24 bits; all sums within 2^30.
 *
 * folded: a part is a firing's row, and io->out has a second row for the sums [out_c]; else sums between parts, or before
 * each gets its own factor, are in the scratch memory, and behind them a copy of inputs that are no whole fours. */
struct mote_fully_connected_packed {
    int32_t inputs, depth; /* bytes of a part as it comes, and in whole fours */
    int32_t parts, folded; /* one of them may be more than 1 */
    int32_t out_c;
    int32_t finish;        /* enum mote_finish */
    int32_t factor, shift; /* 2 * multiplier - 2^32, right shift */
    int32_t out_zero, low, high;
    const MOTE_FLASH uint32_t *factors; /* [2 * out_c] in place of the one; or NULL */
    const MOTE_FLASH int32_t *biases;   /* [out_c] */
    const MOTE_FLASH uint32_t *stream;
};

/* CONV_2D of all groups in one and FULLY_CONNECTED with int16 activations, without dilation. A pixel's inputs are one
 * vector of `depth` elements, filter_h lines, each filled up to a multiple of 4 with anything, which meets zeros. The stream has, for each
 * two filters (the last may meet zeros), a word of either for each 4 inputs, whose bytes belong to inputs 0, 2, 1, 3. Sums
 * of products stay within 32 bits. */
struct mote_conv2d_s16_packed {
    struct mote_mac mac;
    int32_t in_w, in_c;
    int32_t out_w, out_c;
    int32_t filter_h, filter_w;
    int32_t stride_w, pad_w;
    int32_t depth;
    /* Sums with biases stay below 2^31, multipliers below 0x7FFF0000, shifts in [-16, -1], not packed. */
    int32_t is_short;
    const MOTE_FLASH uint32_t *stream;
};

/* DEPTHWISE_CONV_2D with filters of 3 by 3, stride 1 or 2, at least four channels. What lies outside of the image is
 * in_zero; the input's zero point is folded into the biases. The stream has four words a channel, and behind those of all
 * channels a half word of each; w[y][x] are the weights, as bytes from the lowest on:
 *
 *   w[0][0] w[0][1] w[1][0] w[1][1], w[0][2] w[2][0] w[1][2] w[2][1], bias, 2 * multiplier - 2^32;  w[2][2] shift
 *
 * so that SXTB16 makes of them the pairs that meet two rows of a column. Weights with a zero point, or with a multiplier,
 * are these pairs, five words, then shift, bias and factor. For cores without the DSP extension the half word, filled up to
 * a word, is the third of five. For Cortex-M0 the factor is in digits, as above: m2 in the upper half of the third word,
 * 2^16 * m1 + m0 the fifth. */
struct mote_depthwise_packed {
    int32_t in_w, out_w, channels;
    /* Output channels of each. The stream has the first ones of four channels, then the second ones... */
    int32_t multiplier;
    int32_t stride_w, pad_w;
    int32_t in_zero;
    int32_t finish; /* enum mote_finish */
    int32_t out_zero, low, high;
    const MOTE_FLASH uint32_t *stream;
};

/* DEPTHWISE_CONV_2D with filters of any size and at least four channels; zero points as above. Channels come in groups of
 * four, a b c d, the last of which may begin with some of the one before; taps from left to right, then from top to bottom,
 * in pairs, the last one filled up with zeros. The stream of a group:
 *
 *   biases      a, b, c, d
 *   weights     for each two taps, the second one marked: the bytes a b a' b', then c d c' d'
 *   factors     of a, b, c and d: 2 * multiplier - 2^32, right shift */
struct mote_depthwise_taps {
    int32_t in_w, out_w, channels;
    int32_t filter_h, filter_w;
    int32_t stride_w, dilation_w, pad_w;
    int32_t in_zero;
    int32_t out_zero, low, high;
    const MOTE_FLASH uint32_t *stream;
};

/* The same with int16 activations. The stream has only weights, of groups of four channels as above; sums of products stay
 * within 32 bits. */
struct mote_depthwise_s16_packed {
    struct mote_mac mac;
    int32_t in_w, out_w, channels;
    int32_t filter_h, filter_w;
    int32_t stride_w, dilation_w, pad_w;
    int32_t is_short; /* as in mote_conv2d_s16_packed */
    const MOTE_FLASH uint32_t *stream;
};

/* How a sum of mote_lstm_packed is scaled: 2 * multiplier - 2^32, right shift in [1, 30]; of int16 gates the multiplier in 16
 * bits, right shift in [16, 31]. */
struct mote_lstm_factor {
    int32_t factor, shift;
};

/* UNIDIRECTIONAL_SEQUENCE_LSTM in integers, as struct mote_lstm. Inputs and hidden state are vectors filled up to a multiple
 * of 4 with anything, which meets zeros. The stream has, for each unit, biases and weights of its four gates a, b, c, d over
 * the inputs, then over the hidden state: of int8 as the groups of mote_conv2d_packed, without their factors; of int16
 *
 *   biases      a, b, c, d
 *   weights     for each 4 inputs a word of a, b, c, d, whose bytes belong to inputs 0, 2, 1, 3
 *
 * Sums of int8 stay within 2^30, those of int16 within 2^31. io->scratch: a copy of the hidden state, and one of the inputs
 * where they have to be filled up. */
struct mote_lstm_packed {
    struct mote_sequence sequence;
    int32_t in_count, unit_count;
    struct mote_lstm_factor in[MOTE_LSTM_GATES], state[MOTE_LSTM_GATES];
    struct mote_lstm_factor forget, update, out; /* as of int8 */
    int32_t out_offset, cell_shift, cell_clip;   /* the clip is INT16_MAX at most */
    const MOTE_FLASH uint32_t *stream;
};

#endif
