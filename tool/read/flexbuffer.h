/* SPDX-License-Identifier: MIT
 *
 * Safe access to an untrusted flexbuffer that holds a map of scalars: the options of custom operators.
 *
 * Format: https://flatbuffers.dev/flexbuffers/ - the last byte is the width of the root, the one before it its
 * packed type (type * 4 + log2 of the width). A map is a vector of values with a byte of packed type each after it, and
 * before it: the offset back to its keys, the width of the keys, the number of values. Offsets count backwards from
 * where they are stored.
 */
#ifndef READ_FLEXBUFFER_H
#define READ_FLEXBUFFER_H

#include "../base/base.h"

struct flex_map {
    const uint8_t *data;
    size_t size;
    size_t values, width; /* where the values begin, bytes of each */
    size_t keys, key_width;
    uint64_t count;
};

/* Fails where the root is no map, or lies outside of the data. */
bool flex_open(struct flex_map *map, const uint8_t *data, size_t size);

/* The value of a key as an integer, floats truncated. False where there is no such key, or no number of 64 bits. */
bool flex_find_int(const struct flex_map *map, const char *key, int64_t *value);

/* The same as a real number. */
bool flex_find_real(const struct flex_map *map, const char *key, double *value);

#endif
