/* SPDX-License-Identifier: MIT
 *
 * Shape rules of the audio front-end's operators. Samples, spectrum or channels are the last dimension.
 */
#include "shape.h"

static bool check_vector(const struct graph *g, const struct node *n, int i, struct diag *diag)
{
    const struct tensor *t = ir_in(g, n, i);
    return t->rank == 1 || ir_fail(n, diag, "input %d has %d dims, want 1", i, t->rank);
}

/* An input of one dim, or frames of it. */
static bool check_frames(const struct graph *g, const struct node *n, int i, struct diag *diag)
{
    const struct tensor *t = ir_in(g, n, i);
    return t->rank == 1 || t->rank == 2 || ir_fail(n, diag, "input %d has %d dims, want 1 or 2", i, t->rank);
}

static bool check_samples(const struct graph *g, const struct node *n, int32_t least_rank, struct diag *diag)
{
    const struct tensor *in = ir_in(g, n, 0);
    return (in->rank >= least_rank && ir_count(in) > 0) ||
           ir_fail(n, diag, "input has %d dims and %lld values, want %d dims or more and a value", in->rank,
                   (long long)ir_count(in), least_rank);
}

/* All outputs have the shape of input 0. */
bool shape_signal_same(struct graph *g, struct node *n, struct diag *diag)
{
    for (int i = 0; i < n->out_count; i++) {
        shape_copy(g, n, i, ir_in(g, n, 0));
    }
    return check_samples(g, n, 1, diag);
}

/* Output 0 has the leading dims of input 0, then `last`. */
static bool set_last(struct graph *g, struct node *n, int32_t kept, int64_t last, struct diag *diag)
{
    const struct tensor *in = ir_in(g, n, 0);
    int64_t dim[IR_MAX_RANK + 1];
    for (int i = 0; i < kept; i++) {
        dim[i] = in->dim[i];
    }
    dim[kept] = last;
    return shape_set_wide(g, n, 0, kept + 1, dim, diag);
}

bool shape_signal_fft(struct graph *g, struct node *n, struct diag *diag)
{
    const int32_t length = n->attr.fft_length, kept = ir_in(g, n, 0)->rank - 1;
    return check_samples(g, n, 1, diag) &&
           set_last(g, n, kept, n->op == OP_SignalIrfft ? length : (int64_t)length + 2, diag);
}

bool shape_signal_energy(struct graph *g, struct node *n, struct diag *diag)
{
    const int32_t kept = ir_in(g, n, 0)->rank - 1;
    return check_samples(g, n, 1, diag) && check_frames(g, n, 0, diag) &&
           set_last(g, n, kept, ir_in(g, n, 0)->dim[kept] / 2, diag);
}

bool shape_signal_auto_scale(struct graph *g, struct node *n, struct diag *diag)
{
    const struct tensor *in = ir_in(g, n, 0);
    shape_copy(g, n, 0, in);
    shape_set(g, n, 1, in->rank > 1, in->dim); /* a shift for each frame */
    return check_samples(g, n, 1, diag) && check_frames(g, n, 0, diag);
}

bool shape_signal_filter_bank(struct graph *g, struct node *n, struct diag *diag)
{
    for (int i = 1; i < n->in_count; i++) {
        if (!check_vector(g, n, i, diag)) {
            return false;
        }
    }
    return check_samples(g, n, 1, diag) && check_frames(g, n, 0, diag) &&
           set_last(g, n, ir_in(g, n, 0)->rank - 1, n->attr.num_channels, diag);
}

bool shape_signal_framer(struct graph *g, struct node *n, struct diag *diag)
{
    const struct tensor *in = ir_in(g, n, 0);
    const int32_t size = n->attr.frame_size, step = n->attr.frame_step;
    if (!check_samples(g, n, 1, diag)) {
        return false;
    }
    const int32_t samples = in->dim[in->rank - 1];
    if (size < 1 || step < 1 || samples % step != 0 || in->rank >= IR_MAX_RANK || (n->attr.prefill && step > size)) {
        return ir_fail(n, diag,
                       "frames of %d samples every %d from %d: want a multiple of the step, frames of 1 or more, "
                       "and no shorter than the step if prefilled",
                       size, step, samples);
    }
    int64_t dim[IR_MAX_RANK];
    for (int i = 0; i < in->rank - 1; i++) {
        dim[i] = in->dim[i];
    }
    dim[in->rank - 1] = samples / step;
    dim[in->rank] = size;
    const int32_t rank = in->rank + 1;
    shape_set(g, n, 1, 0, NULL);
    return shape_set_wide(g, n, 0, rank, dim, diag);
}

