/* SPDX-License-Identifier: MIT
 *
 * The front-end and the network for sound that never ends. What remains between two decisions is state: the end of the
 * last frame, and the window of features, which moves on by as many rows as are new. So each frame is transformed once,
 * however many windows it is in, and the decision is the one that the whole window leads to.
 */
#include <math.h>

#include "build.h"

int32_t front_stream_rows(const struct front_options *o, double seconds)
{
    const double rows = round(seconds / o->hop);
    return rows < 1 ? 1 : rows > INT16_MAX ? INT16_MAX : (int32_t)rows;
}

bool front_build_stream(const struct front_options *o, int32_t rows, struct graph *g, struct diag *diag)
{
    const int32_t hop = (int32_t)lround(o->hop * o->rate), frame = (int32_t)lround(o->frame * o->rate);
    const struct attr framer = {.frame_size = frame, .frame_step = hop, .prefill = hop <= frame};
    struct build b;
    if (o->kind != FRONT_MEL && o->kind != FRONT_MFCC) {
        return diag_fail(diag, "only sound can be decided on as it comes, by front.kind mel or mfcc");
    }
    build_begin(&b, g, diag);
    const int32_t in = build_tensor(&b, "samples", TYPE_S16, 1, LIST(rows * hop));
    const int32_t frames = build_node(&b, OP_SignalFramer, &framer, TYPE_S16, 1, LIST(in));
    const int32_t bands = diag->failed ? 0 : front_bands(&b, o, frames);
    build_end(&b, in, o->kind == FRONT_MFCC && !diag->failed ? front_mfcc(&b, o, bands) : bands);
    return !diag->failed && ir_check(g, diag);
}

bool front_stitch_stream(const struct graph *front, const struct graph *network, struct graph *g, struct diag *diag)
{
    const struct tensor *wanted = &network->tensors[network->inputs[0]];
    const struct tensor *new = &front->tensors[front->outputs[0]];
    const int32_t rows = new->dim[0], bands = new->dim[1], most = (int32_t)(ir_count(wanted) / bands);
    if (rows > most || wanted->type != TYPE_S8) {
        return diag_fail(diag, "%d new rows for a network that takes %d of %s; want fewer, and int8", rows, most,
                         ir_type_text(wanted->type));
    }
    struct build b;
    if (!build_behind(&b, front, network, g, diag)) {
        return false;
    }
    int32_t x = build_like(&b, g->outputs[0], wanted);
    x = build_window(&b, build_reshape(&b, x, 4, LIST(1, rows, bands, 1)), most);
    build_append(&b, network, build_reshape(&b, x, wanted->rank, wanted->dim));
    return !diag->failed && ir_check(g, diag);
}
