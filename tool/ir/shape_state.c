/* SPDX-License-Identifier: MIT
 *
 * Shape rules of the operators with state.
 */
#include "shape.h"

static bool has_shape(const struct tensor *t, int32_t rank, const int32_t dim[])
{
    bool same = t->rank == rank;
    for (int i = 0; i < rank && same; i++) {
        same = t->dim[i] == dim[i];
    }
    return same;
}

static bool check_shape(const struct graph *g, const struct node *n, int i, int32_t rank, const int32_t dim[],
                        struct diag *diag)
{
    const struct tensor *t = ir_in(g, n, i);
    if (t == NULL || has_shape(t, rank, dim)) {
        return true;
    }
    char is[96], want[96];
    const struct tensor wanted = {.rank = rank, .dim = {dim[0], rank > 1 ? dim[1] : 0}};
    return ir_fail(n, diag, "input %d has shape %s, want %s", i, ir_shape_text(t, is), ir_shape_text(&wanted, want));
}

static bool check_state(const struct graph *g, const struct node *n, int i, int64_t count, struct diag *diag)
{
    const struct tensor *t = ir_in(g, n, i);
    if (t == NULL || !t->is_state) {
        return ir_fail(n, diag, "input %d is not a variable tensor; want the operator's state there", i);
    }
    if (ir_count(t) != count) {
        return ir_fail(n, diag, "state in input %d has %lld values, want %lld", i, (long long)ir_count(t),
                       (long long)count);
    }
    return true;
}

/* Input [batch, in], feature filters [filters, in], time filters [filters, memory], bias [units],
 * state [batch, filters * memory]. */
bool shape_svdf(struct graph *g, struct node *n, struct diag *diag)
{
    const struct tensor *in = ir_in(g, n, 0), *feature = ir_in(g, n, 1), *time = ir_in(g, n, 2);
    const int32_t rank = n->attr.rank;
    if (in->rank != 2 || feature->rank != 2 || time->rank != 2) {
        return ir_fail(n, diag, "input, feature and time filters have %d, %d, %d dims, want 2 each", in->rank,
                       feature->rank, time->rank);
    }
    const int32_t filters = feature->dim[0], memory = time->dim[1];
    if (rank < 1 || filters % rank != 0 || memory < 1) {
        return ir_fail(n, diag,
                       "%d filters of rank %d, %d values in memory: want a multiple of the rank, and 1 or more",
                       filters, rank, memory);
    }
    const int32_t units = filters / rank;
    shape_set(g, n, 0, 2, (int32_t[]){in->dim[0], units});
    return check_shape(g, n, 1, 2, (int32_t[]){filters, in->dim[1]}, diag) &&
           check_shape(g, n, 2, 2, (int32_t[]){filters, memory}, diag) &&
           check_shape(g, n, 3, 1, (int32_t[]){units}, diag) &&
           check_state(g, n, 4, (int64_t)in->dim[0] * filters * memory, diag);
}

/* Inputs that make variants of the LSTM which TensorFlow Lite Micro does not have either. */
static bool check_variant(const struct graph *g, const struct node *n, struct diag *diag)
{
    static const struct {
        int first, last;
        const char *what;
    } variants[] = {{9, 11, "peepholes"}, {16, 17, "a projection"}, {20, 23, "layer normalisation"}};
    for (size_t v = 0; v < COUNT_OF(variants); v++) {
        for (int i = variants[v].first; i <= variants[v].last; i++) {
            if (ir_in(g, n, i) != NULL) {
                return ir_fail(n, diag, "has %s (input %d), which is not supported; train a plain LSTM",
                               variants[v].what, i);
            }
        }
    }
    for (int i = 1; i <= 8; i++) {
        if (ir_in(g, n, i) == NULL) {
            return ir_fail(n, diag, "weights in input %d are left out; coupled gates are not supported", i);
        }
    }
    return true;
}

/* Input [batch, steps, in] or [steps, batch, in]; weights [units, in] and [units, units], biases [units]; states
 * [batch, units]. */
