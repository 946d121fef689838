/* SPDX-License-Identifier: MIT */
#include "pack.h"

#include <string.h>

#include "stages.h"

enum { MOST_SHIFT = 20, WORDS = 5, WIDE_WORDS = 8, QUAD_FACTOR_WORDS = 5 };

static int32_t channel_shift(const struct mote_mac *mac, int32_t o) { return -mac->shift[o * mac->per_channel]; }

bool plan_pack_finish(const struct mote_mac *mac, int32_t out_c, int32_t *finish)
{
    *finish = mac->low > INT8_MIN || mac->high < INT8_MAX ? MOTE_FINISH_CLAMP
              : mac->out_offset == INT8_MIN               ? MOTE_FINISH_RELU
                                                          : MOTE_FINISH_PLAIN;
    for (int32_t o = 0; o < out_c; o++) {
        const int32_t shift = channel_shift(mac, o);
        if (shift < 1 || shift > MOST_SHIFT || mac->multiplier[o * mac->per_channel] < (INT32_C(1) << 30)) {
            return false;
        }
    }
    return true;
}

static int32_t window_of(const struct pack_weights *w) { return (w->line + 3) / 4 * 4 * w->lines; }

static int32_t depth_of(const struct pack_weights *w) { return window_of(w) + (w->again + 3) / 4 * 4; }

/* Of channel o, byte i of the window; nothing meets the bytes that fill up lines. */
static int32_t whole_weight(const struct pack_weights *w, int32_t o, int32_t i)
{
    const int32_t line = (w->line + 3) / 4 * 4;
    const bool is_there = o < w->out_c && i < w->lines * line && i % line < w->line;
    return is_there ? w->at[o * w->out_step + (i / line * w->line + i % line) * w->in_step] + w->offset : 0;
}

/* Of channel o, byte i of the vector of inputs: of an input that comes twice, what a byte can hold, then the rest. */
static int32_t weight(const struct pack_weights *w, int32_t o, int32_t i)
{
    const int32_t window = window_of(w), input = i < window ? i : i - window < w->again ? w->inputs[i - window] : -1;
    const int32_t whole = input >= 0 ? whole_weight(w, o, input) : 0;
    const int32_t byte = w->again > 0 ? mote_clamp(whole, -INT8_MAX, INT8_MAX) : whole;
    return i < window ? byte : whole - byte;
}

/* Lists the inputs with weights that no byte can hold. False: so many that it would not pay. */
static bool find_repeats(struct plan *plan, struct pack_weights *w)
{
    const int32_t window = window_of(w), most = 8 + window / 8;
    uint16_t *inputs = plan_alloc_table(plan, (size_t)most, sizeof *inputs);
    for (int32_t i = 0; i < window; i++) {
        bool fits = true;
        for (int32_t o = 0; o < w->out_c; o++) {
            const int32_t whole = whole_weight(w, o, i);
            fits = fits && whole >= -INT8_MAX && whole <= INT8_MAX; /* below stands badly beside another weight */
            if (whole < -2 * INT8_MAX || whole > 2 * INT8_MAX) {
                return false;
            }
        }
        if (!fits) {
            if (w->again == most || i > UINT16_MAX) {
                return false;
            }
            inputs[w->again++] = (uint16_t)i;
        }
    }
    w->inputs = inputs;
    return true;
}

/* The bias of channel o with the inputs' zero point in it, and the range of the sums. */
static int64_t whole_bias(const struct mote_mac *mac, const struct pack_weights *w, int32_t o, int64_t *low,
                          int64_t *high)
{
    int64_t bias = mac->bias != NULL && o < w->out_c ? ((const int32_t *)mac->bias)[o] : 0;
    int64_t least = 0, most = 0;
    for (int32_t i = 0; i < depth_of(w); i++) {
        const int32_t v = weight(w, o, i);
        bias += (int64_t)v * mac->in_offset;
        least += v > 0 ? v * INT8_MIN : v * INT8_MAX;
        most += v > 0 ? v * INT8_MAX : v * INT8_MIN;
    }
    *low = bias + least;
    *high = bias + most;
    return bias;
}

/* The half word of a pair of weights. */
static bool add_pair(int32_t a, int32_t b, int32_t place, uint32_t *word)
{
    const int32_t half = b * 256 + a;
    *word |= ((uint32_t)half & 0xFFFF) << (16 * place);
    return half >= INT16_MIN && half <= INT16_MAX;
}

