/* SPDX-License-Identifier: MIT */
#ifndef READ_INPUTS_H
#define READ_INPUTS_H

#include "read.h"

/* Which dims of an input the file leaves open. */
struct read_open {
    const char *name;
    bool is_only;                    /* the model has no other input */
    bool has_default;                /* of those that are open, the tensor has what the file would have them be */
    const char *symbol[IR_MAX_RANK]; /* what the file calls an open dim, or ""; NULL: it states the dim */
};

/* Sets the dims that are open, or fails with what the user may do. */
bool read_open_dims(const struct read_request *request, const struct read_open *open, struct tensor *t,
                    struct diag *diag);

/* Makes the input of this name a constant where the user gave its value: sets t->data, else leaves it. */
bool read_take_value(const struct read_request *request, const char *name, struct tensor *t, struct arena *arena,
                     struct diag *diag);

/* The same for all inputs of a graph, which has them no longer. */
bool read_take_values(const struct read_request *request, struct graph *g, struct diag *diag);

/* Whether each value that the user gave is that of an input. */
bool read_check_values(const struct read_request *request, const char *const names[], int32_t count, struct diag *diag);

/* Whether each shape that the user gave is that of an input. */
bool read_check_shapes(const struct read_request *request, const struct graph *g, struct diag *diag);

#endif
