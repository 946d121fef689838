/* SPDX-License-Identifier: MIT
 *
 * Dims of inputs that a file leaves open: what the user says of them, what goes without saying, and what the size of a
 * file of values tells.
 */
#include "inputs.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

enum { SHAPE_TEXT = 160 };

/* "1x3x?x?", as --shape takes it. */
static const char *shape_text(const struct tensor *t, const struct read_open *open, char text[SHAPE_TEXT])
{
    size_t length = 0;
    for (int32_t d = 0; d < t->rank; d++) {
        const bool is_open = open->symbol[d] != NULL && !(d == 0 && t->dim[d] == 1);
        length += (size_t)snprintf(text + length, SHAPE_TEXT - length, "%s", d > 0 ? "x" : "");
        length += is_open ? (size_t)snprintf(text + length, SHAPE_TEXT - length, "?")
                          : (size_t)snprintf(text + length, SHAPE_TEXT - length, "%d", t->dim[d]);
    }
    return text;
}

static const struct read_shape *find_shape(const struct read_request *request, const struct read_open *open)
{
    for (int32_t i = 0; request != NULL && i < request->shape_count; i++) {
        const char *input = request->shapes[i].input;
        if (input == NULL ? open->is_only : strcmp(input, open->name) == 0) {
            return &request->shapes[i];
        }
    }
    return NULL;
}

static bool take_shape(const struct read_shape *shape, const struct read_open *open, struct tensor *t,
                       struct diag *diag)
{
    char text[SHAPE_TEXT];
    bool fits = shape->rank == t->rank;
    for (int32_t d = 0; d < t->rank && fits; d++) {
        fits = open->symbol[d] != NULL || shape->dim[d] == t->dim[d];
    }
    if (!fits) {
        return diag_fail(diag, "input \"%.80s\" has the shape %s in the file; --shape may only fill in each ?",
                         open->name, shape_text(t, open, text));
    }
    memcpy(t->dim, shape->dim, sizeof t->dim);
    return true;
}

/* A first dim that is open, and others of its name, are a batch of one. */
static bool is_batch(const struct read_open *open, int32_t d)
{
    const char *symbol = open->symbol[d], *first = open->symbol[0];
    return d == 0 || strstr(symbol, "batch") != NULL || strcmp(symbol, "N") == 0 ||
           (symbol[0] != '\0' && first != NULL && strcmp(symbol, first) == 0);
}

/* The one dim that is left open, if all others are known and the values are those of this input alone. */
static bool find_by_size(const struct read_request *request, const struct read_open *open, int32_t d, struct tensor *t)
{
    if (request == NULL || request->input_size == 0 || !open->is_only) {
        return false;
    }
    size_t left = request->input_size, bytes = (size_t)ir_type_bits(t->type) / 8;
    bool divides = bytes > 0 && left % bytes == 0;
    left /= divides ? bytes : 1;
    for (int32_t k = 0; k < t->rank && divides; k++) {
        const size_t dim = k != d ? (size_t)t->dim[k] : 1;
        divides = dim > 0 && left % dim == 0;
        left /= divides ? dim : 1;
    }
    t->dim[d] = divides && left <= INT32_MAX ? (int32_t)left : 0;
    return t->dim[d] > 0;
}

bool read_open_dims(const struct read_request *request, const struct read_open *open, struct tensor *t,
                    struct diag *diag)
{
    const struct read_shape *shape = find_shape(request, open);
    if (shape != NULL) {
        return take_shape(shape, open, t, diag);
    }
    int32_t unknown = -1, count = 0;
    for (int32_t d = 0; d < t->rank && !open->has_default; d++) {
        if (open->symbol[d] != NULL && is_batch(open, d)) {
            t->dim[d] = 1;
        } else if (open->symbol[d] != NULL) {
            unknown = d;
            count++;
        }
    }
    if (count == 0 || (count == 1 && find_by_size(request, open, unknown, t))) {
        return true;
    }
    char text[SHAPE_TEXT];
    shape_text(t, open, text);
    return diag_fail(diag,
                     "input \"%.80s\" has the shape %s, known only at run time; give it by --shape %.80s=%s with a "
                     "number for each ?",
                     open->name, text, open->name, text);
}

