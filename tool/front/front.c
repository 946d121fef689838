/* SPDX-License-Identifier: MIT */
#include "front.h"

#include <math.h>
#include <string.h>

#include "build.h"

static int32_t add_input(struct build *b, const struct front_options *o, const struct tensor *input)
{
    if (o->kind == FRONT_MEL || o->kind == FRONT_MFCC) {
        const int32_t hop = (int32_t)(o->hop * o->rate + 0.5), samples = (int32_t)ir_count(input);
        if (hop < 1 || samples < hop) {
            diag_fail(b->diag, "front.hop of %d samples does not fit in %d", hop, samples);
            return 0;
        }
        return build_tensor(b, "samples", TYPE_S16, 2, LIST(samples / hop, hop));
    }
    if (o->kind == FRONT_PIXELS) { /* with the batch, so that they are lines of an image and stream as such */
        const int32_t in =
            build_tensor(b, "input", input->type, 4, LIST(1, input->dim[0], input->dim[1], input->dim[2]));
        static const struct {
            float scale;
            int32_t zero_point;
        } ranges[] = {[FRONT_UNIT] = {1.0F / 255, 0}, [FRONT_SIGNED] = {1.0F / 127.5F, 127}, [FRONT_BYTES] = {1, 0}};
        build_quant(b, in, ranges[o->range].scale, ranges[o->range].zero_point);
        return in;
    }
    if (input->type != TYPE_F32 || o->unit <= 0) {
        return build_tensor(b, "input", input->type, input->rank, input->dim);
    }
    const int32_t in =
        build_tensor(b, "input", o->kind == FRONT_STANDARD ? TYPE_S32 : TYPE_S16, input->rank, input->dim);
    build_quant(b, in, o->unit, 0);
    return in;
}

/* Steps in int16, floats by the unit of each axis. */
static int32_t in_steps(struct build *b, const struct front_options *o, int32_t in)
{
    const struct tensor *t = build_at(b, in);
    if (t->type != TYPE_F32 || o->units == NULL) {
        return in;
    }
    const int32_t axes = t->dim[1];
    float *factor = ARENA_ARRAY(b->graph->arena, axes, float);
    for (int32_t i = 0; i < axes; i++) {
        factor[i] = 1 / o->units[i];
    }
    const int32_t x = build_binary(b, OP_MUL, in, build_floats(b, axes, factor));
    const int32_t y = build_node(b, OP_QUANTIZE, NULL, TYPE_S16, 1, LIST(x));
    build_quant(b, y, 1, 0);
    return y;
}

static int32_t add_kind(struct build *b, const struct front_options *o, int32_t in)
{
    const struct attr hash = {.num_channels = o->buckets, .words = o->words, .letters = o->letters};
    int32_t x = in;
    switch (o->kind) {
    case FRONT_MEL:
        return front_mel(b, o, in);
    case FRONT_MFCC:
        return front_mfcc(b, o, front_mel(b, o, in));
    case FRONT_SPECTRUM:
    case FRONT_STATISTICS:
        return front_statistics(b, o, in_steps(b, o, in));
    case FRONT_HASH:
        x = build_node(b, OP_MoteTextHash, &hash, TYPE_U8, 1, LIST(in));
        build_quant(b, x, 0.25F, 0);
        return x;
    case FRONT_RAW:
        return in_steps(b, o, in);
    case FRONT_PIXELS:
    case FRONT_STANDARD:
        break;
    }
    return x;
}

bool front_is_float(enum front_kind kind) { return kind != FRONT_MEL && kind != FRONT_PIXELS && kind != FRONT_HASH; }

bool front_build(const struct front_options *o, const struct tensor *input, struct graph *g, struct diag *diag)
{
    static const enum type types[] = {
        [FRONT_MEL] = TYPE_S16, [FRONT_MFCC] = TYPE_S16,  [FRONT_SPECTRUM] = TYPE_F32, [FRONT_STATISTICS] = TYPE_F32,
        [FRONT_RAW] = TYPE_F32, [FRONT_PIXELS] = TYPE_U8, [FRONT_HASH] = TYPE_U8,      [FRONT_STANDARD] = TYPE_F32,
    };
    static const int32_t ranks[] = {
        [FRONT_MEL] = 1, [FRONT_MFCC] = 1,   [FRONT_SPECTRUM] = 2, [FRONT_STATISTICS] = 2,
        [FRONT_RAW] = 2, [FRONT_PIXELS] = 3, [FRONT_HASH] = 1,     [FRONT_STANDARD] = 1,
    };
    if (input->type != types[o->kind] || input->rank != ranks[o->kind]) {
        return diag_fail(diag, "front.kind does not fit data.kind: examples are of %s with %d dims, want %s with %d",
                         ir_type_text(input->type), input->rank, ir_type_text(types[o->kind]), ranks[o->kind]);
    }
    struct build b;
    build_begin(&b, g, diag);
    const int32_t in = add_input(&b, o, input);
    const int32_t out = diag->failed ? 0 : add_kind(&b, o, in);
    build_end(&b, in, out);
    return !diag->failed && ir_check(g, diag);
}

