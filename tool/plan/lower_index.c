/* SPDX-License-Identifier: MIT
 *
 * Operators that use indices, and those whose result is known when the plan is made.
 */
#include <string.h>

#include "../../mote/kernel/index.h"

#include "lower_copy.h"

/*** Indices known only at run time: whole tensors ***/

static int64_t count_dims(const struct tensor *t, int32_t first, int32_t last)
{
    int64_t count = 1;
    for (int32_t d = first; d < last; d++) {
        count *= t->dim[d];
    }
    return count;
}

/* Bytes of an index. */
static int32_t index_bytes(const struct tensor *t) { return t->type == TYPE_S64 ? 8 : 4; }

/* Indices that are constant may be checked now. */
static bool check_range(struct lower *l, const struct tensor *indices, int32_t extent)
{
    for (int64_t i = 0; indices->data != NULL && i < ir_count(indices); i++) {
        const int64_t index = ir_const_int(indices, i);
        if (index < 0 || index >= extent) {
            return ir_fail(l->node, l->diag, "index %lld is %lld, want it in [0, %d]", (long long)i, (long long)index,
                           extent - 1);
        }
    }
    return true;
}

/* Constant indices are a selection. */
static bool gather_constant(struct lower *l, const struct tensor *in, const struct tensor *indices, int32_t axis)
{
    struct select_axis selection[IR_MAX_RANK];
    for (int d = 0; d < in->rank; d++) {
        selection[d] = select_axis(l, in->dim[d], d == axis ? (int32_t)ir_count(indices) : in->dim[d]);
        for (int32_t o = 0; o < selection[d].out; o++) {
            selection[d].from[o] = d == axis ? (int32_t)ir_const_int(indices, o) : o;
        }
    }
    return lower_select(l, 0, 0, in->rank, selection, NULL);
}

bool lower_gather(struct lower *l)
{
    const struct tensor *in = lower_in(l, 0), *indices = lower_in(l, 1), *out = lower_out(l, 0);
    const int32_t axis = l->node->attr.axis + (l->node->attr.axis < 0 ? in->rank : 0);
    const int32_t batch = l->node->attr.batch_dims + (l->node->attr.batch_dims < 0 ? indices->rank : 0);
    if (!copy_check(l, 0, 0) || !check_range(l, indices, in->dim[axis]) || ir_count(out) == 0) {
        return !l->diag->failed;
    }
    if (indices->data != NULL && batch == 0) {
        return gather_constant(l, in, indices, axis);
    }
    struct mote_gather *p = lower_kernel(l, KERNEL_gather_any);
    p->index_bytes = index_bytes(indices);
    p->run = (int32_t)count_dims(in, axis + 1, in->rank) * copy_unit(in);
    p->batches = (int32_t)count_dims(in, 0, batch);
    p->outer = (int32_t)count_dims(in, batch, axis);
    p->extent = in->dim[axis];
    p->coords = (int32_t)count_dims(indices, batch, indices->rank);
    lower_out_whole(l, 0);
    lower_in_whole(l, 0);
    lower_in_whole(l, 1);
    return true;
}

static bool lower_hybrid_lookup(struct lower *l)
{
    const struct tensor *indices = lower_in(l, 0), *values = lower_in(l, 1);
    if (values->quant.count != 1 || ir_zero_point(values) != 0) {
        return ir_fail(l->node, l->diag, "has %d scales and zero point %d, want one scale and 0", values->quant.count,
                       ir_zero_point(values));
    }
    struct mote_embedding_lookup *p = lower_kernel(l, KERNEL_embedding_lookup_s8);
    p->index_bytes = index_bytes(indices);
    p->extent = values->dim[0];
    p->coords = indices->dim[0];
    p->width = (int32_t)count_dims(values, 1, values->rank);
    p->scale = ir_scale(values);
    return true;
}

bool lower_embedding_lookup(struct lower *l)
{
    const struct tensor *indices = lower_in(l, 0), *values = lower_in(l, 1), *out = lower_out(l, 0);
    const bool hybrid = values->type == TYPE_S8 && out->type == TYPE_F32;
    if ((!hybrid && !copy_check(l, 0, 1)) || !check_range(l, indices, values->dim[0]) || ir_count(out) == 0) {
        return !l->diag->failed;
    }
    if (hybrid) {
        if (!lower_hybrid_lookup(l)) {
            return false;
        }
    } else {
        struct mote_gather *p = lower_kernel(l, KERNEL_gather_any);
        *p = (struct mote_gather){.index_bytes = index_bytes(indices),
                                  .batches = 1,
                                  .outer = 1,
                                  .extent = values->dim[0],
                                  .coords = indices->dim[0]};
        p->run = (int32_t)count_dims(values, 1, values->rank) * copy_unit(values);
    }
    lower_out_whole(l, 0);
    lower_in_whole(l, 1);
    lower_in_whole(l, 0);
    return true;
}

