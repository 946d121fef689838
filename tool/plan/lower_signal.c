/* SPDX-License-Identifier: MIT
 *
 * The audio front-end's operators.
 */
#include <math.h>

#include "../../mote/kernel/signal.h"
#include "../../mote/kernel/text.h"

#include "lower.h"

/* Fails unless inputs and outputs have these types, from input 0 and output 0 on. */
static bool check_types(struct lower *l, const enum type in[], const enum type out[], const char *want)
{
    for (int i = 0; i < l->node->in_count; i++) {
        if (lower_in(l, i)->type != in[i]) {
            return lower_no_kernel(l, want);
        }
    }
    for (int i = 0; i < l->node->out_count; i++) {
        if (lower_out(l, i)->type != out[i]) {
            return lower_no_kernel(l, want);
        }
    }
    return true;
}

#define TYPES(...) ((const enum type[]){__VA_ARGS__})

static bool check_range(struct lower *l, const char *what, int32_t value, int32_t low, int32_t high)
{
    return (value >= low && value <= high) ||
           ir_fail(l->node, l->diag, "%s is %d, want %d to %d", what, value, low, high);
}

static bool check_count(struct lower *l, int input, int64_t want)
{
    const int64_t count = ir_count(lower_in(l, input));
    return count == want ||
           ir_fail(l->node, l->diag, "input %d has %lld values, want %lld", input, (long long)count, (long long)want);
}

/* A tensor as rows of `count` values. */
static struct lower_lines rows_of(const struct tensor *t, int32_t count)
{
    const int32_t bytes = count * (ir_type_bits(t->type) / 8);
    return (struct lower_lines){1, bytes > 0 ? (int32_t)(ir_size(t) / bytes) : 0, bytes};
}

static int32_t last_dim(const struct tensor *t) { return t->dim[t->rank - 1]; }

/* Output 0 in rows of its last dim, then input 0 likewise. */
static void lower_vectors(struct lower *l)
{
    const struct tensor *in = lower_in(l, 0), *out = lower_out(l, 0);
    lower_out_view(l, 0, rows_of(out, last_dim(out)));
    lower_in_view(l, 0, rows_of(in, last_dim(in)), lower_each_line);
}

/*** Spectrum ***/

bool lower_signal_window(struct lower *l)
{
    const struct tensor *in = lower_in(l, 0), *weights = lower_in(l, 1), *out = lower_out(l, 0);
    const int32_t count = (int32_t)ir_count(weights);
    if (!check_types(l, TYPES(TYPE_S16, TYPE_S16), TYPES(TYPE_S16), "int16 with int16 weights") ||
        !check_range(l, "shift", l->node->attr.shift, 0, 31)) {
        return false;
    }
    if (count < 1 || ir_count(in) % count != 0) {
        return ir_fail(l->node, l->diag, "%d weights for %lld samples: want a multiple", count,
                       (long long)ir_count(in));
    }
    struct mote_signal_window *p = lower_kernel(l, KERNEL_signal_window_s16);
    p->count = count;
    p->shift = l->node->attr.shift;
    lower_out_view(l, 0, rows_of(out, count));
    lower_in_view(l, 0, rows_of(in, count), lower_each_line);
    lower_in_whole(l, 1);
    lower_in_place(l, 0);
    return true;
}

/* The radices of n: first all 4, then 2, 3, 5. Returns what is left of n, 1 if nothing. */
static int32_t find_radices(struct mote_signal_fft *p, int32_t n)
{
    static const uint8_t radices[] = {4, 2, 3, 5};
    for (size_t i = 0; i < COUNT_OF(radices); i++) {
        for (; n % radices[i] == 0; n /= radices[i]) {
            p->radix[p->stage_count++] = radices[i];
        }
    }
    return n;
}

/* exp(i * phase) in the type of the transform, the largest factor being the largest fixed-point number. */
static void set_twiddle(void *table, int32_t k, enum type type, double phase)
{
    const double part[2] = {cos(phase), sin(phase)};
    for (int j = 0; j < 2; j++) {
        const int32_t at = 2 * k + j;
        if (type == TYPE_F32) {
            ((float *)table)[at] = (float)part[j];
        } else if (type == TYPE_S16) {
            ((int16_t *)table)[at] = (int16_t)floor(0.5 + INT16_MAX * part[j]);
        } else {
            ((int32_t *)table)[at] = (int32_t)floor(0.5 + INT32_MAX * part[j]);
        }
    }
}

