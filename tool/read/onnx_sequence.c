/* SPDX-License-Identifier: MIT
 *
 * Sequences and optional values of ONNX. How long a sequence is, and where in it something is done, must be known: then it
 * is a list of tensors while the file is read, and nothing at all in the graph. An optional value is the value, or the
 * sequence that says that there is none.
 */
#include <string.h>

#include "onnx.h"

enum { MAX_LENGTH = 4096 };

/* Input i as a sequence; NULL with an error. */
static const struct onnx_sequence *want_sequence(struct onnx *o, int i)
{
    const struct onnx_sequence *s = onnx_sequence(o, i);
    if (s == NULL || s->is_none) {
        onnx_fail(o, "input %d is no sequence", i);
        return NULL;
    }
    return s;
}

static int32_t want_tensor(struct onnx *o, int i)
{
    const int32_t tensor = onnx_in(o, i);
    return tensor != NO_TENSOR ? tensor : onnx_fail(o, "input %d is no tensor", i);
}

/* A place in a sequence of `count`, which input i tells, counted from the end if negative; `absent` if it is left out. */
static int32_t find_place(struct onnx *o, int i, int32_t count, int32_t absent)
{
    int64_t place = 0;
    if (onnx_in_list(o, i, &place, 1) != 1) {
        return absent;
    }
    place += place < 0 ? count : 0;
    if (place < 0 || place > absent) {
        onnx_fail(o, "names place %lld of %d", (long long)place, count);
        return absent;
    }
    return (int32_t)place;
}

/* `count` tensors of a sequence to be. */
static int32_t *new_items(struct onnx *o, int32_t count)
{
    if (count > MAX_LENGTH) {
        onnx_fail(o, "makes a sequence of %d, want at most %d", count, MAX_LENGTH);
        count = 0;
    }
    return ARENA_ARRAY(o->arena, count + 1, int32_t);
}

/*** Making and changing ***/

void onnx_convert_sequence_construct(struct onnx *o)
{
    const int count = onnx_in_count(o);
    int32_t *items = new_items(o, count);
    for (int i = 0; i < count && !onnx_failed(o); i++) {
        items[i] = want_tensor(o, i);
    }
    onnx_out(o, 0, onnx_add_sequence(o, items, count));
}

void onnx_convert_sequence_insert(struct onnx *o)
{
    const struct onnx_sequence *s = want_sequence(o, 0);
    if (s == NULL) {
        return;
    }
    const int32_t at = find_place(o, 2, s->count, s->count);
    int32_t *items = new_items(o, s->count + 1);
    for (int32_t i = 0; i <= s->count && !onnx_failed(o); i++) {
        items[i] = i < at ? s->items[i] : i == at ? want_tensor(o, 1) : s->items[i - 1];
    }
    onnx_out(o, 0, onnx_add_sequence(o, items, s->count + 1));
}

void onnx_convert_sequence_erase(struct onnx *o)
{
    const struct onnx_sequence *s = want_sequence(o, 0);
    if (s == NULL || s->count == 0) {
        onnx_fail(o, "takes something out of an empty sequence");
        return;
    }
    const int32_t at = find_place(o, 1, s->count, s->count - 1);
    int32_t *items = new_items(o, s->count);
    for (int32_t i = 0; i < s->count - 1; i++) {
        items[i] = s->items[i < at ? i : i + 1];
    }
    onnx_out(o, 0, onnx_add_sequence(o, items, s->count - 1));
}

/* The sizes of the parts: given one by one, or all the same but the last, or 1. Returns how many there are. */
static int32_t find_parts(struct onnx *o, int32_t extent, int64_t **sizes)
{
    const int32_t split = onnx_in(o, 1);
    const bool is_list = split != NO_TENSOR && onnx_tensor(o, split)->rank > 0;
    int64_t each = 1, sum = 0;
    if (split != NO_TENSOR && !is_list) {
        onnx_in_list(o, 1, &each, 1);
    }
    const int64_t count = is_list ? ir_count(onnx_tensor(o, split)) : each > 0 ? (extent + each - 1) / each : -1;
    if (count < 0 || count > MAX_LENGTH || onnx_failed(o)) {
        onnx_fail(o, "makes %lld parts of %d, want at most %d", (long long)count, extent, MAX_LENGTH);
        return 0;
    }
    int64_t *size = ARENA_ARRAY(o->arena, count + 1, int64_t);
    if (is_list) {
        onnx_in_list(o, 1, size, (int)count);
    }
    for (int64_t i = 0; i < count; i++) {
        size[i] = is_list ? size[i] : extent - sum < each ? extent - sum : each;
        sum += size[i];
    }
    if (sum != extent) {
        onnx_fail(o, "its parts add up to %lld, but the dim is %d", (long long)sum, extent);
    }
    *sizes = size;
    return (int32_t)count;
}

