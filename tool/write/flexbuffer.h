/* SPDX-License-Identifier: MIT
 *
 * Building a flexbuffer that is a map of numbers and truths: the options of a custom operator. All offsets and values
 * have 4 bytes.
 */
#ifndef WRITE_FLEXBUFFER_H
#define WRITE_FLEXBUFFER_H

#include "../base/base.h"

enum { FLEX_MOST = 16 };

struct flex_entry {
    const char *key;
    int32_t value; /* of a float its bits */
    bool is_bool, is_float;
};

/* Sorts the entries by their keys, as the format wants it, and which readers find them by. */
struct file flex_write(struct flex_entry entries[], int count, struct arena *arena);

#endif