/* Parameters of tuples of `indices` into a tensor of the shape of `t`. */
static struct mote_tuples *lower_tuples(struct lower *l, enum kernel kernel, const struct tensor *t,
                                        const struct tensor *indices)
{
    const int32_t depth = ir_dim(indices, -1);
    struct mote_tuples *p = lower_kernel(l, kernel);
    int32_t *extent = lower_alloc(l, (size_t)(depth > 0 ? depth : 1), sizeof *extent);
    int32_t *step = lower_alloc(l, (size_t)(depth > 0 ? depth : 1), sizeof *step);
    p->index_bytes = index_bytes(indices);
    p->unit = copy_unit(t);
    p->run = (int32_t)count_dims(t, depth, t->rank) * p->unit;
    p->count = (int32_t)count_dims(indices, 0, indices->rank - 1);
    p->depth = depth;
    for (int32_t d = 0; d < depth; d++) {
        extent[d] = t->dim[d];
        step[d] = (int32_t)count_dims(t, d + 1, t->rank) * p->unit;
    }
    p->extent = extent;
    p->step = step;
    return p;
}

bool lower_gather_nd(struct lower *l)
{
    if (!copy_check(l, 0, 0) || ir_count(lower_out(l, 0)) == 0) {
        return !l->diag->failed;
    }
    lower_tuples(l, KERNEL_gather_nd_any, lower_in(l, 0), lower_in(l, 1));
    lower_out_whole(l, 0);
    lower_in_whole(l, 0);
    lower_in_whole(l, 1);
    return true;
}

bool lower_scatter_nd(struct lower *l)
{
    const struct tensor *out = lower_out(l, 0);
    if (!copy_check(l, 0, 1) || ir_count(out) == 0) {
        return !l->diag->failed;
    }
    if (out->type == TYPE_F16 || out->type == TYPE_F64 || out->type == TYPE_C64 || out->type == TYPE_BOOL) {
        return lower_no_kernel(l, "integers and float32");
    }
    struct mote_tuples *p = lower_tuples(l, KERNEL_scatter_nd_any, out, lower_in(l, 0));
    p->out_bytes = (int32_t)ir_size(out);
    p->is_float = out->type == TYPE_F32;
    lower_out_whole(l, 0);
    lower_in_whole(l, 0);
    lower_in_whole(l, 1);
    return true;
}

bool lower_sparse_to_dense(struct lower *l)
{
    const struct tensor *indices = lower_in(l, 0), *out = lower_out(l, 0);
    const int32_t depth = out->rank;
    if (!copy_check(l, 0, 2) || !copy_check(l, 0, 3) || ir_count(out) == 0) {
        return !l->diag->failed;
    }
    struct mote_sparse *p = lower_kernel(l, KERNEL_sparse_to_dense_any);
    int32_t *extent = lower_alloc(l, (size_t)depth + 1, sizeof *extent);
    for (int32_t d = 0; d < depth; d++) {
        extent[d] = out->dim[d];
    }
    p->index_bytes = index_bytes(indices);
    p->unit = copy_unit(out);
    p->count = indices->rank == 0 ? 1 : indices->dim[0];
    p->depth = depth;
    p->extent = extent;
    p->out_count = (int32_t)ir_count(out);
    p->value_step = lower_in(l, 2)->rank == 0 ? 0 : p->unit;
    lower_out_whole(l, 0);
    lower_in_whole(l, 0);
    lower_in_whole(l, 2);
    lower_in_whole(l, 3);
    return true;
}

bool lower_one_hot(struct lower *l)
{
    const struct tensor *in = lower_in(l, 0), *out = lower_out(l, 0);
    const int32_t axis = l->node->attr.axis + (l->node->attr.axis < 0 ? out->rank : 0);
    if (!copy_check(l, 0, 2) || !copy_check(l, 0, 3) || ir_count(out) == 0) {
        return !l->diag->failed;
    }
    struct mote_one_hot *p = lower_kernel(l, KERNEL_one_hot_any);
    p->index_bytes = index_bytes(in);
    p->unit = copy_unit(out);
    p->prefix = (int32_t)count_dims(in, 0, axis);
    p->depth = out->dim[axis];
    p->suffix = (int32_t)count_dims(in, axis, in->rank);
    lower_out_whole(l, 0);
    lower_in_whole(l, 0);
    lower_in_whole(l, 2);
    lower_in_whole(l, 3);
    return true;
}

