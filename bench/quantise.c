/* SPDX-License-Identifier: MIT
 *
 * Quantises the float models of MLPerf Tiny with mote, and holds the result against the int8 models that MLPerf
 * published, on inputs that neither was calibrated on: bench_quantise SHARED. Prints the signal to quantisation noise
 * of all outputs together, the float model being the signal.
 *
 *     kws      MFCC of one-second words, as MLPerf's get_dataset.py makes them
 *     vww      photographs, 96x96, 0 to 1
 *     resnet8  photographs, 32x32, 0 to 255
 *     ad       windows of 5 frames of a machine's log-mel spectrogram
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tool/data/data.h"
#include "tool/quant/quant.h"
#include "tool/read/read.h"
#include "tool/run/run.h"

enum { CALIBRATION_MOST = 100, TEST_MOST = 200, MEMORY_LIMIT = 1 << 30 };

/* Samples in a row, of `width` floats each. */
struct set {
    float *values;
    size_t width;
    int32_t count, capacity;
};

struct sets {
    struct set calibration, test;
};

static float *add_sample(struct set *s)
{
    if (s->count == s->capacity) {
        s->capacity = 2 * s->capacity + 16;
        s->values = realloc(s->values, (size_t)s->capacity * s->width * sizeof *s->values);
        if (s->values == NULL) {
            exit(1);
        }
    }
    return s->values + (size_t)s->count++ * s->width;
}

/*** Where samples come from ***/

enum { FRAMES = 49, FRAME = 480, STEP = 320, FFT = 512, BINS = FFT / 2 + 1, MELS = 40, COEFFICIENTS = 10 };

static const double pi = 3.14159265358979323846;

static double mel_of(double hertz) { return 1127 * log(1 + hertz / 700); }

/* Weight of a bin in a triangle of the mel scale from 20 to 4000 Hz, as TensorFlow has it: bin 0 is left out. */
static double mel_weight(int bin, int mel)
{
    const double low = mel_of(20), step = (mel_of(4000) - low) / (MELS + 1), m = mel_of(bin * 16000.0 / FFT);
    const double up = (m - low) / step - mel, down = 2 - up;
    return bin == 0 ? 0 : fmax(0, fmin(up, down));
}

static void magnitudes(const double *samples, double *result)
{
    static double cosine[FFT];
    for (int i = 0; i < FFT && cosine[0] == 0; i++) {
        cosine[FFT - 1 - i] = cos(2 * pi * (FFT - 1 - i) / FFT); /* number 0 last: then all are there */
    }
    for (int k = 0; k < BINS; k++) {
        double re = 0, im = 0;
        for (int i = 0; i < FRAME; i++) {
            re += samples[i] * cosine[i * k % FFT];
            im += samples[i] * cosine[(i * k + FFT / 4) % FFT]; /* cos(x + pi / 2) = -sin x */
        }
        result[k] = sqrt(re * re + im * im);
    }
}

static void mfcc_frame(const int16_t *from, double most, float *to)
{
    double samples[FRAME], bins[BINS], mels[MELS];
    for (int i = 0; i < FRAME; i++) {
        samples[i] = from[i] / most * (0.5 - 0.5 * cos(2 * pi * i / FRAME));
    }
    magnitudes(samples, bins);
    for (int m = 0; m < MELS; m++) {
        double sum = 0;
        for (int k = 0; k < BINS; k++) {
            sum += bins[k] * mel_weight(k, m);
        }
        mels[m] = log(sum + 1e-6);
    }
    for (int c = 0; c < COEFFICIENTS; c++) {
        double sum = 0;
        for (int m = 0; m < MELS; m++) {
            sum += mels[m] * cos(pi * c * (m + 0.5) / MELS);
        }
        to[c] = (float)(sum * 2 / sqrt(2.0 * MELS));
    }
}

static void mfcc(const void *example, float *to)
{
    const int16_t *samples = example;
    double most = 1;
    for (int i = 0; i < 16000; i++) {
        most = fmax(most, samples[i]);
    }
    for (int f = 0; f < FRAMES; f++) {
        mfcc_frame(samples + f * STEP, most, to + f * COEFFICIENTS);
    }
}

static void picture(const void *example, float *to, size_t width, float scale)
{
    for (size_t i = 0; i < width; i++) {
        to[i] = (float)((const uint8_t *)example)[i] * scale;
    }
}

static void unit_picture(const void *example, float *to) { picture(example, to, 96 * 96 * 3, 1.0F / 255); }
static void whole_picture(const void *example, float *to) { picture(example, to, 32 * 32 * 3, 1); }

static bool from_data(const struct data_options *options, void (*convert)(const void *example, float *to),
                      struct sets *sets, struct arena *arena, struct diag *diag)
{
    struct dataset data;
    if (!data_read(options, &data, arena, diag)) {
        return false;
    }
    for (int32_t i = 0; i < data.count; i++) {
        struct set *set = data.examples[i].split == SPLIT_TRAIN ? &sets->calibration : &sets->test;
        if (set->count < (set == &sets->test ? TEST_MOST : CALIBRATION_MOST)) {
            convert(data_values(&data, i), add_sample(set));
        }
    }
    data_free(&data);
    return true;
}