void onnx_convert_split_to_sequence(struct onnx *o)
{
    const int32_t x = onnx_in(o, 0), rank = onnx_tensor(o, x)->rank;
    const int32_t axis = onnx_axis(o, onnx_int(o, "axis", 0), rank > 0 ? rank : 1);
    const bool drops = onnx_in(o, 1) == NO_TENSOR && onnx_int(o, "keepdims", 1) == 0;
    int64_t *size = NULL, begin = 0;
    const int32_t count = find_parts(o, onnx_tensor(o, x)->dim[axis], &size);
    int32_t *items = new_items(o, count);
    for (int32_t i = 0; i < count && !onnx_failed(o); i++) {
        const int32_t part = onnx_slice(o, x, axis, begin, size[i]);
        items[i] = drops ? onnx_drop_axis(o, part, axis) : part;
        begin += size[i];
    }
    onnx_out(o, 0, onnx_add_sequence(o, items, count));
}

/*** Taking from them ***/

void onnx_convert_sequence_at(struct onnx *o)
{
    const struct onnx_sequence *s = want_sequence(o, 0);
    if (s == NULL || s->count == 0) {
        onnx_fail(o, "takes something out of an empty sequence");
        return;
    }
    onnx_out(o, 0, s->items[find_place(o, 1, s->count, s->count - 1)]);
}

void onnx_convert_sequence_length(struct onnx *o)
{
    const struct onnx_sequence *s = want_sequence(o, 0);
    onnx_out(o, 0, s != NULL ? onnx_number(o, TYPE_S64, s->count) : NO_TENSOR);
}

void onnx_convert_concat_from_sequence(struct onnx *o)
{
    const struct onnx_sequence *s = want_sequence(o, 0);
    if (s == NULL || s->count == 0) {
        onnx_fail(o, "joins an empty sequence");
        return;
    }
    const bool is_new = onnx_int(o, "new_axis", 0) != 0;
    const int32_t rank = onnx_tensor(o, s->items[0])->rank + is_new;
    const struct attr attr = {.axis = onnx_axis(o, onnx_int(o, "axis", 0), rank), .num = s->count};
    onnx_out(o, 0,
             is_new ? onnx_emit(o, OP_PACK, &attr, s->items, s->count) : onnx_concat(o, s->items, s->count, attr.axis));
}

/* The body once for each place: of sequences it sees what is there, of tensors all. */
void onnx_convert_sequence_map(struct onnx *o)
{
    enum { MOST = 64 };
    const struct onnx_body *body = onnx_open_body(o, "body");
    const struct onnx_sequence *first = body != NULL ? want_sequence(o, 0) : NULL;
    const int ins = onnx_in_count(o), outs = onnx_out_count(o);
    int32_t in[MOST], out[MOST], *items[MOST];
    if (first == NULL) {
        return;
    }
    if (ins > MOST || outs > MOST || onnx_body_in_count(body) != ins || onnx_body_out_count(body) != outs) {
        onnx_fail(o, "its body takes %d values and makes %d, want %d and %d", onnx_body_in_count(body),
                  onnx_body_out_count(body), ins, outs);
        return;
    }
    for (int k = 0; k < outs; k++) {
        items[k] = new_items(o, first->count);
    }
    for (int32_t i = 0; i < first->count && !onnx_failed(o); i++) {
        for (int k = 0; k < ins; k++) {
            const struct onnx_sequence *s = onnx_sequence(o, k);
            in[k] = s == NULL      ? onnx_in(o, k)
                    : i < s->count ? s->items[i]
                                   : onnx_fail(o, "its sequences differ in length");
        }
        if (onnx_failed(o) || !onnx_inline_body(o, body, in, out)) {
            return;
        }
        for (int k = 0; k < outs; k++) {
            items[k][i] = out[k] >= 0 ? out[k] : onnx_fail(o, "its body makes a sequence, want tensors");
        }
    }
    for (int k = 0; k < outs; k++) {
        onnx_out(o, k, onnx_add_sequence(o, items[k], first->count));
    }
}

/*** Optional values ***/

void onnx_convert_optional(struct onnx *o)
{
    onnx_out(o, 0, onnx_in_count(o) > 0 ? onnx_value(o, 0) : onnx_add_none(o));
}

void onnx_convert_optional_has_element(struct onnx *o)
{
    const struct onnx_sequence *s = onnx_sequence(o, 0);
    const bool is_none = s != NULL ? s->is_none : onnx_in(o, 0) == NO_TENSOR;
    onnx_out(o, 0, onnx_number(o, TYPE_BOOL, !is_none));
}

void onnx_convert_optional_get_element(struct onnx *o)
{
    const struct onnx_sequence *s = onnx_sequence(o, 0);
    onnx_out(o, 0, s != NULL && s->is_none ? onnx_fail(o, "takes a value that there is not") : onnx_value(o, 0));
}

void onnx_convert_identity(struct onnx *o) { onnx_out(o, 0, onnx_value(o, 0)); }