bool lower_reverse_sequence(struct lower *l)
{
    const struct tensor *in = lower_in(l, 0);
    const struct attr *a = &l->node->attr;
    const int32_t sequence = a->axis + (a->axis < 0 ? in->rank : 0);
    const int32_t batch = a->batch_dims + (a->batch_dims < 0 ? in->rank : 0);
    const int32_t first = sequence < batch ? sequence : batch, second = sequence < batch ? batch : sequence;
    if (!copy_check(l, 0, 0) || ir_count(in) == 0) {
        return !l->diag->failed;
    }
    struct mote_reverse_sequence *p = lower_kernel(l, KERNEL_reverse_sequence_any);
    p->index_bytes = index_bytes(lower_in(l, 1));
    p->outer = (int32_t)count_dims(in, 0, first);
    p->first = in->dim[first];
    p->middle = (int32_t)count_dims(in, first + 1, second);
    p->second = in->dim[second];
    p->run = (int32_t)count_dims(in, second + 1, in->rank) * copy_unit(in);
    p->sequence_first = sequence == first;
    lower_out_whole(l, 0);
    lower_in_whole(l, 0);
    lower_in_whole(l, 1);
    return true;
}

bool lower_update_slice(struct lower *l)
{
    const struct tensor *in = lower_in(l, 0), *update = lower_in(l, 1);
    if (!copy_check(l, 0, 0) || !copy_check(l, 0, 1)) {
        return false;
    }
    if (ir_count(update) == 0) {
        return ir_count(in) == 0 || lower_alias(l, 0);
    }
    struct mote_update_slice *p = lower_kernel(l, KERNEL_update_slice_any);
    int32_t *extent = lower_alloc(l, (size_t)in->rank, sizeof *extent);
    int32_t *box = lower_alloc(l, (size_t)in->rank, sizeof *box);
    for (int d = 0; d < in->rank; d++) {
        extent[d] = in->dim[d];
        box[d] = update->dim[d];
    }
    p->index_bytes = index_bytes(lower_in(l, 2));
    p->unit = copy_unit(in);
    p->rank = in->rank;
    p->bytes = (int32_t)ir_size(in);
    p->extent = extent;
    p->update = box;
    lower_out_whole(l, 0);
    lower_in_whole(l, 0);
    lower_in_whole(l, 1);
    lower_in_whole(l, 2);
    lower_in_place(l, 0);
    return true;
}

bool lower_top_k(struct lower *l)
{
    static const int32_t types[TYPE_COUNT] = {
        [TYPE_S8] = MOTE_TOP_S8 + 1,   [TYPE_U8] = MOTE_TOP_U8 + 1,   [TYPE_S16] = MOTE_TOP_S16 + 1,
        [TYPE_S32] = MOTE_TOP_S32 + 1, [TYPE_S64] = MOTE_TOP_S64 + 1, [TYPE_F32] = MOTE_TOP_F32 + 1,
    };
    const struct tensor *in = lower_in(l, 0), *out = lower_out(l, 0);
    if (types[in->type] == 0 || lower_out(l, 1)->type != TYPE_S32) {
        return lower_no_kernel(l, "int8, uint8, int16, int32, int64 and float32, with int32 indices");
    }
    if (!copy_check(l, 0, 0) || ir_count(out) == 0) {
        return !l->diag->failed;
    }
    struct mote_top_k *p = lower_kernel(l, KERNEL_top_k_any);
    p->type = types[in->type] - 1;
    p->unit = copy_unit(in);
    p->count = in->dim[in->rank - 1];
    p->k = out->dim[in->rank - 1];
    const int32_t rows = (int32_t)(ir_count(out) / p->k);
    lower_out_view(l, 0, (struct lower_lines){1, rows, p->k * p->unit});
    lower_out_view(l, 1, (struct lower_lines){1, rows, p->k * 4});
    lower_in_view(l, 0, (struct lower_lines){1, rows, p->count * p->unit}, lower_each_line);
    return true;
}