static void make_twiddles(struct lower *l, struct mote_signal_fft *p, enum type type)
{
    const double pi = 3.14159265358979323846, sign = p->inverse ? 1 : -1;
    const int32_t n = p->fft_length / 2;
    const size_t size = 2 * (size_t)ir_type_bits(type) / 8;
    void *twiddles = lower_alloc(l, (size_t)n, size), *split = lower_alloc(l, (size_t)n / 2, size);
    for (int32_t k = 0; k < n; k++) {
        set_twiddle(twiddles, k, type, sign * (2 * pi * k / n));
    }
    for (int32_t k = 0; k < n / 2; k++) {
        set_twiddle(split, k, type, sign * (pi * ((double)(k + 1) / n + 0.5)));
    }
    p->twiddles = twiddles;
    p->split_twiddles = split;
}

bool lower_signal_fft(struct lower *l)
{
    const struct tensor *in = lower_in(l, 0);
    const enum type type = in->type;
    const bool is_inverse = l->node->op == OP_SignalIrfft;
    const int32_t length = l->node->attr.fft_length;
    if ((type != TYPE_S16 && type != TYPE_S32 && type != TYPE_F32) || lower_out(l, 0)->type != type) {
        return lower_no_kernel(l, "int16, int32 or float32");
    }
    struct mote_signal_fft *p = lower_kernel(l, type == TYPE_S16   ? KERNEL_signal_fft_s16
                                                : type == TYPE_S32 ? KERNEL_signal_fft_s32
                                                                   : KERNEL_signal_fft_f32);
    if (length < 4 || length > MOTE_FFT_MAX || length % 2 != 0 || find_radices(p, length / 2) != 1) {
        return ir_fail(l->node, l->diag,
                       "FFT length is %d, want an even number from 4 to %d without prime factors above 5", length,
                       MOTE_FFT_MAX);
    }
    p->fft_length = length;
    p->in_count = last_dim(in);
    p->inverse = is_inverse;
    if (is_inverse ? p->in_count < length + 2 : p->in_count > length) {
        return ir_fail(l->node, l->diag, "input rows of %d values do not fit an FFT of length %d", p->in_count, length);
    }
    make_twiddles(l, p, type);
    lower_vectors(l);
    lower_scratch(l, is_inverse ? (size_t)length * (size_t)ir_type_bits(type) / 8 : 0);
    return true;
}

bool lower_signal_energy(struct lower *l)
{
    const struct attr *a = &l->node->attr;
    const int32_t count = last_dim(lower_out(l, 0));
    if (!check_types(l, TYPES(TYPE_S16), TYPES(TYPE_U32), "int16 to uint32") ||
        !check_range(l, "start_index", a->start_index, 0, count) ||
        !check_range(l, "end_index", a->end_index, 0, count)) {
        return false;
    }
    struct mote_signal_energy *p = lower_kernel(l, KERNEL_signal_energy_s16);
    p->count = count;
    p->first = a->start_index;
    p->last = a->end_index;
    lower_vectors(l);
    return true;
}

bool lower_signal_auto_scale(struct lower *l)
{
    if (!check_types(l, TYPES(TYPE_S16), TYPES(TYPE_S16, TYPE_S32), "int16 to int16 and int32")) {
        return false;
    }
    struct mote_signal_auto_scale *p = lower_kernel(l, KERNEL_signal_auto_scale_s16);
    const struct tensor *in = lower_in(l, 0);
    p->count = last_dim(in);
    lower_out_view(l, 0, rows_of(in, p->count));
    lower_out_view(l, 1, rows_of(lower_out(l, 1), 1));
    lower_in_view(l, 0, rows_of(in, p->count), lower_each_line);
    lower_in_place(l, 0);
    return true;
}

/*** Filter bank ***/

