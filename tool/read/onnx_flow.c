/* SPDX-License-Identifier: MIT
 *
 * If, Loop and Scan of ONNX. Graphs in graphs are taken out: of an If with a constant condition the one branch; else both
 * are computed, and the condition selects; loops are unrolled, as many turns as are known beforehand.
 */
#include <string.h>

#include "onnx.h"

enum { MAX_TURNS = 1024, MAX_VALUES = 64 };

/*** If ***/

static int32_t select_tensor(struct onnx *o, int i, int32_t condition, int32_t yes, int32_t no)
{
    const struct tensor *x = onnx_tensor(o, yes), *y = onnx_tensor(o, no);
    if (x->rank != y->rank || memcmp(x->dim, y->dim, (size_t)x->rank * sizeof x->dim[0]) != 0) {
        return onnx_fail(o,
                         "output %d has another shape in the other branch, and the condition is known only at run time",
                         i);
    }
    return onnx_select(o, condition, yes, no);
}

/* Output i of either branch; of sequences of the same length each tensor. */
static int32_t select_value(struct onnx *o, int i, int32_t condition, int32_t yes, int32_t no)
{
    const struct onnx_sequence *x = onnx_find_sequence(o, yes), *y = onnx_find_sequence(o, no);
    if (x == NULL && y == NULL) {
        return select_tensor(o, i, condition, yes, no);
    }
    if (x == NULL || y == NULL || x->is_none || y->is_none || x->count != y->count) {
        return onnx_fail(
            o, "output %d has another length in the other branch, and the condition is known only at run time", i);
    }
    const int32_t count = x->count, *from = x->items, *other = y->items;
    int32_t *items = ARENA_ARRAY(o->arena, count + 1, int32_t);
    for (int32_t k = 0; k < count && !onnx_failed(o); k++) {
        items[k] = select_tensor(o, i, condition, from[k], other[k]);
    }
    return onnx_add_sequence(o, items, count);
}

void onnx_convert_if(struct onnx *o)
{
    const int32_t condition = onnx_in(o, 0);
    const struct onnx_body *yes = onnx_open_body(o, "then_branch");
    const struct onnx_body *no = yes != NULL ? onnx_open_body(o, "else_branch") : NULL;
    int32_t a[MAX_VALUES], b[MAX_VALUES];
    const int count = onnx_out_count(o);
    if (yes == NULL || no == NULL) {
        return;
    }
    if (count > MAX_VALUES || onnx_body_out_count(yes) != count || onnx_body_out_count(no) != count ||
        onnx_body_in_count(yes) > 0 || onnx_body_in_count(no) > 0 || ir_count(onnx_tensor(o, condition)) != 1) {
        onnx_fail(o, "its branches make %d and %d values, want %d, at most %d; they take no inputs",
                  onnx_body_out_count(yes), onnx_body_out_count(no), count, MAX_VALUES);
        return;
    }
    if (onnx_is_const(o, condition)) {
        const bool holds = *(const uint8_t *)onnx_tensor(o, condition)->data != 0;
        if (onnx_inline_body(o, holds ? yes : no, NULL, a)) {
            for (int i = 0; i < count; i++) {
                onnx_out(o, i, a[i]);
            }
        }
        return;
    }
    if (!onnx_inline_body(o, yes, NULL, a) || !onnx_inline_body(o, no, NULL, b)) {
        diag_add(o->diag,
                 "; this is a branch of an If at run time: give the input that decides by --value NAME=NUMBER");
        return;
    }
    const int32_t scalar = onnx_reshape(o, condition, 0, NULL);
    for (int i = 0; i < count && !onnx_failed(o); i++) {
        onnx_out(o, i, select_value(o, i, scalar, a[i], b[i]));
    }
}

/*** Unrolling ***/

/* What turns of a loop make besides what they hand on: one tensor each turn, joined at the end. */
struct scans {
    int turns;      /* so far */
    int32_t *parts; /* [output][MAX_TURNS] */
};

static struct scans start_scans(struct onnx *o, int count)
{
    return (struct scans){.parts = ARENA_ARRAY(o->arena, (int64_t)count * MAX_TURNS, int32_t)};
}

/* The parts side by side along a new dim. */
static int32_t join(struct onnx *o, const struct scans *s, int k, int32_t axis, bool reversed)
{
    int32_t *in = ARENA_ARRAY(o->arena, s->turns + 1, int32_t);
    for (int i = 0; i < s->turns; i++) {
        in[i] = s->parts[(int64_t)k * MAX_TURNS + (reversed ? s->turns - 1 - i : i)];
    }
    if (s->turns == 0) {
        return onnx_fail(o, "takes no turn, so that the shape of output %d is unknown", k);
    }
    const int32_t rank = onnx_tensor(o, in[0])->rank + 1, at = onnx_axis(o, axis, rank);
    return onnx_emit(o, OP_PACK, &(struct attr){.axis = at, .num = s->turns}, in, s->turns);
}

/*** Loop ***/

/* The number of turns and the first condition, if they are known. */
static bool read_turns(struct onnx *o, int64_t *turns, bool *goes_on)
{
    const int32_t trips = onnx_in(o, 0), condition = onnx_in(o, 1);
    *turns = MAX_TURNS;
    *goes_on = true;
    if ((trips != NO_TENSOR && !onnx_is_const(o, trips)) || (condition != NO_TENSOR && !onnx_is_const(o, condition))) {
        onnx_fail(o, "how often it turns is known only at run time; export it with constants");
        return false;
    }
    if (trips != NO_TENSOR) {
        onnx_in_list(o, 0, turns, 1);
    }
    if (condition != NO_TENSOR) {
        *goes_on = *(const uint8_t *)onnx_tensor(o, condition)->data != 0;
    }
    return !onnx_failed(o);
}