static int32_t segment_operation(enum op op)
{
    switch (op) {
    case OP_UNSORTED_SEGMENT_PROD:
        return MOTE_SEGMENT_PROD;
    case OP_UNSORTED_SEGMENT_MAX:
        return MOTE_SEGMENT_MAX;
    case OP_UNSORTED_SEGMENT_MIN:
        return MOTE_SEGMENT_MIN;
    default:
        return MOTE_SEGMENT_SUM;
    }
}

bool lower_segment(struct lower *l)
{
    const struct tensor *in = lower_in(l, 0), *at = lower_in(l, 1), *out = lower_out(l, 0);
    if ((in->type != TYPE_F32 && in->type != TYPE_S32) || out->type != in->type) {
        return lower_no_kernel(l, "float32 and int32");
    }
    if (ir_count(out) == 0) {
        return true;
    }
    struct mote_segment *p = lower_kernel(l, in->type == TYPE_F32 ? KERNEL_segment_f32 : KERNEL_segment_s32);
    p->operation = segment_operation(l->node->op);
    p->count = (int32_t)ir_count(at);
    p->width = (int32_t)count_dims(in, at->rank, in->rank);
    p->segments = out->dim[0];
    lower_out_whole(l, 0);
    lower_in_whole(l, 0);
    lower_in_whole(l, 1);
    return true;
}

/*** Results known when the plan is made ***/

bool lower_range(struct lower *l)
{
    const struct tensor *start = lower_in(l, 0), *step = lower_in(l, 2), *out = lower_out(l, 0);
    if (!copy_check(l, 0, 0)) {
        return false;
    }
    const int64_t count = ir_count(out);
    void *data = lower_alloc(l, (size_t)count + 1, (size_t)copy_unit(out));
    if (out->type == TYPE_F32) {
        float value = *(const float *)start->data;
        for (int64_t i = 0; i < count; i++, value += *(const float *)step->data) {
            ((float *)data)[i] = value; /* summed up, not multiplied, as TensorFlow Lite does */
        }
    } else {
        for (int64_t i = 0; i < count; i++) {
            const uint64_t value = (uint64_t)ir_const_int(start, 0) + (uint64_t)i * (uint64_t)ir_const_int(step, 0);
            if (out->type == TYPE_S64) {
                ((int64_t *)data)[i] = (int64_t)value;
            } else {
                ((int32_t *)data)[i] = (int32_t)(int64_t)value;
            }
        }
    }
    lower_constant(l, 0, data);
    return true;
}

bool lower_where(struct lower *l)
{
    const struct tensor *in = lower_in(l, 0), *out = lower_out(l, 0);
    if (out->type != TYPE_S64) {
        return lower_no_kernel(l, "int64 results");
    }
    int64_t *data = lower_alloc(l, (size_t)ir_count(out) + 1, sizeof *data), *to = data;
    for (int64_t i = 0; i < ir_count(in); i++) {
        int64_t rest = i;
        if (((const uint8_t *)in->data)[i] == 0) {
            continue;
        }
        for (int d = in->rank - 1; d >= 0; d--) {
            to[d] = rest % in->dim[d];
            rest /= in->dim[d];
        }
        to += in->rank;
    }
    lower_constant(l, 0, data);
    return true;
}

bool lower_unique(struct lower *l)
{
    const struct tensor *in = lower_in(l, 0), *out = lower_out(l, 0), *index = lower_out(l, 1);
    const int32_t count = in->dim[0];
    const size_t unit = (size_t)copy_unit(in);
    if (out->type != in->type || (index->type != TYPE_S32 && index->type != TYPE_S64)) {
        return lower_no_kernel(l, "values of the input's type, int32 and int64 indices");
    }
    int32_t *place = lower_alloc(l, (size_t)count + 1, sizeof *place);
    int32_t *first = lower_alloc(l, (size_t)count + 1, sizeof *first);
    int64_t *wide = lower_alloc(l, (size_t)count + 1, sizeof *wide);
    uint8_t *values = lower_alloc(l, (size_t)count + 1, unit);
    ir_unique(l->graph->arena, &(struct ir_elements){in->type, in->data, count, 1}, place, first);
    for (int32_t i = 0; i < count; i++) {
        wide[i] = place[i];
    }
    for (int32_t u = 0; u < out->dim[0]; u++) {
        memcpy(values + (size_t)u * unit, (const uint8_t *)in->data + (size_t)first[u] * unit, unit);
    }
    lower_constant(l, 0, values);
    lower_constant(l, 1, index->type == TYPE_S64 ? (const void *)wide : place);
    return true;
}