/* Bands must lie inside of the spectrum and of the weights. */
static bool check_bands(struct lower *l, const struct mote_signal_filter_bank *p)
{
    const int64_t frequencies = last_dim(lower_in(l, 0));
    const int64_t weights = ir_count(lower_in(l, 1)), unweights = ir_count(lower_in(l, 2));
    const int64_t least = weights < unweights ? weights : unweights;
    for (int32_t i = 0; i <= p->channel_count; i++) {
        const int32_t width = p->width[i], frequency = p->first_frequency[i], weight = p->first_weight[i];
        if (width < 0 || frequency < 0 || frequency + width > frequencies || weight < 0 || weight + width > least) {
            return ir_fail(l->node, l->diag,
                           "band %d, %d frequencies from %d and weights from %d, is not inside of %lld "
                           "frequencies and %lld weights",
                           i, width, frequency, weight, (long long)frequencies, (long long)least);
        }
    }
    return true;
}

bool lower_signal_filter_bank(struct lower *l)
{
    const int32_t channels = l->node->attr.num_channels;
    if (!check_types(l, TYPES(TYPE_U32, TYPE_S16, TYPE_S16, TYPE_S16, TYPE_S16, TYPE_S16), TYPES(TYPE_U64),
                     "uint32 with int16 tables to uint64")) {
        return false;
    }
    for (int i = 1; i < 6; i++) {
        if (lower_in(l, i)->data == NULL) {
            return ir_fail(l->node, l->diag, "table in input %d is not constant", i);
        }
        if (i >= 3 && !check_count(l, i, (int64_t)channels + 1)) {
            return false;
        }
    }
    struct mote_signal_filter_bank *p = lower_kernel(l, KERNEL_signal_filter_bank_u32);
    p->channel_count = channels;
    p->weights = lower_in(l, 1)->data;
    p->unweights = lower_in(l, 2)->data;
    p->first_frequency = lower_in(l, 3)->data;
    p->first_weight = lower_in(l, 4)->data;
    p->width = lower_in(l, 5)->data;
    lower_vectors(l);
    return check_bands(l, p);
}

bool lower_signal_sqrt(struct lower *l)
{
    const struct tensor *in = lower_in(l, 0), *shift = lower_in(l, 1);
    const bool is_each = ir_count(shift) > 1; /* a shift for each frame */
    if (!check_types(l, TYPES(TYPE_U64, TYPE_S32), TYPES(TYPE_U32), "uint64 with int32 shift to uint32") ||
        !check_count(l, 1, is_each ? ir_count(in) / last_dim(in) : 1)) {
        return false;
    }
    struct mote_signal_sqrt *p = lower_kernel(l, KERNEL_signal_sqrt_u64);
    p->count = last_dim(in);
    lower_vectors(l);
    if (is_each) {
        lower_in_view(l, 1, rows_of(shift, 1), lower_each_line);
    } else {
        lower_in_whole(l, 1);
    }
    return true;
}

static bool check_channels(struct lower *l)
{
    const int32_t count = last_dim(lower_in(l, 0)), want = l->node->attr.num_channels;
    return count == want || ir_fail(l->node, l->diag, "input has %d channels, want %d", count, want);
}

bool lower_signal_subtract(struct lower *l)
{
    const struct attr *a = &l->node->attr;
    if (!check_types(l, TYPES(TYPE_U32), TYPES(TYPE_U32, TYPE_U32), "uint32") || !check_channels(l) ||
        !check_range(l, "smoothing_bits", a->smoothing_bits, 0, 31) ||
        !check_range(l, "spectral_subtraction_bits", a->spectral_subtraction_bits, 0, 63)) {
        return false;
    }
    struct mote_signal_subtract *p = lower_kernel(l, KERNEL_signal_subtract_u32);
    p->count = a->num_channels;
    p->bits = a->spectral_subtraction_bits;
    p->smoothing_bits = a->smoothing_bits;
    p->smoothing[0] = (uint32_t)a->smoothing;
    p->smoothing[1] = (uint32_t)a->alternate_smoothing;
    p->one_minus_smoothing[0] = (uint32_t)a->one_minus_smoothing;
    p->one_minus_smoothing[1] = (uint32_t)a->alternate_one_minus_smoothing;
    p->least = (uint32_t)a->min_signal_remaining;
    p->clamping = a->clamping;
    const struct lower_lines rows = rows_of(lower_in(l, 0), p->count);
    lower_out_view(l, 0, rows);
    lower_out_view(l, 1, rows);
    lower_in_view(l, 0, rows, lower_each_line);
    lower_in_place(l, 0);
    return lower_own_state(l, p->count * (int64_t)sizeof(uint32_t));
}

