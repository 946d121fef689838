/* SPDX-License-Identifier: MIT
 *
 * Dims of inputs that a file leaves open: what the user says of them, what goes without saying, and what the size of a
 * file of values tells.
 */
#include "inputs.h"

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

bool read_check_shapes(const struct read_request *request, const struct graph *g, struct diag *diag)
{
    for (int32_t i = 0; request != NULL && i < request->shape_count; i++) {
        const char *input = request->shapes[i].input;
        bool found = input == NULL && g->input_count == 1;
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