/* Every window of 5 frames that starts in the first half calibrates, the others test. */
static bool from_spectrogram(const char *path, struct sets *sets, struct diag *diag)
{
    enum { BANDS = 128, WINDOW = 5 };
    struct file file;
    if (!file_open(&file, path, diag)) {
        return false;
    }
    const size_t frames = file.size / sizeof(float) / BANDS;
    for (size_t i = 0; i + WINDOW <= frames; i++) {
        struct set *set = i < frames / 2 - WINDOW ? &sets->calibration : &sets->test;
        if (i < frames / 2 - WINDOW || i >= frames / 2) {
            memcpy(add_sample(set), file.data + i * BANDS * sizeof(float), WINDOW * BANDS * sizeof(float));
        }
    }
    file_close(&file);
    return true;
}

/*** What is compared ***/

struct bench {
    const char *shared, *name;
    struct arena *arena;
    struct diag *diag;
    struct graph real;
    struct sets sets;
};

static bool open_graph(struct bench *b, const char *kind, struct graph *g)
{
    struct file *file = ARENA_NEW(b->arena, struct file);
    struct model model;
    const char *path = arena_printf(b->arena, "%s/golden/mlperf_%s_%s/model.tflite", b->shared, b->name, kind);
    if (!file_open(file, path, b->diag) || !read_model(file, NULL, b->arena, &model, b->diag)) {
        return false;
    }
    *g = model.graphs[0];
    return true;
}

/* Over the test set, dB. */
static double compare(const struct bench *b, const struct graph *quantised)
{
    struct quant_noise noise;
    const float **samples = ARENA_ARRAY(b->arena, b->sets.test.count, const float *);
    for (int32_t i = 0; i < b->sets.test.count; i++) {
        samples[i] = b->sets.test.values + (size_t)i * b->sets.test.width;
    }
    return quant_compare(&b->real, quantised, samples, b->sets.test.count, &noise, b->diag) ? quant_decibel(noise)
                                                                                            : NAN;
}

static bool run(struct bench *b)
{
    static const struct {
        const char *name;
        struct quant_options options;
    } ways[] = {
        {"int8", {0}},
        {"minmax", {.calibration = QUANT_MINMAX, .plain = true}},
        {"portable", {.portable = true}},
        {"int16x8", {.scheme = QUANT_INT16X8}},
        {"int4", {.scheme = QUANT_INT4}},
    };
    struct graph published, out;
    struct quant_report report;
    const struct set *s = &b->sets.calibration;
    const float **samples = ARENA_ARRAY(b->arena, s->count, const float *);
    for (int32_t i = 0; i < s->count; i++) {
        samples[i] = s->values + (size_t)i * s->width;
    }
    if (!open_graph(b, "int8", &published)) {
        return false;
    }
    printf("%-8s %11d %4d %9.2f", b->name, s->count, b->sets.test.count, compare(b, &published));
    for (size_t i = 0; i < COUNT_OF(ways); i++) {
        if (!quant_graph(&b->real, samples, s->count, &ways[i].options, &out, &report, b->diag)) {
            return false;
        }
        printf(" %8.2f", compare(b, &out));
        fflush(stdout);
    }
    printf("\n");
    return !b->diag->failed;
}

static bool load(struct bench *b)
{
    const struct data_options words = {.kind = DATA_AUDIO,
                                       .path = arena_printf(b->arena, "%s/data/speech_commands", b->shared),
                                       .memory = 1 << 28,
                                       .rate = 16000,
                                       .window = 1,
                                       .test = 0.3};
    struct data_options pictures = {.kind = DATA_IMAGE,
                                    .path = arena_printf(b->arena, "%s/data/plantvillage", b->shared),
                                    .memory = 1 << 28,
                                    .width = 32,
                                    .height = 32,
                                    .channels = 3,
                                    .test = 0.5};
    if (strcmp(b->name, "kws") == 0) {
        return from_data(&words, mfcc, &b->sets, b->arena, b->diag);
    }
    if (strcmp(b->name, "resnet8") == 0) {
        return from_data(&pictures, whole_picture, &b->sets, b->arena, b->diag);
    }
    if (strcmp(b->name, "vww") == 0) {
        pictures.path = arena_printf(b->arena, "%s/data/coco_small/images", b->shared);
        pictures.labels = "none";
        pictures.width = pictures.height = 96;
        return from_data(&pictures, unit_picture, &b->sets, b->arena, b->diag);
    }
    return from_spectrogram(arena_printf(b->arena,
                                         "%s/data/mlperf_tiny_testdata/normal_id_01_00000000_hist_librosa.bin",
                                         b->shared),
                            &b->sets, b->diag);
}

int main(int argc, char **argv)
{
    static const char *const names[] = {"kws", "vww", "resnet8", "ad"};
    bool ok = true;
    if (argc < 2) {
        fprintf(stderr, "usage: bench_quantise SHARED [MODEL]\n");
        return 2;
    }
    printf("model    calibration test published     int8   minmax portable  int16x8     int4   (dB)\n");
    for (size_t i = 0; i < COUNT_OF(names); i++) {
        struct arena arena;
        struct diag diag = {0};
        if (argc > 2 && strcmp(argv[2], names[i]) != 0) {
            continue;
        }
        arena_init(&arena, MEMORY_LIMIT);
        struct bench b = {.shared = argv[1], .name = names[i], .arena = &arena, .diag = &diag};
        bool done = open_graph(&b, "float", &b.real);
        if (done) {
            b.sets.calibration.width = b.sets.test.width = (size_t)ir_count(&b.real.tensors[b.real.inputs[0]]);
            done = load(&b) && run(&b);
        }
        if (!done) {
            fprintf(stderr, "%s: %s\n", names[i], diag.text);
        }
        ok = ok && done;
        free(b.sets.calibration.values);
        free(b.sets.test.values);
        arena_free(&arena);
    }
    return !ok;
}