/* Biases of the pair of filters o, o + 1. */
static bool pack_biases(const struct mote_mac *mac, const struct pack_weights *w, int32_t o, uint32_t to[2])
{
    int64_t low, high;
    const int64_t a = whole_bias(mac, w, o, &low, &high);
    if (low < -(INT64_C(1) << 30) || high > INT64_C(1) << 30) {
        return false;
    }
    const int64_t b = whole_bias(mac, w, o + 1, &low, &high);
    to[0] = (uint32_t)a;
    to[1] = (uint32_t)(256 * b + a);
    return low >= -(INT64_C(1) << 23) && high < INT64_C(1) << 23;
}

/* The words of filters o .. o + 3 for inputs i .. i + 3. */
static bool pack_weights(const struct pack_weights *w, int32_t o, int32_t i, uint32_t to[4])
{
    bool fits = true;
    for (int32_t k = 0; k < 4; k++) { /* a|b of 0 and 2, c|d of 0 and 2, a|b of 1 and 3, c|d of 1 and 3 */
        const int32_t filter = o + k % 2 * 2, input = i + k / 2;
        to[k] = 0;
        for (int32_t place = 0; place < 2; place++) {
            fits = add_pair(weight(w, filter, input + 2 * place), weight(w, filter + 1, input + 2 * place), place,
                            &to[k]) &&
                   fits;
        }
    }
    return fits;
}

/* The factor of channel o: see packed.h. */
static void pack_factor(const struct mote_mac *mac, int32_t o, enum pack_factor how, uint32_t to[2])
{
    const uint32_t multiplier = (uint32_t)mac->multiplier[o * mac->per_channel];
    const uint32_t shift = (uint32_t)channel_shift(mac, o);
    to[0] = how != PACK_DIGITS ? multiplier << 1 : (multiplier >> 10 & 0x3FF) << 16 | (multiplier & 0x3FF);
    to[1] = how != PACK_DIGITS ? shift : multiplier >> 20 << 8 | shift;
}

/* Factors of filters o .. o + filters - 1; what follows them. */
static uint32_t *add_factors(const struct mote_mac *mac, const struct pack_weights *w, int32_t o, int32_t filters,
                             enum pack_factor how, uint32_t *to)
{
    for (int32_t k = o; k < o + filters; k++, to += 2) {
        pack_factor(mac, k < w->out_c ? k : o, how, to);
    }
    return to;
}

/* The same of a group of four, shifts in bytes of their own. */
static uint32_t *add_quad_factors(const struct mote_mac *mac, const struct pack_weights *w, int32_t o, uint32_t *to)
{
    uint32_t factors[2 * 4];
    add_factors(mac, w, o, 4, PACK_DOUBLED, factors);
    to[4] = 0;
    for (int32_t k = 0; k < 4; k++) {
        to[k] = factors[2 * k];
        to[4] |= factors[2 * k + 1] << (8 * k);
    }
    return to + QUAD_FACTOR_WORDS;
}

static void set_outputs(const struct mote_mac *mac, const uint32_t *stream, int32_t depth, struct mote_conv2d_packed *p)
{
    p->depth = depth;
    p->is_limited = p->finish == MOTE_FINISH_CLAMP;
    p->in_zero = -mac->in_offset;
    p->out_zero = mac->out_offset;
    p->low = mac->low;
    p->high = mac->high;
    p->stream = stream;
}

uint32_t *plan_pack_quad(const struct mote_mac *mac, const struct pack_weights *w, int32_t o, uint32_t *to)
{
    if (!pack_biases(mac, w, o, to) || !pack_biases(mac, w, o + 2, to + 2)) {
        return NULL;
    }
    to += 4;
    for (int32_t i = 0; i < depth_of(w); i += 4, to += 4) {
        if (!pack_weights(w, o, i, to)) {
            return NULL;
        }
    }
    return to;
}

