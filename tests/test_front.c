/* SPDX-License-Identifier: MIT
 *
 * Front-ends as graphs: the micro front-end against tflite-micro's own model of it, row by row as well as frame by frame;
 * and the features of signals whose spectrum and moments are known.
 *
 * usage: test_front [GOLDEN]   GOLDEN: folder with tflm_audio_preprocessor_int8
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../tool/front/build.h"
#include "../tool/run/run.h"

enum { FRAME = 480, CHANNELS = 40, FRAMES = 5 };

static struct arena arena;
static struct diag diag;
static int failures;

static void check(bool ok, const char *what)
{
    printf("%s: %s%s%s\n", ok ? "ok" : "FAILED", what, diag.failed ? ": " : "", diag.text);
    failures += !ok;
    diag = (struct diag){0};
}

static const struct front_options audio = {
    .kind = FRONT_MEL, .rate = 16000, .frame = 0.03, .hop = 0.02, .filters = CHANNELS, .low = 125, .high = 7500};

/* Builds and plans; NULL with an error. */
static struct plan *make(const struct front_options *o, enum type type, int32_t rank, const int32_t dim[],
                         enum plan_schedule how)
{
    struct tensor input = {.type = type, .rank = rank};
    memcpy(input.dim, dim, (size_t)rank * sizeof *dim);
    struct graph *g = ARENA_NEW(&arena, struct graph);
    g->arena = &arena;
    struct plan *plan = ARENA_NEW(&arena, struct plan);
    return front_build(o, &input, g, &diag) && plan_graph(g, how, plan, &diag) ? plan : NULL;
}

static void run(struct plan *plan, const void *in, void *out)
{
    struct runner runner;
    run_init(&runner, plan);
    run_invoke(&runner, in, out);
}

/*** Against tflite-micro ***/

/* Three invokes with state kept, as the golden cases are. */
static bool matches(struct plan *plan, const char *folder, int number)
{
    char name[2][512];
    struct file in, out;
    snprintf(name[0], sizeof name[0], "%s/tflm_audio_preprocessor_int8/case%d.in.bin", folder, number);
    snprintf(name[1], sizeof name[1], "%s/tflm_audio_preprocessor_int8/case%d.out.bin", folder, number);
    if (!file_open(&in, name[0], &diag) || !file_open(&out, name[1], &diag)) {
        return false;
    }
    struct runner runner;
    run_init(&runner, plan);
    bool ok = in.size % (2 * FRAME) == 0 && out.size == in.size / (2 * FRAME) * CHANNELS;
    for (size_t i = 0; ok && i < in.size / (2 * FRAME); i++) {
        uint8_t got[CHANNELS];
        run_invoke(&runner, in.data + i * 2 * FRAME, got);
        ok = memcmp(got, out.data + i * CHANNELS, CHANNELS) == 0;
    }
    file_close(&in);
    file_close(&out);
    return ok;
}

static void test_golden(const char *folder)
{
    static const int cases[] = {0, 3, 4, 5};
    struct front_options o = audio;
    o.hop = o.frame;
    o.noise_reduction = o.pcan = o.is_scaled = true;
    struct plan *plan = make(&o, TYPE_S16, 1, (const int32_t[]){FRAME}, PLAN_STREAM);
    check(plan != NULL, "the audio preprocessor is built");
    for (size_t i = 0; i < COUNT_OF(cases) && plan != NULL; i++) {
        char what[80];
        snprintf(what, sizeof what, "the bits of tflite-micro's audio preprocessor, case %d", cases[i]);
        check(matches(plan, folder, cases[i]), what);
    }
}

/*** Rows ***/