static const struct read_value *find_value(const struct read_request *request, const char *name)
{
    for (int32_t i = 0; request != NULL && i < request->value_count; i++) {
        if (strcmp(request->values[i].input, name) == 0) {
            return &request->values[i];
        }
    }
    return NULL;
}

/* A number as element i of a constant; false: the type cannot hold it. */
static bool set_number(enum type type, void *data, int64_t i, double number)
{
    const int bits = ir_type_bits(type);
    const bool is_unsigned = type == TYPE_U8 || type == TYPE_U16 || type == TYPE_U32;
    if (type == TYPE_F32) {
        ((float *)data)[i] = (float)number;
        return true;
    }
    if (type == TYPE_BOOL || type == TYPE_S8 || type == TYPE_S16 || type == TYPE_S32 || type == TYPE_S64 ||
        is_unsigned) {
        const double most = type == TYPE_BOOL ? 1 : ldexp(1, is_unsigned ? bits : bits - 1) - (bits < 64);
        const int64_t whole = fabs(number) < 0x1p63 ? (int64_t)number : 0;
        memcpy((uint8_t *)data + i * (bits / 8), &whole, (size_t)bits / 8); /* little-endian */
        return (double)whole == number && number <= most &&
               number >= (is_unsigned || type == TYPE_BOOL ? 0 : -most - (bits < 64));
    }
    return false;
}

bool read_take_value(const struct read_request *request, const char *name, struct tensor *t, struct arena *arena,
                     struct diag *diag)
{
    const struct read_value *value = find_value(request, name);
    char text[IR_SHAPE_TEXT];
    if (value == NULL) {
        return true;
    }
    const int64_t count = ir_count(t);
    if (value->count != 1 && value->count != count) {
        return diag_fail(diag, "input \"%.80s\" has the shape %s; --value gives it %d numbers, want 1 or %lld", name,
                         ir_shape_text(t, text), value->count, (long long)count);
    }
    void *data = arena_alloc(arena, (size_t)ir_size(t) + 1);
    for (int64_t i = 0; i < count; i++) {
        const double number = value->numbers[value->count == 1 ? 0 : i];
        if (!set_number(t->type, data, i, number)) {
            return diag_fail(diag, "input \"%.80s\" is %s, which cannot be the %.17g of --value", name,
                             ir_type_text(t->type), number);
        }
    }
    t->data = data;
    return true;
}

bool read_check_values(const struct read_request *request, const char *const names[], int32_t count, struct diag *diag)
{
    for (int32_t i = 0; request != NULL && i < request->value_count; i++) {
        const char *input = request->values[i].input;
        bool found = false;
        for (int32_t k = 0; k < count && !found; k++) {
            found = strcmp(input, names[k]) == 0;
        }
        if (!found) {
            return diag_fail(diag, "has %d input%s; --value \"%.80s\" is of none, the first is \"%.80s\"", count,
                             count == 1 ? "" : "s", input, count > 0 ? names[0] : "");
        }
    }
    return true;
}

bool read_take_values(const struct read_request *request, struct graph *g, struct diag *diag)
{
    if (!read_check_values(request, g->input_names, g->input_count, diag)) {
        return false;
    }
    int32_t kept = 0;
    for (int32_t i = 0; i < g->input_count; i++) {
        struct tensor *t = &g->tensors[g->inputs[i]];
        if (!read_take_value(request, g->input_names[i], t, g->arena, diag)) {
            return false;
        }
        if (t->data == NULL) {
            g->inputs[kept] = g->inputs[i];
            g->input_names[kept++] = g->input_names[i];
        }
    }
    g->input_count = kept;
    return true;
}

bool read_check_shapes(const struct read_request *request, const struct graph *g, struct diag *diag)
{
    for (int32_t i = 0; request != NULL && i < request->shape_count; i++) {
        const char *input = request->shapes[i].input;
        bool found = input == NULL ? g->input_count == 1 : find_value(request, input) != NULL;
        for (int32_t k = 0; k < g->input_count && input != NULL; k++) {
            found = found || strcmp(input, g->input_names[k]) == 0;
        }
        if (!found) {
            return diag_fail(diag, "has %d input%s; --shape \"%.80s\" is of none, the first is \"%.80s\"",
                             g->input_count, g->input_count == 1 ? "" : "s", input != NULL ? input : "",
                             g->input_count > 0 ? g->input_names[0] : "");
        }
    }
    return true;
}