bool plan_pack_quads(struct plan *plan, const struct mote_mac *mac, struct pack_weights *w,
                     struct mote_conv2d_packed *p)
{
    if (!plan_pack_finish(mac, w->out_c, &p->finish) || (w->offset != 0 && !find_repeats(plan, w))) {
        return false;
    }
    const int32_t depth = depth_of(w), groups = (w->out_c + 3) / 4;
    const size_t words = (size_t)groups * (size_t)(4 + depth + QUAD_FACTOR_WORDS);
    uint32_t *stream = plan_alloc_table(plan, words, sizeof *stream), *to = stream;
    for (int32_t o = 0; o < w->out_c; o += 4) {
        to = plan_pack_quad(mac, w, o, to);
        if (to == NULL) {
            return false;
        }
        to = add_quad_factors(mac, w, o, to);
    }
    set_outputs(mac, stream, depth, p);
    p->again = w->again;
    p->inputs = w->inputs;
    return true;
}

/* Whether the sums of filter o over inputs i .. end - 1, with any values, stay within 24 bits. */
static bool part_fits(const struct pack_weights *w, int32_t o, int32_t i, int32_t end)
{
    int64_t most = 0;
    for (; i < end; i++) {
        const int32_t v = weight(w, o, i);
        most += (v < 0 ? -v : v) * -INT8_MIN;
    }
    return most < INT64_C(1) << 23;
}

bool plan_pack_parts(struct plan *plan, const struct mote_mac *mac, const struct pack_weights *w,
                     struct mote_fully_connected_packed *p)
{
    const int32_t depth = depth_of(w), part = depth / w->lines, groups = (w->out_c + 3) / 4;
    if (!plan_pack_finish(mac, mac->per_channel != 0 ? w->out_c : 1, &p->finish)) {
        return false;
    }
    if (mac->per_channel != 0) {
        uint32_t *factors = plan_alloc_table(plan, 2 * (size_t)w->out_c, sizeof *factors);
        add_factors(mac, w, 0, w->out_c, PACK_DOUBLED, factors);
        p->factors = factors;
    }
    uint32_t *stream = plan_alloc_table(plan, (size_t)groups * (size_t)depth, sizeof *stream), *to = stream;
    int32_t *biases = plan_alloc_table(plan, (size_t)w->out_c, sizeof *biases);
    for (int32_t o = 0; o < w->out_c; o++) {
        int64_t low, high;
        biases[o] = (int32_t)whole_bias(mac, w, o, &low, &high);
        if (low < -(INT64_C(1) << 30) || high > INT64_C(1) << 30) {
            return false;
        }
    }
    for (int32_t start = 0; start < depth; start += part) {
        for (int32_t o = 0; o < w->out_c; o += 4) {
            if (!part_fits(w, o + 1, start, start + part) || !part_fits(w, o + 3, start, start + part)) {
                return false;
            }
            for (int32_t i = start; i < start + part; i += 4, to += 4) {
                if (!pack_weights(w, o, i, to)) {
                    return false;
                }
            }
        }
    }
    p->depth = part;
    p->out_c = w->out_c;
    p->factor = (int32_t)((uint32_t)mac->multiplier[0] << 1);
    p->shift = channel_shift(mac, 0);
    p->out_zero = mac->out_offset;
    p->low = mac->low;
    p->high = mac->high;
    p->biases = biases;
    p->stream = stream;
    return true;
}

/* Whether the outputs of filter o, with a 64-bit bias, can be made in 32 bits; `total`: of its weights' magnitudes. */
static bool is_short(const struct mote_mac *mac, int32_t o, int32_t total)
{
    const int64_t bias = mac->bias != NULL ? ((const int64_t *)mac->bias)[o] : 0;
    const int64_t most = (bias < 0 ? -bias : bias) + (int64_t)total * -INT16_MIN;
    const int32_t shift = mac->shift[o * mac->per_channel], multiplier = mac->multiplier[o * mac->per_channel];
    return bias > INT32_MIN && bias < INT32_MAX && most < INT32_MAX && multiplier < 0x7FFF0000 && shift >= -16 &&
           shift <= -1;
}