/* Frames that overlap give what an invoke for each frame gives, with the noise going on from one to the next. */
static void test_rows(void)
{
    enum { HOP = 320, SAMPLES = (FRAMES + 1) * HOP };
    int16_t samples[SAMPLES], all[FRAMES * CHANNELS], one[CHANNELS], layers[FRAMES * CHANNELS];
    for (int i = 0; i < SAMPLES; i++) {
        samples[i] = (int16_t)(8000 * sin(i * i * 1e-4) + i % 97 * 30);
    }
    struct front_options o = audio;
    o.noise_reduction = o.pcan = true;
    struct plan *whole = make(&o, TYPE_S16, 1, (const int32_t[]){SAMPLES}, PLAN_STREAM);
    struct plan *by_layers = make(&o, TYPE_S16, 1, (const int32_t[]){SAMPLES}, PLAN_LAYERS);
    o.hop = o.frame;
    struct plan *single = make(&o, TYPE_S16, 1, (const int32_t[]){FRAME}, PLAN_STREAM);
    if (whole == NULL || by_layers == NULL || single == NULL) {
        check(false, "front-ends of many frames are built");
        return;
    }
    check(run_output_size(whole) == sizeof all, "frames that fit in the samples");
    run(whole, samples, all);
    run(by_layers, samples, layers);
    struct runner runner;
    run_init(&runner, single);
    bool same = true;
    for (int i = 0; i < FRAMES; i++) {
        run_invoke(&runner, (const uint8_t *)(samples + i * HOP), (uint8_t *)one);
        same = same && memcmp(one, all + i * CHANNELS, sizeof one) == 0;
    }
    check(same, "many frames at once are the frames one by one");
    check(memcmp(all, layers, sizeof all) == 0, "row by row or a layer at a time");
    check(whole->tensor_size < by_layers->tensor_size, "row by row takes less RAM");
}

/* A tone is loudest in the band round its frequency. */
static void test_tone(void)
{
    enum { SAMPLES = 640 };
    struct plan *plan = make(&audio, TYPE_S16, 1, (const int32_t[]){SAMPLES}, PLAN_STREAM);
    const double mel = 1127 * log1p(1000 / 700.0), low = 1127 * log1p(125 / 700.0), high = 1127 * log1p(7500 / 700.0);
    const int want = (int)floor((mel - low) / (high - low) * (CHANNELS + 1) + 0.5) - 1;
    int16_t samples[SAMPLES], out[CHANNELS];
    int loudest = 0;
    for (int i = 0; i < SAMPLES; i++) {
        samples[i] = (int16_t)(10000 * sin(2 * 3.14159265 * 1000 * i / 16000));
    }
    if (plan != NULL) {
        run(plan, samples, out);
        for (int i = 1; i < CHANNELS; i++) {
            loudest = out[i] > out[loudest] ? i : loudest;
        }
    }
    check(plan != NULL && loudest == want, "1000 Hz are in the band round 1000 Hz");
}

/*** Vibration ***/

enum { STEPS = 256, AXES = 2, SHAPE = 4, BANDS = 16 };

/* Steps of which 1 is so many. */
static const double per_unit = 2048;

static int16_t step_of(double x) { return (int16_t)lrint(x * per_unit); }

/* Feature i, which has 12 fractional bits. */
static double feature(const int32_t *out, int i) { return out[i] / 4096.0; }

/* A sine has a deviation of 1/sqrt(2), no skewness, a kurtosis of 1.5, extremes of sqrt(2); its power lies in one band.
 * The second axis is its negative three times as large, on top of a constant. */
static void test_spectrum(void)
{
    enum { HIGH = 0, LOW = AXES, SKEW = 2 * AXES, KURTOSIS = 3 * AXES, DEVIATION = 4 * AXES, POWER = 5 * AXES };
    enum { PAIR = 6 * AXES, BAND = PAIR + 1, ALL = BAND + AXES * BANDS };
    const struct front_options o = {.kind = FRONT_SPECTRUM, .rate = 256, .bands = BANDS, .unit = (float)(1 / per_unit)};
    struct plan *plan = make(&o, TYPE_F32, 2, (const int32_t[]){STEPS, AXES}, PLAN_STREAM);
    int16_t in[STEPS * AXES];
    int32_t out[ALL];
    if (plan == NULL || run_output_size(plan) != sizeof out) {
        check(false, "a spectrum is built");
        return;
    }
    for (int i = 0; i < STEPS; i++) {
        const double x = sin(2 * 3.14159265358979 * 48 * i / STEPS);
        in[i * AXES] = step_of(x);
        in[i * AXES + 1] = step_of(5 - 3 * x);
    }
    run(plan, in, out);
    check(fabs(feature(out, PAIR) + 1) < 1e-3, "opposite axes have a correlation of -1");
    double loudness[AXES];
    for (int axis = 0; axis < AXES; axis++) {
        const double power = (axis == 0 ? 0.5 : 4.5) * per_unit * per_unit;
        check(fabs(feature(out, DEVIATION + axis) * 256 / sqrt(power) - 1) < 1e-3 &&
                  fabs(feature(out, POWER + axis) - log(power)) < 1e-3,
              "deviation of a sine, and the logarithm of its power");
        check(fabs(feature(out, SKEW + axis)) < 2e-3 && fabs(feature(out, KURTOSIS + axis) - log(1.51)) < 1e-2 &&
                  fabs(feature(out, HIGH + axis) - sqrt(2)) < 1e-2 && fabs(feature(out, LOW + axis) + sqrt(2)) < 1e-2,
              "shape of a sine");
        const int bands = BAND + axis * BANDS;
        int loudest = 0;
        double sum = 0;
        for (int i = 0; i < BANDS; i++) {
            loudest = out[bands + i] > out[bands + loudest] ? i : loudest;
            sum += exp(feature(out, bands + i));
        }
        check(loudest == 8 && exp(feature(out, bands + loudest)) / sum > 0.999,
              "all of its power lies in the band of bin 48, half way between even and bent");
        loudness[axis] = sum / power;
    }
    check(fabs(loudness[1] / loudness[0] - 1) < 0.01, "bands are as loud as their axis");
}

