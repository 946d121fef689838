/* SPDX-License-Identifier: MIT
 *
 * Weights in the order in which the loops of a target read them. False: these weights or factors do not fit the layout.
 */
#ifndef PLAN_PACK_H
#define PLAN_PACK_H

#include "../../mote/kernel/conv.h"
#include "../../mote/kernel/packed.h"
#include "plan.h"

/* What all packed convolutions have from those that they stand for, as members of an initialiser. `layer` is a
 * struct mote_conv2d or mote_depthwise, `channels` are the input's. */
#define PACK_CONV2D_SIZES(layer, channels) \
    .in_w = (layer)->in_w, .in_c = (channels), .out_w = (layer)->out_w, .out_c = (layer)->out_c, \
    .filter_h = (layer)->filter_h, .filter_w = (layer)->filter_w, .stride_w = (layer)->stride_w, \
    .pad_w = (layer)->pad_w

/* The same for depthwise ones that go tap by tap. */
#define PACK_TAPS_SIZES(layer) \
    .in_w = (layer)->in_w, .out_w = (layer)->out_w, .channels = (layer)->in_c, .filter_h = (layer)->filter_h, \
    .filter_w = (layer)->filter_w, .stride_w = (layer)->stride_w, .dilation_w = (layer)->dilation_w, \
    .pad_w = (layer)->pad_w

/* Weights as the lowering left them: that of output channel o and byte i of line y of the window is
 * at[o * out_step + (y * line + i) * in_step]. */
struct pack_weights {
    const int8_t *at;
    int32_t out_c, lines, line;
    int32_t out_step, in_step;
    int32_t offset;         /* added to each weight */
    int32_t again;          /* inputs that come again with what does not fit into a byte; plan_pack_quads finds them */
    const uint16_t *inputs; /* which */
};

/* How a channel's factor is written, packed.h; PACK_WIDE: doubled, beside weights of int16; PACK_HALVES: doubled, what
 * fills no word behind all that does. */
enum pack_factor { PACK_DOUBLED, PACK_DIGITS, PACK_WIDE, PACK_HALVES };

/* How the sums of a multiply-accumulate operator become outputs: the cheapest that is right for all channels. False:
 * none of them is. */
bool plan_pack_finish(const struct mote_mac *mac, int32_t out_c, int32_t *finish);

/* The streams of mote_conv2d_packed, filters in groups of four. Fills in `depth`, `finish` and what is about outputs. */
bool plan_pack_quads(struct plan *plan, const struct mote_mac *mac, struct pack_weights *w,
                     struct mote_conv2d_packed *p);

/* One group of theirs without factors, filters o .. o + 3. Returns what follows it; NULL: it does not fit. */
uint32_t *plan_pack_quad(const struct mote_mac *mac, const struct pack_weights *w, int32_t o, uint32_t *to);

/* The streams of mote_fully_connected_packed: each line of `w` is a part. Fills in `finish` and what follows it. */
bool plan_pack_parts(struct plan *plan, const struct mote_mac *mac, const struct pack_weights *w,
                     struct mote_fully_connected_packed *p);

/* The same as plan_pack_quads for cores without the DSP extension, in groups of 2 or 4. */
bool plan_pack_pairs(struct plan *plan, const struct mote_mac *mac, const struct pack_weights *w, int32_t filters,
                     enum pack_factor how, struct mote_conv2d_packed *p);

/* The stream of mote_conv2d_s16_packed. Fills in `mac`, `depth` and `is_short`. */
bool plan_pack_s16(struct plan *plan, const struct mote_mac *mac, const struct pack_weights *w, bool has_wide_bias,
                   struct mote_conv2d_s16_packed *p);

/* The stream of mote_depthwise_taps; `w` as one line of taps. Fills in what is about values. */
bool plan_pack_taps(struct plan *plan, const struct mote_mac *mac, const struct pack_weights *w,
                    struct mote_depthwise_taps *p);

/* That of mote_depthwise_s16_packed. Fills in `mac` and `is_short`, too. */
bool plan_pack_taps_s16(struct plan *plan, const struct mote_mac *mac, const struct pack_weights *w,
                        struct mote_depthwise_s16_packed *p);

/* The stream of mote_depthwise_packed; `p` as above, its shape filled in. */
bool plan_pack_columns(struct plan *plan, const struct mote_mac *mac, const struct pack_weights *w,
                       enum pack_factor how, struct mote_depthwise_packed *p);

#endif