bool plan_pack_s16(struct plan *plan, const struct mote_mac *mac, const struct pack_weights *w, bool has_wide_bias,
                   struct mote_conv2d_s16_packed *p)
{
    p->is_short = has_wide_bias;
    const int32_t depth = depth_of(w), pairs = (w->out_c + 1) / 2;
    uint32_t *stream = plan_alloc_table(plan, (size_t)pairs * (size_t)depth / 2, sizeof *stream), *to = stream;
    for (int32_t o = 0; o < 2 * pairs; o += 2) {
        int32_t total[2] = {0, 0};
        for (int32_t i = 0; i < depth; i += 4) {
            for (int32_t k = 0; k < 2; k++, to++) {
                for (int32_t place = 0; place < 4; place++) { /* inputs 0, 2, 1, 3 */
                    const int32_t v = weight(w, o + k, i + place / 2 + place % 2 * 2);
                    *to |= ((uint32_t)v & 0xFF) << (8 * place);
                    total[k] += v < 0 ? -v : v;
                }
            }
        }
        if (total[0] > UINT16_MAX || total[1] > UINT16_MAX) {
            return false;
        }
        for (int32_t k = 0; k < 2 && o + k < w->out_c && has_wide_bias; k++) {
            p->is_short = p->is_short && is_short(mac, o + k, total[k]);
        }
    }
    p->mac = *mac;
    p->depth = depth;
    p->stream = stream;
    return true;
}

/* The taps of channels o .. o + 3 in pairs: a b a' b' c d c' d'. Returns what follows them. */
static uint32_t *add_group(const struct pack_weights *w, int32_t o, uint32_t *to)
{
    for (int32_t tap = 0; tap < w->line; tap += 2, to += 2) {
        for (int32_t k = 0; k < 8; k++) {
            const int32_t v = weight(w, o + k / 4 * 2 + k % 2, tap + k / 2 % 2);
            to[k / 4] |= ((uint32_t)v & 0xFF) << (k % 4 * 8);
        }
    }
    return to;
}

bool plan_pack_taps_s16(struct plan *plan, const struct mote_mac *mac, const struct pack_weights *w,
                        struct mote_depthwise_s16_packed *p)
{
    const int32_t taps = (w->line + 1) & ~1, groups = (w->out_c + 3) / 4;
    uint32_t *stream = plan_alloc_table(plan, (size_t)groups * (size_t)taps, sizeof *stream), *to = stream;
    p->is_short = true;
    for (int32_t o = 0; o < w->out_c; o++) {
        int32_t total = 0;
        for (int32_t tap = 0; tap < w->line; tap++) {
            const int32_t v = weight(w, o, tap);
            total += v < 0 ? -v : v;
        }
        if (total > UINT16_MAX) {
            return false;
        }
        p->is_short = p->is_short && is_short(mac, o, total);
    }
    for (int32_t g = 0; g < groups; g++) {
        to = add_group(w, g < groups - 1 ? 4 * g : w->out_c - 4, to);
    }
    p->mac = *mac;
    p->stream = stream;
    return true;
}

bool plan_pack_taps(struct plan *plan, const struct mote_mac *mac, const struct pack_weights *w,
                    struct mote_depthwise_taps *p)
{
    int32_t finish;
    const int32_t taps = (w->line + 1) & ~1, groups = (w->out_c + 3) / 4;
    if (!plan_pack_finish(mac, w->out_c, &finish)) {
        return false;
    }
    uint32_t *stream = plan_alloc_table(plan, (size_t)groups * (size_t)(4 + taps + 8), sizeof *stream), *to = stream;
    for (int32_t g = 0; g < groups; g++) {
        const int32_t o = g < groups - 1 ? 4 * g : w->out_c - 4;
        for (int32_t k = o; k < o + 4; k++) {
            int64_t low, high;
            *to++ = (uint32_t)whole_bias(mac, w, k, &low, &high);
            if (low < -(INT64_C(1) << 30) || high > INT64_C(1) << 30) {
                return false;
            }
        }
        to = add_factors(mac, w, o, 4, PACK_DOUBLED, add_group(w, o, to));
    }
    p->in_zero = -mac->in_offset;
    p->out_zero = mac->out_offset;
    p->low = mac->low;
    p->high = mac->high;
    p->stream = stream;
    return true;
}

/* The nine weights of channel o in bytes, or in pairs of int16. */
static void add_taps(const struct pack_weights *w, int32_t o, int32_t each, uint32_t *to)
{
    static const int32_t bytes[9] = {0, 1, 3, 4, 2, 6, 5, 7, 8}, pairs[9] = {0, 3, 1, 4, 2, 5, 6, 7, 8}; /* y * 3 + x */
    const int32_t *order = each == 4 ? bytes : pairs;
    for (int32_t k = 0; k < 9; k++) {
        const uint32_t v = (uint32_t)weight(w, o, order[k] / 3 * 4 + order[k] % 3);
        to[k / each] |= (each == 4 ? v & 0xFF : v & 0xFFFF) << (k % each * (32 / each));
    }
}