/* (x - mean) / deviation of integers: less an integer, times one of 15 bits, shifted. */
static int32_t standardise_integers(struct build *b, int32_t x, const float *mean, const float *deviation)
{
    enum { FRACTION = 10, BITS = 15, MOST_SHIFT = 47 };
    const struct tensor *t = build_at(b, x);
    const int32_t count = ir_dim(t, -1);
    const double scale = (double)ir_scale(t);
    int32_t *all[3];
    for (int i = 0; i < 3; i++) {
        all[i] = ARENA_ARRAY(b->graph->arena, count, int32_t);
    }
    for (int32_t i = 0; i < count; i++) {
        int exponent;
        const double part = frexp(scale / (double)deviation[i], &exponent);
        const int32_t shift = BITS - exponent - FRACTION;
        all[0][i] = (int32_t)fmin(fmax(rint((double)mean[i] / scale), INT32_MIN), INT32_MAX);
        all[1][i] = shift > MOST_SHIFT ? 0 : shift < 1 ? INT16_MAX : (int32_t)fmin(ldexp(part, BITS), INT16_MAX);
        all[2][i] = shift > MOST_SHIFT ? MOST_SHIFT : shift < 1 ? 1 : shift;
    }
    const int32_t in[4] = {x, build_ints(b, count, all[0]), build_ints(b, count, all[1]), build_ints(b, count, all[2])};
    const int32_t y = build_node(b, OP_MoteStandardise, NULL, TYPE_S16, 4, in);
    build_quant(b, y, 1.0F / (1 << FRACTION), 0);
    return y;
}

bool front_standardise(struct graph *g, const float *mean, const float *deviation, struct diag *diag)
{
    struct build b = {g, diag};
    const int32_t out = g->outputs[0], count = ir_dim(&g->tensors[out], -1);
    if (g->tensors[out].type != TYPE_F32) {
        build_end(&b, g->inputs[0], standardise_integers(&b, out, mean, deviation));
        return !diag->failed && ir_check(g, diag);
    }
    float *factor = ARENA_ARRAY(g->arena, count, float);
    for (int32_t i = 0; i < count; i++) {
        factor[i] = 1 / deviation[i];
    }
    int32_t x = build_binary(&b, OP_SUB, out, build_floats(&b, count, mean));
    x = build_binary(&b, OP_MUL, x, build_floats(&b, count, factor));
    build_end(&b, g->inputs[0], x);
    return !diag->failed && ir_check(g, diag);
}

/*** Stitching ***/

/* What leaves the front-end as the network wants it: its type and quantisation, then its shape. */
static int32_t convert(struct build *b, int32_t x, const struct tensor *wanted)
{
    const struct tensor *t = build_at(b, x);
    if (ir_count(t) != ir_count(wanted)) {
        char is[IR_SHAPE_TEXT], want[IR_SHAPE_TEXT];
        diag_fail(b->diag, "the front-end makes %s, the network takes %s", ir_shape_text(t, is),
                  ir_shape_text(wanted, want));
        return x;
    }
    x = build_like(b, x, wanted);
    if (build_at(b, x)->rank != wanted->rank ||
        memcmp(build_at(b, x)->dim, wanted->dim, (size_t)wanted->rank * sizeof wanted->dim[0]) != 0) {
        x = build_reshape(b, x, wanted->rank, wanted->dim);
    }
    return x;
}

bool front_stitch(const struct graph *front, const struct graph *network, struct graph *g, struct diag *diag)
{
    struct build b;
    if (!build_behind(&b, front, network, g, diag)) {
        return false;
    }
    build_append(&b, network, convert(&b, g->outputs[0], &network->tensors[network->inputs[0]]));
    return !diag->failed && ir_check(g, diag);
}

bool front_stitch_error(const struct graph *front, const struct graph *network, struct graph *g, struct diag *diag)
{
    struct build b;
    if (!build_behind(&b, front, network, g, diag)) {
        return false;
    }
    struct tensor real = network->tensors[network->inputs[0]];
    real.type = TYPE_F32;
    real.quant = (struct quant){0};
    const int32_t count = (int32_t)ir_count(&real), features = convert(&b, g->outputs[0], &real);
    build_append(&b, network, convert(&b, features, &network->tensors[network->inputs[0]]));
    int32_t out = g->outputs[0];
    out = build_at(&b, out)->type == TYPE_F32 ? out : build_node(&b, OP_DEQUANTIZE, NULL, TYPE_F32, 1, LIST(out));
    const int32_t error = build_binary(&b, OP_SUB, build_reshape(&b, features, 2, LIST(1, count)),
                                       build_reshape(&b, out, 2, LIST(1, count)));
    build_end(&b, g->inputs[0], build_reduce(&b, OP_MEAN, build_unary(&b, OP_SQUARE, error), 1, true));
    return !diag->failed && ir_check(g, diag);
}