bool lower_signal_pcan(struct lower *l)
{
    const struct tensor *in = lower_in(l, 0);
    if (!check_types(l, TYPES(TYPE_U32, TYPE_U32, TYPE_S16), TYPES(TYPE_U32), "uint32 with int16 table") ||
        !check_count(l, 1, ir_count(in)) || !check_range(l, "snr_shift", l->node->attr.snr_shift, 0, 63)) {
        return false;
    }
    if (ir_count(lower_in(l, 2)) < MOTE_PCAN_TABLE) {
        return ir_fail(l->node, l->diag, "gain table has %lld values, want %d", (long long)ir_count(lower_in(l, 2)),
                       MOTE_PCAN_TABLE);
    }
    struct mote_signal_pcan *p = lower_kernel(l, KERNEL_signal_pcan_u32);
    p->count = last_dim(in);
    p->snr_shift = l->node->attr.snr_shift;
    const struct lower_lines rows = rows_of(in, p->count);
    lower_out_view(l, 0, rows);
    lower_in_view(l, 0, rows, lower_each_line);
    lower_in_view(l, 1, rows, lower_each_line);
    lower_in_whole(l, 2);
    lower_in_place(l, 0);
    return true;
}

bool lower_signal_log(struct lower *l)
{
    if (!check_types(l, TYPES(TYPE_U32), TYPES(TYPE_S16), "uint32 to int16") ||
        !check_range(l, "input_correction_bits", l->node->attr.input_correction_bits, 0, 31)) {
        return false;
    }
    struct mote_signal_log *p = lower_kernel(l, KERNEL_signal_log_u32);
    p->count = last_dim(lower_in(l, 0));
    p->in_shift = l->node->attr.input_correction_bits;
    p->scale = (uint32_t)l->node->attr.output_scale;
    lower_vectors(l);
    return true;
}

/*** Streams of samples ***/

enum { MAX_HISTORY = 1 << 24 }; /* samples of a sequence */

bool lower_signal_delay(struct lower *l)
{
    const struct tensor *in = lower_in(l, 0);
    if (!check_types(l, TYPES(TYPE_S16), TYPES(TYPE_S16), "int16") ||
        !check_range(l, "delay_length", l->node->attr.delay_length, 0, MAX_HISTORY)) {
        return false;
    }
    struct mote_signal_delay *p = lower_kernel(l, KERNEL_signal_delay_s16);
    p->count = last_dim(in);
    p->delay = l->node->attr.delay_length;
    const struct lower_lines rows = rows_of(in, p->count);
    lower_out_view(l, 0, rows);
    lower_in_view(l, 0, rows, lower_each_line);
    return lower_own_state(l, (int64_t)rows.lines * p->delay * (int64_t)sizeof(int16_t));
}

bool lower_signal_framer(struct lower *l)
{
    const struct tensor *in = lower_in(l, 0), *out = lower_out(l, 0);
    if (!check_types(l, TYPES(TYPE_S16), TYPES(TYPE_S16, TYPE_BOOL), "int16 to int16 and bool") ||
        !check_range(l, "frame_size", l->node->attr.frame_size, 1, MAX_HISTORY)) {
        return false;
    }
    struct mote_signal_framer *p = lower_kernel(l, KERNEL_signal_framer_s16);
    p->size = l->node->attr.frame_size;
    p->step = l->node->attr.frame_step;
    p->frame_count = last_dim(in) / p->step;
    p->prefill = l->node->attr.prefill;
    p->history = p->prefill ? p->size - p->step : (p->size - 1) / p->step * p->step;
    p->sequence_count = (int32_t)(ir_count(in) / last_dim(in));
    lower_out_view(l, 0, rows_of(out, p->size));
    lower_out_whole(l, 1);
    lower_in_view(l, 0, rows_of(in, p->step), lower_each_line);
    return lower_own_state(l, (int64_t)p->sequence_count * (4 + 2 * (int64_t)p->history));
}