/* The output channel that is number i in the stream. */
static int32_t channel_at(const struct mote_depthwise_packed *p, int32_t i)
{
    const int32_t first = i / (4 * p->multiplier) * 4, count = mote_min(4, p->channels - first);
    const int32_t rest = i - first * p->multiplier;
    return (first + rest % count) * p->multiplier + rest / count;
}

bool plan_pack_columns(struct plan *plan, const struct mote_mac *mac, const struct pack_weights *w,
                       enum pack_factor how, struct mote_depthwise_packed *p)
{
    if (!plan_pack_finish(mac, w->out_c, &p->finish)) {
        return false;
    }
    const int32_t words = how == PACK_WIDE ? WIDE_WORDS : how == PACK_HALVES ? WORDS - 1 : WORDS;
    const int32_t halves = how == PACK_HALVES ? w->out_c : 0;
    uint32_t *stream = plan_alloc_table(plan, (size_t)(w->out_c * words + (halves + 1) / 2), sizeof *stream),
             *to = stream;
    for (int32_t i = 0; i < w->out_c; i++) {
        const int32_t o = channel_at(p, i);
        int64_t low, high;
        const int64_t bias = whole_bias(mac, w, o, &low, &high);
        if (low < -(INT64_C(1) << 30) || high > INT64_C(1) << 30) {
            return false;
        }
        uint32_t factor[2];
        pack_factor(mac, o, how, factor);
        if (how == PACK_WIDE) {
            add_taps(w, o, 2, to);
            to[5] = factor[1];
        } else {
            uint32_t taps[3] = {0};
            add_taps(w, o, 4, taps);
            taps[2] |= (factor[1] & 0xFF) << 8 | factor[1] >> 8 << 16;
            memcpy(to, taps, (size_t)(words - 2) * sizeof *to);
            if (halves > 0) {
                stream[w->out_c * words + i / 2] |= taps[2] << (i % 2 * 16);
            }
        }
        to += words;
        to[-2] = (uint32_t)bias;
        to[-1] = factor[0];
    }
    p->in_zero = -mac->in_offset;
    p->out_zero = mac->out_offset;
    p->low = mac->low;
    p->high = mac->high;
    p->stream = stream;
    return true;
}

/* Two bytes for each of filters o .. o + filters - 1, of inputs i and i + 1; of two filters a b b a. */
static bool pack_pairs(const struct pack_weights *w, int32_t o, int32_t filters, int32_t i, uint32_t *to)
{
    bool fits = true;
    for (int32_t k = 0; k < filters; k++) {
        const int32_t first = weight(w, o + k, i), second = weight(w, o + k, i + 1);
        const int32_t at = filters == 2 ? 8 * k : k % 2 * 16, next = filters == 2 ? 24 - 8 * k : at + 8;
        to[k / 2] |= ((uint32_t)first & 0xFF) << at | ((uint32_t)second & 0xFF) << next;
        fits = fits && first + second > 2 * INT8_MIN;
    }
    return fits;
}

bool plan_pack_pairs(struct plan *plan, const struct mote_mac *mac, const struct pack_weights *w, int32_t filters,
                     enum pack_factor how, struct mote_conv2d_packed *p)
{
    const int32_t depth = depth_of(w), groups = (w->out_c + filters - 1) / filters;
    if (!plan_pack_finish(mac, w->out_c, &p->finish)) {
        return false;
    }
    const size_t group_words = (size_t)(3 * filters + depth * filters / 4);
    uint32_t *stream = plan_alloc_table(plan, (size_t)groups * group_words, sizeof *stream), *to = stream;
    for (int32_t o = 0; o < w->out_c; o += filters) {
        for (int32_t k = o; k < o + filters; k++) {
            int64_t low, high;
            *to++ = (uint32_t)whole_bias(mac, w, k, &low, &high);
            if (low < -(INT64_C(1) << 30) || high > INT64_C(1) << 30) {
                return false;
            }
        }
        for (int32_t i = 0; i < depth; i += 2, to += filters / 2) {
            if (!pack_pairs(w, o, filters, i, to)) {
                return false;
            }
        }
        to = add_factors(mac, w, o, filters, how, to);
    }
    set_outputs(mac, stream, depth, p);
    return true;
}