void onnx_convert_loop(struct onnx *o)
{
    const struct onnx_body *body = onnx_open_body(o, "body");
    const int carried = onnx_in_count(o) - 2;
    int64_t turns;
    bool goes_on;
    int32_t in[MAX_VALUES], out[MAX_VALUES];
    struct scans scans;
    if (body == NULL || !read_turns(o, &turns, &goes_on)) {
        return;
    }
    const int scanned = onnx_body_out_count(body) - 1 - carried;
    if (carried < 0 || carried + 2 > MAX_VALUES || onnx_body_in_count(body) != carried + 2 || scanned < 0 ||
        onnx_body_out_count(body) > MAX_VALUES) {
        onnx_fail(o, "its body takes %d values and makes %d, for %d that are handed on", onnx_body_in_count(body),
                  onnx_body_out_count(body), carried);
        return;
    }
    for (int i = 0; i < carried; i++) {
        in[2 + i] = onnx_value(o, 2 + i);
    }
    turns = turns < 0 ? 0 : turns > MAX_TURNS ? MAX_TURNS + 1 : turns;
    scans = start_scans(o, scanned);
    for (; scans.turns < turns && goes_on; scans.turns++) {
        if (scans.turns == MAX_TURNS) {
            onnx_fail(o, "takes more than %d turns, which mote does not unroll", MAX_TURNS);
        }
        in[0] = onnx_number(o, TYPE_S64, scans.turns);
        in[1] = onnx_number(o, TYPE_BOOL, 1);
        if (onnx_failed(o) || !onnx_inline_body(o, body, in, out)) {
            return;
        }
        if (!onnx_is_const(o, out[0])) {
            onnx_fail(o, "whether it goes on is known only at run time; export it with a fixed number of turns");
            return;
        }
        goes_on = *(const uint8_t *)onnx_tensor(o, out[0])->data != 0;
        memcpy(in + 2, out + 1, (size_t)carried * sizeof in[0]);
        for (int k = 0; k < scanned; k++) {
            scans.parts[(int64_t)k * MAX_TURNS + scans.turns] = out[1 + carried + k];
        }
    }
    for (int i = 0; i < onnx_out_count(o) && !onnx_failed(o); i++) {
        if (onnx_has_out(o, i)) {
            onnx_out(o, i, i < carried ? in[2 + i] : join(o, &scans, i - carried, 0, false));
        }
    }
}

/*** Scan ***/

/* Entry i of a list attribute; 0 if it is absent. */
static int64_t entry(struct onnx *o, const char *name, int i)
{
    int32_t count;
    const int64_t *list = onnx_ints(o, name, &count);
    return i < count ? list[i] : 0;
}

/* The slice of a scanned input that a turn sees. */
static int32_t scan_slice(struct onnx *o, int32_t x, int32_t axis, int64_t at)
{
    return onnx_drop_axis(o, onnx_slice(o, x, axis, at, 1), axis);
}

void onnx_convert_scan(struct onnx *o)
{
    const struct onnx_body *body = onnx_open_body(o, "body");
    const int scanned = (int)onnx_int(o, "num_scan_inputs", 0), count = onnx_in_count(o), carried = count - scanned;
    int32_t in[MAX_VALUES], out[MAX_VALUES];
    struct scans scans;
    int64_t turns = -1;
    if (body == NULL) {
        return;
    }
    const int made = onnx_body_out_count(body) - carried;
    if (onnx_opset(o) < 9 || scanned < 1 || carried < 0 || count > MAX_VALUES || made < 0 ||
        onnx_body_out_count(body) > MAX_VALUES || onnx_body_in_count(body) != count) {
        onnx_fail(o, "scans %d of %d inputs, its body takes %d; want version 9 or later", scanned, count,
                  onnx_body_in_count(body));
        return;
    }
    int32_t axis[MAX_VALUES];
    for (int i = 0; i < scanned && !onnx_failed(o); i++) {
        const struct tensor *t = onnx_tensor(o, onnx_in(o, carried + i));
        axis[i] = onnx_axis(o, entry(o, "scan_input_axes", i), t->rank);
        turns = turns < 0 ? t->dim[axis[i]] : turns;
        if (t->dim[axis[i]] != turns || turns > MAX_TURNS) {
            onnx_fail(o, "scans %d and %lld elements, want as many, up to %d", t->dim[axis[i]], (long long)turns,
                      MAX_TURNS);
        }
    }
    for (int i = 0; i < carried; i++) {
        in[i] = onnx_in(o, i);
    }
    scans = start_scans(o, made);
    for (; scans.turns < turns && !onnx_failed(o); scans.turns++) {
        for (int i = 0; i < scanned; i++) {
            const bool backwards = entry(o, "scan_input_directions", i) != 0;
            in[carried + i] =
                scan_slice(o, onnx_in(o, carried + i), axis[i], backwards ? turns - 1 - scans.turns : scans.turns);
        }
        if (!onnx_inline_body(o, body, in, out)) {
            return;
        }
        memcpy(in, out, (size_t)carried * sizeof in[0]);
        for (int k = 0; k < made; k++) {
            scans.parts[(int64_t)k * MAX_TURNS + scans.turns] = out[carried + k];
        }
    }
    for (int i = 0; i < onnx_out_count(o) && !onnx_failed(o); i++) {
        const int k = i - carried;
        onnx_out(o, i,
                 k < 0 ? in[i]
                       : join(o, &scans, k, (int32_t)entry(o, "scan_output_axes", k),
                              entry(o, "scan_output_directions", k) != 0));
    }
}
