/* SPDX-License-Identifier: MIT
 *
 * Log-mel energies in fixed point: TensorFlow's micro front-end, with the operators, tables and roundings of
 * tflite-micro's audio preprocessor, for as many frames as there are.
 *
 * Source: TensorFlow Lite Micro, python/tflite_micro/signal/utils (window_op, filter_bank_ops, pcan_ops).
 */
#include <math.h>
#include <stdlib.h>

#include "build.h"

enum {
    WINDOW_BITS = 12,
    FILTER_BITS = 12,
    LOG_CORRECTION_BITS = 3,
    LOG_SCALE = 64,
    SMOOTHING_BITS = 10,
    SUBTRACTION_BITS = 14,
    PCAN_SNR_BITS = 12,
    PCAN_INPUT_BITS = 32,
    PCAN_TABLE = 125,
    SCALED_RANGE = 666, /* what the logarithms take, 26 * 25.6 rounded */
    ALIGN = 2, /* filters begin at multiples of it, and their widths are multiples of BLOCK, as in the reference */
    BLOCK = 4,
};

static const double pi = 3.14159265358979323846;

int32_t front_length(const struct front_options *o, int32_t samples)
{
    const int32_t hop = (int32_t)lround(o->hop * o->rate);
    return (o->kind == FRONT_MEL || o->kind == FRONT_MFCC) && hop > 0 ? samples / hop * hop : samples;
}

static int32_t window_table(struct build *b, int32_t count)
{
    int16_t *w = ARENA_ARRAY(b->graph->arena, count, int16_t);
    for (int32_t i = 0; i < count; i++) {
        const double hann = 0.5 - 0.5 * cos(2 * pi / count * (i + 0.5));
        w[i] = (int16_t)floor(hann * (1 << WINDOW_BITS) + 0.5);
    }
    return build_const(b, TYPE_S16, 1, &count, w);
}

/*** Filter bank ***/

struct bank {
    int16_t *weights, *unweights, *frequency, *start, *width;
    int32_t channels, weight_count, first, last; /* bins in use: [first, last) */
};

static double to_mel(double hertz) { return 1127.0 * log1p(hertz / 700.0); }

/* Weights of the triangles between centres that are even on the mel scale. Channel i rises from centre i - 1 to centre
 * i; `channels` + 1 of them, since the last centre has only the falling side. */
static void make_bank(struct build *b, const struct front_options *o, int32_t fft, struct bank *bank)
{
    struct arena *arena = b->graph->arena;
    const int32_t bins = fft / 2 + 1, count = o->filters + 1;
    const double low = to_mel(o->low), high = to_mel(fmin(o->high, o->rate / 2));
    const double step = (high - low) / count, hertz = o->rate / fft;
    *bank = (struct bank){.channels = o->filters, .first = (int32_t)(1.5 + o->low / hertz)};
    bank->frequency = ARENA_ARRAY(arena, count, int16_t);
    bank->start = ARENA_ARRAY(arena, count, int16_t);
    bank->width = ARENA_ARRAY(arena, count, int16_t);
    const int32_t room = bins + count * 8;
    bank->weights = ARENA_ARRAY(arena, room, int16_t);
    bank->unweights = ARENA_ARRAY(arena, room, int16_t);
    int32_t at = 0, bin = bank->first;
    for (int32_t i = 0; i < count; i++) {
        const double centre = low + step * (i + 1);
        const int32_t begin = bin;
        while (bin < bins && to_mel(bin * hertz) <= centre) {
            bin++;
        }
        const int32_t aligned = begin / ALIGN * ALIGN, width = bin - aligned;
        bank->frequency[i] = (int16_t)aligned;
        bank->start[i] = (int16_t)at;
        bank->width[i] = (int16_t)((width + BLOCK - 1) / BLOCK * BLOCK);
        for (int32_t k = begin; k < bin; k++) {
            const double part = (centre - to_mel(k * hertz)) / step;
            const double scale = 1 << FILTER_BITS;
            bank->weights[at + k - aligned] = (int16_t)floor(part * scale);
            bank->unweights[at + k - aligned] = (int16_t)floor((1 - part) * scale);
        }
        at += bank->width[i];
        bank->last = bin > begin ? bin : bank->last;
    }
    bank->weight_count = at;
}

