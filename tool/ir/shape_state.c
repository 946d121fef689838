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

/* Inputs of an LSTM: matrices for input, forget, cell and output gate, then what else its variants have. */
enum {
    LSTM_WEIGHTS = 1,
    LSTM_STATE_WEIGHTS = 5,
    LSTM_PEEPHOLES = 9, /* of input, forget and output gate */
    LSTM_BIASES = 12,
    LSTM_PROJECTION = 16,
    LSTM_PROJECTION_BIAS,
    LSTM_HIDDEN,
    LSTM_CELL,
    LSTM_NORMS
};

/* Which inputs are there must make sense: with the input gate's weights left out, it is 1 less the forget gate, and has
 * nothing else either; peepholes and factors of layer normalisation are there for all gates or for none. */
static bool check_gates(const struct graph *g, const struct node *n, struct diag *diag)
{
    const bool is_coupled = ir_in(g, n, LSTM_WEIGHTS) == NULL;
    const bool peeps = ir_in(g, n, LSTM_PEEPHOLES + 2) != NULL, is_normed = ir_in(g, n, LSTM_NORMS + 1) != NULL;
    const struct {
        int first, count;
        bool wanted;
        const char *what;
    } groups[] = {
        {LSTM_WEIGHTS, 4, true, "weights"},
        {LSTM_STATE_WEIGHTS, 4, true, "weights of the state"},
        {LSTM_PEEPHOLES, 3, peeps, "a peephole"},
        {LSTM_NORMS, 4, is_normed, "factors of a layer normalisation"},
        {LSTM_BIASES, 1, !is_coupled || ir_in(g, n, LSTM_BIASES) != NULL, "a bias"},
    };
    for (size_t k = 0; k < COUNT_OF(groups); k++) {
        for (int i = 0; i < groups[k].count; i++) {
            const bool is_wanted = groups[k].wanted && !(is_coupled && i == 0);
            const bool is_optional = groups[k].first == LSTM_BIASES;
            const bool is_there = ir_in(g, n, groups[k].first + i) != NULL;
            if (is_there != is_wanted && !(is_optional && !is_there)) {
                return ir_fail(n, diag, "%s in input %d %s, unlike those of the other gates", groups[k].what,
                               groups[k].first + i, is_there ? "is given" : "is left out");
            }
        }
    }
    return ir_in(g, n, LSTM_PROJECTION) != NULL || ir_in(g, n, LSTM_PROJECTION_BIAS) == NULL ||
           ir_fail(n, diag, "has a bias of a projection (input %d), but no projection", LSTM_PROJECTION_BIAS);
}

/* Input [batch, steps, in] or [steps, batch, in]; weights [cells, in] and [cells, units], all else of gates [cells];
 * projection [units, cells], [units], without which units and cells are as many; states [batch, units], [batch, cells]. */
bool shape_lstm(struct graph *g, struct node *n, struct diag *diag)
{
    const struct tensor *in = ir_in(g, n, 0), *weights = ir_in(g, n, 2), *project = ir_in(g, n, LSTM_PROJECTION);
    if (weights == NULL || in->rank != 3 || weights->rank != 2 || (project != NULL && project->rank != 2)) {
        return ir_fail(n, diag, "input and weights have %d and %d dims, want 3 and 2", in->rank,
                       weights != NULL ? weights->rank : 0);
    }
    const int32_t cells = weights->dim[0], batch = in->dim[n->attr.time_major ? 1 : 0];
    const int32_t units = project != NULL ? project->dim[0] : cells;
    bool fits = check_gates(g, n, diag);
    for (int i = LSTM_WEIGHTS; i < LSTM_PEEPHOLES && fits; i++) {
        fits = check_shape(g, n, i, 2, (int32_t[]){cells, i < LSTM_STATE_WEIGHTS ? in->dim[2] : units}, diag);
    }
    for (int i = LSTM_PEEPHOLES; i < LSTM_PROJECTION && fits; i++) {
        fits = check_shape(g, n, i, 1, &cells, diag);
    }
    for (int i = LSTM_NORMS; i < LSTM_NORMS + 4 && fits; i++) {
        fits = check_shape(g, n, i, 1, &cells, diag);
    }
    if (!fits || !check_shape(g, n, LSTM_PROJECTION, 2, (int32_t[]){units, cells}, diag) ||
        !check_shape(g, n, LSTM_PROJECTION_BIAS, 1, &units, diag)) {
        return false;
    }
    shape_set(g, n, 0, 3, (int32_t[]){in->dim[0], in->dim[1], units});
    if (ir_in(g, n, LSTM_HIDDEN) == NULL && ir_in(g, n, LSTM_CELL) == NULL) { /* nothing stays between invokes */
        return true;
    }
    return check_state(g, n, LSTM_HIDDEN, (int64_t)batch * units, diag) &&
           check_state(g, n, LSTM_CELL, (int64_t)batch * cells, diag);
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