bool lower_signal_stacker(struct lower *l)
{
    const struct attr *a = &l->node->attr;
    if (!check_types(l, TYPES(TYPE_S16), TYPES(TYPE_S16, TYPE_BOOL), "int16 to int16 and bool")) {
        return false;
    }
    struct mote_signal_stacker *p = lower_kernel(l, KERNEL_signal_stacker_s16);
    p->channel_count = a->num_channels;
    p->size = lower_out(l, 0)->dim[0];
    p->step = a->stacker_step * a->num_channels;
    p->left = a->stacker_left_context;
    lower_out_whole(l, 0);
    lower_out_whole(l, 1);
    lower_in_whole(l, 0);
    return lower_own_state(l, 2 * (int64_t)sizeof(int32_t) + p->size * (int64_t)sizeof(int16_t));
}

bool lower_signal_overlap_add(struct lower *l)
{
    const struct tensor *in = lower_in(l, 0), *out = lower_out(l, 0);
    if ((in->type != TYPE_S16 && in->type != TYPE_F32) || out->type != in->type) {
        return lower_no_kernel(l, "int16 or float32");
    }
    struct mote_signal_overlap_add *p =
        lower_kernel(l, in->type == TYPE_S16 ? KERNEL_signal_overlap_add_s16 : KERNEL_signal_overlap_add_f32);
    p->size = last_dim(in);
    p->step = l->node->attr.frame_step;
    p->frame_count = in->dim[in->rank - 2];
    lower_out_view(l, 0, rows_of(out, p->step));
    lower_in_view(l, 0, rows_of(in, p->size), lower_each_line);
    return lower_own_state(l, ir_size(in) / p->frame_count);
}

/* How often what follows runs; where the options leave it open, the reference tells its two models by their shapes. */
static int32_t find_cycles(const struct lower *l)
{
    const int32_t slots = lower_out(l, 0)->dim[1], cycles = l->node->attr.cycles_max;
    return cycles > 0 ? cycles : slots == 5 || slots == 13 || slots == 25 ? 1 : 2;
}

bool lower_circular_buffer(struct lower *l)
{
    const struct tensor *in = lower_in(l, 0), *out = lower_out(l, 0);
    if (!check_types(l, TYPES(TYPE_S8), TYPES(TYPE_S8), "int8")) {
        return false;
    }
    if (find_cycles(l) != 1) {
        return ir_fail(l->node, l->diag,
                       "ends all but every %d-th invoke at this place, which is not supported; split the "
                       "model here",
                       find_cycles(l));
    }
    struct mote_circular_buffer *p = lower_kernel(l, KERNEL_circular_buffer);
    p->bytes = (int32_t)ir_size(in);
    p->size = (int32_t)ir_size(out);
    lower_out_whole(l, 0);
    lower_in_whole(l, 0);
    return true;
}

bool lower_frames(struct lower *l)
{
    const struct tensor *in = lower_in(l, 0), *out = lower_out(l, 0);
    if (!check_types(l, TYPES(TYPE_S16), TYPES(TYPE_S16), "int16")) {
        return false;
    }
    struct mote_frames *p = lower_kernel(l, KERNEL_frames_s16);
    p->size = l->node->attr.frame_size;
    p->hop = in->dim[1];
    lower_out_view(l, 0, rows_of(out, p->size));
    lower_in_view(l, 0, rows_of(in, p->hop), (struct lower_window){(p->size - 1) / p->hop + 1, 1, 1, 0, NULL});
    return true;
}

bool lower_text_hash(struct lower *l)
{
    const struct attr *a = &l->node->attr;
    if (!check_types(l, TYPES(TYPE_U8), TYPES(TYPE_U8), "uint8") ||
        !check_range(l, "num_channels", a->num_channels, 1, 1 << 24) ||
        !check_range(l, "words", a->words, 0, MOTE_TEXT_WORDS) ||
        !check_range(l, "letters", a->letters, 0, MOTE_TEXT_LETTERS)) {
        return false;
    }
    struct mote_text_hash *p = lower_kernel(l, KERNEL_text_hash_u8);
    p->length = last_dim(lower_in(l, 0));
    p->buckets = a->num_channels;
    p->words = a->words;
    p->letters = a->letters;
    lower_out_whole(l, 0);
    lower_in_whole(l, 0);
    return true;
}