static int32_t add_bank(struct build *b, const struct bank *bank, int32_t energies)
{
    const int32_t count = bank->channels + 1;
    const int32_t in[] = {
        energies,
        build_const(b, TYPE_S16, 1, &bank->weight_count, bank->weights),
        build_const(b, TYPE_S16, 1, &bank->weight_count, bank->unweights),
        build_const(b, TYPE_S16, 1, &count, bank->frequency),
        build_const(b, TYPE_S16, 1, &count, bank->start),
        build_const(b, TYPE_S16, 1, &count, bank->width),
    };
    const struct attr attr = {.num_channels = bank->channels};
    return build_node(b, OP_SignalFilterBank, &attr, TYPE_U64, 6, in);
}

/*** Noise and gain ***/

static int32_t subtract(struct build *b, const struct front_options *o, int32_t x, int32_t *noise)
{
    const struct attr attr = {
        .num_channels = o->filters,
        .smoothing = 409, /* 0.025, 0.06 in 14 bits */
        .one_minus_smoothing = 15975,
        .alternate_smoothing = 983,
        .alternate_one_minus_smoothing = 15401,
        .min_signal_remaining = 819, /* 0.05 */
        .smoothing_bits = SMOOTHING_BITS,
        .spectral_subtraction_bits = SUBTRACTION_BITS,
    };
    const int32_t y = build_node(b, OP_SignalFilterBankSpectralSubtraction, &attr, TYPE_U32, 1, LIST(x));
    *noise = b->diag->failed ? 0 : b->graph->nodes[b->graph->node_count - 1].out[1];
    return y;
}

/* The gain for an estimate of the noise: (noise + offset)^-strength. */
static int16_t gain_of(int32_t input_bits, double x)
{
    const double strength = 0.95, offset = 80.0, gain_bits = 21;
    const double value = (1 << (int)gain_bits) * pow(x / (double)(1 << input_bits) + offset, -strength) + 0.5;
    return (int16_t)(value > 0x7fff ? 0x7fff : floor(value));
}

static int32_t gain_table(struct build *b)
{
    /* Entries: the gain of 0 and 1; then a quadratic through both ends and the middle of each octave, 4 apart. */
    int16_t table[PCAN_TABLE] = {0};
    const int32_t bits = SMOOTHING_BITS - 3; /* less the correction of the input */
    table[0] = gain_of(bits, 0);
    table[1] = gain_of(bits, 1);
    for (int32_t i = 2; i <= PCAN_INPUT_BITS; i++) {
        const double x0 = ldexp(1, i - 1), x1 = x0 + x0 / 2, x2 = i == PCAN_INPUT_BITS ? (double)UINT32_MAX : 2 * x0;
        const int32_t y0 = gain_of(bits, x0), y1 = gain_of(bits, x1), y2 = gain_of(bits, x2);
        const int32_t d1 = y1 - y0, d2 = y2 - y0, at = 4 * i - 6;
        if (at + 2 < PCAN_TABLE) {
            table[at] = (int16_t)y0;
            table[at + 1] = (int16_t)(4 * d1 - d2);
            table[at + 2] = (int16_t)(d2 - (4 * d1 - d2));
        }
    }
    const int32_t count = PCAN_TABLE;
    return build_const(b, TYPE_S16, 1, &count, table);
}

static int32_t add_pcan(struct build *b, int32_t x, int32_t noise)
{
    const struct attr attr = {.snr_shift = 6};
    return build_node(b, OP_SignalPCAN, &attr, TYPE_U32, 3, LIST(x, noise, gain_table(b)));
}

/* The logarithms x in [0, SCALED_RANGE] as int8: (256 x + range / 2) / range - 128, clamped. */
static int32_t add_scaling(struct build *b, int32_t x)
{
    const int32_t factor = 256, half = SCALED_RANGE / 2, range = SCALED_RANGE, low = -128, high = 127;
    const struct attr wide = {.type = TYPE_S32}, narrow = {.type = TYPE_S8};
    x = build_node(b, OP_CAST, &wide, TYPE_S32, 1, LIST(x));
    x = build_binary(b, OP_MUL, x, build_const(b, TYPE_S32, 0, NULL, &factor));
    x = build_binary(b, OP_ADD, x, build_const(b, TYPE_S32, 0, NULL, &half));
    x = build_binary(b, OP_DIV, x, build_const(b, TYPE_S32, 0, NULL, &range));
    x = build_binary(b, OP_ADD, x, build_const(b, TYPE_S32, 0, NULL, &low));
    x = build_binary(b, OP_MINIMUM, x, build_const(b, TYPE_S32, 0, NULL, &high));
    x = build_binary(b, OP_MAXIMUM, x, build_const(b, TYPE_S32, 0, NULL, &low));
    return build_node(b, OP_CAST, &narrow, TYPE_S8, 1, LIST(x));
}