/* Beside a tone one of 70 dB less is seen; of nothing at all the bands are alike, and not so loud. */
static void test_quiet_tone(void)
{
    enum { LOUD_BAND = 8, QUIET_BAND = 13, BAND = 6 }; /* of bins 48 and 100 */
    const struct front_options o = {.kind = FRONT_SPECTRUM, .rate = 256, .bands = BANDS, .unit = 1};
    struct plan *plan = make(&o, TYPE_F32, 2, (const int32_t[]){STEPS, 1}, PLAN_STREAM);
    int16_t in[STEPS];
    int32_t out[BAND + BANDS], silent[BAND + BANDS];
    const bool ok = plan != NULL && run_output_size(plan) == sizeof out;
    check(ok, "the spectrum of an axis is built");
    for (int i = 0; i < STEPS; i++) {
        const double turn = 2 * 3.14159265358979 * i / STEPS;
        in[i] = (int16_t)lrint(32000 * (sin(48 * turn) + 3.1623e-4 * sin(100 * turn)));
    }
    if (ok) {
        run(plan, in, out);
        memset(in, 0, sizeof in);
        run(plan, in, silent);
        const double less = feature(out, BAND + QUIET_BAND) - feature(out, BAND + LOUD_BAND);
        check(fabs(less - log(1e-7)) < 0.2, "a tone of 70 dB less is seen beside another");
        check(silent[BAND] == silent[BAND + LOUD_BAND] && silent[BAND] < out[BAND + QUIET_BAND], "silence has no tone");
    }
}

/* What a sensor gives turned by 90 degrees has the same length, which is an axis more; groups part all features. */
static void test_lengths(void)
{
    enum { SENSOR = 3, WITH = 4, PAIRS = 3, MEAN = SHAPE * WITH, ALL = MEAN + 3 * WITH + PAIRS };
    const struct front_options o = {.kind = FRONT_STATISTICS,
                                    .lengths = true,
                                    .mean = true,
                                    .unit = (float)(1 / per_unit)};
    const struct tensor input = {.type = TYPE_F32, .rank = 2, .dim = {STEPS, SENSOR}};
    struct plan *plan = make(&o, TYPE_F32, 2, input.dim, PLAN_STREAM);
    int16_t in[STEPS * SENSOR], turned[STEPS * SENSOR];
    int32_t out[2][ALL];
    if (plan == NULL || run_output_size(plan) != sizeof out[0]) {
        check(false, "statistics with lengths are built");
        return;
    }
    for (int i = 0; i < STEPS; i++) {
        const int16_t v[SENSOR] = {step_of(sin(i * 0.3)), step_of(cos(i * 0.7)), step_of(i % 7)};
        memcpy(in + i * SENSOR, v, sizeof v);
        memcpy(turned + i * SENSOR, (const int16_t[]){(int16_t)-v[1], v[0], v[2]}, sizeof v);
    }
    run(plan, in, out[0]);
    run(plan, turned, out[1]);
    int32_t groups[FRONT_MOST_GROUPS][2];
    const int32_t count = front_groups(&o, &input, ALL, groups);
    bool same = count == 4;
    for (int i = SENSOR; i < ALL - PAIRS; i += WITH) {
        same = same && out[0][i] == out[1][i];
    }
    check(same, "lengths stay the same");
    check(out[0][MEAN + WITH] == out[1][MEAN + WITH + 1] && out[0][MEAN + WITH] != out[1][MEAN + WITH], "axes do not");
    check(groups[1][0] == MEAN && groups[1][1] == WITH && groups[2][0] == MEAN + WITH && groups[2][1] == 2 * WITH &&
              groups[3][0] == MEAN + 2 * WITH && groups[3][0] + groups[3][1] == ALL,
          "groups of shapes, means, powers and correlations");
}