bool shape_lstm(struct graph *g, struct node *n, struct diag *diag)
{
    const struct tensor *in = ir_in(g, n, 0), *weights = ir_in(g, n, 2);
    if (in->rank != 3 || weights->rank != 2) {
        return ir_fail(n, diag, "input and weights have %d and %d dims, want 3 and 2", in->rank, weights->rank);
    }
    const int32_t units = weights->dim[0], batch = in->dim[n->attr.time_major ? 1 : 0];
    if (!check_variant(g, n, diag)) {
        return false;
    }
    for (int i = 1; i <= 8; i++) {
        if (!check_shape(g, n, i, 2, (int32_t[]){units, i <= 4 ? in->dim[2] : units}, diag)) {
            return false;
        }
    }
    for (int i = 12; i <= 15; i++) {
        if (!check_shape(g, n, i, 1, (int32_t[]){units}, diag)) {
            return false;
        }
    }
    shape_set(g, n, 0, 3, (int32_t[]){in->dim[0], in->dim[1], units});
    if (ir_in(g, n, 18) == NULL && ir_in(g, n, 19) == NULL) { /* nothing stays from one invoke to the next */
        return true;
    }
    return check_state(g, n, 18, (int64_t)batch * units, diag) && check_state(g, n, 19, (int64_t)batch * units, diag);
}

/* Input [batch, steps, in] or [steps, batch, in]; `gates` matrices [units, in] and [units, units] in one, as many biases, a
 * state [batch, units] or none. */
static bool check_layer(struct graph *g, struct node *n, int32_t gates, const int at[3], struct diag *diag)
{
    const struct tensor *in = ir_in(g, n, 0), *weights = ir_in(g, n, 1);
    if (in->rank != 3 || weights->rank != 2 || weights->dim[0] % gates != 0) {
        return ir_fail(n, diag, "input and weights have %d and %d dims, want 3 and 2, of %d gates", in->rank,
                       weights->rank, gates);
    }
    const int32_t units = weights->dim[0] / gates, batch = in->dim[n->attr.time_major ? 1 : 0];
    shape_set(g, n, 0, 3, (int32_t[]){in->dim[0], in->dim[1], units});
    return check_shape(g, n, 1, 2, (int32_t[]){gates * units, in->dim[2]}, diag) &&
           check_shape(g, n, 2, 2, (int32_t[]){gates * units, units}, diag) &&
           check_shape(g, n, at[0], 1, (int32_t[]){gates * units}, diag) &&
           check_shape(g, n, at[1], 1, (int32_t[]){gates * units}, diag) &&
           (ir_in(g, n, at[2]) == NULL || check_state(g, n, at[2], (int64_t)batch * units, diag));
}

bool shape_rnn(struct graph *g, struct node *n, struct diag *diag)
{
    return check_layer(g, n, 1, (const int[]){3, 3, 4}, diag);
}

bool shape_gru(struct graph *g, struct node *n, struct diag *diag)
{
    return check_layer(g, n, 3, (const int[]){3, 4, 5}, diag);
}

/* READ_VARIABLE and ASSIGN_VARIABLE where handles have become states; the shape is what the reader of the file says,
 * as long as it has as many values. */
bool shape_variable(struct graph *g, struct node *n, struct diag *diag)
{
    const struct tensor *in = ir_in(g, n, 0), *out = ir_out(g, n, 0);
    if (in->type == TYPE_RESOURCE || out == NULL) {
        return true;
    }
    if (in->type != out->type || ir_count(in) != ir_count(out)) {
        char is[96], want[96];
        return ir_fail(n, diag, "copies %s%s to %s%s", ir_type_text(in->type), ir_shape_text(in, is),
                       ir_type_text(out->type), ir_shape_text(out, want));
    }
    return true;
}

bool shape_unresolved(struct graph *g, struct node *n, struct diag *diag)
{
    (void)g;
    (void)n;
    (void)diag;
    return true;
}
