/* SPDX-License-Identifier: MIT
 *
 * What SVDF takes from the DSP extension: inner products of four bytes or two int16 at a time, and states shifted by words.
 * The including file defines svdf_state.
 */
#ifndef MOTE_KERNEL_ARM_DSP_SVDF_DOTS_H
#define MOTE_KERNEL_ARM_DSP_SVDF_DOTS_H

#include "simd.h"

static uint32_t feature_dot(const int8_t *x, const int8_t *y, int32_t count)
{
    int32_t sum = 0, i = 0;
    for (; i + 8 <= count; i += 8) {
        sum = mote_smlad_bytes(mote_load_word(x + i), mote_load_word(y + i), sum);
        sum = mote_smlad_bytes(mote_load_word(x + i + 4), mote_load_word(y + i + 4), sum);
    }
    uint32_t all = (uint32_t)sum;
    for (; i < count; i++) {
        all += (uint32_t)(x[i] * y[i]);
    }
    return all;
}

static uint32_t time_dot(const svdf_state *state, const svdf_state *time, int32_t count)
{
    enum { IN_WORD = 4 / sizeof(svdf_state) };
    int32_t sum = 0, i = 0;
    for (; i + IN_WORD <= count; i += IN_WORD) {
        const uint32_t x = mote_load_word((const int8_t *)(state + i)), y = mote_load_word((const int8_t *)(time + i));
        sum = IN_WORD == 4 ? mote_smlad_bytes(x, y, sum) : mote_smlad(x, y, sum);
    }
    uint32_t all = (uint32_t)sum;
    for (; i < count; i++) {
        all += (uint32_t)(state[i] * time[i]);
    }
    return all;
}

/* Each word is read before what it overlaps is written. */
static void shift_state(svdf_state *state, int32_t count)
{
    enum { IN_WORD = 4 / sizeof(svdf_state) };
    int32_t i = 0;
    for (; i + IN_WORD <= count; i += IN_WORD) {
        mote_store_word((int8_t *)(state + i), mote_load_word((const int8_t *)(state + i + 1)));
    }
    for (; i < count; i++) {
        state[i] = state[i + 1];
    }
}

#define SVDF_DOTS

#endif