/* Floats become the same, by a unit for each axis; so do axes as they are, less their mean and by their deviation. */
static void test_units(void)
{
    enum { FEW = 16 };
    static const float units[2] = {0.5F, 100};
    const float mean[2] = {10, -2000}, deviation[2] = {5, 1000};
    struct front_options o = {.kind = FRONT_RAW, .units = units};
    const struct tensor input = {.type = TYPE_F32, .rank = 2, .dim = {FEW, 2}};
    struct graph g = {.arena = &arena};
    struct plan plan;
    float in[FEW * 2];
    int16_t out[FEW * 2];
    /* by a scale of 1, as the front-end is before */
    const float steps[2] = {mean[0] / units[0], mean[1] / units[1]};
    const float deviations[2] = {deviation[0] / units[0], deviation[1] / units[1]};
    bool ok = front_build(&o, &input, &g, &diag) && front_standardise(&g, steps, deviations, &diag) &&
              plan_graph(&g, PLAN_STREAM, &plan, &diag);
    for (int i = 0; i < FEW; i++) {
        in[2 * i] = 10 + 5.0F * (float)i;
        in[2 * i + 1] = -2000 - 1000.0F * (float)i;
    }
    if (ok) {
        run(&plan, in, out);
    }
    for (int i = 0; i < FEW; i++) {
        ok = ok && abs(out[2 * i] - 1024 * i) <= i && abs(out[2 * i + 1] + 1024 * i) <= i;
    }
    check(ok, "axes with units of their own");
}

/* Counters by hand for two words without letters: one word thrice, the other once, no pairs. */
static void test_hash(void)
{
    enum { LENGTH = 24, BUCKETS = 512 };
    struct front_options o = {.kind = FRONT_HASH, .buckets = BUCKETS, .words = 1};
    struct plan *plan = make(&o, TYPE_U8, 1, (const int32_t[]){LENGTH}, PLAN_STREAM);
    const char text[2][LENGTH] = {"Yes yes, YES 12:34", "a b c d e f g h i j k l"};
    uint8_t out[BUCKETS];
    int ones = 0, twos = 0, threes = 0, others = 0;
    if (plan != NULL) {
        run(plan, text[0], out);
        for (int i = 0; i < BUCKETS; i++) {
            ones += out[i] == 1;
            twos += out[i] == 2;
            threes += out[i] == 3;
            others += out[i] > 3;
        }
    }
    check(ones == 2 && twos == 1 && threes == 1 && others == 0, "yes three times, 00 twice, a comma, a colon");
    o.words = 2;
    plan = make(&o, TYPE_U8, 1, (const int32_t[]){LENGTH}, PLAN_STREAM);
    int sum = 0;
    if (plan != NULL) {
        run(plan, text[1], out);
        for (int i = 0; i < BUCKETS; i++) {
            sum += out[i];
        }
    }
    check(sum == 12 + 11, "twelve words and eleven pairs");
}

/* What a front-end and a network give together is what the one gives behind the other. */
static void test_stitch(void)
{
    struct graph front = {.arena = &arena}, both;
    const struct front_options o = {.kind = FRONT_STANDARD};
    const struct tensor input = {.type = TYPE_F32, .rank = 1, .dim = {3}};
    const float mean[] = {1, 2, 3}, deviation[] = {2, 4, 8}, x[] = {3, 2, 11};
    const struct graph empty = {.arena = &arena};
    struct graph network = empty;
    bool ok = front_build(&o, &input, &front, &diag) && front_standardise(&front, mean, deviation, &diag) &&
              front_build(&o, &input, &network, &diag) && front_standardise(&network, mean, mean, &diag) &&
              front_stitch(&front, &network, &both, &diag);
    struct plan plan;
    float got[3] = {0};
    ok = ok && plan_graph(&both, PLAN_STREAM, &plan, &diag);
    if (ok) {
        run(&plan, x, got);
    }
    /* (3-1)/2 = 1, (2-2)/4 = 0, (11-3)/8 = 1; then (1-1)/1, (0-2)/2, (1-3)/3 */
    check(ok && fabsf(got[0]) < 1e-6F && fabsf(got[1] + 1) < 1e-6F && fabsf(got[2] + 2.0F / 3) < 1e-6F,
          "a front-end and what is behind it");
}