bool shape_signal_stacker(struct graph *g, struct node *n, struct diag *diag)
{
    const struct attr *a = &n->attr;
    const int64_t frames = (int64_t)a->stacker_left_context + a->stacker_right_context + 1;
    if (!check_samples(g, n, 1, diag) || !check_vector(g, n, 0, diag)) {
        return false;
    }
    if (ir_in(g, n, 0)->dim[0] != a->num_channels || a->stacker_left_context < 0 || a->stacker_right_context < 0 ||
        a->stacker_step < 1 || a->stacker_step > frames) {
        return ir_fail(n, diag,
                       "%d channels, input of %d; context %d and %d, step %d: want as many channels, contexts of "
                       "0 or more, a step from 1 to the sum of both and 1",
                       a->num_channels, ir_in(g, n, 0)->dim[0], a->stacker_left_context, a->stacker_right_context,
                       a->stacker_step);
    }
    shape_set(g, n, 1, 0, NULL);
    return set_last(g, n, 0, frames * a->num_channels, diag);
}

/* [..., frames, size] to [..., frames * step]. */
bool shape_signal_overlap_add(struct graph *g, struct node *n, struct diag *diag)
{
    const struct tensor *in = ir_in(g, n, 0);
    const int32_t step = n->attr.frame_step;
    if (!check_samples(g, n, 2, diag)) {
        return false;
    }
    if (step < 1 || step > in->dim[in->rank - 1]) {
        return ir_fail(n, diag, "frame step is %d, want 1 to the %d samples of a frame", step, in->dim[in->rank - 1]);
    }
    return set_last(g, n, in->rank - 2, (int64_t)in->dim[in->rank - 2] * step, diag);
}

/* [1, k, w, c] goes to the end of [1, n, w, c], which says so itself; it is a state, marked as such or not. */
bool shape_circular_buffer(struct graph *g, struct node *n, struct diag *diag)
{
    const struct tensor *in = ir_in(g, n, 0);
    struct tensor *out = ir_out(g, n, 0);
    if (in->rank != 4 || out->rank != 4 || in->dim[0] != 1 || out->dim[0] != 1 || in->dim[1] < 1 ||
        out->dim[1] < in->dim[1] || in->dim[2] != out->dim[2] || in->dim[3] != out->dim[3]) {
        char is[96], to[96];
        return ir_fail(n, diag, "goes from %s to %s, want [1, k, w, c] to [1, n, w, c]", ir_shape_text(in, is),
                       ir_shape_text(out, to));
    }
    out->is_state = true;
    return true;
}

/* Frames of frame_size samples, one for each row of `hop` samples that all of a frame follows: [rows, hop]. */
bool shape_frames(struct graph *g, struct node *n, struct diag *diag)
{
    const struct tensor *in = ir_in(g, n, 0);
    const int32_t size = n->attr.frame_size;
    if (in->rank != 2 || in->dim[0] < 1 || in->dim[1] < 1) {
        return ir_fail(n, diag, "input has %d dims, want [rows, samples of a row]", in->rank);
    }
    const int32_t rows = size > 0 ? (size - 1) / in->dim[1] + 1 : 0;
    if (rows < 1 || rows > in->dim[0]) {
        return ir_fail(n, diag, "frames of %d samples do not fit in %d rows of %d", size, in->dim[0], in->dim[1]);
    }
    return shape_set_wide(g, n, 0, 2, (const int64_t[]){in->dim[0] - rows + 1, size}, diag);
}

bool shape_text_hash(struct graph *g, struct node *n, struct diag *diag)
{
    return check_samples(g, n, 1, diag) && check_vector(g, n, 0, diag) && set_last(g, n, 0, n->attr.num_channels, diag);
}