static bool check_sizes(struct build *b, const struct front_options *o, int32_t frame, int32_t hop, int32_t rows)
{
    if (frame < 8 || frame > 32768 || hop < 1 || (frame - 1) / hop >= rows) {
        return diag_fail(b->diag, "front: frames of %d samples every %d do not fit in %d samples", frame, hop,
                         rows * hop);
    }
    if (o->low >= o->high || o->low >= o->rate / 2) {
        return diag_fail(b->diag, "front: bands from %g to %g Hz at %g samples a second", o->low, o->high, o->rate);
    }
    return true;
}

int32_t front_mel(struct build *b, const struct front_options *o, int32_t samples)
{
    const struct tensor *in = build_at(b, samples);
    const int32_t frame = (int32_t)lround(o->frame * o->rate);
    const struct attr frames = {.frame_size = frame};
    if (!check_sizes(b, o, frame, in->dim[1], in->dim[0])) {
        return 0;
    }
    return front_bands(b, o, build_node(b, OP_MoteFrames, &frames, TYPE_S16, 1, LIST(samples)));
}

int32_t front_bands(struct build *b, const struct front_options *o, int32_t frames)
{
    const int32_t frame = build_at(b, frames)->dim[1];
    int32_t fft = 16;
    while (fft < frame) {
        fft *= 2;
    }
    struct bank bank;
    make_bank(b, o, fft, &bank);
    const struct attr window = {.shift = WINDOW_BITS}, length = {.fft_length = fft};
    const struct attr range = {.start_index = bank.first, .end_index = bank.last};
    const struct attr logs = {.output_scale = LOG_SCALE, .input_correction_bits = LOG_CORRECTION_BITS};
    int32_t x = build_node(b, OP_SignalWindow, &window, TYPE_S16, 2, LIST(frames, window_table(b, frame)));
    x = build_node(b, OP_SignalFftAutoScale, NULL, TYPE_S16, 1, LIST(x));
    const int32_t shift = b->diag->failed ? 0 : b->graph->nodes[b->graph->node_count - 1].out[1];
    x = build_node(b, OP_SignalRfft, &length, TYPE_S16, 1, LIST(x));
    x = build_node(b, OP_SignalEnergy, &range, TYPE_U32, 1, LIST(x));
    x = add_bank(b, &bank, x);
    x = build_node(b, OP_SignalFilterBankSquareRoot, NULL, TYPE_U32, 2, LIST(x, shift));
    if (o->noise_reduction || o->pcan) {
        int32_t noise;
        const int32_t rest = subtract(b, o, x, &noise);
        x = o->noise_reduction ? rest : x;
        x = o->pcan ? add_pcan(b, x, noise) : x;
    }
    x = build_node(b, OP_SignalFilterBankLog, &logs, TYPE_S16, 1, LIST(x));
    if (o->is_scaled) {
        return add_scaling(b, x);
    }
    build_quant(b, x, 0.25F / LOG_SCALE, 0);
    return x;
}

/* The cosine transform of type 2 as a matrix product, of what the logarithms are as real numbers. */
int32_t front_mfcc(struct build *b, const struct front_options *o, int32_t mel)
{
    const int32_t n = o->filters, count = o->coefficients < n ? o->coefficients : n;
    float *matrix = ARENA_ARRAY(b->graph->arena, count * n, float);
    for (int32_t k = 0; k < count; k++) {
        for (int32_t i = 0; i < n; i++) {
            matrix[k * n + i] = (float)(sqrt((k > 0 ? 2.0 : 1.0) / n) * cos(pi * k * (i + 0.5) / n));
        }
    }
    const int32_t x = build_node(b, OP_DEQUANTIZE, NULL, TYPE_F32, 1, LIST(mel));
    const int32_t weights = build_const(b, TYPE_F32, 2, LIST(count, n), matrix);
    const struct attr attr = {.keep_num_dims = true};
    return build_node(b, OP_FULLY_CONNECTED, &attr, TYPE_F32, 3, LIST(x, weights, NO_TENSOR));
}