/*** Sound that never ends ***/

/* A network that gives back the last FRAMES rows of features, in a row. */
static struct graph echo(void)
{
    struct graph g = {.arena = &arena};
    struct build b;
    build_begin(&b, &g, &diag);
    const int32_t in = build_tensor(&b, "in", TYPE_S8, 4, LIST(1, FRAMES, CHANNELS, 1));
    build_quant(&b, in, 0.1F, -128);
    build_end(&b, in, build_reshape(&b, in, 2, LIST(1, FRAMES * CHANNELS)));
    return g;
}

/* What a stream decides after each NEW hops is what the window that ends there gives by itself. */
static void test_stream(void)
{
    enum { HOP = 320, NEW = 3, INVOKES = 4, WINDOW = (FRAMES + 1) * HOP, LATE = 2 * HOP - FRAME };
    int16_t samples[NEW * HOP * INVOKES + 2 * HOP] = {0}; /* the last window reaches beyond its last frame */
    for (int i = LATE; i < NEW * HOP * INVOKES; i++) {
        samples[i] = (int16_t)(8000 * sin(i * i * 1e-5) + i % 97 * 30);
    }
    const struct graph network = echo();
    struct graph window = {.arena = &arena}, stream = {.arena = &arena}, both[2];
    const struct tensor input = {.type = TYPE_S16, .rank = 1, .dim = {WINDOW}};
    struct plan plan[2];
    const bool ok =
        front_build(&audio, &input, &window, &diag) && front_stitch(&window, &network, &both[0], &diag) &&
        front_build_stream(&audio, NEW, &stream, &diag) && front_stitch_stream(&stream, &network, &both[1], &diag) &&
        plan_graph(&both[0], PLAN_STREAM, &plan[0], &diag) && plan_graph(&both[1], PLAN_STREAM, &plan[1], &diag);
    check(ok, "a stream is built");
    struct runner runner;
    run_init(&runner, &plan[1]);
    int compared = 0;
    for (int k = 1; ok && k <= INVOKES; k++) {
        int8_t want[FRAMES * CHANNELS], got[FRAMES * CHANNELS];
        run_invoke(&runner, (const uint8_t *)(samples + (k - 1) * NEW * HOP), (uint8_t *)got);
        const int begin = k * NEW * HOP - FRAMES * HOP - FRAME + HOP; /* of the window's first frame */
        if (begin >= 0) {
            run(&plan[0], samples + begin, want);
            check(memcmp(want, got, sizeof want) == 0, "a stream sees the window");
            compared++;
        }
    }
    check(compared == 3, "windows that lie in the sound");
    struct graph late = {.arena = &arena};
    check(front_build_stream(&audio, FRAMES + 1, &late, &diag) &&
              !front_stitch_stream(&late, &network, &both[1], &diag),
          "more new rows than the network takes");
}

int main(int argc, char **argv)
{
    jmp_buf exhausted;
    arena_init(&arena, (size_t)1 << 28);
    arena.on_exhaustion = &exhausted;
    if (setjmp(exhausted) != 0) {
        printf("FAILED: out of memory\n");
        return 1;
    }
    test_rows();
    test_tone();
    test_spectrum();
    test_quiet_tone();
    test_lengths();
    test_units();
    test_hash();
    test_stitch();
    test_stream();
    struct file there;
    char name[512];
    snprintf(name, sizeof name, "%s/tflm_audio_preprocessor_int8/model.tflite", argc > 1 ? argv[1] : "");
    if (argc > 1 && file_open(&there, name, &diag)) {
        file_close(&there);
        test_golden(argv[1]);
    } else {
        printf("skipped: tflite-micro's audio preprocessor, since there is no %s\n", name);
    }
    arena_free(&arena);
    return failures > 0;
}
