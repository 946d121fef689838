/* SPDX-License-Identifier: MIT
 *
 * Samples of a model's inputs, from a folder of files or one file.
 */
#ifndef COMMAND_SAMPLES_H
#define COMMAND_SAMPLES_H

#include "command.h"

/* Starts zeroed. */
struct samples {
    const float *const *data; /* per sample all inputs back to back, as floats */
    int32_t count;
    float *values; /* of all */
    size_t size, capacity;
};

/* Reads all files, in the order of their names. */
bool samples_open(struct samples *samples, struct session *session, const char *path, const struct graph *g);
void samples_close(struct samples *samples);

#endif
